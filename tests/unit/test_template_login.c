#include "template.h"

#include "json.h"
#include "unit.h"

#define NEEDED_MAX_BYTES 512
#define NAMES "%{user}|%{service}|%{mechanism}|%{rip}|%{lip}|%{rport}|%{lport}|%{session}"

#define ATTRIBUTE(name, value) { UNIT_BYTES(name), UNIT_BYTES(value) }

static struct template_piece pieces[TEMPLATE_PIECES_MAX];
static size_t count;

static const struct attribute fields[] = {
    ATTRIBUTE("user", "u@d"),      ATTRIBUTE("password", "p w\"&=%{user}\xC3\xBC"),
    ATTRIBUTE("service", "smtp"),  ATTRIBUTE("mechanism", "PLAIN"),
    ATTRIBUTE("rip", "192.0.2.1"), ATTRIBUTE("rport", "1024"),
    ATTRIBUTE("lip", "2001:db8::1"), ATTRIBUTE("lport", "25"),
    ATTRIBUTE("session", ""),
};

static const struct attribute members[] = {
    ATTRIBUTE("username", "a b&c=d"),
    ATTRIBUTE("password", "100%+\"\\\xC3\xBC\n~"),
    ATTRIBUTE("ssl", ""),
};

static const struct template_values values = {
    .attributes = fields,
    .attribute_count = sizeof(fields) / sizeof(fields[0]),
    .object = members,
    .object_count = sizeof(members) / sizeof(members[0]),
};

static const struct {
    const char *name;
    enum template_dialect dialect;
    enum template_escape escape;
    struct span text;
    struct span expected;
} done[] = {
    { "all names", TEMPLATE_OF_LOGIN, TEMPLATE_ESCAPE_HEADER, UNIT_BYTES(NAMES),
      UNIT_BYTES("u@d|smtp|PLAIN|192.0.2.1|2001:db8::1|1024|25|") },
    { "all names in a payload", TEMPLATE_OF_LOGIN_PAYLOAD, TEMPLATE_ESCAPE_HEADER, UNIT_BYTES(NAMES "|%{password}"),
      UNIT_BYTES("u@d|smtp|PLAIN|192.0.2.1|2001:db8::1|1024|25||p w\"&=%{user}\xC3\xBC") },
    { "in a URL", TEMPLATE_OF_LOGIN, TEMPLATE_ESCAPE_URL, UNIT_BYTES("/%{user}?ip=%{lip}"),
      UNIT_BYTES("/u%40d?ip=2001%3Adb8%3A%3A1") },
    { "password, JSON", TEMPLATE_OF_LOGIN_PAYLOAD, TEMPLATE_ESCAPE_JSON, UNIT_BYTES("{\"p\":\"%{password}\"}"),
      UNIT_BYTES("{\"p\":\"p w\\\"&=%{user}\xC3\xBC\"}") },
    { "password, form", TEMPLATE_OF_LOGIN_PAYLOAD, TEMPLATE_ESCAPE_URL, UNIT_BYTES("p=%{password}&u=%{user}"),
      UNIT_BYTES("p=p%20w%22%26%3D%25%7Buser%7D%C3%BC&u=u%40d") },
    { "percent signs", TEMPLATE_OF_LOGIN, TEMPLATE_ESCAPE_HEADER, UNIT_BYTES("100%%%{user}%%{password}"),
      UNIT_BYTES("100%u@d%{password}") },
    { "percent signs in a payload", TEMPLATE_OF_LOGIN_PAYLOAD, TEMPLATE_ESCAPE_HEADER, UNIT_BYTES("%%{password}%%"),
      UNIT_BYTES("%{password}%") },
    { "braces that are no placeholder", TEMPLATE_OF_LOGIN_PAYLOAD, TEMPLATE_ESCAPE_JSON,
      UNIT_BYTES("{\"a\":{\"u\":\"%{user}\"}}"), UNIT_BYTES("{\"a\":{\"u\":\"u@d\"}}") },
};

