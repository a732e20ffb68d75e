#include "span.h"
#include "unit.h"

static const struct {
    const char *name;
    struct span text;
    const char *start;
    bool begins;
    bool begins_nocase;
} beginnings[] = {
    { "the same", UNIT_BYTES("unix:"), "unix:", true, true },
    { "more follows", UNIT_BYTES("unix:/path"), "unix:", true, true },
    { "not all of it", UNIT_BYTES("uni"), "unix:", false, false },
    { "another", UNIT_BYTES("inet:25"), "unix:", false, false },
    { "in another case", UNIT_BYTES("Unix:/path"), "unix:", false, true },
    { "the start in another case", UNIT_BYTES("unix:/path"), "UNIX:", false, true },
    { "no letters, 32 apart", UNIT_BYTES("[x"), "{", false, false },
    { "it stands later", UNIT_BYTES(" unix:"), "unix:", false, false },
    { "empty start", UNIT_BYTES("x"), "", true, true },
    { "both empty", { NULL, 0 }, "", true, true },
    { "empty text", { NULL, 0 }, "x", false, false },
    { "a NUL in the text", UNIT_BYTES("a\0b"), "ab", false, false },
};

START_TEST(span_begins_with_a_start)
{
    const struct span text = unit_guarded_span(beginnings[_i].text);

    unit_expect(span_begins(text, beginnings[_i].start) == beginnings[_i].begins, beginnings[_i].name);
    unit_expect(span_begins_nocase(text, beginnings[_i].start) == beginnings[_i].begins_nocase, beginnings[_i].name);
}
END_TEST

static const struct {
    const char *name;
    struct span text;
    bool is_visible;
} texts[] = {
    { "the first and the last", UNIT_BYTES("!~"), true },
    { "letters and digits", UNIT_BYTES("/a?b=%2F9"), true },
    { "empty", { NULL, 0 }, true },
    { "a blank behind", UNIT_BYTES("a "), false },
    { "a tab before", UNIT_BYTES("\ta"), false },
    { "a NUL", UNIT_BYTES("a\0b"), false },
    { "DEL", UNIT_BYTES("a\177"), false },
    { "no ASCII", UNIT_BYTES("\303\251"), false },
};

START_TEST(span_is_visible_without_blanks)
{
    unit_expect(span_is_visible(unit_guarded_span(texts[_i].text)) == texts[_i].is_visible, texts[_i].name);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("span");

    unit_add_loop(suite, "begins", span_begins_with_a_start, UNIT_ROWS(beginnings));
    unit_add_loop(suite, "visible", span_is_visible_without_blanks, UNIT_ROWS(texts));
    return unit_run(suite);
}
