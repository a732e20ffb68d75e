#include "shm.h"

#include "region_fixture.h"

/* What was there is gone, and what came instead is good. */
static void expect_made_anew(void)
{
    open_one(&shm);
    ck_assert_int_eq(region()->made, 1);
    ck_assert_int_eq(region()->recovered, 0);
    ck_assert_int_eq(region()->value, 0);
    ck_assert_uint_eq(shm.bytes, kind.bytes);
    reopen();
    ck_assert_int_eq(region()->recovered, 1);
}

START_TEST(shm_makes_a_file_that_is_missing)
{
    struct stat status;

    expect_made_anew();
    ck_assert_int_eq(stat(fixture_path(NAME), &status), 0);
    ck_assert_int_eq(status.st_mode & 07777, 0600);
    ck_assert_int_eq(status.st_size, (off_t)BYTES);
    ck_assert_int_ge(status.st_blocks * 512, (blkcnt_t)BYTES);
    ck_assert_int_eq(files(), 1);
    ck_assert_str_eq(region()->head.kind, NAME);
    ck_assert_uint_eq(region()->head.bytes, BYTES);
    ck_assert(fcntl(shm.fd, F_GETFD) & FD_CLOEXEC);
    shm_close(&shm);
}
END_TEST

START_TEST(shm_outlives_who_had_it_and_is_recovered)
{
    leave_file();
    open_one(&shm);
    ck_assert_int_eq(region()->value, 7);
    ck_assert_int_eq(region()->recovered, 1);
    reopen();
    ck_assert_int_eq(region()->recovered, 2);
    shm_close(&shm);
    shm_close(&shm);
}
END_TEST

START_TEST(shm_is_shared_with_who_has_it_already)
{
    struct shm second;

    leave_file();
    open_one(&shm);
    open_one(&second);
    region()->value = 8;
    ck_assert_int_eq(((struct region *)second.p)->value, 8);
    ck_assert_int_eq(region()->recovered, 1);
    shm_close(&second);
    shm_close(&shm);
}
END_TEST

START_TEST(shm_is_not_alone_while_a_child_of_another_has_it)
{
    int channel;

    open_one(&shm);
    pid_t child = fixture_fork(&channel);
    if (child == 0) {
        fixture_await(channel);
        _exit(0);
    }
    reopen();
    ck_assert_int_eq(region()->recovered, 0);
    fixture_ready(channel);
    fixture_join(child);
    reopen();
    ck_assert_int_eq(region()->recovered, 1);
    shm_close(&shm);
}
END_TEST

START_TEST(shm_takes_the_place_of_a_symbolic_link)
{
    struct stat status;

    fixture_write("elsewhere", 0, "precious", 8);
    ck_assert_int_eq(symlink("elsewhere", fixture_path(NAME)), 0);
    expect_made_anew();
    ck_assert_int_eq(lstat(fixture_path(NAME), &status), 0);
    ck_assert(S_ISREG(status.st_mode));
    ck_assert_int_eq(stat(fixture_path("elsewhere"), &status), 0);
    ck_assert_int_eq(status.st_size, 8);
    shm_close(&shm);
}
END_TEST

START_TEST(shm_takes_the_place_of_a_pipe)
{
    ck_assert_int_eq(mkfifo(fixture_path(NAME), 0600), 0);
    expect_made_anew();
    shm_close(&shm);
}
END_TEST

/* Root gives the file away; anybody else finds one that may not be opened. */
START_TEST(shm_takes_the_place_of_a_file_of_another)
{
    leave_file();
    if (geteuid() == 0)
        ck_assert_int_eq(chown(fixture_path(NAME), NOBODY, NOBODY), 0);
    else
        ck_assert_int_eq(chmod(fixture_path(NAME), 0), 0);
    expect_made_anew();
    ck_assert_int_eq(files(), 1);
    shm_close(&shm);
}
END_TEST

static const off_t cut_sizes[] = { 0, 1, sizeof(struct shm_head), BYTES - 1 };

START_TEST(shm_makes_anew_what_was_cut_short)
{
    leave_file();
    ck_assert_int_eq(truncate(fixture_path(NAME), cut_sizes[_i]), 0);
    expect_made_anew();
    shm_close(&shm);
}
END_TEST

START_TEST(shm_makes_anew_what_is_longer_than_it_says)
{
    leave_file();
    ck_assert_int_eq(truncate(fixture_path(NAME), BYTES + 1), 0);
    expect_made_anew();
    shm_close(&shm);
}
END_TEST

START_TEST(shm_makes_anew_what_is_foreign)
{
    char junk[BYTES];

    memset(junk, 'x', sizeof(junk));
    fixture_write(NAME, 0, junk, sizeof(junk));
    expect_made_anew();
    shm_close(&shm);
}
END_TEST

START_TEST(shm_makes_anew_what_is_of_another_kind)
{
    leave_file();
    fixture_write(NAME, offsetof(struct shm_head, kind), "pfx-more", sizeof("pfx-more"));
    expect_made_anew();
    shm_close(&shm);
}
END_TEST

START_TEST(shm_makes_another_layout_beside_the_one_in_use)
{
    struct shm old;

    open_one(&old);
    kind.layout = 2;
    open_one(&shm);
    ck_assert_uint_eq(region()->head.layout, 2);
    ((struct region *)old.p)->value = 9;
    ck_assert_int_eq(region()->value, 0);
    ck_assert_int_eq(files(), 1);
    shm_close(&old);
    shm_close(&shm);
}
END_TEST

