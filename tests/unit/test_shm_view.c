#include "shm_view.h"

#include <errno.h>

#include "region_fixture.h"

static bool look(struct shm_view *view)
{
    return shm_view_open(view, fixture_directory, NAME, kind.layout, sizeof(struct region));
}

START_TEST(shm_view_shows_what_others_write)
{
    struct shm_view view;

    open_one(&shm);
    region()->value = 1;
    ck_assert(look(&view));
    ck_assert_uint_eq(view.bytes, BYTES);
    ck_assert_int_eq(((const struct region *)view.p)->value, 1);
    region()->value = 2;
    ck_assert_int_eq(((const struct region *)view.p)->value, 2);
    shm_view_close(&view);
    ck_assert_ptr_null(view.p);
    shm_close(&shm);
}
END_TEST

/* Else a daemon that starts meanwhile would not make the file anew when its size has changed. */
START_TEST(shm_view_does_not_count_as_one_who_has_it)
{
    struct shm_view view;

    leave_file();
    ck_assert(look(&view));
    open_one(&shm);
    ck_assert_int_eq(region()->recovered, 1);
    shm_close(&shm);
    shm_view_close(&view);
}
END_TEST

START_TEST(shm_view_waits_for_no_lock)
{
    struct shm_view view;

    open_one(&shm);
    ck_assert_int_eq(shm_lock(&region()->lock), SHM_LOCKED);
    ck_assert(look(&view));
    shm_view_close(&view);
    shm_unlock(&region()->lock);
    shm_close(&shm);
}
END_TEST

static void expect_error(int error)
{
    struct shm_view view;

    errno = 0;
    ck_assert(!look(&view));
    ck_assert_int_eq(errno, error);
}

START_TEST(shm_view_of_no_file_is_an_error)
{
    expect_error(ENOENT);
    ck_assert_int_eq(access(fixture_path(NAME), F_OK), -1);
}
END_TEST

START_TEST(shm_view_of_another_file_is_an_error)
{
    const uint32_t other = kind.layout + 1;

    ck_assert_int_eq(mkdir(fixture_path(NAME), 0700), 0);
    expect_error(EPROTO);
    ck_assert_int_eq(rmdir(fixture_path(NAME)), 0);
    ck_assert_int_eq(symlink("/etc/passwd", fixture_path(NAME)), 0);
    expect_error(ELOOP);
    ck_assert_int_eq(unlink(fixture_path(NAME)), 0);
    ck_assert_int_eq(mkfifo(fixture_path(NAME), 0600), 0);
    expect_error(EPROTO);
    ck_assert_int_eq(unlink(fixture_path(NAME)), 0);
    fixture_write(NAME, 0, "", 0);
    expect_error(EPROTO);
    leave_file();
    fixture_write(NAME, offsetof(struct shm_head, layout), &other, sizeof(other));
    expect_error(EPROTO);
    leave_file();
    fixture_write(NAME, 0, "other", 5);
    expect_error(EPROTO);
}
END_TEST

START_TEST(shm_view_of_a_file_that_is_too_short_is_an_error)
{
    leave_file();
    ck_assert_int_eq(truncate(fixture_path(NAME), sizeof(struct region) - 1), 0);
    expect_error(EPROTO);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("shm_view");
    TCase *tcase = unit_case("shm_view");

    tcase_add_unchecked_fixture(tcase, fixture_begin, fixture_end);
    tcase_add_checked_fixture(tcase, begin, NULL);
    tcase_add_test(tcase, shm_view_shows_what_others_write);
    tcase_add_test(tcase, shm_view_does_not_count_as_one_who_has_it);
    tcase_add_test(tcase, shm_view_waits_for_no_lock);
    tcase_add_test(tcase, shm_view_of_no_file_is_an_error);
    tcase_add_test(tcase, shm_view_of_another_file_is_an_error);
    tcase_add_test(tcase, shm_view_of_a_file_that_is_too_short_is_an_error);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
