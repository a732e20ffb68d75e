#include "template.h"

#include "json.h"
#include "unit.h"

#define NEEDED_MAX_BYTES 512

#define ATTRIBUTE(name, value) { UNIT_BYTES(name), UNIT_BYTES(value) }
#define ATTRIBUTES(array) .attributes = (array), .attribute_count = sizeof(array) / sizeof((array)[0])
#define OBJECT(array) .object = (array), .object_count = sizeof(array) / sizeof((array)[0])

static struct template_piece pieces[TEMPLATE_PIECES_MAX];
static size_t count;

static const struct attribute mail[] = {
    ATTRIBUTE("sender", ""),
    ATTRIBUTE("recipient", "a b=c@d"),
    ATTRIBUTE("sasl_username", "\"u\"\\"),
    ATTRIBUTE("size", "10"),
};
static const struct attribute chosen[] = { ATTRIBUTE("recipient", "a@b"), ATTRIBUTE("sender", "") };
static const struct attribute odd[] = { ATTRIBUTE("a\"b", "\\\n\x01\xC3\xBC\xF0\x9F\x98\x80/") };
static const struct attribute line[] = { ATTRIBUTE("a", "x\r\ny") };
static const struct attribute no_utf8[] = { ATTRIBUTE("a", "b"), ATTRIBUTE("c", "caf\xE9") };
static const struct attribute no_utf8_name[] = { ATTRIBUTE("\xFF", "b") };

static const struct {
    const char *name;
    enum template_escape escape;
    struct span text;
    struct template_values values;
    struct span expected;
} done[] = {
    { "an attribute", TEMPLATE_ESCAPE_HEADER, UNIT_BYTES("<%{recipient}>"), { ATTRIBUTES(mail) },
      UNIT_BYTES("<a b=c@d>") },
    { "two attributes", TEMPLATE_ESCAPE_HEADER, UNIT_BYTES("%{size}%{size}/%{recipient}"), { ATTRIBUTES(mail) },
      UNIT_BYTES("1010/a b=c@d") },
    { "an empty attribute", TEMPLATE_ESCAPE_HEADER, UNIT_BYTES("<%{sender}>"), { ATTRIBUTES(mail) },
      UNIT_BYTES("<>") },
    { "an attribute that is not there", TEMPLATE_ESCAPE_HEADER, UNIT_BYTES("<%{tls_sni}>"), { ATTRIBUTES(mail) },
      UNIT_BYTES("<>") },
    { "the beginning of a name", TEMPLATE_ESCAPE_HEADER, UNIT_BYTES("<%{siz}>"), { ATTRIBUTES(mail) },
      UNIT_BYTES("<>") },
    { "another case", TEMPLATE_ESCAPE_HEADER, UNIT_BYTES("<%{Size}>"), { ATTRIBUTES(mail) }, UNIT_BYTES("<>") },
    { "no attributes", TEMPLATE_ESCAPE_HEADER, UNIT_BYTES("<%{size}>"), { .attributes = NULL }, UNIT_BYTES("<>") },
    { "an attribute that {{ .Key }} lacks", TEMPLATE_ESCAPE_HEADER, UNIT_BYTES("%{size}"),
      { ATTRIBUTES(mail), OBJECT(chosen) }, UNIT_BYTES("10") },
    { "percent signs", TEMPLATE_ESCAPE_HEADER, UNIT_BYTES("%%{size}%%%{size}"), { ATTRIBUTES(mail) },
      UNIT_BYTES("%{size}%10") },
    { "an attribute, JSON", TEMPLATE_ESCAPE_JSON, UNIT_BYTES("[\"%{sasl_username}\"]"), { ATTRIBUTES(mail) },
      UNIT_BYTES("[\"\\\"u\\\"\\\\\"]") },
    { "an attribute, URL", TEMPLATE_ESCAPE_URL, UNIT_BYTES("/?r=%{recipient}&s=%{sender}"), { ATTRIBUTES(mail) },
      UNIT_BYTES("/?r=a%20b%3Dc%40d&s=") },
    { "an attribute that is not UTF-8, URL", TEMPLATE_ESCAPE_URL, UNIT_BYTES("%{c}"), { ATTRIBUTES(no_utf8) },
      UNIT_BYTES("caf%E9") },
    { "the object", TEMPLATE_ESCAPE_JSON, UNIT_BYTES("{{ .Key }}"), { OBJECT(mail) },
      UNIT_BYTES("{\"sender\":\"\",\"recipient\":\"a b=c@d\",\"sasl_username\":\"\\\"u\\\"\\\\\",\"size\":\"10\"}") },
    { "the object, in another", TEMPLATE_ESCAPE_JSON, UNIT_BYTES("{\"o\":{{.Key}},\"s\":\"%{size}\"}"),
      { ATTRIBUTES(mail), OBJECT(chosen) },
      UNIT_BYTES("{\"o\":{\"recipient\":\"a@b\",\"sender\":\"\"},\"s\":\"10\"}") },
    { "the object twice", TEMPLATE_ESCAPE_JSON, UNIT_BYTES("[{{ .Key }},{{.Key}}]"), { OBJECT(chosen) },
      UNIT_BYTES("[{\"recipient\":\"a@b\",\"sender\":\"\"},{\"recipient\":\"a@b\",\"sender\":\"\"}]") },
    { "the object of none", TEMPLATE_ESCAPE_JSON, UNIT_BYTES("{{ .Key }}"), { ATTRIBUTES(mail) }, UNIT_BYTES("{}") },
    { "the object of none, URL", TEMPLATE_ESCAPE_URL, UNIT_BYTES("{{ .Key }}"), { ATTRIBUTES(mail) },
      UNIT_BYTES("%7B%7D") },
    { "the object, escaped", TEMPLATE_ESCAPE_JSON, UNIT_BYTES("{{ .Key }}"), { OBJECT(odd) },
      UNIT_BYTES("{\"a\\\"b\":\"\\\\\\n\\u0001\xC3\xBC\xF0\x9F\x98\x80/\"}") },
    { "the object, URL", TEMPLATE_ESCAPE_URL, UNIT_BYTES("/?o={{ .Key }}"), { OBJECT(odd) },
      UNIT_BYTES("/?o=%7B%22a%5C%22b%22%3A%22%5C%5C%5Cn%5Cu0001%C3%BC%F0%9F%98%80%2F%22%7D") },
    { "the object, header", TEMPLATE_ESCAPE_HEADER, UNIT_BYTES("o={{ .Key }}"), { OBJECT(line) },
      UNIT_BYTES("o={\"a\":\"x\\r\\ny\"}") },
    { "an attribute that looks like a placeholder", TEMPLATE_ESCAPE_HEADER, UNIT_BYTES("%{a}%{a}"),
      { .attributes = (const struct attribute[]){ ATTRIBUTE("a", "%{a}{{ .Key }}") }, .attribute_count = 1 },
      UNIT_BYTES("%{a}{{ .Key }}%{a}{{ .Key }}") },
};

