#include "claims_fixture.h"

#define NOBODY CLAIMS_ISS "," CLAIMS_EXP "," CLAIMS_AUD
#define SOMEBODY NOBODY "," CLAIMS_SUB

#define NO_SCOPE "the token lacks one of required_scopes (scope, scp)"
#define NO_CLAIM "the token lacks one of required_claims"
#define NO_ACCOUNT "the token names no account"
#define CONTROL "the account holds control characters"
#define TOO_LONG "the account is too long"

#define LETTERS_16 "aaaaaaaaaaaaaaaa"
#define LETTERS_256 \
    LETTERS_16 LETTERS_16 LETTERS_16 LETTERS_16 LETTERS_16 LETTERS_16 LETTERS_16 LETTERS_16 \
    LETTERS_16 LETTERS_16 LETTERS_16 LETTERS_16 LETTERS_16 LETTERS_16 LETTERS_16 LETTERS_16
#define LETTERS_1024 LETTERS_256 LETTERS_256 LETTERS_256 LETTERS_256

static const struct claims_settings plain = { .audience = "pfx" };
static const struct claims_settings scoped = { .audience = "pfx", .scopes = "mail|smtp:send" };
static const struct claims_settings twice = { .audience = "pfx", .claims = "token_type=access_token|acr.level=2" };
static const struct claims_settings verified = { .audience = "pfx", .claims = "email_verified=true" };
static const struct claims_settings blocked = { .audience = "pfx", .claims = "blocked=false" };
static const struct claims_settings equals = { .audience = "pfx", .claims = "query=a=b" };
static const struct claims_settings nothing = { .audience = "pfx", .claims = "realm=" };
static const struct claims_settings second = { .audience = "pfx", .claims = "roles.1=mail" };
static const struct claims_settings broken = { .audience = "pfx", .claims = "sub" };
static const struct claims_settings email = { .audience = "pfx", .accounts = "email" };
static const struct claims_settings listed = { .audience = "pfx", .accounts = "mail.primary|email|aliases.0" };

