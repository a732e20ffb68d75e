#include "crypto.h"

#include <openssl/err.h>

#include "jose_fixture.h"

#define ROOM_BYTES 1100

static EVP_PKEY *pkeys[FIXTURE_KINDS];

static const struct {
    const char *name;
    enum fixture_kind kind;
    size_t signature_bytes;
    const char *digest;
    int salt_bytes; /* 0: the signature has none */
} algorithms[CRYPTO_ALGORITHMS] = {
    { "RS256", FIXTURE_RSA, 256, "SHA256", 0 },     { "RS384", FIXTURE_RSA, 256, "SHA384", 0 },
    { "RS512", FIXTURE_RSA, 256, "SHA512", 0 },     { "PS256", FIXTURE_RSA, 256, "SHA256", 32 },
    { "PS384", FIXTURE_RSA, 256, "SHA384", 48 },    { "PS512", FIXTURE_RSA, 256, "SHA512", 64 },
    { "ES256", FIXTURE_P256, 64, "SHA256", 0 },     { "ES384", FIXTURE_P384, 96, "SHA384", 0 },
    { "ES512", FIXTURE_P521, 132, "SHA512", 0 },    { "EdDSA", FIXTURE_ED25519, 64, NULL, 0 },
};

static void expect_no_errors_left(void)
{
    ck_assert_uint_eq(ERR_peek_error(), 0);
}

START_TEST(crypto_find_knows_the_algorithm)
{
    enum crypto_algorithm found = CRYPTO_ALGORITHMS;

    unit_expect(crypto_find(span_text(algorithms[_i].name), &found), algorithms[_i].name);
    ck_assert_int_eq((int)found, _i);
    ck_assert_str_eq(crypto_name(found), algorithms[_i].name);
}
END_TEST

START_TEST(crypto_find_knows_the_other_name_of_eddsa)
{
    enum crypto_algorithm found = CRYPTO_ALGORITHMS;
    ck_assert(crypto_find(SPAN("Ed25519"), &found));
    ck_assert_int_eq(found, CRYPTO_EDDSA);
}
END_TEST

static const struct {
    const char *name;
    struct span algorithm;
} unknown[] = {
    { "none", UNIT_BYTES("none") },
    { "none in other letters", UNIT_BYTES("nOnE") },
    { "HS256", UNIT_BYTES("HS256") },
    { "HS384", UNIT_BYTES("HS384") },
    { "HS512", UNIT_BYTES("HS512") },
    { "nothing", UNIT_BYTES("") },
    { "other letters", UNIT_BYTES("rs256") },
    { "eddsa in other letters", UNIT_BYTES("EDDSA") },
    { "half of a name", UNIT_BYTES("RS25") },
    { "more than a name", UNIT_BYTES("RS256 ") },
    { "a name and NUL", UNIT_BYTES("RS256\0") },
    { "SHA-1", UNIT_BYTES("RS1") },
    { "another curve", UNIT_BYTES("ES256K") },
    { "Ed448", UNIT_BYTES("Ed448") },
    { "encryption", UNIT_BYTES("RSA-OAEP-256") },
};

START_TEST(crypto_find_of_others_refuses)
{
    enum crypto_algorithm found = CRYPTO_ALGORITHMS;
    unit_expect(!crypto_find(unit_guarded_span(unknown[_i].algorithm), &found), unknown[_i].name);
}
END_TEST

START_TEST(crypto_key_fits_its_kind_only)
{
    for (int kind = 0; kind < FIXTURE_KINDS; kind++) {
        struct crypto_key *key = fixture_key(pkeys[kind], FIXTURE_PKCS8);
        ck_assert_msg(crypto_key_fits(key, (enum crypto_algorithm)_i) == (kind == (int)algorithms[_i].kind),
                      "%s: key %d", algorithms[_i].name, kind);
        crypto_key_free(&key);
        ck_assert_ptr_null(key);
    }
}
END_TEST

