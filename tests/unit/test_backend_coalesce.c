#include "backend.h"

#include "backend_cache_fixture.h"

#define CACHE(keys) "response_cache = { " keys " };"
#define CALLS       4
#define NEW         RESPONDER_OK("3", "\"w\"")

static struct fixture_asked calls[CALLS];

static void ask_all(const char *name, const char *key)
{
    for (int i = 0; i < CALLS; i++)
        fixture_ask_key(&calls[i], name, key);
}

static void expect_all(int first, enum verdict_kind kind, const char *text)
{
    for (int i = first; i < CALLS; i++) {
        ck_assert_msg(calls[i].done == 1 && calls[i].kind == kind, "call %d: %d answers, %s", i, calls[i].done,
                      verdict_word(calls[i].kind));
        ck_assert_str_eq(calls[i].text, text);
    }
}

/* Until the silent responder has that many requests. */
static void wait_for_requests(int requests)
{
    fixture_until(&fixture_server.requests, requests);
    fixture_turns(3);
    ck_assert_int_eq(fixture_server.requests, requests);
}

START_TEST(backend_equal_questions_are_one_request)
{
    fixture_maps("");
    ask_all("m", "k");
    fixture_until(&fixture_done, CALLS);
    expect_all(0, VERDICT_FOUND, "v");
    ck_assert_int_eq(fixture_server.requests, 1);
    fixture_expect_sources(1, 0, 0, CALLS - 1);
    ck_assert_int_eq((int)fixture_counted(STATS_coalesced), CALLS - 1);
    ck_assert_int_eq((int)fixture_counted(STATS_found), CALLS);
    ck_assert_int_eq((int)fixture_counted(STATS_backend_requests), 1);
    ck_assert_int_eq((int)fixture_counted(STATS_in_flight), 0);
}
END_TEST

START_TEST(backend_equal_questions_are_one_request_without_a_cache)
{
    fixture_keeps = false;
    fixture_maps("");
    ask_all("m", "k");
    fixture_until(&fixture_done, CALLS);
    expect_all(0, VERDICT_FOUND, "v");
    ck_assert_int_eq(fixture_server.requests, 1);
    ask_all("m", "k");
    fixture_until(&fixture_done, 2 * CALLS);
    ck_assert_int_eq(fixture_server.requests, 2);
}
END_TEST

START_TEST(backend_equal_questions_share_a_failure)
{
    fixture_maps("");
    fixture_server.answer = FIXTURE_STATUS("500");
    ask_all("m", "k");
    fixture_until(&fixture_done, CALLS);
    expect_all(0, VERDICT_TEMP, "the backend reports an error of its own");
    ck_assert_int_eq(fixture_server.requests, 1);
    ck_assert_int_eq(fixture_log_count("warning: "), 1);
}
END_TEST

START_TEST(backend_question_that_joins_late_waits_no_longer)
{
    fixture_maps("http = { timeout = \"5s\"; }; " CACHE("enabled = false;"));
    fixture_server.answer = NULL;
    fixture_ask_key(&calls[0], "m", "k");
    int64_t start_ms = fixture_loop.now_ms;
    fixture_freeze_at(1);
    fixture_move_clock(start_ms + 4999 - fixture_loop.now_ms);
    for (int i = 1; i < CALLS; i++)
        fixture_ask_key(&calls[i], "m", "K");
    fixture_turns(1);
    ck_assert_int_eq(fixture_done, 0);
    fixture_move_clock(1);
    fixture_turns(3);
    expect_all(0, VERDICT_TIMEOUT, "the backend did not answer in time");
}
END_TEST

START_TEST(backend_other_keys_and_entries_have_requests_of_their_own)
{
    fixture_maps("");
    fixture_ask_key(&calls[0], "m", "k");
    fixture_ask_key(&calls[1], "m", "l");
    fixture_ask_key(&calls[2], "n", "k");
    fixture_ask_key(&calls[3], "n", "l");
    fixture_until(&fixture_done, CALLS);
    ck_assert_int_eq(fixture_server.requests, CALLS);
    fixture_expect_sources(CALLS, 0, 0, 0);
}
END_TEST

