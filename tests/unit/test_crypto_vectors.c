#include "crypto.h"

#include <stdint.h>

#include "jose_fixture.h"
#include "jsondoc.h"
#include "jwt.h"

#define TOKEN_MAX_BYTES 2048
#define BITS_STEP 13

#define TOKEN(header, payload, signature) UNIT_BYTES(header "." payload "." signature)

enum maker { OF_RSA, OF_EC, OF_ED25519 };

/* A number of the key, and the next; curve for those that have several. */
static const struct {
    const char *name;
    enum crypto_algorithm algorithm;
    enum maker maker;
    struct span curve;
    struct span first;
    struct span second;
    struct span token;
} vectors[] = {
    { "RFC 7515 A.2, RS256", CRYPTO_RS256, OF_RSA, UNIT_BYTES(""), UNIT_BYTES(JOSE_RSA_N), UNIT_BYTES(JOSE_E),
      TOKEN(JOSE_RS256_HEADER, JOSE_CLAIMS, JOSE_RS256_SIGNATURE) },
    { "RFC 7515 A.3, ES256", CRYPTO_ES256, OF_EC, UNIT_BYTES("P-256"), UNIT_BYTES(JOSE_P256_X), UNIT_BYTES(JOSE_P256_Y),
      TOKEN(JOSE_ES256_HEADER, JOSE_CLAIMS, JOSE_ES256_SIGNATURE) },
    { "RFC 7515 A.4, ES512", CRYPTO_ES512, OF_EC, UNIT_BYTES("P-521"), UNIT_BYTES(JOSE_P521_X), UNIT_BYTES(JOSE_P521_Y),
      TOKEN(JOSE_ES512_HEADER, JOSE_ES512_PAYLOAD, JOSE_ES512_SIGNATURE) },
    { "RFC 8037 A.4, EdDSA", CRYPTO_EDDSA, OF_ED25519, UNIT_BYTES(""), UNIT_BYTES(JOSE_ED25519_X), UNIT_BYTES(""),
      TOKEN(JOSE_EDDSA_HEADER, JOSE_EDDSA_PAYLOAD, JOSE_EDDSA_SIGNATURE) },
    { "RFC 7520 4.1, RS256", CRYPTO_RS256, OF_RSA, UNIT_BYTES(""), UNIT_BYTES(JOSE_BILBO_RSA_N), UNIT_BYTES(JOSE_E),
      TOKEN(JOSE_BILBO_RS256_HEADER, JOSE_SENTENCE, JOSE_BILBO_RS256_SIGNATURE) },
    { "RFC 7520 4.2, PS384", CRYPTO_PS384, OF_RSA, UNIT_BYTES(""), UNIT_BYTES(JOSE_BILBO_RSA_N), UNIT_BYTES(JOSE_E),
      TOKEN(JOSE_BILBO_PS384_HEADER, JOSE_SENTENCE, JOSE_BILBO_PS384_SIGNATURE) },
    { "RFC 7520 4.3, ES512", CRYPTO_ES512, OF_EC, UNIT_BYTES("P-521"), UNIT_BYTES(JOSE_BILBO_P521_X),
      UNIT_BYTES(JOSE_BILBO_P521_Y), TOKEN(JOSE_BILBO_ES512_HEADER, JOSE_SENTENCE, JOSE_BILBO_ES512_SIGNATURE) },
};

static struct crypto_key *key_of(int row)
{
    struct span first = fixture_decoded(vectors[row].first);
    struct span second = fixture_decoded(vectors[row].second);
    struct crypto_key *key;
    const char *why = "no reason";

    if (vectors[row].maker == OF_RSA)
        key = crypto_key_of_rsa(first, second, &why);
    else if (vectors[row].maker == OF_EC)
        key = crypto_key_of_ec(vectors[row].curve, first, second, &why);
    else
        key = crypto_key_of_ed25519(first, &why);
    ck_assert_msg(key != NULL, "%s: %s", vectors[row].name, why);
    return key;
}

static struct jwt split(struct span token, const char *row_name)
{
    struct jwt jwt;
    const char *why = "no reason";
    ck_assert_msg(jwt_split(token, &jwt, &why), "%s: %s", row_name, why);
    return jwt;
}

START_TEST(crypto_verify_takes_the_signature)
{
    struct jwt jwt = split(vectors[_i].token, vectors[_i].name);
    struct crypto_key *key = key_of(_i);

    unit_expect(crypto_verify(key, vectors[_i].algorithm, unit_guarded_span(jwt.input), fixture_decoded(jwt.signature)),
                vectors[_i].name);
    crypto_key_free(&key);
}
END_TEST

/* The algorithm is what the key fits, and nothing else: not that of a header, not another of the same family. */
START_TEST(crypto_verify_by_another_algorithm_refuses)
{
    struct jwt jwt = split(vectors[_i].token, vectors[_i].name);
    struct crypto_key *key = key_of(_i);

    for (int other = 0; other < CRYPTO_ALGORITHMS; other++)
        ck_assert_msg(crypto_verify(key, (enum crypto_algorithm)other, jwt.input, fixture_decoded(jwt.signature)) ==
                          (other == (int)vectors[_i].algorithm),
                      "%s: %s", vectors[_i].name, crypto_name((enum crypto_algorithm)other));
    crypto_key_free(&key);
}
END_TEST

