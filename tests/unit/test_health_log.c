#include "health.h"

#include <sys/wait.h>

#include "health_fixture.h"

#define PROCESSES 8
#define TRIES     2000
#define DOWN(rest) "[^\n]*\\]: warning: backend " ORIGIN " down" rest "\n"

START_TEST(health_tells_once_that_it_went_down_and_came_up)
{
    interval_ms = SECOND_MS;
    go_down();
    fixture_expect_match(fixture_log(), DOWN(": " CAUSE "; retry in 1 s"));
    now_ms += 61 * SECOND_MS;
    report(HEALTH_ANSWERED);
    report(HEALTH_ANSWERED);
    fixture_expect_match(fixture_log(),
                         DOWN(": " CAUSE "; retry in 1 s") "[^\n]*\\]: backend " ORIGIN " up after 61 s\n");
}
END_TEST

START_TEST(health_tells_how_long_the_pause_is)
{
    report_times(HEALTH_SLOW, HEALTH_SLOW_MAX - 1);
    report_with(HEALTH_SLOW, false, 20 * SECOND_MS);
    int64_t pause_ms = wait_for_probe();
    char *pattern = mem_format(DOWN(": " CAUSE "; retry in %d s"), (int)((pause_ms + SECOND_MS / 2) / SECOND_MS));
    fixture_expect_match(fixture_log(), pattern);
    mem_free(pattern);
}
END_TEST

static void spare(int from_cache, int refused)
{
    for (; from_cache > 0; from_cache--)
        health_spared(a, true, now_ms);
    for (; refused > 0; refused--)
        health_spared(a, false, now_ms);
}

#define STAYS_DOWN "warning: backend " ORIGIN " down since 22:13:20, "

START_TEST(health_tells_each_minute_what_it_spared)
{
    go_down();
    spare(3, 2);
    now_ms += HEALTH_LINE_MS - 1;
    spare(1, 1);
    ck_assert_int_eq(fixture_log_count("since"), 0);
    now_ms++;
    spare(0, 1);
    ck_assert_int_eq(fixture_log_count(STAYS_DOWN "4 from cache, 4 refused\n"), 1);
    spare(5, 0);
    now_ms += HEALTH_LINE_MS - 1;
    spare(1, 0);
    ck_assert_int_eq(fixture_log_count("since"), 1);
    now_ms += 3 * HEALTH_LINE_MS;
    spare(1, 0);
    ck_assert_int_eq(fixture_log_count(STAYS_DOWN "7 from cache, 0 refused\n"), 1);
    spare(0, 2);
    ck_assert_int_eq(fixture_log_count("since"), 2);
}
END_TEST

START_TEST(health_counts_what_it_spared_from_when_it_went_down)
{
    go_down();
    spare(10, 10);
    report(HEALTH_ANSWERED);
    go_down();
    now_ms += HEALTH_LINE_MS;
    spare(1, 0);
    ck_assert_int_eq(fixture_log_count(STAYS_DOWN "1 from cache, 0 refused\n"), 1);
}
END_TEST

/* Runs it in so many processes at once; the sum of what they return. */
static int in_processes(int (*run)(void))
{
    int gate[2];
    int sum = 0;
    int status;

    ck_assert_int_eq(pipe2(gate, O_CLOEXEC), 0);
    for (int i = 0; i < PROCESSES; i++) {
        pid_t pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid > 0)
            continue;
        char byte;
        close(gate[1]);
        _exit(read(gate[0], &byte, 1) == 0 ? run() : 100);
    }
    close(gate[1]);
    for (int i = 0; i < PROCESSES; i++) {
        ck_assert_int_gt(wait(&status), 0);
        ck_assert(WIFEXITED(status) && WEXITSTATUS(status) < 100);
        sum += WEXITSTATUS(status);
    }
    close(gate[0]);
    return sum;
}

static int take_probes(void)
{
    int taken = 0;

    for (int i = 0; i < TRIES; i++)
        taken += health_ask(a, now_ms, LIMIT_MS) == HEALTH_PROBE;
    return taken;
}

START_TEST(health_probe_is_one_for_all_processes)
{
    go_down();
    now_ms += 2 * HEALTH_FIRST_PAUSE_MS;
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(in_processes(take_probes), 1); /* each of them is dead by now */
        now_ms += LIMIT_MS;
    }
    wait_for_probe();
    report_with(HEALTH_ANSWERED, true, 0);
    ck_assert_int_eq(in_processes(take_probes), 0);
}
END_TEST

static int fail_once(void)
{
    report(HEALTH_UNREACHABLE);
    return health_is_up(a) ? 1 : 0;
}

START_TEST(health_is_known_to_all_processes)
{
    int before_it_was_down = in_processes(fail_once);

    ck_assert_int_le(before_it_was_down, 1);
    ck_assert(!health_is_up(a));
    ck_assert_int_eq(fixture_log_count(" down: "), 1);
    report(HEALTH_ANSWERED);
    ck_assert_int_eq(in_processes(fail_once) > 1, 0);
    ck_assert_int_eq(fixture_log_count(" down: "), 2);
    ck_assert_int_eq(fixture_log_count(" up after "), 1);
}
END_TEST

static int answer(void)
{
    report(HEALTH_ANSWERED);
    return health_is_up(a) ? 0 : 1;
}

START_TEST(health_comes_up_once_for_all_processes)
{
    go_down();
    ck_assert_int_eq(in_processes(answer), 0);
    ck_assert(health_is_up(a));
    ck_assert_int_eq(fixture_log_count(" up after "), 1);
}
END_TEST

static int spare_some(void)
{
    spare(TRIES, TRIES);
    return 0;
}

START_TEST(health_line_of_the_minute_is_one_for_all_processes)
{
    go_down();
    in_processes(spare_some);
    now_ms += HEALTH_LINE_MS;
    in_processes(spare_some);
    ck_assert_int_eq(fixture_log_count(" down since "), 1);
    now_ms += HEALTH_LINE_MS;
    spare(1, 0);
    ck_assert_int_eq(fixture_log_count(" down since "), 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("health_log");

    add(suite, "log",
        (const TTest *const[]){ health_tells_once_that_it_went_down_and_came_up, health_tells_how_long_the_pause_is,
                                health_tells_each_minute_what_it_spared,
                                health_counts_what_it_spared_from_when_it_went_down, NULL });
    add(suite, "processes",
        (const TTest *const[]){ health_probe_is_one_for_all_processes, health_is_known_to_all_processes,
                                health_comes_up_once_for_all_processes,
                                health_line_of_the_minute_is_one_for_all_processes, NULL });
    return unit_run(suite);
}
