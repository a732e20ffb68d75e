#include "conn.h"

#include "conn_fixture.h"

/* A client of a protocol whose answers carry an id. */
static int client_of_many(void)
{
    fixture_ops.is_serial = false;
    return fixture_client();
}

START_TEST(conn_takes_requests_while_answers_are_due)
{
    int client = client_of_many();

    fixture_send(client, "p1\np2\nthree\n");
    fixture_turns(1);
    ck_assert_int_eq(fixture_fed, 3);
    ck_assert_uint_eq(fixture_pending->due, 2);
    ck_assert_str_eq(fixture_receive(client), "three\n");
    fixture_send(client, "four\n");
    fixture_turns(1);
    ck_assert_str_eq(fixture_receive(client), "four\n");
    close(client);
}
END_TEST

START_TEST(conn_sends_answers_in_any_order)
{
    int client = client_of_many();

    fixture_send(client, "p1\np2\n");
    fixture_turns(1);
    fixture_reply(fixture_pending, SPAN("2\n"));
    ck_assert_str_eq(fixture_receive(client), "2\n");
    fixture_reply(fixture_pending, SPAN("1\n"));
    ck_assert_str_eq(fixture_receive(client), "1\n");
    ck_assert_int_eq(fixture_served, 2);
    close(client);
}
END_TEST

START_TEST(conn_reads_nothing_while_an_answer_is_not_written)
{
    int client = client_of_many();

    fixture_send(client, "p1\nL\nthree\n");
    fixture_turns(5);
    ck_assert_int_eq(fixture_fed, 2);
    fixture_reply(fixture_pending, SPAN("1\n"));
    ck_assert_int_eq(fixture_fed, 2);
    ck_assert_uint_eq(fixture_set.count, 1);
    close(client);
    fixture_turns(2);
    ck_assert_uint_eq(fixture_set.count, 0);
}
END_TEST

START_TEST(conn_half_closed_client_gets_all_answers_that_are_due)
{
    int client = client_of_many();

    fixture_send(client, "p1\np2\n");
    ck_assert_int_eq(shutdown(client, SHUT_WR), 0);
    fixture_turns(4);
    ck_assert_uint_eq(fixture_set.count, 1);
    ck_assert_uint_eq(fixture_pending->io.events, 0);
    fixture_reply(fixture_pending, SPAN("1\n"));
    fixture_turns(2);
    ck_assert_str_eq(fixture_receive(client), "1\n");
    ck_assert_uint_eq(fixture_set.count, 1);
    fixture_reply(fixture_pending, SPAN("2\n"));
    ck_assert_str_eq(fixture_receive(client), "2\n");
    ck_assert_str_eq(fixture_receive(client), "EOF");
    ck_assert_uint_eq(fixture_set.count, 0);
    ck_assert_int_eq(fixture_gone, 0);
    ck_assert_str_eq(fixture_log(), "");
    close(client);
}
END_TEST

START_TEST(conn_half_closed_in_a_request_is_logged_and_still_answered)
{
    int client = client_of_many();

    fixture_send(client, "p1\nhal");
    ck_assert_int_eq(shutdown(client, SHUT_WR), 0);
    fixture_turns(4);
    ck_assert_int_eq(fixture_log_count("left in the middle of a request\n"), 1);
    fixture_reply(fixture_pending, SPAN("1\n"));
    ck_assert_str_eq(fixture_receive(client), "1\n");
    ck_assert_str_eq(fixture_receive(client), "EOF");
    ck_assert_int_eq(fixture_log_count("\n"), 1);
    close(client);
}
END_TEST

START_TEST(conn_client_that_leaves_while_several_are_due_is_gone_once)
{
    int client = client_of_many();

    fixture_send(client, "p1\np2\n");
    fixture_turns(1);
    close(client);
    fixture_turns(3);
    ck_assert_int_eq(fixture_gone, 1);
    ck_assert_uint_eq(fixture_set.count, 0);
}
END_TEST

START_TEST(conn_that_drains_leaves_after_the_last_answer)
{
    int client = client_of_many();

    fixture_send(client, "p1\np2\n");
    fixture_turns(1);
    conn_set_drain(&fixture_set);
    fixture_reply(fixture_pending, SPAN("1\n"));
    ck_assert_int_eq(fixture_emptied, 0);
    fixture_reply(fixture_pending, SPAN("2\n"));
    ck_assert_int_eq(fixture_emptied, 1);
    ck_assert_str_eq(fixture_receive(client), "1\n2\n");
    close(client);
}
END_TEST

START_TEST(conn_end_in_feed_closes_after_what_was_answered)
{
    int client = client_of_many();

    fixture_send(client, "one\ne\nlater\n");
    fixture_turns(1);
    ck_assert_int_eq(fixture_fed, 2);
    ck_assert_str_eq(fixture_receive(client), "one\n");
    ck_assert_str_eq(fixture_receive(client), "EOF");
    ck_assert_uint_eq(fixture_set.count, 0);
    close(client);
}
END_TEST

