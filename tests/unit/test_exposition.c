#include "exposition.h"

#include <inttypes.h>

#include "log_fixture.h"
#include "shm_fixture.h"

#define ROOM_BYTES 100000

#define ENTRY_OF(name) "daemon=\"pfx-socketmap\",section=\"socket_maps\",entry=\"" name "\""
#define ENTRY          ENTRY_OF("users")

static struct exposition exposition;
static struct buf text;

static void begin(void)
{
    fixture_clear();
    fixture_log_begin();
    exposition = (struct exposition){ .is_up = true };
    buf_init(&text, ROOM_BYTES);
}

static void end(void)
{
    exposition_free(&exposition);
    ck_assert_ptr_null(exposition.sums);
    buf_free(&text);
    fixture_log_end();
}

static const char *written(void)
{
    buf_clear(&text);
    ck_assert(exposition_write(&exposition, &text));
    return buf_text(&text);
}

/* A whole line. */
static void expect_line(const char *line)
{
    char wanted[1000];

    snprintf(wanted, sizeof(wanted), "\n%s\n", line);
    ck_assert_msg(strstr(written(), wanted) != NULL, "no line '%s' in:\n%s", line, written());
}

static struct stats_sum entry_of(const char *name)
{
    return (struct stats_sum){ .daemon = "pfx-socketmap", .section = "socket_maps", .entry = name };
}

START_TEST(exposition_of_nothing_says_so)
{
    exposition.is_up = false;
    ck_assert_str_eq(written(), "# HELP pfx_build_info version of pfx that tells this\n"
                                "# TYPE pfx_build_info gauge\n"
                                "pfx_build_info{version=\"" PFX_VERSION "\"} 1\n"
                                "# HELP pfx_up whether the counters can be read\n"
                                "# TYPE pfx_up gauge\n"
                                "pfx_up 0\n");
}
END_TEST

/* A counter that is new in stats.def and in no family here would not be shown. */
START_TEST(exposition_shows_each_counter_once)
{
    struct stats_sum sum = entry_of("users");
    char wanted[100];

    for (unsigned i = 0; i < STATS_COUNTERS; i++)
        sum.counter[i] = 1000 + i;
    exposition_add(&exposition, &sum);
    for (unsigned i = 0; i < STATS_COUNTERS; i++) {
        snprintf(wanted, sizeof(wanted), "} %u\n", 1000 + i);
        const char *first = strstr(written(), wanted);
        ck_assert_msg(first != NULL, "%s is not shown", stats_counter_name((enum stats_counter)i));
        ck_assert_ptr_null(strstr(first + 1, wanted));
    }
}
END_TEST

START_TEST(exposition_names_results_causes_and_kinds)
{
    struct stats_sum sum = entry_of("users");

    sum.counter[STATS_found] = 3;
    sum.counter[STATS_perm] = UINT64_MAX;
    sum.counter[STATS_cache_stale] = 5;
    sum.counter[STATS_backend_not_resolved] = 6;
    sum.counter[STATS_backend_unexpected] = 7;
    sum.counter[STATS_backend_down] = 8;
    sum.counter[STATS_in_flight] = 9;
    exposition_add(&exposition, &sum);
    expect_line("# TYPE pfx_requests_total counter");
    expect_line("pfx_requests_total{" ENTRY ",result=\"found\"} 3");
    expect_line("pfx_requests_total{" ENTRY ",result=\"denied\"} 0");
    expect_line("pfx_requests_total{" ENTRY ",result=\"perm\"} 18446744073709551615");
    expect_line("pfx_cache_answers_total{" ENTRY ",kind=\"fresh\"} 0");
    expect_line("pfx_cache_answers_total{" ENTRY ",kind=\"stale\"} 5");
    expect_line("pfx_backend_failures_total{" ENTRY ",cause=\"not_resolved\"} 6");
    expect_line("pfx_backend_failures_total{" ENTRY ",cause=\"unexpected\"} 7");
    expect_line("pfx_backend_down_total{" ENTRY "} 8");
    expect_line("# TYPE pfx_requests_in_flight gauge");
    expect_line("# HELP pfx_requests_in_flight requests not yet answered");
    expect_line("pfx_requests_in_flight{" ENTRY "} 9");
}
END_TEST

