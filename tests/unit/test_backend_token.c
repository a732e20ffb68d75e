#include "backend.h"

#include "provider_fixture.h"

#define SECRET "client_secret = \"s\";"
#define OLD    "response_cache = { enabled = false; };"
#define REFUSED PROVIDER_STATUS("401")

static void expect(enum verdict_kind kind, const char *text)
{
    fixture_ask(SPAN("k"));
    fixture_expect(kind, text);
}

START_TEST(backend_token_is_fetched_once_and_used)
{
    provider_begin();
    provider_map(SECRET, OLD);
    expect(VERDICT_FOUND, "value");
    ck_assert_str_eq(provider.last_token, "T1");
    ck_assert_str_eq(provider.last_form, "grant_type=client_credentials");
    ck_assert_ptr_nonnull(strstr(provider.last_head, "\r\nAuthorization: Basic Yzpz\r\n"));
    ck_assert_ptr_nonnull(strstr(provider.last_head, "\r\nAccept: application/json\r\n"));
    ck_assert_ptr_nonnull(strstr(provider.last_head, "\r\nContent-Type: application/x-www-form-urlencoded\r\n"));
    expect(VERDICT_FOUND, "value");
    ck_assert_int_eq(provider.configurations, 1);
    ck_assert_int_eq(provider.tokens, 1);
    ck_assert_int_eq(provider.backends, 2);
}
END_TEST

static const struct {
    const char *name;
    const char *more;
    const char *extra;
    const char *form; /* begins with */
    const char *header; /* NULL: no Authorization */
} methods[] = {
    { "post", SECRET "auth_method = \"client_secret_post\";", "", "client_id=c&client_secret=s&grant_type=", NULL },
    { "none", "auth_method = \"none\";", "", "client_id=c&grant_type=client_credentials", NULL },
    { "none by itself", "", "", "client_id=c&grant_type=client_credentials", NULL },
    { "scopes", SECRET "scopes = [ \"a.b\", \"c&d\" ];", "", "grant_type=client_credentials&scope=a.b%20c%26d",
      "Basic Yzpz" },
    { "secret, encoded", "client_secret = \"a b%:\";", "", "grant_type=", "Basic YzphJTIwYiUyNSUzQQ==" },
    { "secret, raw", "client_secret = \"a b%:\"; basic_encoding = \"raw\";", "", "grant_type=", "Basic YzphIGIlOg==" },
    { "post, where basic is not known", SECRET, "\"token_endpoint_auth_methods_supported\":[\"client_secret_post\"],",
      "client_id=c&client_secret=s&", NULL },
    { "basic, where both are known", SECRET,
      "\"token_endpoint_auth_methods_supported\":[\"client_secret_post\",\"client_secret_basic\"],", "grant_type=",
      "Basic Yzpz" },
};

START_TEST(backend_token_is_asked_for_by_each_method)
{
    provider_begin();
    provider.extra = methods[_i].extra;
    provider_map(methods[_i].more, OLD);
    expect(VERDICT_FOUND, "value");
    unit_expect(strncmp(provider.last_form, methods[_i].form, strlen(methods[_i].form)) == 0, methods[_i].name);
    const char *header = strstr(provider.last_head, "\r\nAuthorization: ");
    unit_expect((header != NULL) == (methods[_i].header != NULL), methods[_i].name);
    if (header != NULL)
        unit_expect(strncmp(header + 17, methods[_i].header, strlen(methods[_i].header)) == 0, methods[_i].name);
}
END_TEST

START_TEST(backend_token_is_fetched_once_for_many)
{
    provider_begin();
    provider_map(SECRET, OLD);
    provider.token = NULL;
    for (int i = 0; i < 5; i++)
        fixture_ask_of("m", span_make(&"abcde"[i], 1));
    fixture_until(&provider.tokens, 1);
    fixture_turns(5);
    ck_assert_int_eq(provider.tokens, 1);
    for (struct responder_peer *peer = fixture_server.peers; peer < fixture_server.peers + RESPONDER_PEERS_MAX; peer++)
        if (peer->io.fd != 0)
            ck_assert_int_gt(send(peer->io.fd, PROVIDER_TOKEN("43", "T1"), strlen(PROVIDER_TOKEN("43", "T1")), 0), 0);
    fixture_until(&fixture_done, 5);
    fixture_expect(VERDICT_FOUND, "value");
    ck_assert_int_eq(provider.tokens, 1);
    ck_assert_int_eq(provider.backends, 5);
}
END_TEST