static bool parse(struct span text, const char **why)
{
    *why = NULL;
    bool good = template_parse(unit_guarded_span(text), TEMPLATE_OF_POLICY, pieces, &count, why);
    ck_assert_msg(good || (*why != NULL && **why != '\0'), "refused without a reason");
    return good;
}

static void parse_good(struct span text, const char *row_name)
{
    const char *why;
    unit_expect(parse(text, &why), row_name);
}

START_TEST(template_expand_puts_attributes_in)
{
    const size_t n = done[_i].expected.n;
    char *out = unit_guard(n);
    size_t needed = 0;

    parse_good(done[_i].text, done[_i].name);
    enum template_outcome outcome =
        template_expand(pieces, count, done[_i].escape, &done[_i].values, out, n, &needed);
    unit_expect(outcome == TEMPLATE_DONE, done[_i].name);
    unit_expect(needed == n, done[_i].name);
    unit_expect_span(span_make(out, n), done[_i].expected, done[_i].name);
}
END_TEST

START_TEST(template_expand_writes_nothing_past_size)
{
    size_t needed = 0;

    parse_good(done[_i].text, done[_i].name);
    for (size_t size = 0; size < done[_i].expected.n; size++) {
        char *out = size == 0 ? NULL : unit_guard(size);
        template_expand(pieces, count, done[_i].escape, &done[_i].values, out, size, &needed);
        unit_expect(needed == done[_i].expected.n, done[_i].name);
    }
}
END_TEST

START_TEST(template_expand_of_the_object_is_json)
{
    char out[NEEDED_MAX_BYTES];
    size_t needed;
    const char *why;

    parse_good(SPAN("{{ .Key }}"), done[_i].name);
    enum template_outcome outcome =
        template_expand(pieces, count, TEMPLATE_ESCAPE_JSON, &done[_i].values, out, sizeof(out), &needed);
    unit_expect(outcome == TEMPLATE_DONE, done[_i].name);
    unit_expect(json_check(span_make(out, needed), &why), done[_i].name);
}
END_TEST

static const struct {
    const char *name;
    enum template_escape escape;
    struct span text;
    struct template_values values;
} refused[] = {
    { "not UTF-8, JSON", TEMPLATE_ESCAPE_JSON, UNIT_BYTES("\"%{c}\""), { ATTRIBUTES(no_utf8) } },
    { "line end, header", TEMPLATE_ESCAPE_HEADER, UNIT_BYTES("%{a}"), { ATTRIBUTES(line) } },
    { "the object, a value that is not UTF-8", TEMPLATE_ESCAPE_JSON, UNIT_BYTES("{{ .Key }}"), { OBJECT(no_utf8) } },
    { "the object, a name that is not UTF-8", TEMPLATE_ESCAPE_JSON, UNIT_BYTES("{{ .Key }}"),
      { OBJECT(no_utf8_name) } },
    { "the object in a URL, not UTF-8", TEMPLATE_ESCAPE_URL, UNIT_BYTES("{{ .Key }}"), { OBJECT(no_utf8) } },
    { "the object in a header, not UTF-8", TEMPLATE_ESCAPE_HEADER, UNIT_BYTES("{{ .Key }}"), { OBJECT(no_utf8) } },
};

