#include "conn.h"

#include <errno.h>
#include <sys/wait.h>

#include "conn_fixture.h"

#define GREETING "hello\nready\n"

static uint32_t number; /* of the connection that was greeted */

static void greet(struct conn *conn)
{
    number = conn->set->opened;
    ck_assert_uint_eq(conn->set->count, number);
    conn->call = &fixture_call;
    ck_assert(buf_add(&conn->out, SPAN("hello\n")));
    ck_assert(buf_add(&conn->out, SPAN("ready\n")));
}

static void greet_at_length(struct conn *conn)
{
    char *room = buf_reserve(&conn->out, FIXTURE_LONG_BYTES);

    memset(room, 'g', FIXTURE_LONG_BYTES);
    conn->out.n += FIXTURE_LONG_BYTES;
}

/* On such a socket one write is one message. */
START_TEST(conn_opened_greets_at_accept_in_one_write)
{
    int ends[2];

    fixture_ops.opened = greet;
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    ck_assert_ptr_nonnull(conn_open(&fixture_set, ends[1]));
    ck_assert_str_eq(fixture_receive(ends[0]), GREETING);
    ck_assert_int_eq(fixture_fed + fixture_served, 0);
    close(ends[0]);
}
END_TEST

START_TEST(conn_opened_is_told_each_connection_with_its_number)
{
    fixture_ops.opened = greet;
    int first = fixture_client();
    ck_assert_uint_eq(number, 1);
    int second = fixture_client();
    ck_assert_uint_eq(number, 2);
    ck_assert_str_eq(fixture_receive(first), GREETING);
    ck_assert_str_eq(fixture_receive(second), GREETING);
    close(first);
    close(second);
}
END_TEST

START_TEST(conn_client_that_is_gone_when_it_is_greeted_is_closed)
{
    int ends[2];

    fixture_ops.opened = greet;
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    close(ends[0]);
    ck_assert_ptr_null(conn_open(&fixture_set, ends[1]));
    ck_assert_uint_eq(fixture_set.count, 0);
    ck_assert_int_eq(fixture_gone, 1);
    ck_assert_str_eq(fixture_log(), "");
}
END_TEST

START_TEST(conn_client_that_does_not_read_its_greeting_is_closed)
{
    fixture_ops.opened = greet_at_length;
    int client = fixture_client();

    fixture_send(client, "one\n");
    fixture_turns(3);
    ck_assert_int_eq(fixture_fed, 0);
    fixture_move_clock(CONN_WRITE_TIMEOUT_MS);
    fixture_turns(1);
    ck_assert_uint_eq(fixture_set.count, 0);
    ck_assert_int_eq(fixture_log_count("does not read its answer, closing\n"), 1);
    close(client);
}
END_TEST

START_TEST(conn_served_counts_as_an_answer)
{
    int client = fixture_client();

    conn_served(fixture_set.first);
    ck_assert_int_eq(fixture_served, 1);
    ck_assert_str_eq(fixture_receive(client), "");
    conn_set_drain(&fixture_set);
    ck_assert_int_eq(fixture_emptied, 1);
    ck_assert_str_eq(fixture_receive(client), "EOF");
    close(client);
}
END_TEST

/* What recv(2) says next: 0 at the end, -1 after a reset. */
static ssize_t next_of(int client)
{
    char byte;

    errno = 0;
    return recv(client, &byte, 1, 0);
}

static int inet_client(void)
{
    int client, server;

    fixture_inet_pair(&client, &server);
    ck_assert_ptr_nonnull(conn_open(&fixture_set, server));
    return client;
}

START_TEST(conn_that_resets_does_so_after_the_last_answer)
{
    fixture_ops.resets = true;
    int client = inet_client();

    fixture_send(client, "one\n");
    fixture_turns(1);
    conn_end(fixture_set.first);
    ck_assert_str_eq(fixture_receive(client), "one\n");
    ck_assert_int_eq(next_of(client), -1);
    ck_assert_int_eq(errno, ECONNRESET);
    close(client);
}
END_TEST

START_TEST(conn_that_resets_does_so_when_its_process_ends)
{
    int client, server;

    fixture_ops.resets = true;
    fixture_inet_pair(&client, &server);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        _exit(conn_open(&fixture_set, server) == NULL);
    close(server);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(next_of(client), -1);
    ck_assert_int_eq(errno, ECONNRESET);
    close(client);
}
END_TEST

START_TEST(conn_that_does_not_reset_ends_a_tcp_connection_in_order)
{
    int client = inet_client();

    conn_end(fixture_set.first);
    ck_assert_int_eq(next_of(client), 0);
    close(client);
}
END_TEST

START_TEST(conn_on_a_unix_socket_never_resets)
{
    fixture_ops.resets = true;
    int client = fixture_client();

    fixture_send(client, "one\n");
    fixture_turns(1);
    conn_end(fixture_set.first);
    ck_assert_str_eq(fixture_receive(client), "one\n");
    ck_assert_int_eq(next_of(client), 0);
    close(client);
}
END_TEST

