#include "worker.h"

#include "log_fixture.h"
#include "sandbox_fixture.h"
#include "worker_fixture.h"

static pid_t worker;
static int control; /* the parent's end */

static void start(void)
{
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    worker = fork();
    ck_assert_int_ge(worker, 0);
    if (worker == 0) {
        close(ends[0]);
        _exit(worker_run(&fixture_setup, ends[1], 0));
    }
    close(ends[1]);
    control = ends[0];
    listener_close(&fixture_listeners);
}

static void stop(void)
{
    shutdown(control, SHUT_WR);
    ck_assert_int_eq(fixture_wait(worker), 0);
    close(control);
}

static void hear(char what)
{
    const char *text = fixture_receive(control);

    ck_assert_uint_eq(strlen(text), 1);
    ck_assert_int_eq(text[0], what);
}

START_TEST(worker_says_once_that_it_served)
{
    start();
    int client = fixture_connect();
    ck_assert_int_eq(fixture_exchange(client, "one\n"), worker);
    ck_assert_int_eq(fixture_exchange(client, "two\n"), worker);
    hear(WORKER_SERVED);
    close(client);
    stop();
}
END_TEST

START_TEST(worker_closes_its_listeners_before_it_says_so)
{
    start();
    int client = fixture_connect();
    fixture_exchange(client, "one\n");
    hear(WORKER_SERVED);
    fixture_send(control, (char[]){ WORKER_STOP_LISTENING, '\0' });
    hear(WORKER_STOPPED);
    ck_assert_int_eq(fixture_connect(), -1);
    fixture_exchange(client, "still served\n");
    stop();
    ck_assert_str_eq(fixture_receive(client), "EOF");
    close(client);
}
END_TEST

START_TEST(worker_drains_at_the_end_of_its_control_channel)
{
    start();
    int asked = fixture_connect();
    int fresh = fixture_connect();
    fixture_exchange(asked, "one\n");
    int behind = fixture_connect();
    fixture_exchange(behind, "the worker has accepted all three\n");
    shutdown(control, SHUT_WR);
    ck_assert_str_eq(fixture_receive(asked), "EOF");
    ck_assert_str_eq(fixture_receive(behind), "EOF");
    ck_assert_int_eq(fixture_exchange(fresh, "first\n"), worker);
    ck_assert_str_eq(fixture_receive(fresh), "EOF");
    ck_assert_int_eq(fixture_wait(worker), 0);
    close(asked);
    close(behind);
    close(fresh);
    close(control);
}
END_TEST

START_TEST(worker_closes_everything_when_drain_time_is_over)
{
    fixture_config->drain_time_ms = 0;
    start();
    int client = fixture_connect();
    fixture_exchange(client, "one\n");
    fixture_send(client, "wait\n");
    shutdown(control, SHUT_WR);
    ck_assert_str_eq(fixture_receive(client), "EOF");
    ck_assert_int_eq(fixture_wait(worker), 0);
    close(client);
    close(control);
}
END_TEST

START_TEST(worker_of_master_leaves_at_once_on_sigterm)
{
    start();
    int client = fixture_connect();
    fixture_exchange(client, "one\n");
    fixture_send(client, "wait\n");
    ck_assert_int_eq(kill(worker, SIGTERM), 0);
    ck_assert_int_eq(fixture_wait(worker), 0);
    close(client);
    close(control);
}
END_TEST

START_TEST(worker_standalone_drains_on_sigterm)
{
    fixture_setup.drain_on_sigterm = true;
    start();
    int asked = fixture_connect();
    int fresh = fixture_connect();
    fixture_exchange(asked, "one\n");
    int behind = fixture_connect();
    fixture_exchange(behind, "the worker has accepted all three\n");
    ck_assert_int_eq(kill(worker, SIGTERM), 0);
    ck_assert_str_eq(fixture_receive(asked), "EOF");
    fixture_exchange(fresh, "first\n");
    ck_assert_int_eq(fixture_wait(worker), 0);
    close(asked);
    close(fresh);
    close(behind);
    close(control);
}
END_TEST

START_TEST(worker_ignores_what_the_terminal_sends)
{
    start();
    int client = fixture_connect();
    fixture_exchange(client, "one\n");
    ck_assert_int_eq(kill(worker, SIGINT), 0);
    ck_assert_int_eq(kill(worker, SIGHUP), 0);
    fixture_exchange(client, "two\n");
    close(client);
    stop();
}
END_TEST

START_TEST(worker_of_a_daemon_without_a_section_serves)
{
    struct daemon_ops ops = fixture_daemon;
    struct backend_shared shared = { 0 };

    ops.section = CONFIG_NO_SECTION;
    fixture_setup.ops = &ops;
    fixture_setup.shared = &shared;
    start();
    int client = fixture_connect();
    ck_assert_int_eq(fixture_exchange(client, "one\n"), worker);
    close(client);
    stop();
}
END_TEST

START_TEST(worker_serve_one_ends_with_its_client)
{
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    worker = fork();
    ck_assert_int_ge(worker, 0);
    if (worker == 0) {
        close(ends[0]);
        _exit(worker_serve_one(&fixture_setup, ends[1]));
    }
    close(ends[1]);
    ck_assert_int_eq(fixture_exchange(ends[0], "one\n"), worker);
    ck_assert_int_eq(fixture_exchange(ends[0], "two\n"), worker);
    close(ends[0]);
    ck_assert_int_eq(fixture_wait(worker), 0);
}
END_TEST

/* What is logged by a worker that tries to get out. */
static const char *log_of_escape(void)
{
    fixture_log_begin();
    start();
    int client = fixture_connect();
    fixture_exchange(client, "escape\n");
    fixture_exchange(client, "escape\n");
    close(client);
    stop();
    const char *text = fixture_log();
    fixture_log_end();
    return text;
}

START_TEST(worker_logs_what_its_sandbox_refuses)
{
    fixture_expect_match(log_of_escape(), ".*: warning: sandbox: refused the system call unshare\n");
}
END_TEST

START_TEST(worker_without_a_sandbox_refuses_nothing)
{
    fixture_config->sandbox = false;
    ck_assert_str_eq(log_of_escape(), "");
}
END_TEST

START_TEST(worker_that_the_kernel_gives_no_filter_goes_on)
{
    fixture_refuse_filters(EPERM);
    fixture_expect_match(log_of_escape(),
                         ".*: warning: sandbox: workers go on without the filter of system calls: .*\n");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("worker");

    fixture_add_forked(suite, "worker",
                       (const TTest *const[]){ worker_says_once_that_it_served,
                                               worker_closes_its_listeners_before_it_says_so,
                                               worker_drains_at_the_end_of_its_control_channel,
                                               worker_closes_everything_when_drain_time_is_over,
                                               worker_of_master_leaves_at_once_on_sigterm,
                                               worker_standalone_drains_on_sigterm,
                                               worker_ignores_what_the_terminal_sends,
                                               worker_of_a_daemon_without_a_section_serves,
                                               worker_serve_one_ends_with_its_client, NULL });
    fixture_add_forked(suite, "seccomp",
                       (const TTest *const[]){ worker_logs_what_its_sandbox_refuses,
                                               worker_without_a_sandbox_refuses_nothing,
                                               worker_that_the_kernel_gives_no_filter_goes_on, NULL });
    return unit_run(suite);
}