START_TEST(conn_end_in_feed_waits_for_what_is_due)
{
    int client = client_of_many();

    fixture_send(client, "p1\np2\ne\nlater\n");
    fixture_turns(2);
    fixture_send(client, "much later\n");
    fixture_turns(4);
    ck_assert_int_eq(fixture_fed, 3);
    fixture_reply(fixture_pending, SPAN("1\n"));
    ck_assert_uint_eq(fixture_set.count, 1);
    fixture_reply(fixture_pending, SPAN("2\n"));
    ck_assert_uint_eq(fixture_set.count, 0);
    ck_assert_int_eq(fixture_fed, 3);
    ck_assert_str_eq(fixture_receive(client), "1\n2\n");
    close(client);
}
END_TEST

START_TEST(conn_end_outside_of_feed_closes_at_once_when_nothing_is_due)
{
    int client = client_of_many();

    fixture_send(client, "wai");
    fixture_turns(1);
    conn_end(fixture_set.first);
    ck_assert_uint_eq(fixture_set.count, 0);
    ck_assert_str_eq(fixture_receive(client), "EOF");
    ck_assert_str_eq(fixture_log(), "");
    close(client);
}
END_TEST

START_TEST(conn_end_outside_of_feed_waits_for_what_is_due)
{
    int client = client_of_many();

    fixture_send(client, "p1\n");
    fixture_turns(1);
    conn_end(fixture_pending);
    fixture_send(client, "later\n");
    fixture_turns(4);
    ck_assert_int_eq(fixture_fed, 1);
    ck_assert_uint_eq(fixture_pending->io.events, 0);
    fixture_reply(fixture_pending, SPAN("1\n"));
    ck_assert_uint_eq(fixture_set.count, 0);
    ck_assert_str_eq(fixture_receive(client), "1\n");
    close(client);
}
END_TEST

START_TEST(conn_end_waits_for_a_long_answer_to_be_read)
{
    static char bytes[65536];
    int client = client_of_many();
    size_t got = 0;

    fixture_send(client, "L\n");
    fixture_turns(1);
    conn_end(fixture_set.first);
    ck_assert_uint_eq(fixture_set.count, 1);
    while (got < FIXTURE_LONG_BYTES) {
        ssize_t n = recv(client, bytes, sizeof(bytes), 0);
        ck_assert_int_ne(n, 0);
        got += n < 0 ? 0 : (size_t)n;
        fixture_turns(1);
    }
    ck_assert_str_eq(fixture_receive(client), "EOF");
    close(client);
}
END_TEST

START_TEST(conn_client_that_leaves_after_conn_end_is_gone_once)
{
    int client = client_of_many();

    fixture_send(client, "p1\ne\n");
    fixture_turns(1);
    close(client);
    fixture_turns(3);
    ck_assert_int_eq(fixture_gone, 1);
    ck_assert_uint_eq(fixture_set.count, 0);
}
END_TEST

START_TEST(conn_gone_is_called_whenever_call_is_set)
{
    int with = fixture_client();
    fixture_set.first->call = &fixture_call;
    int without = fixture_client();

    fixture_set.first->due = 1;
    close(without);
    fixture_turns(2);
    ck_assert_int_eq(fixture_gone, 0);
    ck_assert_uint_eq(fixture_set.count, 1);
    conn_close(fixture_set.first);
    ck_assert_int_eq(fixture_gone, 1);
    ck_assert_str_eq(fixture_receive(with), "EOF");
    close(with);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("conn_due");

    fixture_add_tests(suite, "several answers due",
                      (const TTest *const[]){ conn_takes_requests_while_answers_are_due,
                                              conn_sends_answers_in_any_order,
                                              conn_reads_nothing_while_an_answer_is_not_written,
                                              conn_that_drains_leaves_after_the_last_answer, NULL });
    fixture_add_tests(suite, "leaving",
                      (const TTest *const[]){ conn_half_closed_client_gets_all_answers_that_are_due,
                                              conn_half_closed_in_a_request_is_logged_and_still_answered,
                                              conn_client_that_leaves_while_several_are_due_is_gone_once,
                                              conn_client_that_leaves_after_conn_end_is_gone_once,
                                              conn_gone_is_called_whenever_call_is_set, NULL });
    fixture_add_tests(suite, "conn_end",
                      (const TTest *const[]){ conn_end_in_feed_closes_after_what_was_answered,
                                              conn_end_in_feed_waits_for_what_is_due,
                                              conn_end_outside_of_feed_closes_at_once_when_nothing_is_due,
                                              conn_end_outside_of_feed_waits_for_what_is_due,
                                              conn_end_waits_for_a_long_answer_to_be_read, NULL });
    return unit_run(suite);
}
