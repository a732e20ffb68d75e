#include "utf8.h"

#include "unit.h"

#define OUT_BYTES 64

static const struct {
    const char *name;
    struct span text;
    bool valid;
    struct span printable;
} rows[] = {
    { "empty", UNIT_BYTES(""), true, UNIT_BYTES("") },
    { "ASCII", UNIT_BYTES("user@example.com ~"), true, UNIT_BYTES("user@example.com ~") },
    { "NUL", UNIT_BYTES("a\0b"), true, UNIT_BYTES("a?b") },
    { "C0 and DEL", UNIT_BYTES("\t\r\n\x1B\x1F\x7F"), true, UNIT_BYTES("??????") },
    { "C1", UNIT_BYTES("\xC2\x80\xC2\x9F"), true, UNIT_BYTES("??") },
    { "U+00A0, just above C1", UNIT_BYTES("\xC2\xA0"), true, UNIT_BYTES("\xC2\xA0") },
    { "two bytes", UNIT_BYTES("\xC3\xA9"), true, UNIT_BYTES("\xC3\xA9") },
    { "U+0800, first of three bytes", UNIT_BYTES("\xE0\xA0\x80"), true, UNIT_BYTES("\xE0\xA0\x80") },
    { "U+D7FF, last before the surrogates", UNIT_BYTES("\xED\x9F\xBF"), true, UNIT_BYTES("\xED\x9F\xBF") },
    { "U+E000, first after the surrogates", UNIT_BYTES("\xEE\x80\x80"), true, UNIT_BYTES("\xEE\x80\x80") },
    { "U+10000, first of four bytes", UNIT_BYTES("\xF0\x90\x80\x80"), true, UNIT_BYTES("\xF0\x90\x80\x80") },
    { "U+10FFFF", UNIT_BYTES("\xF4\x8F\xBF\xBF"), true, UNIT_BYTES("\xF4\x8F\xBF\xBF") },
    { "U+110000", UNIT_BYTES("\xF4\x90\x80\x80"), false, UNIT_BYTES("????") },
    { "first surrogate", UNIT_BYTES("\xED\xA0\x80"), false, UNIT_BYTES("???") },
    { "last surrogate", UNIT_BYTES("\xED\xBF\xBF"), false, UNIT_BYTES("???") },
    { "overlong '/', two bytes", UNIT_BYTES("\xC0\xAF"), false, UNIT_BYTES("??") },
    { "overlong U+007F", UNIT_BYTES("\xC1\xBF"), false, UNIT_BYTES("??") },
    { "overlong '/', three bytes", UNIT_BYTES("\xE0\x80\xAF"), false, UNIT_BYTES("???") },
    { "overlong U+07FF", UNIT_BYTES("\xE0\x9F\xBF"), false, UNIT_BYTES("???") },
    { "overlong U+FFFF", UNIT_BYTES("\xF0\x8F\xBF\xBF"), false, UNIT_BYTES("????") },
    { "five bytes", UNIT_BYTES("\xF8\x88\x80\x80\x80"), false, UNIT_BYTES("?????") },
    { "FE and FF", UNIT_BYTES("\xFE\xFF"), false, UNIT_BYTES("??") },
    { "lone continuation", UNIT_BYTES("a\x80z"), false, UNIT_BYTES("a?z") },
    { "cut after one of two", UNIT_BYTES("a\xC3"), false, UNIT_BYTES("a?") },
    { "cut after two of three", UNIT_BYTES("a\xE2\x82"), false, UNIT_BYTES("a??") },
    { "cut after three of four", UNIT_BYTES("a\xF0\x9F\x98"), false, UNIT_BYTES("a???") },
    { "ASCII where a continuation belongs", UNIT_BYTES("\xE2\x82" "A"), false, UNIT_BYTES("??A") },
    { "Latin-1", UNIT_BYTES("caf\xE9!"), false, UNIT_BYTES("caf?!") },
};

START_TEST(utf8_valid_follows_rfc_3629)
{
    unit_expect(utf8_valid(unit_guarded_span(rows[_i].text)) == rows[_i].valid, rows[_i].name);
}
END_TEST

START_TEST(utf8_printable_shows_what_can_be_shown)
{
    char out[OUT_BYTES];
    size_t n = utf8_printable(out, sizeof(out), unit_guarded_span(rows[_i].text));

    unit_expect_span(span_make(out, n), rows[_i].printable, rows[_i].name);
    unit_expect(out[n] == '\0', rows[_i].name);
}
END_TEST

/* Whatever the room: what comes out is valid, terminated, a prefix of the whole, and as long as it can be. */
START_TEST(utf8_printable_is_cut_at_a_character)
{
    for (size_t size = 1; size <= rows[_i].printable.n + 1; size++) {
        char *out = unit_guard(size);
        memset(out, '#', size);
        size_t n = utf8_printable(out, size, rows[_i].text);
        unit_expect(n < size && out[n] == '\0', rows[_i].name);
        unit_expect(utf8_valid(span_make(out, n)), rows[_i].name);
        unit_expect_span(span_make(out, n), span_first(rows[_i].printable, n), rows[_i].name);
        unit_expect(n == rows[_i].printable.n || size - n <= 4, rows[_i].name);
    }
}
END_TEST

START_TEST(utf8_printable_without_room_writes_nothing)
{
    ck_assert_uint_eq(utf8_printable(NULL, 0, SPAN("text")), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("utf8");

    unit_add_loop(suite, "valid", utf8_valid_follows_rfc_3629, UNIT_ROWS(rows));
    unit_add_loop(suite, "printable", utf8_printable_shows_what_can_be_shown, UNIT_ROWS(rows));
    unit_add_loop(suite, "printable, cut", utf8_printable_is_cut_at_a_character, UNIT_ROWS(rows));
    unit_add(suite, "printable, no room", (const TTest *const[]){ utf8_printable_without_room_writes_nothing, NULL });
    return unit_run(suite);
}
