#include "health.h"

#include "health_fixture.h"

#define HOUR_MS 3600000

START_TEST(health_targets_are_those_of_good_entries_each_once)
{
    ck_assert_uint_eq(health_count(health), 2);
    ck_assert_ptr_null(health_find(health, "http://c:80"));
    ck_assert_ptr_ne(a, b);
    ck_assert(health_is_up(a) && health_is_up(b));
    ck_assert_int_eq(health_ask(a, now_ms, LIMIT_MS), HEALTH_UP);
}
END_TEST

START_TEST(health_of_no_entries_has_no_targets)
{
    struct health *none = health_new(config, CONFIG_POLICY_SERVICES);

    ck_assert_uint_eq(health_count(none), 0);
    ck_assert_ptr_null(health_find(none, ORIGIN));
    health_free(&none);
}
END_TEST

START_TEST(health_goes_down_when_it_cannot_be_reached_twice)
{
    report(HEALTH_UNREACHABLE);
    ck_assert(health_is_up(a));
    ck_assert_int_eq(health_ask(a, now_ms, LIMIT_MS), HEALTH_UP);
    report(HEALTH_UNREACHABLE);
    ck_assert(!health_is_up(a));
    ck_assert_int_eq(health_ask(a, now_ms, LIMIT_MS), HEALTH_DOWN);
    ck_assert(health_is_up(b));
    ck_assert_int_eq(health_ask(b, now_ms, LIMIT_MS), HEALTH_UP);
}
END_TEST

START_TEST(health_goes_down_when_it_is_slow_five_times)
{
    report_times(HEALTH_SLOW, 4);
    ck_assert(health_is_up(a));
    report(HEALTH_SLOW);
    ck_assert(!health_is_up(a));
}
END_TEST

START_TEST(health_counts_both_kinds_apart)
{
    report(HEALTH_UNREACHABLE);
    report_times(HEALTH_SLOW, 4);
    ck_assert(health_is_up(a));
    report(HEALTH_SLOW);
    ck_assert(!health_is_up(a));
}
END_TEST

START_TEST(health_answer_forgets_failures)
{
    for (int i = 0; i < 10; i++) {
        report(HEALTH_UNREACHABLE);
        report_times(HEALTH_SLOW, 4);
        report(HEALTH_ANSWERED);
        ck_assert(health_is_up(a));
    }
    ck_assert_str_eq(fixture_log(), "");
}
END_TEST

START_TEST(health_cancelled_request_tells_nothing)
{
    report(HEALTH_UNREACHABLE);
    report_times(HEALTH_UNKNOWN, 10);
    ck_assert(health_is_up(a));
    report(HEALTH_UNREACHABLE);
    ck_assert(!health_is_up(a));
    report(HEALTH_UNKNOWN);
    ck_assert_int_eq(health_ask(a, now_ms, LIMIT_MS), HEALTH_DOWN);
}
END_TEST

START_TEST(health_probe_is_one_at_a_time)
{
    go_down();
    expect_pause(wait_for_probe(), HEALTH_FIRST_PAUSE_MS);
    for (int i = 1; i < LIMIT_MS; i++)
        ck_assert_int_eq(health_ask(a, now_ms + i, LIMIT_MS), HEALTH_DOWN);
}
END_TEST

START_TEST(health_probe_that_is_lost_counts_no_longer_than_it_said)
{
    go_down();
    wait_for_probe();
    ck_assert_int_eq(wait_for_probe(), LIMIT_MS);
    ck_assert_int_eq(wait_for_probe(), LIMIT_MS);
}
END_TEST

START_TEST(health_probe_that_was_cancelled_is_given_back)
{
    go_down();
    wait_for_probe();
    ck_assert_int_eq(health_ask(a, now_ms, LIMIT_MS), HEALTH_DOWN);
    report_with(HEALTH_UNKNOWN, true, 0);
    ck_assert_int_eq(wait_for_probe(), 0);
    ck_assert_int_eq(health_ask(a, now_ms, LIMIT_MS), HEALTH_DOWN);
    report_with(HEALTH_UNREACHABLE, true, 0);
    expect_pause(wait_for_probe(), 2 * HEALTH_FIRST_PAUSE_MS);
}
END_TEST

START_TEST(health_pauses_double_up_to_the_retry_interval)
{
    static const int64_t seconds[] = { 1, 2, 4, 8, 16, 30, 30, 30 };

    go_down();
    for (int i = 0; i < UNIT_ROWS(seconds); i++) {
        expect_pause(wait_for_probe(), seconds[i] * SECOND_MS);
        now_ms += 100;
        report_with(i % 2 == 0 ? HEALTH_UNREACHABLE : HEALTH_SLOW, true, 0);
        ck_assert(!health_is_up(a));
    }
    ck_assert_int_eq(fixture_log_count("\n"), 1);
}
END_TEST

