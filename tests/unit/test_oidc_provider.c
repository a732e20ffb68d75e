#include "oidc_provider.h"

#include "oidc_provider_fixture.h"
#include "oidc_shared.h"

#define DAY_MS (24 * 60 * 60 * 1000)
#define BROKEN PROVIDER_STATUS("500")
#define POST_ONLY "\"token_endpoint_auth_methods_supported\":[\"client_secret_post\"],"

static enum oidc_support has_basic(void)
{
    return oidc_metadata_has_method(oidc_provider_metadata(published), OIDC_TOKEN_ENDPOINT, CONFIG_OIDC_SECRET_BASIC);
}

START_TEST(oidc_provider_configuration_is_fetched_once_for_many)
{
    struct published_asked asked[5];

    published_open();
    for (int i = 0; i < UNIT_ROWS(asked); i++)
        ck_assert_int_eq(published_start(&asked[i], OIDC_CONFIGURATION), OIDC_WAITING);
    fixture_until(&published_told, UNIT_ROWS(asked));
    for (int i = 0; i < UNIT_ROWS(asked); i++)
        ck_assert_int_eq(asked[i].result, OIDC_READY);
    ck_assert_int_eq(provider.configurations, 1);
    responder_expect_begin(&fixture_server, "GET /.well-known/openid-configuration HTTP/1.1\r\n");
    ck_assert(responder_got(&fixture_server, "\r\nAccept: application/json\r\n"));
    published_expect_at_once(OIDC_CONFIGURATION, OIDC_READY);
    fixture_turns(5);
    ck_assert_int_eq(provider.configurations, 1);
    ck_assert_int_eq(provider.key_sets, 0);
}
END_TEST

START_TEST(oidc_provider_tells_what_is_published)
{
    char *url;

    published_open();
    provider.extra = POST_ONLY "\"token_endpoint_auth_signing_alg_values_supported\":[\"ES256\",1,\"PS256\"],";
    ck_assert_int_eq(published_ask(OIDC_CONFIGURATION), OIDC_READY);
    url = mem_format("http://127.0.0.1:%u//token", fixture_server.port);
    unit_expect_span(oidc_metadata_url(oidc_provider_metadata(published), OIDC_TOKEN_ENDPOINT), span_text(url),
                     "two slashes");
    unit_expect_span(oidc_metadata_issuer(oidc_provider_metadata(published)),
                     span_first(span_text(url), strlen(url) - 7), "issuer");
    mem_free(url);
    ck_assert_int_eq(has_basic(), OIDC_UNSUPPORTED);
    const struct oidc_metadata *metadata = oidc_provider_metadata(published);
    ck_assert_int_eq(oidc_metadata_has_method(metadata, OIDC_TOKEN_ENDPOINT, CONFIG_OIDC_SECRET_POST), OIDC_SUPPORTED);
    ck_assert_int_eq(oidc_metadata_has_method(metadata, OIDC_INTROSPECTION_ENDPOINT, CONFIG_OIDC_SECRET_POST),
                     OIDC_SILENT);
    ck_assert_int_eq(oidc_metadata_has_algorithm(metadata, OIDC_TOKEN_ENDPOINT, CRYPTO_PS256), OIDC_SUPPORTED);
    ck_assert_int_eq(oidc_metadata_has_algorithm(metadata, OIDC_TOKEN_ENDPOINT, CRYPTO_RS256), OIDC_UNSUPPORTED);
    ck_assert_int_eq(oidc_metadata_has_algorithm(metadata, OIDC_INTROSPECTION_ENDPOINT, CRYPTO_RS256), OIDC_SILENT);
}
END_TEST

