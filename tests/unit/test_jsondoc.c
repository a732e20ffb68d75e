#include "jsondoc.h"

#include "unit.h"

#define OUT_MAX_BYTES 100

#define ADDRESSES \
    "{\"data\":{\"result\":\"one\",\"aliases\":[\"a\",\"b\",{\"c\":\"d\"}],\"0\":\"zero\",\"\":\"empty\"}}"

static const struct {
    const char *name;
    struct span body;
    const char *path;
    enum jsondoc_value value;
    struct span text;
} rows[] = {
    { "string", UNIT_BYTES("\"a b\""), "", JSONDOC_VALUE, UNIT_BYTES("a b") },
    { "no path", UNIT_BYTES("\"a\""), NULL, JSONDOC_VALUE, UNIT_BYTES("a") },
    { "escapes", UNIT_BYTES("\"\\u00fc\\n\\\"\\/\\uD83D\\uDE00\""), "", JSONDOC_VALUE,
      UNIT_BYTES("\xC3\xBC\n\"/\xF0\x9F\x98\x80") },
    { "white space around", UNIT_BYTES("\r\n \"a\"\t\n"), "", JSONDOC_VALUE, UNIT_BYTES("a") },
    { "true", UNIT_BYTES("true"), "", JSONDOC_VALUE, UNIT_BYTES("true") },
    { "false", UNIT_BYTES("false"), "", JSONDOC_VALUE, UNIT_BYTES("false") },
    { "null", UNIT_BYTES("null"), "", JSONDOC_NOTHING, UNIT_BYTES("") },
    { "empty string", UNIT_BYTES("\"\""), "", JSONDOC_NOTHING, UNIT_BYTES("") },
    { "object", UNIT_BYTES("{}"), "", JSONDOC_BAD, UNIT_BYTES("") },

    { "integer", UNIT_BYTES("5000"), "", JSONDOC_VALUE, UNIT_BYTES("5000") },
    { "integer with exponent", UNIT_BYTES("5e3"), "", JSONDOC_VALUE, UNIT_BYTES("5000") },
    { "integer with point", UNIT_BYTES("5.0"), "", JSONDOC_VALUE, UNIT_BYTES("5") },
    { "negative", UNIT_BYTES("-17"), "", JSONDOC_VALUE, UNIT_BYTES("-17") },
    { "zero", UNIT_BYTES("0"), "", JSONDOC_VALUE, UNIT_BYTES("0") },
    { "minus zero", UNIT_BYTES("-0"), "", JSONDOC_VALUE, UNIT_BYTES("0") },
    { "minus zero with point", UNIT_BYTES("-0.0e5"), "", JSONDOC_VALUE, UNIT_BYTES("0") },
    { "more than 32 bits", UNIT_BYTES("5000000000"), "", JSONDOC_VALUE, UNIT_BYTES("5000000000") },
    { "2^53 - 1", UNIT_BYTES("9007199254740991"), "", JSONDOC_VALUE, UNIT_BYTES("9007199254740991") },
    { "2^53", UNIT_BYTES("9007199254740992"), "", JSONDOC_VALUE, UNIT_BYTES("9007199254740992") },
    { "-2^53", UNIT_BYTES("-9007199254740992"), "", JSONDOC_VALUE, UNIT_BYTES("-9007199254740992") },
    { "2^53 + 1", UNIT_BYTES("9007199254740993"), "", JSONDOC_BAD, UNIT_BYTES("") },
    { "-2^53 - 1", UNIT_BYTES("-9007199254740993"), "", JSONDOC_BAD, UNIT_BYTES("") },
    { "2^53 + 2", UNIT_BYTES("9007199254740994"), "", JSONDOC_BAD, UNIT_BYTES("") },
    { "2^53 + 1 behind digits elsewhere", UNIT_BYTES("{\"1\":\"-2\\\"3\",\"b\":[9007199254740992,9007199254740993]}"),
      "b.1", JSONDOC_BAD, UNIT_BYTES("") },
    { "2^53 beside 2^53 + 1", UNIT_BYTES("{\"1\":\"-2\\\"3\",\"b\":[9007199254740992,9007199254740993]}"), "b.0",
      JSONDOC_VALUE, UNIT_BYTES("9007199254740992") },
    { "2^64", UNIT_BYTES("18446744073709551616"), "", JSONDOC_BAD, UNIT_BYTES("") },
    { "large", UNIT_BYTES("1e300"), "", JSONDOC_BAD, UNIT_BYTES("") },
    { "infinite", UNIT_BYTES("1e999"), "", JSONDOC_BAD, UNIT_BYTES("") },
    { "minus infinite", UNIT_BYTES("-1e999"), "", JSONDOC_BAD, UNIT_BYTES("") },
    { "infinite elsewhere", UNIT_BYTES("{\"a\":1e999,\"b\":1}"), "b", JSONDOC_VALUE, UNIT_BYTES("1") },
    { "fraction", UNIT_BYTES("0.1"), "", JSONDOC_VALUE, UNIT_BYTES("0.1") },
    { "fraction with zeros", UNIT_BYTES("-2.500"), "", JSONDOC_VALUE, UNIT_BYTES("-2.5") },
    { "fraction that needs 16 digits", UNIT_BYTES("0.1234567890123456"), "", JSONDOC_VALUE,
      UNIT_BYTES("0.1234567890123456") },
    { "fraction that needs 17 digits", UNIT_BYTES("0.30000000000000004"), "", JSONDOC_VALUE,
      UNIT_BYTES("0.30000000000000004") },
    { "large with a fraction", UNIT_BYTES("1234567890.5"), "", JSONDOC_VALUE, UNIT_BYTES("1234567890.5") },
    { "a number of 63 characters",
      UNIT_BYTES("1.0000000000000000000000000000000000000000000000000000000000000"), "",
      JSONDOC_VALUE, UNIT_BYTES("1") },
    { "smallest", UNIT_BYTES("5e-324"), "", JSONDOC_VALUE, UNIT_BYTES("5e-324") },

    { "array", UNIT_BYTES("[\"a\",\"b\"]"), "", JSONDOC_VALUE, UNIT_BYTES("a,b") },
    { "array of all kinds", UNIT_BYTES("[\"a\",1,true,false,0.5]"), "", JSONDOC_VALUE,
      UNIT_BYTES("a,1,true,false,0.5") },
    { "array with nothings", UNIT_BYTES("[null,\"a\",\"\",\"b\",null]"), "", JSONDOC_VALUE, UNIT_BYTES("a,b") },
    { "array of nothings", UNIT_BYTES("[null,\"\"]"), "", JSONDOC_NOTHING, UNIT_BYTES("") },
    { "empty array", UNIT_BYTES("[]"), "", JSONDOC_NOTHING, UNIT_BYTES("") },
    { "array in an array", UNIT_BYTES("[\"a\",[]]"), "", JSONDOC_BAD, UNIT_BYTES("") },
    { "object in an array", UNIT_BYTES("[\"a\",{}]"), "", JSONDOC_BAD, UNIT_BYTES("") },
    { "number out of range in an array", UNIT_BYTES("[\"a\",1e300]"), "", JSONDOC_BAD, UNIT_BYTES("") },

    { "member", UNIT_BYTES("{\"a\":\"b\"}"), "a", JSONDOC_VALUE, UNIT_BYTES("b") },
    { "member of a member", UNIT_BYTES(ADDRESSES), "data.result", JSONDOC_VALUE, UNIT_BYTES("one") },
    { "index", UNIT_BYTES(ADDRESSES), "data.aliases.1", JSONDOC_VALUE, UNIT_BYTES("b") },
    { "through an index", UNIT_BYTES(ADDRESSES), "data.aliases.2.c", JSONDOC_VALUE, UNIT_BYTES("d") },
    { "number for a member name", UNIT_BYTES(ADDRESSES), "data.0", JSONDOC_VALUE, UNIT_BYTES("zero") },
    { "empty member name", UNIT_BYTES(ADDRESSES), "data.", JSONDOC_VALUE, UNIT_BYTES("empty") },
    { "object at the end of a path", UNIT_BYTES(ADDRESSES), "data", JSONDOC_BAD, UNIT_BYTES("") },
    { "escaped member name", UNIT_BYTES("{\"\\u0061\":\"b\"}"), "a", JSONDOC_VALUE, UNIT_BYTES("b") },
    { "null member", UNIT_BYTES("{\"a\":null}"), "a", JSONDOC_NOTHING, UNIT_BYTES("") },
    { "no such member", UNIT_BYTES(ADDRESSES), "result", JSONDOC_MISSING, UNIT_BYTES("") },
    { "other case", UNIT_BYTES(ADDRESSES), "Data", JSONDOC_MISSING, UNIT_BYTES("") },
    { "half a name", UNIT_BYTES(ADDRESSES), "dat", JSONDOC_MISSING, UNIT_BYTES("") },
    { "no such member further down", UNIT_BYTES(ADDRESSES), "data.results", JSONDOC_MISSING, UNIT_BYTES("") },
    { "index past the end", UNIT_BYTES(ADDRESSES), "data.aliases.3", JSONDOC_MISSING, UNIT_BYTES("") },
    { "huge index", UNIT_BYTES(ADDRESSES), "data.aliases.18446744073709551616", JSONDOC_MISSING, UNIT_BYTES("") },
    { "negative index", UNIT_BYTES(ADDRESSES), "data.aliases.-1", JSONDOC_MISSING, UNIT_BYTES("") },
    { "name on an array", UNIT_BYTES(ADDRESSES), "data.aliases.c", JSONDOC_MISSING, UNIT_BYTES("") },
    { "empty name on an array", UNIT_BYTES(ADDRESSES), "data.aliases.", JSONDOC_MISSING, UNIT_BYTES("") },
    { "through a string", UNIT_BYTES(ADDRESSES), "data.result.x", JSONDOC_MISSING, UNIT_BYTES("") },
    { "through null", UNIT_BYTES("{\"a\":null}"), "a.b", JSONDOC_MISSING, UNIT_BYTES("") },
    { "name with a dot cannot be reached", UNIT_BYTES("{\"a.b\":1}"), "a.b", JSONDOC_MISSING, UNIT_BYTES("") },
};

