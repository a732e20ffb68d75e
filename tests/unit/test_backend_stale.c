#include "backend.h"

#include "backend_cache_fixture.h"
#include "inquiry.h"

#define CACHE(keys) "response_cache = { " keys " };"
#define OLD         CACHE("max_age = 0; stale_if_error = \"1h\"; stale_after = \"1s\";")
#define HOUR_MS     3600000
#define FIFTY       "12345678901234567890123456789012345678901234567890"
#define LONG        FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY

static void have_old_answer(const char *keys)
{
    fixture_maps(keys);
    fixture_expect_of("m", VERDICT_FOUND, "v");
    ck_assert_int_eq(fixture_server.requests, 1);
}

START_TEST(backend_old_answer_stands_in_when_nobody_is_there)
{
    have_old_answer(OLD);
    fixture_stop_server();
    fixture_expect_of("m", VERDICT_FOUND, "v");
    fixture_wall_ms += HOUR_MS - 1;
    fixture_expect_of("m", VERDICT_FOUND, "v");
    fixture_expect_sources(1, 0, 2, 0);
    ck_assert_int_eq(fixture_log_count("warning: map=m, key=<k>, "), 1); /* the same cause a second time */
}
END_TEST

START_TEST(backend_old_answer_may_be_too_old)
{
    have_old_answer(OLD);
    fixture_stop_server();
    fixture_wall_ms += HOUR_MS;
    fixture_expect_of("m", VERDICT_TEMP, "cannot connect to the backend");
    fixture_expect_sources(2, 0, 0, 0);
}
END_TEST

static const struct {
    const char *name;
    const char *answer; /* NULL: breaks off */
    enum verdict_kind kind; /* without an old answer */
    bool stands_in;
} answers[] = {
    { "500", FIXTURE_STATUS("500"), VERDICT_TEMP, true },
    { "502", FIXTURE_STATUS("502"), VERDICT_TEMP, true },
    { "503", FIXTURE_STATUS("503"), VERDICT_TEMP, true },
    { "408", FIXTURE_STATUS("408"), VERDICT_TEMP, true },
    { "425", FIXTURE_STATUS("425"), VERDICT_TEMP, true },
    { "429", FIXTURE_STATUS("429"), VERDICT_TEMP, true },
    { "400", FIXTURE_STATUS("400"), VERDICT_PERM, true },
    { "401", FIXTURE_STATUS("401"), VERDICT_PERM, true },
    { "403", FIXTURE_STATUS("403"), VERDICT_PERM, true },
    { "302", FIXTURE_STATUS("302"), VERDICT_PERM, true },
    { "404 of another", "HTTP/1.1 404 x\r\nContent-Length: 6\r\n\r\n<html>", VERDICT_PERM, true },
    { "not JSON", RESPONDER_OK("1", "<"), VERDICT_TEMP, true },
    { "not UTF-8", RESPONDER_OK("3", "\"\xFF\""), VERDICT_TEMP, true },
    { "lacks the value", RESPONDER_OK("2", "{}"), VERDICT_PERM, true },
    { "too big", "HTTP/1.1 200 OK\r\nContent-Length: 1100\r\n\r\n" LONG LONG, VERDICT_TEMP, true },
    { "not HTTP", "SSH-2.0\r\n\r\n", VERDICT_TEMP, true },
    { "breaks off", NULL, VERDICT_TEMP, true },
    { "204", FIXTURE_STATUS("204"), VERDICT_NOTFOUND, false },
    { "404", FIXTURE_STATUS("404"), VERDICT_NOTFOUND, false },
    { "empty", RESPONDER_OK("0", ""), VERDICT_NOTFOUND, false },
    { "null", RESPONDER_OK("10", "{\"v\":null}"), VERDICT_NOTFOUND, false },
    { "error_field", RESPONDER_OK("11", "{\"e\":\"bad\"}"), VERDICT_PERM, false },
    { "error_field, no text", RESPONDER_OK("8", "{\"e\":{}}"), VERDICT_PERM, false },
    { "an object", RESPONDER_OK("8", "{\"v\":{}}"), VERDICT_PERM, false },
    { "two lines", RESPONDER_OK("12", "{\"v\":\"a\\nb\"}"), VERDICT_PERM, false },
};

START_TEST(backend_old_answer_stands_in_for_failures_only)
{
    struct fixture_asked asked;

    fixture_maps("value_field = \"v\"; value_required = true; error_field = \"e\";"
                 " http = { max_response_size = 1024; }; " OLD);
    fixture_server.answer = RESPONDER_OK("11", "{\"v\":\"old\"}");
    fixture_expect_of("m", VERDICT_FOUND, "old");
    fixture_server.answer = answers[_i].answer;
    fixture_server.then = answers[_i].answer == NULL ? RESPONDER_CLOSES : RESPONDER_KEEPS;
    fixture_ask_key(&asked, "m", "k");
    fixture_await(&asked);
    ck_assert_msg(asked.kind == (answers[_i].stands_in ? VERDICT_FOUND : answers[_i].kind), "%s: %s, %s",
                  answers[_i].name, verdict_word(asked.kind), asked.text);
    unit_expect((strcmp(asked.text, "old") == 0) == answers[_i].stands_in, answers[_i].name);
    unit_expect(fixture_log_count("source=stale") == answers[_i].stands_in, answers[_i].name);
    fixture_ask_key(&asked, "m", "another");
    fixture_await(&asked);
    unit_expect(asked.kind == answers[_i].kind, answers[_i].name);
}
END_TEST

