#include "jwks.h"

#include "buf.h"
#include "jose_fixture.h"

#define BODY_MAX_BYTES (2 * JWKS_MAX_BYTES)
/* base64url of 128 bytes */
#define ONES_171 \
    "____________________________________________________________________________________________________" \
    "______________________________________________________________________8"

#define RSA_1 "\"kty\":\"RSA\",\"n\":\"" JOSE_RSA_N "\",\"e\":\"AQAB\""
#define RSA_2 "\"kty\":\"RSA\",\"n\":\"" JOSE_BILBO_RSA_N "\",\"e\":\"AQAB\""
#define P256 "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" JOSE_P256_X "\",\"y\":\"" JOSE_P256_Y "\""
#define P521 "\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"" JOSE_P521_X "\",\"y\":\"" JOSE_P521_Y "\""
#define ED25519 "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" JOSE_ED25519_X "\""
#define SET(keys) "{\"keys\":[" keys "]}"

static struct jwks *parse(struct span body, const char *row_name)
{
    const char *why = "no reason";
    struct jwks *set = jwks_parse(unit_guarded_span(body), &why);
    ck_assert_msg(set != NULL, "%s: %s", row_name, why);
    return set;
}

static const struct {
    const char *name;
    struct span body;
    size_t count;
} sets[] = {
    { "no key", UNIT_BYTES(SET("")), 0 },
    { "RSA", UNIT_BYTES(SET("{" RSA_1 "}")), 1 },
    { "P-256", UNIT_BYTES(SET("{" P256 "}")), 1 },
    { "P-521", UNIT_BYTES(SET("{" P521 "}")), 1 },
    { "Ed25519", UNIT_BYTES(SET("{" ED25519 "}")), 1 },
    { "all of them", UNIT_BYTES(SET("{" RSA_1 "},{" P256 "},{" P521 "},{" ED25519 "}")), 4 },
    { "members beside", UNIT_BYTES("{\"a\":1,\"keys\":[{" RSA_1 "}],\"z\":{\"keys\":[]}}"), 1 },
    { "members beside in a key", UNIT_BYTES(SET("{" P256 ",\"x5c\":[\"MA==\"],\"iat\":1,\"ext\":true}")), 1 },
    { "a private key", UNIT_BYTES(SET("{" P256 ",\"d\":\"" JOSE_P256_D "\"}")), 1 },
    { "what is good among what is not", UNIT_BYTES(SET("1,{" RSA_1 "},null,{},[],{" P256 "},\"x\",[{" RSA_1 "}]")), 2 },
    { "oct", UNIT_BYTES(SET("{\"kty\":\"oct\",\"k\":\"AAAA\",\"alg\":\"HS256\"}")), 0 },
    { "a kty that nobody knows", UNIT_BYTES(SET("{\"kty\":\"AKP\",\"alg\":\"ML-DSA-44\",\"pub\":\"AAAA\"}")), 0 },
    { "no kty", UNIT_BYTES(SET("{\"n\":\"" JOSE_RSA_N "\",\"e\":\"AQAB\"}")), 0 },
    { "kty in other letters", UNIT_BYTES(SET("{\"kty\":\"rsa\",\"n\":\"" JOSE_RSA_N "\",\"e\":\"AQAB\"}")), 0 },
    { "kty is no string", UNIT_BYTES(SET("{\"kty\":[\"RSA\"],\"n\":\"" JOSE_RSA_N "\",\"e\":\"AQAB\"}")), 0 },
    { "Ed448", UNIT_BYTES(SET("{\"kty\":\"OKP\",\"crv\":\"Ed448\",\"x\":\"" JOSE_ED25519_X "\"}")), 0 },
    { "X25519", UNIT_BYTES(SET("{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" JOSE_ED25519_X "\"}")), 0 },
    { "OKP of an EC curve", UNIT_BYTES(SET("{\"kty\":\"OKP\",\"crv\":\"P-256\",\"x\":\"" JOSE_P256_X "\"}")), 0 },
    { "secp256k1", UNIT_BYTES(SET("{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"AA\",\"y\":\"AA\"}")), 0 },
    { "EC without crv", UNIT_BYTES(SET("{\"kty\":\"EC\",\"x\":\"" JOSE_P256_X "\",\"y\":\"" JOSE_P256_Y "\"}")), 0 },
    { "EC without y", UNIT_BYTES(SET("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" JOSE_P256_X "\"}")), 0 },
    { "EC not on the curve",
      UNIT_BYTES(SET("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" JOSE_P256_Y "\",\"y\":\"" JOSE_P256_X "\"}")), 0 },
    { "RSA without e", UNIT_BYTES(SET("{\"kty\":\"RSA\",\"n\":\"" JOSE_RSA_N "\"}")), 0 },
    { "RSA with an even e", UNIT_BYTES(SET("{\"kty\":\"RSA\",\"n\":\"" JOSE_RSA_N "\",\"e\":\"AQAA\"}")), 0 },
    { "RSA with e 1", UNIT_BYTES(SET("{\"kty\":\"RSA\",\"n\":\"" JOSE_RSA_N "\",\"e\":\"AQ\"}")), 0 },
    { "RSA with e a number", UNIT_BYTES(SET("{\"kty\":\"RSA\",\"n\":\"" JOSE_RSA_N "\",\"e\":65537}")), 0 },
    { "RSA of 1024 bits", UNIT_BYTES(SET("{\"kty\":\"RSA\",\"n\":\"" ONES_171 "\",\"e\":\"AQAB\"}")), 0 },
    { "numbers with padding",
      UNIT_BYTES(SET("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" JOSE_ED25519_X "=\"}")), 0 },
    { "numbers with a plus",
      UNIT_BYTES(SET("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"+1qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}")),
      0 },

    { "use sig", UNIT_BYTES(SET("{" RSA_1 ",\"use\":\"sig\"}")), 1 },
    { "use enc", UNIT_BYTES(SET("{" RSA_1 ",\"use\":\"enc\"}")), 0 },
    { "use in other letters", UNIT_BYTES(SET("{" RSA_1 ",\"use\":\"SIG\"}")), 0 },
    { "use null", UNIT_BYTES(SET("{" RSA_1 ",\"use\":null}")), 1 },
    { "use is no string", UNIT_BYTES(SET("{" RSA_1 ",\"use\":[\"sig\"]}")), 0 },
    { "key_ops verify", UNIT_BYTES(SET("{" RSA_1 ",\"key_ops\":[\"verify\"]}")), 1 },
    { "key_ops sign and verify", UNIT_BYTES(SET("{" RSA_1 ",\"key_ops\":[\"sign\",\"verify\"]}")), 1 },
    { "key_ops without verify", UNIT_BYTES(SET("{" RSA_1 ",\"key_ops\":[\"sign\",\"encrypt\"]}")), 0 },
    { "key_ops without anything", UNIT_BYTES(SET("{" RSA_1 ",\"key_ops\":[]}")), 0 },
    { "key_ops null", UNIT_BYTES(SET("{" RSA_1 ",\"key_ops\":null}")), 1 },
    { "key_ops a string", UNIT_BYTES(SET("{" RSA_1 ",\"key_ops\":\"verify\"}")), 0 },
    { "key_ops an object", UNIT_BYTES(SET("{" RSA_1 ",\"key_ops\":{\"0\":\"verify\"}}")), 0 },
    { "key_ops verify, use enc", UNIT_BYTES(SET("{" RSA_1 ",\"key_ops\":[\"verify\"],\"use\":\"enc\"}")), 0 },
    { "alg", UNIT_BYTES(SET("{" RSA_1 ",\"alg\":\"PS512\"}")), 1 },
    { "alg null", UNIT_BYTES(SET("{" RSA_1 ",\"alg\":null}")), 1 },
    { "alg of another kind", UNIT_BYTES(SET("{" RSA_1 ",\"alg\":\"ES256\"}")), 0 },
    { "alg of another curve", UNIT_BYTES(SET("{" P256 ",\"alg\":\"ES384\"}")), 0 },
    { "alg none", UNIT_BYTES(SET("{" RSA_1 ",\"alg\":\"none\"}")), 0 },
    { "alg HS256", UNIT_BYTES(SET("{" RSA_1 ",\"alg\":\"HS256\"}")), 0 },
    { "alg of encryption", UNIT_BYTES(SET("{" RSA_1 ",\"alg\":\"RSA-OAEP\"}")), 0 },
    { "alg is no string", UNIT_BYTES(SET("{" RSA_1 ",\"alg\":256}")), 0 },
    { "alg of nothing", UNIT_BYTES(SET("{" RSA_1 ",\"alg\":\"\"}")), 0 },
    { "alg EdDSA", UNIT_BYTES(SET("{" ED25519 ",\"alg\":\"EdDSA\"}")), 1 },
    { "alg Ed25519", UNIT_BYTES(SET("{" ED25519 ",\"alg\":\"Ed25519\"}")), 1 },
    { "kid a number", UNIT_BYTES(SET("{" RSA_1 ",\"kid\":1}")), 0 },
    { "kid null", UNIT_BYTES(SET("{" RSA_1 ",\"kid\":null}")), 1 },
    { "kid of nothing", UNIT_BYTES(SET("{" RSA_1 ",\"kid\":\"\"}")), 1 },
};

START_TEST(jwks_parse_keeps_what_is_of_use)
{
    struct jwks *set = parse(sets[_i].body, sets[_i].name);
    unit_expect(jwks_count(set) == sets[_i].count, sets[_i].name);
    jwks_free(&set);
    ck_assert_ptr_null(set);
    jwks_free(&set);
}
END_TEST

static const struct {
    const char *name;
    struct span body;
} bad[] = {
    { "nothing", UNIT_BYTES("") },
    { "no JSON", UNIT_BYTES("<html>") },
    { "cut off", UNIT_BYTES("{\"keys\":[{" RSA_1 "}]") },
    { "an array", UNIT_BYTES("[{" RSA_1 "}]") },
    { "a string", UNIT_BYTES("\"keys\"") },
    { "no keys", UNIT_BYTES("{\"Keys\":[]}") },
    { "keys null", UNIT_BYTES("{\"keys\":null}") },
    { "keys an object", UNIT_BYTES("{\"keys\":{\"0\":{" RSA_1 "}}}") },
    { "keys twice", UNIT_BYTES("{\"keys\":[],\"keys\":[{" RSA_1 "}]}") },
    { "a member of a key twice", UNIT_BYTES(SET("{" RSA_1 ",\"kid\":\"a\",\"kid\":\"b\"}")) },
    { "a member of a key twice, one escaped", UNIT_BYTES(SET("{" RSA_1 ",\"\\u006e\":\"AQAB\"}")) },
    { "a member twice in a key that is of no use", UNIT_BYTES(SET("{" RSA_1 "},{\"kty\":\"x\",\"kty\":\"y\"}")) },
    { "NUL in a kid", UNIT_BYTES(SET("{" RSA_1 ",\"kid\":\"a\\u0000b\"}")) },
};

START_TEST(jwks_parse_of_what_is_none_gives_a_reason)
{
    const char *why = NULL;
    unit_expect(jwks_parse(unit_guarded_span(bad[_i].body), &why) == NULL, bad[_i].name);
    unit_expect(why != NULL && *why != '\0', bad[_i].name);
}
END_TEST

static void add_keys(struct buf *body, size_t count, const char *key)
{
    ck_assert(buf_add(body, SPAN("{\"keys\":[")));
    for (size_t i = 0; i < count; i++)
        ck_assert(buf_format(body, "%s{%s}", i == 0 ? "" : ",", key));
    ck_assert(buf_add(body, SPAN("]}")));
}

START_TEST(jwks_parse_over_the_keys_it_may_have_refuses)
{
    const char *why = NULL;
    struct buf body;

    buf_init(&body, BODY_MAX_BYTES);
    add_keys(&body, JWKS_KEYS_MAX, ED25519);
    struct jwks *set = parse(buf_span(&body), "most keys");
    ck_assert_uint_eq(jwks_count(set), JWKS_KEYS_MAX);
    jwks_free(&set);
    buf_clear(&body);
    add_keys(&body, JWKS_KEYS_MAX + 1, "");
    ck_assert_ptr_null(jwks_parse(buf_span(&body), &why));
    ck_assert_str_eq(why, "the key set has more than 100 keys");
    buf_free(&body);
}
END_TEST

START_TEST(jwks_parse_over_its_length_refuses)
{
    const char *why = NULL;
    char *body = unit_guard(JWKS_MAX_BYTES + 1);
    struct span start = SPAN(SET("{" RSA_1 "}"));

    memset(body, ' ', JWKS_MAX_BYTES + 1);
    memcpy(body, start.p, start.n);
    ck_assert_ptr_null(jwks_parse(span_make(body, JWKS_MAX_BYTES + 1), &why));
    ck_assert_str_eq(why, "the key set is longer than the limit");
    struct jwks *set = jwks_parse(span_make(body, JWKS_MAX_BYTES), &why);
    ck_assert_ptr_nonnull(set);
    ck_assert_uint_eq(jwks_count(set), 1);
    jwks_free(&set);
}
END_TEST

/* Twice as long as the longest that any key may have: nothing of it is looked at. */
START_TEST(jwks_parse_of_a_number_beyond_any_key_passes_it_over)
{
    char n[CRYPTO_RSA_MAX_BITS / 8 * 2 / 3 * 4];
    struct buf body;

    memset(n, 'A', sizeof(n));
    n[0] = n[sizeof(n) - 1] = '_';
    buf_init(&body, BODY_MAX_BYTES);
    ck_assert(buf_format(&body, SET("{\"kty\":\"RSA\",\"n\":\"%.*s\",\"e\":\"AQAB\"},{" P256 "}"), (int)sizeof(n), n));
    struct jwks *set = parse(buf_span(&body), "long");
    ck_assert_uint_eq(jwks_count(set), 1);
    jwks_free(&set);
    buf_free(&body);
}
END_TEST

#define KID(name) ",\"kid\":\"" name "\""

static const struct {
    const char *name;
    struct span body;
    struct span kid; /* "-": the token has none */
    enum crypto_algorithm algorithm;
    size_t count;
} finds[] = {
    { "by kid", UNIT_BYTES(SET("{" RSA_1 KID("a") "},{" RSA_2 KID("b") "}")), UNIT_BYTES("a"), CRYPTO_RS256, 1 },
    { "by kid, the same in other letters", UNIT_BYTES(SET("{" RSA_1 KID("a") "}")), UNIT_BYTES("A"), CRYPTO_RS256, 0 },
    { "by kid, half of it", UNIT_BYTES(SET("{" RSA_1 KID("ab") "}")), UNIT_BYTES("a"), CRYPTO_RS256, 0 },
    { "by kid, more than it", UNIT_BYTES(SET("{" RSA_1 KID("a") "}")), UNIT_BYTES("ab"), CRYPTO_RS256, 0 },
    { "by kid, written with escapes", UNIT_BYTES(SET("{" RSA_1 KID("\\u0061") "}")), UNIT_BYTES("a"), CRYPTO_RS256, 1 },
    { "by kid, the key has none", UNIT_BYTES(SET("{" RSA_1 "}")), UNIT_BYTES("a"), CRYPTO_RS256, 0 },
    { "by a kid of nothing", UNIT_BYTES(SET("{" RSA_1 "},{" RSA_2 KID("a") "}")), UNIT_BYTES(""), CRYPTO_RS256, 0 },
    { "by a kid of nothing that is there", UNIT_BYTES(SET("{" RSA_1 KID("") "},{" RSA_2 "}")), UNIT_BYTES(""),
      CRYPTO_RS256, 1 },
    { "by kid, of another kind", UNIT_BYTES(SET("{" RSA_1 KID("a") "}")), UNIT_BYTES("a"), CRYPTO_ES256, 0 },
    { "by kid, of another curve", UNIT_BYTES(SET("{" P256 KID("a") "}")), UNIT_BYTES("a"), CRYPTO_ES384, 0 },
    { "by kid, its alg another", UNIT_BYTES(SET("{" RSA_1 KID("a") ",\"alg\":\"RS256\"}")), UNIT_BYTES("a"),
      CRYPTO_PS256, 0 },
    { "a kid twice, for two algorithms", UNIT_BYTES(SET("{" RSA_1 KID("a") "},{" P256 KID("a") "}")), UNIT_BYTES("a"),
      CRYPTO_RS256, 1 },
    { "a kid twice, for the same", UNIT_BYTES(SET("{" RSA_1 KID("a") "},{" RSA_2 KID("a") "}")), UNIT_BYTES("a"),
      CRYPTO_RS256, 2 },
    { "without kid", UNIT_BYTES(SET("{" RSA_1 KID("a") "},{" P256 "},{" RSA_2 "}")), UNIT_BYTES("-"), CRYPTO_RS256,
      2 },
    { "without kid, by alg", UNIT_BYTES(SET("{" RSA_1 ",\"alg\":\"RS256\"},{" RSA_2 ",\"alg\":\"RS384\"}")),
      UNIT_BYTES("-"), CRYPTO_RS256, 1 },
    { "without kid, none fits", UNIT_BYTES(SET("{" RSA_1 "},{" P256 "}")), UNIT_BYTES("-"), CRYPTO_EDDSA, 0 },
    { "as glewlwyd has it, without use",
      UNIT_BYTES(SET("{" RSA_1 ",\"alg\":\"RS256\"" KID("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k") "}")),
      UNIT_BYTES("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"), CRYPTO_RS256, 1 },
    { "as oidc-provider has it, Ed25519 without alg",
      UNIT_BYTES(SET("{\"use\":\"sig\"" KID("r") "," RSA_1 ",\"alg\":\"RS256\"},"
                     "{\"use\":\"sig\"" KID("e") "," ED25519 "}")),
      UNIT_BYTES("e"), CRYPTO_EDDSA, 1 },
};

START_TEST(jwks_find_gives_the_keys_that_may_be_meant)
{
    struct jwks *set = parse(finds[_i].body, finds[_i].name);
    const struct crypto_key *keys[JWKS_TRIED_MAX] = { NULL };
    struct span kid = span_equal(finds[_i].kid, SPAN("-")) ? span_make(NULL, 0) : unit_guarded_span(finds[_i].kid);

    unit_expect(jwks_find(set, kid, finds[_i].algorithm, keys) == finds[_i].count, finds[_i].name);
    for (size_t i = 0; i < JWKS_TRIED_MAX; i++) {
        unit_expect((keys[i] != NULL) == (i < finds[_i].count), finds[_i].name);
        unit_expect(keys[i] == NULL || crypto_key_fits(keys[i], finds[_i].algorithm), finds[_i].name);
    }
    jwks_free(&set);
}
END_TEST

START_TEST(jwks_find_of_too_many_fills_nothing)
{
    for (size_t count = 0; count <= JWKS_TRIED_MAX + 2; count++) {
        const struct crypto_key *keys[JWKS_TRIED_MAX] = { NULL };
        struct buf body;
        buf_init(&body, BODY_MAX_BYTES);
        add_keys(&body, count, ED25519);
        struct jwks *set = parse(buf_span(&body), "the same again");
        ck_assert_uint_eq(jwks_find(set, span_make(NULL, 0), CRYPTO_EDDSA, keys), count);
        for (size_t i = 0; i < JWKS_TRIED_MAX; i++)
            ck_assert_int_eq(keys[i] != NULL, count <= JWKS_TRIED_MAX && i < count);
        jwks_free(&set);
        buf_free(&body);
    }
}
END_TEST

/* That it is this key, its signature tells. */
START_TEST(jwks_find_by_kid_gives_the_right_one)
{
    struct span body = SPAN(SET("{" RSA_1 KID("2011-04-29") "},{" RSA_2 KID(JOSE_BILBO) "},{" P256 "}"));
    struct jwks *set = parse(body, "set");
    const struct crypto_key *keys[JWKS_TRIED_MAX];

    ck_assert_uint_eq(jwks_find(set, SPAN(JOSE_BILBO), CRYPTO_PS384, keys), 1);
    ck_assert(crypto_verify(keys[0], CRYPTO_PS384, SPAN(JOSE_BILBO_PS384_HEADER "." JOSE_SENTENCE),
                            fixture_decoded(SPAN(JOSE_BILBO_PS384_SIGNATURE))));
    ck_assert_uint_eq(jwks_find(set, SPAN("2011-04-29"), CRYPTO_RS256, keys), 1);
    ck_assert(crypto_verify(keys[0], CRYPTO_RS256, SPAN(JOSE_RS256_HEADER "." JOSE_CLAIMS),
                            fixture_decoded(SPAN(JOSE_RS256_SIGNATURE))));
    jwks_free(&set);
}
END_TEST

/* x of RFC 7520 begins with a zero byte: -1 leaves it out, 1 puts another before. */
static struct jwks *parse_with_zeros(int zeros)
{
    struct span x = fixture_decoded(SPAN(JOSE_BILBO_P521_X));
    char bytes[JOSE_MAX_BYTES] = { 0 };
    char text[JOSE_MAX_BYTES];
    struct buf body;

    ck_assert_int_eq(x.p[0], 0);
    memcpy(bytes + 1, x.p, x.n);
    size_t n = base64_url_encode(text, sizeof(text), span_make(bytes + 1 - zeros, (size_t)((int)x.n + zeros)));
    buf_init(&body, BODY_MAX_BYTES);
    ck_assert(buf_format(&body, SET("{\"kty\":\"EC\",\"crv\":\"P-521\",\"y\":\"%s\",\"x\":\"%.*s\"}"),
                         JOSE_BILBO_P521_Y, (int)n, text));
    struct jwks *set = parse(buf_span(&body), "zeros");
    buf_free(&body);
    return set;
}

START_TEST(jwks_parse_wants_no_zeros_before_a_coordinate)
{
    const struct crypto_key *keys[JWKS_TRIED_MAX];

    for (int zeros = -1; zeros <= 1; zeros++) {
        struct jwks *set = parse_with_zeros(zeros);
        ck_assert_uint_eq(jwks_count(set), zeros <= 0);
        ck_assert_uint_eq(jwks_find(set, span_make(NULL, 0), CRYPTO_ES512, keys), zeros <= 0);
        ck_assert(zeros > 0 ||
                  crypto_verify(keys[0], CRYPTO_ES512, SPAN(JOSE_BILBO_ES512_HEADER "." JOSE_SENTENCE),
                                fixture_decoded(SPAN(JOSE_BILBO_ES512_SIGNATURE))));
        jwks_free(&set);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("jwks");

    unit_add_loop(suite, "parse", jwks_parse_keeps_what_is_of_use, UNIT_ROWS(sets));
    unit_add_loop(suite, "parse, bad", jwks_parse_of_what_is_none_gives_a_reason, UNIT_ROWS(bad));
    unit_add_loop(suite, "find", jwks_find_gives_the_keys_that_may_be_meant, UNIT_ROWS(finds));
    unit_add(suite, "single ones",
             (const TTest *const[]){ jwks_parse_over_the_keys_it_may_have_refuses, jwks_parse_over_its_length_refuses,
                                     jwks_parse_of_a_number_beyond_any_key_passes_it_over,
                                     jwks_find_of_too_many_fills_nothing, jwks_find_by_kid_gives_the_right_one,
                                     jwks_parse_wants_no_zeros_before_a_coordinate, NULL });
    return unit_run(suite);
}
