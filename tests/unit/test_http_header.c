#include "http.h"

#include "http_fixture.h"

#define TARGET "http://127.0.0.1:$PORT/%s"
#define ANSWER(headers) "HTTP/1.1 200 OK\r\n" headers "Content-Length: 2\r\n\r\nok"

static const struct {
    const char *name;
    const char *answer;
    const char *header;
    const char *value;
} rows[] = {
    { "present", ANSWER("Auth-User: user\r\n"), "Auth-User", "user" },
    { "absent", ANSWER(""), "Auth-User", "none" },
    { "absent, another begins like it", ANSWER("Auth-User-Id: user\r\n"), "Auth-User", "none" },
    { "absent, another ends like it", ANSWER("X-Auth-User: user\r\n"), "Auth-User", "none" },
    { "no name", ANSWER("Auth-User: user\r\n"), "", "none" },
    { "another case", ANSWER("aUTH-uSER: UsEr\r\n"), "Auth-User", "UsEr" },
    { "first of two", ANSWER("Auth-User: one\r\nAuth-Status: no\r\nAuth-User: two\r\n"), "Auth-User", "one" },
    { "empty", ANSWER("Auth-Status:\r\n"), "Auth-Status", "" },
    { "blanks only", ANSWER("Auth-Status: \t \r\n"), "Auth-Status", "" },
    { "blanks around", ANSWER("Auth-Status: \t a  b \t\r\n"), "Auth-Status", "a  b" },
    { "colons", ANSWER("Auth-Status: a: b:\r\n"), "Auth-Status", "a: b:" },
    { "not ASCII", ANSWER("Auth-Status: \xC3\xBC\xFF\r\n"), "Auth-Status", "\xC3\xBC\xFF" },
    { "after 100", "HTTP/1.1 100 Continue\r\nAuth-User: early\r\n\r\n" ANSWER("Auth-User: late\r\n"), "Auth-User",
      "late" },
    { "of 100 only", "HTTP/1.1 100 Continue\r\nAuth-User: early\r\n\r\n" ANSWER(""), "Auth-User", "none" },
    { "after 103", "HTTP/1.1 103 Early Hints\r\nAuth-User: early\r\n\r\n" ANSWER("Auth-User: late\r\n"), "Auth-User",
      "late" },
    { "of a trailer only",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nAuth-User: trailer\r\n\r\n", "Auth-User",
      "none" },
};

START_TEST(http_header_is_the_value_of_the_answer)
{
    fixture_entry(TARGET, "");
    fixture_header_name = rows[_i].header;
    fixture_server.answer = rows[_i].answer;
    fixture_fetch("/");
    fixture_expect(HTTP_ANSWERED, 200, "ok");
    ck_assert_msg(strcmp(fixture_header, rows[_i].value) == 0, "%s: %s", rows[_i].name, fixture_header);
}
END_TEST

START_TEST(http_header_is_there_whatever_the_status)
{
    fixture_entry(TARGET, "");
    fixture_header_name = "Auth-Status";
    fixture_server.answer = "HTTP/1.1 403 Forbidden\r\nAuth-Status: no\r\nContent-Length: 4\r\n\r\nnull";
    fixture_fetch("/");
    fixture_expect(HTTP_ANSWERED, 403, "null");
    ck_assert_str_eq(fixture_header, "no");
}
END_TEST

START_TEST(http_header_of_a_failed_call_is_none)
{
    fixture_entry(TARGET, "");
    fixture_header_name = "Auth-User";
    fixture_server.answer = "HTTP/1.1 200 OK\r\nAuth-User: user\r\nContent-Length: 10\r\n\r\nhalf";
    fixture_server.then = RESPONDER_CLOSES;
    fixture_fetch("/");
    fixture_expect(HTTP_RESET, 0, "");
    ck_assert_str_eq(fixture_header, "none");
}
END_TEST

START_TEST(http_header_of_silence_is_none)
{
    fixture_entry(TARGET, "");
    fixture_header_name = "Auth-User";
    fixture_server.answer = NULL;
    fixture_start("/");
    while (fixture_server.requests == 0)
        fixture_turns(1);
    fixture_move_clock(100000);
    fixture_until(&fixture_done, 1);
    ck_assert_int_eq(fixture_failure, HTTP_TIMED_OUT);
    ck_assert_str_eq(fixture_header, "none");
}
END_TEST

/* Handles are used again, and connections too. */
START_TEST(http_header_of_an_earlier_answer_is_forgotten)
{
    fixture_entry(TARGET, "");
    fixture_header_name = "Auth-User";
    fixture_server.answer = ANSWER("Auth-User: user\r\n");
    fixture_fetch("/");
    ck_assert_str_eq(fixture_header, "user");
    fixture_server.answer = ANSWER("");
    fixture_fetch("/");
    ck_assert_str_eq(fixture_header, "none");
    ck_assert_int_eq(fixture_server.accepted, 1);
    responder_hang_up_all(&fixture_server);
    fixture_server.answer = NULL;
    fixture_server.then = RESPONDER_CLOSES;
    fixture_fetch("/");
    fixture_expect(HTTP_RESET, 0, "");
    ck_assert_str_eq(fixture_header, "none");
}
END_TEST

static void add_rows(Suite *suite)
{
    TCase *tcase = tcase_create("rows");

    tcase_add_unchecked_fixture(tcase, fixture_begin, fixture_end);
    tcase_add_checked_fixture(tcase, fixture_clear, NULL);
    tcase_add_checked_fixture(tcase, fixture_http_begin, fixture_http_end);
    tcase_add_loop_test(tcase, http_header_is_the_value_of_the_answer, 0, UNIT_ROWS(rows));
    suite_add_tcase(suite, tcase);
}

int main(void)
{
    Suite *suite = suite_create("http_header");

    add_rows(suite);
    fixture_add_http(suite, "http_header",
                     (const TTest *const[]){ http_header_is_there_whatever_the_status,
                                             http_header_of_a_failed_call_is_none, http_header_of_silence_is_none,
                                             http_header_of_an_earlier_answer_is_forgotten, NULL });
    return unit_run(suite);
}