START_TEST(health_pauses_begin_anew_when_it_was_up)
{
    go_down();
    for (int i = 0; i < 4; i++) {
        wait_for_probe();
        report_with(HEALTH_UNREACHABLE, true, 0);
    }
    wait_for_probe();
    report_with(HEALTH_ANSWERED, true, 0);
    ck_assert(health_is_up(a));
    now_ms += HEALTH_LINE_MS;
    report(HEALTH_UNREACHABLE);
    ck_assert(health_is_up(a));
    report(HEALTH_UNREACHABLE);
    expect_pause(wait_for_probe(), HEALTH_FIRST_PAUSE_MS);
}
END_TEST

/* Else one that answers probes and nothing else would fill the log. */
START_TEST(health_pauses_go_on_when_it_goes_down_again_soon)
{
    go_down();
    wait_for_probe();
    report_with(HEALTH_ANSWERED, true, 0);
    go_down();
    expect_pause(wait_for_probe(), 2 * HEALTH_FIRST_PAUSE_MS);
    report_with(HEALTH_ANSWERED, true, 0);
    now_ms += HEALTH_LINE_MS - 1;
    go_down();
    expect_pause(wait_for_probe(), 4 * HEALTH_FIRST_PAUSE_MS);
}
END_TEST

START_TEST(health_first_pause_is_no_longer_than_the_retry_interval)
{
    interval_ms = 300;
    go_down();
    for (int i = 0; i < 3; i++) {
        expect_pause(wait_for_probe(), 300);
        report_with(HEALTH_SLOW, true, 0);
    }
}
END_TEST

START_TEST(health_pauses_differ)
{
    int64_t least_ms = NEVER_MS, most_ms = 0;

    for (int i = 0; i < 40; i++) {
        go_down();
        int64_t pause_ms = wait_for_probe();
        least_ms = pause_ms < least_ms ? pause_ms : least_ms;
        most_ms = pause_ms > most_ms ? pause_ms : most_ms;
        report_with(HEALTH_ANSWERED, true, 0);
        now_ms += HEALTH_LINE_MS;
    }
    ck_assert_int_lt(least_ms, HEALTH_FIRST_PAUSE_MS);
    ck_assert_int_gt(most_ms, HEALTH_FIRST_PAUSE_MS);
}
END_TEST

START_TEST(health_retry_after_makes_the_pause_longer)
{
    report_times(HEALTH_SLOW, HEALTH_SLOW_MAX - 1);
    report_with(HEALTH_SLOW, false, 10 * SECOND_MS);
    expect_pause(wait_for_probe(), 10 * SECOND_MS);
    report_with(HEALTH_SLOW, true, 25 * SECOND_MS);
    expect_pause(wait_for_probe(), 25 * SECOND_MS);
    report_with(HEALTH_SLOW, true, HOUR_MS);
    expect_pause(wait_for_probe(), interval_ms);
}
END_TEST

START_TEST(health_retry_after_makes_no_pause_shorter)
{
    go_down();
    wait_for_probe();
    report_with(HEALTH_UNREACHABLE, true, 0);
    wait_for_probe();
    report_with(HEALTH_SLOW, true, SECOND_MS);
    expect_pause(wait_for_probe(), 4 * SECOND_MS);
}
END_TEST

/* Requests that were on their way when it went down. */
START_TEST(health_late_failures_change_nothing)
{
    go_down();
    report_times(HEALTH_UNREACHABLE, 10);
    report_times(HEALTH_SLOW, 10);
    expect_pause(wait_for_probe(), HEALTH_FIRST_PAUSE_MS);
    report_times(HEALTH_SLOW, 10);
    ck_assert_int_eq(health_ask(a, now_ms, LIMIT_MS), HEALTH_DOWN);
    ck_assert_int_eq(fixture_log_count("\n"), 1);
}
END_TEST

START_TEST(health_late_answer_makes_it_up)
{
    go_down();
    report(HEALTH_ANSWERED);
    ck_assert(health_is_up(a));
    ck_assert_int_eq(health_ask(a, now_ms, LIMIT_MS), HEALTH_UP);
    report(HEALTH_UNREACHABLE);
    ck_assert(health_is_up(a));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("health");

    add(suite, "down",
        (const TTest *const[]){ health_targets_are_those_of_good_entries_each_once, health_of_no_entries_has_no_targets,
                                health_goes_down_when_it_cannot_be_reached_twice,
                                health_goes_down_when_it_is_slow_five_times, health_counts_both_kinds_apart,
                                health_answer_forgets_failures, health_cancelled_request_tells_nothing,
                                health_late_failures_change_nothing, health_late_answer_makes_it_up, NULL });
    add(suite, "probes",
        (const TTest *const[]){ health_probe_is_one_at_a_time, health_probe_that_is_lost_counts_no_longer_than_it_said,
                                health_probe_that_was_cancelled_is_given_back,
                                health_pauses_double_up_to_the_retry_interval, health_pauses_begin_anew_when_it_was_up,
                                health_pauses_go_on_when_it_goes_down_again_soon,
                                health_first_pause_is_no_longer_than_the_retry_interval, health_pauses_differ,
                                health_retry_after_makes_the_pause_longer, health_retry_after_makes_no_pause_shorter,
                                NULL });
    return unit_run(suite);
}
