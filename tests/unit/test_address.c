#include "address.h"

#include "address_fixture.h"
#include "unit.h"

#define LOCAL_MAX_BYTES 24
#define TEXT_MAX_BYTES 96
#define GUARD_BYTES 16
#define GUARD '#'

static const struct {
    const char *name;
    struct span text;
    struct span local;
    struct span domain;
    bool has_domain;
} splits[] = {
    { "an address", UNIT_BYTES("user@example.com"), UNIT_BYTES("user"), UNIT_BYTES("example.com"), true },
    { "the last @ counts", UNIT_BYTES("\"a@b\"@c"), UNIT_BYTES("\"a@b\""), UNIT_BYTES("c"), true },
    { "no @", UNIT_BYTES("user"), UNIT_BYTES("user"), UNIT_BYTES(""), false },
    { "nothing", UNIT_BYTES(""), UNIT_BYTES(""), UNIT_BYTES(""), false },
    { "no domain", UNIT_BYTES("user@"), UNIT_BYTES("user"), UNIT_BYTES(""), true },
    { "no local part", UNIT_BYTES("@d"), UNIT_BYTES(""), UNIT_BYTES("d"), true },
    { "@ alone", UNIT_BYTES("@"), UNIT_BYTES(""), UNIT_BYTES(""), true },
};

START_TEST(address_split_is_at_the_last_at)
{
    struct address address = address_split(unit_guarded_span(splits[_i].text));

    unit_expect_span(address.local, splits[_i].local, splits[_i].name);
    unit_expect_span(address.domain, splits[_i].domain, splits[_i].name);
    unit_expect(address.has_domain == splits[_i].has_domain, splits[_i].name);
}
END_TEST

START_TEST(address_split_of_no_memory_is_nothing)
{
    struct address address = address_split(span_make(NULL, 0));
    ck_assert(address.local.n == 0 && address.domain.n == 0 && !address.has_domain);
}
END_TEST

static const struct {
    const char *name;
    struct span a;
    struct span b;
    bool is_equal;
} names[] = {
    { "the same", UNIT_BYTES("example.com"), UNIT_BYTES("example.com"), true },
    { "another case", UNIT_BYTES("eXample.COM"), UNIT_BYTES("Example.cOm"), true },
    { "the ends of the alphabet", UNIT_BYTES("AZaz"), UNIT_BYTES("azAZ"), true },
    { "beside the alphabet", UNIT_BYTES("@["), UNIT_BYTES("`{"), false },
    { "a bit more than ASCII", UNIT_BYTES("\xC3\x84"), UNIT_BYTES("\xC3\xA4"), false },
    { "shorter", UNIT_BYTES("example.co"), UNIT_BYTES("example.com"), false },
    { "longer", UNIT_BYTES("example.com"), UNIT_BYTES("example.co"), false },
    { "nothing", UNIT_BYTES(""), UNIT_BYTES(""), true },
};

START_TEST(address_name_equal_knows_no_case)
{
    struct span a = unit_guarded_span(names[_i].a);
    struct span b = unit_guarded_span(names[_i].b);
    unit_expect(address_name_equal(a, b) == names[_i].is_equal, names[_i].name);
}
END_TEST

