/*
 * A daemon for tests of worker and parent: its protocol answers each line with the process id, '.' and the line. A line
 * "wait" is never answered, "die" ends the process, "escape" tries what a sandbox refuses before it is answered.
 */
#ifndef PFX_WORKER_FIXTURE_H
#define PFX_WORKER_FIXTURE_H

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "backend_shared.h"
#include "clock.h"
#include "config_fixture.h"
#include "parent.h"

#define FIXTURE_WAIT_MS 10000 /* for another process; a test that waits so long fails */

static struct config *fixture_config;
static struct backend_shared fixture_shared;
static struct listener_set fixture_listeners;
static struct worker_setup fixture_setup;

static enum codec_result fixture_feed(struct conn *conn, struct span in, size_t *used, const char **why)
{
    size_t end = span_find(in, '\n');
    (void)why;

    if (end == in.n)
        return CODEC_MORE;
    *used = end + 1;
    if (span_equal(span_first(in, end), SPAN("die")))
        _exit(1);
    if (span_equal(span_first(in, end), SPAN("escape")))
        unshare(0);
    if (span_equal(span_first(in, end), SPAN("wait"))) {
        conn->due = 1;
        conn->call = conn;
        return CODEC_OK;
    }
    buf_format(&conn->out, "%d.%.*s", (int)getpid(), (int)end + 1, in.p);
    conn_send(conn);
    return CODEC_OK;
}

static void fixture_gone(struct conn *conn)
{
    (void)conn;
}

static const struct conn_ops fixture_conn_ops = { .request_max_bytes = 100,
                                                  .answer_max_bytes = 200,
                                                  .is_serial = true,
                                                  .leaves_on_drain = true,
                                                  .feed = fixture_feed,
                                                  .gone = fixture_gone };

static const struct daemon_ops fixture_daemon = { .name = "pfx-test", .section = CONFIG_SOCKET_MAPS,
                                                  .conn = &fixture_conn_ops };

static void fixture_setup_begin(void)
{
    char why[LISTENER_REASON_MAX_BYTES];
    char *spec = mem_format("unix:%s/socket", fixture_directory);

    signal(SIGPIPE, SIG_IGN);
    fixture_config = fixture_load_good("drain_time = \"60s\";");
    backend_shared_load(&fixture_shared, fixture_config, CONFIG_SOCKET_MAPS);
    ck_assert_msg(listener_open(&fixture_listeners, spec, why), "%s", why);
    fixture_setup = (struct worker_setup){ .ops = &fixture_daemon, .config = fixture_config, .shared = &fixture_shared,
                                           .listeners = &fixture_listeners, .max_connections = 10 };
    mem_free(spec);
}

static void fixture_setup_end(void)
{
    listener_close(&fixture_listeners);
    backend_shared_close(&fixture_shared);
    config_free(&fixture_config);
}

/* -1: nobody listens any more. */
static inline int fixture_connect(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", fixture_directory);
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    close(fd);
    return -1;
}

/* What comes next, "EOF" at the end; waits for it. */
static inline const char *fixture_receive(int fd)
{
    static char text[200];
    struct pollfd ready = { .fd = fd, .events = POLLIN };

    ck_assert_msg(poll(&ready, 1, FIXTURE_WAIT_MS) == 1, "nothing came");
    ssize_t n = recv(fd, text, sizeof(text) - 1, 0);
    if (n <= 0)
        return "EOF";
    text[n] = '\0';
    return text;
}

static inline void fixture_send(int fd, const char *text)
{
    ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Sends a line and returns the process that answered it. */
static inline pid_t fixture_exchange(int fd, const char *line)
{
    char *rest;

    fixture_send(fd, line);
    const char *answer = fixture_receive(fd);
    pid_t pid = (pid_t)strtol(answer, &rest, 10);
    ck_assert_msg(pid > 0 && rest[0] == '.' && strcmp(rest + 1, line) == 0, "answer %s", answer);
    return pid;
}

static inline int fixture_wait(pid_t pid)
{
    int status;

    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFEXITED(status), "killed by signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

static inline void fixture_add_forked(Suite *suite, const char *name, const TTest *const *tests)
{
    TCase *tcase = unit_case(name);

    tcase_set_tags(tcase, name); /* for CK_EXCLUDE_TAGS */
    tcase_add_unchecked_fixture(tcase, fixture_begin, fixture_end);
    tcase_add_checked_fixture(tcase, fixture_clear, NULL);
    tcase_add_checked_fixture(tcase, fixture_setup_begin, fixture_setup_end);
    for (; *tests != NULL; tests++)
        tcase_add_test(tcase, *tests);
    suite_add_tcase(suite, tcase);
}

#endif