static const struct claims_row scopes[] = {
    { "scope a string", &scoped, CLAIMS_OBJECT(SOMEBODY ",\"scope\":\"mail smtp:send\""), CLAIMS_GOOD,
      "u@example.com" },
    { "scope in another order, with others", &scoped,
      CLAIMS_OBJECT(SOMEBODY ",\"scope\":\"openid smtp:send profile mail\""), CLAIMS_GOOD, "u@example.com" },
    { "scope with spaces around", &scoped, CLAIMS_OBJECT(SOMEBODY ",\"scope\":\"  smtp:send   mail \""), CLAIMS_GOOD,
      "u@example.com" },
    { "scope an array", &scoped, CLAIMS_OBJECT(SOMEBODY ",\"scope\":[\"smtp:send\",\"mail\"]"), CLAIMS_GOOD,
      "u@example.com" },
    { "scp a string", &scoped, CLAIMS_OBJECT(SOMEBODY ",\"scp\":\"smtp:send mail\""), CLAIMS_GOOD, "u@example.com" },
    { "scp an array", &scoped, CLAIMS_OBJECT(SOMEBODY ",\"scp\":[\"a\",\"smtp:send\",\"mail\"]"), CLAIMS_GOOD,
      "u@example.com" },
    { "one in scope, one in scp", &scoped, CLAIMS_OBJECT(SOMEBODY ",\"scope\":\"mail\",\"scp\":[\"smtp:send\"]"),
      CLAIMS_GOOD, "u@example.com" },
    { "missing scope", &scoped, CLAIMS_OBJECT(SOMEBODY), CLAIMS_LACKS_SCOPE, NO_SCOPE },
    { "one of two scopes", &scoped, CLAIMS_OBJECT(SOMEBODY ",\"scope\":\"mail\""), CLAIMS_LACKS_SCOPE, NO_SCOPE },
    { "the other of two scopes", &scoped, CLAIMS_OBJECT(SOMEBODY ",\"scope\":\"smtp:send\""), CLAIMS_LACKS_SCOPE,
      NO_SCOPE },
    { "scope longer than required", &scoped, CLAIMS_OBJECT(SOMEBODY ",\"scope\":\"mails smtp:send\""),
      CLAIMS_LACKS_SCOPE, NO_SCOPE },
    { "scope shorter than required", &scoped, CLAIMS_OBJECT(SOMEBODY ",\"scope\":\"mail smtp\""), CLAIMS_LACKS_SCOPE,
      NO_SCOPE },
    { "scope in other case", &scoped, CLAIMS_OBJECT(SOMEBODY ",\"scope\":\"Mail smtp:send\""), CLAIMS_LACKS_SCOPE,
      NO_SCOPE },
    { "scope with another separator", &scoped, CLAIMS_OBJECT(SOMEBODY ",\"scope\":\"mail,smtp:send\""),
      CLAIMS_LACKS_SCOPE, NO_SCOPE },
    { "scope in one element", &scoped, CLAIMS_OBJECT(SOMEBODY ",\"scope\":[\"mail smtp:send\"]"), CLAIMS_LACKS_SCOPE,
      NO_SCOPE },
    { "scope empty", &scoped, CLAIMS_OBJECT(SOMEBODY ",\"scope\":\"\""), CLAIMS_LACKS_SCOPE, NO_SCOPE },
    { "scope null", &scoped, CLAIMS_OBJECT(SOMEBODY ",\"scope\":null,\"scp\":5"), CLAIMS_LACKS_SCOPE, NO_SCOPE },
    { "scope an object", &scoped, CLAIMS_OBJECT(SOMEBODY ",\"scope\":{\"mail\":true,\"smtp:send\":true}"),
      CLAIMS_LACKS_SCOPE, NO_SCOPE },
    { "no scope, and expired", &scoped, CLAIMS_OBJECT(CLAIMS_ISS "," CLAIMS_AUD "," CLAIMS_SUB ",\"exp\":1"),
      CLAIMS_INVALID, "the token has expired (exp)" },
    { "none required", &plain, CLAIMS_OBJECT(SOMEBODY), CLAIMS_GOOD, "u@example.com" },
};

START_TEST(claims_of_jwt_has_the_required_scopes)
{
    claims_expect(claims_of_jwt, &scopes[_i]);
}
END_TEST

