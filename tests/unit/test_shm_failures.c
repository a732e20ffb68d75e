#include "shm.h"

#include <sys/inotify.h>
#include <sys/resource.h>

#include "region_fixture.h"

#define OPENERS 4

static void expect_failure(const char *directory, const char *reason)
{
    ck_assert(!shm_open_file(&shm, directory, &kind, why));
    ck_assert_msg(strstr(why, reason) != NULL, "\"%s\" does not say \"%s\"", why, reason);
    ck_assert_ptr_null(shm.p);
    ck_assert_int_eq(shm.fd, -1);
}

static void lock_opener(int fd, short type)
{
    struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1 };
    ck_assert_int_eq(fcntl(fd, F_OFD_SETLK, &lock), 0);
}

START_TEST(shm_says_that_there_is_no_directory)
{
    expect_failure(fixture_path("nowhere"), "/nowhere/" NAME ": No such file or directory");
}
END_TEST

START_TEST(shm_says_that_the_directory_may_not_be_written)
{
    ck_assert_int_eq(chmod(fixture_directory, 0555), 0);
    if (geteuid() == 0)
        ck_assert_int_eq(seteuid(NOBODY), 0);
    expect_failure(fixture_directory, "Permission denied");
    if (getuid() == 0)
        ck_assert_int_eq(seteuid(0), 0);
    ck_assert_int_eq(chmod(fixture_directory, 0700), 0);
    ck_assert_int_eq(files(), 0);
}
END_TEST

START_TEST(shm_says_that_a_directory_has_its_name)
{
    ck_assert_int_eq(mkdir(fixture_path(NAME), 0700), 0);
    expect_failure(fixture_directory, "Is a directory");
    ck_assert_int_eq(files(), 1);
}
END_TEST

START_TEST(shm_says_that_there_is_no_space)
{
    const struct rlimit limit = { BYTES - 1, BYTES - 1 };
    struct stat status;

    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    expect_failure(fixture_directory, "File too large");
    ck_assert_int_eq(stat(fixture_path(NAME), &status), 0);
    ck_assert_int_eq(status.st_size, 0);
    ck_assert_int_eq(files(), 1);
}
END_TEST

START_TEST(shm_says_that_another_opener_does_not_come_to_an_end)
{
    leave_file();
    int fd = open(fixture_path(NAME), O_RDWR | O_CLOEXEC);
    lock_opener(fd, F_WRLCK);
    expect_failure(fixture_directory, "timed out");
    lock_opener(fd, F_UNLCK);
    open_one(&shm);
    ck_assert_int_eq(region()->value, 7);
    shm_close(&shm);
    close(fd);
}
END_TEST

/* A child has the file locked until somebody else opens it; then that name leads to another file. */
START_TEST(shm_waits_for_another_opener_and_takes_what_it_made)
{
    struct inotify_event event;
    int channel;

    leave_file();
    pid_t child = fixture_fork(&channel);
    if (child == 0) {
        int fd = open(fixture_path(NAME), O_RDWR | O_CLOEXEC);
        int watch = inotify_init1(IN_CLOEXEC);
        lock_opener(fd, F_WRLCK);
        ck_assert_int_ge(inotify_add_watch(watch, fixture_path(NAME), IN_OPEN), 0);
        fixture_ready(channel);
        ck_assert_int_gt(read(watch, &event, sizeof(event)), 0);
        unlink(fixture_path(NAME));
        lock_opener(fd, F_UNLCK);
        _exit(0);
    }
    fixture_await(channel);
    open_one(&shm);
    ck_assert_int_eq(region()->value, 0);
    fixture_join(child);
    shm_close(&shm);
}
END_TEST

/* All at once, and all have the same. */
START_TEST(shm_is_made_once_by_several_openers)
{
    int channels[OPENERS];
    pid_t children[OPENERS];
    ino_t inodes[OPENERS];
    struct stat status;

    for (int i = 0; i < OPENERS; i++) {
        children[i] = fixture_fork(&channels[i]);
        if (children[i] == 0) {
            fixture_await(channels[i]);
            open_one(&shm);
            ck_assert_int_eq(fstat(shm.fd, &status), 0);
            fixture_say(channels[i], &status.st_ino, sizeof(status.st_ino));
            fixture_await(channels[i]);
            _exit(0);
        }
    }
    for (int i = 0; i < OPENERS; i++)
        fixture_ready(channels[i]);
    for (int i = 0; i < OPENERS; i++)
        fixture_hear(channels[i], &inodes[i], sizeof(inodes[i]));
    for (int i = 0; i < OPENERS; i++) {
        ck_assert_uint_eq(inodes[i], inodes[0]);
        fixture_ready(channels[i]);
        fixture_join(children[i]);
    }
    ck_assert_int_eq(files(), 1);
}
END_TEST

/* What a new worker finds when somebody has cut the file short: memory of its own. */
START_TEST(shm_check_puts_fresh_memory_in_the_place_of_a_file_that_was_cut_short)
{
    const struct shm_head *head;

    open_one(&shm);
    region()->value = 7;
    ck_assert(shm_check(&shm, &kind));
    ck_assert_int_eq(region()->value, 7);
    ck_assert_int_eq(ftruncate(shm.fd, BYTES / 2), 0);
    ck_assert(!shm_check(&shm, &kind));
    head = shm.p;
    ck_assert_str_eq(head->kind, NAME);
    ck_assert_uint_eq(head->bytes, BYTES);
    ck_assert_int_eq(region()->made, 1);
    ck_assert_int_eq(region()->value, 0);
    ((char *)shm.p)[BYTES - 1] = 'x';
    ck_assert(shm_check(&shm, &kind));
    shm_close(&shm);
}
END_TEST

