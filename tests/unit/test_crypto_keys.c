#include "crypto.h"

#include <openssl/err.h>

#include "jose_fixture.h"

#define RSA_ROOM_BYTES (CRYPTO_RSA_MAX_BITS / 8 + 3)

static EVP_PKEY *pkeys[FIXTURE_KINDS];

static const enum crypto_algorithm first_algorithm[FIXTURE_KINDS] = {
    [FIXTURE_RSA] = CRYPTO_RS256,  [FIXTURE_P256] = CRYPTO_ES256,    [FIXTURE_P384] = CRYPTO_ES384,
    [FIXTURE_P521] = CRYPTO_ES512, [FIXTURE_ED25519] = CRYPTO_EDDSA,
};

static void expect_verifies(enum fixture_kind kind, struct crypto_key **public)
{
    const enum crypto_algorithm algorithm = first_algorithm[kind];
    struct crypto_key *private = fixture_key(pkeys[kind], FIXTURE_PKCS8);
    char signature[CRYPTO_SIGNATURE_MAX_BYTES];

    size_t n = crypto_sign(private, algorithm, SPAN("message"), signature);
    ck_assert(crypto_verify(*public, algorithm, SPAN("message"), span_make(signature, n)));
    ck_assert(!crypto_verify(*public, algorithm, SPAN("massage"), span_make(signature, n)));
    ck_assert_uint_eq(crypto_sign(*public, algorithm, SPAN("message"), signature), 0);
    ck_assert_uint_eq(ERR_peek_error(), 0);
    crypto_key_free(&private);
    crypto_key_free(public);
}

/* With that many zero bytes before it. */
static struct span number_of(enum fixture_kind kind, const char *name, size_t zeros)
{
    unsigned char bytes[RSA_ROOM_BYTES] = { 0 };
    BIGNUM *number = NULL;

    ck_assert_int_eq(EVP_PKEY_get_bn_param(pkeys[kind], name, &number), 1);
    size_t n = zeros + (size_t)BN_bn2bin(number, bytes + zeros);
    BN_free(number);
    return unit_guarded((const char *)bytes, n);
}

START_TEST(crypto_key_of_numbers_verifies_what_the_private_one_signs)
{
    static const char *const curves[FIXTURE_KINDS] = { [FIXTURE_P256] = "P-256", [FIXTURE_P384] = "P-384",
                                                       [FIXTURE_P521] = "P-521" };
    unsigned char raw[32];
    size_t n = sizeof(raw);
    struct crypto_key *key;
    const char *why = "no reason";

    if (_i == FIXTURE_RSA) {
        key = crypto_key_of_rsa(number_of(FIXTURE_RSA, "n", 0), number_of(FIXTURE_RSA, "e", 0), &why);
    } else if (_i == FIXTURE_ED25519) {
        ck_assert_int_eq(EVP_PKEY_get_raw_public_key(pkeys[_i], raw, &n), 1);
        key = crypto_key_of_ed25519(unit_guarded((const char *)raw, n), &why);
    } else {
        key = crypto_key_of_ec(span_text(curves[_i]), number_of((enum fixture_kind)_i, "qx", 0),
                               number_of((enum fixture_kind)_i, "qy", 0), &why);
    }
    ck_assert_msg(key != NULL, "%s", why);
    expect_verifies((enum fixture_kind)_i, &key);
}
END_TEST

START_TEST(crypto_key_of_rsa_with_zeros_before_is_the_same)
{
    const char *why = "no reason";
    struct crypto_key *key =
        crypto_key_of_rsa(number_of(FIXTURE_RSA, "n", 1), number_of(FIXTURE_RSA, "e", 3), &why);

    ck_assert_msg(key != NULL, "%s", why);
    expect_verifies(FIXTURE_RSA, &key);
}
END_TEST

