#include "http.h"

#include "http_fixture.h"

#define TARGET "http://127.0.0.1:$PORT/%s"

static const struct {
    const char *name;
    const char *answer;
    enum responder_end then;
    enum http_failure failure;
} rows[] = {
    { "closed before the answer", NULL, RESPONDER_CLOSES, HTTP_RESET },
    { "reset before the answer", NULL, RESPONDER_RESETS, HTTP_RESET },
    { "closed in the header", "HTTP/1.1 200 OK\r\nContent-", RESPONDER_CLOSES, HTTP_RESET },
    { "closed after 100", "HTTP/1.1 100 Continue\r\n\r\n", RESPONDER_CLOSES, HTTP_RESET },
    { "closed in the line after 100", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200", RESPONDER_CLOSES, HTTP_RESET },
    { "closed in the header after 100", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n",
      RESPONDER_CLOSES, HTTP_RESET },
    { "closed in the body", RESPONDER_OK("10", "half"), RESPONDER_CLOSES, HTTP_RESET },
    { "closed in a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf", RESPONDER_CLOSES,
      HTTP_RESET },
    { "not HTTP", "220 mail.example.com ESMTP\r\n", RESPONDER_CLOSES, HTTP_INVALID },
    { "letters of another case", "hTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", RESPONDER_KEEPS, HTTP_INVALID },
    { "no version", "HTTP/ 503 Busy\r\nContent-Length: 0\r\n\r\n", RESPONDER_KEEPS, HTTP_INVALID },
    { "four digits", "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n", RESPONDER_KEEPS, HTTP_INVALID },
    { "bad status after 100", "HTTP/1.1 100 Continue\r\n\r\nHTTP/x 403\r\nContent-Length: 0\r\n\r\n",
      RESPONDER_KEEPS, HTTP_INVALID },
    { "bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", RESPONDER_CLOSES, HTTP_RESET },
    { "bad gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope", RESPONDER_KEEPS,
      HTTP_INVALID },
};

START_TEST(http_broken_answer_is_a_failure)
{
    fixture_entry(TARGET, "http_response_compression = true;");
    fixture_server.answer = rows[_i].answer;
    fixture_server.then = rows[_i].then;
    fixture_fetch("/");
    ck_assert_msg(fixture_failure == rows[_i].failure, "%s: failure %d, %s (%s), status %d", rows[_i].name,
                  (int)fixture_failure, fixture_reason, fixture_detail, fixture_status);
    unit_expect(fixture_status == 0, rows[_i].name);
    unit_expect(fixture_reason[0] != '\0' && fixture_detail[0] != '\0', rows[_i].name);
    unit_expect(strstr(fixture_reason, "127.0.0.1") == NULL, rows[_i].name);
    fixture_server.answer = RESPONDER_OK("2", "ok");
    fixture_server.then = RESPONDER_KEEPS;
    fixture_fetch("/");
    fixture_expect(HTTP_ANSWERED, 200, "ok");
}
END_TEST

static const struct {
    const char *name;
    const char *answer;
    enum responder_end then;
    enum http_failure failure;
} proxies[] = {
    { "reaches nobody", "HTTP/1.1 502 x\r\nContent-Length: 0\r\n\r\n", RESPONDER_KEEPS, HTTP_NOT_CONNECTED },
    { "wants a password", "HTTP/1.1 407 x\r\nContent-Length: 0\r\n\r\n", RESPONDER_CLOSES, HTTP_NOT_CONNECTED },
    { "closes", NULL, RESPONDER_CLOSES, HTTP_NOT_CONNECTED },
    { "resets", NULL, RESPONDER_RESETS, HTTP_NOT_CONNECTED },
    { "closes its tunnel", "HTTP/1.1 200 x\r\n\r\n", RESPONDER_CLOSES, HTTP_TLS_FAILED },
};

START_TEST(http_proxy_without_a_tunnel_is_no_connection)
{
    fixture_entry("https://host.invalid/%s", "http = { proxy = \"http://127.0.0.1:$PORT\"; };");
    fixture_server.answer = proxies[_i].answer;
    fixture_server.then = proxies[_i].then;
    fixture_fetch("/");
    ck_assert_msg(fixture_failure == proxies[_i].failure, "%s: failure %d, %s (%s)", proxies[_i].name,
                  (int)fixture_failure, fixture_reason, fixture_detail);
    unit_expect(responder_got(&fixture_server, "CONNECT host.invalid:443 HTTP/1.1\r\n"), proxies[_i].name);
}
END_TEST

/* An answer whose body has so many bytes, with or without saying so before. */
static char *answer_of(size_t bytes, bool tells)
{
    char *head = tells ? mem_format("HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", bytes)
                       : mem_string("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    size_t n = strlen(head);
    char *answer = mem_alloc(n + bytes + 1);

    memcpy(answer, head, n);
    memset(answer + n, 'x', bytes);
    mem_free(head);
    return answer;
}

static void fetch_bytes(size_t bytes, bool tells)
{
    char *answer = answer_of(bytes, tells);

    fixture_server.answer = answer;
    fixture_server.then = tells ? RESPONDER_KEEPS : RESPONDER_CLOSES;
    fixture_fetch("/");
    mem_free(answer);
}

START_TEST(http_answer_up_to_the_limit_is_taken)
{
    fixture_entry(TARGET, "http = { max_response_size = 2000; };");
    fetch_bytes(2000, _i == 0);
    ck_assert_int_eq(fixture_failure, HTTP_ANSWERED);
    ck_assert_uint_eq(strlen(fixture_body), 2000);
}
END_TEST

START_TEST(http_answer_over_the_limit_is_too_big)
{
    fixture_entry(TARGET, "http = { max_response_size = 2000; };");
    fetch_bytes(2001, _i == 0);
    fixture_expect(HTTP_TOO_BIG, 0, "");
    fetch_bytes(5, true);
    fixture_expect(HTTP_ANSWERED, 200, "xxxxx");
}
END_TEST

START_TEST(http_header_over_the_limit_is_too_big)
{
    const size_t lines = HTTP_HEADER_MAX_BYTES / 1000 + 1;
    struct buf answer;

    buf_init(&answer, 2 * HTTP_HEADER_MAX_BYTES);
    buf_add(&answer, SPAN("HTTP/1.1 200 OK\r\n"));
    for (size_t i = 0; i < lines; i++)
        buf_format(&answer, "X-%zu: %01000d\r\n", i, 0);
    buf_add(&answer, SPAN("Content-Length: 0\r\n\r\n"));
    fixture_entry(TARGET, "");
    fixture_server.answer = answer.p;
    fixture_server.answer_bytes = answer.n;
    fixture_fetch("/");
    fixture_expect(HTTP_TOO_BIG, 0, "");
    buf_free(&answer);
}
END_TEST

START_TEST(http_closed_port_is_not_connected)
{
    fixture_entry(TARGET, "");
    responder_end(&fixture_server);
    fixture_fetch("/");
    fixture_expect(HTTP_NOT_CONNECTED, 0, "");
    responder_begin(&fixture_server); /* for the end */
}
END_TEST

START_TEST(http_missing_socket_is_not_connected)
{
    fixture_entry("unix:$DIR/nobody.sock:/%s", "");
    fixture_fetch("/");
    fixture_expect(HTTP_NOT_CONNECTED, 0, "");
    ck_assert_str_eq(fixture_detail, "No such file or directory");
}
END_TEST

static struct http_call *start_with_deadline(int64_t after_ms)
{
    struct http_call *call = http_prepare(fixture_endpoint);

    buf_format(http_url(call), "http://127.0.0.1:%u/", fixture_server.port);
    http_start(call, fixture_loop.now_ms + after_ms, fixture_note, NULL);
    return call;
}

START_TEST(http_silent_server_times_out_at_the_deadline)
{
    fixture_entry(TARGET, "");
    fixture_server.answer = NULL;
    fixture_tick_ms = 0;
    start_with_deadline(5000);
    while (fixture_server.requests == 0)
        fixture_turns(1);
    fixture_move_clock(4999);
    fixture_turns(1);
    ck_assert_int_eq(fixture_done, 0);
    fixture_move_clock(1);
    fixture_turns(1);
    fixture_expect(HTTP_TIMED_OUT, 0, "");
    fixture_turns(3);
    ck_assert_int_eq(fixture_done, 1);
}
END_TEST

START_TEST(http_deadline_holds_in_the_middle_of_an_answer)
{
    fixture_entry(TARGET, "");
    fixture_server.answer = RESPONDER_OK("10", "half");
    start_with_deadline(5000);
    while (fixture_server.requests == 0)
        fixture_turns(1);
    fixture_turns(3);
    fixture_move_clock(5000);
    fixture_turns(1);
    fixture_expect(HTTP_TIMED_OUT, 0, "");
}
END_TEST

static void entry_with_one_connection(void)
{
    http_free(&fixture_http);
    fixture_http = http_new(&fixture_loop, 1, 1);
    fixture_entry(TARGET, "");
}

/* A call has the only connection, and no answer; the one behind it has no time to wait for that. */
static void expect_queued(void)
{
    int requests = fixture_server.requests + 1;

    fixture_server.answer = NULL;
    start_with_deadline(5000);
    while (fixture_server.requests < requests)
        fixture_turns(1);
    start_with_deadline(100);
    fixture_turns(3);
    fixture_move_clock(100);
    fixture_turns(1);
    fixture_expect(HTTP_TIMED_OUT, 0, "");
    ck_assert(fixture_was_queued);
}

START_TEST(http_deadline_holds_for_calls_that_wait_for_a_connection)
{
    entry_with_one_connection();
    expect_queued();
    ck_assert_int_eq(fixture_done, 1);
    ck_assert_int_eq(fixture_server.requests, 1);
}
END_TEST

/* Both calls have had a connection before. */
START_TEST(http_call_that_is_used_again_and_waits_was_queued)
{
    entry_with_one_connection();
    start_with_deadline(5000);
    start_with_deadline(5000);
    fixture_until(&fixture_done, 2);
    expect_queued();
    ck_assert_int_eq(fixture_done, 3);
    ck_assert_int_eq(fixture_server.requests, 3);
}
END_TEST

/* Nothing was learned about the backend, by a new call as by one that is used again. */
START_TEST(http_call_that_starts_too_late_is_not_sent)
{
    fixture_entry(TARGET, "");
    for (int i = 0; i < 4; i++) {
        if (i >= 2)
            fixture_fetch("/");
        int before = fixture_server.requests;
        start_with_deadline(-(i % 2));
        fixture_until(&fixture_done, fixture_done + 1);
        fixture_expect(HTTP_TIMED_OUT, 0, "");
        ck_assert_msg(fixture_was_queued, "%d", i);
        fixture_turns(3);
        ck_assert_int_eq(fixture_server.requests, before);
    }
}
END_TEST

START_TEST(http_late_answer_does_not_reach_the_next_call)
{
    fixture_entry(TARGET, "");
    fixture_server.answer = RESPONDER_OK("10", "half");
    start_with_deadline(5000);
    while (fixture_server.requests == 0)
        fixture_turns(1);
    fixture_move_clock(5000);
    fixture_turns(1);
    ck_assert_int_eq(fixture_failure, HTTP_TIMED_OUT);
    fixture_server.answer = RESPONDER_OK("3", "new");
    fixture_fetch("/");
    fixture_expect(HTTP_ANSWERED, 200, "new");
    ck_assert_int_eq(fixture_server.accepted, 2);
}
END_TEST

static void add_rows(Suite *suite, const char *name, const TTest *test, int rows_count)
{
    TCase *tcase = unit_case(name);

    tcase_add_unchecked_fixture(tcase, fixture_begin, fixture_end);
    tcase_add_checked_fixture(tcase, fixture_http_begin, fixture_http_end);
    tcase_add_loop_test(tcase, test, 0, rows_count);
    suite_add_tcase(suite, tcase);
}

int main(void)
{
    Suite *suite = suite_create("http_failures");

    add_rows(suite, "broken", http_broken_answer_is_a_failure, UNIT_ROWS(rows));
    add_rows(suite, "proxies", http_proxy_without_a_tunnel_is_no_connection, UNIT_ROWS(proxies));
    add_rows(suite, "limit", http_answer_up_to_the_limit_is_taken, 2);
    add_rows(suite, "over", http_answer_over_the_limit_is_too_big, 2);
    fixture_add_http(suite, "failures",
                     (const TTest *const[]){ http_header_over_the_limit_is_too_big, http_closed_port_is_not_connected,
                                             http_missing_socket_is_not_connected, NULL });
    fixture_add_http(suite, "deadline",
                     (const TTest *const[]){ http_silent_server_times_out_at_the_deadline,
                                             http_deadline_holds_in_the_middle_of_an_answer,
                                             http_deadline_holds_for_calls_that_wait_for_a_connection,
                                             http_call_that_is_used_again_and_waits_was_queued,
                                             http_call_that_starts_too_late_is_not_sent,
                                             http_late_answer_does_not_reach_the_next_call, NULL });
    return unit_run(suite);
}
