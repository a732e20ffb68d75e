#include "claims_fixture.h"

#define ANY_TIME CLAIMS_ISS "," CLAIMS_AUD "," CLAIMS_SUB
#define IN_TIME CLAIMS_ISS "," CLAIMS_EXP "," CLAIMS_AUD "," CLAIMS_SUB
#define BY_NOBODY CLAIMS_EXP "," CLAIMS_AUD "," CLAIMS_SUB
#define FOR_NOBODY CLAIMS_ISS "," CLAIMS_EXP "," CLAIMS_SUB

#define NO_ISSUER "the token names no issuer (iss)"
#define OTHER_ISSUER "the token is of another issuer (iss)"
#define NO_EXP "the token does not tell when it expires (exp)"
#define BAD_EXP "exp is no number of seconds"
#define EXPIRED "the token has expired (exp)"
#define BAD_NBF "nbf is no number of seconds"
#define NOT_YET "the token is not valid yet (nbf)"
#define BAD_IAT "iat is no number of seconds"
#define OF_THE_FUTURE "the token is of the future (iat)"
#define NO_AUDIENCE "the token names no audience (aud)"
#define OTHER_AUDIENCE "the token is for another audience (aud)"
#define ID_TOKEN "the token looks like an ID token (nonce or at_hash): set require_typ or required_claims"

#define DIGITS_400 \
    "1" ZEROS_100 ZEROS_100 ZEROS_100 ZEROS_100
#define ZEROS_100 ZEROS_20 ZEROS_20 ZEROS_20 ZEROS_20 ZEROS_20
#define ZEROS_20 "00000000000000000000"

static const struct claims_settings plain = { .audience = "pfx|mail", .skew_ms = 60000 };
static const struct claims_settings any = { .any_audience = true, .skew_ms = 60000 };
static const struct claims_settings neither = { .skew_ms = 60000 };
static const struct claims_settings both = { .audience = "pfx", .any_audience = true };
static const struct claims_settings typed = { .audience = "pfx", .require_typ = true };
static const struct claims_settings claimed = { .audience = "pfx", .claims = "token_type=access_token" };

static const struct claims_row issuers[] = {
    { "issuer", &plain, CLAIMS_OBJECT(IN_TIME), CLAIMS_GOOD, "u@example.com" },
    { "missing iss", &plain, CLAIMS_OBJECT(BY_NOBODY), CLAIMS_INVALID, NO_ISSUER },
    { "wrong iss", &plain, CLAIMS_OBJECT(BY_NOBODY ",\"iss\":\"https://evil.example/realm\""), CLAIMS_INVALID,
      OTHER_ISSUER },
    { "iss with a slash more", &plain, CLAIMS_OBJECT(BY_NOBODY ",\"iss\":\"" CLAIMS_ISSUER "/\""), CLAIMS_INVALID,
      OTHER_ISSUER },
    { "iss with letters less", &plain, CLAIMS_OBJECT(BY_NOBODY ",\"iss\":\"https://idp.example/real\""),
      CLAIMS_INVALID, OTHER_ISSUER },
    { "iss in other case", &plain, CLAIMS_OBJECT(BY_NOBODY ",\"iss\":\"https://IDP.example/realm\""), CLAIMS_INVALID,
      OTHER_ISSUER },
    { "iss empty", &plain, CLAIMS_OBJECT(BY_NOBODY ",\"iss\":\"\""), CLAIMS_INVALID, OTHER_ISSUER },
    { "iss null", &plain, CLAIMS_OBJECT(BY_NOBODY ",\"iss\":null"), CLAIMS_INVALID, OTHER_ISSUER },
    { "iss an array", &plain, CLAIMS_OBJECT(BY_NOBODY ",\"iss\":[\"" CLAIMS_ISSUER "\"]"), CLAIMS_INVALID,
      OTHER_ISSUER },
    { "ISS", &plain, CLAIMS_OBJECT(BY_NOBODY ",\"ISS\":\"" CLAIMS_ISSUER "\""), CLAIMS_INVALID, NO_ISSUER },
    { "payload an array", &plain, "[{" IN_TIME "}]", CLAIMS_INVALID, "the payload is no JSON object" },
    { "payload a string", &plain, "\"u@example.com\"", CLAIMS_INVALID, "the payload is no JSON object" },
    { "payload null", &plain, "null", CLAIMS_INVALID, "the payload is no JSON object" },
    { "payload empty", &plain, "{}", CLAIMS_INVALID, NO_ISSUER },
};