START_TEST(crypto_sign_makes_what_verify_takes)
{
    const enum crypto_algorithm algorithm = (enum crypto_algorithm)_i;
    const struct span message = unit_guarded("header.payload", 14);
    char *signature = unit_guard(CRYPTO_SIGNATURE_MAX_BYTES);

    for (int format = FIXTURE_PKCS8; format <= FIXTURE_TRADITIONAL; format++) {
        if (algorithms[_i].kind == FIXTURE_ED25519 && format == FIXTURE_TRADITIONAL)
            break; /* there is no other format */
        struct crypto_key *key = fixture_key(pkeys[algorithms[_i].kind], (enum fixture_pem)format);
        size_t n = crypto_sign(key, algorithm, message, signature);
        ck_assert_uint_eq(n, algorithms[_i].signature_bytes);
        unit_expect(crypto_verify(key, algorithm, message, unit_guarded(signature, n)), algorithms[_i].name);
        unit_expect(!crypto_verify(key, algorithm, SPAN("header.payloae"), span_make(signature, n)),
                    algorithms[_i].name);
        unit_expect(!crypto_verify(key, algorithm, SPAN(""), span_make(signature, n)), algorithms[_i].name);
        expect_no_errors_left();
        crypto_key_free(&key);
    }
}
END_TEST

START_TEST(crypto_sign_of_nothing_makes_what_verify_takes)
{
    struct crypto_key *key = fixture_key(pkeys[algorithms[_i].kind], FIXTURE_PKCS8);
    char signature[CRYPTO_SIGNATURE_MAX_BYTES];

    size_t n = crypto_sign(key, (enum crypto_algorithm)_i, (struct span){ NULL, 0 }, signature);
    ck_assert_uint_eq(n, algorithms[_i].signature_bytes);
    ck_assert(crypto_verify(key, (enum crypto_algorithm)_i, SPAN(""), span_make(signature, n)));
    ck_assert(!crypto_verify(key, (enum crypto_algorithm)_i, SPAN("x"), span_make(signature, n)));
    crypto_key_free(&key);
}
END_TEST

START_TEST(crypto_sign_by_an_algorithm_that_does_not_fit_refuses)
{
    char signature[CRYPTO_SIGNATURE_MAX_BYTES];

    for (int kind = 0; kind < FIXTURE_KINDS; kind++) {
        struct crypto_key *key = fixture_key(pkeys[kind], FIXTURE_PKCS8);
        size_t n = crypto_sign(key, (enum crypto_algorithm)_i, SPAN("message"), signature);
        ck_assert_msg((n > 0) == (kind == (int)algorithms[_i].kind), "%s: key %d", algorithms[_i].name, kind);
        expect_no_errors_left();
        crypto_key_free(&key);
    }
}
END_TEST

START_TEST(crypto_sign_with_a_public_key_refuses)
{
    const char *why = "no reason";
    struct crypto_key *key = crypto_key_of_ed25519(fixture_decoded(SPAN(JOSE_ED25519_X)), &why);
    char signature[CRYPTO_SIGNATURE_MAX_BYTES];

    ck_assert_msg(key != NULL, "%s", why);
    ck_assert_uint_eq(crypto_sign(key, CRYPTO_EDDSA, SPAN("message"), signature), 0);
    expect_no_errors_left();
    crypto_key_free(&key);
}
END_TEST

/* Ed25519 signs the same each time. */
START_TEST(crypto_sign_makes_the_signature_of_rfc_8037)
{
    struct span d = fixture_decoded(SPAN(JOSE_ED25519_D));
    EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key_ex(NULL, "ED25519", NULL, (const unsigned char *)d.p, d.n);
    struct crypto_key *key = fixture_key(pkey, FIXTURE_PKCS8);
    char signature[CRYPTO_SIGNATURE_MAX_BYTES];

    size_t n = crypto_sign(key, CRYPTO_EDDSA, SPAN(JOSE_EDDSA_HEADER "." JOSE_EDDSA_PAYLOAD), signature);
    unit_expect_span(span_make(signature, n), fixture_decoded(SPAN(JOSE_EDDSA_SIGNATURE)), "signature");
    crypto_key_free(&key);
    EVP_PKEY_free(pkey);
}
END_TEST

