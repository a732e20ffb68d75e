#include "log.h"

#include <errno.h>
#include <syslog.h>

#include "jsondoc.h"
#include "log_fixture.h"
#include "mem.h"

#define TEXT_TIME "[A-Z][a-z][a-z] [ 1-3][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9] "
#define JSON_TIME "20[0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9][+-][0-9]{4}"

static void begin(void)
{
    fixture_log_begin();
    log_open(&(const struct log_options){ .sink = LOG_TO_STDERR, .ident = "mail/pfx-test" });
}

static void end(void)
{
    log_close();
    fixture_log_end();
}

START_TEST(log_stderr_line_has_time_ident_pid_and_text)
{
    log_info("value=%d, key=<%s>", 5, "a b");
    char *pattern = mem_format(TEXT_TIME "mail/pfx-test\\[%d\\]: value=5, key=<a b>\n", (int)getpid());
    fixture_expect_match(fixture_log(), pattern);
    mem_free(pattern);
}
END_TEST

static const struct {
    const char *name;
    void (*log)(const char *format, ...) __attribute__((format(printf, 1, 2)));
    const char *text;
    const char *json_level;
    enum log_level least;
    bool always;
} severities[] = {
    { "fatal", log_fatal, ": fatal: text\n", "fatal", LOG_LEVEL_ERROR, false },
    { "error", log_error, ": error: text\n", "error", LOG_LEVEL_ERROR, false },
    { "warning", log_warning, ": warning: text\n", "warning", LOG_LEVEL_WARNING, false },
    { "info", log_info, "]: text\n", "info", LOG_LEVEL_INFO, false },
    { "debug", log_debug, "]: text\n", "debug", LOG_LEVEL_DEBUG, false },
    { "trace", log_trace, "]: text\n", "debug", LOG_LEVEL_DEBUG, true },
};

START_TEST(log_severity_has_its_prefix_from_its_level_on)
{
    for (enum log_level level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++) {
        int before = fixture_log_count(severities[_i].text);
        log_set_level(level);
        ck_assert_int_eq(log_get_level(), level);
        severities[_i].log("%s", "text");
        int logged = fixture_log_count(severities[_i].text) - before;
        unit_expect(logged == (severities[_i].always || level >= severities[_i].least ? 1 : 0), severities[_i].name);
    }
}
END_TEST

START_TEST(log_json_line_is_an_object_with_the_level)
{
    log_set_level(LOG_LEVEL_DEBUG);
    log_set_json(true);
    severities[_i].log("%s", "text");
    char *pattern = mem_format("\\{\"time\":\"" JSON_TIME "\",\"level\":\"%s\",\"program\":\"mail/pfx-test\","
                               "\"pid\":%d,\"message\":\"text\"\\}\n",
                               severities[_i].json_level, (int)getpid());
    fixture_expect_match(fixture_log(), pattern);
    mem_free(pattern);
}
END_TEST

/* What a JSON reader makes of the message of the only line. */
static char *json_message(void)
{
    struct buf message;
    const char *why = NULL;

    const char *line = fixture_log();
    ck_assert_uint_eq(strcspn(line, "\n"), strlen(line) - 1);
    struct jsondoc *doc = jsondoc_parse(span_text(line), &why);
    ck_assert_msg(doc != NULL, "%s: %s", why, line);
    buf_init(&message, FIXTURE_LOG_MAX_BYTES);
    ck_assert_int_eq(jsondoc_get(doc, "message", ',', &message, &why), JSONDOC_VALUE);
    char *text = mem_copy(message.p, message.n);
    buf_free(&message);
    jsondoc_free(&doc);
    return text;
}

START_TEST(log_json_escapes_quotes_and_backslashes)
{
    log_set_json(true);
    log_info("say \"\\n\", {}\nand\ttab \xc3\xa9 \xff");
    char *message = json_message();
    ck_assert_str_eq(message, "say \"\\n\", {}?and?tab \xc3\xa9 ?");
    mem_free(message);
}
END_TEST

