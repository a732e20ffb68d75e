#include "oidc_provider.h"

#include "oidc_provider_fixture.h"
#include "oidc_shared.h"

#define TTL_MS 300000
#define BROKEN PROVIDER_STATUS("500")
#define NO_KEYS RESPONDER_OK("11", "{\"keys\":[]}")

/* One key, and another one with it. */
static char one_key[PUBLISHED_KEYS_BYTES], two_keys[PUBLISHED_KEYS_BYTES];

static void open_keys(void)
{
    published_write_keys(one_key, TOKEN_KEYS(TOKEN_P256_JWK("\"kid\":\"a\",")));
    published_write_keys(two_keys, TOKEN_KEYS(TOKEN_P256_JWK("\"kid\":\"a\",") "," TOKEN_P384_JWK("\"kid\":\"b\",")));
    published_open();
    provider.keys = one_key;
}

static size_t key_count(void)
{
    return jwks_count(oidc_provider_keys(published));
}

static void have_keys(void)
{
    open_keys();
    published_expect_wait(OIDC_KEYS, OIDC_READY);
    ck_assert_uint_eq(key_count(), 1);
}

START_TEST(oidc_provider_keys_are_fetched_once_for_many)
{
    struct published_asked asked[4];

    open_keys();
    published_start(&asked[0], OIDC_CONFIGURATION);
    for (int i = 1; i < UNIT_ROWS(asked); i++)
        ck_assert_int_eq(published_start(&asked[i], OIDC_KEYS), OIDC_WAITING);
    fixture_until(&published_told, UNIT_ROWS(asked));
    for (int i = 0; i < UNIT_ROWS(asked); i++)
        ck_assert_int_eq(asked[i].result, OIDC_READY);
    ck_assert_int_eq(provider.configurations, 1);
    ck_assert_int_eq(provider.key_sets, 1);
    ck_assert_uint_eq(key_count(), 1);
    published_expect_at_once(OIDC_KEYS, OIDC_READY);
    fixture_turns(5);
    ck_assert_int_eq(provider.key_sets, 1);
}
END_TEST

START_TEST(oidc_provider_keys_are_renewed_in_the_background)
{
    have_keys();
    fixture_move_clock(TTL_MS / 2 - 1000);
    published_expect_at_once(OIDC_KEYS, OIDC_READY);
    fixture_turns(3);
    ck_assert_int_eq(provider.key_sets, 1);
    provider.keys = two_keys;
    fixture_move_clock(1000);
    published_expect_at_once(OIDC_KEYS, OIDC_READY);
    published_expect_at_once(OIDC_KEYS, OIDC_READY);
    ck_assert_uint_eq(key_count(), 1);
    while (key_count() == 1)
        fixture_turns(1);
    published_expect_at_once(OIDC_KEYS, OIDC_READY);
    fixture_turns(3);
    ck_assert_int_eq(provider.key_sets, 2);
    fixture_move_clock(TTL_MS);
    provider.keys = one_key;
    published_expect_wait(OIDC_KEYS, OIDC_READY); /* too old */
    ck_assert_uint_eq(key_count(), 1);
}
END_TEST

START_TEST(oidc_provider_keys_have_the_configured_ttl)
{
    published_open_at(PUBLISHED_WELL_KNOWN, "jwks_cache_ttl = \"1m\";");
    published_expect_wait(OIDC_KEYS, OIDC_READY);
    fixture_move_clock(61000);
    published_expect_wait(OIDC_KEYS, OIDC_READY);
    ck_assert_int_eq(provider.key_sets, 2);
}
END_TEST