/* As OpenSSL's own interface signs "message"; salt_bytes for PSS, -1 what is not PSS. */
static struct span sign_with_salt(EVP_PKEY *pkey, const char *digest, int salt_bytes)
{
    static unsigned char signature[CRYPTO_SIGNATURE_MAX_BYTES];
    size_t n = sizeof(signature);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *options;

    ck_assert_int_eq(EVP_DigestSignInit_ex(context, &options, digest, NULL, NULL, pkey, NULL), 1);
    if (salt_bytes >= 0) {
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING), 1);
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_pss_saltlen(options, salt_bytes), 1);
    }
    ck_assert_int_eq(EVP_DigestSign(context, signature, &n, (const unsigned char *)"message", 7), 1);
    EVP_MD_CTX_free(context);
    return span_make((const char *)signature, n);
}

static bool verify_with_salt(EVP_PKEY *pkey, const char *digest, int salt_bytes, struct span signature)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *options;

    ck_assert_int_eq(EVP_DigestVerifyInit_ex(context, &options, digest, NULL, NULL, pkey, NULL), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_pss_saltlen(options, salt_bytes), 1);
    bool good = EVP_DigestVerify(context, (const unsigned char *)signature.p, signature.n,
                                 (const unsigned char *)"message", 7) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return good;
}

START_TEST(crypto_pss_salt_is_as_long_as_the_digest)
{
    const enum crypto_algorithm algorithm = (enum crypto_algorithm)_i;
    const int right = algorithms[_i].salt_bytes;
    EVP_PKEY *pkey = pkeys[FIXTURE_RSA];
    struct crypto_key *key = fixture_key(pkey, FIXTURE_PKCS8);
    char signature[CRYPTO_SIGNATURE_MAX_BYTES];

    size_t n = crypto_sign(key, algorithm, SPAN("message"), signature);
    for (int salt_bytes = right - 1; salt_bytes <= right + 1; salt_bytes++) {
        ck_assert_int_eq(verify_with_salt(pkey, algorithms[_i].digest, salt_bytes, span_make(signature, n)),
                         salt_bytes == right);
        ck_assert_int_eq(crypto_verify(key, algorithm, SPAN("message"),
                                       sign_with_salt(pkey, algorithms[_i].digest, salt_bytes)),
                         salt_bytes == right);
        expect_no_errors_left();
    }
    ck_assert(!crypto_verify(key, algorithm, SPAN("message"), sign_with_salt(pkey, algorithms[_i].digest, 0)));
    crypto_key_free(&key);
}
END_TEST

START_TEST(crypto_verify_of_an_ec_signature_in_der_refuses)
{
    EVP_PKEY *pkey = pkeys[algorithms[_i].kind];
    struct crypto_key *key = fixture_key(pkey, FIXTURE_PKCS8);
    struct span der = sign_with_salt(pkey, algorithms[_i].digest, -1);

    ck_assert_uint_gt(der.n, algorithms[_i].signature_bytes);
    ck_assert(!crypto_verify(key, (enum crypto_algorithm)_i, SPAN("message"), der));
    ck_assert(!crypto_verify(key, (enum crypto_algorithm)_i, SPAN("message"),
                             span_first(der, algorithms[_i].signature_bytes)));
    expect_no_errors_left();
    crypto_key_free(&key);
}
END_TEST