static bool holds_only_zeros(const char *from, const char *to)
{
    while (from < to && *from == '\0')
        from++;
    return from == to;
}

START_TEST(conn_wipes_what_it_has_read_when_it_is_secret)
{
    fixture_ops.is_secret = true;
    int client = fixture_client();

    fixture_send(client, "a secret\nhalf");
    fixture_turns(1);
    const struct buf *in = &fixture_set.first->in;
    unit_expect_span(buf_span(in), SPAN("half"), "what is not yet whole");
    ck_assert(holds_only_zeros(in->p + in->n, in->p + sizeof("a secret\nhalf")));
    fixture_send(client, "\n");
    fixture_turns(1);
    ck_assert_uint_eq(in->n, 0);
    ck_assert(in->p == NULL || holds_only_zeros(in->p, in->p + sizeof("a secret\nhalf")));
    close(client);
}
END_TEST

START_TEST(conn_with_an_idle_limit_is_closed_when_nothing_is_asked)
{
    fixture_ops.idle_limit_ms = 1000;
    int client = fixture_client();
    fixture_move_clock(999);
    fixture_turns(1);
    ck_assert_str_eq(fixture_receive(client), "");
    fixture_move_clock(1);
    fixture_turns(1);
    ck_assert_str_eq(fixture_receive(client), "EOF");
    ck_assert_str_eq(fixture_log(), "");
    close(client);
}
END_TEST

/* Bytes of a request do not count, else a client could stay for ever by sending one now and then. */
START_TEST(conn_with_an_idle_limit_begins_anew_with_each_answer)
{
    fixture_ops.idle_limit_ms = 1000;
    int client = fixture_client();
    for (int i = 0; i < 3; i++) {
        fixture_move_clock(700);
        fixture_turns(1);
        fixture_send(client, "a\n");
        fixture_turns(2);
        ck_assert_str_eq(fixture_receive(client), "a\n");
    }
    fixture_move_clock(900);
    fixture_turns(1);
    fixture_send(client, "b");
    fixture_turns(1);
    fixture_move_clock(100);
    fixture_turns(1);
    ck_assert_str_eq(fixture_receive(client), "EOF");
    close(client);
}
END_TEST

START_TEST(conn_with_an_idle_limit_is_kept_while_an_answer_is_due)
{
    fixture_ops.idle_limit_ms = 1000;
    int client = fixture_client();
    fixture_send(client, "p\n");
    fixture_turns(1);
    fixture_move_clock(5000);
    fixture_turns(1);
    fixture_reply(fixture_pending, SPAN("late\n"));
    ck_assert_str_eq(fixture_receive(client), "late\n");
    fixture_move_clock(999);
    fixture_turns(1);
    ck_assert_str_eq(fixture_receive(client), "");
    fixture_move_clock(1);
    fixture_turns(1);
    ck_assert_str_eq(fixture_receive(client), "EOF");
    close(client);
}
END_TEST

/* The kernel answers bytes that nobody read with a reset. */
START_TEST(conn_that_ends_reads_what_has_still_come)
{
    char request[50 * 1000 + 1] = { 0 };
    int client, server;

    memset(request, 'x', sizeof(request) - 1);
    memcpy(request, "e\n", 2);
    fixture_inet_pair(&client, &server);
    ck_assert_ptr_nonnull(conn_open(&fixture_set, server));
    fixture_send(client, request);
    fixture_turns(2);
    ck_assert_uint_eq(fixture_set.count, 0);
    ck_assert_int_eq(recv(client, request, 1, 0), 0);
    close(client);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("conn_open");

    fixture_add_tests(suite, "greeting",
                      (const TTest *const[]){ conn_opened_greets_at_accept_in_one_write,
                                              conn_opened_is_told_each_connection_with_its_number,
                                              conn_client_that_is_gone_when_it_is_greeted_is_closed,
                                              conn_client_that_does_not_read_its_greeting_is_closed,
                                              conn_served_counts_as_an_answer, NULL });
    fixture_add_tests(suite, "resets",
                      (const TTest *const[]){ conn_that_resets_does_so_after_the_last_answer,
                                              conn_that_resets_does_so_when_its_process_ends,
                                              conn_that_does_not_reset_ends_a_tcp_connection_in_order,
                                              conn_on_a_unix_socket_never_resets, NULL });
    fixture_add_tests(suite, "secret",
                      (const TTest *const[]){ conn_wipes_what_it_has_read_when_it_is_secret, NULL });
    fixture_add_tests(suite, "idle",
                      (const TTest *const[]){ conn_with_an_idle_limit_is_closed_when_nothing_is_asked,
                                              conn_with_an_idle_limit_begins_anew_with_each_answer,
                                              conn_with_an_idle_limit_is_kept_while_an_answer_is_due,
                                              conn_that_ends_reads_what_has_still_come, NULL });
    return unit_run(suite);
}
