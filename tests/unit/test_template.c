#include "template.h"

#include "unit.h"

#define NEEDED_MAX_BYTES 256

static struct template_piece pieces[TEMPLATE_PIECES_MAX];
static size_t count;

static bool parse(struct span text)
{
    const char *why = NULL;
    bool good = template_parse(unit_guarded_span(text), TEMPLATE_OF_MAP, pieces, &count, &why);
    ck_assert_msg(good || (why != NULL && *why != '\0'), "refused without a reason");
    return good;
}

static const struct {
    const char *name;
    struct span text;
    struct span key;
    struct span expected;
} done[] = {
    { "empty template", UNIT_BYTES(""), UNIT_BYTES("k"), UNIT_BYTES("") },
    { "no placeholder", UNIT_BYTES("plain"), UNIT_BYTES("k"), UNIT_BYTES("plain") },
    { "no placeholder, empty key", UNIT_BYTES("plain"), UNIT_BYTES(""), UNIT_BYTES("plain") },
    { "%s", UNIT_BYTES("<%s>"), UNIT_BYTES("u@d"), UNIT_BYTES("<u@d>") },
    { "%s with spaces and quotes", UNIT_BYTES("%s"), UNIT_BYTES("\"a b\"@d"), UNIT_BYTES("\"a b\"@d") },
    { "%u", UNIT_BYTES("%u"), UNIT_BYTES("u@d"), UNIT_BYTES("u") },
    { "%u of a key without @", UNIT_BYTES("%u"), UNIT_BYTES("key"), UNIT_BYTES("key") },
    { "%u before the last @", UNIT_BYTES("%u|%d"), UNIT_BYTES("\"a@b\"@d"), UNIT_BYTES("\"a@b\"|d") },
    { "%u of a key without domain", UNIT_BYTES("%u"), UNIT_BYTES("u@"), UNIT_BYTES("u") },
    { "%d", UNIT_BYTES("%d"), UNIT_BYTES("u@Mail.Example"), UNIT_BYTES("Mail.Example") },
    { "%d of a key without local part", UNIT_BYTES("%d"), UNIT_BYTES("@d.e"), UNIT_BYTES("d.e") },
    { "capitals", UNIT_BYTES("%S %U %D"), UNIT_BYTES("u@d"), UNIT_BYTES("u@d u d") },
    { "labels from the right", UNIT_BYTES("%1-%2-%3"), UNIT_BYTES("u@mail.example.com"),
      UNIT_BYTES("com-example-mail") },
    { "labels in braces", UNIT_BYTES("%{1}0%{2}"), UNIT_BYTES("u@b.a"), UNIT_BYTES("a0b") },
    { "a digit after a label", UNIT_BYTES("%10"), UNIT_BYTES("u@b.a"), UNIT_BYTES("a0") },
    { "the ninth label", UNIT_BYTES("%9"), UNIT_BYTES("u@i.h.g.f.e.d.c.b.a"), UNIT_BYTES("i") },
    { "labels of more than nine", UNIT_BYTES("%9%1"), UNIT_BYTES("u@j.i.h.g.f.e.d.c.b.a"), UNIT_BYTES("ia") },
    { "empty labels do not count", UNIT_BYTES("%1,%2"), UNIT_BYTES("u@.b..a."), UNIT_BYTES("a,b") },
    { "dots of the local part do not count", UNIT_BYTES("%1"), UNIT_BYTES("a.b@c"), UNIT_BYTES("c") },
    { "percent sign", UNIT_BYTES("100%%"), UNIT_BYTES("k"), UNIT_BYTES("100%") },
    { "percent signs", UNIT_BYTES("%%%%%s%%"), UNIT_BYTES("k"), UNIT_BYTES("%%k%") },
    { "percent sign before a letter", UNIT_BYTES("%%s"), UNIT_BYTES("k"), UNIT_BYTES("%s") },
    { ".Key", UNIT_BYTES("<{{ .Key }}>"), UNIT_BYTES("u@d"), UNIT_BYTES("<u@d>") },
    { ".Key without space", UNIT_BYTES("{{.Key}}"), UNIT_BYTES("k"), UNIT_BYTES("k") },
    { ".Key with much space", UNIT_BYTES("{{ \t\r\n.Key   }}"), UNIT_BYTES("k"), UNIT_BYTES("k") },
    { ".Key in an object in an object", UNIT_BYTES("{\"a\":{\"k\":\"{{ .Key }}\"}}"), UNIT_BYTES("k"),
      UNIT_BYTES("{\"a\":{\"k\":\"k\"}}") },
    { ".Key after a third brace", UNIT_BYTES("{{{.Key}}}"), UNIT_BYTES("k"), UNIT_BYTES("{k}") },
    { "braces that are text", UNIT_BYTES("{{a}} {{ {{"), UNIT_BYTES("k"), UNIT_BYTES("{{a}} {{ {{") },
    { "a brace at the end", UNIT_BYTES("a{"), UNIT_BYTES("k"), UNIT_BYTES("a{") },
    { "only closing braces", UNIT_BYTES("}}"), UNIT_BYTES("k"), UNIT_BYTES("}}") },
    { "a dot in single braces", UNIT_BYTES("{.Key}"), UNIT_BYTES("k"), UNIT_BYTES("{.Key}") },
    { "a key that looks like a placeholder", UNIT_BYTES("%s/%s"), UNIT_BYTES("%s"), UNIT_BYTES("%s/%s") },
    { "NUL in the text", UNIT_BYTES("a\0%s"), UNIT_BYTES("k"), UNIT_BYTES("a\0k") },
};

