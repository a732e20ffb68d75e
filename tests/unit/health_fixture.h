/*
 * The targets a and b of a map, and reports about a.
 */
#ifndef PFX_HEALTH_FIXTURE_H
#define PFX_HEALTH_FIXTURE_H

#include "clock.h"
#include "config_fixture.h"
#include "health.h"
#include "log_fixture.h"

#define ORIGIN     "http://a:80"
#define CAUSE      "cannot connect to the backend"
#define NEVER_MS   INT64_C(10000000)
#define LIMIT_MS   5000
#define WALL_MS    INT64_C(1700000000000) /* 22:13:20 UTC */
#define SECOND_MS  1000

static struct config *config;
static struct health *health;
static struct health_target *a, *b;
static int64_t now_ms = 1000000;
static int64_t interval_ms = 30 * SECOND_MS;

static int64_t wall(void)
{
    return WALL_MS;
}

static void begin(void)
{
    setenv("TZ", "UTC0", 1);
    clock_set_wall(wall);
    fixture_log_begin();
    config = fixture_load("socket_maps = { m = { target = [ \"http://a/%s\", \"http://b/%s\" ]; };"
                          " n = { target = \"http://A:80/other\"; };"
                          " bad = { target = [ \"http://c/\" ]; keyz = 1; }; };");
    health = health_new(config, CONFIG_SOCKET_MAPS);
    a = health_find(health, ORIGIN);
    b = health_find(health, "http://b:80");
    ck_assert_ptr_nonnull(a);
    ck_assert_ptr_nonnull(b);
}

static void end(void)
{
    health_free(&health);
    ck_assert_ptr_null(health);
    health_free(&health);
    config_free(&config);
    fixture_log_end();
}

static inline void report_with(enum health_outcome outcome, bool was_probe, int64_t retry_after_ms)
{
    struct health_report report = { .outcome = outcome, .was_probe = was_probe, .cause = CAUSE,
                                    .retry_after_ms = retry_after_ms, .retry_interval_ms = interval_ms };
    health_report(a, &report, now_ms);
}

static inline void report(enum health_outcome outcome)
{
    report_with(outcome, false, 0);
}

static inline void report_times(enum health_outcome outcome, int times)
{
    for (; times > 0; times--)
        report(outcome);
}

static inline void go_down(void)
{
    report_times(HEALTH_UNREACHABLE, HEALTH_UNREACHABLE_MAX);
    ck_assert(!health_is_up(a));
}

/* Waits until the target may be probed, takes the probe, and returns how long that took. */
static inline int64_t wait_for_probe(void)
{
    int64_t start_ms = now_ms;
    enum health_state state;

    while ((state = health_ask(a, now_ms, LIMIT_MS)) == HEALTH_DOWN && now_ms < start_ms + NEVER_MS)
        now_ms++;
    ck_assert_int_eq(state, HEALTH_PROBE);
    return now_ms - start_ms;
}

static inline void expect_pause(int64_t pause_ms, int64_t wanted_ms)
{
    int64_t range_ms = wanted_ms * HEALTH_SPREAD_PERCENT / 100;

    ck_assert_int_ge(pause_ms, wanted_ms - range_ms);
    ck_assert_int_le(pause_ms, wanted_ms + range_ms);
    ck_assert_int_le(pause_ms, interval_ms);
}

static inline void add(Suite *suite, const char *name, const TTest *const *tests)
{
    TCase *tcase = unit_case(name);

    tcase_add_unchecked_fixture(tcase, fixture_begin, fixture_end);
    tcase_add_checked_fixture(tcase, fixture_clear, NULL);
    tcase_add_checked_fixture(tcase, begin, end);
    for (; *tests != NULL; tests++)
        tcase_add_test(tcase, *tests);
    suite_add_tcase(suite, tcase);
}

#endif
