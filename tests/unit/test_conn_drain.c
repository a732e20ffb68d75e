#include "conn_listen.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/un.h>

#include "conn_fixture.h"

/* A listener without a name in the file system, and clients of it. */
static struct sockaddr_un address;
static socklen_t address_size;
static int listener;

static void resume(struct conn_set *set, enum conn_event event)
{
    ck_assert_ptr_eq(set, &fixture_set);
    if (event == CONN_CLOSED)
        conn_listen_resume(&fixture_listening);
}

static void listen_with(size_t max_count)
{
    address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    address_size = sizeof(address);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ck_assert_int_eq(bind(listener, (const struct sockaddr *)&address, sizeof(sa_family_t)), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &address_size), 0);
    ck_assert_int_eq(listen(listener, 100), 0);
    fixture_listening = (struct conn_listen){ .set = &fixture_set, .max_count = max_count };
    fixture_set.count_event = resume;
    conn_listen_open(&fixture_listening, &listener, 1);
}

static int connect_client(void)
{
    int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ck_assert_int_eq(connect(client, (const struct sockaddr *)&address, address_size), 0);
    return client;
}

START_TEST(conn_set_accepts_and_answers)
{
    listen_with(10);
    int client = connect_client();
    ck_assert_uint_eq(fixture_set.count, 0);
    fixture_send(client, "hello\n");
    fixture_turns(2);
    ck_assert_str_eq(fixture_receive(client), "hello\n");
    close(client);
}
END_TEST

START_TEST(conn_set_stops_accepting_at_max_count_and_resumes)
{
    int clients[4];

    listen_with(2);
    for (int i = 0; i < 4; i++)
        clients[i] = connect_client();
    fixture_turns(10);
    ck_assert_uint_eq(fixture_set.count, 2);
    close(clients[0]);
    fixture_turns(10);
    ck_assert_uint_eq(fixture_set.count, 2);
    close(clients[1]);
    fixture_turns(10);
    for (int i = 2; i < 4; i++) {
        fixture_send(clients[i], "in\n");
        fixture_turns(2);
        ck_assert_str_eq(fixture_receive(clients[i]), "in\n");
        close(clients[i]);
    }
}
END_TEST

START_TEST(conn_set_warns_once_a_minute_when_it_is_crowded)
{
    int clients[10];

    listen_with(10);
    for (int i = 0; i < 10; i++) {
        clients[i] = connect_client();
        fixture_turns(2);
        ck_assert_int_eq(fixture_log_count("client connections in this worker, max_connections is 10\n"),
                         i < 7 ? 0 : 1);
    }
    ck_assert_int_eq(fixture_log_count("warning: 8 client connections"), 1);
    close(clients[0]);
    fixture_move_clock(LOG_LIMIT_MS);
    fixture_turns(2);
    clients[0] = connect_client();
    fixture_turns(2);
    ck_assert_int_eq(fixture_log_count("client connections in this worker"), 2);
    for (int i = 0; i < 10; i++)
        close(clients[i]);
}
END_TEST

