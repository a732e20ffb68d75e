#include "conn.h"

#include "conn_fixture.h"
#include "mem.h"

START_TEST(conn_answers_a_request)
{
    int client = fixture_client();

    fixture_send(client, "one\n");
    ck_assert_int_eq(fixture_fed, 0);
    fixture_turns(1);
    ck_assert_str_eq(fixture_receive(client), "one\n");
    ck_assert_int_eq(fixture_served, 1);
    ck_assert_uint_eq(fixture_set.count, 1);
    close(client);
    fixture_turns(2);
    ck_assert_uint_eq(fixture_set.count, 0);
    ck_assert_str_eq(fixture_log(), "");
}
END_TEST

START_TEST(conn_two_requests_in_one_write_are_answered_in_order)
{
    int client = fixture_client();

    fixture_send(client, "one\ntwo\nthr");
    fixture_turns(2);
    ck_assert_str_eq(fixture_receive(client), "one\ntwo\n");
    fixture_send(client, "ee\n");
    fixture_turns(2);
    ck_assert_str_eq(fixture_receive(client), "three\n");
    ck_assert_int_eq(fixture_served, 3);
    close(client);
}
END_TEST

START_TEST(conn_serial_protocol_gets_the_next_request_after_the_answer)
{
    int client = fixture_client();

    fixture_send(client, "p1\np2\n");
    fixture_turns(3);
    ck_assert_int_eq(fixture_fed, 1);
    fixture_reply(fixture_pending, SPAN("1\n"));
    ck_assert_int_eq(fixture_fed, 2);
    fixture_reply(fixture_pending, SPAN("2\n"));
    ck_assert_str_eq(fixture_receive(client), "1\n2\n");
    close(client);
}
END_TEST

START_TEST(conn_pipelined_bytes_behind_a_pending_request_do_not_wake_the_loop)
{
    int client = fixture_client();

    fixture_send(client, "p1\n");
    fixture_turns(1);
    fixture_send(client, "next\n");
    fixture_turns(2);
    ck_assert_uint_eq(fixture_pending->io.events, 0);
    fixture_reply(fixture_pending, SPAN("1\n"));
    fixture_turns(2);
    ck_assert_str_eq(fixture_receive(client), "1\nnext\n");
    close(client);
}
END_TEST

START_TEST(conn_request_byte_by_byte_is_one_request)
{
    static const char request[] = "slowly\n";
    int client = fixture_client();

    for (size_t i = 0; i + 1 < sizeof(request); i++) {
        ck_assert_str_eq(fixture_receive(client), "");
        fixture_send(client, (char[]){ request[i], '\0' });
        fixture_turns(1);
    }
    ck_assert_str_eq(fixture_receive(client), "slowly\n");
    ck_assert_int_eq(fixture_fed, 1);
    close(client);
}
END_TEST

START_TEST(conn_half_closed_client_gets_its_answer)
{
    int client = fixture_client();

    fixture_send(client, "p\n");
    fixture_turns(1);
    ck_assert_int_eq(shutdown(client, SHUT_WR), 0);
    fixture_turns(3);
    ck_assert_int_eq(fixture_gone, 0);
    ck_assert_uint_eq(fixture_set.count, 1);
    fixture_reply(fixture_pending, SPAN("late\n"));
    ck_assert_str_eq(fixture_receive(client), "late\n");
    fixture_turns(2);
    ck_assert_str_eq(fixture_receive(client), "EOF");
    ck_assert_uint_eq(fixture_set.count, 0);
    close(client);
}
END_TEST

START_TEST(conn_client_that_leaves_while_pending_is_gone_once)
{
    int client = fixture_client();

    fixture_send(client, "p\n");
    fixture_turns(1);
    close(client);
    fixture_turns(3);
    ck_assert_int_eq(fixture_gone, 1);
    ck_assert_uint_eq(fixture_set.count, 0);
}
END_TEST

START_TEST(conn_client_that_leaves_behind_pipelined_bytes_is_gone_once)
{
    int client = fixture_client();

    fixture_send(client, "p\nmore\n");
    fixture_turns(1);
    fixture_send(client, "and more\n");
    fixture_turns(2);
    close(client);
    fixture_turns(3);
    ck_assert_int_eq(fixture_gone, 1);
    ck_assert_int_eq(fixture_fed, 1);
}
END_TEST

START_TEST(conn_client_that_leaves_in_a_request_is_logged)
{
    int client = fixture_client();

    fixture_send(client, "half");
    fixture_turns(1);
    ck_assert_int_eq(shutdown(client, SHUT_WR), 0);
    fixture_turns(1);
    ck_assert_uint_eq(fixture_set.count, 0);
    ck_assert_int_eq(fixture_log_count("left in the middle of a request\n"), 1);
    ck_assert_int_eq(fixture_log_count("\n"), 1);
    close(client);
}
END_TEST

START_TEST(conn_longest_request_is_answered)
{
    int client = fixture_client();
    char request[FIXTURE_REQUEST_MAX_BYTES + 1];

    memset(request, 'x', sizeof(request) - 2);
    memcpy(request + sizeof(request) - 2, "\n", 2);
    fixture_send(client, request);
    fixture_turns(1);
    ck_assert_str_eq(fixture_receive(client), request);
    close(client);
}
END_TEST