/* An extension that is empty: nothing is to be stripped. */
static const struct {
    const char *name;
    struct span delimiters;
    struct span text;
    struct span stripped;
    struct span extension;
} strips[] = {
    { "one", UNIT_BYTES("+"), UNIT_BYTES("user+ext@d.test"), UNIT_BYTES("user@d.test"), UNIT_BYTES("+ext") },
    { "the first counts", UNIT_BYTES("+"), UNIT_BYTES("u+a+b@d"), UNIT_BYTES("u@d"), UNIT_BYTES("+a+b") },
    { "without text", UNIT_BYTES("+"), UNIT_BYTES("user+@d"), UNIT_BYTES("user@d"), UNIT_BYTES("+") },
    { "without domain", UNIT_BYTES("+"), UNIT_BYTES("user+x"), UNIT_BYTES("user"), UNIT_BYTES("+x") },
    { "with an empty domain", UNIT_BYTES("+"), UNIT_BYTES("user+x@"), UNIT_BYTES("user@"), UNIT_BYTES("+x") },
    { "the shortest", UNIT_BYTES("+"), UNIT_BYTES("u+"), UNIT_BYTES("u"), UNIT_BYTES("+") },
    { "none", UNIT_BYTES("+"), UNIT_BYTES("user@d"), UNIT_BYTES(""), UNIT_BYTES("") },
    { "none, one in the domain", UNIT_BYTES("+-"), UNIT_BYTES("user@a-b+c"), UNIT_BYTES(""), UNIT_BYTES("") },
    { "delimiter first", UNIT_BYTES("+"), UNIT_BYTES("+ext@d"), UNIT_BYTES(""), UNIT_BYTES("") },
    { "delimiter first and another", UNIT_BYTES("+-"), UNIT_BYTES("-a+b@d"), UNIT_BYTES(""), UNIT_BYTES("") },
    { "delimiter alone", UNIT_BYTES("+"), UNIT_BYTES("+"), UNIT_BYTES(""), UNIT_BYTES("") },
    { "no local part", UNIT_BYTES("+"), UNIT_BYTES("@d+x"), UNIT_BYTES(""), UNIT_BYTES("") },
    { "nothing", UNIT_BYTES("+"), UNIT_BYTES(""), UNIT_BYTES(""), UNIT_BYTES("") },
    { "no delimiters", UNIT_BYTES(""), UNIT_BYTES("user+ext@d"), UNIT_BYTES(""), UNIT_BYTES("") },
    { "another delimiter", UNIT_BYTES("-"), UNIT_BYTES("user+ext@d"), UNIT_BYTES(""), UNIT_BYTES("") },
    { "two delimiters, the first", UNIT_BYTES("+-"), UNIT_BYTES("a+b-c@d"), UNIT_BYTES("a@d"), UNIT_BYTES("+b-c") },
    { "two delimiters, the second", UNIT_BYTES("+-"), UNIT_BYTES("a-b+c@d"), UNIT_BYTES("a@d"), UNIT_BYTES("-b+c") },
    { "not ASCII", UNIT_BYTES("+"), UNIT_BYTES("\xC3\xBC+\xC3\xA4@d"), UNIT_BYTES("\xC3\xBC@d"),
      UNIT_BYTES("+\xC3\xA4") },
    { "NUL", UNIT_BYTES("+"), UNIT_BYTES("a\0b+c\0@d"), UNIT_BYTES("a\0b@d"), UNIT_BYTES("+c\0") },

    { "postmaster", UNIT_BYTES("m"), UNIT_BYTES("PostMaster@d"), UNIT_BYTES(""), UNIT_BYTES("") },
    { "mailer-daemon", UNIT_BYTES("-"), UNIT_BYTES("MAILER-DAEMON@d"), UNIT_BYTES(""), UNIT_BYTES("") },
    { "double-bounce", UNIT_BYTES("-"), UNIT_BYTES("double-Bounce"), UNIT_BYTES(""), UNIT_BYTES("") },
    { "quoted it is reserved, too", UNIT_BYTES("-"), UNIT_BYTES("\"double-bounce\"@d"), UNIT_BYTES(""),
      UNIT_BYTES("") },
    { "postmaster with more", UNIT_BYTES("+"), UNIT_BYTES("postmaster+x@d"), UNIT_BYTES("postmaster@d"),
      UNIT_BYTES("+x") },
    { "double-bounce with more", UNIT_BYTES("-"), UNIT_BYTES("double-bounces@d"), UNIT_BYTES("double@d"),
      UNIT_BYTES("-bounces") },
    { "owner-NAME", UNIT_BYTES("+-"), UNIT_BYTES("Owner-list+x@d"), UNIT_BYTES(""), UNIT_BYTES("") },
    { "owner- alone", UNIT_BYTES("-"), UNIT_BYTES("owner-@d"), UNIT_BYTES(""), UNIT_BYTES("") },
    { "owner without more", UNIT_BYTES("+-"), UNIT_BYTES("owner+x@d"), UNIT_BYTES("owner@d"), UNIT_BYTES("+x") },
    { "owner-NAME, no '-'", UNIT_BYTES("+"), UNIT_BYTES("owner-l+x@d"), UNIT_BYTES("owner-l@d"), UNIT_BYTES("+x") },
    { "NAME-request", UNIT_BYTES("-+"), UNIT_BYTES("list+x-Request@d"), UNIT_BYTES(""), UNIT_BYTES("") },
    { "a short NAME-request", UNIT_BYTES("-"), UNIT_BYTES("l-request@d"), UNIT_BYTES(""), UNIT_BYTES("") },
    { "-request alone", UNIT_BYTES("q-"), UNIT_BYTES("-request@d"), UNIT_BYTES(""), UNIT_BYTES("") },
    { "-request alone, another first", UNIT_BYTES("e-"), UNIT_BYTES("request@d"), UNIT_BYTES("r@d"),
      UNIT_BYTES("equest") },
    { "NAME-request, no '-'", UNIT_BYTES("+"), UNIT_BYTES("l+x-request@d"), UNIT_BYTES("l@d"),
      UNIT_BYTES("+x-request") },
    { "NAME-requests", UNIT_BYTES("-"), UNIT_BYTES("l-requests@d"), UNIT_BYTES("l@d"), UNIT_BYTES("-requests") },

    { "still needs quotes", UNIT_BYTES("+"), UNIT_BYTES("\"a b+c d\"@d"), UNIT_BYTES("\"a b\"@d"),
      UNIT_BYTES("+c d") },
    { "needs quotes no more", UNIT_BYTES("+"), UNIT_BYTES("\"user+c d\"@d"), UNIT_BYTES("user@d"),
      UNIT_BYTES("+c d") },
    { "needed no quotes", UNIT_BYTES("+"), UNIT_BYTES("\"a+b\"@d"), UNIT_BYTES("a@d"), UNIT_BYTES("+b") },
    { "quoted without domain", UNIT_BYTES("+"), UNIT_BYTES("\"a b+c\""), UNIT_BYTES("\"a b\""), UNIT_BYTES("+c") },
    { "partly quoted", UNIT_BYTES("+"), UNIT_BYTES("a.\"b c\"+x@d"), UNIT_BYTES("\"a.b c\"@d"), UNIT_BYTES("+x") },
    { "quoted in two parts", UNIT_BYTES("+"), UNIT_BYTES("\"a\".\"b+c\"@d"), UNIT_BYTES("a.b@d"), UNIT_BYTES("+c") },
    { "escaped bytes", UNIT_BYTES("+"), UNIT_BYTES("\"a\\\"\\\\+\\\"\\\\\"@d"), UNIT_BYTES("\"a\\\"\\\\\"@d"),
      UNIT_BYTES("+\"\\") },
    { "escaped for nothing", UNIT_BYTES("+"), UNIT_BYTES("\"\\a\\+\\b\"@d"), UNIT_BYTES("a@d"), UNIT_BYTES("+b") },
    { "CR", UNIT_BYTES("+"), UNIT_BYTES("\"\r\r\r\r\r\r\r+\""), UNIT_BYTES("\"\\\r\\\r\\\r\\\r\\\r\\\r\\\r\""),
      UNIT_BYTES("+") },
    { "@ in quotes", UNIT_BYTES("+"), UNIT_BYTES("\"a@b+c\"@d"), UNIT_BYTES("\"a@b\"@d"), UNIT_BYTES("+c") },
    { "two dots", UNIT_BYTES("+"), UNIT_BYTES("\"a..b+c\"@d"), UNIT_BYTES("\"a..b\"@d"), UNIT_BYTES("+c") },
    { "dot first", UNIT_BYTES("+"), UNIT_BYTES("\".a+c\"@d"), UNIT_BYTES("\".a\"@d"), UNIT_BYTES("+c") },
    { "dot last", UNIT_BYTES("+"), UNIT_BYTES("\"a.+c\"@d"), UNIT_BYTES("\"a.\"@d"), UNIT_BYTES("+c") },
    { "delimiter first in quotes", UNIT_BYTES("+"), UNIT_BYTES("\"+c d\"@d"), UNIT_BYTES(""), UNIT_BYTES("") },
    { "nothing in quotes", UNIT_BYTES("+"), UNIT_BYTES("\"\"+x@d"), UNIT_BYTES(""), UNIT_BYTES("") },

    { "a bare space", UNIT_BYTES("+"), UNIT_BYTES("a b+x@d"), UNIT_BYTES("a b@d"), UNIT_BYTES("+x") },
    { "bare dots", UNIT_BYTES("+"), UNIT_BYTES("a..b.+x@d"), UNIT_BYTES("a..b.@d"), UNIT_BYTES("+x") },
    { "a bare backslash", UNIT_BYTES("+"), UNIT_BYTES("a\\b+x@d"), UNIT_BYTES("a\\b@d"), UNIT_BYTES("+x") },
    { "a bare @", UNIT_BYTES("+"), UNIT_BYTES("a@b+x@d"), UNIT_BYTES("a@b@d"), UNIT_BYTES("+x") },
    { "a quote that stays open", UNIT_BYTES("+"), UNIT_BYTES("a\"b+x@d"), UNIT_BYTES("a\"b@d"), UNIT_BYTES("+x") },
    { "a quote whose end is escaped", UNIT_BYTES("+"), UNIT_BYTES("\"b+x\\\"@d"), UNIT_BYTES("\"b@d"),
      UNIT_BYTES("+x\\\"") },
    { "a quote that ends in a backslash", UNIT_BYTES("+"), UNIT_BYTES("\"b+x\\@d"), UNIT_BYTES("\"b@d"),
      UNIT_BYTES("+x\\") },
    { "quotes beside a bare space", UNIT_BYTES("+"), UNIT_BYTES("\"a\" b+x@d"), UNIT_BYTES("\"a\" b@d"),
      UNIT_BYTES("+x") },
};

