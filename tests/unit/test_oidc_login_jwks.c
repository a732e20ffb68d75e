#include "oidc_login.h"

#include "oidc_login_fixture.h"

#define INVALID "invalid token"
#define BROKEN PROVIDER_STATUS("500")
#define TTL_MS 300000

static void expect_requests(int key_sets, int introspections)
{
    ck_assert_int_eq(provider.key_sets, key_sets);
    ck_assert_int_eq(provider.introspections, introspections);
}

START_TEST(oidc_login_is_verified_with_keys)
{
    login_open(LOGIN_JWKS);
    login_expect(login_token_a(), VERDICT_FOUND, LOGIN_ACCOUNT);
    login_expect(login_token_a(), VERDICT_FOUND, LOGIN_ACCOUNT);
    expect_requests(1, 0);
    ck_assert_int_eq(provider.configurations, 1);
    ck_assert_str_eq(fixture_log(), "");
}
END_TEST

static const struct {
    const char *name;
    const char *settings;
    const char *pem;
    const char *claims;
    const char *claimed;
    enum verdict_kind kind;
    const char *text;
    bool lacks_scope, is_other_name;
} tokens[] = {
    { "good", "", TOKEN_P256_PEM, LOGIN_CLAIMS, LOGIN_ACCOUNT, VERDICT_FOUND, LOGIN_ACCOUNT, false, false },
    { "wrong key", "", TOKEN_OTHER_PEM, LOGIN_CLAIMS, "", VERDICT_DENIED, INVALID, false, false },
    { "expired", "", TOKEN_P256_PEM, ",\"exp\":1699999900," CLAIMS_AUD "," CLAIMS_SUB, "", VERDICT_DENIED, INVALID,
      false, false },
    { "just expired", "", TOKEN_P256_PEM, ",\"exp\":1699999950," CLAIMS_AUD "," CLAIMS_SUB, "", VERDICT_FOUND,
      LOGIN_ACCOUNT, false, false },
    { "no exp", "", TOKEN_P256_PEM, "," CLAIMS_AUD "," CLAIMS_SUB, "", VERDICT_DENIED, INVALID, false, false },
    { "another audience", "", TOKEN_P256_PEM, "," CLAIMS_EXP ",\"aud\":\"web\"," CLAIMS_SUB, "", VERDICT_DENIED,
      INVALID, false, false },
    { "no account", "", TOKEN_P256_PEM, "," CLAIMS_EXP "," CLAIMS_AUD, "v@example.com", VERDICT_DENIED, INVALID,
      false, false },
    { "no account_claim", "account_claim = \"mail\";", TOKEN_P256_PEM, LOGIN_CLAIMS, LOGIN_ACCOUNT, VERDICT_DENIED,
      INVALID, false, false },
    { "no scope", "required_scopes = \"mail\";", TOKEN_P256_PEM, LOGIN_CLAIMS ",\"scope\":\"web\"", "",
      VERDICT_DENIED, "insufficient scope", true, false },
    { "the scope", "required_scopes = \"mail\";", TOKEN_P256_PEM, LOGIN_CLAIMS ",\"scope\":\"web mail\"", "",
      VERDICT_FOUND, LOGIN_ACCOUNT, false, false },
    { "no typ", "require_typ = true;", TOKEN_P256_PEM, LOGIN_CLAIMS, "", VERDICT_DENIED, INVALID, false, false },
    { "another name", "", TOKEN_P256_PEM, LOGIN_CLAIMS, "v@example.com", VERDICT_DENIED,
      "not allowed to act for another user", false, true },
    { "another name, ignored", "claimed_name = \"ignore\";", TOKEN_P256_PEM, LOGIN_CLAIMS, "v@example.com",
      VERDICT_FOUND, LOGIN_ACCOUNT, false, false },
};

/* auto is the same for a token of the issuer: what was found bad here stays bad. */
static void expect_token(int row, const char *validation)
{
    const char *name = tokens[row].name;
    char *settings = mem_format("%s %s", validation, tokens[row].settings);

    login_open(settings);
    mem_free(settings);
    login_ask(login_token("a", tokens[row].pem, tokens[row].claims), tokens[row].claimed);
    ck_assert_msg(fixture_verdict.kind == tokens[row].kind, "%s: %s, %s", name, verdict_word(fixture_verdict.kind),
                  fixture_text);
    unit_expect(strcmp(fixture_text, tokens[row].text) == 0, name);
    unit_expect(fixture_verdict.lacks_scope == tokens[row].lacks_scope, name);
    unit_expect(fixture_verdict.is_other_name == tokens[row].is_other_name, name);
    unit_expect(!fixture_verdict.is_failure, name);
    unit_expect(provider.key_sets == 1, name);
    unit_expect(provider.introspections == 0, name);
    unit_expect(fixture_log()[0] == '\0', name);
}