START_TEST(backend_token_is_renewed_before_its_end)
{
    provider_begin();
    provider_map(SECRET, OLD);
    provider.token = RESPONDER_OK("46", "{\"access_token\":\"T1\",\"expires_in\":100        }");
    expect(VERDICT_FOUND, "value");
    fixture_move_clock(80000);
    expect(VERDICT_FOUND, "value");
    ck_assert_int_eq(provider.tokens, 1);
    provider.token = PROVIDER_TOKEN("43", "T2");
    fixture_move_clock(12000);
    expect(VERDICT_FOUND, "value"); /* with the old one */
    fixture_until(&provider.tokens, 2);
    fixture_turns(3);
    expect(VERDICT_FOUND, "value");
    ck_assert_str_eq(provider.last_token, "T2");
    ck_assert_int_eq(provider.tokens, 2);
}
END_TEST

static const char *only_second(const char *token)
{
    return strcmp(token, "T2") == 0 ? RESPONDER_OK("7", "\"value\"") : REFUSED;
}

START_TEST(backend_token_that_is_refused_is_fetched_anew)
{
    provider_begin();
    provider_map(SECRET, OLD);
    expect(VERDICT_FOUND, "value");
    provider.backend_to = only_second;
    provider.token = PROVIDER_TOKEN("43", "T2");
    expect(VERDICT_FOUND, "value");
    ck_assert_int_eq(provider.tokens, 2);
    ck_assert_int_eq(provider.backends, 3);
    expect(VERDICT_FOUND, "value");
    ck_assert_int_eq(provider.tokens, 2);
}
END_TEST

START_TEST(backend_token_that_is_always_refused_is_a_temporary_failure)
{
    provider_begin();
    provider_map(SECRET, OLD);
    provider.backend = REFUSED;
    expect(VERDICT_TEMP, "the backend refuses the token");
    ck_assert_int_eq(provider.tokens, 2);
    ck_assert_int_eq(provider.backends, 2);
    for (int i = 0; i < 5; i++)
        expect(VERDICT_TEMP, "the backend refuses the token");
    ck_assert_int_eq(provider.tokens, 2); /* not one for each question */
    fixture_move_clock(OIDC_RETRY_MS);
    provider.backend = RESPONDER_OK("7", "\"value\"");
    expect(VERDICT_FOUND, "value");
}
END_TEST

static const struct {
    const char *name;
    const char *configuration;
    const char *token;
} failures[] = {
    { "no configuration", PROVIDER_STATUS("404"), NULL },
    { "configuration is not JSON", RESPONDER_OK("1", "<"), NULL },
    { "another issuer", RESPONDER_OK("29", "{\"issuer\":\"http://elsewhere\"}"), NULL },
    { "no issuer", RESPONDER_OK("2", "{}"), NULL },
    { "refused", NULL, PROVIDER_STATUS("401") },
    { "refused without a body", NULL, PROVIDER_STATUS("403") },
    { "an error of its own", NULL, PROVIDER_STATUS("500") },
    { "no token", NULL, RESPONDER_OK("2", "{}") },
    { "an empty token", NULL, RESPONDER_OK("19", "{\"access_token\":\"\"}") },
    { "a token with a blank", NULL, RESPONDER_OK("22", "{\"access_token\":\"a b\"}") },
    { "a token with a line break", NULL, RESPONDER_OK("23", "{\"access_token\":\"a\\nb\"}") },
    { "a token that is a number", NULL, RESPONDER_OK("19", "{\"access_token\":1} ") },
    { "another type", NULL, RESPONDER_OK("41", "{\"access_token\":\"T\",\"token_type\":\"mac\"}  ") },
};

