#include "stats.h"

#include "log_fixture.h"
#include "shm_fixture.h"

#define DAEMON    "pfx-socketmap"
#define PROCESSES 4
#define TURNS     50000
#define MANY      10000
#define SUMS_MAX  8

static struct stats *stats;

/* What stats_read() gave, with names of its own. */
static struct stats_sum sums[SUMS_MAX];
static char names[SUMS_MAX][STATS_NAME_MAX_BYTES * 3];
static int count;

static void keep(void *arg, const struct stats_sum *sum)
{
    ck_assert_ptr_eq(arg, &count);
    ck_assert_int_lt(count, SUMS_MAX);
    snprintf(names[count], sizeof(names[count]), "%s/%s/%s", sum->daemon, sum->section, sum->entry);
    sums[count++] = *sum;
}

static void read_all(int expected)
{
    count = 0;
    ck_assert(stats_read(fixture_directory, keep, &count));
    ck_assert_int_eq(count, expected);
}

static void count_only(void *arg, const struct stats_sum *sum)
{
    ck_assert_ptr_nonnull(sum->daemon);
    ++*(int *)arg;
}

static void begin(void)
{
    fixture_clear();
    fixture_log_begin();
    stats = stats_open(fixture_directory, DAEMON, 4);
    ck_assert_str_eq(fixture_log(), "");
}

static void end(void)
{
    stats_close(&stats);
    ck_assert_ptr_null(stats);
    fixture_log_end();
}

static struct stats_series *series(const char *entry, unsigned slot)
{
    struct stats_series *found = stats_series(stats, "socket_maps", entry, slot);
    ck_assert_ptr_nonnull(found);
    return found;
}

static void reopen(void)
{
    stats_close(&stats);
    stats = stats_open(fixture_directory, DAEMON, 4);
}

START_TEST(stats_counters_are_named_and_of_a_kind)
{
    ck_assert_str_eq(stats_counter_name(STATS_found), "found");
    ck_assert(!stats_counter_is_gauge(STATS_found));
    ck_assert_str_eq(stats_counter_name(STATS_in_flight), "in_flight");
    ck_assert(stats_counter_is_gauge(STATS_in_flight));
    ck_assert_str_eq(stats_counter_help(STATS_in_flight), "requests not yet answered");
    ck_assert_uint_le(STATS_DAEMON_COUNTERS, STATS_COUNTERS);
}
END_TEST

START_TEST(stats_read_sums_the_slots_in_the_order_of_names)
{
    struct stats *other = stats_open(fixture_directory, "pfx-policyd", 1);

    stats_add(series("users", 0), STATS_found, 2);
    stats_add(series("users", 1), STATS_found, 40);
    stats_add(series("aliases", 1), STATS_temp, 3);
    stats_add(series("", 0), STATS_DAEMON_WORKERS_STARTED, 5);
    stats_add(stats_series(stats, "another", "users", 0), STATS_found, 6);
    stats_add(stats_series(other, "policies", "users", 0), STATS_found, 7);
    read_all(5);
    ck_assert_str_eq(names[0], "pfx-policyd/policies/users");
    ck_assert_uint_eq(sums[0].counter[STATS_found], 7);
    ck_assert_str_eq(names[1], DAEMON "/another/users");
    ck_assert_uint_eq(sums[1].counter[STATS_found], 6);
    ck_assert_str_eq(names[2], DAEMON "/socket_maps/");
    ck_assert_uint_eq(sums[2].counter[STATS_DAEMON_WORKERS_STARTED], 5);
    ck_assert_str_eq(names[3], DAEMON "/socket_maps/aliases");
    ck_assert_uint_eq(sums[3].counter[STATS_temp], 3);
    ck_assert_str_eq(names[4], DAEMON "/socket_maps/users");
    ck_assert_uint_eq(sums[4].counter[STATS_found], 42);
    ck_assert_uint_eq(sums[4].counter[STATS_temp], 0);
    stats_close(&other);
}
END_TEST