START_TEST(shm_has_another_size_when_nobody_has_the_old)
{
    leave_file();
    kind.bytes = 2 * BYTES;
    expect_made_anew();
    shm_close(&shm);
}
END_TEST

START_TEST(shm_keeps_its_size_while_somebody_has_it)
{
    struct shm old;

    open_one(&old);
    ((struct region *)old.p)->value = 7;
    kind.bytes = 2 * BYTES;
    open_one(&shm);
    ck_assert_uint_eq(shm.bytes, BYTES);
    ck_assert_int_eq(region()->value, 7);
    shm_close(&old);
    shm_close(&shm);
    expect_made_anew();
    shm_close(&shm);
}
END_TEST

START_TEST(shm_of_another_boot_is_recovered)
{
    leave_file();
    fixture_write(NAME, offsetof(struct shm_head, boot), OTHER_BOOT, sizeof(OTHER_BOOT));
    open_one(&shm);
    ck_assert_int_eq(region()->value, 7);
    ck_assert_int_eq(region()->recovered, 1);
    ck_assert_str_ne(region()->head.boot, OTHER_BOOT);
    shm_close(&shm);
}
END_TEST

START_TEST(shm_of_another_boot_and_yet_in_use_is_left_to_the_other_host)
{
    struct shm old;

    open_one(&old);
    fixture_write(NAME, offsetof(struct shm_head, boot), OTHER_BOOT, sizeof(OTHER_BOOT));
    expect_made_anew();
    shm_close(&old);
    shm_close(&shm);
}
END_TEST

static void expect_none_existing(const char *reason)
{
    ck_assert(!shm_open_existing(&shm, fixture_directory, &kind, why));
    ck_assert_msg(strstr(why, reason) != NULL, "%s", why);
    ck_assert_int_eq(shm.fd, -1);
}

START_TEST(shm_existing_is_used_as_it_is)
{
    struct shm old;

    leave_file();
    kind.bytes = 2 * BYTES;
    ck_assert_msg(shm_open_existing(&shm, fixture_directory, &kind, why), "%s", why);
    ck_assert_uint_eq(shm.bytes, BYTES);
    ck_assert_int_eq(region()->value, 7);
    ck_assert_int_eq(region()->recovered, 1); /* nobody else has it */
    old = shm;
    ck_assert_msg(shm_open_existing(&shm, fixture_directory, &kind, why), "%s", why);
    ck_assert_int_eq(region()->recovered, 1);
    ck_assert_int_eq(files(), 1);
    shm_close(&old);
    shm_close(&shm);
}
END_TEST

START_TEST(shm_existing_is_not_made)
{
    expect_none_existing("cannot open");
    ck_assert_int_eq(files(), 0);
    ck_assert_int_eq(symlink("elsewhere", fixture_path(NAME)), 0);
    expect_none_existing("cannot open");
    ck_assert_int_eq(files(), 1);
}
END_TEST

START_TEST(shm_existing_is_not_made_anew)
{
    struct stat before, after;

    leave_file();
    ck_assert_int_eq(stat(fixture_path(NAME), &before), 0);
    kind.layout = 2;
    expect_none_existing("not of this version");
    kind.layout = 1;
    if (geteuid() == 0) {
        ck_assert_int_eq(chown(fixture_path(NAME), NOBODY, NOBODY), 0);
        expect_none_existing("not of this version");
    }
    ck_assert_int_eq(stat(fixture_path(NAME), &after), 0);
    ck_assert_uint_eq(before.st_ino, after.st_ino);
    ck_assert_int_eq(files(), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("shm");
    TCase *tcase = unit_case("open");

    tcase_add_unchecked_fixture(tcase, fixture_begin, fixture_end);
    tcase_add_checked_fixture(tcase, begin, NULL);
    tcase_add_test(tcase, shm_makes_a_file_that_is_missing);
    tcase_add_test(tcase, shm_outlives_who_had_it_and_is_recovered);
    tcase_add_test(tcase, shm_is_shared_with_who_has_it_already);
    tcase_add_test(tcase, shm_is_not_alone_while_a_child_of_another_has_it);
    tcase_add_test(tcase, shm_takes_the_place_of_a_symbolic_link);
    tcase_add_test(tcase, shm_takes_the_place_of_a_pipe);
    tcase_add_test(tcase, shm_takes_the_place_of_a_file_of_another);
    tcase_add_loop_test(tcase, shm_makes_anew_what_was_cut_short, 0, UNIT_ROWS(cut_sizes));
    tcase_add_test(tcase, shm_makes_anew_what_is_longer_than_it_says);
    tcase_add_test(tcase, shm_makes_anew_what_is_foreign);
    tcase_add_test(tcase, shm_makes_anew_what_is_of_another_kind);
    tcase_add_test(tcase, shm_makes_another_layout_beside_the_one_in_use);
    tcase_add_test(tcase, shm_has_another_size_when_nobody_has_the_old);
    tcase_add_test(tcase, shm_keeps_its_size_while_somebody_has_it);
    tcase_add_test(tcase, shm_of_another_boot_is_recovered);
    tcase_add_test(tcase, shm_of_another_boot_and_yet_in_use_is_left_to_the_other_host);
    tcase_add_test(tcase, shm_existing_is_used_as_it_is);
    tcase_add_test(tcase, shm_existing_is_not_made);
    tcase_add_test(tcase, shm_existing_is_not_made_anew);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
