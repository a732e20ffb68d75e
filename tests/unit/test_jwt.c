#include "jwt.h"

#include "unit.h"

static const struct {
    const char *name;
    struct span token;
    struct span header;
    struct span payload;
    struct span signature;
} rows[] = {
    { "three parts", UNIT_BYTES("e30.e30.AQ"), UNIT_BYTES("e30"), UNIT_BYTES("e30"), UNIT_BYTES("AQ") },
    { "one letter each", UNIT_BYTES("a.b.c"), UNIT_BYTES("a"), UNIT_BYTES("b"), UNIT_BYTES("c") },
    { "no signature", UNIT_BYTES("e30.e30."), UNIT_BYTES("e30"), UNIT_BYTES("e30"), UNIT_BYTES("") },
    { "letters that base64url does not have", UNIT_BYTES("+.\0.\n"), UNIT_BYTES("+"), UNIT_BYTES("\0"),
      UNIT_BYTES("\n") },
};

START_TEST(jwt_split_gives_the_parts)
{
    struct span token = unit_guarded_span(rows[_i].token);
    const char *why = NULL;
    struct jwt jwt;

    unit_expect(jwt_split(token, &jwt, &why), rows[_i].name);
    unit_expect(why == NULL, rows[_i].name);
    unit_expect_span(jwt.header, rows[_i].header, rows[_i].name);
    unit_expect_span(jwt.payload, rows[_i].payload, rows[_i].name);
    unit_expect_span(jwt.signature, rows[_i].signature, rows[_i].name);
    unit_expect_span(jwt.input, span_first(token, token.n - 1 - rows[_i].signature.n), rows[_i].name);
    unit_expect(jwt.input.p == token.p, rows[_i].name);
}
END_TEST

static const struct {
    const char *name;
    struct span token;
} bad[] = {
    { "nothing", UNIT_BYTES("") },
    { "one part", UNIT_BYTES("e30") },
    { "two parts", UNIT_BYTES("e30.e30") },
    { "two parts and nothing before", UNIT_BYTES(".e30") },
    { "four parts", UNIT_BYTES("e30.e30.AQ.AQ") },
    { "four parts, the last one empty", UNIT_BYTES("e30.e30.AQ.") },
    { "five parts, as an encrypted token has them", UNIT_BYTES("e30.AQ.AQ.AQ.AQ") },
    { "one dot", UNIT_BYTES(".") },
    { "two dots", UNIT_BYTES("..") },
    { "three dots", UNIT_BYTES("...") },
    { "no header", UNIT_BYTES(".e30.AQ") },
    { "no payload", UNIT_BYTES("e30..AQ") },
};

START_TEST(jwt_split_of_what_is_none_gives_a_reason)
{
    const char *why = NULL;
    struct jwt jwt;

    unit_expect(!jwt_split(unit_guarded_span(bad[_i].token), &jwt, &why), bad[_i].name);
    unit_expect(why != NULL && *why != '\0', bad[_i].name);
}
END_TEST

/* A token that is cut off somewhere is none as long as its second dot is missing. */
START_TEST(jwt_split_of_a_prefix_needs_both_dots)
{
    struct span token = SPAN("e30.e30.AQ");
    struct jwt jwt;
    const char *why;

    for (size_t n = 0; n <= token.n; n++)
        ck_assert_msg(jwt_split(unit_guarded(token.p, n), &jwt, &why) == (n >= sizeof("e30.e30.") - 1), "%zu", n);
}
END_TEST

START_TEST(jwt_split_over_the_limit_refuses)
{
    char *token = unit_guard(JWT_MAX_BYTES + 1);
    const char *why = NULL;
    struct jwt jwt;

    memset(token, 'A', JWT_MAX_BYTES + 1);
    token[4] = token[9] = '.';
    ck_assert(!jwt_split(span_make(token, JWT_MAX_BYTES + 1), &jwt, &why));
    ck_assert_str_eq(why, "the token is longer than the limit");
    ck_assert(jwt_split(span_make(token, JWT_MAX_BYTES), &jwt, &why));
    ck_assert_uint_eq(jwt.signature.n, JWT_MAX_BYTES - 10);
}
END_TEST

static const struct {
    const char *name;
    struct span token;
    bool is_meant;
} tokens[] = {
    { "a token", UNIT_BYTES("eyJhbGciOiJFUzI1NiJ9.e30.AAECAw"), true },
    { "without signature", UNIT_BYTES("eyJhbGciOiJub25lIn0.e30."), true },
    { "an empty header", UNIT_BYTES("e30.e30.AQ"), true },
    { "blanks before the object", UNIT_BYTES("IA0KCXsg.e30.AQ"), true },
    { "a header with padding", UNIT_BYTES("eyJhbGciOiJub25lIn0=.e30.AQ"), true },
    { "a payload with padding", UNIT_BYTES("e30.e30=.AQ"), true },
    { "a dot too many", UNIT_BYTES("e30.e30.AQ."), true },
    { "a dot too few", UNIT_BYTES("e30.e30"), true },
    { "encrypted", UNIT_BYTES("eyJhbGciOiJSU0EtT0FFUCJ9.a.b.c.d"), true },
    { "a signature with a tilde", UNIT_BYTES("e30.e30.A~"), true },
    { "opaque", UNIT_BYTES("2YotnFZFEjr1zCsicMWpAA"), false },
    { "opaque with a dot", UNIT_BYTES("ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg"), false },
    { "opaque, although it begins so", UNIT_BYTES("eyJhbGciOiJFUzI1NiJ9"), false },
    { "an array", UNIT_BYTES("W10.e30.AQ"), false },
    { "nothing before the dot", UNIT_BYTES(".e30.AQ"), false },
    { "nothing", UNIT_BYTES(""), false },
};

START_TEST(jwt_is_meant_tells_opaque_ones)
{
    unit_expect(jwt_is_meant(unit_guarded_span(tokens[_i].token)) == tokens[_i].is_meant, tokens[_i].name);
}
END_TEST

/* One that is too long is refused for that: no provider is asked what it is. */
START_TEST(jwt_is_meant_over_the_limit_too)
{
    char *token = unit_guard(2 * JWT_MAX_BYTES);

    memset(token, 'A', 2 * JWT_MAX_BYTES);
    memcpy(token, "eyJh", 4);
    token[2 * JWT_MAX_BYTES - 1] = '.';
    ck_assert(jwt_is_meant(span_make(token, 2 * JWT_MAX_BYTES)));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("jwt");

    unit_add_loop(suite, "split", jwt_split_gives_the_parts, UNIT_ROWS(rows));
    unit_add_loop(suite, "split, bad", jwt_split_of_what_is_none_gives_a_reason, UNIT_ROWS(bad));
    unit_add_loop(suite, "is_meant", jwt_is_meant_tells_opaque_ones, UNIT_ROWS(tokens));
    unit_add(suite, "limits", (const TTest *const[]){ jwt_split_of_a_prefix_needs_both_dots,
                                                      jwt_split_over_the_limit_refuses,
                                                      jwt_is_meant_over_the_limit_too, NULL });
    return unit_run(suite);
}