START_TEST(stats_series_is_the_same_when_it_is_asked_for_again)
{
    struct stats *other = stats_open(fixture_directory, DAEMON, 4);
    struct stats_series *first = series("users", 0);

    ck_assert_ptr_eq(series("users", 0), first);
    ck_assert_ptr_ne(series("users", 1), first);
    ck_assert_ptr_ne(series("user", 0), first);
    stats_add(first, STATS_found, 1);
    stats_add(stats_series(other, "socket_maps", "users", 0), STATS_found, 1);
    ck_assert_uint_eq(first->counter[STATS_found], 2);
    read_all(2);
    stats_close(&other);
}
END_TEST

/* "ab" of section "c" is not "b" of section "ca". */
START_TEST(stats_names_do_not_run_into_each_other)
{
    ck_assert_ptr_ne(stats_series(stats, "ab", "c", 0), stats_series(stats, "a", "bc", 0));
    read_all(2);
}
END_TEST

START_TEST(stats_goes_on_after_reopening)
{
    stats_add(series("users", 3), STATS_found, 2);
    stats_time(series("users", 3), 7);
    reopen();
    stats_add(series("users", 3), STATS_found, 3);
    stats_time(series("users", 3), 8);
    read_all(1);
    ck_assert_uint_eq(sums[0].counter[STATS_found], 5);
    ck_assert_uint_eq(sums[0].bucket[3], 2);
    ck_assert_uint_eq(sums[0].sum_ms, 15);
}
END_TEST

START_TEST(stats_gauge_begins_at_zero_in_the_next_worker)
{
    stats_add(series("users", 0), STATS_in_flight, 3);
    stats_add(series("users", 1), STATS_in_flight, 1);
    read_all(1);
    ck_assert_uint_eq(sums[0].counter[STATS_in_flight], 4);
    series("users", 0);
    read_all(1);
    ck_assert_uint_eq(sums[0].counter[STATS_in_flight], 1);
}
END_TEST

/* The number of workers may be smaller now: nobody asks for their series again. */
START_TEST(stats_gauges_are_zero_when_all_workers_are_gone)
{
    stats_add(series("users", 0), STATS_found, 9);
    stats_add(series("users", 0), STATS_in_flight, 3);
    read_all(1);
    ck_assert_uint_eq(sums[0].counter[STATS_in_flight], 3);
    reopen();
    read_all(1);
    ck_assert_uint_eq(sums[0].counter[STATS_in_flight], 0);
    ck_assert_uint_eq(sums[0].counter[STATS_found], 9);
}
END_TEST

START_TEST(stats_gauge_of_a_daemon_is_another_than_that_of_an_entry)
{
    struct stats_series *daemon = series("", 0);

    stats_add(daemon, STATS_DAEMON_CONNECTIONS_OPEN, 3);
    stats_add(daemon, STATS_DAEMON_CONNECTIONS, 5);
    stats_add(series("users", 0), STATS_found, 4);
    ck_assert_ptr_eq(series("", 0), daemon);
    series("users", 0);
    read_all(2);
    ck_assert_uint_eq(sums[0].counter[STATS_DAEMON_CONNECTIONS_OPEN], 0);
    ck_assert_uint_eq(sums[0].counter[STATS_DAEMON_CONNECTIONS], 5);
    ck_assert_uint_eq(sums[1].counter[STATS_found], 4);
}
END_TEST

/* A predecessor still answers what it had begun, after its gauge was set to 0. */
START_TEST(stats_gauge_is_never_negative)
{
    stats_add(series("users", 0), STATS_in_flight, -2);
    read_all(1);
    ck_assert_uint_eq(sums[0].counter[STATS_in_flight], 0);
}
END_TEST

