#include "template.h"

#include "unit.h"

#define NEEDED_MAX_BYTES 256

static struct template_piece pieces[TEMPLATE_PIECES_MAX];
static size_t count;

static void parse(struct span text, enum template_dialect dialect)
{
    const char *why = "";
    ck_assert_msg(template_parse(unit_guarded_span(text), dialect, pieces, &count, &why), "%s", why);
}

static const struct {
    const char *name;
    struct span text, key, value;
    bool is_there;
    struct span expected;
} results[] = {
    { "value", UNIT_BYTES("<%s>"), UNIT_BYTES("k"), UNIT_BYTES("v"), true, UNIT_BYTES("<v>") },
    { "parts of the value", UNIT_BYTES("%u at %d"), UNIT_BYTES("k"), UNIT_BYTES("a@b@c"), true,
      UNIT_BYTES("a@b at c") },
    { "%u of a value without @", UNIT_BYTES("%u"), UNIT_BYTES("k"), UNIT_BYTES("v"), true, UNIT_BYTES("v") },
    { "parts of the key", UNIT_BYTES("%S %U %D %2.%{1}"), UNIT_BYTES("u@x.y"), UNIT_BYTES("v"), true,
      UNIT_BYTES("u@x.y u x.y x.y") },
    { "both", UNIT_BYTES("%d/%U%%"), UNIT_BYTES("u@x"), UNIT_BYTES("v@w"), true, UNIT_BYTES("w/u%") },
    { "the value has no domain", UNIT_BYTES("%d"), UNIT_BYTES("u@x"), UNIT_BYTES("v"), false, UNIT_BYTES("") },
    { "the value has an empty domain", UNIT_BYTES("%d"), UNIT_BYTES("u@x"), UNIT_BYTES("v@"), false, UNIT_BYTES("") },
    { "the value has no local part", UNIT_BYTES("%u"), UNIT_BYTES("u@x"), UNIT_BYTES("@w"), false, UNIT_BYTES("") },
    { "the key has no domain", UNIT_BYTES("%D"), UNIT_BYTES("u"), UNIT_BYTES("v@w"), false, UNIT_BYTES("") },
};

START_TEST(template_of_a_result_is_about_value_and_key)
{
    const struct template_values values = { .key = unit_guarded_span(results[_i].key),
                                            .value = unit_guarded_span(results[_i].value) };
    char out[NEEDED_MAX_BYTES];
    size_t needed;

    parse(results[_i].text, TEMPLATE_OF_RESULT);
    enum template_outcome outcome = template_expand(pieces, count, TEMPLATE_ESCAPE_NONE, &values, out, sizeof(out),
                                                    &needed);
    unit_expect((outcome == TEMPLATE_DONE) == results[_i].is_there, results[_i].name);
    unit_expect_span(span_make(out, needed), results[_i].expected, results[_i].name);
}
END_TEST

START_TEST(template_of_a_result_has_no_other_placeholders)
{
    static const char *const bad[] = { "%x", "%", "100% sure", "%{keys}", "%{sender}", "{{ .Name }}" };
    const char *why = NULL;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        unit_expect(!template_parse(span_text(bad[i]), TEMPLATE_OF_RESULT, pieces, &count, &why), bad[i]);
}
END_TEST

static const struct {
    const char *name;
    struct span text, key;
    bool is;
} lacking[] = {
    { "only text", UNIT_BYTES("x"), UNIT_BYTES("k"), false },
    { "a domain that is there", UNIT_BYTES("%D"), UNIT_BYTES("u@d"), false },
    { "a domain that is not", UNIT_BYTES("%D"), UNIT_BYTES("u"), true },
    { "a label too few", UNIT_BYTES("%s%3"), UNIT_BYTES("u@b.a"), true },
    { "no local part", UNIT_BYTES("%U"), UNIT_BYTES("@d"), true },
    { "what the value may lack", UNIT_BYTES("%u%d%s"), UNIT_BYTES("k"), false },
};

START_TEST(template_is_suppressed_by_a_key_that_lacks_a_part)
{
    const struct template_values values = { .key = unit_guarded_span(lacking[_i].key) };

    parse(lacking[_i].text, TEMPLATE_OF_RESULT);
    unit_expect(template_is_suppressed(pieces, count, &values) == lacking[_i].is, lacking[_i].name);
}
END_TEST

static const struct {
    const char *name;
    enum template_escape escape;
    size_t count;
    struct span expected;
} arrays[] = {
    { "two, JSON", TEMPLATE_ESCAPE_JSON, 2, UNIT_BYTES("k=[\"\\\"a b\\\"@d\",\"@d\"]") },
    { "one, header", TEMPLATE_ESCAPE_HEADER, 1, UNIT_BYTES("k=[\"\\\"a b\\\"@d\"]") },
    { "two, URL", TEMPLATE_ESCAPE_URL, 2, UNIT_BYTES("k=%5B%22%5C%22a%20b%5C%22%40d%22%2C%22%40d%22%5D") },
    { "none", TEMPLATE_ESCAPE_JSON, 0, UNIT_BYTES("") },
};

START_TEST(template_keys_are_a_json_array)
{
    struct keys keys = { .count = arrays[_i].count,
                         .candidate = { { .text = SPAN("\"a b\"@d") }, { .text = SPAN("@d") } } };
    const struct template_values values = { .key = SPAN("k"), .keys = &keys };
    char out[NEEDED_MAX_BYTES];
    size_t needed;

    parse(SPAN("k=%{keys}"), TEMPLATE_OF_MAP);
    ck_assert(template_is_dynamic(pieces, count) && template_has(pieces, count, TEMPLATE_KEYS));
    enum template_outcome outcome = template_expand(pieces, count, arrays[_i].escape, &values, out, sizeof(out),
                                                    &needed);
    unit_expect(outcome == (arrays[_i].count > 0 ? TEMPLATE_DONE : TEMPLATE_SUPPRESSED), arrays[_i].name);
    unit_expect_span(span_make(out, needed), arrays[_i].expected, arrays[_i].name);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("template_result");

    unit_add_loop(suite, "result", template_of_a_result_is_about_value_and_key, UNIT_ROWS(results));
    unit_add_loop(suite, "suppressed", template_is_suppressed_by_a_key_that_lacks_a_part, UNIT_ROWS(lacking));
    unit_add_loop(suite, "keys", template_keys_are_a_json_array, UNIT_ROWS(arrays));
    unit_add(suite, "parse", (const TTest *const[]){ template_of_a_result_has_no_other_placeholders, NULL });
    return unit_run(suite);
}
