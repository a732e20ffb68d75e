#include "sandbox.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "log_fixture.h"
#include "loop_fixture.h"
#include "mem.h"
#include "sandbox_fixture.h"

#define X32_BIT 0x40000000L /* of a system call of the x32 ABI */

/* Each test is a process of its own, and enters for good. */
static void enter(void)
{
    const char *why = "";

    fixture_log_begin();
    fixture_loop_begin();
    ck_assert_msg(sandbox_enter(&fixture_loop, &why), "%s", why);
}

static void leave(void)
{
    sandbox_leave(&fixture_loop);
    fixture_loop_end();
    fixture_log_end();
}

static int count_log(const char *name)
{
    char line[80];

    snprintf(line, sizeof(line), "warning: sandbox: refused the system call %s\n", name);
    fixture_turns(2);
    return fixture_log_count(line);
}

static void expect_refused(long result, const char *name)
{
    int error = errno;

    ck_assert_msg(result == -1 && error == EPERM, "%s: %ld, %s", name, result, strerror(error));
    ck_assert_msg(count_log(name) == 1, "%s: the log is \"%s\"", name, fixture_log());
}

#define CALL(name) { #name, SYS_##name }

static const struct {
    const char *name;
    long number;
} calls[] = {
    CALL(execve), CALL(execveat), CALL(process_vm_readv), CALL(process_vm_writev), CALL(kcmp), CALL(setuid),
    CALL(setgid), CALL(setreuid), CALL(setregid), CALL(setresuid), CALL(setresgid), CALL(setfsuid), CALL(setfsgid),
    CALL(setgroups), CALL(capset), CALL(personality), CALL(chroot), CALL(pivot_root), CALL(unshare), CALL(setns),
    CALL(mount), CALL(umount2), CALL(move_mount), CALL(open_tree), CALL(fsopen), CALL(fsconfig), CALL(fsmount),
    CALL(fspick), CALL(open_by_handle_at), CALL(mknodat), CALL(reboot), CALL(kexec_load), CALL(init_module),
    CALL(finit_module), CALL(delete_module), CALL(swapon), CALL(swapoff), CALL(acct), CALL(quotactl),
    CALL(sethostname), CALL(setdomainname), CALL(syslog), CALL(vhangup), CALL(settimeofday), CALL(clock_settime),
    CALL(adjtimex), CALL(clock_adjtime), CALL(bpf), CALL(perf_event_open), CALL(userfaultfd), CALL(io_uring_setup),
    CALL(io_uring_enter), CALL(io_uring_register), CALL(add_key), CALL(request_key), CALL(keyctl),
    CALL(fanotify_init), CALL(fanotify_mark),
#if !MEM_IS_SANITIZED
    CALL(ptrace),
#endif
#ifdef __x86_64__
    CALL(fork), CALL(vfork), CALL(iopl), CALL(ioperm), CALL(modify_ldt), CALL(mknod), CALL(kexec_file_load),
#endif
};

START_TEST(sandbox_enter_refuses_the_call_and_logs_its_name)
{
    enter();
    errno = 0;
    expect_refused(syscall(calls[_i].number, 0, 0, 0, 0, 0, 0), calls[_i].name);
    leave();
}
END_TEST

static const struct {
    const char *name;
    unsigned long flags; /* to the kernel these are nonsense, and no thread */
} namespaces[] = {
    { "mount", CLONE_THREAD | CLONE_NEWNS },    { "control groups", CLONE_THREAD | CLONE_NEWCGROUP },
    { "host name", CLONE_THREAD | CLONE_NEWUTS }, { "System V", CLONE_THREAD | CLONE_NEWIPC },
    { "users", CLONE_THREAD | CLONE_NEWUSER },  { "processes", CLONE_THREAD | CLONE_NEWPID },
    { "network", CLONE_THREAD | CLONE_NEWNET },
#if !MEM_IS_SANITIZED
    { "no namespace, but a process", SIGCHLD },
#endif
};

START_TEST(sandbox_enter_refuses_clone_of_anything_but_threads)
{
    enter();
    errno = 0;
    long result = syscall(SYS_clone, namespaces[_i].flags, 0, 0, 0, 0);
    if (result == 0)
        _exit(1);
    unit_expect(result == -1 && errno == EPERM, namespaces[_i].name);
    unit_expect(count_log("clone") == 1, namespaces[_i].name);
    leave();
}
END_TEST

START_TEST(sandbox_enter_refuses_other_socket_families)
{
    static const int own[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK };
    bool is_own[AF_MAX] = { false };

    enter();
    for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++) {
        int fd = socket(own[i], SOCK_DGRAM, 0);
        ck_assert_msg(fd >= 0 || errno != EPERM, "family %d", own[i]);
        close(fd);
        is_own[own[i]] = true;
    }
    ck_assert_int_eq(count_log("socket"), 0);
    for (int family = 0; family < AF_MAX; family++) {
        errno = 0;
        ck_assert_msg(is_own[family] || (socket(family, SOCK_STREAM, 0) == -1 && errno == EPERM), "family %d: %s",
                      family, strerror(errno));
    }
    expect_refused(socket(AF_VSOCK, SOCK_STREAM, 0), "socket");
    leave();
}
END_TEST