static const struct {
    const char *name;
    int64_t ms;
    unsigned bucket;
} times[] = {
    { "before it was asked", -1, 0 }, { "at once", 0, 0 },      { "a bound belongs to its bucket", 1, 0 },
    { "above a bound", 2, 1 },        { "between", 3, 2 },      { "the last bound", 10000, STATS_BUCKETS - 2 },
    { "no bound", 10001, STATS_BUCKETS - 1 }, { "for ever", INT64_MAX, STATS_BUCKETS - 1 },
};

START_TEST(stats_time_goes_into_its_bucket)
{
    stats_time(series("users", 0), times[_i].ms);
    read_all(1);
    for (unsigned i = 0; i < STATS_BUCKETS; i++)
        unit_expect(sums[0].bucket[i] == (i == times[_i].bucket), times[_i].name);
    unit_expect(sums[0].sum_ms == (times[_i].ms < 0 ? 0 : (uint64_t)times[_i].ms), times[_i].name);
}
END_TEST

START_TEST(stats_without_a_series_are_counted_nowhere)
{
    stats_add(NULL, STATS_found, 1);
    stats_time(NULL, 1);
    read_all(0);
}
END_TEST

START_TEST(stats_name_that_is_too_long_has_no_series)
{
    char name[STATS_NAME_MAX_BYTES + 1];

    memset(name, 'n', sizeof(name));
    name[STATS_NAME_MAX_BYTES] = '\0';
    ck_assert_ptr_null(stats_series(stats, "socket_maps", name, 0));
    ck_assert_ptr_null(stats_series(stats, name, "users", 0));
    name[STATS_NAME_MAX_BYTES - 1] = '\0';
    ck_assert_ptr_nonnull(stats_series(stats, "socket_maps", name, 0));
    read_all(1);
    ck_assert_str_eq(strrchr(names[0], '/') + 1, name);
}
END_TEST

static unsigned slot_in_a_child(const char *daemon)
{
    int channel;
    pid_t child = fixture_fork(&channel);
    unsigned slot;

    if (child == 0) {
        struct stats *own = stats_open(fixture_directory, daemon, 1);
        slot = stats_claim_slot(own, 99);
        fixture_say(channel, &slot, sizeof(slot));
        stats_close(&own);
        _exit(0);
    }
    fixture_hear(channel, &slot, sizeof(slot));
    fixture_join(child);
    close(channel);
    return slot;
}

START_TEST(stats_slot_is_the_lowest_of_its_daemon)
{
    ck_assert_uint_eq(stats_claim_slot(stats, 99), 0);
    ck_assert_uint_eq(slot_in_a_child(DAEMON), 1);
    ck_assert_uint_eq(slot_in_a_child(DAEMON), 1);
    ck_assert_uint_eq(slot_in_a_child("pfx-policyd"), 0);
}
END_TEST

START_TEST(stats_slot_that_nobody_has_holds_nothing_in_its_gauges)
{
    struct stats *other = stats_open(fixture_directory, "pfx-policyd", 1);

    stats_add(series("users", 0), STATS_in_flight, 3);
    stats_add(series("users", 7), STATS_in_flight, -2);
    stats_add(series("", 7), STATS_DAEMON_CONNECTIONS_OPEN, 5);
    stats_add(series("", 7), STATS_DAEMON_CONNECTIONS, 6);
    stats_add(stats_series(other, "policies", "users", 7), STATS_in_flight, 4);
    stats_claim_slot(stats, 99);
    read_all(3);
    ck_assert_uint_eq(sums[0].counter[STATS_in_flight], 4);
    ck_assert_uint_eq(sums[1].counter[STATS_DAEMON_CONNECTIONS_OPEN], 0);
    ck_assert_uint_eq(sums[1].counter[STATS_DAEMON_CONNECTIONS], 6);
    ck_assert_uint_eq(sums[2].counter[STATS_in_flight], 0);
    stats_close(&other);
}
END_TEST

