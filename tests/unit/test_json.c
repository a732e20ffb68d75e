#include "json.h"

#include "unit.h"

#define TEXT_BYTES 1024

static const struct {
    const char *name;
    struct span text;
} good[] = {
    { "object", UNIT_BYTES("{\"a\":1,\"b\":[true,false,null]}") },
    { "empty object", UNIT_BYTES("{}") },
    { "empty array", UNIT_BYTES("[ ]") },
    { "string", UNIT_BYTES("\"\"") },
    { "number", UNIT_BYTES("0") },
    { "word", UNIT_BYTES("null") },
    { "white space everywhere", UNIT_BYTES(" \t\r\n{ \"a\" : [ 1 , 2 ] , \"b\" : { } } \n") },
    { "minus zero", UNIT_BYTES("-0") },
    { "fraction and exponent", UNIT_BYTES("[0.5,-1.25e10,1E+2,1e-2,10]") },
    { "out of the range of a double", UNIT_BYTES("1e999") },
    { "every escape", UNIT_BYTES("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uABCD\"") },
    { "surrogate pair", UNIT_BYTES("\"\\uD83D\\uDE00\"") },
    { "last surrogate pair", UNIT_BYTES("\"\\udbff\\udfff\"") },
    { "UTF-8 and DEL", UNIT_BYTES("\"j\xC3\xBCrgen\x7F\"") },
    { "doubled member, not seen here", UNIT_BYTES("{\"a\":1,\"a\":2}") },
};

static const struct {
    const char *name;
    struct span text;
} bad[] = {
    { "empty", UNIT_BYTES("") },
    { "white space only", UNIT_BYTES(" \n") },
    { "byte order mark", UNIT_BYTES("\xEF\xBB\xBF{}") },
    { "trailing garbage", UNIT_BYTES("{} x") },
    { "two values", UNIT_BYTES("1 2") },
    { "trailing NUL", UNIT_BYTES("{}\0") },
    { "NUL in a string", UNIT_BYTES("\"a\0b\"") },
    { "NUL for white space", UNIT_BYTES("[1,\0 2]") },
    { "escaped NUL", UNIT_BYTES("\"\\u0000\"") },
    { "escaped NUL in a name", UNIT_BYTES("{\"a\\u0000b\":1}") },
    { "high surrogate alone", UNIT_BYTES("\"\\uD800\"") },
    { "high surrogate before text", UNIT_BYTES("\"\\uD800abcdef\"") },
    { "high surrogate before another escape", UNIT_BYTES("\"\\uD800\\n\"") },
    { "two high surrogates", UNIT_BYTES("\"\\uD800\\uD800\"") },
    { "low surrogate alone", UNIT_BYTES("\"\\uDC00\"") },
    { "pair the wrong way round", UNIT_BYTES("\"\\uDC00\\uD800\"") },
    { "pair with a short second half", UNIT_BYTES("\"\\uD800\\uDC0\"") },
    { "surrogate as UTF-8", UNIT_BYTES("\"\xED\xA0\x80\"") },
    { "overlong UTF-8", UNIT_BYTES("\"\xC0\xAF\"") },
    { "Latin-1", UNIT_BYTES("\"caf\xE9\"") },
    { "line end in a string", UNIT_BYTES("\"a\nb\"") },
    { "TAB in a string", UNIT_BYTES("\"a\tb\"") },
    { "unknown escape", UNIT_BYTES("\"\\x41\"") },
    { "capital U escape", UNIT_BYTES("\"\\U0041\"") },
    { "escape of NUL byte", UNIT_BYTES("\"\\\0\"") },
    { "three hexadecimal digits", UNIT_BYTES("\"\\u123\"") },
    { "no hexadecimal digits", UNIT_BYTES("\"\\u12g4\"") },
    { "string without end", UNIT_BYTES("\"abc") },
    { "string that ends in a backslash", UNIT_BYTES("\"abc\\") },
    { "string that ends in \\u", UNIT_BYTES("\"\\u") },
    { "quote only", UNIT_BYTES("\"") },
    { "single quotes", UNIT_BYTES("'a'") },
    { "leading zero", UNIT_BYTES("01") },
    { "leading zero, negative", UNIT_BYTES("-01") },
    { "leading zero in an array", UNIT_BYTES("[00]") },
    { "plus sign", UNIT_BYTES("+1") },
    { "minus alone", UNIT_BYTES("-") },
    { "minus and a word", UNIT_BYTES("-Infinity") },
    { "no digit before the point", UNIT_BYTES(".5") },
    { "no digit after the point", UNIT_BYTES("1.") },
    { "no digit after the point, exponent", UNIT_BYTES("1.e5") },
    { "no digit in the exponent", UNIT_BYTES("1e") },
    { "no digit in the signed exponent", UNIT_BYTES("1e+") },
    { "hexadecimal number", UNIT_BYTES("0x10") },
    { "NaN", UNIT_BYTES("NaN") },
    { "capital word", UNIT_BYTES("True") },
    { "half a word", UNIT_BYTES("tru") },
    { "word with more", UNIT_BYTES("nullx") },
    { "trailing comma in an array", UNIT_BYTES("[1,]") },
    { "trailing comma in an object", UNIT_BYTES("{\"a\":1,}") },
    { "leading comma", UNIT_BYTES("[,1]") },
    { "no comma", UNIT_BYTES("[1 2]") },
    { "no colon", UNIT_BYTES("{\"a\" 1}") },
    { "no value", UNIT_BYTES("{\"a\":}") },
    { "no value at the end", UNIT_BYTES("{\"a\":") },
    { "name without quotes", UNIT_BYTES("{a:1}") },
    { "number for a name", UNIT_BYTES("{1:1}") },
    { "open array", UNIT_BYTES("[1") },
    { "open array after a comma", UNIT_BYTES("[1,") },
    { "open object", UNIT_BYTES("{") },
    { "array closed as object", UNIT_BYTES("[1}") },
    { "object closed as array", UNIT_BYTES("{\"a\":1]") },
    { "only closed", UNIT_BYTES("]") },
    { "comment", UNIT_BYTES("[1 /* one */]") },
    { "form feed for white space", UNIT_BYTES("[1,\f2]") },
    { "no-break space", UNIT_BYTES("\xC2\xA0" "1") },
    { "HTML", UNIT_BYTES("<html></html>") },
};

