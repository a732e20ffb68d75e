#include "stats.h"

#include <sys/resource.h>

#include "log_fixture.h"
#include "mem.h"
#include "shm.h"
#include "shm_fixture.h"

#define DAEMON "pfx-socketmap"
#define CHAINS 8192 /* of stats.c */

/* How a region begins. */
struct view {
    struct shm_head head;
    struct shm_lock lock;
    _Atomic uint32_t records;
    _Atomic uint32_t first[];
};

static struct stats *stats;
static int count;
static uint64_t found;

static void sum_up(void *arg, const struct stats_sum *sum)
{
    (void)arg;
    count++;
    found += sum->counter[STATS_found];
}

static void expect_read(int expected_count, uint64_t expected_found)
{
    count = 0;
    found = 0;
    ck_assert(stats_read(fixture_directory, sum_up, NULL));
    ck_assert_int_eq(count, expected_count);
    ck_assert_uint_eq(found, expected_found);
}

static void expect_nothing_to_read(void)
{
    ck_assert(!stats_read(fixture_directory, sum_up, NULL));
    ck_assert_int_eq(count, 0);
}

static void open_file(void)
{
    stats = stats_open(fixture_directory, DAEMON, 4);
}

static struct stats_series *series(const char *entry)
{
    return stats_series(stats, "socket_maps", entry, 0);
}

/* Two entries with 1 and 10 found, and nobody has the file. */
static void leave_file(void)
{
    open_file();
    stats_add(series("aliases"), STATS_found, 1);
    stats_add(series("users"), STATS_found, 10);
    stats_close(&stats);
}

static void begin(void)
{
    fixture_clear();
    fixture_log_begin();
}

static void end(void)
{
    stats_close(&stats);
    fixture_log_end();
}

static off_t offset_of(const char *text)
{
    struct stat status;
    int fd = open(fixture_path(STATS_FILE), O_RDONLY | O_CLOEXEC);

    ck_assert_int_eq(fstat(fd, &status), 0);
    char *map = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, fd, 0);
    ck_assert_ptr_ne(map, MAP_FAILED);
    const char *at = memmem(map, (size_t)status.st_size, text, strlen(text) + 1);
    ck_assert_ptr_nonnull(at);
    close(fd);
    off_t offset = at - map;
    munmap(map, (size_t)status.st_size);
    return offset;
}

START_TEST(stats_read_says_that_there_is_no_file)
{
    expect_nothing_to_read();
    ck_assert_int_eq(access(fixture_path(STATS_FILE), F_OK), -1);
}
END_TEST

START_TEST(stats_read_takes_no_foreign_file)
{
    char junk[65536];

    memset(junk, 'x', sizeof(junk));
    fixture_write(STATS_FILE, 0, "", 0);
    expect_nothing_to_read();
    fixture_write(STATS_FILE, 0, junk, 100);
    expect_nothing_to_read();
    fixture_write(STATS_FILE, 0, junk, sizeof(junk));
    expect_nothing_to_read();
}
END_TEST

START_TEST(stats_read_follows_no_symbolic_link)
{
    leave_file();
    char *path = mem_format("%s/elsewhere", fixture_directory);
    ck_assert_int_eq(rename(fixture_path(STATS_FILE), path), 0);
    ck_assert_int_eq(symlink("elsewhere", fixture_path(STATS_FILE)), 0);
    mem_free(path);
    expect_nothing_to_read();
}
END_TEST

START_TEST(stats_read_takes_no_other_layout)
{
    const uint32_t layout = 0;

    leave_file();
    expect_read(2, 11);
    fixture_write(STATS_FILE, offsetof(struct shm_head, layout), &layout, sizeof(layout));
    count = 0;
    expect_nothing_to_read();
}
END_TEST

START_TEST(stats_read_of_a_file_that_was_cut_gives_what_is_left)
{
    leave_file();
    ck_assert_int_eq(truncate(fixture_path(STATS_FILE), offset_of("users")), 0);
    expect_read(1, 1);
}
END_TEST

START_TEST(stats_without_a_directory_are_in_memory)
{
    static const char *const none[] = { NULL, "" };
    int channel;

    stats = stats_open(none[_i], DAEMON, 4);
    ck_assert_str_eq(fixture_log(), "");
    struct stats_series *shared = series("users");
    pid_t child = fixture_fork(&channel);
    if (child == 0) {
        stats_enter(stats);
        stats_add(series("users"), STATS_found, 5);
        _exit(0);
    }
    fixture_join(child);
    ck_assert_uint_eq(shared->counter[STATS_found], 5);
    close(channel);
}
END_TEST

