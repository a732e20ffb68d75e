#include "privileges.h"

#include <sys/prctl.h>

#include "unit.h"

/* The process is not one of the test's own when check(3) does not fork, so it is put back. */
static void expect_hidden_after(void (*call)(void))
{
    int before = prctl(PR_GET_DUMPABLE);

    ck_assert_int_eq(prctl(PR_SET_DUMPABLE, 1), 0);
    call();
    int hidden = prctl(PR_GET_DUMPABLE);
    ck_assert_int_eq(prctl(PR_SET_DUMPABLE, before == 0 ? 0 : 1), 0);
    ck_assert_int_eq(hidden, 0);
}

static void forget(void)
{
    ck_assert(privileges_forget());
}

static void drop_to_nobody_else(void)
{
    char why[PRIVILEGES_REASON_MAX_BYTES];
    ck_assert_msg(privileges_drop(NULL, false, false, why), "%s", why);
}

START_TEST(privileges_hide_memory_leaves_no_core_and_lets_nobody_look)
{
    expect_hidden_after(privileges_hide_memory);
}
END_TEST

START_TEST(privileges_forget_hides_memory_again)
{
    expect_hidden_after(forget);
}
END_TEST

START_TEST(privileges_drop_hides_memory_again)
{
    expect_hidden_after(drop_to_nobody_else);
}
END_TEST

START_TEST(privileges_drop_names_a_user_that_is_not_there)
{
    char why[PRIVILEGES_REASON_MAX_BYTES] = "";

    ck_assert(!privileges_drop("no such user", false, false, why));
    ck_assert_ptr_nonnull(strstr(why, "no such user"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("privileges");

    unit_add(suite, "memory",
             (const TTest *const[]){ privileges_hide_memory_leaves_no_core_and_lets_nobody_look,
                                     privileges_forget_hides_memory_again, privileges_drop_hides_memory_again,
                                     privileges_drop_names_a_user_that_is_not_there, NULL });
    return unit_run(suite);
}