START_TEST(shm_anonymous_is_shared_with_children)
{
    int channel;

    shm_open_anonymous(&shm, &kind);
    ck_assert_uint_eq(shm.bytes, BYTES);
    ck_assert_int_eq(region()->made, 1);
    pid_t child = fixture_fork(&channel);
    if (child == 0) {
        ck_assert(shm_check(&shm, &kind));
        region()->value = 11;
        _exit(0);
    }
    fixture_join(child);
    ck_assert_int_eq(region()->value, 11);
    ck_assert_int_eq(files(), 0);
    shm_close(&shm);
    close(channel);
}
END_TEST

START_TEST(shm_grows_for_everybody_who_has_it)
{
    struct shm other;

    kind.max_bytes = MAX_BYTES;
    open_one(&shm);
    open_one(&other);
    ck_assert(shm_grow(&shm, BYTES));
    ck_assert(shm_grow(&shm, 3 * BYTES));
    ((char *)shm.p)[3 * BYTES - 1] = 'x';
    ck_assert(shm_check(&other, &kind));
    ck_assert(shm_grow(&other, 3 * BYTES));
    ck_assert_uint_eq(other.bytes, 3 * BYTES);
    ck_assert_int_eq(((char *)other.p)[3 * BYTES - 1], 'x');
    ck_assert(!shm_grow(&other, MAX_BYTES + 1));
    shm_close(&other);
    reopen();
    ck_assert_int_eq(region()->recovered, 1);
    ck_assert_uint_eq(region()->head.bytes, 3 * BYTES);
    ck_assert_int_eq(((char *)shm.p)[3 * BYTES - 1], 'x');
    shm_close(&shm);
}
END_TEST

START_TEST(shm_that_may_not_grow_does_not)
{
    open_one(&shm);
    ck_assert(shm_grow(&shm, BYTES));
    ck_assert(!shm_grow(&shm, BYTES + 1));
    shm_close(&shm);
}
END_TEST

START_TEST(shm_does_not_grow_without_space)
{
    const struct rlimit limit = { 2 * BYTES, 2 * BYTES };

    kind.max_bytes = MAX_BYTES;
    open_one(&shm);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert(!shm_grow(&shm, 2 * BYTES + 1));
    ck_assert_uint_eq(shm.bytes, BYTES);
    ck_assert(shm_grow(&shm, 2 * BYTES));
    shm_close(&shm);
}
END_TEST

START_TEST(shm_that_was_made_longer_in_vain_is_kept)
{
    kind.max_bytes = MAX_BYTES;
    leave_file();
    ck_assert_int_eq(truncate(fixture_path(NAME), 2 * BYTES), 0);
    open_one(&shm);
    ck_assert_int_eq(region()->value, 7);
    ck_assert_uint_eq(shm.bytes, 2 * BYTES);
    reopen();
    ck_assert_int_eq(ftruncate(shm.fd, BYTES), 0);
    shm_close(&shm);
    open_one(&shm);
    ck_assert_int_eq(region()->value, 0);
    shm_close(&shm);
}
END_TEST

START_TEST(shm_anonymous_has_all_that_it_may_grow_to)
{
    kind.max_bytes = MAX_BYTES;
    shm_open_anonymous(&shm, &kind);
    ck_assert(shm_grow(&shm, MAX_BYTES));
    ck_assert(!shm_grow(&shm, MAX_BYTES + 1));
    ((char *)shm.p)[MAX_BYTES - 1] = 'x';
    shm_close(&shm);
}
END_TEST

START_TEST(shm_check_minds_what_others_have_added)
{
    struct shm other;

    kind.max_bytes = MAX_BYTES;
    open_one(&shm);
    open_one(&other);
    ck_assert(shm_grow(&other, 2 * BYTES));
    ck_assert_int_eq(ftruncate(other.fd, BYTES), 0);
    ck_assert(!shm_check(&shm, &kind));
    ck_assert(shm_grow(&shm, MAX_BYTES));
    ((char *)shm.p)[MAX_BYTES - 1] = 'x';
    shm_close(&shm);
    shm_close(&other);
}
END_TEST

static void add(Suite *suite, const char *name, const TTest *const *tests)
{
    TCase *tcase = unit_case(name);

    tcase_add_unchecked_fixture(tcase, fixture_begin, fixture_end);
    tcase_add_checked_fixture(tcase, begin, NULL);
    for (; *tests != NULL; tests++)
        tcase_add_test(tcase, *tests);
    suite_add_tcase(suite, tcase);
}

int main(void)
{
    Suite *suite = suite_create("shm_failures");

    add(suite, "open",
        (const TTest *const[]){ shm_says_that_there_is_no_directory, shm_says_that_the_directory_may_not_be_written,
                                shm_says_that_a_directory_has_its_name, shm_says_that_there_is_no_space,
                                shm_says_that_another_opener_does_not_come_to_an_end,
                                shm_waits_for_another_opener_and_takes_what_it_made,
                                shm_is_made_once_by_several_openers, NULL });
    add(suite, "check",
        (const TTest *const[]){ shm_check_puts_fresh_memory_in_the_place_of_a_file_that_was_cut_short,
                                shm_check_minds_what_others_have_added, NULL });
    add(suite, "anonymous",
        (const TTest *const[]){ shm_anonymous_is_shared_with_children, shm_anonymous_has_all_that_it_may_grow_to,
                                NULL });
    add(suite, "grow",
        (const TTest *const[]){ shm_grows_for_everybody_who_has_it, shm_that_may_not_grow_does_not,
                                shm_does_not_grow_without_space, shm_that_was_made_longer_in_vain_is_kept, NULL });
    return unit_run(suite);
}