static enum template_outcome expand_key(enum template_escape escape, struct span key, char *out, size_t size,
                                        size_t *needed)
{
    const struct template_values values = { .key = unit_guarded_span(key) };
    return template_expand(pieces, count, escape, &values, out, size, needed);
}

static size_t expand(char *out, size_t size, const void *value)
{
    const struct span *key = value;
    size_t needed;

    ck_assert_int_eq(expand_key(TEMPLATE_ESCAPE_HEADER, *key, out, size, &needed), TEMPLATE_DONE);
    return needed;
}

START_TEST(template_expand_puts_values_in)
{
    unit_expect(parse(done[_i].text), done[_i].name);
    char *out = unit_guard(done[_i].expected.n);
    unit_expect(expand(out, done[_i].expected.n, &done[_i].key) == done[_i].expected.n, done[_i].name);
    unit_expect_span(span_make(out, done[_i].expected.n), done[_i].expected, done[_i].name);
}
END_TEST

START_TEST(template_expand_writes_nothing_past_size)
{
    unit_expect(parse(done[_i].text), done[_i].name);
    for (size_t size = 0; size < done[_i].expected.n; size++)
        unit_expect(expand(unit_guard(size), size, &done[_i].key) == done[_i].expected.n, done[_i].name);
}
END_TEST

static const struct {
    const char *name;
    struct span text;
    struct span key;
} suppressed[] = {
    { "empty key, %s", UNIT_BYTES("%s"), UNIT_BYTES("") },
    { "empty key, %u", UNIT_BYTES("%u"), UNIT_BYTES("") },
    { "empty key, %d", UNIT_BYTES("%d"), UNIT_BYTES("") },
    { "empty key, %1", UNIT_BYTES("%1"), UNIT_BYTES("") },
    { "empty key, .Key", UNIT_BYTES("a{{ .Key }}b"), UNIT_BYTES("") },
    { "empty local part, %u", UNIT_BYTES("%u"), UNIT_BYTES("@d") },
    { "empty local part, %u after %d", UNIT_BYTES("%d/%u"), UNIT_BYTES("@d") },
    { "empty domain, %d", UNIT_BYTES("%u %d"), UNIT_BYTES("u@") },
    { "empty domain, %1", UNIT_BYTES("%1"), UNIT_BYTES("u@") },
    { "only an @, %u", UNIT_BYTES("%u"), UNIT_BYTES("@") },
    { "no @, %d", UNIT_BYTES("%s %d"), UNIT_BYTES("key") },
    { "no @, %1", UNIT_BYTES("%1"), UNIT_BYTES("mail.example") },
    { "one label too few", UNIT_BYTES("%3"), UNIT_BYTES("u@b.a") },
    { "one label too few, in braces", UNIT_BYTES("%{3}"), UNIT_BYTES("u@b.a") },
    { "one label too few, the rest empty", UNIT_BYTES("%2"), UNIT_BYTES("u@..a.") },
    { "dots only", UNIT_BYTES("%1"), UNIT_BYTES("u@...") },
};

START_TEST(template_expand_without_a_needed_part_is_suppressed)
{
    char out[NEEDED_MAX_BYTES];
    size_t needed = SIZE_MAX;

    unit_expect(parse(suppressed[_i].text), suppressed[_i].name);
    enum template_outcome outcome =
        expand_key(TEMPLATE_ESCAPE_URL, suppressed[_i].key, out, sizeof(out), &needed);
    unit_expect(outcome == TEMPLATE_SUPPRESSED, suppressed[_i].name);
    unit_expect(needed == 0, suppressed[_i].name);
}
END_TEST

