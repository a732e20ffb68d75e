#include "../../tools/pfxctl/lines.h"

#include "unit.h"

static struct lines lines;
static int ends[2];

static void begin(void)
{
    ck_assert_int_eq(pipe(ends), 0);
    lines_open(&lines, ends[0]);
}

static void end(void)
{
    lines_close(&lines);
    close(ends[0]);
}

static void type(const char *text)
{
    ck_assert_int_eq(write(ends[1], text, strlen(text)), (ssize_t)strlen(text));
}

static void expect_line(const char *text)
{
    struct span line;

    ck_assert(lines_take(&lines, &line));
    unit_expect_span(line, span_text(text), "line");
}

static void expect_end(void)
{
    struct span line;

    ck_assert(!lines_take(&lines, &line));
    ck_assert(lines_is_ready(&lines));
    ck_assert(!lines_take(&lines, &line));
}

START_TEST(lines_are_what_stands_between_line_feeds)
{
    type("a\n\n b \r\nlast");
    close(ends[1]);
    expect_line("a");
    expect_line("");
    expect_line(" b \r");
    expect_line("last");
    expect_end();
    ck_assert(!lines.is_too_long);
}
END_TEST

START_TEST(lines_are_ready_when_taking_one_does_not_wait)
{
    ck_assert(!lines_is_ready(&lines));
    type("a\nb\nc");
    ck_assert(lines_is_ready(&lines));
    expect_line("a");
    ck_assert(lines_is_ready(&lines));
    expect_line("b");
    ck_assert(!lines_is_ready(&lines));
    type("\n");
    ck_assert(lines_is_ready(&lines));
    expect_line("c");
    close(ends[1]);
    ck_assert(lines_is_ready(&lines));
    expect_end();
}
END_TEST

/* The one that writes is a child: a pipe does not hold so much. */
static void type_long(size_t bytes)
{
    if (fork() == 0) {
        char *text = malloc(bytes + 1);
        memset(text, 'x', bytes);
        text[bytes] = '\n';
        ssize_t written = write(ends[1], text, bytes + 1);
        free(text);
        _exit(written < 0);
    }
    close(ends[1]);
}

START_TEST(lines_up_to_the_limit_are_whole)
{
    struct span line;

    type_long(LINES_MAX_BYTES);
    ck_assert(lines_take(&lines, &line));
    ck_assert_uint_eq(line.n, LINES_MAX_BYTES);
    expect_end();
}
END_TEST

START_TEST(lines_end_with_one_that_is_too_long)
{
    type_long(LINES_MAX_BYTES + 100000);
    expect_end();
    ck_assert(lines.is_too_long);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ctl_lines");
    TCase *tcase = unit_case("lines");

    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, lines_are_what_stands_between_line_feeds);
    tcase_add_test(tcase, lines_are_ready_when_taking_one_does_not_wait);
    tcase_add_test(tcase, lines_up_to_the_limit_are_whole);
    tcase_add_test(tcase, lines_end_with_one_that_is_too_long);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