START_TEST(oidc_provider_configuration_is_renewed_in_the_background)
{
    published_open();
    published_expect_wait(OIDC_CONFIGURATION, OIDC_READY);
    fixture_move_clock(OIDC_CONFIGURATION_KEEP_MS / 2 - 1000);
    published_expect_at_once(OIDC_CONFIGURATION, OIDC_READY);
    fixture_turns(3);
    ck_assert_int_eq(provider.configurations, 1);
    provider.extra = POST_ONLY;
    fixture_move_clock(1000);
    published_expect_at_once(OIDC_CONFIGURATION, OIDC_READY);
    published_expect_at_once(OIDC_CONFIGURATION, OIDC_READY); /* not a second request */
    ck_assert_int_eq(has_basic(), OIDC_SILENT);
    fixture_until(&provider.configurations, 2);
    while (has_basic() == OIDC_SILENT)
        fixture_turns(1);
    published_expect_at_once(OIDC_CONFIGURATION, OIDC_READY);
    fixture_turns(3);
    ck_assert_int_eq(provider.configurations, 2);
}
END_TEST

START_TEST(oidc_provider_configuration_that_is_too_old_is_waited_for)
{
    published_open();
    published_expect_wait(OIDC_CONFIGURATION, OIDC_READY);
    provider.extra = POST_ONLY;
    fixture_move_clock(OIDC_CONFIGURATION_KEEP_MS);
    published_expect_wait(OIDC_CONFIGURATION, OIDC_READY);
    ck_assert_int_eq(has_basic(), OIDC_UNSUPPORTED);
}
END_TEST

START_TEST(oidc_provider_configuration_that_is_old_will_do_when_the_new_one_is_slow)
{
    struct published_asked asked;

    published_open();
    published_expect_wait(OIDC_CONFIGURATION, OIDC_READY);
    provider.configuration = "";
    fixture_move_clock(OIDC_CONFIGURATION_KEEP_MS);
    published_start_still(&asked, OIDC_CONFIGURATION, PUBLISHED_WAIT_MS, &provider.configurations);
    published_expect_told_after(OIDC_STALE_AFTER_MS);
    ck_assert_int_eq(asked.result, OIDC_READY);
    ck_assert_int_eq(has_basic(), OIDC_SILENT);
}
END_TEST

START_TEST(oidc_provider_configuration_is_used_on_while_the_provider_is_down)
{
    published_open();
    published_expect_wait(OIDC_CONFIGURATION, OIDC_READY);
    provider.configuration = BROKEN;
    fixture_move_clock(OIDC_CONFIGURATION_KEEP_MS);
    published_expect_wait(OIDC_CONFIGURATION, OIDC_READY);
    ck_assert_int_eq(provider.configurations, 2);
    published_expect_at_once(OIDC_CONFIGURATION, OIDC_READY);
    fixture_turns(3);
    ck_assert_int_eq(provider.configurations, 2); /* nobody is asked for a moment */
    fixture_move_clock(OIDC_RETRY_MS);
    published_expect_at_once(OIDC_CONFIGURATION, OIDC_READY);
    fixture_until(&provider.configurations, 3);
    fixture_turns(5);
    fixture_move_clock(30L * DAY_MS);
    published_expect_at_once(OIDC_CONFIGURATION, OIDC_READY);
    fixture_until(&provider.configurations, 4);
    fixture_turns(5);
    provider.configuration = NULL;
    provider.extra = POST_ONLY;
    fixture_move_clock(OIDC_RETRY_MAX_MS);
    published_expect_at_once(OIDC_CONFIGURATION, OIDC_READY);
    while (has_basic() == OIDC_SILENT)
        fixture_turns(1);
    published_expect_at_once(OIDC_CONFIGURATION, OIDC_READY);
    fixture_turns(3);
    ck_assert_int_eq(provider.configurations, 5);
}
END_TEST