static bool lies_in(struct span part, const char *memory, size_t n)
{
    return part.p >= memory && part.p + part.n <= memory + n;
}

/* Guarded on both sides: by an unreadable page behind it, and by bytes before. */
static bool strip(struct span text, struct span delimiters, struct address_stripped *stripped, const char *row_name)
{
    const size_t n = ADDRESS_STRIP_BYTES(text.n);
    static char *end;

    if (end == NULL)
        end = unit_guard(ADDRESS_STRIP_BYTES(TEXT_MAX_BYTES) + GUARD_BYTES) +
              ADDRESS_STRIP_BYTES(TEXT_MAX_BYTES) + GUARD_BYTES;
    char *memory = end - n;
    memset(memory - GUARD_BYTES, GUARD, GUARD_BYTES);
    bool found = address_strip(text, delimiters, memory, stripped);
    for (size_t i = 1; i <= GUARD_BYTES; i++)
        ck_assert_msg(memory[-(ptrdiff_t)i] == GUARD, "%s: written before the memory", row_name);
    unit_expect(!found || (lies_in(stripped->text, memory, n) && lies_in(stripped->extension, memory, n)), row_name);
    return found;
}

START_TEST(address_strip_takes_the_extension_off)
{
    struct address_stripped stripped;
    bool found = strip(unit_guarded_span(strips[_i].text), strips[_i].delimiters, &stripped, strips[_i].name);

    unit_expect(found == (strips[_i].extension.n > 0), strips[_i].name);
    if (!found)
        return;
    unit_expect_span(stripped.text, strips[_i].stripped, strips[_i].name);
    unit_expect_span(stripped.extension, strips[_i].extension, strips[_i].name);
}
END_TEST

