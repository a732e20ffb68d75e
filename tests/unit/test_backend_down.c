#include "backend.h"

#include "backend_cache_fixture.h"

#define CACHE(keys) "response_cache = { " keys " };"
#define OLD         CACHE("max_age = 0; stale_if_error = \"1h\"; stale_after = \"1s\";")
#define DOWN_TEXT   "the backend is down"

static void have_old_answer(const char *keys)
{
    fixture_maps(keys);
    fixture_expect_of("m", VERDICT_FOUND, "v");
    ck_assert_int_eq(fixture_server.requests, 1);
}

/* Two requests find nobody, and from then on it counts as down. */
static void take_down(void)
{
    struct fixture_asked asked;

    fixture_stop_server();
    for (int i = 0; i < 2; i++) {
        fixture_ask_key(&asked, "n", "other");
        fixture_await(&asked);
    }
    ck_assert_int_eq(fixture_log_count(" down: cannot connect to the backend; retry in "), 1);
}

static void wait_for_probe(void)
{
    fixture_move_clock(1200);
}

START_TEST(backend_that_is_down_is_not_waited_for)
{
    struct fixture_asked known, unknown;

    have_old_answer(OLD);
    take_down();
    int requests = (int)fixture_counted(STATS_backend_requests);
    fixture_ask_key(&known, "m", "k");
    fixture_ask_key(&unknown, "m", "another");
    fixture_turns(1);
    ck_assert_int_eq(known.done, 1);
    ck_assert_str_eq(known.text, "v");
    ck_assert_int_eq(unknown.done, 1);
    ck_assert_int_eq(unknown.kind, VERDICT_TEMP);
    ck_assert_str_eq(unknown.text, DOWN_TEXT);
    ck_assert_int_eq((int)fixture_counted(STATS_backend_requests), requests);
    ck_assert_int_eq((int)fixture_counted(STATS_backend_down), 2);
    ck_assert_int_eq(fixture_log_count("result=found, source=stale, delay=0.00"), 1);
    ck_assert_int_eq(fixture_log_count("result=temp, source=none, delay=0.00"), 1);
}
END_TEST

START_TEST(backend_fresh_answer_does_not_mind_that_it_is_down)
{
    have_old_answer("");
    take_down();
    fixture_expect_of("m", VERDICT_FOUND, "v");
    fixture_move_clock(HEALTH_LINE_MS);
    fixture_expect_of("m", VERDICT_FOUND, "v");
    fixture_expect_sources(3, 2, 0, 0);
    ck_assert_int_eq(fixture_log_count(" down since "), 0);
}
END_TEST

START_TEST(backend_that_is_down_is_told_of_each_minute)
{
    struct fixture_asked asked;

    have_old_answer("http = { timeout = \"3s\"; }; retry_interval = \"1h\"; " OLD);
    take_down();
    for (int i = 0; i < 3; i++)
        fixture_expect_of("m", VERDICT_FOUND, "v");
    for (int i = 0; i < 2; i++) {
        fixture_ask_key(&asked, "m", "another");
        fixture_await(&asked);
    }
    fixture_move_clock(HEALTH_LINE_MS);
    fixture_expect_of("m", VERDICT_FOUND, "v"); /* a probe, and nobody waits for it */
    ck_assert_int_eq(fixture_log_count("/s down since "), 1);
    ck_assert_int_eq(fixture_log_count(", 4 from cache, 2 refused\n"), 1);
}
END_TEST

START_TEST(backend_that_is_down_is_probed_behind_an_old_answer)
{
    struct fixture_asked asked;

    have_old_answer(CACHE("stale_if_error = \"1h\";"));
    fixture_wall_ms += 10000;
    take_down();
    fixture_run_server();
    fixture_server.answer = RESPONDER_OK("3", "\"w\"");
    wait_for_probe();
    fixture_ask_key(&asked, "m", "k");
    fixture_turns(1);
    ck_assert_int_eq(asked.done, 1);
    ck_assert_str_eq(asked.text, "v");
    fixture_until(&fixture_server.requests, 1);
    fixture_turns(5);
    ck_assert_int_eq(fixture_log_count("/s up after "), 1);
    fixture_expect_of("m", VERDICT_FOUND, "w");
    fixture_expect_sources(3, 1, 1, 0);
    ck_assert_int_eq(fixture_server.requests, 1);
}
END_TEST

START_TEST(backend_that_is_down_is_probed_by_one_that_has_no_old_answer)
{
    struct fixture_asked probe, other, known;

    have_old_answer(OLD);
    take_down();
    fixture_run_server();
    wait_for_probe();
    fixture_ask_key(&probe, "m", "another");
    fixture_ask_key(&other, "m", "a third");
    fixture_ask_key(&known, "m", "k");
    fixture_turns(1);
    ck_assert_str_eq(other.text, DOWN_TEXT);
    ck_assert_str_eq(known.text, "v");
    fixture_await(&probe);
    ck_assert_int_eq(probe.kind, VERDICT_FOUND);
    fixture_ask_key(&other, "m", "a third");
    fixture_await(&other);
    ck_assert_int_eq(other.kind, VERDICT_FOUND);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("backend_down");

    fixture_add_cache(suite, "down",
                      (const TTest *const[]){ backend_that_is_down_is_not_waited_for,
                                              backend_fresh_answer_does_not_mind_that_it_is_down,
                                              backend_that_is_down_is_told_of_each_minute,
                                              backend_that_is_down_is_probed_behind_an_old_answer,
                                              backend_that_is_down_is_probed_by_one_that_has_no_old_answer, NULL },
                      1);
    return unit_run(suite);
}