static const struct claims_row required[] = {
    { "two claims", &twice, CLAIMS_OBJECT(SOMEBODY ",\"token_type\":\"access_token\",\"acr\":{\"level\":\"2\"}"),
      CLAIMS_GOOD, "u@example.com" },
    { "a number", &twice, CLAIMS_OBJECT(SOMEBODY ",\"token_type\":\"access_token\",\"acr\":{\"level\":2}"),
      CLAIMS_GOOD, "u@example.com" },
    { "a number written otherwise", &twice,
      CLAIMS_OBJECT(SOMEBODY ",\"token_type\":\"access_token\",\"acr\":{\"level\":2.0e0}"), CLAIMS_GOOD,
      "u@example.com" },
    { "one claim is missing", &twice, CLAIMS_OBJECT(SOMEBODY ",\"token_type\":\"access_token\""), CLAIMS_INVALID,
      NO_CLAIM },
    { "the other claim is missing", &twice, CLAIMS_OBJECT(SOMEBODY ",\"acr\":{\"level\":2}"), CLAIMS_INVALID,
      NO_CLAIM },
    { "another value", &twice, CLAIMS_OBJECT(SOMEBODY ",\"token_type\":\"id_token\",\"acr\":{\"level\":2}"),
      CLAIMS_INVALID, NO_CLAIM },
    { "a longer value", &twice, CLAIMS_OBJECT(SOMEBODY ",\"token_type\":\"access_tokens\",\"acr\":{\"level\":2}"),
      CLAIMS_INVALID, NO_CLAIM },
    { "a shorter value", &twice, CLAIMS_OBJECT(SOMEBODY ",\"token_type\":\"access\",\"acr\":{\"level\":2}"),
      CLAIMS_INVALID, NO_CLAIM },
    { "other case", &twice, CLAIMS_OBJECT(SOMEBODY ",\"token_type\":\"Access_Token\",\"acr\":{\"level\":2}"),
      CLAIMS_INVALID, NO_CLAIM },
    { "another number", &twice, CLAIMS_OBJECT(SOMEBODY ",\"token_type\":\"access_token\",\"acr\":{\"level\":22}"),
      CLAIMS_INVALID, NO_CLAIM },
    { "a name with the dot in it", &twice,
      CLAIMS_OBJECT(SOMEBODY ",\"token_type\":\"access_token\",\"acr.level\":\"2\""), CLAIMS_INVALID, NO_CLAIM },
    { "an array of it", &twice, CLAIMS_OBJECT(SOMEBODY ",\"token_type\":[\"access_token\"],\"acr\":{\"level\":2}"),
      CLAIMS_INVALID, NO_CLAIM },
    { "an object", &twice, CLAIMS_OBJECT(SOMEBODY ",\"token_type\":{},\"acr\":{\"level\":2}"), CLAIMS_INVALID,
      NO_CLAIM },
    { "true", &verified, CLAIMS_OBJECT(SOMEBODY ",\"email_verified\":true"), CLAIMS_GOOD, "u@example.com" },
    { "true as a string", &verified, CLAIMS_OBJECT(SOMEBODY ",\"email_verified\":\"true\""), CLAIMS_GOOD,
      "u@example.com" },
    { "false for true", &verified, CLAIMS_OBJECT(SOMEBODY ",\"email_verified\":false"), CLAIMS_INVALID, NO_CLAIM },
    { "1 for true", &verified, CLAIMS_OBJECT(SOMEBODY ",\"email_verified\":1"), CLAIMS_INVALID, NO_CLAIM },
    { "false", &blocked, CLAIMS_OBJECT(SOMEBODY ",\"blocked\":false"), CLAIMS_GOOD, "u@example.com" },
    { "null for false", &blocked, CLAIMS_OBJECT(SOMEBODY ",\"blocked\":null"), CLAIMS_INVALID, NO_CLAIM },
    { "a value with an equals sign", &equals, CLAIMS_OBJECT(SOMEBODY ",\"query\":\"a=b\""), CLAIMS_GOOD,
      "u@example.com" },
    { "a value without the equals sign", &equals, CLAIMS_OBJECT(SOMEBODY ",\"query\":\"a\",\"query=a\":\"b\""),
      CLAIMS_INVALID, NO_CLAIM },
    { "an empty value", &nothing, CLAIMS_OBJECT(SOMEBODY ",\"realm\":\"\""), CLAIMS_GOOD, "u@example.com" },
    { "null for an empty value", &nothing, CLAIMS_OBJECT(SOMEBODY ",\"realm\":null"), CLAIMS_INVALID, NO_CLAIM },
    { "an empty array for an empty value", &nothing, CLAIMS_OBJECT(SOMEBODY ",\"realm\":[]"), CLAIMS_INVALID,
      NO_CLAIM },
    { "an object for an empty value", &nothing, CLAIMS_OBJECT(SOMEBODY ",\"realm\":{}"), CLAIMS_INVALID, NO_CLAIM },
    { "some value for an empty value", &nothing, CLAIMS_OBJECT(SOMEBODY ",\"realm\":0"), CLAIMS_INVALID, NO_CLAIM },
    { "an element", &second, CLAIMS_OBJECT(SOMEBODY ",\"roles\":[\"a\",\"mail\"]"), CLAIMS_GOOD, "u@example.com" },
    { "another element", &second, CLAIMS_OBJECT(SOMEBODY ",\"roles\":[\"mail\",\"a\"]"), CLAIMS_INVALID, NO_CLAIM },
    { "a condition without a value", &broken, CLAIMS_OBJECT(SOMEBODY), CLAIMS_INVALID, NO_CLAIM },
};