START_TEST(exposition_of_times_is_cumulative_and_in_seconds)
{
    struct stats_sum sum = entry_of("users");

    sum.bucket[0] = 1;
    sum.bucket[2] = 10;
    sum.bucket[9] = 100;
    sum.bucket[STATS_BUCKETS - 1] = 1000;
    sum.sum_ms = 1234050;
    exposition_add(&exposition, &sum);
    expect_line("# TYPE pfx_request_duration_seconds histogram");
    expect_line("pfx_request_duration_seconds_bucket{" ENTRY ",le=\"0.001\"} 1");
    expect_line("pfx_request_duration_seconds_bucket{" ENTRY ",le=\"0.002\"} 1");
    expect_line("pfx_request_duration_seconds_bucket{" ENTRY ",le=\"0.005\"} 11");
    expect_line("pfx_request_duration_seconds_bucket{" ENTRY ",le=\"0.5\"} 11");
    expect_line("pfx_request_duration_seconds_bucket{" ENTRY ",le=\"1\"} 111");
    expect_line("pfx_request_duration_seconds_bucket{" ENTRY ",le=\"10\"} 111");
    expect_line("pfx_request_duration_seconds_bucket{" ENTRY ",le=\"+Inf\"} 1111");
    expect_line("pfx_request_duration_seconds_sum{" ENTRY "} 1234.05");
    expect_line("pfx_request_duration_seconds_count{" ENTRY "} 1111");
}
END_TEST

START_TEST(exposition_of_a_daemon_has_no_section_and_no_times)
{
    struct stats_sum sum = { .daemon = "pfx-policyd", .section = "", .entry = "" };

    for (unsigned i = 0; i < STATS_DAEMON_COUNTERS; i++)
        sum.counter[i] = 50 + i;
    exposition_add(&exposition, &sum);
    expect_line("# TYPE pfx_connections_open gauge");
    expect_line("# TYPE pfx_connections_total counter");
    expect_line("pfx_connections_open{daemon=\"pfx-policyd\"} 50");
    expect_line("pfx_connections_total{daemon=\"pfx-policyd\"} 51");
    expect_line("pfx_workers_started_total{daemon=\"pfx-policyd\"} 52");
    expect_line("pfx_malformed_requests_total{daemon=\"pfx-policyd\"} 53");
    expect_line("pfx_generations_total{daemon=\"pfx-policyd\"} 54");
    ck_assert_ptr_null(strstr(written(), "pfx_requests_total{"));
    ck_assert_ptr_null(strstr(written(), "seconds_count{"));
}
END_TEST

START_TEST(exposition_keeps_the_samples_of_a_family_together)
{
    const struct stats_sum daemon = { .daemon = "pfx-socketmap", .section = "", .entry = "" };
    const struct stats_sum one = entry_of("one"), other = entry_of("other");

    exposition_add(&exposition, &daemon);
    exposition_add(&exposition, &one);
    exposition_add(&exposition, &other);
    const char *first = strstr(written(), "\npfx_requests_total{" ENTRY_OF("one"));
    ck_assert_ptr_nonnull(first);
    const char *second = strstr(first, "\npfx_requests_total{" ENTRY_OF("other"));
    ck_assert_ptr_nonnull(second);
    ck_assert(strstr(first, "\n#") > second);
    ck_assert_ptr_null(strstr(second, "# TYPE pfx_requests_total "));
}
END_TEST

static const struct {
    const char *name;
    const char *entry;
    const char *label;
} names[] = {
    { "plain", "users", "users" },
    { "quote", "a\"b", "a\\\"b" },
    { "backslash", "a\\b\\", "a\\\\b\\\\" },
    { "line feed", "a\nb", "a\\nb" },
    { "braces", "a{b},c=\"", "a{b},c=\\\"" },
    { "UTF-8", "\xC3\xA4", "\xC3\xA4" },
    { "no UTF-8", "a\xE4\"", "a?\\\"" },
};

START_TEST(exposition_escapes_names)
{
    struct stats_sum sum = entry_of(names[_i].entry);
    char line[300];

    exposition_add(&exposition, &sum);
    snprintf(line, sizeof(line), "pfx_backend_requests_total{" ENTRY_OF("%s") "} 0", names[_i].label);
    expect_line(line);
}
END_TEST

START_TEST(exposition_of_the_longest_names_is_whole)
{
    char name[STATS_NAME_MAX_BYTES] = { 0 };

    memset(name, '"', sizeof(name) - 1);
    struct stats_sum sum = { .daemon = name, .section = name, .entry = name };
    exposition_add(&exposition, &sum);
    const size_t others = strlen("pfx_backend_requests_total{daemon=\"\",section=\"\",entry=\"\"} 0");
    const char *at = strstr(written(), "pfx_backend_requests_total{");
    ck_assert_uint_eq(strcspn(at, "\n"), others + 6 * (sizeof(name) - 1));
}
END_TEST

START_TEST(exposition_that_does_not_fit_is_refused)
{
    struct stats_sum sum = entry_of("users");

    exposition_add(&exposition, &sum);
    const size_t whole = strlen(written());
    for (size_t room = 0; room < whole; room += 7) {
        buf_free(&text);
        buf_init(&text, room);
        ck_assert(!exposition_write(&exposition, &text));
    }
    buf_free(&text);
    buf_init(&text, whole);
    ck_assert(exposition_write(&exposition, &text));
}
END_TEST

