/*
 * A protocol for tests of connections: a request is a line, its answer the same line.
 *
 * A line that begins with 'p' is pending until the test answers it, one with 'b' is malformed, one with 'e' ends the
 * connection, one with 'L' gets an answer of FIXTURE_LONG_BYTES, more than a socket takes from a client that does not
 * read. The protocol is serial unless the test changes fixture_ops.
 */
#ifndef PFX_CONN_FIXTURE_H
#define PFX_CONN_FIXTURE_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "conn_listen.h"
#include "log_fixture.h"
#include "loop_fixture.h"

#define FIXTURE_REQUEST_MAX_BYTES 20
#define FIXTURE_LONG_BYTES (8 * 1024 * 1024)

static struct conn_set fixture_set;
static struct conn *fixture_pending; /* the last one */
static char fixture_call;            /* what conn->call points to while something is pending */
static int fixture_fed, fixture_gone, fixture_served, fixture_emptied;

static inline void fixture_echo(struct conn *conn, struct span text)
{
    ck_assert(buf_add(&conn->out, text));
    conn_send(conn);
}

/* The answer to one that is pending. */
static inline void fixture_reply(struct conn *conn, struct span text)
{
    ck_assert_uint_gt(conn->due, 0);
    conn->due--;
    if (conn->due == 0)
        conn->call = NULL;
    fixture_echo(conn, text);
}

static inline void fixture_reply_long(struct conn *conn)
{
    char *room = buf_reserve(&conn->out, FIXTURE_LONG_BYTES);

    ck_assert_ptr_nonnull(room);
    memset(room, 'l', FIXTURE_LONG_BYTES);
    conn->out.n += FIXTURE_LONG_BYTES;
    conn_send(conn);
}

static enum codec_result fixture_feed(struct conn *conn, struct span in, size_t *used, const char **why)
{
    size_t end = span_find(in, '\n');

    ck_assert_uint_gt(in.n, 0);
    if (end == in.n)
        return CODEC_MORE;
    fixture_fed++;
    if (in.p[0] == 'b') {
        *why = "a constant reason";
        return CODEC_BAD;
    }
    *used = end + 1;
    if (in.p[0] == 'p') {
        conn->due++;
        conn->call = &fixture_call;
        fixture_pending = conn;
    } else if (in.p[0] == 'e') {
        conn_end(conn);
    } else if (in.p[0] == 'L') {
        fixture_reply_long(conn);
    } else {
        fixture_echo(conn, span_first(in, end + 1));
    }
    return CODEC_OK;
}

static void fixture_client_gone(struct conn *conn)
{
    ck_assert_ptr_eq(conn->call, &fixture_call);
    fixture_gone++;
}

static void fixture_client_served(struct conn_set *set)
{
    (void)set;
    fixture_served++;
}

static void fixture_set_emptied(struct conn_set *set)
{
    ck_assert_uint_eq(set->count, 0);
    fixture_emptied++;
}

static struct conn_ops fixture_ops;
static struct conn_listen fixture_listening; /* of those tests that listen */

static void fixture_conn_begin(void)
{
    fixture_ops = (struct conn_ops){ .request_max_bytes = FIXTURE_REQUEST_MAX_BYTES,
                                     .answer_max_bytes = FIXTURE_LONG_BYTES + 100,
                                     .is_serial = true,
                                     .leaves_on_drain = true,
                                     .feed = fixture_feed,
                                     .gone = fixture_client_gone };
    fixture_loop_begin();
    fixture_log_begin();
    fixture_set = (struct conn_set){ .loop = &fixture_loop, .ops = &fixture_ops, .served = fixture_client_served,
                                     .emptied = fixture_set_emptied };
    fixture_listening = (struct conn_listen){ .set = &fixture_set };
}

static void fixture_conn_end(void)
{
    fixture_set.ends_when_empty = false;
    conn_listen_close(&fixture_listening);
    conn_set_close(&fixture_set);
    fixture_log_end();
    fixture_loop_end();
}

/* A client on a socket pair; returns its end. */
static inline int fixture_client(void)
{
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    ck_assert_ptr_nonnull(conn_open(&fixture_set, ends[1]));
    return ends[0];
}

/* A pair of TCP sockets; what the client's end waits for has always happened already, or comes at once. */
static inline void fixture_inet_pair(int *client, int *server)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t size = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    *client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(listener, (const struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    ck_assert_int_eq(connect(*client, (const struct sockaddr *)&address, sizeof(address)), 0);
    *server = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    ck_assert_int_ge(*server, 0);
    close(listener);
}

static inline void fixture_send(int client, const char *text)
{
    ck_assert_int_eq(send(client, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* What has come, "" when nothing has; "EOF" alone when the connection is closed. */
static inline const char *fixture_receive(int client)
{
    static char text[1000];
    ssize_t n = recv(client, text, sizeof(text) - 1, 0);

    if (n == 0)
        return "EOF";
    text[n < 0 ? 0 : n] = '\0';
    return text;
}

static inline void fixture_add_tests(Suite *suite, const char *name, const TTest *const *tests)
{
    TCase *tcase = unit_case(name);

    tcase_set_tags(tcase, name); /* for CK_EXCLUDE_TAGS */
    tcase_add_checked_fixture(tcase, fixture_conn_begin, fixture_conn_end);
    for (; *tests != NULL; tests++)
        tcase_add_test(tcase, *tests);
    suite_add_tcase(suite, tcase);
}

#endif
