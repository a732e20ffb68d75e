#include "http.h"

#include "http_fixture.h"

#define TARGET "http://127.0.0.1:$PORT/%s"
#define ANSWER(headers) "HTTP/1.1 200 OK\r\n" headers "Content-Length: 2\r\n\r\nok"

static const struct {
    const char *name;
    const char *answer;
    const char *header;
    const char *value;
    size_t count;
} rows[] = {
    { "present", ANSWER("Auth-User: user\r\n"), "Auth-User", "user", 1 },
    { "absent", ANSWER(""), "Auth-User", "none", 0 },
    { "absent, another begins like it", ANSWER("Auth-User-Id: user\r\n"), "Auth-User", "none", 0 },
    { "absent, another ends like it", ANSWER("X-Auth-User: user\r\n"), "Auth-User", "none", 0 },
    { "no name", ANSWER("Auth-User: user\r\n"), "", "none", 0 },
    { "another case", ANSWER("aUTH-uSER: UsEr\r\n"), "Auth-User", "UsEr", 1 },
    { "first of two", ANSWER("Auth-User: one\r\nAuth-Status: no\r\nAuth-User: two\r\n"), "Auth-User", "one", 2 },
    { "empty", ANSWER("Auth-Status:\r\n"), "Auth-Status", "", 1 },
    { "blanks only", ANSWER("Auth-Status: \t \r\n"), "Auth-Status", "", 1 },
    { "blanks around", ANSWER("Auth-Status: \t a  b \t\r\n"), "Auth-Status", "a  b", 1 },
    { "colons", ANSWER("Auth-Status: a: b:\r\n"), "Auth-Status", "a: b:", 1 },
    { "not ASCII", ANSWER("Auth-Status: \xC3\xBC\xFF\r\n"), "Auth-Status", "\xC3\xBC\xFF", 1 },
    { "after 100", "HTTP/1.1 100 Continue\r\nAuth-User: early\r\n\r\n" ANSWER("Auth-User: late\r\n"), "Auth-User",
      "late", 1 },
    { "of 100 only", "HTTP/1.1 100 Continue\r\nAuth-User: early\r\n\r\n" ANSWER(""), "Auth-User", "none", 0 },
    { "after 103", "HTTP/1.1 103 Early Hints\r\nAuth-User: early\r\n\r\n" ANSWER("Auth-User: late\r\n"), "Auth-User",
      "late", 1 },
    { "of a trailer only",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nAuth-User: trailer\r\n\r\n", "Auth-User",
      "none", 0 },
    { "many", ANSWER("Auth-User: a\r\nAuth-user: b\r\nAUTH-USER: c\r\n"), "auth-user", "a", 3 },
    { "no name, and none given", ANSWER(": evil\r\n"), "", "none", 0 },
    { "lines that end with LF", "HTTP/1.1 200 OK\nAuth-User: user\nContent-Length: 2\n\nok", "Auth-User", "user", 1 },
};

START_TEST(http_header_is_the_value_of_the_answer)
{
    fixture_entry(TARGET, "");
    fixture_header_name = rows[_i].header;
    fixture_server.answer = rows[_i].answer;
    fixture_fetch("/");
    fixture_expect(HTTP_ANSWERED, 200, "ok");
    ck_assert_msg(strcmp(fixture_header, rows[_i].value) == 0, "%s: %s", rows[_i].name, fixture_header);
    unit_expect(fixture_header_count == rows[_i].count, rows[_i].name);
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

/* RFC 9112, section 2.2: some take it for the end of a line. */
START_TEST(http_header_with_a_bare_cr_is_no_http)
{
    static const char *const answers[] = {
        ANSWER("Auth-User: admin\rx\r\n"), ANSWER("Auth-User: admin\r\r\n"), ANSWER("Auth\rUser: admin\r\n"),
        ANSWER("\rAuth-User: admin\r\n"), "HTTP/1.1 200 OK\rx\r\nAuth-User: admin\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 100 Continue\r\nX: a\rb\r\n\r\n" ANSWER("Auth-User: admin\r\n"),
    };

    fixture_entry(TARGET, "");
    fixture_header_name = "Auth-User";
    for (int i = 0; i < UNIT_ROWS(answers); i++) {
        fixture_server.answer = answers[i];
        fixture_fetch("/");
        fixture_expect(HTTP_INVALID, 0, "");
        ck_assert_str_eq(fixture_header, "none");
        ck_assert_uint_eq(fixture_header_count, 0);
    }
    fixture_server.answer = ANSWER("Auth-User: user\r\n");
    fixture_fetch("/");
    ck_assert_str_eq(fixture_header, "user");
}
END_TEST

/* A folded line belongs to the one before it: here there is none, and none of an earlier answer either. */
START_TEST(http_header_that_begins_with_a_blank_joins_no_earlier_answer)
{
    static const char *const blanks[] = { " ", "\t", "  \t " };

    fixture_entry(TARGET, "");
    fixture_header_name = "Auth-User";
    for (int i = 0; i < UNIT_ROWS(blanks); i++) {
        char *answer = mem_format("HTTP/1.1 200 OK\r\n%s%01000d\r\nX-Other: x\r\nContent-Length: 2\r\n\r\nok",
                                  blanks[i], 5);
        fixture_server.answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nAuth-User: user\r\n\r\nok";
        fixture_fetch("/");
        ck_assert_str_eq(fixture_header, "user");
        fixture_server.answer = answer;
        fixture_fetch("/");
        ck_assert(fixture_failure == HTTP_ANSWERED || fixture_failure == HTTP_INVALID);
        ck_assert_str_eq(fixture_header, "none");
        mem_free(answer);
    }
    ck_assert_int_eq(fixture_server.requests, 2 * UNIT_ROWS(blanks));
}
END_TEST

/* Connections are used again. */
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
    TCase *tcase = unit_case("rows");

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
                                             http_header_with_a_bare_cr_is_no_http,
                                             http_header_that_begins_with_a_blank_joins_no_earlier_answer,
                                             http_header_of_an_earlier_answer_is_forgotten, NULL });
    return unit_run(suite);
}