/* As pfx-metrics(8) promises: long names, and counters of years. */
START_TEST(exposition_of_ten_thousand_entries_fits)
{
    char name[100];

    for (unsigned i = 0; i < EXPOSITION_ENTRIES; i++) {
        snprintf(name, sizeof(name), "virtual_mailboxes_of_customer_%06u", i);
        struct stats_sum sum = entry_of(name);
        for (unsigned j = 0; j < STATS_COUNTERS; j++)
            sum.counter[j] = UINT32_MAX;
        for (unsigned j = 0; j < STATS_BUCKETS; j++)
            sum.bucket[j] = UINT32_MAX;
        exposition_add(&exposition, &sum);
    }
    buf_free(&text);
    buf_init(&text, EXPOSITION_MAX_BYTES);
    ck_assert(exposition_write(&exposition, &text));
}
END_TEST

START_TEST(exposition_reads_what_daemons_have_written)
{
    struct stats *stats = stats_open(fixture_directory, "pfx-socketmap", 4);
    struct cache *cache = cache_open(fixture_directory, CACHE_MIN_BYTES);
    const struct cache_answer answer = { CACHE_VALUE, 1000, INT64_MAX };

    stats_add(stats_series(stats, "socket_maps", "users", 0), STATS_found, 2);
    stats_add(stats_series(stats, "socket_maps", "users", 2), STATS_found, 40);
    cache_put(cache, CACHE_MAPS, SPAN("key"), SPAN("value"), &answer);
    exposition_read(&exposition, fixture_directory);
    expect_line("pfx_up 1");
    expect_line("pfx_requests_total{" ENTRY ",result=\"found\"} 42");
    expect_line("pfx_cache_records 1");
    expect_line("pfx_cache_evictions_total 0");
    cache_close(&cache);
    stats_close(&stats);
}
END_TEST

START_TEST(exposition_of_the_cache_is_what_the_cache_says)
{
    struct cache *cache = cache_open(fixture_directory, CACHE_MIN_BYTES);
    const struct cache_answer answer = { CACHE_VALUE, 1000, INT64_MAX };
    static char value[4000];
    struct cache_state state;
    char key[20];

    for (int i = 0; i < 1000; i++) {
        int n = snprintf(key, sizeof(key), "key%d", i);
        cache_put(cache, CACHE_MAPS, span_make(key, (size_t)n), span_make(value, sizeof(value)), &answer);
    }
    cache_describe(cache, &state);
    ck_assert_uint_gt(state.evictions, 0);
    exposition_read(&exposition, fixture_directory);
    ck_assert(exposition.has_cache);
    ck_assert_uint_eq(exposition.cache.bytes, state.bytes);
    ck_assert_uint_eq(exposition.cache.used_bytes, state.used_bytes);
    ck_assert_uint_eq(exposition.cache.records, state.records);
    ck_assert_uint_eq(exposition.cache.evictions, state.evictions);
    ck_assert_uint_eq(exposition.cache.repairs, state.repairs);
    ck_assert_uint_eq(exposition.cache.clears, state.clears);
    cache_close(&cache);
}
END_TEST

START_TEST(exposition_reads_a_directory_without_files)
{
    exposition_read(&exposition, fixture_directory);
    ck_assert(!exposition.is_up);
    ck_assert(!exposition.has_cache);
    ck_assert_ptr_null(strstr(written(), "pfx_cache"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("exposition");
    TCase *tcase = unit_case("exposition");

    tcase_add_unchecked_fixture(tcase, fixture_begin, fixture_end);
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, exposition_of_nothing_says_so);
    tcase_add_test(tcase, exposition_shows_each_counter_once);
    tcase_add_test(tcase, exposition_names_results_causes_and_kinds);
    tcase_add_test(tcase, exposition_of_times_is_cumulative_and_in_seconds);
    tcase_add_test(tcase, exposition_of_a_daemon_has_no_section_and_no_times);
    tcase_add_test(tcase, exposition_keeps_the_samples_of_a_family_together);
    tcase_add_loop_test(tcase, exposition_escapes_names, 0, UNIT_ROWS(names));
    tcase_add_test(tcase, exposition_of_the_longest_names_is_whole);
    tcase_add_test(tcase, exposition_that_does_not_fit_is_refused);
    tcase_add_test(tcase, exposition_of_ten_thousand_entries_fits);
    tcase_add_test(tcase, exposition_reads_what_daemons_have_written);
    tcase_add_test(tcase, exposition_of_the_cache_is_what_the_cache_says);
    tcase_add_test(tcase, exposition_reads_a_directory_without_files);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