START_TEST(oidc_provider_that_failed_is_left_alone_for_a_moment)
{
    published_open();
    provider.configuration = BROKEN;
    published_expect_wait(OIDC_CONFIGURATION, OIDC_FAILED);
    fixture_move_clock(OIDC_RETRY_MS - 1000);
    published_expect_at_once(OIDC_CONFIGURATION, OIDC_FAILED);
    published_expect_at_once(OIDC_KEYS, OIDC_FAILED);
    published_expect_at_once(OIDC_NEWER_KEYS, OIDC_FAILED);
    fixture_turns(3);
    ck_assert_int_eq(provider.configurations, 1);
    fixture_move_clock(1000);
    published_expect_wait(OIDC_CONFIGURATION, OIDC_FAILED);
    ck_assert_int_eq(provider.configurations, 2);
    ck_assert_int_eq(fixture_log_count("the provider gives an unexpected status (status 500)"), 1); /* once */
    provider.configuration = NULL;
    fixture_move_clock(2 * OIDC_RETRY_MS - 1000);
    published_expect_at_once(OIDC_CONFIGURATION, OIDC_FAILED); /* for twice as long */
    fixture_move_clock(1000);
    published_expect_wait(OIDC_CONFIGURATION, OIDC_READY);
}
END_TEST

static const struct {
    const char *name;
    const char *path;
    const char *issuer; /* behind the origin; whole: begins with a quote or a brace */
    enum oidc_result result;
} issuers[] = {
    { "the same", PUBLISHED_WELL_KNOWN, "", OIDC_READY },
    { "a slash at its end", PUBLISHED_WELL_KNOWN, "/", OIDC_READY },
    { "two slashes at its end", PUBLISHED_WELL_KNOWN, "//", OIDC_FAILED },
    { "a path more", PUBLISHED_WELL_KNOWN, "/realm", OIDC_FAILED },
    { "another port", PUBLISHED_WELL_KNOWN, "0", OIDC_FAILED },
    { "another host", PUBLISHED_WELL_KNOWN, "\"http://elsewhere\"", OIDC_FAILED },
    { "a part", PUBLISHED_WELL_KNOWN, "\"http://127.0.0.1\"", OIDC_FAILED },
    { "empty", PUBLISHED_WELL_KNOWN, "\"\"", OIDC_FAILED },
    { "a slash", PUBLISHED_WELL_KNOWN, "\"/\"", OIDC_FAILED },
    { "an object", PUBLISHED_WELL_KNOWN, "{}", OIDC_FAILED },
    { "elsewhere, any", "/.well-known/oauth-authorization-server", "\"http://elsewhere/realm\"", OIDC_READY },
    { "elsewhere, empty", "/.well-known/oauth-authorization-server", "\"\"", OIDC_FAILED },
    { "elsewhere, an object", "/.well-known/oauth-authorization-server", "{}", OIDC_FAILED },
};

START_TEST(oidc_provider_issuer_must_be_the_one_that_was_asked)
{
    char json[300], answer[400];
    const char *issuer = issuers[_i].issuer;

    if (issuer[0] == '"' || issuer[0] == '{')
        snprintf(json, sizeof(json), "{\"issuer\":%s}", issuer);
    else
        snprintf(json, sizeof(json), "{\"issuer\":\"http://127.0.0.1:%u%s\"}", fixture_server.port, issuer);
    snprintf(answer, sizeof(answer), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(json), json);
    published_open_at(issuers[_i].path, "");
    provider.configuration = answer;
    unit_expect(published_ask(OIDC_CONFIGURATION) == issuers[_i].result, issuers[_i].name);
    unit_expect(fixture_log_count("issuer") == (issuers[_i].result == OIDC_FAILED), issuers[_i].name);
}
END_TEST

/* One gives up, the other one gets the answer. */
START_TEST(oidc_provider_tells_each_waiter_by_its_deadline)
{
    struct published_asked hasty, patient;

    published_open();
    provider.configuration = "";
    ck_assert_int_eq(published_start(&patient, OIDC_CONFIGURATION), OIDC_WAITING);
    published_start_still(&hasty, OIDC_CONFIGURATION, 500, &provider.configurations);
    published_expect_told_after(500);
    ck_assert_int_eq(hasty.result, OIDC_FAILED);
    provider.configuration = NULL;
    published_answer_now(provider_configuration());
    fixture_until(&published_told, 2);
    ck_assert_int_eq(patient.result, OIDC_READY);
}
END_TEST