START_TEST(stats_in_a_directory_that_is_not_there_are_in_memory)
{
    stats = stats_open("/nowhere", DAEMON, 4);
    fixture_expect_match(fixture_log(), ".*warning: .*/nowhere/pfx-stats: No such file or directory: "
                                        "counters are in memory only\n");
    stats_add(series("users"), STATS_found, 1);
    ck_assert_uint_eq(series("users")->counter[STATS_found], 1);
}
END_TEST

START_TEST(stats_tell_that_there_is_no_space_for_all)
{
    struct stat status;
    char entry[16];
    int none = 0;

    leave_file();
    ck_assert_int_eq(stat(fixture_path(STATS_FILE), &status), 0);
    const struct rlimit limit = { (rlim_t)status.st_size, (rlim_t)status.st_size };
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    stats = stats_open(fixture_directory, DAEMON, 1000);
    fixture_expect_match(fixture_log(), ".*warning: no room for 1000 series in pfx-stats: "
                                        "some counters are not kept\n");
    for (int i = 0; i < 1000; i++) {
        snprintf(entry, sizeof(entry), "%d", i);
        none += series(entry) == NULL;
    }
    ck_assert_int_gt(none, 0);
    ck_assert_int_lt(none, 1000);
    ck_assert_uint_eq(series("users")->counter[STATS_found], 10);
    expect_read(2 + 1000 - none, 11);
}
END_TEST

START_TEST(stats_have_so_many_series_and_no_more)
{
    char entry[16];

    stats = stats_open("", DAEMON, 1);
    for (int i = 0; i < STATS_SERIES_MAX; i++) {
        snprintf(entry, sizeof(entry), "%d", i);
        ck_assert_ptr_nonnull(series(entry));
    }
    ck_assert_ptr_null(series("one too many"));
    ck_assert_ptr_nonnull(series("65535"));
}
END_TEST

START_TEST(stats_in_a_file_that_was_cut_short_are_in_memory_of_a_new_worker)
{
    int channel;

    open_file();
    ck_assert_int_eq(truncate(fixture_path(STATS_FILE), 100), 0);
    pid_t child = fixture_fork(&channel);
    if (child == 0) {
        stats_enter(stats);
        stats_add(series("users"), STATS_found, 1);
        ck_assert_uint_eq(series("users")->counter[STATS_found], 1);
        _exit(0);
    }
    fixture_join(child);
    fixture_expect_match(fixture_log(), ".*warning: pfx-stats was cut short: counters are in memory only\n");
    close(channel);
}
END_TEST