START_TEST(claims_of_jwt_is_of_the_issuer)
{
    claims_expect(claims_of_jwt, &issuers[_i]);
}
END_TEST

START_TEST(claims_of_jwt_without_an_issuer_to_compare_is_refused)
{
    struct config_oidc oidc = claims_configure(&plain);
    struct claims_context context = { .oidc = &oidc, .now_ms = CLAIMS_NOW_MS };
    const char *why = NULL;
    struct jsondoc *doc = jsondoc_parse(SPAN(CLAIMS_OBJECT(BY_NOBODY ",\"iss\":\"\"")), &why);
    struct buf account;

    ck_assert_ptr_nonnull(doc);
    buf_init(&account, CLAIMS_ACCOUNT_MAX_BYTES);
    ck_assert_int_eq(claims_of_jwt(&context, doc, &account, &why), CLAIMS_INVALID);
    ck_assert_str_eq(why, OTHER_ISSUER);
    buf_free(&account);
    jsondoc_free(&doc);
    claims_unconfigure(&oidc);
}
END_TEST

static const struct claims_row times[] = {
    { "missing exp", &plain, CLAIMS_OBJECT(ANY_TIME), CLAIMS_INVALID, NO_EXP },
    { "exp in an hour", &plain, CLAIMS_OBJECT(ANY_TIME ",\"exp\":1700003600"), CLAIMS_GOOD, "u@example.com" },
    { "expired an hour ago", &plain, CLAIMS_OBJECT(ANY_TIME ",\"exp\":1699996400"), CLAIMS_INVALID, EXPIRED },
    { "expired in 1970", &plain, CLAIMS_OBJECT(ANY_TIME ",\"exp\":0"), CLAIMS_INVALID, EXPIRED },
    { "exp at the edge of leeway", &plain, CLAIMS_OBJECT(ANY_TIME ",\"exp\":1699999940"), CLAIMS_INVALID, EXPIRED },
    { "exp a second within leeway", &plain, CLAIMS_OBJECT(ANY_TIME ",\"exp\":1699999941"), CLAIMS_GOOD,
      "u@example.com" },
    { "exp half a second within leeway", &plain, CLAIMS_OBJECT(ANY_TIME ",\"exp\":1699999940.5"), CLAIMS_GOOD,
      "u@example.com" },
    { "exp half a second past leeway", &plain, CLAIMS_OBJECT(ANY_TIME ",\"exp\":1699999939.5"), CLAIMS_INVALID,
      EXPIRED },
    { "exp with exponent", &plain, CLAIMS_OBJECT(ANY_TIME ",\"exp\":17000003e2"), CLAIMS_GOOD, "u@example.com" },
    { "exp as a string", &plain, CLAIMS_OBJECT(ANY_TIME ",\"exp\":\"1700000300\""), CLAIMS_INVALID, BAD_EXP },
    { "exp negative", &plain, CLAIMS_OBJECT(ANY_TIME ",\"exp\":-1"), CLAIMS_INVALID, BAD_EXP },
    { "exp null", &plain, CLAIMS_OBJECT(ANY_TIME ",\"exp\":null"), CLAIMS_INVALID, BAD_EXP },
    { "exp true", &plain, CLAIMS_OBJECT(ANY_TIME ",\"exp\":true"), CLAIMS_INVALID, BAD_EXP },
    { "exp in an array", &plain, CLAIMS_OBJECT(ANY_TIME ",\"exp\":[1700000300]"), CLAIMS_INVALID, BAD_EXP },
    { "exp \"NaN\"", &plain, CLAIMS_OBJECT(ANY_TIME ",\"exp\":\"NaN\""), CLAIMS_INVALID, BAD_EXP },
    { "exp the largest", &plain, CLAIMS_OBJECT(ANY_TIME ",\"exp\":9007199254740992"), CLAIMS_GOOD, "u@example.com" },
    { "exp huge", &plain, CLAIMS_OBJECT(ANY_TIME ",\"exp\":9007199254740993"), CLAIMS_INVALID, BAD_EXP },
    { "exp huge, 1e300", &plain, CLAIMS_OBJECT(ANY_TIME ",\"exp\":1e300"), CLAIMS_INVALID, BAD_EXP },
    { "exp infinite, 1e999", &plain, CLAIMS_OBJECT(ANY_TIME ",\"exp\":1e999"), CLAIMS_INVALID, BAD_EXP },

    { "nbf now", &plain, CLAIMS_OBJECT(IN_TIME ",\"nbf\":1700000000"), CLAIMS_GOOD, "u@example.com" },
    { "nbf at the edge of leeway", &plain, CLAIMS_OBJECT(IN_TIME ",\"nbf\":1700000060"), CLAIMS_GOOD,
      "u@example.com" },
    { "nbf half a second past leeway", &plain, CLAIMS_OBJECT(IN_TIME ",\"nbf\":1700000060.5"), CLAIMS_INVALID,
      NOT_YET },
    { "nbf in the future", &plain, CLAIMS_OBJECT(IN_TIME ",\"nbf\":1700000061"), CLAIMS_INVALID, NOT_YET },
    { "nbf as a string", &plain, CLAIMS_OBJECT(IN_TIME ",\"nbf\":\"1699999999\""), CLAIMS_INVALID, BAD_NBF },
    { "nbf negative", &plain, CLAIMS_OBJECT(IN_TIME ",\"nbf\":-0.5"), CLAIMS_INVALID, BAD_NBF },
    { "nbf null", &plain, CLAIMS_OBJECT(IN_TIME ",\"nbf\":null"), CLAIMS_INVALID, BAD_NBF },
    { "nbf huge", &plain, CLAIMS_OBJECT(IN_TIME ",\"nbf\":1e300"), CLAIMS_INVALID, BAD_NBF },

    { "iat now", &plain, CLAIMS_OBJECT(IN_TIME ",\"iat\":1700000000"), CLAIMS_GOOD, "u@example.com" },
    { "iat at the edge of leeway", &plain, CLAIMS_OBJECT(IN_TIME ",\"iat\":1700000060"), CLAIMS_GOOD,
      "u@example.com" },
    { "iat half a second past leeway", &plain, CLAIMS_OBJECT(IN_TIME ",\"iat\":1700000060.5"), CLAIMS_INVALID,
      OF_THE_FUTURE },
    { "iat in the future", &plain, CLAIMS_OBJECT(IN_TIME ",\"iat\":1700000061"), CLAIMS_INVALID, OF_THE_FUTURE },
    { "iat as a string", &plain, CLAIMS_OBJECT(IN_TIME ",\"iat\":\"1699999999\""), CLAIMS_INVALID, BAD_IAT },
    { "iat negative", &plain, CLAIMS_OBJECT(IN_TIME ",\"iat\":-1700000000"), CLAIMS_INVALID, BAD_IAT },
    { "iat an object", &plain, CLAIMS_OBJECT(IN_TIME ",\"iat\":{}"), CLAIMS_INVALID, BAD_IAT },
    { "iat huge", &plain, CLAIMS_OBJECT(IN_TIME ",\"iat\":1e999"), CLAIMS_INVALID, BAD_IAT },
};

