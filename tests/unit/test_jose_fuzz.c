#include "jwks.h"
#include "jwt.h"

#include <stdint.h>

#include "jose_fixture.h"

#define RUNS 20
#define ROUNDS 1000 /* of a run */
#define INPUT_MAX_BYTES 2048
#define CHANGES_MAX 4
#define SEED 0x9E3779B97F4A7C15u

/* The same numbers for the same run, on every machine. */
static uint64_t state;

static size_t random_below(size_t bound)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (size_t)((state >> 16) % bound);
}

static char any_byte(void)
{
    static const char telling[] = ".=-_+/AQ0\"\\{}[]:, \n\x7F";
    return random_below(2) == 0 ? (char)random_below(256) : telling[random_below(sizeof(telling))];
}

struct input {
    char bytes[INPUT_MAX_BYTES];
    size_t n;
};

static void cut_out(struct input *input)
{
    size_t start = random_below(input->n);
    size_t end = start + random_below(input->n - start) + 1;

    memmove(input->bytes + start, input->bytes + end, input->n - end);
    input->n -= end - start;
}

static void repeat(struct input *input)
{
    size_t start = random_below(input->n);
    size_t length = random_below(input->n - start) + 1;

    if (input->n + length > INPUT_MAX_BYTES)
        return;
    memmove(input->bytes + start + length, input->bytes + start, input->n - start);
    input->n += length;
}

static void change(struct input *input)
{
    switch (input->n == 0 ? 5 : random_below(6)) {
    case 0:
        input->bytes[random_below(input->n)] ^= (char)(1 << random_below(8));
        break;
    case 1:
    case 2:
        input->bytes[random_below(input->n)] = any_byte();
        break;
    case 3:
        cut_out(input);
        break;
    case 4:
        repeat(input);
        break;
    default:
        if (input->n < INPUT_MAX_BYTES)
            input->bytes[input->n++] = any_byte();
    }
}

/* One of the good ones changed in a few places; one of eight is nothing but noise. */
static void make_input(struct input *input, const struct span *good, size_t count)
{
    if (random_below(8) == 0) {
        input->n = random_below(64);
        for (size_t i = 0; i < input->n; i++)
            input->bytes[i] = any_byte();
        return;
    }
    const struct span *chosen = &good[random_below(count)];
    input->n = chosen->n;
    memcpy(input->bytes, chosen->p, chosen->n);
    for (size_t changes = random_below(CHANGES_MAX + 1); changes > 0; changes--)
        change(input);
}

/* Reading or writing behind it kills the test. */
static struct span against_the_page(char *end, const struct input *input)
{
    if (input->n > 0)
        memcpy(end - input->n, input->bytes, input->n);
    return span_make(end - input->n, input->n);
}

static void begin(int run)
{
    state = SEED + (uint64_t)run;
    for (int i = 0; i < 16; i++)
        random_below(2);
}

static void check_base64_url(struct span text, char *end)
{
    char again[INPUT_MAX_BYTES];
    size_t n = SIZE_MAX;

    if (!base64_url_decode(NULL, 0, text, &n))
        return;
    ck_assert_uint_eq(n, text.n * 3 / 4);
    ck_assert(base64_url_decode(end - n, n, text, &n));
    ck_assert_uint_eq(base64_url_encode(again, sizeof(again), span_make(end - n, n)), text.n);
    unit_expect_span(span_make(again, text.n), text, "there and back");
}

START_TEST(base64_url_decode_of_anything_is_refused_or_goes_back)
{
    static const struct span good[] = { UNIT_BYTES(JOSE_P256_X), UNIT_BYTES(JOSE_ES512_SIGNATURE), UNIT_BYTES("__8"),
                                        UNIT_BYTES("AA") };
    char *text_end = unit_guard(INPUT_MAX_BYTES) + INPUT_MAX_BYTES;
    char *end = unit_guard(INPUT_MAX_BYTES) + INPUT_MAX_BYTES;
    struct input input;

    begin(_i);
    for (int round = 0; round < ROUNDS; round++) {
        make_input(&input, good, UNIT_ROWS(good));
        check_base64_url(against_the_page(text_end, &input), end);
    }
}
END_TEST