START_TEST(address_strip_of_nothing_needs_no_memory)
{
    struct address_stripped stripped;
    ck_assert(!address_strip(span_make(NULL, 0), SPAN("+"), NULL, &stripped));
    ck_assert(!address_strip(SPAN(""), span_make(NULL, 0), NULL, &stripped));
}
END_TEST

static const struct span random_bytes = UNIT_BYTES("abR+-.@,<>\"\\ \r\n(\xC3\xBC");

/* An address in external form, with as many escapes as there may be, or as few. */
static struct span quote(char *out, struct span local, bool all)
{
    size_t n = 0;

    out[n++] = '"';
    for (size_t i = 0; i < local.n; i++) {
        if (all || local.p[i] == '"' || local.p[i] == '\\')
            out[n++] = '\\';
        out[n++] = local.p[i];
    }
    memcpy(out + n, "\"@d", 3);
    return span_make(out, n + 3);
}

/* The local part is quoted as a whole, or not at all. */
static struct span unquote(char *out, struct span text)
{
    struct span local = address_split(text).local;
    size_t n = 0;

    if (local.n == 0 || local.p[0] != '"')
        return local;
    for (size_t i = 1; i + 1 < local.n; i++) {
        if (local.p[i] == '\\')
            i++;
        out[n++] = local.p[i];
    }
    return span_make(out, n);
}

