#include "backend.h"

#include "backend_cache_fixture.h"

#define CACHE(keys) "response_cache = { " keys " };"
#define LONG_AGO 100000000

START_TEST(backend_fresh_answer_needs_no_request)
{
    struct fixture_asked asked;

    fixture_maps("");
    fixture_expect_of("m", VERDICT_FOUND, "v");
    fixture_server.answer = RESPONDER_OK("3", "\"w\"");
    fixture_wall_ms += 9999; /* max_age is 10 s unless somebody says otherwise */
    fixture_expect_of("m", VERDICT_FOUND, "v");
    ck_assert_int_eq(fixture_server.requests, 1);
    fixture_ask_key(&asked, "m", "K"); /* folded */
    fixture_turns(1);
    ck_assert_int_eq(asked.done, 1);
    ck_assert_str_eq(asked.text, "v");
    fixture_expect_sources(1, 2, 0, 0);
}
END_TEST

START_TEST(backend_answer_that_is_not_fresh_any_more_is_asked_for)
{
    fixture_maps("");
    fixture_expect_of("m", VERDICT_FOUND, "v");
    fixture_server.answer = RESPONDER_OK("3", "\"w\"");
    fixture_wall_ms += 10000;
    fixture_expect_of("m", VERDICT_FOUND, "w");
    fixture_wall_ms += 9999;
    fixture_expect_of("m", VERDICT_FOUND, "w");
    ck_assert_int_eq(fixture_server.requests, 2);
    fixture_expect_sources(2, 1, 0, 0);
}
END_TEST

START_TEST(backend_age_is_of_the_entry)
{
    fixture_maps(CACHE("max_age = \"1h\";"));
    fixture_expect_of("m", VERDICT_FOUND, "v");
    fixture_expect_of("n", VERDICT_FOUND, "v");
    fixture_wall_ms += 3599999;
    fixture_expect_of("m", VERDICT_FOUND, "v");
    ck_assert_int_eq(fixture_server.requests, 2);
    fixture_expect_of("n", VERDICT_FOUND, "v");
    ck_assert_int_eq(fixture_server.requests, 3);
}
END_TEST

#define TEN_VALUES "\"v\",\"v\",\"v\",\"v\",\"v\",\"v\",\"v\",\"v\",\"v\",\"v\","
#define LONG_FORMAT "result_format = \"123456789012345678901234567890123456789012345678901234567890%s\"; "

/* Of what result_format makes longer than an answer may be. */
START_TEST(backend_answer_may_be_shorter_than_its_value)
{
    struct fixture_asked asked;

    fixture_maps(LONG_FORMAT "http = { max_response_size = 1024; }; ");
    fixture_server.answer = RESPONDER_OK("85", "[" TEN_VALUES TEN_VALUES "\"v\"]");
    for (int i = 0; i < 2; i++) {
        fixture_ask_key(&asked, "m", "k");
        fixture_await(&asked);
        ck_assert_int_eq(asked.kind, VERDICT_FOUND);
    }
    ck_assert_int_eq(fixture_server.requests, 1);
}
END_TEST

static const char *const uncached[] = { CACHE("max_age = 0;"), CACHE("enabled = false;") };

START_TEST(backend_answer_is_asked_for_each_time_where_the_entry_says_so)
{
    fixture_maps(uncached[_i]);
    for (int i = 0; i < 3; i++)
        fixture_expect_of("m", VERDICT_FOUND, "v");
    ck_assert_int_eq(fixture_server.requests, 3);
    fixture_expect_sources(3, 0, 0, 0);
}
END_TEST

START_TEST(backend_without_a_cache_asks_each_time)
{
    fixture_keeps = false;
    fixture_maps("");
    for (int i = 0; i < 3; i++)
        fixture_expect_of("m", VERDICT_FOUND, "v");
    ck_assert_int_eq(fixture_server.requests, 3);
    fixture_stop_server();
    fixture_expect_of("m", VERDICT_TEMP, "cannot connect to the backend");
}
END_TEST

START_TEST(backend_two_entries_never_share)
{
    fixture_maps("");
    fixture_expect_of("m", VERDICT_FOUND, "v");
    fixture_server.answer = RESPONDER_OK("3", "\"w\"");
    fixture_expect_of("n", VERDICT_FOUND, "w");
    fixture_expect_of("m", VERDICT_FOUND, "v");
    fixture_expect_of("n", VERDICT_FOUND, "w");
    ck_assert_int_eq(fixture_server.requests, 2);
    fixture_expect_sources(2, 2, 0, 0);
}
END_TEST