static struct jsondoc *parse(struct span body, const char *row_name)
{
    const char *why = "no reason";
    struct jsondoc *doc = jsondoc_parse(unit_guarded_span(body), &why);
    ck_assert_msg(doc != NULL, "%s: %s", row_name, why);
    return doc;
}

START_TEST(jsondoc_get_gives_the_value_as_text)
{
    struct jsondoc *doc = parse(rows[_i].body, rows[_i].name);
    const char *why = NULL;
    struct buf out;

    buf_init(&out, OUT_MAX_BYTES);
    unit_expect(jsondoc_get(doc, rows[_i].path, ',', &out, &why) == rows[_i].value, rows[_i].name);
    unit_expect_span(buf_span(&out), rows[_i].text, rows[_i].name);
    unit_expect((why != NULL) == (rows[_i].value == JSONDOC_BAD), rows[_i].name);
    buf_free(&out);
    jsondoc_free(&doc);
    ck_assert_ptr_null(doc);
}
END_TEST

START_TEST(jsondoc_get_adds_behind_what_is_there)
{
    struct jsondoc *doc = parse(SPAN("{\"a\":[\"\",\"x\",\"y\"],\"b\":[1,{}]}"), "document");
    const char *why = NULL;
    struct buf out;

    buf_init(&out, OUT_MAX_BYTES);
    ck_assert(buf_add(&out, SPAN("before:")));
    ck_assert_int_eq(jsondoc_get(doc, "a", ',', &out, &why), JSONDOC_VALUE);
    unit_expect_span(buf_span(&out), SPAN("before:x,y"), "added");
    ck_assert_int_eq(jsondoc_get(doc, "b", ',', &out, &why), JSONDOC_BAD);
    unit_expect_span(buf_span(&out), SPAN("before:x,y"), "as before");
    buf_free(&out);
    jsondoc_free(&doc);
}
END_TEST