START_TEST(address_extend_of_what_was_stripped_is_the_address)
{
    uint64_t seed = 20240229;
    unsigned count = 0;

    for (int round = 0; round < FIXTURE_ROUNDS; round++) {
        char raw[LOCAL_MAX_BYTES], quoted[TEXT_MAX_BYTES], extended[TEXT_MAX_BYTES], back[TEXT_MAX_BYTES];
        struct span local = fixture_text(&seed, raw, sizeof(raw), random_bytes);
        struct span text = quote(quoted, local, round % 2 == 0);
        struct address_stripped stripped;

        if (!strip(text, SPAN("+-"), &stripped, "random"))
            continue;
        count++;
        size_t n = address_extend(extended, sizeof(extended), stripped.text, stripped.extension);
        ck_assert_uint_le(n, sizeof(extended));
        unit_expect_span(unquote(back, span_make(extended, n)), local, "the local part");
        unit_expect_span(address_split(span_make(extended, n)).domain, SPAN("d"), "the domain");
        unit_expect_span(span_skip(local, local.n - stripped.extension.n), stripped.extension, "the extension");
        unit_expect(!strip(stripped.text, SPAN("+-"), &stripped, "again"), "nothing to strip twice");
    }
    ck_assert_uint_gt(count, FIXTURE_ROUNDS / 4);
}
END_TEST

/* Whatever stands there: strip() looks after the memory, and what is no local part stays. */
START_TEST(address_strip_of_any_bytes_keeps_to_its_memory)
{
    uint64_t seed = 20240301;

    for (int round = 0; round < FIXTURE_ROUNDS; round++) {
        char raw[LOCAL_MAX_BYTES];
        struct span text = fixture_text(&seed, raw, sizeof(raw), random_bytes);
        struct address_stripped stripped;

        if (!strip(text, SPAN("+-"), &stripped, "random"))
            continue;
        ck_assert_uint_gt(address_split(stripped.text).local.n, 0);
        ck_assert(strchr("+-", stripped.extension.p[0]) != NULL);
        unit_expect_span(address_split(stripped.text).domain, address_split(text).domain, "the domain");
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("address");

    unit_add_loop(suite, "split", address_split_is_at_the_last_at, UNIT_ROWS(splits));
    unit_add_loop(suite, "names", address_name_equal_knows_no_case, UNIT_ROWS(names));
    unit_add_loop(suite, "strip", address_strip_takes_the_extension_off, UNIT_ROWS(strips));
    unit_add(suite, "any",
             (const TTest *const[]){ address_split_of_no_memory_is_nothing, address_strip_of_nothing_needs_no_memory,
                                     address_extend_of_what_was_stripped_is_the_address,
                                     address_strip_of_any_bytes_keeps_to_its_memory, NULL });
    return unit_run(suite);
}