/* More questions than there are rows to find them in. */
START_TEST(backend_many_questions_are_told_apart)
{
    static struct fixture_asked many[2][BACKEND_INQUIRIES_ROWS + 100];
    const int count = UNIT_ROWS(many[0]);
    char key[20];

    log_set_level(LOG_LEVEL_INFO);
    fixture_maps("http = { timeout = \"1h\"; }; " CACHE("enabled = false;"));
    fixture_tick_ms = 0;
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < count; i++) {
            snprintf(key, sizeof(key), "key%d", i);
            fixture_ask_key(&many[round][i], "m", key);
        }
    fixture_tick_ms = 1;
    for (int i = 0; i < count; i += 2)
        fixture_drop(&many[0][i]);
    while (fixture_done < 2 * count - (count + 1) / 2)
        fixture_turns(1);
    for (int i = 0; i < count; i++)
        ck_assert_int_eq(many[0][i].done + many[1][i].done, i % 2 == 0 ? 1 : 2);
    ck_assert_int_eq(fixture_server.requests, count);
}
END_TEST

START_TEST(backend_equal_policies_are_one_request)
{
    fixture_policies("");
    fixture_server.answer = RESPONDER_OK("4", "\"OK\"");
    for (int i = 0; i < CALLS; i++)
        fixture_ask_policy(&calls[i], "s", "q");
    fixture_until(&fixture_done, CALLS);
    expect_all(0, VERDICT_FOUND, "OK");
    ck_assert_int_eq(fixture_server.requests, 1);
    fixture_expect_sources(1, 0, 0, CALLS - 1);
}
END_TEST

START_TEST(backend_policies_that_differ_at_all_are_not)
{
    fixture_policies(CACHE("enabled = true; max_age = 1;") "cache_key = [ \"sender\" ];");
    fixture_server.answer = RESPONDER_OK("4", "\"OK\"");
    fixture_ask_policy(&calls[0], "s", "q");
    fixture_ask_policy(&calls[1], "s", "r");
    fixture_ask_policy(&calls[2], "sq", "");
    fixture_ask_policy(&calls[3], "", "sq");
    fixture_until(&fixture_done, CALLS);
    ck_assert_int_eq(fixture_server.requests, CALLS);
}
END_TEST

START_TEST(backend_logins_never_share)
{
    static const struct subject_login login = { .user = UNIT_BYTES("u"), .password = UNIT_BYTES("p"),
                                                .mechanism = UNIT_BYTES("PLAIN"), .service = UNIT_BYTES("smtp") };

    fixture_open_backend(CONFIG_DOVECOT_SASL, "dovecot_sasl = { l = { " FIXTURE_POLICY " }; };");
    ck_assert_ptr_null(fixture_shared.cache);
    fixture_server.answer = FIXTURE_STATUS("200");
    for (int round = 1; round <= 2; round++) {
        for (int i = 0; i < CALLS; i++) {
            struct backend_question question = { .entry = fixture_login(fixture_config, "l"), .login = &login };
            fixture_put_question(&calls[i], &question);
        }
        fixture_until(&fixture_done, round * CALLS);
        expect_all(0, VERDICT_FOUND, "u");
    }
    ck_assert_int_eq(fixture_server.requests, 2 * CALLS);
    fixture_expect_sources(2 * CALLS, 0, 0, 0);
}
END_TEST

START_TEST(backend_cancelled_one_of_several_leaves_the_others)
{
    fixture_maps("");
    fixture_server.answer = NULL;
    ask_all("m", "k");
    wait_for_requests(1);
    fixture_drop(&calls[_i]);
    fixture_answer_now(NEW);
    fixture_until(&fixture_done, CALLS - 1);
    for (int i = 0; i < CALLS; i++)
        ck_assert_int_eq(calls[i].done, i == _i ? 0 : 1);
    ck_assert_int_eq(fixture_server.requests, 1);
    ck_assert_int_eq((int)fixture_counted(STATS_in_flight), 0);
}
END_TEST