static const struct {
    const char *name;
    enum template_escape escape;
    struct span key;
    enum template_outcome outcome;
    struct span expected; /* of "[\"%s\"]" */
} escapes[] = {
    { "JSON, plain", TEMPLATE_ESCAPE_JSON, UNIT_BYTES("u@d"), TEMPLATE_DONE, UNIT_BYTES("[\"u@d\"]") },
    { "JSON, quotes", TEMPLATE_ESCAPE_JSON, UNIT_BYTES("\"a\\b\"@d"), TEMPLATE_DONE,
      UNIT_BYTES("[\"\\\"a\\\\b\\\"@d\"]") },
    { "JSON, line end", TEMPLATE_ESCAPE_JSON, UNIT_BYTES("a\r\n\x01"), TEMPLATE_DONE,
      UNIT_BYTES("[\"a\\r\\n\\u0001\"]") },
    { "JSON, UTF-8", TEMPLATE_ESCAPE_JSON, UNIT_BYTES("\xC3\xBC"), TEMPLATE_DONE, UNIT_BYTES("[\"\xC3\xBC\"]") },
    { "JSON, not UTF-8", TEMPLATE_ESCAPE_JSON, UNIT_BYTES("caf\xE9"), TEMPLATE_REFUSED, UNIT_BYTES("") },
    { "URL, unreserved", TEMPLATE_ESCAPE_URL, UNIT_BYTES("aZ09-._~"), TEMPLATE_DONE, UNIT_BYTES("[\"aZ09-._~\"]") },
    { "URL, everything that means something", TEMPLATE_ESCAPE_URL, UNIT_BYTES("/?#[]@!$&'()*+,;=:% \"<>"),
      TEMPLATE_DONE, UNIT_BYTES("[\"%2F%3F%23%5B%5D%40%21%24%26%27%28%29%2A%2B%2C%3B%3D%3A%25%20%22%3C%3E\"]") },
    { "URL, dots and slashes", TEMPLATE_ESCAPE_URL, UNIT_BYTES("../../x"), TEMPLATE_DONE,
      UNIT_BYTES("[\"..%2F..%2Fx\"]") },
    { "URL, control and high bytes", TEMPLATE_ESCAPE_URL, UNIT_BYTES("\0\r\n\x7F\xC3\xFF"), TEMPLATE_DONE,
      UNIT_BYTES("[\"%00%0D%0A%7F%C3%FF\"]") },
    { "header, as it is", TEMPLATE_ESCAPE_HEADER, UNIT_BYTES("\"a\" %\t\xE9"), TEMPLATE_DONE,
      UNIT_BYTES("[\"\"a\" %\t\xE9\"]") },
    { "header, CR", TEMPLATE_ESCAPE_HEADER, UNIT_BYTES("a\rb"), TEMPLATE_REFUSED, UNIT_BYTES("") },
    { "header, LF", TEMPLATE_ESCAPE_HEADER, UNIT_BYTES("a\n"), TEMPLATE_REFUSED, UNIT_BYTES("") },
    { "header, NUL", TEMPLATE_ESCAPE_HEADER, UNIT_BYTES("\0"), TEMPLATE_REFUSED, UNIT_BYTES("") },
};

START_TEST(template_expand_escapes_for_the_place)
{
    char out[NEEDED_MAX_BYTES];
    size_t needed = SIZE_MAX;

    ck_assert(parse(SPAN("[\"%s\"]")));
    enum template_outcome outcome = expand_key(escapes[_i].escape, escapes[_i].key, out, sizeof(out), &needed);
    unit_expect(outcome == escapes[_i].outcome, escapes[_i].name);
    unit_expect_span(span_make(out, needed), escapes[_i].expected, escapes[_i].name);
}
END_TEST

START_TEST(template_expand_looks_only_at_the_part_that_it_uses)
{
    char out[NEEDED_MAX_BYTES];
    size_t needed;

    ck_assert(parse(SPAN("%d")));
    ck_assert_int_eq(expand_key(TEMPLATE_ESCAPE_HEADER, SPAN("a\rb@d"), out, sizeof(out), &needed), TEMPLATE_DONE);
    unit_expect_span(span_make(out, needed), SPAN("d"), "domain");
}
END_TEST