START_TEST(conn_too_long_request_is_closed_and_logged)
{
    int client = fixture_client();
    char request[FIXTURE_REQUEST_MAX_BYTES + 1];

    memset(request, 'x', sizeof(request) - 1);
    request[sizeof(request) - 1] = '\0';
    fixture_send(client, request);
    fixture_turns(1);
    ck_assert_str_eq(fixture_receive(client), "EOF");
    ck_assert_int_eq(fixture_log_count("malformed request: request too long, closing\n"), 1);
    ck_assert_int_eq(fixture_log_count("xx"), 0);
    close(client);
}
END_TEST

START_TEST(conn_malformed_request_is_closed_and_logged_with_its_peer)
{
    int client = fixture_client();

    fixture_send(client, "one\nbad\ntwo\n");
    fixture_turns(1);
    ck_assert_str_eq(fixture_receive(client), "one\n");
    ck_assert_str_eq(fixture_receive(client), "EOF");
    ck_assert_int_eq(fixture_fed, 2);
    char *line = mem_format("warning: peer=%d: malformed request: a constant reason, closing\n", (int)getpid());
    ck_assert_int_eq(fixture_log_count(line), 1);
    mem_free(line);
    close(client);
}
END_TEST

/* Reads until want bytes have come, however the kernel cuts them. */
static void read_long(int client, size_t want)
{
    static char bytes[65536];

    while (want > 0) {
        ssize_t n = recv(client, bytes, want < sizeof(bytes) ? want : sizeof(bytes), 0);
        ck_assert_int_ne(n, 0);
        if (n > 0)
            want -= (size_t)n;
        else
            fixture_turns(1);
    }
}

START_TEST(conn_long_answer_waits_for_its_reader_and_nothing_else_is_read)
{
    int client = fixture_client();

    fixture_send(client, "L\nnext\n");
    fixture_turns(5);
    ck_assert_int_eq(fixture_fed, 1);
    fixture_move_clock(CONN_WRITE_TIMEOUT_MS - 1);
    fixture_turns(1);
    read_long(client, FIXTURE_LONG_BYTES);
    fixture_turns(1);
    ck_assert_str_eq(fixture_receive(client), "next\n");
    fixture_move_clock(CONN_WRITE_TIMEOUT_MS);
    fixture_turns(1);
    ck_assert_uint_eq(fixture_set.count, 1);
    close(client);
}
END_TEST

START_TEST(conn_client_that_does_not_read_is_closed_after_the_write_timeout)
{
    int client = fixture_client();

    fixture_send(client, "L\n");
    fixture_turns(2);
    fixture_move_clock(CONN_WRITE_TIMEOUT_MS - 1);
    fixture_turns(1);
    ck_assert_uint_eq(fixture_set.count, 1);
    fixture_move_clock(1);
    fixture_turns(1);
    ck_assert_uint_eq(fixture_set.count, 0);
    ck_assert_int_eq(fixture_log_count("does not read its answer, closing\n"), 1);
    ck_assert_int_eq(fixture_gone, 0);
    close(client);
}
END_TEST

START_TEST(conn_client_that_leaves_in_a_long_answer_is_closed)
{
    int client = fixture_client();

    fixture_send(client, "L\n");
    fixture_turns(2);
    close(client);
    fixture_turns(2);
    ck_assert_uint_eq(fixture_set.count, 0);
}
END_TEST

START_TEST(conn_idle_client_is_kept)
{
    int client = fixture_client();

    fixture_move_clock(24 * 3600 * 1000);
    fixture_turns(2);
    fixture_send(client, "still here\n");
    fixture_turns(1);
    ck_assert_str_eq(fixture_receive(client), "still here\n");
    close(client);
}
END_TEST

START_TEST(conn_peer_of_an_inet_client_is_its_address_and_port)
{
    struct sockaddr_in address;
    socklen_t size = sizeof(address);
    char peer[CONN_PEER_MAX_BYTES];
    int client, server;

    fixture_inet_pair(&client, &server);
    ck_assert_int_eq(getsockname(client, (struct sockaddr *)&address, &size), 0);
    struct conn *conn = conn_open(&fixture_set, server);
    char *expected = mem_format("127.0.0.1:%u", ntohs(address.sin_port));
    ck_assert_str_eq(conn_peer(conn, peer), expected);
    mem_free(expected);
    close(client);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("conn");

    fixture_add_tests(suite, "requests",
                      (const TTest *const[]){ conn_answers_a_request,
                                              conn_two_requests_in_one_write_are_answered_in_order,
                                              conn_serial_protocol_gets_the_next_request_after_the_answer,
                                              conn_pipelined_bytes_behind_a_pending_request_do_not_wake_the_loop,
                                              conn_request_byte_by_byte_is_one_request,
                                              conn_longest_request_is_answered,
                                              conn_too_long_request_is_closed_and_logged,
                                              conn_malformed_request_is_closed_and_logged_with_its_peer, NULL });
    fixture_add_tests(suite, "leaving",
                      (const TTest *const[]){ conn_half_closed_client_gets_its_answer,
                                              conn_client_that_leaves_while_pending_is_gone_once,
                                              conn_client_that_leaves_behind_pipelined_bytes_is_gone_once,
                                              conn_client_that_leaves_in_a_request_is_logged,
                                              conn_client_that_leaves_in_a_long_answer_is_closed, NULL });
    fixture_add_tests(suite, "waiting",
                      (const TTest *const[]){ conn_long_answer_waits_for_its_reader_and_nothing_else_is_read,
                                              conn_client_that_does_not_read_is_closed_after_the_write_timeout,
                                              conn_idle_client_is_kept,
                                              conn_peer_of_an_inet_client_is_its_address_and_port, NULL });
    return unit_run(suite);
}
