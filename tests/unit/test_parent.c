#include "parent.h"

#include <sys/mman.h>
#include <time.h>
#include <sys/prctl.h>

#include "log_fixture.h"
#include "worker_fixture.h"

#define LONG_LIFE_MS (PARENT_EARLY_MS + 1)

/* Shared by all processes of a test: the clock, and what the parent was told. */
static struct shared {
    _Atomic int64_t now_ms;
    _Atomic bool flows; /* with the time of the wall, for pauses that nobody waits for */
    _Atomic int served;
} *shared;

static struct parent_setup setup;
static pid_t parent;
static int master; /* master's end of the status channel */
static bool holds_listener; /* as master does */

static int64_t shared_clock(void)
{
    struct timespec now = { 0 };

    if (shared->flows)
        timespec_get(&now, TIME_UTC);
    return shared->now_ms + (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void served(void)
{
    shared->served++;
}

static bool yes(void)
{
    return true;
}

static bool no(void)
{
    return false;
}

static void begin(void)
{
    fixture_setup_begin();
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    shared->now_ms = 1000000;
    clock_set_monotonic(shared_clock);
    setup = (struct parent_setup){ .worker = fixture_setup, .workers = 1, .status_fd = -1, .served = served,
                                   .may_reload = yes };
    fixture_log_begin();
}

static void end(void)
{
    fixture_log_end();
    clock_set_monotonic(NULL);
    munmap(shared, sizeof(*shared));
    fixture_setup_end();
}

/* The parent's exit status is what parent_run() gave. */
static void start(void)
{
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    parent_hold_signals(); /* inherited: none is lost before parent_run() */
    parent = fork();
    ck_assert_int_ge(parent, 0);
    if (parent == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* when the test fails */
        close(ends[0]);
        if (setup.standalone)
            close(ends[1]);
        else
            setup.status_fd = ends[1];
        _exit((int)parent_run(&setup));
    }
    close(ends[1]);
    master = ends[0];
    if (!holds_listener)
        listener_close(&fixture_listeners);
}

START_TEST(parent_tells_once_that_a_worker_served)
{
    start();
    for (int i = 0; i < 3; i++) {
        int client = fixture_connect();
        fixture_exchange(client, "hello\n");
        close(client);
    }
    ck_assert_int_eq(kill(parent, SIGTERM), 0);
    ck_assert_int_eq(fixture_wait(parent), PARENT_LEAVES);
    ck_assert_int_eq(shared->served, 1);
    close(master);
}
END_TEST

START_TEST(parent_replaces_a_worker_that_was_killed)
{
    start();
    int client = fixture_connect();
    pid_t first = fixture_exchange(client, "hello\n");
    shared->now_ms += LONG_LIFE_MS; /* it dies, but not early: no pause */
    ck_assert_int_eq(kill(first, SIGKILL), 0);
    ck_assert_str_eq(fixture_receive(client), "EOF");
    close(client);
    client = fixture_connect();
    pid_t second = fixture_exchange(client, "hello again\n");
    ck_assert_int_ne(second, first);
    ck_assert_int_ne(second, parent);
    kill(parent, SIGTERM);
    ck_assert_int_eq(fixture_wait(parent), PARENT_LEAVES);
    char *line = mem_format("warning: worker %d killed by signal 9\n", (int)first);
    ck_assert_int_eq(fixture_log_count(line), 1);
    mem_free(line);
    close(client);
    close(master);
}
END_TEST

START_TEST(parent_replaces_a_worker_that_exits)
{
    start();
    int client = fixture_connect();
    pid_t first = fixture_exchange(client, "hello\n");
    shared->now_ms += LONG_LIFE_MS;
    fixture_send(client, "die\n");
    ck_assert_str_eq(fixture_receive(client), "EOF");
    close(client);
    client = fixture_connect();
    ck_assert_int_ne(fixture_exchange(client, "hello\n"), first);
    ck_assert_int_eq(fixture_log_count(" exit status 1\n"), 1);
    kill(parent, SIGTERM);
    ck_assert_int_eq(fixture_wait(parent), PARENT_LEAVES);
    close(client);
    close(master);
}
END_TEST

START_TEST(parent_leaves_at_once_with_its_workers_on_sigterm_of_master)
{
    setup.workers = 2;
    start();
    int client = fixture_connect();
    fixture_exchange(client, "hello\n");
    fixture_send(client, "wait\n");
    kill(parent, SIGTERM);
    ck_assert_int_eq(fixture_wait(parent), PARENT_LEAVES);
    ck_assert_str_eq(fixture_receive(client), "EOF");
    ck_assert_int_eq(fixture_log_count("stopping\n"), 1);
    close(client);
    close(master);
}
END_TEST

/* The parent is gone, nobody listens, and yet the old worker serves whom it has. */
static void expect_handed_over(int fresh, int asked)
{
    ck_assert_int_eq(fixture_wait(parent), PARENT_LEAVES);
    ck_assert_int_eq(fixture_connect(), -1);
    ck_assert_str_eq(fixture_receive(asked), "EOF");
    fixture_exchange(fresh, "first\n");
    ck_assert_str_eq(fixture_receive(fresh), "EOF");
    close(fresh);
    close(asked);
}

START_TEST(parent_leaves_when_master_closes_the_status_channel)
{
    start();
    int fresh = fixture_connect();
    int asked = fixture_connect();
    fixture_exchange(asked, "hello\n");
    shared->flows = true;
    close(master);
    expect_handed_over(fresh, asked);
    ck_assert_int_eq(fixture_log_count("reload or stop of Postfix: leaving"), 1);
}
END_TEST

START_TEST(parent_leaves_on_sighup_under_master)
{
    start();
    int fresh = fixture_connect();
    int asked = fixture_connect();
    fixture_exchange(asked, "hello\n");
    kill(parent, SIGHUP);
    expect_handed_over(fresh, asked);
    close(master);
}
END_TEST

/* The client knows of the reload when it is closed: the connection that it makes then is for the successor. */
START_TEST(parent_closes_clients_after_all_listeners)
{
    holds_listener = true;
    setup.workers = 3;
    start();
    int client = fixture_connect();
    fixture_exchange(client, "hello\n");
    shared->flows = true;
    close(master);
    ck_assert_str_eq(fixture_receive(client), "EOF");
    close(client);
    client = fixture_connect();
    ck_assert_int_eq(fixture_wait(parent), PARENT_LEAVES);
    fixture_send(client, "hello\n");
    int successor = accept4(fixture_listeners.fds[0], NULL, NULL, SOCK_CLOEXEC);
    ck_assert_int_ge(successor, 0);
    ck_assert_str_eq(fixture_receive(successor), "hello\n");
    close(successor);
    close(client);
}
END_TEST

START_TEST(parent_standalone_waits_for_its_draining_workers)
{
    setup.standalone = true;
    start();
    int fresh = fixture_connect();
    int asked = fixture_connect();
    fixture_exchange(asked, "hello\n");
    kill(parent, SIGTERM);
    ck_assert_str_eq(fixture_receive(asked), "EOF");
    ck_assert_int_eq(waitpid(parent, NULL, WNOHANG), 0);
    fixture_exchange(fresh, "first\n");
    ck_assert_int_eq(fixture_wait(parent), PARENT_LEAVES);
    close(fresh);
    close(asked);
    close(master);
}
END_TEST

START_TEST(parent_standalone_kills_when_it_is_asked_twice)
{
    setup.standalone = true;
    start();
    int asked = fixture_connect();
    int waiting = fixture_connect();
    fixture_exchange(asked, "hello\n");
    fixture_exchange(waiting, "hello\n");
    fixture_send(waiting, "wait\n");
    kill(parent, SIGTERM);
    ck_assert_str_eq(fixture_receive(asked), "EOF");
    kill(parent, SIGINT);
    ck_assert_int_eq(fixture_wait(parent), PARENT_LEAVES);
    ck_assert_str_eq(fixture_receive(waiting), "EOF");
    close(asked);
    close(waiting);
    close(master);
}
END_TEST

START_TEST(parent_standalone_reloads_on_sighup)
{
    setup.standalone = true;
    start();
    int client = fixture_connect();
    fixture_exchange(client, "hello\n");
    kill(parent, SIGHUP);
    ck_assert_int_eq(fixture_wait(parent), PARENT_RELOADS);
    ck_assert_str_eq(fixture_receive(client), "EOF");
    close(client);
    close(master);
}
END_TEST

START_TEST(parent_standalone_does_not_reload_a_bad_configuration)
{
    setup.standalone = true;
    setup.may_reload = no;
    start();
    int client = fixture_connect();
    fixture_exchange(client, "hello\n");
    kill(parent, SIGHUP);
    fixture_exchange(client, "still here\n");
    close(client);
    kill(parent, SIGTERM);
    ck_assert_int_eq(fixture_wait(parent), PARENT_LEAVES);
    close(master);
}
END_TEST

/* Its workers cannot begin: each dies at once. The pauses between are short, and real. */
START_TEST(parent_fails_when_all_workers_die_early)
{
    clock_set_monotonic(NULL);
    setup.forget_privileges = no;
    setup.workers = 2;
    start();
    ck_assert_int_eq(fixture_wait(parent), PARENT_FAILED);
    ck_assert_int_eq(fixture_log_count("fatal: all workers die as soon as they start\n"), 1);
    ck_assert_int_ge(fixture_log_count("exit status 1\n"), 2 * PARENT_EARLY_DEATHS - 1);
    ck_assert_int_eq(shared->served, 0);
    close(master);
}
END_TEST

static void add(Suite *suite, const char *name, const TTest *const *tests)
{
    TCase *tcase = unit_case(name);

    tcase_add_unchecked_fixture(tcase, fixture_begin, fixture_end);
    tcase_add_checked_fixture(tcase, fixture_clear, NULL);
    tcase_add_checked_fixture(tcase, begin, end);
    for (; *tests != NULL; tests++)
        tcase_add_test(tcase, *tests);
    suite_add_tcase(suite, tcase);
}

int main(void)
{
    Suite *suite = suite_create("parent");

    add(suite, "crash",
        (const TTest *const[]){ parent_tells_once_that_a_worker_served, parent_replaces_a_worker_that_was_killed,
                                parent_replaces_a_worker_that_exits, parent_fails_when_all_workers_die_early, NULL });
    add(suite, "master",
        (const TTest *const[]){ parent_leaves_at_once_with_its_workers_on_sigterm_of_master,
                                parent_leaves_when_master_closes_the_status_channel,
                                parent_leaves_on_sighup_under_master, parent_closes_clients_after_all_listeners,
                                NULL });
    add(suite, "standalone",
        (const TTest *const[]){ parent_standalone_waits_for_its_draining_workers,
                                parent_standalone_kills_when_it_is_asked_twice, parent_standalone_reloads_on_sighup,
                                parent_standalone_does_not_reload_a_bad_configuration, NULL });
    return unit_run(suite);
}