START_TEST(oidc_provider_keys_are_used_on_while_the_provider_is_down)
{
    have_keys();
    int64_t fetched_ms = fixture_now_ms;
    provider.keys = BROKEN;
    fixture_move_clock(TTL_MS);
    published_expect_wait(OIDC_KEYS, OIDC_READY);
    ck_assert_int_eq(provider.key_sets, 2);
    published_expect_at_once(OIDC_KEYS, OIDC_READY);
    fixture_turns(3);
    ck_assert_int_eq(provider.key_sets, 2); /* nobody is asked for a moment */
    fixture_move_clock(OIDC_RETRY_MS);
    published_expect_at_once(OIDC_KEYS, OIDC_READY);
    fixture_until(&provider.key_sets, 3);
    fixture_turns(5);
    provider.configuration = BROKEN;
    fixture_move_clock(fetched_ms + TTL_MS + OIDC_KEYS_STALE_MS - 1000 - fixture_now_ms);
    published_expect_at_once(OIDC_KEYS, OIDC_READY);
    ck_assert_uint_eq(key_count(), 1);
    fixture_turns(5);
    fixture_move_clock(1000);
    ck_assert_int_eq(published_ask(OIDC_KEYS), OIDC_FAILED); /* they are too old */
    fixture_move_clock(OIDC_RETRY_MAX_MS);
    published_expect_wait(OIDC_KEYS, OIDC_FAILED);
    provider.keys = two_keys;
    fixture_move_clock(OIDC_RETRY_MAX_MS);
    published_expect_wait(OIDC_KEYS, OIDC_READY);
    ck_assert_uint_eq(key_count(), 2);
}
END_TEST

START_TEST(oidc_provider_keys_that_are_old_will_do_when_new_ones_are_slow)
{
    struct published_asked asked;

    have_keys();
    provider.keys = NULL;
    fixture_move_clock(TTL_MS);
    published_start_still(&asked, OIDC_KEYS, PUBLISHED_WAIT_MS, &provider.key_sets);
    published_expect_told_after(OIDC_STALE_AFTER_MS);
    ck_assert_int_eq(asked.result, OIDC_READY);
    ck_assert_uint_eq(key_count(), 1);
    published_answer_now(two_keys); /* the request goes on */
    while (key_count() == 1)
        fixture_turns(1);
    published_expect_at_once(OIDC_KEYS, OIDC_READY);
    ck_assert_int_eq(provider.key_sets, 2);
}
END_TEST

START_TEST(oidc_provider_newer_keys_are_waited_for_until_the_deadline)
{
    struct published_asked asked;

    have_keys();
    provider.keys = NULL;
    published_start_still(&asked, OIDC_NEWER_KEYS, 2 * OIDC_STALE_AFTER_MS, &provider.key_sets);
    published_expect_told_after(2 * OIDC_STALE_AFTER_MS);
    ck_assert_int_eq(asked.result, OIDC_FAILED);
}
END_TEST

START_TEST(oidc_provider_newer_keys_are_fetched_once_in_a_while)
{
    have_keys();
    published_expect_wait(OIDC_NEWER_KEYS, OIDC_READY);
    ck_assert_int_eq(provider.key_sets, 2);
    provider.keys = two_keys;
    fixture_move_clock(OIDC_UNKNOWN_KEY_MS - 1000);
    published_expect_at_once(OIDC_NEWER_KEYS, OIDC_READY);
    fixture_turns(3);
    ck_assert_int_eq(provider.key_sets, 2);
    ck_assert_uint_eq(key_count(), 1);
    fixture_move_clock(1000);
    published_expect_wait(OIDC_NEWER_KEYS, OIDC_READY);
    ck_assert_int_eq(provider.key_sets, 3);
    ck_assert_uint_eq(key_count(), 2);
}
END_TEST

START_TEST(oidc_provider_newer_keys_are_fetched_once_for_many)
{
    struct published_asked newer, again, keys;

    have_keys();
    provider.keys = two_keys;
    ck_assert_int_eq(published_start(&newer, OIDC_NEWER_KEYS), OIDC_WAITING);
    ck_assert_int_eq(published_start(&again, OIDC_NEWER_KEYS), OIDC_WAITING);
    ck_assert_int_eq(published_start(&keys, OIDC_KEYS), OIDC_READY); /* those that are there will do */
    fixture_until(&published_told, 2);
    ck_assert_int_eq(newer.result, OIDC_READY);
    ck_assert_int_eq(again.result, OIDC_READY);
    ck_assert_int_eq(provider.key_sets, 2);
    ck_assert_uint_eq(key_count(), 2);
}
END_TEST