START_TEST(backend_last_that_is_cancelled_ends_the_request)
{
    fixture_maps("");
    fixture_server.answer = NULL;
    ask_all("m", "k");
    wait_for_requests(1);
    for (int i = 0; i < CALLS; i++)
        fixture_drop(&calls[i]);
    ck_assert_int_eq((int)fixture_counted(STATS_in_flight), 0);
    fixture_turns(3);
    responder_hang_up_all(&fixture_server);
    fixture_server.answer = NEW;
    fixture_expect_of("m", VERDICT_FOUND, "w"); /* a request of its own: nobody was joined */
    ck_assert_int_eq(fixture_server.requests, 2);
    ck_assert_int_eq(fixture_done, 1);
}
END_TEST

START_TEST(backend_calls_that_are_cancelled_at_any_time_do_no_harm)
{
    fixture_maps("");
    fixture_server.answer = NULL;
    for (int turns = 0; turns < 8; turns++) {
        ask_all("m", "k");
        fixture_turns(turns);
        for (int i = 0; i < CALLS; i++)
            fixture_drop(&calls[(i + turns) % CALLS]);
    }
    fixture_turns(3);
    ck_assert_int_eq(fixture_done, 0);
    ck_assert_int_eq((int)fixture_counted(STATS_in_flight), 0);
}
END_TEST

static void have_old_answer(void)
{
    fixture_maps(CACHE("max_age = \"10s\"; stale_after = \"1s\";"));
    fixture_expect_of("m", VERDICT_FOUND, "v");
    fixture_wall_ms += 10000;
    fixture_done = 0;
    fixture_server.answer = NULL;
}

START_TEST(backend_call_that_took_the_old_answer_lets_the_request_go_on)
{
    have_old_answer();
    fixture_ask_key(&calls[0], "m", "k");
    wait_for_requests(2);
    fixture_move_clock(500);
    fixture_ask_key(&calls[1], "m", "k");
    fixture_move_clock(500);
    fixture_turns(1);
    ck_assert_int_eq(calls[0].done, 1);
    ck_assert_str_eq(calls[0].text, "v");
    ck_assert_int_eq(calls[1].done, 0); /* it has not waited for stale_after */
    fixture_drop(&calls[1]);
    fixture_answer_now(NEW);
    fixture_turns(10);
    fixture_expect_of("m", VERDICT_FOUND, "w");
    ck_assert_int_eq(fixture_server.requests, 2);
}
END_TEST

START_TEST(backend_call_that_joins_has_a_patience_of_its_own)
{
    have_old_answer();
    fixture_ask_key(&calls[0], "m", "k");
    fixture_freeze_at(2);
    fixture_move_clock(600);
    fixture_ask_key(&calls[1], "m", "k");
    fixture_move_clock(999);
    fixture_turns(1);
    ck_assert_int_eq(calls[0].done, 1);
    ck_assert_int_eq(calls[1].done, 0);
    fixture_move_clock(1);
    fixture_turns(1);
    ck_assert_int_eq(calls[1].done, 1);
    ck_assert_str_eq(calls[1].text, "v");
    fixture_expect_sources(1, 0, 2, 0);
}
END_TEST

START_TEST(backend_call_that_joins_what_goes_on_in_the_background_gets_the_new_answer)
{
    have_old_answer();
    fixture_ask_key(&calls[0], "m", "k");
    wait_for_requests(2);
    fixture_move_clock(1000);
    fixture_await(&calls[0]);
    fixture_ask_key(&calls[1], "m", "k");
    fixture_answer_now(NEW);
    fixture_await(&calls[1]);
    ck_assert_str_eq(calls[1].text, "w");
    ck_assert_int_eq(fixture_server.requests, 2);
    fixture_expect_sources(1, 0, 1, 1);
}
END_TEST

