#include "claims_fixture.h"

#define ACTIVE "\"active\":true"
#define SOMEBODY ACTIVE ",\"username\":\"u@example.com\""
#define MALFORMED "the answer of the introspection is no JSON object with true or false as active"
#define INACTIVE "the provider says that the token is not active"
#define OTHER_ISSUER "the token is of another issuer (iss)"
#define BAD_EXP "exp is no number of seconds"
#define EXPIRED "the token has expired (exp)"
#define BAD_NBF "nbf is no number of seconds"
#define NOT_YET "the token is not valid yet (nbf)"
#define NO_AUDIENCE "the token names no audience (aud)"
#define OTHER_AUDIENCE "the token is for another audience (aud)"
#define REFRESH "the token is a refresh token"
#define NO_ACCOUNT "the token names no account"

static const struct claims_settings plain = { .skew_ms = 60000 };
static const struct claims_settings ours = { .audience = "pfx|mail" };
static const struct claims_settings any = { .any_audience = true };
static const struct claims_settings both = { .audience = "pfx", .any_audience = true };
static const struct claims_settings typed = { .require_typ = true };
static const struct claims_settings scoped = { .scopes = "mail" };
static const struct claims_settings claimed = { .claims = "realm=staff" };
static const struct claims_settings email = { .accounts = "email" };