/* Half of them the same for all, half of each alone: every addition arrives. */
START_TEST(stats_of_four_processes_sum_exactly)
{
    pid_t children[PROCESSES];
    int channels[PROCESSES];

    for (unsigned i = 0; i < PROCESSES; i++) {
        children[i] = fixture_fork(&channels[i]);
        if (children[i] == 0) {
            stats_enter(stats);
            struct stats_series *own = series("users", i), *shared = series("shared", 0);
            for (int turn = 0; turn < TURNS; turn++) {
                stats_add(own, STATS_found, 1);
                stats_add(shared, STATS_notfound, 1);
                stats_time(shared, 1);
            }
            _exit(0);
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        fixture_join(children[i]);
        close(channels[i]);
    }
    read_all(2);
    ck_assert_uint_eq(sums[0].counter[STATS_notfound], PROCESSES * TURNS);
    ck_assert_uint_eq(sums[0].sum_ms, PROCESSES * TURNS);
    ck_assert_uint_eq(sums[1].counter[STATS_found], PROCESSES * TURNS);
}
END_TEST

static void add_many(void)
{
    char entry[16];

    for (int n = 0; n < MANY; n++) {
        snprintf(entry, sizeof(entry), "%d", n);
        stats_add(series(entry, 0), STATS_found, 1);
    }
}

/* All add the same series at the same time, more than there was room for, and each is there once. */
START_TEST(stats_series_added_by_four_processes_are_there_once)
{
    pid_t children[PROCESSES];
    int channels[PROCESSES], read_back = 0;
    char entry[16];

    for (unsigned i = 0; i < PROCESSES; i++) {
        children[i] = fixture_fork(&channels[i]);
        if (children[i] == 0) {
            fixture_await(channels[i]);
            add_many();
            _exit(0);
        }
    }
    for (int i = 0; i < PROCESSES; i++)
        fixture_ready(channels[i]);
    for (int i = 0; i < PROCESSES; i++) {
        fixture_join(children[i]);
        close(channels[i]);
    }
    ck_assert(stats_read(fixture_directory, count_only, &read_back));
    ck_assert_int_eq(read_back, MANY);
    for (int n = 0; n < MANY; n++) {
        snprintf(entry, sizeof(entry), "%d", n);
        ck_assert_uint_eq(series(entry, 0)->counter[STATS_found], PROCESSES);
    }
    reopen();
    ck_assert_uint_eq(series("9999", 0)->counter[STATS_found], PROCESSES);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stats");
    TCase *tcase = unit_case("stats");

    tcase_add_unchecked_fixture(tcase, fixture_begin, fixture_end);
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, stats_counters_are_named_and_of_a_kind);
    tcase_add_test(tcase, stats_read_sums_the_slots_in_the_order_of_names);
    tcase_add_test(tcase, stats_series_is_the_same_when_it_is_asked_for_again);
    tcase_add_test(tcase, stats_names_do_not_run_into_each_other);
    tcase_add_test(tcase, stats_goes_on_after_reopening);
    tcase_add_test(tcase, stats_gauge_begins_at_zero_in_the_next_worker);
    tcase_add_test(tcase, stats_gauges_are_zero_when_all_workers_are_gone);
    tcase_add_test(tcase, stats_gauge_of_a_daemon_is_another_than_that_of_an_entry);
    tcase_add_test(tcase, stats_gauge_is_never_negative);
    tcase_add_loop_test(tcase, stats_time_goes_into_its_bucket, 0, UNIT_ROWS(times));
    tcase_add_test(tcase, stats_without_a_series_are_counted_nowhere);
    tcase_add_test(tcase, stats_name_that_is_too_long_has_no_series);
    tcase_add_test(tcase, stats_slot_is_the_lowest_of_its_daemon);
    tcase_add_test(tcase, stats_slot_that_nobody_has_holds_nothing_in_its_gauges);
    tcase_add_test(tcase, stats_of_four_processes_sum_exactly);
    tcase_add_test(tcase, stats_series_added_by_four_processes_are_there_once);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