START_TEST(json_check_good_is_true)
{
    const char *why = "no reason";
    unit_expect(json_check(unit_guarded_span(good[_i].text), &why), good[_i].name);
}
END_TEST

START_TEST(json_check_wrong_is_false_with_a_reason)
{
    const char *why = NULL;
    unit_expect(!json_check(unit_guarded_span(bad[_i].text), &why), bad[_i].name);
    unit_expect(why != NULL && *why != '\0', bad[_i].name);
}
END_TEST

/* No prefix of a text in brackets or quotes is a text; none may be read past its end. */
START_TEST(json_check_every_prefix_is_false)
{
    static const struct span whole = UNIT_BYTES("{\"a\\u00e9\":[1.5e+3,-0,true,null,\"\\uD83D\\uDE00\xC3\xBC\"]}");
    const char *why = NULL;

    for (size_t n = 0; n < whole.n; n++)
        ck_assert_msg(!json_check(unit_guarded(whole.p, n), &why), "%zu bytes were taken", n);
    ck_assert(json_check(unit_guarded_span(whole), &why));
}
END_TEST

static bool check_nested(char open, char close, size_t levels)
{
    char text[2 * TEXT_BYTES];
    const char *why = NULL;

    memset(text, open, levels);
    memset(text + levels, close, levels);
    return json_check(span_make(text, 2 * levels), &why);
}

START_TEST(json_check_nesting_is_bounded)
{
    ck_assert(check_nested('[', ']', JSON_DEPTH_MAX));
    ck_assert(!check_nested('[', ']', JSON_DEPTH_MAX + 1));
    ck_assert(!check_nested('[', ']', TEXT_BYTES));
}
END_TEST

START_TEST(json_check_lists_side_by_side_are_not_nested)
{
    char text[3 * TEXT_BYTES] = "[";
    const char *why = NULL;

    for (int i = 0; i < TEXT_BYTES - 2; i++)
        strcat(text, i == 0 ? "[]" : ",{}");
    strcat(text, "]");
    ck_assert(json_check(span_text(text), &why));
}
END_TEST

START_TEST(json_check_a_million_brackets_are_refused)
{
    const size_t count = 1000000;
    const char *why = NULL;
    char *text = malloc(count);

    ck_assert_ptr_nonnull(text);
    memset(text, '[', count);
    ck_assert(!json_check(span_make(text, count), &why));
    free(text);
}
END_TEST

static const struct {
    const char *name;
    struct span text;
    struct span escaped;
} escapes[] = {
    { "nothing", UNIT_BYTES(""), UNIT_BYTES("") },
    { "plain", UNIT_BYTES("user+ext@example.com/'<>"), UNIT_BYTES("user+ext@example.com/'<>") },
    { "quote and backslash", UNIT_BYTES("\"a\\b\""), UNIT_BYTES("\\\"a\\\\b\\\"") },
    { "controls with a letter", UNIT_BYTES("\b\f\n\r\t"), UNIT_BYTES("\\b\\f\\n\\r\\t") },
    { "controls without", UNIT_BYTES("\x01\x0B\x1F"), UNIT_BYTES("\\u0001\\u000b\\u001f") },
    { "NUL", UNIT_BYTES("a\0b"), UNIT_BYTES("a\\u0000b") },
    { "DEL and UTF-8 stay", UNIT_BYTES("\x7F\xC3\xBC\xF0\x9F\x98\x80"), UNIT_BYTES("\x7F\xC3\xBC\xF0\x9F\x98\x80") },
};

static size_t escape(char *out, size_t size, const void *value)
{
    return json_escape(out, size, unit_guarded_span(*(const struct span *)value));
}

START_TEST(json_escape_writes_all_or_nothing)
{
    unit_encodes(escapes[_i].escaped, escapes[_i].name, escape, &escapes[_i].text);
}
END_TEST

START_TEST(json_escape_of_any_character_passes_json_check)
{
    for (int c = 1; c < 128; c++) {
        char text = (char)c;
        char quoted[16] = "\"";
        const char *why = "no reason";
        size_t n = json_escape(quoted + 1, sizeof(quoted) - 2, span_make(&text, 1));
        quoted[n + 1] = '"';
        ck_assert_msg(json_check(span_make(quoted, n + 2), &why), "character %d: %s", c, why);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json");

    unit_add_loop(suite, "check, good", json_check_good_is_true, UNIT_ROWS(good));
    unit_add_loop(suite, "check, bad", json_check_wrong_is_false_with_a_reason, UNIT_ROWS(bad));
    unit_add(suite, "check",
             (const TTest *const[]){ json_check_every_prefix_is_false, json_check_nesting_is_bounded,
                                     json_check_lists_side_by_side_are_not_nested,
                                     json_check_a_million_brackets_are_refused, NULL });
    unit_add_loop(suite, "escape", json_escape_writes_all_or_nothing, UNIT_ROWS(escapes));
    unit_add(suite, "escape and check", (const TTest *const[]){ json_escape_of_any_character_passes_json_check, NULL });
    return unit_run(suite);
}