START_TEST(claims_of_jwt_has_the_required_claims)
{
    claims_expect(claims_of_jwt, &required[_i]);
}
END_TEST

static const struct claims_row accounts[] = {
    { "username comes first", &plain,
      CLAIMS_OBJECT(NOBODY ",\"sub\":\"s\",\"preferred_username\":\"p\",\"username\":\"n\",\"email\":\"e\""),
      CLAIMS_GOOD, "n" },
    { "preferred_username comes next", &plain,
      CLAIMS_OBJECT(NOBODY ",\"sub\":\"s\",\"preferred_username\":\"p\",\"email\":\"e\""), CLAIMS_GOOD, "p" },
    { "sub comes last", &plain, CLAIMS_OBJECT(NOBODY ",\"sub\":\"s\",\"email\":\"e\""), CLAIMS_GOOD, "s" },
    { "what is empty is passed over", &plain,
      CLAIMS_OBJECT(NOBODY ",\"sub\":\"s\",\"preferred_username\":\"\",\"username\":\"\""), CLAIMS_GOOD, "s" },
    { "what is no string is passed over", &plain,
      CLAIMS_OBJECT(NOBODY ",\"sub\":\"s\",\"preferred_username\":[\"p\"],\"username\":5"), CLAIMS_GOOD, "s" },
    { "null is passed over", &plain, CLAIMS_OBJECT(NOBODY ",\"sub\":\"s\",\"username\":null"), CLAIMS_GOOD, "s" },
    { "UTF-8", &plain, CLAIMS_OBJECT(NOBODY ",\"sub\":\"\\u00fc@b\xC3\xBC" "cher.example\""), CLAIMS_GOOD,
      "\xC3\xBC@b\xC3\xBC" "cher.example" },
    { "token without account", &plain, CLAIMS_OBJECT(NOBODY), CLAIMS_INVALID, NO_ACCOUNT },
    { "token without account, but others' claims", &plain,
      CLAIMS_OBJECT(NOBODY ",\"email\":\"e\",\"client_id\":\"c\",\"azp\":\"c\",\"Sub\":\"s\""), CLAIMS_INVALID,
      NO_ACCOUNT },
    { "token with an empty account", &plain, CLAIMS_OBJECT(NOBODY ",\"sub\":\"\""), CLAIMS_INVALID, NO_ACCOUNT },
    { "token with a number as account", &plain, CLAIMS_OBJECT(NOBODY ",\"sub\":1000"), CLAIMS_INVALID, NO_ACCOUNT },
    { "the claim that is configured", &email, CLAIMS_OBJECT(SOMEBODY ",\"email\":\"e@example.com\""), CLAIMS_GOOD,
      "e@example.com" },
    { "never a default beside a configured claim", &email, CLAIMS_OBJECT(SOMEBODY ",\"username\":\"n\""),
      CLAIMS_INVALID, NO_ACCOUNT },
    { "the first of a list", &listed,
      CLAIMS_OBJECT(NOBODY ",\"email\":\"e\",\"mail\":{\"primary\":\"m\"},\"aliases\":[\"a\"]"), CLAIMS_GOOD, "m" },
    { "the second of a list", &listed,
      CLAIMS_OBJECT(NOBODY ",\"email\":\"e\",\"mail\":{\"primary\":\"\"},\"aliases\":[\"a\"]"), CLAIMS_GOOD, "e" },
    { "an element", &listed, CLAIMS_OBJECT(NOBODY ",\"mail\":\"m\",\"aliases\":[\"a\",\"b\"]"), CLAIMS_GOOD, "a" },
    { "none of a list", &listed, CLAIMS_OBJECT(SOMEBODY ",\"mail\":{\"secondary\":\"m\"},\"aliases\":[]"),
      CLAIMS_INVALID, NO_ACCOUNT },
    { "line feed", &plain, CLAIMS_OBJECT(NOBODY ",\"sub\":\"u\\nOK\\t2\\tuser=root\""), CLAIMS_INVALID, CONTROL },
    { "tab", &plain, CLAIMS_OBJECT(NOBODY ",\"sub\":\"u\\tnologin\""), CLAIMS_INVALID, CONTROL },
    { "carriage return", &plain, CLAIMS_OBJECT(NOBODY ",\"sub\":\"\\r\""), CLAIMS_INVALID, CONTROL },
    { "the byte 1", &plain, CLAIMS_OBJECT(NOBODY ",\"sub\":\"u\\u0001\""), CLAIMS_INVALID, CONTROL },
    { "the byte 127", &plain, CLAIMS_OBJECT(NOBODY ",\"sub\":\"\x7Fu\""), CLAIMS_INVALID, CONTROL },
    { "no second choice after control characters", &plain,
      CLAIMS_OBJECT(SOMEBODY ",\"username\":\"a\\u0007\""), CLAIMS_INVALID, CONTROL },
    { "the longest", &plain, CLAIMS_OBJECT(NOBODY ",\"sub\":\"" LETTERS_1024 "\""), CLAIMS_GOOD, LETTERS_1024 },
    { "a byte longer", &plain, CLAIMS_OBJECT(NOBODY ",\"sub\":\"a" LETTERS_1024 "\""), CLAIMS_INVALID, TOO_LONG },
    { "no second choice after one too long", &plain,
      CLAIMS_OBJECT(SOMEBODY ",\"username\":\"a" LETTERS_1024 "\""), CLAIMS_INVALID, TOO_LONG },
};