START_TEST(template_expand_refuses_what_has_no_place_there)
{
    char out[NEEDED_MAX_BYTES];
    size_t needed = SIZE_MAX;

    parse_good(refused[_i].text, refused[_i].name);
    enum template_outcome outcome =
        template_expand(pieces, count, refused[_i].escape, &refused[_i].values, out, sizeof(out), &needed);
    unit_expect(outcome == TEMPLATE_REFUSED, refused[_i].name);
    unit_expect(needed == 0, refused[_i].name);
}
END_TEST

static const struct {
    const char *name;
    struct span text;
    const char *says;
} bad[] = {
    { "the key of a map", UNIT_BYTES("%s"), "%{NAME} and {{ .Key }} are known" },
    { "a local part", UNIT_BYTES("a%u"), "%{NAME}" },
    { "a domain", UNIT_BYTES("%d"), "%{NAME}" },
    { "a label", UNIT_BYTES("%1"), "%{NAME}" },
    { "a percent sign at the end", UNIT_BYTES("100%"), "%%" },
    { "a percent sign before a space", UNIT_BYTES("100% sure"), "%%" },
    { "percent-encoding", UNIT_BYTES("/a%20b"), "%%" },
    { "no name", UNIT_BYTES("%{}"), "%{NAME}" },
    { "open", UNIT_BYTES("%{"), "%{NAME}" },
    { "open after the name", UNIT_BYTES("%{sender"), "%{NAME}" },
    { "a space in the name", UNIT_BYTES("%{ sender}"), "%{NAME}" },
    { "a minus in the name", UNIT_BYTES("%{client-name}"), "%{NAME}" },
    { "a dot in the name", UNIT_BYTES("%{client.name}"), "%{NAME}" },
    { "NUL in the name", UNIT_BYTES("%{a\0}"), "%{NAME}" },
    { "UTF-8 in the name", UNIT_BYTES("%{\xC3\xBC}"), "%{NAME}" },
    { "another name in braces", UNIT_BYTES("{{ .Sender }}"), "{{ .Key }}" },
    { "open braces", UNIT_BYTES("{{ .Key }"), "{{ .Key }}" },
};

START_TEST(template_parse_of_a_policy_says_what_is_known)
{
    const char *why;

    unit_expect(!parse(bad[_i].text, &why), bad[_i].name);
    unit_expect(strstr(why, bad[_i].says) != NULL, bad[_i].name);
}
END_TEST

START_TEST(template_parse_of_a_map_knows_no_attributes)
{
    const char *why = NULL;
    ck_assert(!template_parse(SPAN("%{sender}"), TEMPLATE_OF_MAP, pieces, &count, &why));
    ck_assert_ptr_nonnull(strstr(why, "%{1} to %{9} and %{keys} are known"));
}
END_TEST

START_TEST(template_parse_makes_a_piece_of_each)
{
    parse_good(SPAN("x%{Name_1}{{ .Key }}%%"), "pieces");
    ck_assert_uint_eq(count, 4);
    ck_assert_int_eq(pieces[0].what, TEMPLATE_TEXT);
    ck_assert_int_eq(pieces[1].what, TEMPLATE_ATTRIBUTE);
    unit_expect_span(pieces[1].text, SPAN("Name_1"), "name");
    ck_assert_int_eq(pieces[2].what, TEMPLATE_ATTRIBUTES);
    unit_expect_span(pieces[3].text, SPAN("%"), "percent sign");
}
END_TEST

/* Each prefix is read without a step past its end, whatever it means. */
START_TEST(template_parse_takes_any_prefix)
{
    static const struct span whole = UNIT_BYTES("a%%b%{sender}{{ .Key }}%{a_1}{{%{b}");
    const char *why;

    for (size_t n = 0; n < whole.n; n++)
        parse(span_first(whole, n), &why);
    ck_assert(parse(whole, &why));
}
END_TEST

START_TEST(template_is_dynamic_with_attributes)
{
    const char *why;
    ck_assert(parse(SPAN("100%%"), &why) && !template_is_dynamic(pieces, count));
    ck_assert(parse(SPAN("%{size}"), &why) && template_is_dynamic(pieces, count));
    ck_assert(parse(SPAN("{{ .Key }}"), &why) && template_is_dynamic(pieces, count));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("template_policy");

    unit_add_loop(suite, "expand", template_expand_puts_attributes_in, UNIT_ROWS(done));
    unit_add_loop(suite, "expand, little room", template_expand_writes_nothing_past_size, UNIT_ROWS(done));
    unit_add_loop(suite, "expand, object", template_expand_of_the_object_is_json, UNIT_ROWS(done));
    unit_add_loop(suite, "expand, refused", template_expand_refuses_what_has_no_place_there, UNIT_ROWS(refused));
    unit_add_loop(suite, "parse, bad", template_parse_of_a_policy_says_what_is_known, UNIT_ROWS(bad));
    unit_add(suite, "parse",
             (const TTest *const[]){ template_parse_of_a_map_knows_no_attributes, template_parse_makes_a_piece_of_each,
                                     template_parse_takes_any_prefix, template_is_dynamic_with_attributes, NULL });
    return unit_run(suite);
}