START_TEST(claims_of_jwt_is_in_time)
{
    claims_expect(claims_of_jwt, &times[_i]);
}
END_TEST

/* Of whole seconds each millisecond counts. */
static const struct claims_settings exact = { .audience = "pfx", .skew_ms = 0 };
static const struct claims_settings lax = { .audience = "pfx", .skew_ms = 300000 };

static const struct {
    struct claims_row row;
    int64_t now_ms;
} edges[] = {
    { { "exp, a millisecond early", &exact, CLAIMS_OBJECT(ANY_TIME ",\"exp\":1700000000"), CLAIMS_GOOD,
        "u@example.com" }, 1699999999999 },
    { { "exp, at that moment", &exact, CLAIMS_OBJECT(ANY_TIME ",\"exp\":1700000000"), CLAIMS_INVALID, EXPIRED },
      1700000000000 },
    { { "exp, the last millisecond of leeway", &lax, CLAIMS_OBJECT(ANY_TIME ",\"exp\":1700000000"), CLAIMS_GOOD,
        "u@example.com" }, 1700000299999 },
    { { "exp, leeway over", &lax, CLAIMS_OBJECT(ANY_TIME ",\"exp\":1700000000"), CLAIMS_INVALID, EXPIRED },
      1700000300000 },
    { { "nbf, a millisecond early", &exact, CLAIMS_OBJECT(IN_TIME ",\"nbf\":1700000000"), CLAIMS_INVALID, NOT_YET },
      1699999999999 },
    { { "nbf, at that moment", &exact, CLAIMS_OBJECT(IN_TIME ",\"nbf\":1700000000"), CLAIMS_GOOD, "u@example.com" },
      1700000000000 },
    { { "nbf, the first millisecond of leeway", &lax, CLAIMS_OBJECT(IN_TIME ",\"nbf\":1700000000"), CLAIMS_GOOD,
        "u@example.com" }, 1699999700000 },
    { { "nbf, before leeway", &lax, CLAIMS_OBJECT(IN_TIME ",\"nbf\":1700000000"), CLAIMS_INVALID, NOT_YET },
      1699999699999 },
    { { "iat, a millisecond early", &exact, CLAIMS_OBJECT(IN_TIME ",\"iat\":1700000000"), CLAIMS_INVALID,
        OF_THE_FUTURE }, 1699999999999 },
    { { "iat, the first millisecond of leeway", &lax, CLAIMS_OBJECT(IN_TIME ",\"iat\":1700000000"), CLAIMS_GOOD,
        "u@example.com" }, 1699999700000 },
};