START_TEST(backend_token_that_cannot_be_had_is_a_temporary_failure)
{
    provider_begin();
    provider_map(SECRET, OLD);
    provider.configuration = failures[_i].configuration;
    provider.token = failures[_i].token;
    fixture_ask(SPAN("k"));
    ck_assert_msg(fixture_verdict.kind == VERDICT_TEMP, "%s: %s", failures[_i].name, fixture_text);
    ck_assert_str_eq(fixture_text, "there is no token for the backend");
    unit_expect(fixture_log_count("warning: oidc=http://127.0.0.1:") == 1, failures[_i].name);
    int asked = provider.configurations + provider.tokens;
    expect(VERDICT_TEMP, "there is no token for the backend");
    unit_expect(provider.configurations + provider.tokens == asked, failures[_i].name); /* nobody asks for a moment */
    unit_expect(provider.backends == 0, failures[_i].name);
    provider.configuration = NULL;
    provider.token = PROVIDER_TOKEN("43", "T1");
    fixture_move_clock(OIDC_RETRY_MS);
    expect(VERDICT_FOUND, "value");
}
END_TEST

static const struct {
    const char *name;
    const char *expires_in;
    int64_t life_ms;
} lives[] = {
    { "missing", "\"x\":1", OIDC_TOKEN_DEFAULT_MS }, { "zero", "\"expires_in\":0", OIDC_TOKEN_MIN_MS },
    { "ten", "\"expires_in\":10", 10000 },           { "in a string", "\"expires_in\":\"20\"", 20000 },
    { "negative", "\"expires_in\":-5", OIDC_TOKEN_MIN_MS }, { "for ever", "\"expires_in\":1e15", OIDC_TOKEN_MAX_MS },
};

START_TEST(backend_token_is_used_as_long_as_it_says)
{
    char answer[300], json[200];

    snprintf(json, sizeof(json), "{\"access_token\":\"T1\",%s}", lives[_i].expires_in);
    snprintf(answer, sizeof(answer), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(json), json);
    provider_begin();
    provider_map(SECRET, OLD);
    provider.token = answer;
    expect(VERDICT_FOUND, "value");
    fixture_move_clock(lives[_i].life_ms / 2);
    expect(VERDICT_FOUND, "value");
    unit_expect(provider.tokens == 1, lives[_i].name);
    fixture_move_clock(lives[_i].life_ms);
    provider.token = PROVIDER_TOKEN("43", "T2");
    expect(VERDICT_FOUND, "value");
    unit_expect(strcmp(provider.last_token, "T2") == 0, lives[_i].name);
}
END_TEST

START_TEST(backend_token_is_waited_for_until_the_deadline)
{
    provider_begin();
    provider_map(SECRET, "http = { timeout = 1; }; " OLD);
    provider.token = NULL;
    int64_t before_ms = fixture_now_ms;
    expect(VERDICT_TEMP, "there is no token for the backend");
    ck_assert_int_ge(fixture_now_ms - before_ms, 1000);
    ck_assert_int_lt(fixture_now_ms - before_ms, 2000);
}
END_TEST

START_TEST(backend_token_is_not_waited_for_any_more_when_the_call_is_cancelled)
{
    provider_begin();
    provider_map(SECRET, OLD);
    provider.token = NULL;
    struct backend_call *call = fixture_ask_of("m", SPAN("k"));
    fixture_until(&provider.tokens, 1);
    backend_cancel(call);
    fixture_turns(3);
    ck_assert_int_eq(fixture_done, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("backend_token");

    fixture_add_backend(suite, "token",
                        (const TTest *const[]){ backend_token_is_fetched_once_and_used,
                                                backend_token_is_fetched_once_for_many,
                                                backend_token_is_renewed_before_its_end,
                                                backend_token_that_is_refused_is_fetched_anew,
                                                backend_token_that_is_always_refused_is_a_temporary_failure,
                                                backend_token_is_waited_for_until_the_deadline,
                                                backend_token_is_not_waited_for_any_more_when_the_call_is_cancelled,
                                                NULL }, 1);
    fixture_add_backend(suite, "methods", (const TTest *const[]){ backend_token_is_asked_for_by_each_method, NULL },
                        UNIT_ROWS(methods));
    fixture_add_backend(suite, "failures",
                        (const TTest *const[]){ backend_token_that_cannot_be_had_is_a_temporary_failure, NULL },
                        UNIT_ROWS(failures));
    fixture_add_backend(suite, "lives", (const TTest *const[]){ backend_token_is_used_as_long_as_it_says, NULL },
                        UNIT_ROWS(lives));
    return unit_run(suite);
}