START_TEST(sandbox_enter_refuses_programs_and_lives)
{
    static char name[] = "true";
    static char *const arguments[] = { name, NULL };
    pid_t pid;

    enter();
    ck_assert_int_eq(posix_spawn(&pid, "/bin/true", NULL, NULL, arguments, NULL), EPERM);
    ck_assert_int_eq(WEXITSTATUS(system("true")), 127);
    ck_assert_ptr_null(popen("true", "r"));
    leave();
}
END_TEST

#ifdef __x86_64__
START_TEST(sandbox_enter_refuses_calls_of_other_architectures)
{
    enter();
    expect_refused(syscall(X32_BIT + SYS_getpid), "of another architecture");
    leave();
}
END_TEST
#endif

START_TEST(sandbox_enter_logs_a_name_once)
{
    enter();
    for (int i = 0; i < 3; i++)
        expect_refused(unshare(CLONE_NEWUSER), "unshare");
    expect_refused(setgid(0), "setgid");
    ck_assert_int_eq(fixture_log_count("\n"), 2);
    leave();
}
END_TEST

static void *try_in_thread(void *result)
{
    struct addrinfo *list = NULL;

    errno = 0;
    if (setns(STDIN_FILENO, 0) != -1 || errno != EPERM)
        *(const char **)result = "setns(2) is not refused";
    else if (getaddrinfo("localhost", "https", NULL, &list) != 0)
        *(const char **)result = "getaddrinfo(3) does not know localhost";
    else
        freeaddrinfo(list);
    return result;
}

START_TEST(sandbox_enter_holds_for_threads_that_start_later)
{
    pthread_t threads[4];
    const char *results[4] = { NULL };

    enter();
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, try_in_thread, &results[i]), 0);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        ck_assert_msg(results[i] == NULL, "%s", results[i]);
    }
    ck_assert_int_eq(count_log("setns"), 1);
    leave();
}
END_TEST

START_TEST(sandbox_enter_lets_nothing_gain_privileges)
{
    enter();
    ck_assert_int_eq(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
    ck_assert_int_eq(prctl(PR_GET_SECCOMP, 0, 0, 0, 0), 2);
    leave();
}
END_TEST

START_TEST(sandbox_enter_is_not_misled_by_the_signal)
{
    enter();
    errno = 0;
    ck_assert_int_eq(raise(SIGSYS), 0);
    ck_assert_int_eq(errno, 0);
    fixture_turns(2);
    ck_assert_str_eq(fixture_log(), "");
    leave();
}
END_TEST

START_TEST(sandbox_leave_ends_the_log_and_nothing_else)
{
    enter();
    sandbox_leave(&fixture_loop);
    sandbox_leave(&fixture_loop);
    int other = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); /* has the number of the one that was closed */
    eventfd_t count;
    ck_assert_int_eq(unshare(CLONE_NEWNS), -1);
    ck_assert_int_eq(errno, EPERM);
    ck_assert_int_eq(eventfd_read(other, &count), -1);
    close(other);
    leave();
}
END_TEST

START_TEST(sandbox_enter_without_filters_does_what_it_can)
{
    const char *why = NULL;

    fixture_refuse_filters(_i);
    fixture_loop_begin();
    ck_assert(!sandbox_enter(&fixture_loop, &why));
    ck_assert_ptr_nonnull(why);
    ck_assert_int_eq(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
    ck_assert_int_eq(unshare(0), 0);
    sandbox_leave(&fixture_loop);
    fixture_loop_end();
}
END_TEST

/* valgrind knows neither seccomp(2) nor most of what is refused. */
static TCase *add_case(Suite *suite, const char *name)
{
    TCase *tcase = unit_case(name);

    tcase_set_tags(tcase, "seccomp");
    suite_add_tcase(suite, tcase);
    return tcase;
}

int main(void)
{
    Suite *suite = suite_create("sandbox");

    tcase_add_loop_test(add_case(suite, "refused"), sandbox_enter_refuses_the_call_and_logs_its_name, 0,
                        UNIT_ROWS(calls));
    tcase_add_loop_test(add_case(suite, "clone"), sandbox_enter_refuses_clone_of_anything_but_threads, 0,
                        UNIT_ROWS(namespaces));
    TCase *enters = add_case(suite, "enter");
    tcase_add_test(enters, sandbox_enter_refuses_other_socket_families);
    tcase_add_test(enters, sandbox_enter_refuses_programs_and_lives);
#ifdef __x86_64__
    tcase_add_test(enters, sandbox_enter_refuses_calls_of_other_architectures);
#endif
    tcase_add_test(enters, sandbox_enter_logs_a_name_once);
    tcase_add_test(enters, sandbox_enter_holds_for_threads_that_start_later);
    tcase_add_test(enters, sandbox_enter_lets_nothing_gain_privileges);
    tcase_add_test(enters, sandbox_enter_is_not_misled_by_the_signal);
    tcase_add_test(enters, sandbox_leave_ends_the_log_and_nothing_else);
    TCase *without = add_case(suite, "without");
    tcase_add_loop_test(without, sandbox_enter_without_filters_does_what_it_can, EPERM, EPERM + 1);
    tcase_add_loop_test(without, sandbox_enter_without_filters_does_what_it_can, ENOSYS, ENOSYS + 1);
    return unit_run(suite);
}