START_TEST(backend_calls_that_share_a_failure_take_the_old_answer)
{
    have_old_answer();
    ask_all("m", "k");
    wait_for_requests(2);
    fixture_answer_now(FIXTURE_STATUS("500"));
    fixture_until(&fixture_done, CALLS);
    expect_all(0, VERDICT_FOUND, "v");
    fixture_expect_sources(1, 0, CALLS, 0);
}
END_TEST

/* What a daemon does in done: the client goes, or asks the next question. */
static void cancel_the_rest(void *arg, const struct backend_call *call, const struct verdict *verdict)
{
    fixture_asked_note(arg, call, verdict);
    for (int i = 0; i < CALLS; i++)
        if (calls[i].call != NULL)
            fixture_drop(&calls[i]);
}

static void ask_again(void *arg, const struct backend_call *call, const struct verdict *verdict)
{
    fixture_asked_note(arg, call, verdict);
    if (fixture_done == 1)
        fixture_ask_key(&calls[1], "m", "k");
}

static void ask_with(int call, backend_done *done)
{
    struct backend_question question = { .entry = fixture_map(fixture_config, "m"), .key = SPAN("k") };

    calls[call] = (struct fixture_asked){ .done = 0 };
    calls[call].call = backend_ask(fixture_backend, &question, done, &calls[call]);
}

START_TEST(backend_call_may_be_cancelled_by_another_that_is_answered)
{
    fixture_maps("");
    for (int i = 0; i < CALLS; i++)
        ask_with(i, cancel_the_rest);
    fixture_until(&fixture_done, 1);
    fixture_turns(5);
    ck_assert_int_eq(fixture_done, 1);
    ck_assert_int_eq((int)fixture_counted(STATS_in_flight), 0);
    fixture_expect_of("m", VERDICT_FOUND, "v");
    ck_assert_int_eq(fixture_server.requests, 1);
}
END_TEST

static const char *const asked_again[] = { "", CACHE("max_age = 0;") };

START_TEST(backend_may_be_asked_again_by_one_that_is_answered)
{
    fixture_maps(asked_again[_i]);
    ask_with(0, ask_again);
    fixture_until(&fixture_done, 2);
    ck_assert_int_eq(calls[0].done + calls[1].done, 2);
    ck_assert_int_eq(fixture_server.requests, _i + 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("backend_coalesce");

    fixture_add_cache(suite, "share",
                      (const TTest *const[]){ backend_equal_questions_are_one_request,
                                              backend_equal_questions_are_one_request_without_a_cache,
                                              backend_equal_questions_share_a_failure,
                                              backend_question_that_joins_late_waits_no_longer,
                                              backend_other_keys_and_entries_have_requests_of_their_own,
                                              backend_many_questions_are_told_apart,
                                              backend_equal_policies_are_one_request,
                                              backend_policies_that_differ_at_all_are_not, backend_logins_never_share,
                                              NULL },
                      1);
    fixture_add_cache(suite, "cancel one",
                      (const TTest *const[]){ backend_cancelled_one_of_several_leaves_the_others, NULL }, CALLS);
    fixture_add_cache(suite, "cancel",
                      (const TTest *const[]){ backend_last_that_is_cancelled_ends_the_request,
                                              backend_calls_that_are_cancelled_at_any_time_do_no_harm,
                                              backend_call_may_be_cancelled_by_another_that_is_answered, NULL },
                      1);
    fixture_add_cache(suite, "again",
                      (const TTest *const[]){ backend_may_be_asked_again_by_one_that_is_answered, NULL },
                      UNIT_ROWS(asked_again));
    fixture_add_cache(suite, "old answers",
                      (const TTest *const[]){
                          backend_call_that_took_the_old_answer_lets_the_request_go_on,
                          backend_call_that_joins_has_a_patience_of_its_own,
                          backend_call_that_joins_what_goes_on_in_the_background_gets_the_new_answer,
                          backend_calls_that_share_a_failure_take_the_old_answer, NULL },
                      1);
    return unit_run(suite);
}