static const struct {
    const char *name;
    struct span body;
    size_t fits;
} ceilings[] = {
    { "string", UNIT_BYTES("\"abcdef\""), 6 },
    { "number", UNIT_BYTES("123456"), 6 },
    { "array", UNIT_BYTES("[\"ab\",12,true]"), 10 },
    { "array that ends in nothing", UNIT_BYTES("[\"ab\",null,\"\"]"), 2 },
};

START_TEST(jsondoc_get_over_the_ceiling_is_bad)
{
    struct jsondoc *doc = parse(ceilings[_i].body, ceilings[_i].name);

    for (size_t max = 0; max <= ceilings[_i].fits; max++) {
        bool fits = max == ceilings[_i].fits;
        const char *why = NULL;
        struct buf out;
        buf_init(&out, max);
        unit_expect(jsondoc_get(doc, "", ',', &out, &why) == (fits ? JSONDOC_VALUE : JSONDOC_BAD), ceilings[_i].name);
        unit_expect(out.n == (fits ? max : 0), ceilings[_i].name);
        buf_free(&out);
    }
    jsondoc_free(&doc);
}
END_TEST

static const struct {
    const char *name;
    struct span body;
} bad[] = {
    { "empty", UNIT_BYTES("") },
    { "trailing garbage", UNIT_BYTES("{}x") },
    { "trailing comma", UNIT_BYTES("{\"a\":1,}") },
    { "leading zero", UNIT_BYTES("01") },
    { "NUL after the value", UNIT_BYTES("1\0") },
    { "escaped NUL", UNIT_BYTES("\"a\\u0000b\"") },
    { "not UTF-8", UNIT_BYTES("\"\xFF\"") },
    { "byte order mark", UNIT_BYTES("\xEF\xBB\xBF{}") },
    { "doubled member", UNIT_BYTES("{\"a\":1,\"a\":1}") },
    { "doubled member, others between", UNIT_BYTES("{\"c\":1,\"a\":1,\"b\":2,\"a\":3}") },
    { "doubled member, one escaped", UNIT_BYTES("{\"a\":1,\"\\u0061\":2}") },
    { "doubled empty member", UNIT_BYTES("{\"\":1,\"\":2}") },
    { "doubled member in an object", UNIT_BYTES("{\"x\":{\"a\":1,\"a\":2}}") },
    { "doubled member in an array", UNIT_BYTES("[1,[{\"a\":1,\"a\":2}]]") },
};