/* What has just come is not newer than itself. */
START_TEST(oidc_provider_newer_keys_may_be_wanted_as_soon_as_keys_are_there)
{
    struct published_asked first, next = { .victim = NULL };

    open_keys();
    published_start(&first, OIDC_KEYS);
    first.next = OIDC_NEWER_KEYS;
    first.told_next = &next;
    fixture_until(&published_told, 1);
    ck_assert_int_eq(published_told, 1);
    ck_assert_int_eq(next.result, OIDC_WAITING);
    provider.keys = two_keys;
    fixture_until(&published_told, 2);
    ck_assert_int_eq(next.result, OIDC_READY);
    ck_assert_int_eq(provider.key_sets, 2);
    ck_assert_uint_eq(key_count(), 2);
}
END_TEST

/* Nobody can tell yet that a key is unknown. */
START_TEST(oidc_provider_newer_keys_that_cannot_be_had_are_a_failure)
{
    have_keys();
    provider.keys = BROKEN;
    published_expect_wait(OIDC_NEWER_KEYS, OIDC_FAILED);
    published_expect_at_once(OIDC_KEYS, OIDC_READY);
    ck_assert_int_eq(published_ask(OIDC_NEWER_KEYS), OIDC_FAILED);
    fixture_move_clock(OIDC_RETRY_MS);
    ck_assert_int_eq(published_ask(OIDC_NEWER_KEYS), OIDC_FAILED);
    fixture_move_clock(OIDC_UNKNOWN_KEY_MS);
    provider.keys = two_keys;
    published_expect_wait(OIDC_NEWER_KEYS, OIDC_READY);
    ck_assert_uint_eq(key_count(), 2);
}
END_TEST

/* The pause after a failure is no reason to wait longer than it. */
START_TEST(oidc_provider_newer_keys_that_were_not_asked_for_are_asked_for_later)
{
    have_keys();
    provider.keys = BROKEN;
    fixture_move_clock(TTL_MS);
    published_expect_wait(OIDC_KEYS, OIDC_READY);
    published_expect_at_once(OIDC_NEWER_KEYS, OIDC_FAILED);
    provider.keys = two_keys;
    fixture_move_clock(OIDC_RETRY_MS);
    published_expect_wait(OIDC_NEWER_KEYS, OIDC_READY);
    ck_assert_uint_eq(key_count(), 2);
}
END_TEST

static const struct {
    const char *name;
    const char *configuration; /* its member after the issuer; NULL: the usual one */
    const char *keys;
    const char *warning;
} failures[] = {
    { "no jwks_uri", "", NULL, "the provider publishes no jwks_uri that can be used" },
    { "an empty one", ",\"jwks_uri\":\"\"", NULL, "the provider publishes a URL that cannot be used (" },
    { "of another scheme", ",\"jwks_uri\":\"ftp://h/\"", NULL, "the provider publishes a URL that cannot be used (" },
    { "a number", ",\"jwks_uri\":1", NULL, "the provider publishes no jwks_uri that can be used" },
    { "404", NULL, PROVIDER_STATUS("404"), "the provider gives an unexpected status (status 404)" },
    { "204", NULL, PROVIDER_STATUS("204"), "the provider gives an unexpected status (status 204)" },
    { "302", NULL, PROVIDER_STATUS("302"), "the provider gives an unexpected status (status 302)" },
    { "not JSON", NULL, RESPONDER_OK("1", "<"), "" },
    { "no set", NULL, RESPONDER_OK("2", "[]"), "" },
    { "no HTTP", NULL, "SSH-2.0\r\n\r\n", "" },
};

START_TEST(oidc_provider_without_keys_is_a_failure)
{
    char json[300], answer[400], warning[200];

    open_keys();
    if (failures[_i].configuration != NULL) {
        snprintf(json, sizeof(json), "{\"issuer\":\"http://127.0.0.1:%u\"%s}", fixture_server.port,
                 failures[_i].configuration);
        snprintf(answer, sizeof(answer), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(json), json);
        provider.configuration = answer;
    }
    if (failures[_i].keys != NULL)
        provider.keys = failures[_i].keys;
    unit_expect(published_ask(OIDC_KEYS) == OIDC_FAILED, failures[_i].name);
    unit_expect(published_ask(OIDC_CONFIGURATION) == OIDC_READY, failures[_i].name);
    snprintf(warning, sizeof(warning), "/.well-known/openid-configuration: %s", failures[_i].warning);
    unit_expect(fixture_log_count(warning) == 1, failures[_i].name);
    published_expect_at_once(OIDC_KEYS, OIDC_FAILED);
    int asked = provider.key_sets;
    fixture_move_clock(OIDC_RETRY_MS);
    provider.keys = one_key;
    unit_expect(published_ask(OIDC_KEYS) == (failures[_i].keys != NULL ? OIDC_READY : OIDC_FAILED), failures[_i].name);
    unit_expect(provider.key_sets == asked + (failures[_i].keys != NULL), failures[_i].name);
}
END_TEST

