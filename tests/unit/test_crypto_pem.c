#include "crypto.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include "jose_fixture.h"

#define PEM_ROOM_BYTES 8192
#define PEM_TOO_LONG_BYTES (1024 * 1024)

static EVP_PKEY *pkeys[FIXTURE_KINDS];

static void expect_pem_refused(struct span pem, const char *reason, const char *row_name)
{
    const char *why = "no reason";

    unit_expect(crypto_key_of_pem(pem, &why) == NULL, row_name);
    ck_assert_msg(strcmp(why, reason) == 0, "%s: \"%s\", expected \"%s\"", row_name, why, reason);
    ck_assert_uint_eq(ERR_peek_error(), 0);
}

START_TEST(crypto_key_of_pem_with_a_password_refuses)
{
    expect_pem_refused(fixture_pem(pkeys[_i], FIXTURE_PKCS8_ENCRYPTED), "the private key has a password", "PKCS #8");
    if (_i != FIXTURE_ED25519)
        expect_pem_refused(fixture_pem(pkeys[_i], FIXTURE_TRADITIONAL_ENCRYPTED), "the private key has a password",
                           "traditional");
}
END_TEST

START_TEST(crypto_key_of_pem_of_a_public_key_refuses)
{
    expect_pem_refused(fixture_pem(pkeys[_i], FIXTURE_PUBLIC), "no private key in it that can be read", "public");
}
END_TEST

static const struct {
    const char *name;
    struct span pem;
} rubbish[] = {
    { "nothing", UNIT_BYTES("") },
    { "white space", UNIT_BYTES(" \n\n") },
    { "text", UNIT_BYTES("secret\n") },
    { "NUL", UNIT_BYTES("\0\0\0\0") },
    { "no end", UNIT_BYTES("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n") },
    { "nothing in it", UNIT_BYTES("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n") },
    { "no base64", UNIT_BYTES("-----BEGIN PRIVATE KEY-----\n!!!!\n-----END PRIVATE KEY-----\n") },
    { "no key in it", UNIT_BYTES("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n") },
    { "RSA and no numbers", UNIT_BYTES("-----BEGIN RSA PRIVATE KEY-----\nMAA=\n-----END RSA PRIVATE KEY-----\n") },
    { "a certificate that is none", UNIT_BYTES("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n") },
};

START_TEST(crypto_key_of_pem_of_rubbish_refuses)
{
    expect_pem_refused(unit_guarded_span(rubbish[_i].pem), "no private key in it that can be read", rubbish[_i].name);
}
END_TEST

START_TEST(crypto_key_of_pem_that_is_cut_off_refuses)
{
    struct span pem = fixture_pem(pkeys[FIXTURE_P256], FIXTURE_PKCS8);
    const char *why;

    for (size_t n = 0; n < pem.n - 1; n++)
        ck_assert_msg(crypto_key_of_pem(unit_guarded(pem.p, n), &why) == NULL, "%zu of %zu bytes", n, pem.n);
    ck_assert_uint_eq(ERR_peek_error(), 0);
}
END_TEST

START_TEST(crypto_key_of_pem_over_the_limit_refuses)
{
    struct span pem = fixture_pem(pkeys[FIXTURE_P256], FIXTURE_PKCS8);
    char *text = unit_guard(PEM_TOO_LONG_BYTES);

    memset(text, '\n', PEM_TOO_LONG_BYTES);
    memcpy(text, pem.p, pem.n);
    expect_pem_refused(span_make(text, PEM_TOO_LONG_BYTES), "no private key in it that can be read", "long");
}
END_TEST

static void add_text(char *text, size_t *n, const char *added, size_t length)
{
    ck_assert(*n + length <= PEM_ROOM_BYTES);
    memcpy(text + *n, added, length);
    *n += length;
}

/* As `openssl ecparam -genkey` writes it, and with a text before. */
START_TEST(crypto_key_of_pem_behind_something_else_is_found)
{
    static const char before[] = "P-256, for pfx\n"
                                 "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    struct span pem = fixture_pem(pkeys[FIXTURE_P256], FIXTURE_TRADITIONAL);
    char text[PEM_ROOM_BYTES];
    const char *why = "no reason";
    size_t n = 0;

    add_text(text, &n, before, sizeof(before) - 1);
    add_text(text, &n, pem.p, pem.n);
    struct crypto_key *key = crypto_key_of_pem(span_make(text, n), &why);
    ck_assert_msg(key != NULL, "%s", why);
    ck_assert(crypto_key_fits(key, CRYPTO_ES256));
    ck_assert_uint_eq(ERR_peek_error(), 0);
    crypto_key_free(&key);
    crypto_key_free(&key);
}
END_TEST