/* Bits all over it, the first and the last among them. */
static void refuse_with_a_bit_changed(const struct crypto_key *key, int row, struct span input, struct span signature,
                                      struct span changed)
{
    char *byte = (char *)(uintptr_t)changed.p;
    const size_t bits = 8 * changed.n;

    for (size_t bit = 0; bit < bits; bit = bit == bits - 1 ? bits : bit + 8 * BITS_STEP + 1) {
        byte[bit / 8] ^= (char)(1 << bit % 8);
        ck_assert_msg(!crypto_verify(key, vectors[row].algorithm, input, signature), "%s: bit %zu", vectors[row].name,
                      bit);
        byte[bit / 8] ^= (char)(1 << bit % 8);
    }
    byte[changed.n - 1] ^= (char)0x80;
    ck_assert(!crypto_verify(key, vectors[row].algorithm, input, signature));
    byte[changed.n - 1] ^= (char)0x80;
    ck_assert(crypto_verify(key, vectors[row].algorithm, input, signature));
}

START_TEST(crypto_verify_with_a_bit_changed_refuses)
{
    struct crypto_key *key = key_of(_i);
    struct jwt jwt = split(unit_guarded_span(vectors[_i].token), vectors[_i].name);
    struct span signature = fixture_decoded(jwt.signature);

    refuse_with_a_bit_changed(key, _i, jwt.input, signature, jwt.header);
    refuse_with_a_bit_changed(key, _i, jwt.input, signature, jwt.payload);
    refuse_with_a_bit_changed(key, _i, jwt.input, signature, signature);
    crypto_key_free(&key);
}
END_TEST

START_TEST(crypto_verify_of_another_length_refuses)
{
    struct crypto_key *key = key_of(_i);
    struct jwt jwt = split(vectors[_i].token, vectors[_i].name);
    struct span signature = fixture_decoded(jwt.signature);
    char longer[TOKEN_MAX_BYTES] = { 0 };

    memcpy(longer + 1, signature.p, signature.n);
    for (size_t n = 0; n < signature.n; n++)
        unit_expect(!crypto_verify(key, vectors[_i].algorithm, jwt.input, span_first(signature, n)), vectors[_i].name);
    unit_expect(!crypto_verify(key, vectors[_i].algorithm, jwt.input, span_make(longer, signature.n + 1)),
                vectors[_i].name);
    unit_expect(!crypto_verify(key, vectors[_i].algorithm, jwt.input, span_make(longer + 1, signature.n + 1)),
                vectors[_i].name);
    crypto_key_free(&key);
}
END_TEST

START_TEST(crypto_verify_with_the_key_of_another_refuses)
{
    struct jwt jwt = split(vectors[_i].token, vectors[_i].name);

    for (int row = 0; row < UNIT_ROWS(vectors); row++) {
        struct crypto_key *key = key_of(row);
        bool same = span_equal(vectors[row].first, vectors[_i].first);
        ck_assert_msg(crypto_verify(key, vectors[_i].algorithm, jwt.input, fixture_decoded(jwt.signature)) == same,
                      "%s: key of %s", vectors[_i].name, vectors[row].name);
        crypto_key_free(&key);
    }
}
END_TEST

static const struct {
    const char *name;
    struct span token;
    const char *algorithm;
} refused[] = {
    { "RFC 7515 A.1, HS256", TOKEN(JOSE_HS256_HEADER, JOSE_CLAIMS, JOSE_HS256_SIGNATURE), "HS256" },
    { "RFC 7515 A.5, none", TOKEN(JOSE_NONE_HEADER, JOSE_CLAIMS, ""), "none" },
};

START_TEST(crypto_find_of_what_the_header_says_refuses)
{
    struct jwt jwt = split(refused[_i].token, refused[_i].name);
    enum crypto_algorithm algorithm;
    const char *why;
    struct jsondoc *header = jsondoc_parse(fixture_decoded(jwt.header), &why);

    ck_assert_ptr_nonnull(header);
    ck_assert_str_eq(jsondoc_string(header, "alg").p, refused[_i].algorithm);
    unit_expect(!crypto_find(jsondoc_string(header, "alg"), &algorithm), refused[_i].name);
    jsondoc_free(&header);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("crypto, vectors of the RFCs");
    const int rows = UNIT_ROWS(vectors);

    unit_add_loop(suite, "verify", crypto_verify_takes_the_signature, rows);
    unit_add_loop(suite, "verify, algorithm", crypto_verify_by_another_algorithm_refuses, rows);
    unit_add_loop(suite, "verify, bits", crypto_verify_with_a_bit_changed_refuses, rows);
    unit_add_loop(suite, "verify, length", crypto_verify_of_another_length_refuses, rows);
    unit_add_loop(suite, "verify, key", crypto_verify_with_the_key_of_another_refuses, rows);
    unit_add_loop(suite, "find", crypto_find_of_what_the_header_says_refuses, UNIT_ROWS(refused));
    return unit_run(suite);
}