START_TEST(oidc_provider_keys_are_sought_again_where_the_configuration_says)
{
    char json[300], answer[400];

    open_keys();
    provider.configuration = RESPONDER_OK("2", "{}");
    published_expect_wait(OIDC_KEYS, OIDC_FAILED); /* no configuration, no keys */
    ck_assert_int_eq(provider.key_sets, 0);
    snprintf(json, sizeof(json), "{\"issuer\":\"http://127.0.0.1:%u\"}", fixture_server.port);
    snprintf(answer, sizeof(answer), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(json), json);
    provider.configuration = answer;
    fixture_move_clock(OIDC_RETRY_MS);
    published_expect_wait(OIDC_KEYS, OIDC_FAILED);
    provider.configuration = NULL;
    fixture_move_clock(OIDC_CONFIGURATION_KEEP_MS / 2);
    published_expect_at_once(OIDC_KEYS, OIDC_FAILED);
    fixture_until(&provider.configurations, 3);
    fixture_turns(5);
    fixture_move_clock(OIDC_RETRY_MAX_MS);
    published_expect_wait(OIDC_KEYS, OIDC_READY);
    ck_assert_uint_eq(key_count(), 1);
}
END_TEST

START_TEST(oidc_provider_set_without_a_key_is_a_failure)
{
    open_keys();
    provider.keys = NO_KEYS;
    published_expect_wait(OIDC_KEYS, OIDC_FAILED);
    ck_assert_int_eq(fixture_log_count("the provider publishes no key that can be used\n"), 1);
}
END_TEST

START_TEST(oidc_provider_waiter_for_keys_has_a_deadline_at_each_stage)
{
    struct published_asked asked;

    open_keys();
    if (_i == 1)
        published_expect_wait(OIDC_CONFIGURATION, OIDC_READY);
    provider.configuration = "";
    provider.keys = NULL;
    published_start_still(&asked, OIDC_KEYS, 500, _i == 0 ? &provider.configurations : &provider.key_sets);
    published_expect_told_after(500);
    ck_assert_int_eq(asked.result, OIDC_FAILED);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("oidc_provider_keys");

    published_add(suite, "keys",
                  (const TTest *const[]){ oidc_provider_keys_are_fetched_once_for_many,
                                          oidc_provider_keys_are_renewed_in_the_background,
                                          oidc_provider_keys_have_the_configured_ttl,
                                          oidc_provider_keys_are_used_on_while_the_provider_is_down,
                                          oidc_provider_keys_that_are_old_will_do_when_new_ones_are_slow,
                                          oidc_provider_keys_are_sought_again_where_the_configuration_says,
                                          oidc_provider_set_without_a_key_is_a_failure, NULL }, 1);
    published_add(suite, "newer",
                  (const TTest *const[]){ oidc_provider_newer_keys_are_waited_for_until_the_deadline,
                                          oidc_provider_newer_keys_are_fetched_once_in_a_while,
                                          oidc_provider_newer_keys_are_fetched_once_for_many,
                                          oidc_provider_newer_keys_may_be_wanted_as_soon_as_keys_are_there,
                                          oidc_provider_newer_keys_that_cannot_be_had_are_a_failure,
                                          oidc_provider_newer_keys_that_were_not_asked_for_are_asked_for_later, NULL },
                  1);
    published_add(suite, "failures", (const TTest *const[]){ oidc_provider_without_keys_is_a_failure, NULL },
                  UNIT_ROWS(failures));
    published_add(suite, "deadline",
                  (const TTest *const[]){ oidc_provider_waiter_for_keys_has_a_deadline_at_each_stage, NULL }, 2);
    return unit_run(suite);
}