static const struct {
    const char *name;
    size_t bits;
    unsigned char last; /* byte of the modulus */
    struct span e;
    bool is_good;
} rsas[] = {
    { "fewest bits", CRYPTO_RSA_MIN_BITS, 1, UNIT_BYTES("\1\0\1"), true },
    { "one bit fewer", CRYPTO_RSA_MIN_BITS - 1, 1, UNIT_BYTES("\1\0\1"), false },
    { "1024 bits", 1024, 1, UNIT_BYTES("\1\0\1"), false },
    { "8 bits", 8, 1, UNIT_BYTES("\1\0\1"), false },
    { "no bits", 0, 0, UNIT_BYTES("\1\0\1"), false },
    { "most bits", CRYPTO_RSA_MAX_BITS, 1, UNIT_BYTES("\1\0\1"), true },
    { "one bit more", CRYPTO_RSA_MAX_BITS + 1, 1, UNIT_BYTES("\1\0\1"), false },
    { "an even modulus", CRYPTO_RSA_MIN_BITS, 2, UNIT_BYTES("\1\0\1"), false },
    { "exponent 3", CRYPTO_RSA_MIN_BITS, 1, UNIT_BYTES("\3"), true },
    { "exponent 0", CRYPTO_RSA_MIN_BITS, 1, UNIT_BYTES("\0"), false },
    { "exponent 1", CRYPTO_RSA_MIN_BITS, 1, UNIT_BYTES("\1"), false },
    { "exponent 2", CRYPTO_RSA_MIN_BITS, 1, UNIT_BYTES("\2"), false },
    { "an even exponent", CRYPTO_RSA_MIN_BITS, 1, UNIT_BYTES("\1\0\0"), false },
    { "no exponent", CRYPTO_RSA_MIN_BITS, 1, UNIT_BYTES(""), false },
    { "an exponent of 64 bits", CRYPTO_RSA_MIN_BITS, 1, UNIT_BYTES("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"), true },
    { "an exponent of 65 bits", CRYPTO_RSA_MIN_BITS, 1, UNIT_BYTES("\1\0\0\0\0\0\0\0\1"), false },
};

START_TEST(crypto_key_of_rsa_keeps_the_bounds)
{
    unsigned char n[RSA_ROOM_BYTES] = { 0 };
    const size_t bytes = (rsas[_i].bits + 7) / 8;
    const char *why = NULL;

    if (bytes > 0) {
        n[0] = (unsigned char)(1 << (rsas[_i].bits + 7) % 8);
        n[bytes - 1] |= rsas[_i].last;
    }
    struct crypto_key *key = crypto_key_of_rsa(unit_guarded((const char *)n, bytes), unit_guarded_span(rsas[_i].e),
                                               &why);
    unit_expect((key != NULL) == rsas[_i].is_good, rsas[_i].name);
    unit_expect((why == NULL) == rsas[_i].is_good, rsas[_i].name);
    ck_assert_uint_eq(ERR_peek_error(), 0);
    crypto_key_free(&key);
}
END_TEST

/* The coordinates of a JSON Web Key in RFC 7520 begin with a zero byte, and with none. */
START_TEST(crypto_key_of_ec_without_the_zeros_before_is_the_same)
{
    struct span x = fixture_decoded(SPAN(JOSE_BILBO_P521_X));
    struct span y = fixture_decoded(SPAN(JOSE_BILBO_P521_Y));
    const char *why = "no reason";

    ck_assert(x.p[0] == '\0' && x.p[1] != '\0');
    struct crypto_key *key = crypto_key_of_ec(SPAN("P-521"), span_skip(x, 1), y, &why);
    ck_assert_msg(key != NULL, "%s", why);
    ck_assert(crypto_verify(key, CRYPTO_ES512, SPAN(JOSE_BILBO_ES512_HEADER "." JOSE_SENTENCE),
                            fixture_decoded(SPAN(JOSE_BILBO_ES512_SIGNATURE))));
    crypto_key_free(&key);
}
END_TEST

#define ZEROS_32 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define ONES_32 \
    "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF" \
    "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"

/* Where x is 0, P-256 has a point with this y. */
#define Y_OF_ZERO \
    "\x66\x48\x5C\x78\x0E\x2F\x83\xD7\x24\x33\xBD\x5D\x84\xA0\x6B\xB6" \
    "\x54\x1C\x2A\xF3\x1D\xAE\x87\x17\x28\xBF\x85\x6A\x17\x4F\x93\xF4"