static bool parse(struct span text, enum template_dialect dialect, const char **why)
{
    *why = NULL;
    bool good = template_parse(unit_guarded_span(text), dialect, pieces, &count, why);
    ck_assert_msg(good || (*why != NULL && **why != '\0'), "refused without a reason");
    return good;
}

START_TEST(template_expand_puts_fields_of_a_login_in)
{
    const size_t n = done[_i].expected.n;
    char *out = unit_guard(n);
    size_t needed = 0;
    const char *why;

    unit_expect(parse(done[_i].text, done[_i].dialect, &why), done[_i].name);
    enum template_outcome outcome = template_expand(pieces, count, done[_i].escape, &values, out, n, &needed);
    unit_expect(outcome == TEMPLATE_DONE, done[_i].name);
    unit_expect(needed == n, done[_i].name);
    unit_expect_span(span_make(out, n), done[_i].expected, done[_i].name);
}
END_TEST

#define BOTH "%{user}, %{service}, %{mechanism}, %{rip}, %{lip}, %{rport}, %{lport} and %{session} are known"

static const struct {
    const char *name;
    struct span text;
    const char *says; /* outside of a payload */
    const char *says_in_payload; /* NULL: it is allowed there */
} bad[] = {
    { "password", UNIT_BYTES("a%{password}"), "%{password} may stand in payload only", NULL },
    { "another name", UNIT_BYTES("%{sender}"), BOTH, BOTH },
    { "beginning of a name", UNIT_BYTES("%{use}"), BOTH, BOTH },
    { "name that goes on", UNIT_BYTES("%{user_}"), BOTH, BOTH },
    { "another case", UNIT_BYTES("%{User}"), BOTH, BOTH },
    { "what only members are called", UNIT_BYTES("%{username}"), BOTH, BOTH },
    { "what pfx keeps for itself", UNIT_BYTES("%{method}"), BOTH, BOTH },
    { "local port of the configuration", UNIT_BYTES("%{default_port}"), BOTH, BOTH },
    { "no name", UNIT_BYTES("%{}"), "%{NAME}", "%{NAME}" },
    { "open", UNIT_BYTES("%{user"), "%{NAME}", "%{NAME}" },
    { "open at once", UNIT_BYTES("%{"), "%{NAME}", "%{NAME}" },
    { "key of a map", UNIT_BYTES("%s"), "%{NAME} is known", "%{NAME} is known" },
    { "local part of a map", UNIT_BYTES("%u"), "%{NAME} is known", "%{NAME} is known" },
    { "label", UNIT_BYTES("%1"), "%{NAME} is known", "%{NAME} is known" },
    { "percent sign alone", UNIT_BYTES("100%"), "%%", "%%" },
    { "object of all", UNIT_BYTES("{{ .Key }}"), "unknown placeholder {{ ... }}", "unknown placeholder {{ ... }}" },
    { "object of all, closely", UNIT_BYTES("{{.Key}}"), "unknown placeholder {{ ... }}",
      "unknown placeholder {{ ... }}" },
    { "NUL in a name", UNIT_BYTES("%{user\0}"), "%{NAME}", "%{NAME}" },
};

START_TEST(template_parse_of_a_login_refuses)
{
    const char *why;

    unit_expect(!parse(bad[_i].text, TEMPLATE_OF_LOGIN, &why), bad[_i].name);
    unit_expect(strstr(why, bad[_i].says) != NULL, bad[_i].name);
}
END_TEST

START_TEST(template_parse_of_a_payload_refuses_all_of_it_but_the_password)
{
    const char *why;
    bool is_good = parse(bad[_i].text, TEMPLATE_OF_LOGIN_PAYLOAD, &why);

    unit_expect(is_good == (bad[_i].says_in_payload == NULL), bad[_i].name);
    if (!is_good)
        unit_expect(strstr(why, bad[_i].says_in_payload) != NULL, bad[_i].name);
}
END_TEST