static void limit_descriptors(rlim_t most)
{
    struct rlimit limit;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = most;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

START_TEST(conn_set_rests_when_accept_runs_out_of_descriptors)
{
    struct rlimit limit;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    listen_with(10);
    int client = connect_client();
    int spare = dup(client);
    struct loop_io awake = { .fd = eventfd(1, EFD_CLOEXEC), .events = EPOLLIN, .ready = fixture_awake };
    ck_assert(loop_add(&fixture_loop, &awake));
    limit_descriptors((rlim_t)awake.fd + 1);
    close(spare);
    spare = dup(client); /* now no number is free below the limit */
    while (dup(client) >= 0)
        ;
    for (int i = 0; i < 4; i++)
        loop_turn(&fixture_loop);
    ck_assert_int_eq(fixture_log_count("warning: accept: "), 1);
    ck_assert_uint_eq(fixture_set.count, 0);
    close(spare); /* one is free again */
    loop_turn(&fixture_loop);
    ck_assert_uint_eq(fixture_set.count, 0);
    fixture_move_clock(CONN_LISTEN_PAUSE_MS);
    loop_turn(&fixture_loop);
    loop_turn(&fixture_loop);
    ck_assert_uint_eq(fixture_set.count, 1);
    loop_remove(&fixture_loop, &awake);
    limit_descriptors(limit.rlim_cur);
}
END_TEST

START_TEST(conn_drain_closes_an_idle_client_that_has_asked)
{
    int client = fixture_client();

    fixture_send(client, "one\n");
    fixture_turns(1);
    ck_assert_str_eq(fixture_receive(client), "one\n");
    conn_set_drain(&fixture_set);
    ck_assert_str_eq(fixture_receive(client), "EOF");
    ck_assert_int_eq(fixture_emptied, 1);
    close(client);
}
END_TEST

START_TEST(conn_drain_answers_what_has_already_come)
{
    int client = fixture_client();

    fixture_send(client, "one\n");
    fixture_turns(1);
    fixture_receive(client);
    fixture_send(client, "two\n");
    conn_set_drain(&fixture_set);
    fixture_turns(1);
    ck_assert_str_eq(fixture_receive(client), "two\n");
    ck_assert_str_eq(fixture_receive(client), "EOF");
    close(client);
}
END_TEST

START_TEST(conn_drain_keeps_a_client_that_has_not_asked_and_answers_it)
{
    int client = fixture_client();

    conn_set_drain(&fixture_set);
    fixture_turns(2);
    ck_assert_str_eq(fixture_receive(client), "");
    ck_assert_int_eq(fixture_emptied, 0);
    fixture_send(client, "first\n");
    fixture_turns(2);
    ck_assert_str_eq(fixture_receive(client), "first\n");
    ck_assert_str_eq(fixture_receive(client), "EOF");
    ck_assert_int_eq(fixture_emptied, 1);
    close(client);
}
END_TEST

START_TEST(conn_drain_lets_a_pending_request_be_answered)
{
    int client = fixture_client();

    fixture_send(client, "p\n");
    fixture_turns(1);
    conn_set_drain(&fixture_set);
    fixture_turns(2);
    ck_assert_str_eq(fixture_receive(client), "");
    fixture_reply(fixture_pending, SPAN("late\n"));
    ck_assert_str_eq(fixture_receive(client), "late\n");
    ck_assert_str_eq(fixture_receive(client), "EOF");
    ck_assert_int_eq(fixture_emptied, 1);
    ck_assert_int_eq(fixture_gone, 0);
    close(client);
}
END_TEST

START_TEST(conn_drain_waits_for_the_rest_of_a_request)
{
    int client = fixture_client();

    fixture_send(client, "one\ntw");
    fixture_turns(1);
    fixture_receive(client);
    conn_set_drain(&fixture_set);
    fixture_turns(1);
    ck_assert_str_eq(fixture_receive(client), "");
    fixture_send(client, "o\n");
    fixture_turns(1);
    ck_assert_str_eq(fixture_receive(client), "two\n");
    ck_assert_str_eq(fixture_receive(client), "EOF");
    close(client);
}
END_TEST

START_TEST(conn_drain_of_a_protocol_that_stays_serves_until_the_client_leaves)
{
    fixture_ops.leaves_on_drain = false;
    int client = fixture_client();
    fixture_send(client, "one\n");
    fixture_turns(1);
    conn_set_drain(&fixture_set);
    fixture_send(client, "two\n");
    fixture_turns(1);
    ck_assert_str_eq(fixture_receive(client), "one\ntwo\n");
    ck_assert_int_eq(fixture_emptied, 0);
    close(client);
    fixture_turns(1);
    ck_assert_int_eq(fixture_emptied, 1);
}
END_TEST

START_TEST(conn_hurry_closes_an_idle_client_of_a_protocol_that_stays)
{
    fixture_ops.leaves_on_drain = false;
    int client = fixture_client();
    fixture_send(client, "one\n");
    fixture_turns(1);
    conn_set_drain(&fixture_set);
    fixture_send(client, "two\n");
    ck_assert_uint_eq(conn_set_hurry(&fixture_set), 1);
    ck_assert_str_eq(fixture_receive(client), "one\ntwo\n");
    ck_assert_str_eq(fixture_receive(client), "EOF");
    ck_assert_int_eq(fixture_emptied, 1);
    close(client);
}
END_TEST

START_TEST(conn_hurry_lets_a_pending_request_be_answered)
{
    fixture_ops.leaves_on_drain = false;
    int client = fixture_client();
    fixture_send(client, "p\n");
    fixture_turns(1);
    conn_set_drain(&fixture_set);
    ck_assert_uint_eq(conn_set_hurry(&fixture_set), 0);
    fixture_reply(fixture_pending, SPAN("late\n"));
    ck_assert_str_eq(fixture_receive(client), "late\n");
    ck_assert_str_eq(fixture_receive(client), "EOF");
    close(client);
}
END_TEST

START_TEST(conn_hurry_waits_for_what_the_client_has_begun)
{
    fixture_ops.leaves_on_drain = false;
    int client = fixture_client();
    fixture_send(client, "one\n");
    fixture_turns(1);
    ck_assert_str_eq(fixture_receive(client), "one\n");
    fixture_set.first->begun = 1;
    conn_set_drain(&fixture_set);
    ck_assert_uint_eq(conn_set_hurry(&fixture_set), 0);
    fixture_send(client, "two\n");
    fixture_turns(1);
    ck_assert_str_eq(fixture_receive(client), "two\n");
    fixture_set.first->begun = 0;
    fixture_send(client, "three\n");
    fixture_turns(1);
    ck_assert_str_eq(fixture_receive(client), "three\n");
    ck_assert_str_eq(fixture_receive(client), "EOF");
    close(client);
}
END_TEST

/* It learns so from its write, and asks somebody else; after a question that was taken and not read it would not. */
START_TEST(conn_hurry_takes_no_question_that_it_does_not_answer)
{
    fixture_ops.leaves_on_drain = false;
    int client = fixture_client();
    fixture_send(client, "one\n");
    fixture_turns(1);
    conn_set_drain(&fixture_set);
    fixture_send(client, "tw");
    conn_set_hurry(&fixture_set);
    ck_assert_int_lt((int)send(client, "o\n", 2, MSG_NOSIGNAL), 0);
    ck_assert_int_eq(errno, EPIPE);
    close(client);
}
END_TEST

START_TEST(conn_drain_of_an_empty_set_has_emptied_it)
{
    conn_set_drain(&fixture_set);
    ck_assert_int_eq(fixture_emptied, 1);
}
END_TEST

START_TEST(conn_set_that_ends_when_empty_says_so_when_the_last_client_leaves)
{
    fixture_set.ends_when_empty = true;
    int first = fixture_client();
    int second = fixture_client();
    close(first);
    fixture_turns(1);
    ck_assert_int_eq(fixture_emptied, 0);
    close(second);
    fixture_turns(1);
    ck_assert_int_eq(fixture_emptied, 1);
}
END_TEST

START_TEST(conn_set_close_cancels_what_is_pending)
{
    int idle = fixture_client();
    int client = fixture_client();

    fixture_send(client, "p\n");
    fixture_turns(1);
    conn_set_close(&fixture_set);
    ck_assert_int_eq(fixture_gone, 1);
    ck_assert_str_eq(fixture_receive(client), "EOF");
    ck_assert_str_eq(fixture_receive(idle), "EOF");
    close(idle);
    close(client);
}
END_TEST

START_TEST(conn_set_that_stopped_listening_serves_its_clients_and_refuses_new_ones)
{
    listen_with(1);
    int client = connect_client();
    fixture_turns(2);
    conn_listen_close(&fixture_listening);
    int late = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ck_assert_int_eq(connect(late, (const struct sockaddr *)&address, address_size), -1);
    ck_assert_int_eq(errno, ECONNREFUSED);
    fixture_send(client, "still\n");
    fixture_turns(1);
    ck_assert_str_eq(fixture_receive(client), "still\n");
    close(client);
    fixture_turns(1);
    ck_assert_uint_eq(fixture_set.count, 0);
    close(late);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("conn_drain");

    fixture_add_tests(suite, "accept",
                      (const TTest *const[]){ conn_set_accepts_and_answers,
                                              conn_set_stops_accepting_at_max_count_and_resumes,
                                              conn_set_warns_once_a_minute_when_it_is_crowded,
                                              conn_set_close_cancels_what_is_pending,
                                              conn_set_that_stopped_listening_serves_its_clients_and_refuses_new_ones,
                                              NULL });
    fixture_add_tests(suite, "rlimit",
                      (const TTest *const[]){ conn_set_rests_when_accept_runs_out_of_descriptors, NULL });
    fixture_add_tests(suite, "drain",
                      (const TTest *const[]){ conn_drain_closes_an_idle_client_that_has_asked,
                                              conn_drain_answers_what_has_already_come,
                                              conn_drain_keeps_a_client_that_has_not_asked_and_answers_it,
                                              conn_drain_lets_a_pending_request_be_answered,
                                              conn_drain_waits_for_the_rest_of_a_request,
                                              conn_drain_of_a_protocol_that_stays_serves_until_the_client_leaves,
                                              conn_hurry_closes_an_idle_client_of_a_protocol_that_stays,
                                              conn_hurry_lets_a_pending_request_be_answered,
                                              conn_hurry_waits_for_what_the_client_has_begun,
                                              conn_hurry_takes_no_question_that_it_does_not_answer,
                                              conn_drain_of_an_empty_set_has_emptied_it,
                                              conn_set_that_ends_when_empty_says_so_when_the_last_client_leaves,
                                              NULL });
    return unit_run(suite);
}