START_TEST(backend_two_keys_never_share)
{
    struct fixture_asked asked;

    fixture_maps("");
    fixture_expect_of("m", VERDICT_FOUND, "v");
    fixture_server.answer = RESPONDER_OK("3", "\"w\"");
    fixture_ask_key(&asked, "m", "kk");
    fixture_await(&asked);
    ck_assert_str_eq(asked.text, "w");
    fixture_expect_sources(2, 0, 0, 0);
}
END_TEST

START_TEST(backend_answers_outlive_the_daemon_but_not_a_change_of_the_entry)
{
    snprintf(fixture_state, sizeof(fixture_state), "%s", fixture_directory);
    fixture_maps("");
    fixture_expect_of("m", VERDICT_FOUND, "v");
    fixture_close_backend();
    fixture_server.answer = RESPONDER_OK("3", "\"w\"");
    fixture_maps("http_auth_bearer = \"t\";");
    fixture_expect_of("m", VERDICT_FOUND, "v");
    fixture_close_backend();
    fixture_maps("fold_case = false;");
    fixture_expect_of("m", VERDICT_FOUND, "w");
    fixture_close_backend();
    fixture_maps("");
    fixture_expect_of("m", VERDICT_FOUND, "v");
    ck_assert_int_eq(fixture_server.requests, 2);
}
END_TEST

START_TEST(backend_nothing_there_is_not_kept)
{
    fixture_maps("");
    fixture_server.answer = FIXTURE_GONE;
    fixture_expect_of("m", VERDICT_NOTFOUND, "");
    fixture_expect_of("m", VERDICT_NOTFOUND, "");
    ck_assert_int_eq(fixture_server.requests, 2);
    fixture_stop_server();
    fixture_expect_of("m", VERDICT_TEMP, "cannot connect to the backend");
}
END_TEST

START_TEST(backend_nothing_there_is_kept_where_the_entry_says_so)
{
    fixture_maps(CACHE("negative_max_age = \"5s\";"));
    fixture_server.answer = FIXTURE_GONE;
    fixture_expect_of("m", VERDICT_NOTFOUND, "");
    fixture_server.answer = RESPONDER_OK("3", "\"w\"");
    fixture_wall_ms += 4999;
    fixture_expect_of("m", VERDICT_NOTFOUND, "");
    ck_assert_int_eq(fixture_server.requests, 1);
    fixture_expect_sources(1, 1, 0, 0);
    fixture_wall_ms++;
    fixture_expect_of("m", VERDICT_FOUND, "w");
    fixture_expect_of("m", VERDICT_FOUND, "w");
    ck_assert_int_eq(fixture_server.requests, 2);
}
END_TEST

START_TEST(backend_nothing_there_replaces_the_value)
{
    fixture_maps(CACHE("negative_max_age = \"60s\";"));
    fixture_expect_of("m", VERDICT_FOUND, "v");
    fixture_wall_ms += 10000;
    fixture_server.answer = FIXTURE_GONE;
    fixture_expect_of("m", VERDICT_NOTFOUND, "");
    fixture_wall_ms += 9999;
    fixture_expect_of("m", VERDICT_NOTFOUND, "");
    fixture_wall_ms += 60000;
    fixture_stop_server();
    fixture_expect_of("m", VERDICT_TEMP, "cannot connect to the backend");
}
END_TEST

START_TEST(backend_nothing_there_drops_the_value)
{
    fixture_maps(CACHE("max_age = 0;"));
    fixture_expect_of("m", VERDICT_FOUND, "v");
    fixture_server.answer = FIXTURE_GONE;
    fixture_expect_of("m", VERDICT_NOTFOUND, "");
    fixture_stop_server();
    fixture_expect_of("m", VERDICT_TEMP, "cannot connect to the backend");
}
END_TEST