/* "": the number of RFC 7515 A.3. */
static const struct {
    const char *name;
    struct span curve;
    struct span x;
    struct span y;
    size_t x_bytes, y_bytes; /* that are taken of them, with a zero before when they are more */
} ecs[] = {
    { "not on the curve", UNIT_BYTES("P-256"), UNIT_BYTES(""), UNIT_BYTES("\1"), 32, 1 },
    { "x and y of 0", UNIT_BYTES("P-256"), UNIT_BYTES(ZEROS_32), UNIT_BYTES(ZEROS_32), 32, 32 },
    { "x beyond the field", UNIT_BYTES("P-256"), UNIT_BYTES(ONES_32), UNIT_BYTES(""), 32, 32 },
    { "y beyond the field", UNIT_BYTES("P-256"), UNIT_BYTES(""), UNIT_BYTES(ONES_32), 32, 32 },
    { "x cut off", UNIT_BYTES("P-256"), UNIT_BYTES(""), UNIT_BYTES(""), 31, 32 },
    { "x too long", UNIT_BYTES("P-256"), UNIT_BYTES(""), UNIT_BYTES(""), 33, 32 },
    { "y too long", UNIT_BYTES("P-256"), UNIT_BYTES(""), UNIT_BYTES(""), 32, 33 },
    { "no x", UNIT_BYTES("P-256"), UNIT_BYTES(""), UNIT_BYTES(""), 0, 32 },
    { "no x, and it would be 0", UNIT_BYTES("P-256"), UNIT_BYTES(""), UNIT_BYTES(Y_OF_ZERO), 0, 32 },
    { "no y", UNIT_BYTES("P-256"), UNIT_BYTES(""), UNIT_BYTES(""), 32, 0 },
    { "another curve that is known", UNIT_BYTES("P-384"), UNIT_BYTES(""), UNIT_BYTES(""), 32, 32 },
    { "another curve", UNIT_BYTES("secp256k1"), UNIT_BYTES(""), UNIT_BYTES(""), 32, 32 },
    { "OpenSSL's name of the curve", UNIT_BYTES("prime256v1"), UNIT_BYTES(""), UNIT_BYTES(""), 32, 32 },
    { "other letters", UNIT_BYTES("p-256"), UNIT_BYTES(""), UNIT_BYTES(""), 32, 32 },
    { "no curve", UNIT_BYTES(""), UNIT_BYTES(""), UNIT_BYTES(""), 32, 32 },
    { "a curve of another kind", UNIT_BYTES("Ed25519"), UNIT_BYTES(""), UNIT_BYTES(""), 32, 32 },
};

static struct span coordinate(struct span given, const char *usual, size_t n)
{
    char bytes[33] = { 0 };
    struct span whole = given.n > 0 ? given : fixture_decoded(span_text(usual));

    memcpy(bytes + (n > whole.n), whole.p, n < whole.n ? n : whole.n);
    return unit_guarded(bytes, n);
}

START_TEST(crypto_key_of_ec_that_is_none_refuses)
{
    const char *why = NULL;
    struct span x = coordinate(ecs[_i].x, JOSE_P256_X, ecs[_i].x_bytes);
    struct span y = coordinate(ecs[_i].y, JOSE_P256_Y, ecs[_i].y_bytes);

    unit_expect(crypto_key_of_ec(unit_guarded_span(ecs[_i].curve), x, y, &why) == NULL, ecs[_i].name);
    unit_expect(why != NULL && *why != '\0', ecs[_i].name);
    ck_assert_uint_eq(ERR_peek_error(), 0);
}
END_TEST

START_TEST(crypto_key_of_ec_with_x_of_zero_is_taken)
{
    const char *why = "no reason";
    struct crypto_key *key = crypto_key_of_ec(SPAN("P-256"), SPAN(ZEROS_32), SPAN(Y_OF_ZERO), &why);
    ck_assert_msg(key != NULL, "%s", why);
    crypto_key_free(&key);
}
END_TEST

START_TEST(crypto_key_of_ed25519_has_its_length)
{
    for (size_t n = 0; n <= 64; n++) {
        const char *why = NULL;
        struct crypto_key *key = crypto_key_of_ed25519(unit_guarded(ONES_32 ZEROS_32, n), &why);
        ck_assert_msg((key != NULL) == (n == 32) && (why == NULL) == (n == 32), "%zu bytes", n);
        crypto_key_free(&key);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("crypto, keys");

    for (int kind = 0; kind < FIXTURE_KINDS; kind++)
        pkeys[kind] = fixture_generate((enum fixture_kind)kind);
    unit_add_loop(suite, "numbers", crypto_key_of_numbers_verifies_what_the_private_one_signs, FIXTURE_KINDS);
    unit_add_loop(suite, "RSA", crypto_key_of_rsa_keeps_the_bounds, UNIT_ROWS(rsas));
    unit_add_loop(suite, "EC", crypto_key_of_ec_that_is_none_refuses, UNIT_ROWS(ecs));
    unit_add(suite, "numbers, single ones",
             (const TTest *const[]){ crypto_key_of_rsa_with_zeros_before_is_the_same,
                                     crypto_key_of_ec_without_the_zeros_before_is_the_same,
                                     crypto_key_of_ec_with_x_of_zero_is_taken,
                                     crypto_key_of_ed25519_has_its_length, NULL });
    int result = unit_run(suite);
    for (int kind = 0; kind < FIXTURE_KINDS; kind++)
        EVP_PKEY_free(pkeys[kind]);
    return result;
}
