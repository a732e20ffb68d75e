#include "privileges.h"

#include <sys/prctl.h>
#include <sys/resource.h>

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

/* A field of /proc/self/status. */
static void expect_status(const char *field, const char *expected)
{
    char line[256];
    FILE *status = fopen("/proc/self/status", "r");

    ck_assert_ptr_nonnull(status);
    while (fgets(line, sizeof(line), status) != NULL && strncmp(line, field, strlen(field)) != 0)
        line[0] = '\0';
    fclose(status);
    ck_assert_ptr_nonnull(strchr(line, '\t'));
    ck_assert_str_eq(strchr(line, '\t'), expected);
}

static void (*const givers[])(void) = { drop_to_nobody_else, forget };

/* Whoever it is: also when it stays root. */
START_TEST(privileges_leave_no_capability)
{
    givers[_i]();
    expect_status("CapInh", "\t0000000000000000\n");
    expect_status("CapPrm", "\t0000000000000000\n");
    expect_status("CapEff", "\t0000000000000000\n");
    expect_status("CapAmb", "\t0000000000000000\n");
    if (geteuid() == 0) /* nobody else may shrink it, and has anything to lose */
        expect_status("CapBnd", "\t0000000000000000\n");
}
END_TEST

START_TEST(privileges_hide_memory_sets_the_limit_of_core_files)
{
    struct rlimit limit;

    privileges_hide_memory();
    ck_assert_int_eq(getrlimit(RLIMIT_CORE, &limit), 0);
    ck_assert_uint_eq(limit.rlim_cur, 0);
    ck_assert_uint_eq(limit.rlim_max, 0);
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
                                     privileges_hide_memory_sets_the_limit_of_core_files,
                                     privileges_drop_names_a_user_that_is_not_there, NULL });
    unit_add_loop(suite, "capabilities", privileges_leave_no_capability, UNIT_ROWS(givers));
    return unit_run(suite);
}