START_TEST(backend_old_answer_is_given_when_the_backend_is_slow)
{
    struct fixture_asked asked;

    have_old_answer(OLD);
    fixture_server.answer = NULL;
    fixture_ask_key(&asked, "m", "k");
    int64_t start_ms = fixture_loop.now_ms;
    fixture_freeze_at(2);
    fixture_move_clock(start_ms + 999 - fixture_loop.now_ms);
    fixture_turns(3);
    ck_assert_int_eq(asked.done, 0);
    fixture_move_clock(1);
    fixture_turns(1);
    ck_assert_int_eq(asked.done, 1);
    ck_assert_str_eq(asked.text, "v");
    fixture_expect_sources(1, 0, 1, 0);
    ck_assert_int_eq(fixture_log_count(", status=0, result=found, source=stale, delay=1.000\n"), 1);
    fixture_move_clock(10000);
    fixture_turns(3);
    ck_assert_int_eq(asked.done, 1);
}
END_TEST

START_TEST(backend_slow_answer_is_kept_for_the_next)
{
    struct fixture_asked asked;

    have_old_answer(CACHE("stale_after = \"1s\";"));
    fixture_wall_ms += 10000;
    fixture_server.answer = NULL;
    fixture_ask_key(&asked, "m", "k");
    fixture_until(&fixture_server.requests, 2);
    fixture_move_clock(1000);
    fixture_await(&asked);
    ck_assert_str_eq(asked.text, "v");
    fixture_answer_now(RESPONDER_OK("3", "\"w\""));
    fixture_turns(10);
    fixture_expect_of("m", VERDICT_FOUND, "w");
    fixture_expect_sources(1, 1, 1, 0);
    ck_assert_int_eq(asked.done, 1);
    ck_assert_int_eq(fixture_server.requests, 2);
    ck_assert_int_eq((int)fixture_counted(STATS_in_flight), 0);
}
END_TEST

START_TEST(backend_answer_in_time_is_the_new_one)
{
    struct fixture_asked asked;

    have_old_answer(OLD);
    fixture_server.answer = NULL;
    fixture_ask_key(&asked, "m", "k");
    fixture_until(&fixture_server.requests, 2);
    fixture_move_clock(500);
    fixture_answer_now(RESPONDER_OK("3", "\"w\""));
    fixture_await(&asked);
    ck_assert_str_eq(asked.text, "w");
    fixture_expect_sources(2, 0, 0, 0);
}
END_TEST

START_TEST(backend_old_answer_is_given_at_once_when_nobody_shall_wait)
{
    struct fixture_asked asked;

    have_old_answer(CACHE("max_age = 0; stale_after = 0;"));
    fixture_server.answer = NULL;
    fixture_ask_key(&asked, "m", "k");
    fixture_turns(1);
    ck_assert_int_eq(asked.done, 1);
    fixture_until(&fixture_server.requests, 2);
    fixture_expect_sources(1, 0, 1, 0);
}
END_TEST

START_TEST(backend_silence_without_an_old_answer_is_a_timeout)
{
    struct fixture_asked asked;

    have_old_answer("http = { timeout = \"3s\"; }; " OLD);
    fixture_server.answer = NULL;
    fixture_ask_key(&asked, "m", "another");
    int64_t start_ms = fixture_loop.now_ms;
    fixture_freeze_at(2);
    fixture_move_clock(start_ms + 2999 - fixture_loop.now_ms);
    fixture_turns(3);
    ck_assert_int_eq(asked.done, 0);
    fixture_move_clock(1);
    fixture_turns(3);
    ck_assert_int_eq(asked.kind, VERDICT_TIMEOUT);
}
END_TEST

START_TEST(backend_failure_in_the_background_disturbs_nobody)
{
    struct fixture_asked asked;

    have_old_answer(OLD);
    fixture_server.answer = NULL;
    fixture_ask_key(&asked, "m", "k");
    fixture_until(&fixture_server.requests, 2);
    fixture_move_clock(1000);
    fixture_await(&asked);
    fixture_answer_now(FIXTURE_STATUS("500"));
    fixture_turns(10);
    ck_assert_int_eq(asked.done, 1);
    ck_assert_int_eq(fixture_log_count("warning: map=m, key=<k>, peer=none, "), 1);
    fixture_server.answer = FIXTURE_STATUS("500");
    fixture_expect_of("m", VERDICT_FOUND, "v");
}
END_TEST