START_TEST(claims_of_jwt_leeway_is_exact)
{
    claims_expect_at(claims_of_jwt, &edges[_i].row, edges[_i].now_ms);
}
END_TEST

/* JSON has no such numbers: what says so never comes as far as here. */
START_TEST(claims_of_jwt_never_sees_a_number_that_is_none)
{
    static const char *const numbers[] = { "NaN", "nan", "Infinity", "-Infinity", "0x65", "+1700000300", "1.7e" };
    char body[sizeof("{\"exp\":}") + 20];

    for (int i = 0; i < UNIT_ROWS(numbers); i++) {
        const char *why = NULL;
        snprintf(body, sizeof(body), "{\"exp\":%s}", numbers[i]);
        unit_expect(jsondoc_parse(span_text(body), &why) == NULL, numbers[i]);
    }
}
END_TEST

START_TEST(claims_of_jwt_with_a_number_of_many_digits_is_refused)
{
    const struct claims_row row = { "400 digits", &plain, CLAIMS_OBJECT(ANY_TIME ",\"exp\":" DIGITS_400),
                                    CLAIMS_INVALID, BAD_EXP };
    const char *why = NULL;
    struct jsondoc *doc = jsondoc_parse(span_text(row.body), &why);

    if (doc == NULL)
        ck_assert_str_eq(why, "JSON: a number is too long");
    else
        claims_expect(claims_of_jwt, &row);
    jsondoc_free(&doc);
}
END_TEST