START_TEST(jwt_split_of_anything_is_refused_or_the_parts_make_the_whole)
{
    static const struct span good[] = {
        UNIT_BYTES("e30.e30.AQ"),
        UNIT_BYTES(JOSE_NONE_HEADER "." JOSE_CLAIMS "."),
        UNIT_BYTES(JOSE_ES256_HEADER "." JOSE_CLAIMS "." JOSE_ES256_SIGNATURE),
        UNIT_BYTES(JOSE_BILBO_ES512_HEADER "." JOSE_SENTENCE "." JOSE_BILBO_ES512_SIGNATURE),
    };
    char *end = unit_guard(INPUT_MAX_BYTES) + INPUT_MAX_BYTES;
    struct input input;
    int taken = 0;

    begin(_i);
    for (int round = 0; round < ROUNDS; round++) {
        const char *why = NULL;
        struct jwt jwt;
        make_input(&input, good, UNIT_ROWS(good));
        struct span token = against_the_page(end, &input);
        bool good_one = jwt_split(token, &jwt, &why);
        ck_assert_int_eq(good_one, why == NULL);
        jwt_is_meant(token);
        if (!good_one)
            continue;
        taken++;
        ck_assert(jwt.header.n > 0 && jwt.payload.n > 0);
        ck_assert_ptr_eq(jwt.header.p, token.p);
        ck_assert_ptr_eq(jwt.payload.p, token.p + jwt.header.n + 1);
        ck_assert_ptr_eq(jwt.signature.p, jwt.payload.p + jwt.payload.n + 1);
        ck_assert_ptr_eq(jwt.signature.p + jwt.signature.n, token.p + token.n);
        ck_assert_uint_eq(jwt.input.n, jwt.header.n + 1 + jwt.payload.n);
    }
    ck_assert_int_gt(taken, ROUNDS / 10);
}
END_TEST

static void check_set(const struct jwks *set, struct span body)
{
    const struct crypto_key *keys[JWKS_TRIED_MAX] = { NULL };

    ck_assert_uint_le(jwks_count(set), JWKS_KEYS_MAX);
    for (int algorithm = 0; algorithm < CRYPTO_ALGORITHMS; algorithm++) {
        size_t count = jwks_find(set, span_make(NULL, 0), (enum crypto_algorithm)algorithm, keys);
        ck_assert_uint_le(count, jwks_count(set));
        ck_assert_uint_le(jwks_find(set, SPAN("a"), (enum crypto_algorithm)algorithm, keys), count);
        for (size_t i = 0; count <= JWKS_TRIED_MAX && i < count; i++)
            ck_assert(!crypto_verify(keys[i], (enum crypto_algorithm)algorithm, SPAN("message"), body));
    }
}

START_TEST(jwks_parse_of_anything_is_refused_or_a_set)
{
    static const struct span good[] = {
        UNIT_BYTES("{\"keys\":[]}"),
        UNIT_BYTES("{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" JOSE_ED25519_X "\",\"kid\":\"a\"}]}"),
        UNIT_BYTES("{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" JOSE_P256_X "\",\"y\":\"" JOSE_P256_Y
                   "\",\"alg\":\"ES256\",\"use\":\"sig\",\"key_ops\":[\"sign\",\"verify\"]},{\"kty\":\"oct\"}]}"),
        UNIT_BYTES("{\"keys\":[{\"kty\":\"RSA\",\"n\":\"" JOSE_RSA_N "\",\"e\":\"AQAB\",\"kid\":\"a\"},null,{}]}"),
        UNIT_BYTES("{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"" JOSE_P521_X "\",\"y\":\"" JOSE_P521_Y
                   "\"}]}"),
    };
    char *end = unit_guard(INPUT_MAX_BYTES) + INPUT_MAX_BYTES;
    struct input input;
    int taken = 0;

    begin(_i);
    for (int round = 0; round < ROUNDS; round++) {
        const char *why = NULL;
        make_input(&input, good, UNIT_ROWS(good));
        struct span body = against_the_page(end, &input);
        struct jwks *set = jwks_parse(body, &why);
        ck_assert_int_eq(set != NULL, why == NULL);
        if (set == NULL)
            continue;
        taken++;
        check_set(set, body);
        jwks_free(&set);
    }
    ck_assert_int_gt(taken, ROUNDS / 10);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base64url, jwt, jwks, anything");

    unit_add_loop(suite, "base64url", base64_url_decode_of_anything_is_refused_or_goes_back, RUNS);
    unit_add_loop(suite, "jwt", jwt_split_of_anything_is_refused_or_the_parts_make_the_whole, RUNS);
    unit_add_loop(suite, "jwks", jwks_parse_of_anything_is_refused_or_a_set, RUNS);
    return unit_run(suite);
}