START_TEST(log_json_of_the_longest_line_is_whole)
{
    char text[LOG_LINE_MAX_BYTES + 1];

    memset(text, '"', LOG_LINE_MAX_BYTES);
    text[LOG_LINE_MAX_BYTES] = '\0';
    log_set_json(true);
    log_info("%s", text);
    char *message = json_message();
    ck_assert_str_eq(message, text);
    mem_free(message);
}
END_TEST

START_TEST(log_control_bytes_are_question_marks)
{
    log_info("a\nb\rc\033[31md\177e\xffz");
    fixture_expect_match(fixture_log(), TEXT_TIME "mail/pfx-test\\[[0-9]+\\]: a\\?b\\?c\\?\\[31md\\?e\\?z\n");
}
END_TEST

START_TEST(log_line_is_cut_at_the_limit)
{
    char text[2 * LOG_LINE_MAX_BYTES];

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    log_info("%s", text);
    const char *line = strstr(fixture_log(), ": ");
    ck_assert_ptr_nonnull(line);
    ck_assert_uint_eq(strspn(line + 2, "x"), LOG_LINE_MAX_BYTES);
    ck_assert_str_eq(line + 2 + LOG_LINE_MAX_BYTES, "\n");
}
END_TEST

START_TEST(log_keeps_errno)
{
    errno = ENOENT;
    log_warning("text");
    ck_assert_int_eq(errno, ENOENT);
}
END_TEST

START_TEST(log_after_close_goes_to_stderr)
{
    log_close();
    log_info("text");
    fixture_expect_match(fixture_log(), TEXT_TIME "pfx\\[[0-9]+\\]: text\n");
}
END_TEST

START_TEST(log_to_a_person_has_neither_time_nor_pid)
{
    log_open(&(const struct log_options){ .sink = LOG_TO_PERSON, .ident = "tool" });
    log_warning("key=<%s>", "a\nb");
    ck_assert_str_eq(fixture_log(), "tool: warning: key=<a?b>\n");
}
END_TEST

static const struct {
    const char *name;
    int facility;
} facilities[] = {
    { "mail", LOG_MAIL },     { "local0", LOG_LOCAL0 }, { "local7", LOG_LOCAL7 }, { "daemon", LOG_DAEMON },
    { "local8", -1 },         { "MAIL", -1 },           { "", -1 },               { "mail ", -1 },
    { "auth", LOG_AUTH },     { "user", LOG_USER },     { "uucp", LOG_UUCP },     { "news", LOG_NEWS },
};

START_TEST(log_facility_knows_the_names_of_syslog)
{
    unit_expect(log_facility(facilities[_i].name) == facilities[_i].facility, facilities[_i].name);
}
END_TEST

static void add_captured(Suite *suite, const char *name, const TTest *const *tests, int rows)
{
    TCase *tcase = unit_case(name);

    tcase_add_checked_fixture(tcase, begin, end);
    for (; *tests != NULL; tests++)
        tcase_add_loop_test(tcase, *tests, 0, rows);
    suite_add_tcase(suite, tcase);
}

int main(void)
{
    Suite *suite = suite_create("log");

    add_captured(suite, "severities",
                 (const TTest *const[]){ log_severity_has_its_prefix_from_its_level_on,
                                         log_json_line_is_an_object_with_the_level, NULL },
                 UNIT_ROWS(severities));
    add_captured(suite, "lines",
                 (const TTest *const[]){ log_stderr_line_has_time_ident_pid_and_text,
                                         log_json_escapes_quotes_and_backslashes, log_json_of_the_longest_line_is_whole,
                                         log_control_bytes_are_question_marks, log_line_is_cut_at_the_limit,
                                         log_keeps_errno, log_after_close_goes_to_stderr,
                                         log_to_a_person_has_neither_time_nor_pid, NULL },
                 1);
    unit_add_loop(suite, "log_facility", log_facility_knows_the_names_of_syslog, UNIT_ROWS(facilities));
    return unit_run(suite);
}