/* r, or s, or both are 0, or as large as they can be written: out of range, whatever the message is. */
START_TEST(crypto_verify_of_an_ec_signature_out_of_range_refuses)
{
    static const char fills[] = { '\0', '\xFF' };
    const enum crypto_algorithm algorithm = (enum crypto_algorithm)_i;
    const size_t half = algorithms[_i].signature_bytes / 2;
    struct crypto_key *key = fixture_key(pkeys[algorithms[_i].kind], FIXTURE_PKCS8);
    char good[CRYPTO_SIGNATURE_MAX_BYTES];
    char bad[CRYPTO_SIGNATURE_MAX_BYTES];

    ck_assert_uint_eq(crypto_sign(key, algorithm, SPAN("message"), good), 2 * half);
    for (int parts = 0; parts < 2 * 4; parts++) {
        memcpy(bad, good, 2 * half);
        if (parts & 1)
            memset(bad, fills[parts / 4], half);
        if (parts & 2)
            memset(bad + half, fills[parts / 4], half);
        ck_assert_int_eq(crypto_verify(key, algorithm, SPAN("message"), span_make(bad, 2 * half)), parts % 4 == 0);
        expect_no_errors_left();
    }
    crypto_key_free(&key);
}
END_TEST

START_TEST(crypto_verify_of_another_length_refuses)
{
    const enum crypto_algorithm algorithm = (enum crypto_algorithm)_i;
    struct crypto_key *key = fixture_key(pkeys[algorithms[_i].kind], FIXTURE_PKCS8);
    char signature[ROOM_BYTES] = { 0 };

    size_t right = crypto_sign(key, algorithm, SPAN("message"), signature + 1);
    for (size_t n = 0; n <= right + 2; n++)
        ck_assert_int_eq(crypto_verify(key, algorithm, SPAN("message"), span_make(signature + 1, n)), n == right);
    ck_assert(!crypto_verify(key, algorithm, SPAN("message"), span_make(signature, right + 1)));
    ck_assert(!crypto_verify(key, algorithm, SPAN("message"), (struct span){ NULL, 0 }));
    expect_no_errors_left();
    crypto_key_free(&key);
}
END_TEST

static void add_algorithm_loop(Suite *suite, const char *function, const TTest *test, int first, int last)
{
    TCase *tcase = unit_case(function);
    tcase_add_loop_test(tcase, test, first, last + 1);
    suite_add_tcase(suite, tcase);
}

int main(void)
{
    Suite *suite = suite_create("crypto");
    const int last = CRYPTO_ALGORITHMS - 1;

    for (int kind = 0; kind < FIXTURE_KINDS; kind++)
        pkeys[kind] = fixture_generate((enum fixture_kind)kind);
    add_algorithm_loop(suite, "find", crypto_find_knows_the_algorithm, 0, last);
    unit_add_loop(suite, "find, unknown", crypto_find_of_others_refuses, UNIT_ROWS(unknown));
    add_algorithm_loop(suite, "fits", crypto_key_fits_its_kind_only, 0, last);
    add_algorithm_loop(suite, "sign", crypto_sign_makes_what_verify_takes, 0, last);
    add_algorithm_loop(suite, "sign, nothing", crypto_sign_of_nothing_makes_what_verify_takes, 0, last);
    add_algorithm_loop(suite, "sign, key", crypto_sign_by_an_algorithm_that_does_not_fit_refuses, 0, last);
    add_algorithm_loop(suite, "PSS", crypto_pss_salt_is_as_long_as_the_digest, CRYPTO_PS256, CRYPTO_PS512);
    add_algorithm_loop(suite, "EC, DER", crypto_verify_of_an_ec_signature_in_der_refuses, CRYPTO_ES256, CRYPTO_ES512);
    add_algorithm_loop(suite, "EC, range", crypto_verify_of_an_ec_signature_out_of_range_refuses, CRYPTO_ES256,
                       CRYPTO_ES512);
    add_algorithm_loop(suite, "verify, length", crypto_verify_of_another_length_refuses, 0, last);
    unit_add(suite, "single ones", (const TTest *const[]){ crypto_find_knows_the_other_name_of_eddsa,
                                                           crypto_sign_with_a_public_key_refuses,
                                                           crypto_sign_makes_the_signature_of_rfc_8037, NULL });
    int result = unit_run(suite);
    for (int kind = 0; kind < FIXTURE_KINDS; kind++)
        EVP_PKEY_free(pkeys[kind]);
    return result;
}
