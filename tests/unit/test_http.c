#include "http.h"

#include "http_fixture.h"

#define TARGET "http://127.0.0.1:$PORT/%s"

START_TEST(http_answer_has_status_and_body)
{
    fixture_entry(TARGET, "");
    fixture_server.answer = "HTTP/1.1 418 Teapot\r\nContent-Length: 3\r\n\r\nt\"t";
    fixture_fetch("/pot?a=b%20c");
    fixture_expect(HTTP_ANSWERED, 418, "t\"t");
    responder_expect_begin(&fixture_server, "GET /pot?a=b%20c HTTP/1.1\r\n");
    fixture_turns(3);
    ck_assert_int_eq(fixture_done, 1);
}
END_TEST

START_TEST(http_path_goes_as_it_is)
{
    fixture_entry(TARGET, "");
    fixture_fetch("/a/../b/./c//d");
    responder_expect_begin(&fixture_server, "GET /a/../b/./c//d HTTP/1.1\r\n");
}
END_TEST

START_TEST(http_url_that_could_end_its_line_is_not_sent)
{
    static const char *const odd[] = { "/a b", "/a\tb", "/a HTTP/1.1\r\nX-Other: y", "/a\nb", "/a\rb", "/\x7f",
                                       "/\xc3\xa4", "", "1/" };

    fixture_entry(TARGET, "");
    for (size_t i = 0; i < UNIT_ROWS(odd); i++) {
        fixture_fetch(odd[i]);
        fixture_expect(HTTP_INVALID, 0, "");
    }
    fixture_fetch("/next");
    fixture_expect(HTTP_ANSWERED, 200, "ok");
    ck_assert_int_eq(fixture_server.requests, 1);
}
END_TEST

START_TEST(http_connection_is_kept_alive)
{
    fixture_entry(TARGET, "");
    for (int i = 0; i < 5; i++)
        fixture_fetch("/");
    ck_assert_int_eq(fixture_server.requests, 5);
    ck_assert_int_eq(fixture_server.accepted, 1);
}
END_TEST

START_TEST(http_calls_at_the_same_time_have_connections_of_their_own)
{
    fixture_entry(TARGET, "");
    for (int i = 0; i < 3; i++)
        fixture_start("/");
    fixture_until(&fixture_done, 3);
    ck_assert_int_eq(fixture_server.requests, 3);
    ck_assert_int_eq(fixture_server.accepted, 3);
}
END_TEST

START_TEST(http_calls_beyond_the_limit_of_a_host_wait)
{
    http_free(&fixture_http);
    fixture_http = http_new(&fixture_loop, 1, 1);
    fixture_entry(TARGET, "");
    for (int i = 0; i < 3; i++)
        fixture_start("/");
    fixture_until(&fixture_done, 3);
    fixture_expect(HTTP_ANSWERED, 200, "ok");
    ck_assert_int_eq(fixture_server.requests, 3);
    ck_assert_int_eq(fixture_server.accepted, 1);
}
END_TEST

START_TEST(http_kept_connection_that_the_server_closed_is_replaced)
{
    fixture_entry(TARGET, "");
    fixture_fetch("/");
    responder_hang_up_all(&fixture_server);
    fixture_turns(3);
    fixture_fetch("/again%2f..?");
    fixture_expect(HTTP_ANSWERED, 200, "ok");
    responder_expect_begin(&fixture_server, "GET /again%2f..? HTTP/1.1\r\n");
    ck_assert_int_eq(fixture_server.accepted, 2);
}
END_TEST

START_TEST(http_redirect_is_not_followed)
{
    fixture_entry(TARGET, "");
    fixture_server.answer = "HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n";
    fixture_fetch("/");
    fixture_expect(HTTP_ANSWERED, 302, "");
    fixture_turns(3);
    ck_assert_int_eq(fixture_server.requests, 1);
}
END_TEST

START_TEST(http_takes_no_setting_from_the_environment)
{
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    fixture_entry(TARGET, "");
    fixture_fetch("/");
    fixture_expect(HTTP_ANSWERED, 200, "ok");
}
END_TEST

START_TEST(http_proxy_gets_the_whole_url)
{
    fixture_entry("http://192.0.2.1:80/%s", "http = { proxy = \"http://127.0.0.1:$PORT\"; };");
    fixture_fetch("/path");
    fixture_expect(HTTP_ANSWERED, 200, "ok");
    responder_expect_begin(&fixture_server, "GET http://192.0.2.1/path HTTP/1.1\r\nHost: 192.0.2.1\r\n");
}
END_TEST