START_TEST(claims_of_jwt_names_the_account)
{
    claims_expect(claims_of_jwt, &accounts[_i]);
}
END_TEST

/* A zero byte would end the name for others: no such token is read. */
START_TEST(claims_of_jwt_never_sees_a_zero_byte)
{
    const char *why = NULL;

    ck_assert_ptr_null(jsondoc_parse(SPAN("{\"sub\":\"root\\u0000@example.com\"}"), &why));
    ck_assert_ptr_null(jsondoc_parse(SPAN("{\"sub\":\"root\0@example.com\"}"), &why));
}
END_TEST

START_TEST(claims_of_jwt_with_no_room_for_the_account_is_refused)
{
    struct config_oidc oidc = claims_configure(&plain);
    struct claims_context context = { .oidc = &oidc, .issuer = SPAN(CLAIMS_ISSUER), .now_ms = CLAIMS_NOW_MS };
    const char *why = NULL;
    struct jsondoc *doc = jsondoc_parse(SPAN(CLAIMS_OBJECT(SOMEBODY)), &why);
    struct buf account;

    ck_assert_ptr_nonnull(doc);
    buf_init(&account, sizeof("u@example.com") - 2);
    ck_assert_int_eq(claims_of_jwt(&context, doc, &account, &why), CLAIMS_INVALID);
    ck_assert_str_eq(why, TOO_LONG);
    ck_assert_uint_eq(account.n, 0);
    buf_free(&account);
    jsondoc_free(&doc);
    claims_unconfigure(&oidc);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("claims, account");

    unit_add_loop(suite, "scopes", claims_of_jwt_has_the_required_scopes, UNIT_ROWS(scopes));
    unit_add_loop(suite, "required_claims", claims_of_jwt_has_the_required_claims, UNIT_ROWS(required));
    unit_add_loop(suite, "accounts", claims_of_jwt_names_the_account, UNIT_ROWS(accounts));
    unit_add(suite, "others",
             (const TTest *const[]){ claims_of_jwt_never_sees_a_zero_byte,
                                     claims_of_jwt_with_no_room_for_the_account_is_refused, NULL });
    return unit_run(suite);
}