START_TEST(oidc_provider_request_has_a_limit_of_its_own)
{
    struct published_asked asked;

    published_open_at(PUBLISHED_WELL_KNOWN, "http = { timeout = 1; };");
    provider.configuration = "";
    published_start_still(&asked, OIDC_CONFIGURATION, PUBLISHED_WAIT_MS, &provider.configurations);
    published_expect_told_after(1000);
    ck_assert_int_eq(asked.result, OIDC_FAILED);
}
END_TEST

START_TEST(oidc_provider_does_not_tell_who_was_forgotten)
{
    struct published_asked left, stays;

    published_open();
    published_start(&stays, OIDC_CONFIGURATION);
    published_start(&left, OIDC_CONFIGURATION);
    oidc_waiter_forget(&left.waiter);
    oidc_waiter_forget(&left.waiter);
    fixture_until(&published_told, 1);
    fixture_turns(5);
    ck_assert_int_eq(stays.result, OIDC_READY);
    ck_assert_int_eq(left.result, OIDC_WAITING);
    ck_assert_int_eq(published_told, 1);
}
END_TEST

/* All of three; whoever is told first forgets the one of that row. */
START_TEST(oidc_provider_waiters_may_forget_each_other)
{
    struct published_asked asked[3];
    const int victim = _i % 3;
    const bool fails = _i >= 3;
    int told = 0;

    published_open();
    if (fails)
        provider.configuration = BROKEN;
    for (int i = 0; i < 3; i++)
        published_start(&asked[i], OIDC_CONFIGURATION);
    for (int i = 0; i < 3; i++)
        asked[i].victim = i == victim ? NULL : &asked[victim].waiter;
    fixture_until(&published_told, 2);
    fixture_turns(5);
    for (int i = 0; i < 3; i++)
        told += asked[i].result == (fails ? OIDC_FAILED : OIDC_READY);
    ck_assert_int_eq(told, published_told);
    ck_assert(published_told == 2 || (published_told == 3 && asked[victim].result != OIDC_WAITING));
}
END_TEST

START_TEST(oidc_provider_waiter_may_ask_again_when_it_is_told)
{
    struct published_asked first, other, next = { .victim = NULL };

    published_open();
    published_start(&other, OIDC_CONFIGURATION);
    published_start(&first, OIDC_CONFIGURATION);
    first.next = OIDC_KEYS;
    first.told_next = &next;
    next.result = OIDC_WAITING;
    fixture_until(&published_told, 3);
    ck_assert_int_eq(first.result, OIDC_READY);
    ck_assert_int_eq(other.result, OIDC_READY);
    ck_assert_int_eq(next.result, OIDC_READY);
    ck_assert_int_eq(provider.configurations, 1);
    ck_assert_int_eq(provider.key_sets, 1);
}
END_TEST

START_TEST(oidc_provider_waiter_that_asks_again_after_a_failure_is_told_at_once)
{
    struct published_asked first, other, next = { .victim = NULL };

    published_open();
    provider.configuration = BROKEN;
    published_start(&other, OIDC_KEYS);
    published_start(&first, OIDC_CONFIGURATION);
    first.next = OIDC_CONFIGURATION;
    first.told_next = &next;
    fixture_until(&published_told, 2);
    ck_assert_int_eq(next.result, OIDC_FAILED);
    ck_assert_int_eq(other.result, OIDC_FAILED);
    fixture_turns(5);
    ck_assert_int_eq(provider.configurations, 1);
}
END_TEST

START_TEST(oidc_provider_may_go_while_a_request_is_on_its_way)
{
    struct published_asked asked;

    published_open();
    provider.configuration = "";
    published_start(&asked, OIDC_CONFIGURATION);
    fixture_until(&provider.configurations, 1);
    oidc_waiter_forget(&asked.waiter);
    oidc_provider_free(&published);
    fixture_turns(5);
    ck_assert_int_eq(published_told, 0);
}
END_TEST