START_TEST(oidc_login_by_keys_is_what_the_token_says)
{
    expect_token(_i, LOGIN_JWKS);
}
END_TEST

START_TEST(oidc_login_by_auto_is_what_the_token_says)
{
    expect_token(_i, LOGIN_AUTO);
}
END_TEST

START_TEST(oidc_login_by_keys_asks_nobody_about_tokens_of_others)
{
    login_open(LOGIN_JWKS);
    login_expect("opaque", VERDICT_DENIED, INVALID);
    login_expect(login_foreign_token(), VERDICT_DENIED, INVALID);
    login_expect("a.b.c", VERDICT_DENIED, INVALID);
    expect_requests(1, 0);
}
END_TEST

START_TEST(oidc_login_waits_with_others_for_keys)
{
    login_open(_i == 0 ? LOGIN_JWKS : LOGIN_AUTO);
    for (int i = 0; i < 5; i++)
        login_start(login_token_a(), "");
    fixture_until(&fixture_done, 5);
    fixture_expect(VERDICT_FOUND, LOGIN_ACCOUNT);
    expect_requests(1, 0);
    ck_assert_int_eq(provider.configurations, 1);
}
END_TEST

static void have_keys(const char *settings)
{
    login_open(settings);
    login_expect(login_token_a(), VERDICT_FOUND, LOGIN_ACCOUNT);
}

START_TEST(oidc_login_finds_a_key_that_is_new)
{
    have_keys(_i == 0 ? LOGIN_JWKS : LOGIN_AUTO);
    login_publishes(TOKEN_KEYS(LOGIN_KEY_A "," LOGIN_KEY_B));
    login_expect(login_token_b(), VERDICT_FOUND, LOGIN_ACCOUNT);
    login_expect(login_token_b(), VERDICT_FOUND, LOGIN_ACCOUNT);
    login_expect(login_token_a(), VERDICT_FOUND, LOGIN_ACCOUNT);
    expect_requests(2, 0);
}
END_TEST

START_TEST(oidc_login_with_an_unknown_key_fetches_keys_once_in_a_while)
{
    have_keys(_i == 0 ? LOGIN_JWKS : LOGIN_AUTO);
    login_expect(login_token_b(), VERDICT_DENIED, INVALID);
    expect_requests(2, 0);
    login_publishes(TOKEN_KEYS(LOGIN_KEY_A "," LOGIN_KEY_B));
    fixture_move_clock(OIDC_UNKNOWN_KEY_MS - 1000);
    for (int i = 0; i < 5; i++)
        login_expect(login_token_b(), VERDICT_DENIED, INVALID);
    expect_requests(2, 0);
    ck_assert_str_eq(fixture_verdict.detail, "the token is signed by a key that the provider does not publish");
    fixture_move_clock(1000);
    login_expect(login_token_b(), VERDICT_FOUND, LOGIN_ACCOUNT);
    expect_requests(3, 0);
}
END_TEST

START_TEST(oidc_login_without_keys_is_a_temporary_failure)
{
    login_open(LOGIN_JWKS);
    provider.keys = BROKEN;
    login_expect(login_token_a(), VERDICT_TEMP, LOGIN_DOWN);
    ck_assert(fixture_verdict.is_failure);
    login_expect(login_token_a(), VERDICT_TEMP, LOGIN_DOWN);
    expect_requests(1, 0);
    login_publishes(TOKEN_KEYS(LOGIN_KEY_A));
    fixture_move_clock(OIDC_RETRY_MS);
    login_expect(login_token_a(), VERDICT_FOUND, LOGIN_ACCOUNT);
}
END_TEST

START_TEST(oidc_login_with_keys_goes_on_while_the_provider_is_down)
{
    have_keys(LOGIN_JWKS);
    provider.keys = provider.configuration = BROKEN;
    fixture_move_clock(TTL_MS);
    login_expect(login_token_a(), VERDICT_FOUND, LOGIN_ACCOUNT);
    fixture_move_clock(OIDC_KEYS_STALE_MS / 2);
    login_expect(login_token_a(), VERDICT_FOUND, LOGIN_ACCOUNT);
    fixture_move_clock(OIDC_KEYS_STALE_MS / 2);
    login_expect(login_token_a(), VERDICT_TEMP, LOGIN_DOWN);
}
END_TEST

