#include "clock.h"

#include "unit.h"

static int64_t test_now_ms;

static int64_t test_clock(void)
{
    return test_now_ms;
}

START_TEST(clock_set_monotonic_replaces_the_clock_until_null)
{
    int64_t before = clock_monotonic_ms();

    clock_set_monotonic(test_clock);
    test_now_ms = -5;
    ck_assert_int_eq(clock_monotonic_ms(), -5);
    test_now_ms = INT64_MAX;
    ck_assert_int_eq(clock_monotonic_ms(), INT64_MAX);

    clock_set_monotonic(NULL);
    ck_assert_int_ge(clock_monotonic_ms(), before);
    ck_assert_int_lt(clock_monotonic_ms(), INT64_MAX);
}
END_TEST

START_TEST(clock_set_monotonic_leaves_wall_time)
{
    const int64_t start_of_2024_ms = 1704067200000;
    const int64_t start_of_2200_ms = 7258118400000;

    clock_set_monotonic(test_clock);
    ck_assert_int_gt(clock_wall_ms(), start_of_2024_ms);
    ck_assert_int_lt(clock_wall_ms(), start_of_2200_ms);
}
END_TEST

START_TEST(clock_set_wall_replaces_the_other_clock_until_null)
{
    const int64_t start_of_2024_ms = 1704067200000;

    clock_set_wall(test_clock);
    test_now_ms = 5;
    ck_assert_int_eq(clock_wall_ms(), 5);
    ck_assert_int_ne(clock_monotonic_ms(), 5);
    clock_set_wall(NULL);
    ck_assert_int_gt(clock_wall_ms(), start_of_2024_ms);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("clock");

    unit_add(suite, "clock",
             (const TTest *const[]){ clock_set_monotonic_replaces_the_clock_until_null,
                                     clock_set_monotonic_leaves_wall_time,
                                     clock_set_wall_replaces_the_other_clock_until_null, NULL });
    return unit_run(suite);
}
