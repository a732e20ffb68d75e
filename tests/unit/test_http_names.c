#include "http.h"

#include "http_fixture.h"
#include "http_state.h"
#include "names_fixture.h"

#define TARGET "http://backend.test:$PORT/%s"
#define HELD   "http://hold.test:$PORT/%s"

static void begin(void)
{
    fixture_http_begin();
    names_begin();
    names_answer[0] = "127.0.0.1";
}

static struct http_call *start(const char *host, int64_t deadline_ms)
{
    struct http_call *call = http_prepare(fixture_endpoint);

    buf_format(http_url(call), "http://%s:%u/path", host, fixture_server.port);
    http_start(call, fixture_loop.now_ms + deadline_ms, fixture_note, NULL);
    return call;
}

static void fetch(const char *host)
{
    int before = fixture_done;

    start(host, 100000);
    ck_assert_int_eq(fixture_done, before);
    fixture_until(&fixture_done, before + 1);
}

START_TEST(http_name_is_looked_up_once_and_only_by_the_resolver)
{
    fixture_entry(TARGET, "");
    for (int i = 0; i < 3; i++) {
        fetch("backend.test");
        fixture_expect(HTTP_ANSWERED, 200, "ok");
        ck_assert(responder_got(&fixture_server, "\r\nHost: backend.test:"));
        fixture_server.then = RESPONDER_CLOSES; /* the next one needs a new connection */
    }
    ck_assert_int_eq(names_asked, 1);
}
END_TEST

START_TEST(http_two_entries_share_the_addresses_of_a_host)
{
    fixture_entry(TARGET, "");
    fetch("backend.test");
    struct http_endpoint *first = fixture_endpoint;
    const struct config_entry *entry = fixture_map(fixture_config, "m");
    fixture_endpoint = http_endpoint_new(fixture_http, entry, &entry->targets[0], NULL);
    ck_assert_ptr_ne(first, fixture_endpoint);
    fetch("backend.test");
    fixture_expect(HTTP_ANSWERED, 200, "ok");
    ck_assert_int_eq(names_asked, 1);
}
END_TEST

START_TEST(http_unknown_name_is_not_resolved)
{
    names_error = EAI_NONAME;
    fixture_entry(TARGET, "");
    fetch("backend.test");
    fixture_expect(HTTP_NOT_RESOLVED, 0, "");
    ck_assert_str_eq(fixture_detail, gai_strerror(EAI_NONAME));
    fetch("backend.test"); /* remembered: later nevertheless */
    fixture_expect(HTTP_NOT_RESOLVED, 0, "");
    ck_assert_int_eq(names_asked, 1);
}
END_TEST

START_TEST(http_look_up_counts_against_the_deadline)
{
    fixture_entry(HELD, "");
    start("hold.test", 5000);
    fixture_turns(3);
    fixture_move_clock(5000);
    fixture_turns(1);
    ck_assert_int_eq(fixture_done, 1);
    fixture_expect(HTTP_TIMED_OUT, 0, "");
    names_release();
    fetch("hold.test");
    fixture_expect(HTTP_ANSWERED, 200, "ok");
    ck_assert_int_eq(names_asked, 1);
}
END_TEST

START_TEST(http_cancelled_while_its_name_is_looked_up_is_not_answered)
{
    fixture_entry(HELD, "");
    http_cancel(start("hold.test", 100000));
    names_release();
    fetch("hold.test");
    fixture_expect(HTTP_ANSWERED, 200, "ok");
    ck_assert_int_eq(fixture_done, 1);
    ck_assert_int_eq(fixture_server.requests, 1);
}
END_TEST

/* The cancelled call was the one that had the addresses with it. */
START_TEST(http_cancelled_before_it_connects_leaves_the_addresses_to_the_next)
{
    fixture_entry(TARGET, "");
    http_cancel(start("backend.test", 100000));
    while (fixture_endpoint->host->addresses == NULL)
        fixture_turns(1);
    http_cancel(start("backend.test", 100000));
    fetch("backend.test");
    ck_assert_int_eq(names_asked, 1);
    fixture_expect(HTTP_ANSWERED, 200, "ok");
}
END_TEST

START_TEST(http_new_addresses_of_a_host_are_used)
{
    names_answer[0] = "127.0.0.2"; /* nobody listens there */
    fixture_entry(TARGET, "");
    fetch("backend.test");
    fixture_expect(HTTP_NOT_CONNECTED, 0, "");
    names_answer[0] = "127.0.0.1";
    fixture_move_clock(RESOLVER_KEEP_MS);
    fetch("backend.test"); /* with the old ones, while the renewal runs */
    while (names_asked < 2)
        fixture_turns(1);
    for (int i = 0; i < 100 && fixture_failure != HTTP_ANSWERED; i++)
        fetch("backend.test");
    fixture_expect(HTTP_ANSWERED, 200, "ok");
    ck_assert_int_eq(names_asked, 2);
}
END_TEST

START_TEST(http_proxy_name_is_looked_up_instead_of_the_target)
{
    fixture_entry("http://192.0.2.1/%s", "http = { proxy = \"http://proxy.test:$PORT\"; };");
    fixture_fetch("/path");
    fixture_expect(HTTP_ANSWERED, 200, "ok");
    responder_expect_begin(&fixture_server, "GET http://192.0.2.1/path HTTP/1.1\r\n");
    ck_assert_int_eq(names_asked, 1);
}
END_TEST

START_TEST(http_free_while_a_name_is_looked_up_does_not_wait)
{
    fixture_entry(HELD, "");
    start("hold.test", 100000);
    fixture_turns(2);
    http_free(&fixture_http);
    ck_assert_int_eq(fixture_done, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("http_names");
    const TTest *const tests[] = { http_name_is_looked_up_once_and_only_by_the_resolver,
                                   http_two_entries_share_the_addresses_of_a_host,
                                   http_unknown_name_is_not_resolved,
                                   http_look_up_counts_against_the_deadline,
                                   http_cancelled_while_its_name_is_looked_up_is_not_answered,
                                   http_cancelled_before_it_connects_leaves_the_addresses_to_the_next,
                                   http_new_addresses_of_a_host_are_used,
                                   http_proxy_name_is_looked_up_instead_of_the_target,
                                   http_free_while_a_name_is_looked_up_does_not_wait };
    TCase *tcase = unit_case("names");

    tcase_add_unchecked_fixture(tcase, fixture_begin, fixture_end);
    tcase_add_checked_fixture(tcase, begin, fixture_http_end);
    for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