#define WELL_KNOWN "https://h" PUBLISHED_WELL_KNOWN

static const struct {
    const char *name;
    const char *uri;
    const char *settings; /* of the other group */
    bool is_same;
} groups[] = {
    { "the same", WELL_KNOWN, "", true },
    { "another client", WELL_KNOWN, "client_secret = \"s\"; scopes = \"a\"; audience = \"x\";", true },
    { "another validation", WELL_KNOWN, "validation = \"jwks\"; audience = \"x\";", true },
    { "another URL", "https://h/realm" PUBLISHED_WELL_KNOWN, "", false },
    { "tls", WELL_KNOWN, "tls = { skip_verify = true; };", false },
    { "proxy", WELL_KNOWN, "http = { proxy = \"http://p:1\"; };", false },
    { "ip_version", WELL_KNOWN, "http = { ip_version = \"4\"; };", false },
    { "timeout", WELL_KNOWN, "http = { timeout = 3; };", false },
    { "jwks_cache_ttl", WELL_KNOWN, "jwks_cache_ttl = \"1h\";", false },
};

START_TEST(oidc_provider_is_of_groups_that_reach_it_in_the_same_way)
{
    char *text = mem_format("dovecot_sasl = { l = { sasl_oidc_auth = { configuration_uri = \"%s\";"
                            " client_id = \"c\"; }; }; m = { sasl_oidc_auth = { configuration_uri = \"%s\";"
                            " client_id = \"c\"; %s }; }; };",
                            WELL_KNOWN, groups[_i].uri, groups[_i].settings);

    fixture_config = fixture_load_good_login(text);
    published_http = http_new(&fixture_loop, 4, 4);
    published = oidc_provider_new(&fixture_loop, published_http, published_http,
                                  fixture_login(fixture_config, "l")->sasl_oidc, NULL);
    unit_expect(oidc_provider_is_of(published, fixture_login(fixture_config, "l")->sasl_oidc), groups[_i].name);
    unit_expect(oidc_provider_is_of(published, fixture_login(fixture_config, "m")->sasl_oidc) == groups[_i].is_same,
                groups[_i].name);
    mem_free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("oidc_provider");

    published_add(suite, "configuration",
                  (const TTest *const[]){ oidc_provider_configuration_is_fetched_once_for_many,
                                          oidc_provider_tells_what_is_published,
                                          oidc_provider_configuration_is_renewed_in_the_background,
                                          oidc_provider_configuration_that_is_too_old_is_waited_for,
                                          oidc_provider_configuration_that_is_old_will_do_when_the_new_one_is_slow,
                                          oidc_provider_configuration_is_used_on_while_the_provider_is_down,
                                          oidc_provider_that_failed_is_left_alone_for_a_moment, NULL }, 1);
    published_add(suite, "issuer", (const TTest *const[]){ oidc_provider_issuer_must_be_the_one_that_was_asked, NULL },
                  UNIT_ROWS(issuers));
    published_add(suite, "groups",
                  (const TTest *const[]){ oidc_provider_is_of_groups_that_reach_it_in_the_same_way, NULL },
                  UNIT_ROWS(groups));
    published_add(suite, "waiters",
                  (const TTest *const[]){ oidc_provider_tells_each_waiter_by_its_deadline,
                                          oidc_provider_request_has_a_limit_of_its_own,
                                          oidc_provider_does_not_tell_who_was_forgotten,
                                          oidc_provider_waiter_may_ask_again_when_it_is_told,
                                          oidc_provider_waiter_that_asks_again_after_a_failure_is_told_at_once,
                                          oidc_provider_may_go_while_a_request_is_on_its_way, NULL }, 1);
    published_add(suite, "forget", (const TTest *const[]){ oidc_provider_waiters_may_forget_each_other, NULL }, 6);
    return unit_run(suite);
}