static const struct {
    const char *name;
    const char *answer;
    enum verdict_kind kind;
} errors[] = {
    { "500", FIXTURE_STATUS("500"), VERDICT_TEMP },
    { "429", FIXTURE_STATUS("429"), VERDICT_TEMP },
    { "403", FIXTURE_STATUS("403"), VERDICT_PERM },
    { "not JSON", RESPONDER_OK("1", "<"), VERDICT_TEMP },
    { "error_field", RESPONDER_OK("11", "{\"e\":\"bad\"}"), VERDICT_PERM },
    { "an object", RESPONDER_OK("8", "{\"v\":{}}"), VERDICT_PERM },
    { "two lines", RESPONDER_OK("12", "{\"v\":\"a\\nb\"}"), VERDICT_PERM },
};

START_TEST(backend_error_is_never_kept)
{
    struct fixture_asked asked;

    fixture_maps("value_field = \"v\"; error_field = \"e\";"
                 CACHE("max_age = \"1h\"; negative_max_age = \"1h\"; negative_stale_if_error = \"1h\";"));
    fixture_server.answer = errors[_i].answer;
    for (int i = 0; i < 2; i++) {
        fixture_ask_key(&asked, "m", "k");
        fixture_await(&asked);
        unit_expect(asked.kind == errors[_i].kind, errors[_i].name);
    }
    unit_expect(fixture_server.requests == 2, errors[_i].name);
    fixture_server.answer = RESPONDER_OK("9", "{\"v\":\"w\"}");
    fixture_expect_of("m", VERDICT_FOUND, "w");
}
END_TEST

START_TEST(backend_policy_is_not_kept)
{
    fixture_policies("");
    fixture_server.answer = RESPONDER_OK("4", "\"OK\"");
    fixture_expect_policy(VERDICT_FOUND, "OK");
    fixture_expect_policy(VERDICT_FOUND, "OK");
    ck_assert_int_eq(fixture_server.requests, 2);
    fixture_stop_server();
    fixture_expect_policy(VERDICT_TEMP, "cannot connect to the backend");
}
END_TEST

START_TEST(backend_policy_is_kept_where_the_entry_says_so)
{
    struct fixture_asked asked;

    fixture_policies(CACHE("enabled = true; max_age = \"5s\";"));
    fixture_server.answer = RESPONDER_OK("11", "\"REJECT no\"");
    fixture_expect_policy(VERDICT_FOUND, "REJECT no");
    fixture_server.answer = RESPONDER_OK("4", "\"OK\"");
    fixture_ask_policy(&asked, "s", "another queue id");
    fixture_await(&asked);
    ck_assert_str_eq(asked.text, "REJECT no");
    ck_assert_int_eq(fixture_server.requests, 1);
    fixture_ask_policy(&asked, "t", "q");
    fixture_await(&asked);
    ck_assert_str_eq(asked.text, "OK");
    fixture_wall_ms += 5000;
    fixture_expect_policy(VERDICT_FOUND, "OK");
    ck_assert_int_eq(fixture_server.requests, 3);
}
END_TEST

START_TEST(backend_policy_keeps_no_age_of_its_own)
{
    fixture_policies(CACHE("enabled = true;"));
    fixture_server.answer = RESPONDER_OK("4", "\"OK\"");
    fixture_expect_policy(VERDICT_FOUND, "OK");
    fixture_expect_policy(VERDICT_FOUND, "OK");
    ck_assert_int_eq(fixture_server.requests, 2);
    fixture_stop_server();
    fixture_expect_policy(VERDICT_FOUND, "OK");
    fixture_wall_ms += 5 * 60 * 1000 - 1;
    fixture_expect_policy(VERDICT_FOUND, "OK");
    fixture_wall_ms++;
    fixture_expect_policy(VERDICT_TEMP, "the backend is down");
}
END_TEST

static const char *const temporary[] = {
    RESPONDER_OK("13", "\"DEFER later\""), RESPONDER_OK("17", "\"DEFER_IF_PERMIT\""),
    RESPONDER_OK("17", "\"defer_if_reject\""), RESPONDER_OK("18", "\"450 4.7.1 later \""),
};

START_TEST(backend_policy_that_is_temporary_is_not_kept)
{
    struct fixture_asked asked;

    fixture_policies(CACHE("enabled = true; max_age = \"1h\"; negative_max_age = \"1h\";"));
    fixture_server.answer = temporary[_i];
    for (int i = 0; i < 2; i++) {
        fixture_ask_policy(&asked, "s", "q");
        fixture_await(&asked);
        ck_assert_int_eq(asked.kind, VERDICT_FOUND);
    }
    ck_assert_int_eq(fixture_server.requests, 2);
    fixture_stop_server();
    fixture_expect_policy(VERDICT_TEMP, "cannot connect to the backend");
}
END_TEST