static const struct {
    const char *name;
    struct span text;
} bad[] = {
    { "percent sign at the end", UNIT_BYTES("100%") },
    { "percent sign before a space", UNIT_BYTES("100% sure") },
    { "percent sign before a slash", UNIT_BYTES("%/") },
    { "label zero", UNIT_BYTES("%0") },
    { "unknown letter", UNIT_BYTES("%x") },
    { "capital letter", UNIT_BYTES("%X") },
    { "keys in half of the braces", UNIT_BYTES("%{keys") },
    { "label zero in braces", UNIT_BYTES("%{0}") },
    { "label ten", UNIT_BYTES("%{10}") },
    { "empty braces", UNIT_BYTES("%{}") },
    { "open braces", UNIT_BYTES("%{1") },
    { "open braces, nothing inside", UNIT_BYTES("%{") },
    { "a policy's attribute", UNIT_BYTES("%{sender}") },
    { "letter in braces", UNIT_BYTES("%{s}") },
    { "another name", UNIT_BYTES("{{ .Name }}") },
    { "a longer name", UNIT_BYTES("{{ .Keys }}") },
    { "lower case", UNIT_BYTES("{{ .key }}") },
    { "no name", UNIT_BYTES("{{ . }}") },
    { "open after the name", UNIT_BYTES("{{ .Key") },
    { "open after half the name", UNIT_BYTES("{{ .Ke") },
    { "open after a dot", UNIT_BYTES("{{.") },
    { "closed by one brace", UNIT_BYTES("{{ .Key }") },
    { "closed by one brace and text", UNIT_BYTES("{{ .Key }-}") },
    { "a function", UNIT_BYTES("{{ .Key | html }}") },
};

START_TEST(template_parse_unknown_is_an_error)
{
    unit_expect(!parse(bad[_i].text), bad[_i].name);
}
END_TEST

START_TEST(template_parse_says_how_to_write_a_percent_sign)
{
    const char *why = NULL;
    ck_assert(!template_parse(SPAN("50% off"), TEMPLATE_OF_MAP, pieces, &count, &why));
    ck_assert_ptr_nonnull(strstr(why, "%%"));
}
END_TEST

START_TEST(template_parse_names_what_braces_may_hold)
{
    const char *why = NULL;
    ck_assert(!template_parse(SPAN("{{ .Foo }}"), TEMPLATE_OF_MAP, pieces, &count, &why));
    ck_assert_ptr_nonnull(strstr(why, "{{ .Key }}"));
}
END_TEST

/* Each prefix is read without a step past its end, whatever it means. */
START_TEST(template_parse_takes_any_prefix)
{
    static const struct span whole = UNIT_BYTES("a%%b%s%{1}{{ .Key }}%d{{%u");
    const char *why = NULL;

    for (size_t n = 0; n < whole.n; n++)
        template_parse(unit_guarded(whole.p, n), TEMPLATE_OF_MAP, pieces, &count, &why);
    ck_assert(template_parse(unit_guarded_span(whole), TEMPLATE_OF_MAP, pieces, &count, &why));
}
END_TEST

START_TEST(template_parse_pieces_are_bounded)
{
    char text[2 * TEMPLATE_PIECES_MAX + 3];
    const char *why = NULL;

    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = i % 2 == 0 ? '%' : 's';
    ck_assert(template_parse(span_make(text, 2 * TEMPLATE_PIECES_MAX), TEMPLATE_OF_MAP, pieces, &count, &why));
    ck_assert_uint_eq(count, TEMPLATE_PIECES_MAX);
    ck_assert(!template_parse(span_make(text, 2 * TEMPLATE_PIECES_MAX + 2), TEMPLATE_OF_MAP, pieces, &count, &why));

    text[2 * TEMPLATE_PIECES_MAX] = 'x';
    ck_assert(!template_parse(span_make(text, 2 * TEMPLATE_PIECES_MAX + 1), TEMPLATE_OF_MAP, pieces, &count, &why));
}
END_TEST

START_TEST(template_is_dynamic_only_with_a_placeholder)
{
    ck_assert(parse(SPAN("")) && !template_is_dynamic(pieces, count));
    ck_assert(parse(SPAN("100%% {{ text }}")) && !template_is_dynamic(pieces, count));
    ck_assert(parse(SPAN("text %1")) && template_is_dynamic(pieces, count));
    ck_assert(parse(SPAN("{{ .Key }}")) && template_is_dynamic(pieces, count));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("template");

    unit_add_loop(suite, "expand", template_expand_puts_values_in, UNIT_ROWS(done));
    unit_add_loop(suite, "expand, little room", template_expand_writes_nothing_past_size, UNIT_ROWS(done));
    unit_add_loop(suite, "expand, suppressed", template_expand_without_a_needed_part_is_suppressed,
                  UNIT_ROWS(suppressed));
    unit_add_loop(suite, "expand, escaped", template_expand_escapes_for_the_place, UNIT_ROWS(escapes));
    unit_add_loop(suite, "parse, bad", template_parse_unknown_is_an_error, UNIT_ROWS(bad));
    unit_add(suite, "parse",
             (const TTest *const[]){ template_expand_looks_only_at_the_part_that_it_uses,
                                     template_parse_says_how_to_write_a_percent_sign,
                                     template_parse_names_what_braces_may_hold,
                                     template_parse_takes_any_prefix, template_parse_pieces_are_bounded,
                                     template_is_dynamic_only_with_a_placeholder, NULL });
    return unit_run(suite);
}