static const struct {
    const char *name;
    const char *type;
    const char *argument; /* of EVP_PKEY_Q_keygen() */
    size_t bits;          /* the same, where the argument is a number */
    const char *why;
} others[] = {
    { "RSA of 1024 bits", "RSA", NULL, 1024, "an RSA key has fewer than 2048 or more than 8192 bits" },
    { "RSA of 2047 bits", "RSA", NULL, 2047, "an RSA key has fewer than 2048 or more than 8192 bits" },
    { "secp256k1", "EC", "secp256k1", 0, "a key is neither RSA, nor of P-256, P-384, P-521 or Ed25519" },
    { "P-224", "EC", "P-224", 0, "a key is neither RSA, nor of P-256, P-384, P-521 or Ed25519" },
    { "brainpool", "EC", "brainpoolP256r1", 0, "a key is neither RSA, nor of P-256, P-384, P-521 or Ed25519" },
    { "Ed448", "ED448", NULL, 0, "a key is neither RSA, nor of P-256, P-384, P-521 or Ed25519" },
    { "X25519", "X25519", NULL, 0, "a key is neither RSA, nor of P-256, P-384, P-521 or Ed25519" },
};

START_TEST(crypto_key_of_pem_of_another_kind_refuses)
{
    EVP_PKEY *pkey;

    if (others[_i].bits > 0)
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, others[_i].type, others[_i].bits);
    else
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, others[_i].type, others[_i].argument);
    ck_assert_ptr_nonnull(pkey);
    expect_pem_refused(fixture_pem(pkey, FIXTURE_PKCS8), others[_i].why, others[_i].name);
    EVP_PKEY_free(pkey);
}
END_TEST

/* The private half of one key, the public half of another. */
START_TEST(crypto_key_of_pem_of_halves_that_do_not_fit_refuses)
{
    EVP_PKEY *other = fixture_generate(FIXTURE_P256);
    EVP_PKEY *mixed = NULL;
    unsigned char point[65];
    size_t n = 0;
    BIGNUM *secret = NULL;
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);

    ck_assert_int_eq(EVP_PKEY_get_bn_param(pkeys[FIXTURE_P256], OSSL_PKEY_PARAM_PRIV_KEY, &secret), 1);
    ck_assert_int_eq(EVP_PKEY_get_octet_string_param(other, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &n), 1);
    ck_assert_int_eq(OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0), 1);
    ck_assert_int_eq(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, secret), 1);
    ck_assert_int_eq(OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, n), 1);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
    ck_assert_int_eq(EVP_PKEY_fromdata_init(context), 1);
    ck_assert_int_eq(EVP_PKEY_fromdata(context, &mixed, EVP_PKEY_KEYPAIR, params), 1);
    expect_pem_refused(fixture_pem(mixed, FIXTURE_PKCS8), "the private key does not fit its public one", "mixed");
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(context);
    BN_free(secret);
    EVP_PKEY_free(mixed);
    EVP_PKEY_free(other);
}
END_TEST

/* It takes too long to make one that works. */
START_TEST(crypto_key_of_pem_of_a_large_rsa_key_refuses)
{
    static const char *const numbers[] = { "e", "d", "rsa-factor1", "rsa-factor2", "rsa-exponent1", "rsa-exponent2",
                                           "rsa-coefficient1" };
    EVP_PKEY *large = NULL;
    BIGNUM *n = BN_new();
    BIGNUM *three = BN_new();
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);

    ck_assert_int_eq(BN_set_bit(n, CRYPTO_RSA_MAX_BITS) & BN_set_bit(n, 0) & BN_set_word(three, 3), 1);
    ck_assert_int_eq(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n), 1);
    for (int i = 0; i < UNIT_ROWS(numbers); i++)
        ck_assert_int_eq(OSSL_PARAM_BLD_push_BN(builder, numbers[i], three), 1);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
    ck_assert_int_eq(EVP_PKEY_fromdata_init(context), 1);
    ck_assert_int_eq(EVP_PKEY_fromdata(context, &large, EVP_PKEY_KEYPAIR, params), 1);
    expect_pem_refused(fixture_pem(large, FIXTURE_PKCS8), "an RSA key has fewer than 2048 or more than 8192 bits",
                       "large");
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(context);
    BN_free(n);
    BN_free(three);
    EVP_PKEY_free(large);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("crypto, PEM");

    for (int kind = 0; kind < FIXTURE_KINDS; kind++)
        pkeys[kind] = fixture_generate((enum fixture_kind)kind);
    unit_add_loop(suite, "password", crypto_key_of_pem_with_a_password_refuses, FIXTURE_KINDS);
    unit_add_loop(suite, "public", crypto_key_of_pem_of_a_public_key_refuses, FIXTURE_KINDS);
    unit_add_loop(suite, "rubbish", crypto_key_of_pem_of_rubbish_refuses, UNIT_ROWS(rubbish));
    unit_add_loop(suite, "others", crypto_key_of_pem_of_another_kind_refuses, UNIT_ROWS(others));
    unit_add(suite, "single ones",
             (const TTest *const[]){ crypto_key_of_pem_that_is_cut_off_refuses,
                                     crypto_key_of_pem_over_the_limit_refuses,
                                     crypto_key_of_pem_of_a_large_rsa_key_refuses,
                                     crypto_key_of_pem_behind_something_else_is_found,
                                     crypto_key_of_pem_of_halves_that_do_not_fit_refuses, NULL });
    int result = unit_run(suite);
    for (int kind = 0; kind < FIXTURE_KINDS; kind++)
        EVP_PKEY_free(pkeys[kind]);
    return result;
}
