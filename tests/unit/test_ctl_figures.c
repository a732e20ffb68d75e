#include "../../tools/pfxctl/figures.h"

#include "unit.h"

static const struct {
    const char *name;
    uint64_t bucket[STATS_BUCKETS];
    unsigned percent;
    int ms;
} quantiles[] = {
    { "nothing timed", { 0 }, 50, FIGURES_NONE },
    { "one", { [3] = 1 }, 50, 10 },
    { "one, the largest", { [3] = 1 }, 99, 10 },
    { "half and half", { [0] = 50, [5] = 50 }, 50, 1 },
    { "just above a half", { [0] = 49, [5] = 51 }, 50, 50 },
    { "99 of 100", { [0] = 99, [5] = 1 }, 99, 1 },
    { "98 of 100", { [0] = 98, [5] = 2 }, 99, 50 },
    { "two", { [0] = 1, [5] = 1 }, 99, 50 },
    { "slower than any bound", { [0] = 1, [STATS_BUCKETS - 1] = 99 }, 50, FIGURES_ABOVE },
    { "the last bound", { [STATS_BUCKETS - 2] = 1 }, 50, 10000 },
    { "very many", { [1] = UINT64_MAX / 2, [2] = UINT64_MAX / 2 }, 99, 5 },
};

START_TEST(figures_quantile_is_a_bound_that_so_many_do_not_pass)
{
    struct stats_sum sum = { .entry = "e" };

    memcpy(sum.bucket, quantiles[_i].bucket, sizeof(sum.bucket));
    int ms = figures_quantile_ms(&sum, quantiles[_i].percent);
    ck_assert_msg(ms == quantiles[_i].ms, "%s: %d instead of %d", quantiles[_i].name, ms, quantiles[_i].ms);
}
END_TEST

START_TEST(figures_since_is_a_difference_but_for_gauges)
{
    struct stats_sum before = { .entry = "e", .sum_ms = 100 }, now = { .entry = "e", .sum_ms = 130 };

    before.counter[STATS_found] = 10;
    now.counter[STATS_found] = 12;
    before.counter[STATS_in_flight] = now.counter[STATS_in_flight] = 3;
    before.bucket[1] = 10;
    now.bucket[1] = 11;
    struct stats_sum since = figures_since(&now, &before);
    ck_assert_uint_eq(since.counter[STATS_found], 2);
    ck_assert_uint_eq(since.counter[STATS_in_flight], 3);
    ck_assert_uint_eq(since.bucket[1], 1);
    ck_assert_uint_eq(since.sum_ms, 30);
    since = figures_since(&now, NULL);
    ck_assert_uint_eq(since.counter[STATS_found], 12);
}
END_TEST

START_TEST(figures_since_a_file_was_made_anew_are_all)
{
    struct stats_sum before = { .entry = "e" }, now = { .entry = "e" };

    before.counter[STATS_found] = 10;
    now.counter[STATS_found] = 4;
    ck_assert_uint_eq(figures_since(&now, &before).counter[STATS_found], 4);
}
END_TEST

START_TEST(figures_since_of_a_daemon_has_its_own_gauge)
{
    struct stats_sum before = { .entry = "" }, now = { .entry = "" };

    before.counter[STATS_DAEMON_CONNECTIONS_OPEN] = before.counter[STATS_DAEMON_CONNECTIONS] = 5;
    now.counter[STATS_DAEMON_CONNECTIONS_OPEN] = now.counter[STATS_DAEMON_CONNECTIONS] = 7;
    struct stats_sum since = figures_since(&now, &before);
    ck_assert_uint_eq(since.counter[STATS_DAEMON_CONNECTIONS_OPEN], 7);
    ck_assert_uint_eq(since.counter[STATS_DAEMON_CONNECTIONS], 2);
}
END_TEST

START_TEST(figures_failures_are_those_of_backends)
{
    struct stats_sum sum = { .entry = "e" };

    for (unsigned i = 0; i < STATS_COUNTERS; i++)
        sum.counter[i] = strncmp(stats_counter_name((enum stats_counter)i), "backend_", 8) == 0 ? 1 : 100;
    ck_assert_uint_eq(figures_failures(&sum), 8); /* not the requests, nor those that were not made */
}
END_TEST

START_TEST(figures_find_compares_all_names)
{
    struct stats_sum sums[] = { { .daemon = "d", .section = "s", .entry = "e" },
                                { .daemon = "d", .section = "s", .entry = "f" },
                                { .daemon = "d", .section = "t", .entry = "e" },
                                { .daemon = "c", .section = "s", .entry = "e" } };
    struct exposition exposition = { .sums = sums, .count = 3 };

    ck_assert_ptr_eq(figures_find(&exposition, &sums[1]), &sums[1]);
    ck_assert_ptr_eq(figures_find(&exposition, &sums[2]), &sums[2]);
    ck_assert_ptr_null(figures_find(&exposition, &sums[3]));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ctl_figures");

    unit_add_loop(suite, "figures_quantile_ms", figures_quantile_is_a_bound_that_so_many_do_not_pass,
                  UNIT_ROWS(quantiles));
    unit_add(suite, "figures",
             (const TTest *const[]){ figures_since_is_a_difference_but_for_gauges,
                                     figures_since_a_file_was_made_anew_are_all,
                                     figures_since_of_a_daemon_has_its_own_gauge,
                                     figures_failures_are_those_of_backends, figures_find_compares_all_names, NULL });
    return unit_run(suite);
}
