#include "oidc_login.h"

#include "oauth.h"
#include "oidc_login_fixture.h"

#define INACTIVE "invalid token"
#define STATUS(status) PROVIDER_STATUS(status)

START_TEST(oidc_login_asks_the_provider_about_the_token)
{
    login_open(LOGIN_INTROSPECTION);
    login_expect("opaque+/=", VERDICT_FOUND, LOGIN_ACCOUNT);
    ck_assert_str_eq(provider.last_form, "token=opaque%2B%2F%3D&token_type_hint=access_token");
    ck_assert_ptr_nonnull(strstr(provider.last_head, "POST /introspect HTTP/1.1\r\n"));
    ck_assert_ptr_nonnull(strstr(provider.last_head, "\r\nAuthorization: Basic Yzpz\r\n"));
    ck_assert_ptr_nonnull(strstr(provider.last_head, "\r\nAccept: application/json\r\n"));
    ck_assert_ptr_nonnull(strstr(provider.last_head, "\r\nContent-Type: application/x-www-form-urlencoded\r\n"));
    login_expect("opaque+/=", VERDICT_FOUND, LOGIN_ACCOUNT);
    ck_assert_int_eq(provider.configurations, 1);
    ck_assert_int_eq(provider.introspections, 2); /* nothing is kept */
    ck_assert_int_eq(provider.key_sets, 0);
    ck_assert_int_eq(provider.backends, 0);
}
END_TEST

START_TEST(oidc_login_asks_by_client_secret_post)
{
    login_open(LOGIN_INTROSPECTION "auth_method = \"client_secret_post\";");
    login_expect(login_token_a(), VERDICT_FOUND, LOGIN_ACCOUNT); /* a JWT, too */
    ck_assert_int_eq(strncmp(provider.last_form, "client_id=c&client_secret=s&token=ey", 36), 0);
    ck_assert_ptr_nonnull(strstr(provider.last_form, "&token_type_hint=access_token"));
    ck_assert_ptr_null(strstr(provider.last_head, "\r\nAuthorization:"));
}
END_TEST

START_TEST(oidc_login_asks_about_the_longest_token)
{
    char *token = mem_alloc(OAUTH_TOKEN_MAX_BYTES + 1);

    memset(token, 't', OAUTH_TOKEN_MAX_BYTES);
    login_open(LOGIN_INTROSPECTION);
    login_expect(token, VERDICT_FOUND, LOGIN_ACCOUNT);
    char *form = mem_format("token=%s&token_type_hint=access_token", token);
    ck_assert_str_eq(responder_body(&fixture_server), form);
    mem_free(form);
    mem_free(token);
}
END_TEST

static const struct {
    const char *name;
    const char *settings;
    const char *json;
    enum verdict_kind kind;
    const char *text;
} answers[] = {
    { "username", "", "{\"active\":true,\"username\":\"a\",\"sub\":\"b\"}", VERDICT_FOUND, "a" },
    { "sub", "", "{\"active\":true,\"sub\":\"b\"}", VERDICT_FOUND, "b" },
    { "account_claim", "account_claim = \"mail\";", "{\"active\":true,\"sub\":\"b\",\"mail\":\"m@d\"}", VERDICT_FOUND,
      "m@d" },
    { "no account", "", "{\"active\":true}", VERDICT_DENIED, INACTIVE },
    { "no account_claim", "account_claim = \"mail\";", LOGIN_ACTIVE, VERDICT_DENIED, INACTIVE },
    { "inactive", "", "{\"active\":false}", VERDICT_DENIED, INACTIVE },
    { "inactive, with a name", "", "{\"active\":false,\"username\":\"a\"}", VERDICT_DENIED, INACTIVE },
    { "expired", "", "{\"active\":true,\"username\":\"a\",\"exp\":1699999000}", VERDICT_DENIED, INACTIVE },
    { "not yet", "", "{\"active\":true,\"username\":\"a\",\"nbf\":1700001000}", VERDICT_DENIED, INACTIVE },
    { "another issuer", "", "{\"active\":true,\"username\":\"a\",\"iss\":\"http://elsewhere\"}", VERDICT_DENIED,
      INACTIVE },
    { "another audience", "audience = \"pfx\";", "{\"active\":true,\"username\":\"a\",\"aud\":\"web\"}",
      VERDICT_DENIED, INACTIVE },
    { "the audience", "audience = \"pfx\";", "{\"active\":true,\"username\":\"a\",\"aud\":[\"pfx\"]}", VERDICT_FOUND,
      "a" },
    { "no scope", "required_scopes = \"mail\";", "{\"active\":true,\"username\":\"a\",\"scope\":\"openid\"}",
      VERDICT_DENIED, "insufficient scope" },
    { "the scope", "required_scopes = \"mail\";", "{\"active\":true,\"username\":\"a\",\"scope\":\"openid mail\"}",
      VERDICT_FOUND, "a" },
    { "refresh token", "", "{\"active\":true,\"username\":\"a\",\"token_type\":\"refresh_token\"}", VERDICT_DENIED,
      INACTIVE },
    { "active in a string", "", "{\"active\":\"true\",\"username\":\"a\"}", VERDICT_TEMP, LOGIN_DOWN },
    { "active a number", "", "{\"active\":1,\"username\":\"a\"}", VERDICT_TEMP, LOGIN_DOWN },
    { "no active", "", "{\"username\":\"a\"}", VERDICT_TEMP, LOGIN_DOWN },
    { "an array", "", "[]", VERDICT_TEMP, LOGIN_DOWN },
    { "not JSON", "", "<html>", VERDICT_TEMP, LOGIN_DOWN },
    { "twice", "", "{\"active\":false,\"active\":true,\"username\":\"a\"}", VERDICT_TEMP, LOGIN_DOWN },
    { "empty", "", "", VERDICT_TEMP, LOGIN_DOWN },
};