START_TEST(template_parse_of_other_dialects_knows_no_login)
{
    const char *why;

    ck_assert(!parse(SPAN("%{user}"), TEMPLATE_OF_MAP, &why));
    ck_assert(!parse(SPAN("%{password}"), TEMPLATE_OF_MAP, &why));
}
END_TEST

/* Each prefix is read without a step past its end, whatever it means. */
START_TEST(template_parse_of_a_login_takes_any_prefix)
{
    static const struct span whole = UNIT_BYTES("a%%b%{password}{{%{user}%{mechanism}");
    const char *why;

    for (size_t n = 0; n < whole.n; n++)
        parse(span_first(whole, n), TEMPLATE_OF_LOGIN_PAYLOAD, &why);
    ck_assert(parse(whole, TEMPLATE_OF_LOGIN_PAYLOAD, &why));
}
END_TEST

static void expect_body(enum template_what what, enum template_escape escape, const struct template_values *of,
                        struct span expected)
{
    const struct template_piece piece = { .what = what };
    char *out = unit_guard(expected.n);
    size_t needed = 0;

    for (size_t size = 0; size <= expected.n; size++) {
        char *end = out + expected.n;
        ck_assert_int_eq(template_expand(&piece, 1, escape, of, end - size, size, &needed), TEMPLATE_DONE);
        ck_assert_uint_eq(needed, expected.n);
    }
    unit_expect_span(span_make(out, needed), expected, "body");
}

START_TEST(template_form_encodes_every_member)
{
    expect_body(TEMPLATE_FORM, TEMPLATE_ESCAPE_URL, &values,
                SPAN("username=a%20b%26c%3Dd&password=100%25%2B%22%5C%C3%BC%0A~&ssl="));
}
END_TEST

START_TEST(template_form_encodes_names_too)
{
    static const struct attribute odd[] = { ATTRIBUTE("a b", "1"), ATTRIBUTE("c&d=e%", "\xFF") };
    const struct template_values of = { .object = odd, .object_count = 2 };

    expect_body(TEMPLATE_FORM, TEMPLATE_ESCAPE_URL, &of, SPAN("a%20b=1&c%26d%3De%25=%FF"));
}
END_TEST

START_TEST(template_form_of_nothing_is_empty)
{
    expect_body(TEMPLATE_FORM, TEMPLATE_ESCAPE_URL, &(struct template_values){ .object_count = 0 }, SPAN(""));
}
END_TEST

START_TEST(template_object_of_a_login_is_json)
{
    static const struct span expected =
        UNIT_BYTES("{\"username\":\"a b&c=d\",\"password\":\"100%+\\\"\\\\\xC3\xBC\\n~\",\"ssl\":\"\"}");
    const char *why;

    expect_body(TEMPLATE_ATTRIBUTES, TEMPLATE_ESCAPE_JSON, &values, expected);
    ck_assert(json_check(expected, &why));
}
END_TEST

START_TEST(template_is_dynamic_with_a_form)
{
    ck_assert(template_is_dynamic(&(struct template_piece){ .what = TEMPLATE_FORM }, 1));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("template_login");

    unit_add_loop(suite, "expand", template_expand_puts_fields_of_a_login_in, UNIT_ROWS(done));
    unit_add_loop(suite, "parse, bad", template_parse_of_a_login_refuses, UNIT_ROWS(bad));
    unit_add_loop(suite, "parse, bad payload", template_parse_of_a_payload_refuses_all_of_it_but_the_password,
                  UNIT_ROWS(bad));
    unit_add(suite, "parse",
             (const TTest *const[]){ template_parse_of_other_dialects_knows_no_login,
                                     template_parse_of_a_login_takes_any_prefix, NULL });
    unit_add(suite, "bodies",
             (const TTest *const[]){ template_form_encodes_every_member, template_form_encodes_names_too,
                                     template_form_of_nothing_is_empty, template_object_of_a_login_is_json,
                                     template_is_dynamic_with_a_form, NULL });
    return unit_run(suite);
}