START_TEST(http_no_proxy_goes_directly)
{
    fixture_entry(TARGET, "http = { proxy = \"http://192.0.2.1:1\"; no_proxy = [\"127.0.0.1\"]; };");
    fixture_fetch("/path");
    fixture_expect(HTTP_ANSWERED, 200, "ok");
    responder_expect_begin(&fixture_server, "GET /path HTTP/1.1\r\n");
}
END_TEST

START_TEST(http_unix_socket_is_a_target)
{
    char *path = fixture_path("http.sock");
    struct responder local;

    responder_begin_unix(&local, path);
    local.answer = RESPONDER_OK("5", "local");
    fixture_entry("unix:$DIR/http.sock:/base/%s", "");
    fixture_fetch("/base/x");
    fixture_expect(HTTP_ANSWERED, 200, "local");
    responder_expect_begin(&local, "GET /base/x HTTP/1.1\r\nHost: localhost\r\n");
    responder_end(&local);
    mem_free(path);
}
END_TEST

START_TEST(http_cancelled_before_its_start_is_nothing)
{
    fixture_entry(TARGET, "");
    struct http_call *call = http_prepare(fixture_endpoint);
    buf_add(http_url(call), SPAN("http://127.0.0.1/"));
    http_add_header(call, "X-Gone: 1");
    http_cancel(call);
    fixture_fetch("/next");
    fixture_expect(HTTP_ANSWERED, 200, "ok");
    ck_assert(!responder_got(&fixture_server, "X-Gone"));
    ck_assert_int_eq(fixture_server.requests, 1);
}
END_TEST

START_TEST(http_cancelled_at_any_time_is_not_answered)
{
    fixture_entry(TARGET, "");
    fixture_server.answer = NULL;
    for (int turns = 0; turns < 12; turns++) {
        struct http_call *call = fixture_start("/");
        fixture_turns(turns);
        http_cancel(call);
    }
    ck_assert_int_gt(fixture_server.requests, 0);
    fixture_turns(5);
    ck_assert_int_eq(fixture_done, 0);
    fixture_server.answer = RESPONDER_OK("4", "late");
    fixture_fetch("/");
    fixture_expect(HTTP_ANSWERED, 200, "late");
    ck_assert_int_eq(fixture_done, 1);
}
END_TEST

static void note_and_ask_again(void *arg, const struct http_answer *answer)
{
    fixture_note(arg, answer);
    if (fixture_done < 3) {
        struct http_call *call = http_prepare(fixture_endpoint);
        buf_add(http_url(call), span_text(arg));
        http_start(call, fixture_loop.now_ms + 100000, note_and_ask_again, arg);
    }
}

START_TEST(http_next_call_may_start_from_the_answer_of_the_last)
{
    char url[100];

    fixture_entry(TARGET, "");
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/", fixture_server.port);
    struct http_call *call = http_prepare(fixture_endpoint);
    buf_add(http_url(call), span_text(url));
    http_start(call, fixture_loop.now_ms + 100000, note_and_ask_again, url);
    fixture_until(&fixture_done, 3);
    ck_assert_int_eq(fixture_server.requests, 3);
}
END_TEST

START_TEST(http_free_drops_calls_under_way)
{
    fixture_entry(TARGET, "");
    fixture_server.answer = NULL;
    fixture_start("/");
    fixture_turns(5);
    fixture_start("/");
    http_free(&fixture_http);
    fixture_turns(2);
    ck_assert_int_eq(fixture_done, 0);
    http_free(&fixture_http);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("http");

    fixture_add_http(suite, "answers",
                     (const TTest *const[]){ http_answer_has_status_and_body, http_path_goes_as_it_is,
                                             http_url_that_could_end_its_line_is_not_sent,
                                             http_connection_is_kept_alive,
                                             http_calls_at_the_same_time_have_connections_of_their_own,
                                             http_calls_beyond_the_limit_of_a_host_wait,
                                             http_kept_connection_that_the_server_closed_is_replaced,
                                             http_redirect_is_not_followed, http_takes_no_setting_from_the_environment,
                                             http_proxy_gets_the_whole_url, http_no_proxy_goes_directly,
                                             http_unix_socket_is_a_target, NULL });
    fixture_add_http(suite, "cancel",
                     (const TTest *const[]){ http_cancelled_before_its_start_is_nothing,
                                             http_cancelled_at_any_time_is_not_answered,
                                             http_next_call_may_start_from_the_answer_of_the_last,
                                             http_free_drops_calls_under_way, NULL });
    return unit_run(suite);
}