static const struct claims_row answers[] = {
    { "active", &plain, CLAIMS_OBJECT(SOMEBODY), CLAIMS_GOOD, "u@example.com" },
    { "all there is", &ours,
      CLAIMS_OBJECT(SOMEBODY "," CLAIMS_ISS "," CLAIMS_EXP "," CLAIMS_AUD
                    ",\"iat\":1699999000,\"nbf\":1699999000,\"token_type\":\"Bearer\",\"client_id\":\"c\","
                    "\"sub\":\"17\",\"scope\":\"mail\",\"jti\":\"1\""),
      CLAIMS_GOOD, "u@example.com" },
    { "not active", &plain, CLAIMS_OBJECT("\"active\":false"), CLAIMS_INVALID, INACTIVE },
    { "not active, but somebody", &plain, CLAIMS_OBJECT("\"active\":false,\"username\":\"u\""), CLAIMS_INVALID,
      INACTIVE },
    { "active missing", &plain, CLAIMS_OBJECT("\"username\":\"u\""), CLAIMS_MALFORMED, MALFORMED },
    { "active as a string", &plain, CLAIMS_OBJECT("\"active\":\"true\",\"username\":\"u\""), CLAIMS_MALFORMED,
      MALFORMED },
    { "active as a number", &plain, CLAIMS_OBJECT("\"active\":1,\"username\":\"u\""), CLAIMS_MALFORMED, MALFORMED },
    { "active null", &plain, CLAIMS_OBJECT("\"active\":null,\"username\":\"u\""), CLAIMS_MALFORMED, MALFORMED },
    { "active an array", &plain, CLAIMS_OBJECT("\"active\":[true],\"username\":\"u\""), CLAIMS_MALFORMED, MALFORMED },
    { "Active", &plain, CLAIMS_OBJECT("\"Active\":true,\"username\":\"u\""), CLAIMS_MALFORMED, MALFORMED },
    { "an empty object", &plain, "{}", CLAIMS_MALFORMED, MALFORMED },
    { "an error instead", &plain, "{\"error\":\"invalid_client\"}", CLAIMS_MALFORMED, MALFORMED },
    { "an array", &plain, "[" CLAIMS_OBJECT(SOMEBODY) "]", CLAIMS_MALFORMED, MALFORMED },
    { "only true", &plain, "true", CLAIMS_MALFORMED, MALFORMED },
    { "only null", &plain, "null", CLAIMS_MALFORMED, MALFORMED },

    { "iss", &plain, CLAIMS_OBJECT(SOMEBODY "," CLAIMS_ISS), CLAIMS_GOOD, "u@example.com" },
    { "wrong iss", &plain, CLAIMS_OBJECT(SOMEBODY ",\"iss\":\"https://evil.example\""), CLAIMS_INVALID,
      OTHER_ISSUER },
    { "iss null", &plain, CLAIMS_OBJECT(SOMEBODY ",\"iss\":null"), CLAIMS_INVALID, OTHER_ISSUER },
    { "exp", &plain, CLAIMS_OBJECT(SOMEBODY "," CLAIMS_EXP), CLAIMS_GOOD, "u@example.com" },
    { "exp within leeway", &plain, CLAIMS_OBJECT(SOMEBODY ",\"exp\":1699999941"), CLAIMS_GOOD, "u@example.com" },
    { "expired at the edge of leeway", &plain, CLAIMS_OBJECT(SOMEBODY ",\"exp\":1699999940"), CLAIMS_INVALID,
      EXPIRED },
    { "exp as a string", &plain, CLAIMS_OBJECT(SOMEBODY ",\"exp\":\"1700000300\""), CLAIMS_INVALID, BAD_EXP },
    { "exp negative", &plain, CLAIMS_OBJECT(SOMEBODY ",\"exp\":-1"), CLAIMS_INVALID, BAD_EXP },
    { "exp huge", &plain, CLAIMS_OBJECT(SOMEBODY ",\"exp\":1e300"), CLAIMS_INVALID, BAD_EXP },
    { "nbf at the edge of leeway", &plain, CLAIMS_OBJECT(SOMEBODY ",\"nbf\":1700000060"), CLAIMS_GOOD,
      "u@example.com" },
    { "nbf in the future", &plain, CLAIMS_OBJECT(SOMEBODY ",\"nbf\":1700000061"), CLAIMS_INVALID, NOT_YET },
    { "nbf as a string", &plain, CLAIMS_OBJECT(SOMEBODY ",\"nbf\":\"0\""), CLAIMS_INVALID, BAD_NBF },

    { "aud is not checked", &plain, CLAIMS_OBJECT(SOMEBODY ",\"aud\":\"shop\""), CLAIMS_GOOD, "u@example.com" },
    { "aud", &ours, CLAIMS_OBJECT(SOMEBODY ",\"aud\":\"mail\""), CLAIMS_GOOD, "u@example.com" },
    { "aud an array", &ours, CLAIMS_OBJECT(SOMEBODY ",\"aud\":[\"shop\",\"pfx\"]"), CLAIMS_GOOD, "u@example.com" },
    { "foreign aud", &ours, CLAIMS_OBJECT(SOMEBODY ",\"aud\":\"shop\""), CLAIMS_INVALID, OTHER_AUDIENCE },
    { "missing aud", &ours, CLAIMS_OBJECT(SOMEBODY), CLAIMS_INVALID, NO_AUDIENCE },
    { "any audience", &any, CLAIMS_OBJECT(SOMEBODY ",\"aud\":\"shop\""), CLAIMS_GOOD, "u@example.com" },
    { "any audience beside a list", &both, CLAIMS_OBJECT(SOMEBODY), CLAIMS_GOOD, "u@example.com" },

    { "access token", &plain, CLAIMS_OBJECT(SOMEBODY ",\"token_type\":\"access_token\""), CLAIMS_GOOD,
      "u@example.com" },
    { "refresh token", &plain, CLAIMS_OBJECT(SOMEBODY ",\"token_type\":\"refresh_token\""), CLAIMS_INVALID, REFRESH },
    { "refresh token in other case", &plain, CLAIMS_OBJECT(SOMEBODY ",\"token_type\":\"Refresh_Token\""),
      CLAIMS_INVALID, REFRESH },
    { "half of refresh_token", &plain, CLAIMS_OBJECT(SOMEBODY ",\"token_type\":\"refresh\""), CLAIMS_GOOD,
      "u@example.com" },
    { "token_type a number", &plain, CLAIMS_OBJECT(SOMEBODY ",\"token_type\":5"), CLAIMS_GOOD, "u@example.com" },
    { "nonce is no matter: the provider was asked", &plain, CLAIMS_OBJECT(SOMEBODY ",\"nonce\":\"n\""), CLAIMS_GOOD,
      "u@example.com" },
    { "typ is no matter: there is no header", &typed, CLAIMS_OBJECT(SOMEBODY), CLAIMS_GOOD, "u@example.com" },
    { "scope", &scoped, CLAIMS_OBJECT(SOMEBODY ",\"scope\":\"openid mail\""), CLAIMS_GOOD, "u@example.com" },
    { "missing scope", &scoped, CLAIMS_OBJECT(SOMEBODY), CLAIMS_LACKS_SCOPE,
      "the token lacks one of required_scopes (scope, scp)" },
    { "required claim", &claimed, CLAIMS_OBJECT(SOMEBODY ",\"realm\":\"staff\""), CLAIMS_GOOD, "u@example.com" },
    { "required claim missing", &claimed, CLAIMS_OBJECT(SOMEBODY), CLAIMS_INVALID,
      "the token lacks one of required_claims" },

    { "username comes first", &plain, CLAIMS_OBJECT(ACTIVE ",\"sub\":\"s\",\"username\":\"n\""), CLAIMS_GOOD, "n" },
    { "sub comes next", &plain, CLAIMS_OBJECT(ACTIVE ",\"preferred_username\":\"p\",\"sub\":\"s\""), CLAIMS_GOOD,
      "s" },
    { "username empty", &plain, CLAIMS_OBJECT(ACTIVE ",\"username\":\"\",\"sub\":\"s\""), CLAIMS_GOOD, "s" },
    { "the claim that is configured", &email, CLAIMS_OBJECT(SOMEBODY ",\"email\":\"e\""), CLAIMS_GOOD, "e" },
    { "never a default beside a configured claim", &email, CLAIMS_OBJECT(SOMEBODY ",\"sub\":\"s\""), CLAIMS_INVALID,
      NO_ACCOUNT },
    { "active token without account", &plain, CLAIMS_OBJECT(ACTIVE ",\"client_id\":\"c\",\"preferred_username\":\"p\""),
      CLAIMS_INVALID, NO_ACCOUNT },
    { "control characters in the account", &plain, CLAIMS_OBJECT(ACTIVE ",\"username\":\"u\\nOK\",\"sub\":\"s\""),
      CLAIMS_INVALID, "the account holds control characters" },
};

START_TEST(claims_of_introspection_are_checked)
{
    claims_expect(claims_of_introspection, &answers[_i]);
}
END_TEST

START_TEST(claims_of_introspection_with_a_long_account_is_refused)
{
    char body[SASL_NAME_MAX_BYTES + 100];

    for (int over = 0; over <= 1; over++) {
        char name[SASL_NAME_MAX_BYTES + 2] = "";
        memset(name, 'a', SASL_NAME_MAX_BYTES + (size_t)over);
        snprintf(body, sizeof(body), "{%s,\"username\":\"%s\",\"sub\":\"s\"}", ACTIVE, name);
        claims_expect(claims_of_introspection,
                      &(struct claims_row){ "length", &plain, body, over ? CLAIMS_INVALID : CLAIMS_GOOD,
                                            over ? "the account is too long" : name });
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("claims, introspection");

    unit_add_loop(suite, "answers", claims_of_introspection_are_checked, UNIT_ROWS(answers));
    unit_add(suite, "accounts",
             (const TTest *const[]){ claims_of_introspection_with_a_long_account_is_refused, NULL });
    return unit_run(suite);
}
