#include "backend.h"

#include "backend_fixture.h"
#include "backend_state.h"

#define BAD_STATUS "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"
#define CAUSE      "the backend reports an error of its own"

START_TEST(backend_warning_names_entry_key_and_target)
{
    fixture_entry("/path/%s?secret", "");
    fixture_server.answer = BAD_STATUS;
    fixture_ask(SPAN("a\nb"));
    fixture_expect(VERDICT_TEMP, CAUSE);
    char *pattern = mem_format("[^\n]*: warning: map=m, key=<a\\?b>, peer=none, request=[0-9a-f]{16}: "
                               "target=http://127.0.0.1:%u: " CAUSE " \\(status 500\\)\n",
                               fixture_server.port);
    fixture_expect_match(fixture_log(), pattern);
    mem_free(pattern);
}
END_TEST

START_TEST(backend_same_warning_comes_once_a_minute_with_the_number_left_out)
{
    fixture_entry("/%s", "");
    fixture_server.answer = BAD_STATUS;
    for (int i = 0; i < 3; i++)
        fixture_ask(SPAN("k"));
    ck_assert_int_eq(fixture_log_count(CAUSE), 1);
    ck_assert_int_eq(fixture_log_count(" more)"), 0);
    fixture_move_clock(LOG_LIMIT_MS);
    fixture_ask(SPAN("k"));
    ck_assert_int_eq(fixture_log_count(CAUSE), 2);
    ck_assert_int_eq(fixture_log_count(" (status 500) (2 more)\n"), 1);
    fixture_move_clock(LOG_LIMIT_MS);
    fixture_ask(SPAN("k"));
    ck_assert_int_eq(fixture_log_count(CAUSE " (status 500)\n"), 2);
}
END_TEST

START_TEST(backend_warnings_of_other_causes_and_entries_are_counted_apart)
{
    fixture_entry("/%s", "");
    fixture_server.answer = BAD_STATUS;
    fixture_ask(SPAN("k"));
    fixture_server.answer = RESPONDER_OK("1", "<");
    fixture_ask(SPAN("k"));
    fixture_server.answer = BAD_STATUS;
    fixture_ask_of("traced", SPAN("k"));
    fixture_until(&fixture_done, 3);
    ck_assert_int_eq(fixture_log_count("warning: "), 3);
    ck_assert_int_eq(fixture_log_count("warning: map=traced, "), 1);
}
END_TEST

START_TEST(backend_failure_is_logged_with_its_detail)
{
    fixture_entry("/%s", "");
    fixture_server.answer = NULL;
    fixture_server.then = RESPONDER_CLOSES;
    fixture_ask(SPAN("k"));
    fixture_expect(VERDICT_TEMP, "the backend broke off its answer");
    ck_assert_int_eq(fixture_log_count(": the backend broke off its answer ("), 1);
}
END_TEST

START_TEST(backend_good_answer_is_not_logged)
{
    fixture_entry("/%s", "");
    fixture_ask(SPAN("k"));
    fixture_server.answer = RESPONDER_OK("0", "");
    fixture_ask(SPAN("k"));
    fixture_expect(VERDICT_NOTFOUND, "");
    ck_assert_str_eq(fixture_log(), "");
}
END_TEST

START_TEST(backend_debug_entry_is_traced)
{
    fixture_entry("/%s", "");
    fixture_ask_of("traced", SPAN("k"));
    fixture_until(&fixture_done, 1);
    fixture_expect_match(fixture_log(),
                         "[^\n]*\\]: map=traced, key=<k>, peer=none, request=[0-9a-f]{16}, status=200, result=found, "
                         "source=backend, delay=0\\.[0-9]{3}\n");
}
END_TEST

START_TEST(backend_debug_level_traces_all)
{
    fixture_entry("/%s", "");
    log_set_level(LOG_LEVEL_DEBUG);
    fixture_ask(SPAN("k"));
    fixture_ask(SPAN(".."));
    ck_assert_int_eq(fixture_log_count("result=found, source=backend"), 1);
    ck_assert_int_eq(fixture_log_count("status=0, result=notfound, source=none"), 1);
}
END_TEST

static void ask_times(int times)
{
    for (int i = 0; i < times; i++)
        fixture_ask(SPAN("k"));
}

#define TYPO "none of the first answers has the member that value_field names: check its spelling (valeu)"