/* The provider may have a new key: nobody knows, so nobody is told that the token is bad. */
START_TEST(oidc_login_with_an_unknown_key_is_a_temporary_failure_while_the_provider_is_down)
{
    have_keys(LOGIN_JWKS);
    provider.keys = BROKEN;
    login_expect(login_token_b(), VERDICT_TEMP, LOGIN_DOWN);
    login_expect(login_token_b(), VERDICT_TEMP, LOGIN_DOWN);
    fixture_move_clock(OIDC_RETRY_MS);
    login_expect(login_token_b(), VERDICT_TEMP, LOGIN_DOWN);
    login_expect(login_token_a(), VERDICT_FOUND, LOGIN_ACCOUNT);
}
END_TEST

START_TEST(oidc_login_by_auto_asks_about_what_cannot_be_verified)
{
    login_open(LOGIN_AUTO);
    login_introspects("{\"active\":true,\"username\":\"asked\",\"aud\":\"pfx\"}");
    login_expect("opaque", VERDICT_FOUND, "asked");
    login_expect("a.b.c", VERDICT_FOUND, "asked");
    expect_requests(0, 2);
    login_expect(login_token_a(), VERDICT_FOUND, LOGIN_ACCOUNT);
    login_expect(login_foreign_token(), VERDICT_DENIED, "invalid token");
    expect_requests(1, 2);
}
END_TEST

START_TEST(oidc_login_by_auto_asks_while_there_are_no_keys)
{
    login_open(LOGIN_AUTO);
    login_introspects("{\"active\":true,\"username\":\"asked\",\"aud\":\"pfx\"}");
    provider.keys = BROKEN;
    login_expect(login_token_a(), VERDICT_FOUND, "asked");
    login_expect(login_token_a(), VERDICT_FOUND, "asked"); /* in the pause */
    expect_requests(1, 2);
    provider.introspection = BROKEN;
    login_expect(login_token_a(), VERDICT_TEMP, LOGIN_DOWN);
    login_publishes(TOKEN_KEYS(LOGIN_KEY_A));
    fixture_move_clock(OIDC_RETRY_MS);
    login_expect(login_token_a(), VERDICT_FOUND, LOGIN_ACCOUNT);
    expect_requests(2, 3);
}
END_TEST

START_TEST(oidc_login_by_auto_asks_about_an_unknown_key_while_keys_cannot_be_fetched)
{
    have_keys(LOGIN_AUTO);
    login_introspects("{\"active\":true,\"username\":\"asked\",\"aud\":\"pfx\"}");
    provider.keys = BROKEN;
    login_expect(login_token_b(), VERDICT_FOUND, "asked");
    login_expect(login_token_b(), VERDICT_FOUND, "asked");
    expect_requests(2, 2);
}
END_TEST

START_TEST(oidc_login_by_auto_without_a_configuration_is_a_temporary_failure)
{
    login_open(LOGIN_AUTO);
    provider.configuration = BROKEN;
    login_expect(login_token_a(), VERDICT_TEMP, LOGIN_DOWN);
    login_expect("opaque", VERDICT_TEMP, LOGIN_DOWN);
    expect_requests(0, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("oidc_login_jwks");

    login_add(suite, "tokens",
              (const TTest *const[]){ oidc_login_by_keys_is_what_the_token_says,
                                      oidc_login_by_auto_is_what_the_token_says, NULL }, UNIT_ROWS(tokens));
    login_add(suite, "jwks",
              (const TTest *const[]){ oidc_login_is_verified_with_keys,
                                      oidc_login_by_keys_asks_nobody_about_tokens_of_others,
                                      oidc_login_without_keys_is_a_temporary_failure,
                                      oidc_login_with_keys_goes_on_while_the_provider_is_down,
                                      oidc_login_with_an_unknown_key_is_a_temporary_failure_while_the_provider_is_down,
                                      NULL }, 1);
    login_add(suite, "both",
              (const TTest *const[]){ oidc_login_waits_with_others_for_keys, oidc_login_finds_a_key_that_is_new,
                                      oidc_login_with_an_unknown_key_fetches_keys_once_in_a_while, NULL }, 2);
    login_add(suite, "auto",
              (const TTest *const[]){ oidc_login_by_auto_asks_about_what_cannot_be_verified,
                                      oidc_login_by_auto_asks_while_there_are_no_keys,
                                      oidc_login_by_auto_asks_about_an_unknown_key_while_keys_cannot_be_fetched,
                                      oidc_login_by_auto_without_a_configuration_is_a_temporary_failure, NULL }, 1);
    return unit_run(suite);
}