START_TEST(oidc_login_is_what_the_provider_says)
{
    char *settings = mem_format(LOGIN_INTROSPECTION "%s", answers[_i].settings);

    login_open(settings);
    mem_free(settings);
    login_introspects(answers[_i].json);
    login_ask("t", "");
    ck_assert_msg(fixture_verdict.kind == answers[_i].kind, "%s: %s, %s", answers[_i].name,
                  verdict_word(fixture_verdict.kind), fixture_text);
    unit_expect(strcmp(fixture_text, answers[_i].text) == 0, answers[_i].name);
    unit_expect(fixture_verdict.is_failure == (answers[_i].kind == VERDICT_TEMP), answers[_i].name);
    unit_expect(fixture_log_count("warning: ") == (answers[_i].kind == VERDICT_TEMP), answers[_i].name);
    unit_expect(fixture_verdict.lacks_scope == (strcmp(answers[_i].text, "insufficient scope") == 0), answers[_i].name);
    unit_expect(!fixture_verdict.is_other_name, answers[_i].name);
}
END_TEST

static const struct {
    const char *name;
    const char *configuration; /* NULL: the usual one */
    const char *introspection;
} failures[] = {
    { "401", NULL, STATUS("401") },
    { "403", NULL, STATUS("403") },
    { "404", NULL, STATUS("404") },
    { "500", NULL, STATUS("500") },
    { "204", NULL, STATUS("204") },
    { "400 that says inactive", NULL, "HTTP/1.1 400 x\r\nContent-Length: 16\r\n\r\n{\"active\":false}" },
    { "no HTTP", NULL, "SSH-2.0\r\n\r\n" },
    { "no configuration", STATUS("500"), NULL },
    { "configuration is no JSON", RESPONDER_OK("1", "<"), NULL },
};

START_TEST(oidc_login_without_an_answer_is_a_temporary_failure)
{
    login_open(LOGIN_INTROSPECTION);
    provider.configuration = failures[_i].configuration;
    if (failures[_i].introspection != NULL)
        provider.introspection = failures[_i].introspection;
    login_ask("t", "");
    unit_expect(fixture_verdict.kind == VERDICT_TEMP, failures[_i].name);
    unit_expect(fixture_verdict.is_failure, failures[_i].name);
    ck_assert_str_eq(fixture_text, LOGIN_DOWN);
    unit_expect(fixture_log_count("warning: oidc=http://127.0.0.1:") == 1, failures[_i].name);
    provider.configuration = NULL;
    login_introspects(LOGIN_ACTIVE);
    fixture_move_clock(OIDC_RETRY_MS);
    login_expect("t", VERDICT_FOUND, LOGIN_ACCOUNT);
}
END_TEST

START_TEST(oidc_login_without_an_endpoint_is_a_temporary_failure)
{
    char json[200], answer[300];

    snprintf(json, sizeof(json), "{\"issuer\":\"http://127.0.0.1:%u\"}", fixture_server.port);
    login_open(LOGIN_INTROSPECTION);
    snprintf(answer, sizeof(answer), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(json), json);
    provider.configuration = answer;
    login_expect("t", VERDICT_TEMP, LOGIN_DOWN);
    login_expect("t", VERDICT_TEMP, LOGIN_DOWN);
    ck_assert_int_eq(fixture_log_count("the provider has no introspection_endpoint that can be used"), 1);
    ck_assert_int_eq(provider.configurations, 1);
}
END_TEST