/* Half of 32 that nobody waits for, and each of them ends some time. */
START_TEST(backend_old_answers_are_renewed_however_often)
{
    struct fixture_asked asked;
    static const char *const texts[] = { RESPONDER_OK("3", "\"v\""), RESPONDER_OK("3", "\"w\"") };

    log_set_level(LOG_LEVEL_INFO);
    have_old_answer(CACHE("max_age = 0; stale_after = 0;"));
    for (int i = 0; i < 100; i++) {
        fixture_server.answer = texts[i % 2];
        fixture_ask_key(&asked, "m", "k");
        fixture_turns(1);
        ck_assert_int_eq(asked.done, 1);
        ck_assert_int_eq(asked.kind, VERDICT_FOUND);
        ck_assert_msg(asked.text[0] == (i % 2 == 0 && i > 0 ? 'w' : 'v'), "%s after %d times", asked.text, i);
        for (int turns = 0; turns < 100 && fixture_server.requests < i + 2; turns++)
            fixture_turns(1);
        ck_assert_msg(fixture_server.requests == i + 2, "not renewed any more after %d times", i);
        fixture_turns(5);
    }
}
END_TEST

START_TEST(backend_is_freed_while_requests_are_on_their_way)
{
    struct fixture_asked asked[3];

    have_old_answer(CACHE("max_age = 0; stale_after = 0;"));
    fixture_server.answer = NULL;
    for (int i = 0; i < 3; i++) {
        fixture_ask_key(&asked[i], "m", "k");
        fixture_await(&asked[i]);
    }
    fixture_until(&fixture_server.requests, 2);
    fixture_close_backend();
}
END_TEST

START_TEST(backend_old_nothing_there_is_given_where_the_entry_says_so)
{
    fixture_maps(CACHE("negative_stale_if_error = \"1h\";"));
    fixture_server.answer = FIXTURE_GONE;
    fixture_expect_of("m", VERDICT_NOTFOUND, "");
    fixture_stop_server();
    fixture_wall_ms += HOUR_MS - 1;
    fixture_expect_of("m", VERDICT_NOTFOUND, "");
    fixture_wall_ms++;
    fixture_expect_of("m", VERDICT_TEMP, "cannot connect to the backend");
    fixture_expect_sources(2, 0, 1, 0);
}
END_TEST

START_TEST(backend_old_action_stands_in_for_failures_only)
{
    fixture_policies(CACHE("enabled = true;"));
    fixture_server.answer = RESPONDER_OK("11", "\"REJECT no\"");
    fixture_expect_policy(VERDICT_FOUND, "REJECT no");
    fixture_server.answer = FIXTURE_STATUS("500");
    fixture_expect_policy(VERDICT_FOUND, "REJECT no");
    fixture_server.answer = RESPONDER_OK("8", "\"HANGUP\"");
    fixture_expect_policy(VERDICT_PERM, "the action is not usable");
}
END_TEST

/* What the backend has said since is not what it said before, even where it cannot be kept. */
START_TEST(backend_old_action_goes_when_there_is_a_newer_one)
{
    fixture_policies(CACHE("enabled = true;"));
    fixture_server.answer = RESPONDER_OK("4", "\"OK\"");
    fixture_expect_policy(VERDICT_FOUND, "OK");
    fixture_server.answer = RESPONDER_OK("18", "\"DEFER greylisted\"");
    fixture_expect_policy(VERDICT_FOUND, "DEFER greylisted");
    fixture_server.answer = FIXTURE_STATUS("500");
    fixture_expect_policy(VERDICT_TEMP, "the backend reports an error of its own");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("backend_stale");

    fixture_add_cache(suite, "failures", (const TTest *const[]){ backend_old_answer_stands_in_for_failures_only, NULL },
                      UNIT_ROWS(answers));
    fixture_add_cache(suite, "stale_if_error",
                      (const TTest *const[]){ backend_old_answer_stands_in_when_nobody_is_there,
                                              backend_old_answer_may_be_too_old,
                                              backend_old_nothing_there_is_given_where_the_entry_says_so,
                                              backend_old_action_stands_in_for_failures_only,
                                              backend_old_action_goes_when_there_is_a_newer_one,
                                              NULL },
                      1);
    fixture_add_cache(suite, "stale_after",
                      (const TTest *const[]){ backend_old_answer_is_given_when_the_backend_is_slow,
                                              backend_slow_answer_is_kept_for_the_next,
                                              backend_answer_in_time_is_the_new_one,
                                              backend_old_answer_is_given_at_once_when_nobody_shall_wait,
                                              backend_silence_without_an_old_answer_is_a_timeout,
                                              backend_failure_in_the_background_disturbs_nobody,
                                              backend_old_answers_are_renewed_however_often,
                                              backend_is_freed_while_requests_are_on_their_way, NULL },
                      1);
    return unit_run(suite);
}