static const struct claims_row audiences[] = {
    { "aud a string", &plain, CLAIMS_OBJECT(FOR_NOBODY ",\"aud\":\"pfx\""), CLAIMS_GOOD, "u@example.com" },
    { "aud the second configured", &plain, CLAIMS_OBJECT(FOR_NOBODY ",\"aud\":\"mail\""), CLAIMS_GOOD,
      "u@example.com" },
    { "aud an array", &plain, CLAIMS_OBJECT(FOR_NOBODY ",\"aud\":[\"a\",\"mail\",\"b\"]"), CLAIMS_GOOD,
      "u@example.com" },
    { "aud an array of one", &plain, CLAIMS_OBJECT(FOR_NOBODY ",\"aud\":[\"pfx\"]"), CLAIMS_GOOD, "u@example.com" },
    { "aud an array with other things", &plain, CLAIMS_OBJECT(FOR_NOBODY ",\"aud\":[1,null,[\"x\"],\"pfx\"]"),
      CLAIMS_GOOD, "u@example.com" },
    { "missing aud", &plain, CLAIMS_OBJECT(FOR_NOBODY), CLAIMS_INVALID, NO_AUDIENCE },
    { "foreign aud", &plain, CLAIMS_OBJECT(FOR_NOBODY ",\"aud\":\"shop\""), CLAIMS_INVALID, OTHER_AUDIENCE },
    { "foreign aud in an array", &plain, CLAIMS_OBJECT(FOR_NOBODY ",\"aud\":[\"shop\",\"bank\"]"), CLAIMS_INVALID,
      OTHER_AUDIENCE },
    { "aud is no list of words", &plain, CLAIMS_OBJECT(FOR_NOBODY ",\"aud\":\"shop pfx\""), CLAIMS_INVALID,
      OTHER_AUDIENCE },
    { "aud in other case", &plain, CLAIMS_OBJECT(FOR_NOBODY ",\"aud\":\"PFX\""), CLAIMS_INVALID, OTHER_AUDIENCE },
    { "aud half of one", &plain, CLAIMS_OBJECT(FOR_NOBODY ",\"aud\":\"pf\""), CLAIMS_INVALID, OTHER_AUDIENCE },
    { "aud empty", &plain, CLAIMS_OBJECT(FOR_NOBODY ",\"aud\":\"\""), CLAIMS_INVALID, OTHER_AUDIENCE },
    { "aud an empty array", &plain, CLAIMS_OBJECT(FOR_NOBODY ",\"aud\":[]"), CLAIMS_INVALID, OTHER_AUDIENCE },
    { "aud in an array in an array", &plain, CLAIMS_OBJECT(FOR_NOBODY ",\"aud\":[[\"pfx\"]]"), CLAIMS_INVALID,
      OTHER_AUDIENCE },
    { "aud an object", &plain, CLAIMS_OBJECT(FOR_NOBODY ",\"aud\":{\"0\":\"pfx\"}"), CLAIMS_INVALID,
      OTHER_AUDIENCE },
    { "aud null", &plain, CLAIMS_OBJECT(FOR_NOBODY ",\"aud\":null"), CLAIMS_INVALID, OTHER_AUDIENCE },
    { "any audience, aud foreign", &any, CLAIMS_OBJECT(FOR_NOBODY ",\"aud\":\"shop\""), CLAIMS_GOOD,
      "u@example.com" },
    { "any audience, no aud", &any, CLAIMS_OBJECT(FOR_NOBODY), CLAIMS_GOOD, "u@example.com" },
    { "any audience beside a list", &both, CLAIMS_OBJECT(FOR_NOBODY ",\"aud\":\"shop\""), CLAIMS_GOOD,
      "u@example.com" },
    { "nothing configured", &neither, CLAIMS_OBJECT(IN_TIME), CLAIMS_INVALID, "no audience is configured" },
    { "nothing configured, no aud", &neither, CLAIMS_OBJECT(FOR_NOBODY), CLAIMS_INVALID,
      "no audience is configured" },
};