START_TEST(backend_key_that_cannot_be_asked_is_neither_kept_nor_asked)
{
    struct fixture_asked asked;

    fixture_maps(CACHE("negative_max_age = \"1h\";"));
    for (int i = 0; i < 2; i++) {
        fixture_ask_key(&asked, "m", "..");
        fixture_await(&asked);
        ck_assert_int_eq(asked.kind, VERDICT_NOTFOUND);
    }
    ck_assert_int_eq(fixture_log_count("source=none"), 2);
    ck_assert_int_eq(fixture_server.requests, 0);
}
END_TEST

START_TEST(backend_counts_what_it_did)
{
    fixture_maps("");
    fixture_expect_of("m", VERDICT_FOUND, "v");
    fixture_expect_of("m", VERDICT_FOUND, "v");
    fixture_wall_ms += 10000;
    fixture_server.answer = FIXTURE_STATUS("500");
    fixture_expect_of("m", VERDICT_FOUND, "v");
    fixture_wall_ms += LONG_AGO;
    fixture_expect_of("m", VERDICT_TEMP, "the backend reports an error of its own");
    fixture_server.answer = FIXTURE_GONE;
    fixture_expect_of("m", VERDICT_NOTFOUND, "");
    fixture_stop_server();
    fixture_expect_of("m", VERDICT_TEMP, "cannot connect to the backend");
    fixture_expect_of("m", VERDICT_TEMP, "cannot connect to the backend");
    fixture_expect_of("m", VERDICT_TEMP, "the backend is down");
    static const struct {
        enum stats_counter counter;
        int times;
    } expected[] = {
        { STATS_found, 3 },       { STATS_notfound, 1 },         { STATS_temp, 4 },
        { STATS_cache_fresh, 1 }, { STATS_cache_stale, 1 },      { STATS_coalesced, 0 },
        { STATS_perm, 0 },        { STATS_backend_requests, 6 }, { STATS_backend_not_connected, 2 },
        { STATS_backend_unexpected, 2 }, { STATS_backend_down, 1 }, { STATS_in_flight, 0 },
    };
    for (int i = 0; i < UNIT_ROWS(expected); i++)
        ck_assert_msg((int)fixture_counted(expected[i].counter) == expected[i].times, "%s: %d",
                      stats_counter_name(expected[i].counter), (int)fixture_counted(expected[i].counter));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("backend_cache");

    fixture_add_cache(suite, "fresh",
                      (const TTest *const[]){ backend_fresh_answer_needs_no_request,
                                              backend_answer_that_is_not_fresh_any_more_is_asked_for,
                                              backend_age_is_of_the_entry,
                                              backend_answer_may_be_shorter_than_its_value,
                                              backend_without_a_cache_asks_each_time,
                                              backend_two_entries_never_share, backend_two_keys_never_share,
                                              backend_answers_outlive_the_daemon_but_not_a_change_of_the_entry,
                                              backend_key_that_cannot_be_asked_is_neither_kept_nor_asked,
                                              backend_counts_what_it_did, NULL },
                      1);
    fixture_add_cache(suite, "never",
                      (const TTest *const[]){ backend_answer_is_asked_for_each_time_where_the_entry_says_so, NULL },
                      UNIT_ROWS(uncached));
    fixture_add_cache(suite, "errors", (const TTest *const[]){ backend_error_is_never_kept, NULL }, UNIT_ROWS(errors));
    fixture_add_cache(suite, "nothing there",
                      (const TTest *const[]){ backend_nothing_there_is_not_kept,
                                              backend_nothing_there_is_kept_where_the_entry_says_so,
                                              backend_nothing_there_replaces_the_value,
                                              backend_nothing_there_drops_the_value, NULL },
                      1);
    fixture_add_cache(suite, "policies",
                      (const TTest *const[]){ backend_policy_is_not_kept,
                                              backend_policy_is_kept_where_the_entry_says_so,
                                              backend_policy_keeps_no_age_of_its_own, NULL },
                      1);
    fixture_add_cache(suite, "temporary",
                      (const TTest *const[]){ backend_policy_that_is_temporary_is_not_kept, NULL },
                      UNIT_ROWS(temporary));
    return unit_run(suite);
}