START_TEST(backend_value_field_that_no_first_answer_has_is_warned_about_once)
{
    fixture_entry("/%s", "value_field = \"valeu\";");
    fixture_server.answer = RESPONDER_OK("13", "{\"value\":\"v\"}");
    fixture_server.answer = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    ask_times(1); /* where nobody looked for the member says nothing about it */
    fixture_server.answer = RESPONDER_OK("13", "{\"value\":\"v\"}");
    ask_times(BACKEND_FIRST_ANSWERS - 1);
    fixture_expect(VERDICT_NOTFOUND, "");
    ck_assert_int_eq(fixture_log_count("warning: "), 0);
    ask_times(1);
    ck_assert_int_eq(fixture_log_count(TYPO), 1);
    fixture_move_clock(LOG_LIMIT_MS);
    ask_times(BACKEND_FIRST_ANSWERS + 1);
    ck_assert_int_eq(fixture_log_count("warning: "), 1);
}
END_TEST

START_TEST(backend_first_answer_with_other_members_only_is_told_once)
{
    fixture_entry("/%s", "value_field = \"valeu\";");
    fixture_server.answer = RESPONDER_OK("2", "{}");
    ask_times(1);
    ck_assert_str_eq(fixture_log(), "");
    fixture_server.answer = RESPONDER_OK("13", "{\"value\":\"v\"}");
    ask_times(2);
    fixture_expect_match(fixture_log(),
                         "[^\n]*, key=<k>[^\n]*: the answer has no member \"valeu\" \\(value_field\\): nothing there; "
                         "with value_required = true this is an error\n");
}
END_TEST

START_TEST(backend_value_field_that_one_first_answer_has_is_right)
{
    fixture_entry("/%s", "value_field = \"value\";");
    fixture_server.answer = RESPONDER_OK("13", "{\"value\":\"v\"}");
    ask_times(1);
    fixture_expect(VERDICT_FOUND, "v");
    fixture_server.answer = RESPONDER_OK("2", "{}");
    ask_times(BACKEND_FIRST_ANSWERS);
    fixture_server.answer = RESPONDER_OK("15", "{\"status\":\"no\"}");
    ask_times(1);
    ck_assert_str_eq(fixture_log(), "");
}
END_TEST

START_TEST(backend_answer_without_a_value_names_the_field)
{
    fixture_entry("/%s", "value_field = \"valeu\"; value_required = true;");
    fixture_server.answer = RESPONDER_OK("13", "{\"value\":\"v\"}");
    ask_times(1);
    fixture_expect(VERDICT_PERM, "the answer lacks the value");
    ck_assert_int_eq(fixture_log_count(": value_field is missing, and value_required is set: check value_field "
                                       "(valeu; status 200)\n"), 1);
}
END_TEST

START_TEST(backend_trace_names_the_field_that_is_missing)
{
    fixture_entry("/%s", "value_field = \"valeu\";");
    log_set_level(LOG_LEVEL_DEBUG);
    fixture_server.answer = RESPONDER_OK("13", "{\"value\":\"v\"}");
    ask_times(1);
    fixture_expect_match(fixture_log(), "[^\n]*: the answer has no member [^\n]*\n"
                                        "[^\n]*, result=notfound, source=backend, delay=[0-9.]*, lacks=<valeu>\n");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("backend_log");

    fixture_add_backend(suite, "warnings",
                        (const TTest *const[]){ backend_warning_names_entry_key_and_target,
                                                backend_same_warning_comes_once_a_minute_with_the_number_left_out,
                                                backend_warnings_of_other_causes_and_entries_are_counted_apart,
                                                backend_failure_is_logged_with_its_detail,
                                                backend_good_answer_is_not_logged, NULL },
                        1);
    fixture_add_backend(suite, "traces",
                        (const TTest *const[]){ backend_debug_entry_is_traced, backend_debug_level_traces_all, NULL },
                        1);
    fixture_add_backend(suite, "value_field",
                        (const TTest *const[]){ backend_value_field_that_no_first_answer_has_is_warned_about_once,
                                                backend_first_answer_with_other_members_only_is_told_once,
                                                backend_value_field_that_one_first_answer_has_is_right,
                                                backend_answer_without_a_value_names_the_field,
                                                backend_trace_names_the_field_that_is_missing, NULL },
                        1);
    return unit_run(suite);
}