START_TEST(claims_of_jwt_is_for_the_audience)
{
    claims_expect(claims_of_jwt, &audiences[_i]);
}
END_TEST

/* The last of count audiences is the right one. */
static void expect_long_list(unsigned count, enum claims result, const char *text)
{
    struct buf body;

    buf_init(&body, 64 * 1024);
    ck_assert(buf_format(&body, "{%s,\"aud\":[", FOR_NOBODY));
    for (unsigned i = 1; i < count; i++)
        ck_assert(buf_format(&body, "\"a%u\",", i));
    ck_assert(buf_format(&body, "\"pfx\"]}"));
    claims_expect(claims_of_jwt, &(struct claims_row){ "list", &plain, buf_text(&body), result, text });
    buf_free(&body);
}

START_TEST(claims_of_jwt_looks_at_so_many_audiences)
{
    expect_long_list(CLAIMS_LIST_MAX, CLAIMS_GOOD, "u@example.com");
    expect_long_list(CLAIMS_LIST_MAX + 1, CLAIMS_INVALID, OTHER_AUDIENCE);
}
END_TEST

static const struct claims_row id_tokens[] = {
    { "ID token with nonce", &plain, CLAIMS_OBJECT(IN_TIME ",\"nonce\":\"n\""), CLAIMS_INVALID, ID_TOKEN },
    { "ID token with at_hash", &plain, CLAIMS_OBJECT(IN_TIME ",\"at_hash\":\"h\""), CLAIMS_INVALID, ID_TOKEN },
    { "ID token with nonce null", &plain, CLAIMS_OBJECT(IN_TIME ",\"nonce\":null"), CLAIMS_INVALID, ID_TOKEN },
    { "ID token for any audience", &any, CLAIMS_OBJECT(IN_TIME ",\"nonce\":\"n\""), CLAIMS_INVALID, ID_TOKEN },
    { "nonce, but typ is checked", &typed, CLAIMS_OBJECT(IN_TIME ",\"nonce\":\"n\""), CLAIMS_GOOD, "u@example.com" },
    { "nonce, but a claim says what it is", &claimed,
      CLAIMS_OBJECT(IN_TIME ",\"nonce\":\"n\",\"token_type\":\"access_token\""), CLAIMS_GOOD, "u@example.com" },
    { "ID token without the claim", &claimed, CLAIMS_OBJECT(IN_TIME ",\"nonce\":\"n\",\"at_hash\":\"h\""),
      CLAIMS_INVALID, "the token lacks one of required_claims" },
};

START_TEST(claims_of_jwt_is_no_id_token)
{
    claims_expect(claims_of_jwt, &id_tokens[_i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("claims");

    unit_add_loop(suite, "iss", claims_of_jwt_is_of_the_issuer, UNIT_ROWS(issuers));
    unit_add_loop(suite, "exp, nbf, iat", claims_of_jwt_is_in_time, UNIT_ROWS(times));
    unit_add_loop(suite, "leeway", claims_of_jwt_leeway_is_exact, UNIT_ROWS(edges));
    unit_add_loop(suite, "aud", claims_of_jwt_is_for_the_audience, UNIT_ROWS(audiences));
    unit_add_loop(suite, "ID tokens", claims_of_jwt_is_no_id_token, UNIT_ROWS(id_tokens));
    unit_add(suite, "others",
             (const TTest *const[]){ claims_of_jwt_without_an_issuer_to_compare_is_refused,
                                     claims_of_jwt_never_sees_a_number_that_is_none,
                                     claims_of_jwt_with_a_number_of_many_digits_is_refused,
                                     claims_of_jwt_looks_at_so_many_audiences, NULL });
    return unit_run(suite);
}