START_TEST(jsondoc_parse_wrong_is_null_with_a_reason)
{
    const char *why = NULL;
    unit_expect(jsondoc_parse(unit_guarded_span(bad[_i].body), &why) == NULL, bad[_i].name);
    unit_expect(why != NULL && *why != '\0', bad[_i].name);
}
END_TEST

/* Where cJSON cannot read so many characters, it must not take the first ones for the number. */
START_TEST(jsondoc_parse_long_numbers_are_whole_or_refused)
{
    const char *why = NULL;
    struct buf body;
    struct buf out;

    buf_init(&body, OUT_MAX_BYTES);
    buf_init(&out, OUT_MAX_BYTES);
    ck_assert(buf_format(&body, "0.%070de71 ", 5));
    struct jsondoc *doc = jsondoc_parse(buf_span(&body), &why);
    if (doc == NULL) {
        ck_assert_str_eq(why, "JSON: a number is too long");
    } else {
        ck_assert_int_eq(jsondoc_get(doc, "", ',', &out, &why), JSONDOC_VALUE);
        unit_expect_span(buf_span(&out), SPAN("50"), "whole");
    }
    jsondoc_free(&doc);
    buf_free(&body);
    buf_free(&out);
}
END_TEST

START_TEST(jsondoc_parse_same_name_in_different_objects_is_fine)
{
    struct jsondoc *doc = parse(SPAN("{\"a\":{\"a\":[{\"a\":1},{\"a\":2}]},\"A\":3}"), "document");
    jsondoc_free(&doc);
    jsondoc_free(&doc);
}
END_TEST

static struct jsondoc *parse_large(unsigned members, const char *last, const char **why)
{
    struct buf body;

    buf_init(&body, (size_t)members * 16 + 64);
    ck_assert(buf_add(&body, SPAN("{")));
    for (unsigned i = 0; i < members; i++)
        ck_assert(buf_format(&body, "\"m%u\":%u,", i, i));
    ck_assert(buf_format(&body, "\"%s\":true}", last));
    struct jsondoc *doc = jsondoc_parse(buf_span(&body), why);
    buf_free(&body);
    return doc;
}

/* With each name compared to each other this would take minutes, and run into the limit of the test. */
START_TEST(jsondoc_parse_large_objects_are_checked_in_good_time)
{
    const char *why = "no reason";
    struct jsondoc *doc = parse_large(200000, "last", &why);

    ck_assert_msg(doc != NULL, "%s", why);
    jsondoc_free(&doc);
    ck_assert_ptr_null(parse_large(200000, "m77777", &why));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("jsondoc");

    unit_add_loop(suite, "get", jsondoc_get_gives_the_value_as_text, UNIT_ROWS(rows));
    unit_add_loop(suite, "get, ceiling", jsondoc_get_over_the_ceiling_is_bad, UNIT_ROWS(ceilings));
    unit_add_loop(suite, "parse, bad", jsondoc_parse_wrong_is_null_with_a_reason, UNIT_ROWS(bad));
    unit_add(suite, "documents",
             (const TTest *const[]){ jsondoc_get_adds_behind_what_is_there,
                                     jsondoc_parse_long_numbers_are_whole_or_refused,
                                     jsondoc_parse_same_name_in_different_objects_is_fine,
                                     jsondoc_parse_large_objects_are_checked_in_good_time, NULL });
    return unit_run(suite);
}