START_TEST(stats_are_added_after_a_process_was_killed_that_did)
{
    int channel;

    leave_file();
    open_file();
    int fd = open(fixture_path(STATS_FILE), O_RDWR | O_CLOEXEC);
    struct view *view = mmap(NULL, sizeof(*view), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ck_assert_str_eq(view->head.kind, STATS_FILE);
    pid_t child = fixture_fork(&channel);
    if (child == 0) {
        if (shm_lock(&view->lock) == SHM_LOCKED)
            fixture_ready(channel);
        fixture_await(channel);
    }
    fixture_await(channel);
    fixture_kill(child);
    stats_add(series("third"), STATS_found, 100);
    stats_add(series("fourth"), STATS_found, 1000);
    expect_read(4, 1111);
    munmap(view, sizeof(*view));
    close(fd);
    close(channel);
}
END_TEST

/* One that was killed after it had counted its record, and before anybody could find it. */
START_TEST(stats_of_a_record_that_was_not_linked_are_found_by_the_next_opener)
{
    const uint32_t nothing[CHAINS] = { 0 };

    leave_file();
    fixture_write(STATS_FILE, offsetof(struct view, first), nothing, sizeof(nothing));
    open_file();
    ck_assert_uint_eq(series("users")->counter[STATS_found], 10);
    expect_read(2, 11);
}
END_TEST

START_TEST(stats_links_that_were_scribbled_on_are_made_anew)
{
    char junk[CHAINS * sizeof(uint32_t)];

    leave_file();
    memset(junk, 0x41, sizeof(junk));
    fixture_write(STATS_FILE, offsetof(struct view, first), junk, sizeof(junk));
    open_file();
    ck_assert_uint_eq(series("aliases")->counter[STATS_found], 1);
    ck_assert_uint_eq(series("users")->counter[STATS_found], 10);
}
END_TEST

/* While it is open. The link of a record stands before its slot, and that before the name of the daemon. */
START_TEST(stats_links_that_lead_nowhere_or_in_a_ring_come_to_an_end)
{
    static const uint32_t bad[] = { 0x41414141, 1 };
    static uint32_t links[CHAINS];

    leave_file();
    open_file();
    for (size_t i = 0; i < CHAINS; i++)
        links[i] = bad[_i];
    fixture_write(STATS_FILE, offsetof(struct view, first), links, sizeof(links));
    fixture_write(STATS_FILE, offset_of(DAEMON) - 2 * (off_t)sizeof(uint32_t), &bad[_i], sizeof(bad[_i]));
    ck_assert_ptr_nonnull(series("third"));
    expect_read(3, 11);
}
END_TEST

START_TEST(stats_count_of_records_that_was_scribbled_on_is_made_smaller)
{
    const uint32_t many = 0xffffffff;

    leave_file();
    fixture_write(STATS_FILE, offsetof(struct view, records), &many, sizeof(many));
    expect_read(2, 11);
    open_file();
    ck_assert_uint_eq(series("users")->counter[STATS_found], 10);
    ck_assert_ptr_nonnull(series("third"));
    expect_read(3, 11);
}
END_TEST

/* An exposition with such a name would not be text: Prometheus would take none of it. */
START_TEST(stats_record_whose_name_is_no_text_is_dropped)
{
    static const char names[][6] = { "us\xE9rs", "us\nrs" };

    leave_file();
    fixture_write(STATS_FILE, offset_of("users"), names[_i], strlen(names[_i]));
    expect_read(1, 1);
    open_file();
    stats_add(series("users"), STATS_found, 5);
    expect_read(2, 6);
}
END_TEST

START_TEST(stats_record_with_an_endless_name_is_dropped)
{
    char endless[STATS_NAME_MAX_BYTES];

    leave_file();
    memset(endless, 'x', sizeof(endless));
    fixture_write(STATS_FILE, offset_of("users"), endless, sizeof(endless));
    expect_read(1, 1);
    open_file();
    ck_assert_uint_eq(series("users")->counter[STATS_found], 0);
    ck_assert_uint_eq(series("aliases")->counter[STATS_found], 1);
    expect_read(2, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stats_damage");
    TCase *tcase = unit_case("stats");

    tcase_add_unchecked_fixture(tcase, fixture_begin, fixture_end);
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, stats_read_says_that_there_is_no_file);
    tcase_add_test(tcase, stats_read_takes_no_foreign_file);
    tcase_add_test(tcase, stats_read_follows_no_symbolic_link);
    tcase_add_test(tcase, stats_read_takes_no_other_layout);
    tcase_add_test(tcase, stats_read_of_a_file_that_was_cut_gives_what_is_left);
    tcase_add_loop_test(tcase, stats_without_a_directory_are_in_memory, 0, 2);
    tcase_add_test(tcase, stats_in_a_directory_that_is_not_there_are_in_memory);
    tcase_add_test(tcase, stats_tell_that_there_is_no_space_for_all);
    tcase_add_test(tcase, stats_have_so_many_series_and_no_more);
    tcase_add_test(tcase, stats_in_a_file_that_was_cut_short_are_in_memory_of_a_new_worker);
    tcase_add_test(tcase, stats_are_added_after_a_process_was_killed_that_did);
    tcase_add_test(tcase, stats_of_a_record_that_was_not_linked_are_found_by_the_next_opener);
    tcase_add_test(tcase, stats_links_that_were_scribbled_on_are_made_anew);
    tcase_add_loop_test(tcase, stats_links_that_lead_nowhere_or_in_a_ring_come_to_an_end, 0, 2);
    tcase_add_test(tcase, stats_count_of_records_that_was_scribbled_on_is_made_smaller);
    tcase_add_loop_test(tcase, stats_record_whose_name_is_no_text_is_dropped, 0, 2);
    tcase_add_test(tcase, stats_record_with_an_endless_name_is_dropped);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