static const struct {
    const char *name;
    const char *settings;
    const char *claimed;
    bool is_other;
} names[] = {
    { "none", "", "", false },
    { "the same", "", LOGIN_ACCOUNT, false },
    { "in other letters", "", "U@EXAMPLE.com", false },
    { "another", "", "v@example.com", true },
    { "a part", "", "u", true },
    { "longer", "", LOGIN_ACCOUNT "m", true },
    { "ignored", "claimed_name = \"ignore\";", "v@example.com", false },
    { "match", "claimed_name = \"match\";", "v@example.com", true },
};

START_TEST(oidc_login_account_is_never_the_claimed_name)
{
    char *settings = mem_format(LOGIN_INTROSPECTION "%s", names[_i].settings);

    login_open(settings);
    mem_free(settings);
    login_ask("t", names[_i].claimed);
    unit_expect(fixture_verdict.kind == (names[_i].is_other ? VERDICT_DENIED : VERDICT_FOUND), names[_i].name);
    unit_expect(fixture_verdict.is_other_name == names[_i].is_other, names[_i].name);
    ck_assert_str_eq(fixture_text, names[_i].is_other ? "not allowed to act for another user" : LOGIN_ACCOUNT);
    login_introspects("{\"active\":true}");
    login_ask("t", names[_i].claimed);
    fixture_expect(VERDICT_DENIED, INACTIVE);
}
END_TEST

static const struct {
    const char *name;
    const char *settings;
    const int *requests;
} stages[] = {
    { "configuration", LOGIN_INTROSPECTION, &provider.configurations },
    { "introspection", LOGIN_INTROSPECTION, &provider.introspections },
    { "configuration before keys", LOGIN_JWKS, &provider.configurations },
    { "keys", LOGIN_JWKS, &provider.key_sets },
    { "configuration, auto", LOGIN_AUTO, &provider.configurations },
    { "keys, auto", LOGIN_AUTO, &provider.key_sets },
};

/* The provider is silent from that stage on. */
static void fall_silent(const int *requests)
{
    if (requests == &provider.configurations)
        provider.configuration = "";
    provider.introspection = NULL;
    provider.keys = NULL;
}

START_TEST(oidc_login_may_be_cancelled_at_each_stage)
{
    login_open(stages[_i].settings);
    fall_silent(stages[_i].requests);
    struct backend_call *call = login_start(login_token_a(), "");
    fixture_until(stages[_i].requests, 1);
    fixture_turns(2);
    backend_cancel(call);
    fixture_turns(3);
    unit_expect(fixture_done == 0, stages[_i].name);
}
END_TEST

START_TEST(oidc_login_may_be_cancelled_when_it_is_decided)
{
    login_open(LOGIN_INTROSPECTION);
    provider.configuration = STATUS("500");
    login_expect("t", VERDICT_TEMP, LOGIN_DOWN);
    struct backend_call *call = login_start("t", "");
    backend_cancel(call);
    fixture_turns(3);
    ck_assert_int_eq(fixture_done, 1);
}
END_TEST

START_TEST(oidc_login_has_a_deadline_at_each_stage)
{
    login_open(stages[_i].settings);
    fall_silent(stages[_i].requests);
    login_start(login_token_a(), "");
    login_freeze_at(stages[_i].requests, 1);
    fixture_move_clock(CONFIG_LOGIN_TIMEOUT_MS / 2);
    fixture_turns(3);
    unit_expect(fixture_done == 0, stages[_i].name);
    fixture_move_clock(CONFIG_LOGIN_TIMEOUT_MS / 2);
    fixture_until(&fixture_done, 1);
    unit_expect(fixture_verdict.kind == VERDICT_TEMP, stages[_i].name);
    ck_assert_str_eq(fixture_text, LOGIN_DOWN);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("oidc_login");

    login_add(suite, "introspection",
              (const TTest *const[]){ oidc_login_asks_the_provider_about_the_token,
                                      oidc_login_asks_by_client_secret_post,
                                      oidc_login_asks_about_the_longest_token,
                                      oidc_login_without_an_endpoint_is_a_temporary_failure,
                                      oidc_login_may_be_cancelled_when_it_is_decided, NULL }, 1);
    login_add(suite, "answers", (const TTest *const[]){ oidc_login_is_what_the_provider_says, NULL },
              UNIT_ROWS(answers));
    login_add(suite, "failures", (const TTest *const[]){ oidc_login_without_an_answer_is_a_temporary_failure, NULL },
              UNIT_ROWS(failures));
    login_add(suite, "names", (const TTest *const[]){ oidc_login_account_is_never_the_claimed_name, NULL },
              UNIT_ROWS(names));
    login_add(suite, "stages",
              (const TTest *const[]){ oidc_login_may_be_cancelled_at_each_stage,
                                      oidc_login_has_a_deadline_at_each_stage, NULL }, UNIT_ROWS(stages));
    return unit_run(suite);
}
