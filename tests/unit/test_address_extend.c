#include "address.h"

#include "address_fixture.h"
#include "unit.h"

#define LIST_MAX_BYTES 32
#define OUT_MAX_BYTES 1024
#define GUARD '#'

/* Most of it was seen in the log of a Postfix 3.7 that was given such results of virtual_alias_maps. */
static const struct row {
    const char *name;
    struct span list;
    struct span extension;
    struct span extended;
} rows[] = {
    { "an address", UNIT_BYTES("o@b.test"), UNIT_BYTES("+x"), UNIT_BYTES("o+x@b.test") },
    { "one that has an extension", UNIT_BYTES("o+x@b"), UNIT_BYTES("+foo"), UNIT_BYTES("o+x+foo@b") },
    { "an extension without text", UNIT_BYTES("o+x@b"), UNIT_BYTES("+"), UNIT_BYTES("o+x+@b") },
    { "a longer extension", UNIT_BYTES("o@b"), UNIT_BYTES("+foo+bar"), UNIT_BYTES("o+foo+bar@b") },
    { "a reserved name", UNIT_BYTES("postmaster@b"), UNIT_BYTES("+x"), UNIT_BYTES("postmaster+x@b") },
    { "no domain", UNIT_BYTES("user"), UNIT_BYTES("+x"), UNIT_BYTES("user+x") },
    { "an empty domain", UNIT_BYTES("user@"), UNIT_BYTES("+x"), UNIT_BYTES("user+x@") },
    { "blanks around the at sign", UNIT_BYTES("a @ b"), UNIT_BYTES("+x"), UNIT_BYTES("a @ b") },
    { "a comment", UNIT_BYTES("a@b (c, d)"), UNIT_BYTES("+x"), UNIT_BYTES("a@b (c, d)") },
    { "a group", UNIT_BYTES("team: a@b, c@d;"), UNIT_BYTES("+x"), UNIT_BYTES("team: a@b, c@d;") },
    { "a route", UNIT_BYTES("<@c:a@b>"), UNIT_BYTES("+x"), UNIT_BYTES("<@c:a@b>") },
    { "an address literal", UNIT_BYTES("a@[IPv6:::1]"), UNIT_BYTES("+x"), UNIT_BYTES("a+x@[IPv6:::1]") },
    { "a colon in quotes", UNIT_BYTES("\"a:b\"@c"), UNIT_BYTES("+x"), UNIT_BYTES("\"a:b+x\"@c") },
    { "a host in a name without domain", UNIT_BYTES("a%b c!d"), UNIT_BYTES("+x"), UNIT_BYTES("a%b c!d") },
    { "a host in an extension without domain", UNIT_BYTES("a"), UNIT_BYTES("+x%evil"), UNIT_BYTES("\"a+x%evil\"") },
    { "a path in an extension without domain", UNIT_BYTES("a"), UNIT_BYTES("+x!y"), UNIT_BYTES("\"a+x!y\"") },
    { "a host in an extension with a domain", UNIT_BYTES("a@b"), UNIT_BYTES("+x%c"), UNIT_BYTES("a+x%c@b") },
    { "no local part", UNIT_BYTES("@b.test"), UNIT_BYTES("+x"), UNIT_BYTES("@b.test") },
    { "no local part, and addresses", UNIT_BYTES("a@b,@c d@e"), UNIT_BYTES("+x"), UNIT_BYTES("a+x@b,@c d+x@e") },
    { "@ alone", UNIT_BYTES("@"), UNIT_BYTES("+x"), UNIT_BYTES("@") },
    { "nothing", UNIT_BYTES(""), UNIT_BYTES("+x"), UNIT_BYTES("") },
    { "no extension", UNIT_BYTES("a@b, c@d"), UNIT_BYTES(""), UNIT_BYTES("a@b, c@d") },
    { "an address literal", UNIT_BYTES("x@[192.0.2.1]"), UNIT_BYTES("+x"), UNIT_BYTES("x+x@[192.0.2.1]") },
    { "not ASCII", UNIT_BYTES("\xC3\xBC@b"), UNIT_BYTES("+\xC3\xA4"), UNIT_BYTES("\xC3\xBC+\xC3\xA4@b") },

    { "a list with commas", UNIT_BYTES("a@b,c@d,e"), UNIT_BYTES("+x"), UNIT_BYTES("a+x@b,c+x@d,e+x") },
    { "a list with spaces", UNIT_BYTES("a@b c@d\te@f"), UNIT_BYTES("+x"), UNIT_BYTES("a+x@b c+x@d\te+x@f") },
    { "separators stay", UNIT_BYTES(" ,a@b ,, \tc@d\r\n,"), UNIT_BYTES("+x"), UNIT_BYTES(" ,a+x@b ,, \tc+x@d\r\n,") },
    { "separators alone", UNIT_BYTES(" , "), UNIT_BYTES("+x"), UNIT_BYTES(" , ") },
    { "a list of quoted ones", UNIT_BYTES("\"a, b\"@c \"d\\\" e\"@f,g@h"), UNIT_BYTES("+x"),
      UNIT_BYTES("\"a, b+x\"@c \"d\\\" e+x\"@f,g+x@h") },

    { "quoted", UNIT_BYTES("\"a b\"@b"), UNIT_BYTES("+x"), UNIT_BYTES("\"a b+x\"@b") },
    { "quoted with an extension", UNIT_BYTES("\"a b+q\"@b"), UNIT_BYTES("+foo"), UNIT_BYTES("\"a b+q+foo\"@b") },
    { "quoted without domain", UNIT_BYTES("\"a b\""), UNIT_BYTES("+x"), UNIT_BYTES("\"a b+x\"") },
    { "quoted for nothing", UNIT_BYTES("\"ab\"@b"), UNIT_BYTES("+x"), UNIT_BYTES("ab+x@b") },
    { "nothing in quotes", UNIT_BYTES("\"\"@b"), UNIT_BYTES("+x"), UNIT_BYTES("+x@b") },
    { "partly quoted", UNIT_BYTES("a.\"b c\"@b"), UNIT_BYTES("+foo"), UNIT_BYTES("\"a.b c+foo\"@b") },
    { "escaped bytes", UNIT_BYTES("\"\\\"\\\\\\a\"@b"), UNIT_BYTES("+x"), UNIT_BYTES("\"\\\"\\\\a+x\"@b") },
    { "@ in quotes", UNIT_BYTES("\"a@c\"@b"), UNIT_BYTES("+x"), UNIT_BYTES("\"a@c+x\"@b") },
    { "two dots", UNIT_BYTES("a..b@b"), UNIT_BYTES("+x"), UNIT_BYTES("\"a..b+x\"@b") },
    { "dot last", UNIT_BYTES("a.@b"), UNIT_BYTES("+x"), UNIT_BYTES("a.+x@b") },
    { "dot first", UNIT_BYTES(".a@b"), UNIT_BYTES("+x"), UNIT_BYTES("\".a+x\"@b") },
    { "an extension with a space", UNIT_BYTES("o@b"), UNIT_BYTES("+c d"), UNIT_BYTES("\"o+c d\"@b") },
    { "an extension with a comma and a dot", UNIT_BYTES("o@b"), UNIT_BYTES("+f,o."), UNIT_BYTES("\"o+f,o.\"@b") },
    { "an extension with a dot last", UNIT_BYTES("o@b"), UNIT_BYTES("+o."), UNIT_BYTES("\"o+o.\"@b") },
    { "an extension with a quote", UNIT_BYTES("o@b"), UNIT_BYTES("+\"\\"), UNIT_BYTES("\"o+\\\"\\\\\"@b") },
    { "an extension with an @", UNIT_BYTES("o@b"), UNIT_BYTES("+a@c"), UNIT_BYTES("\"o+a@c\"@b") },
    { "an extension with a control", UNIT_BYTES("o"), UNIT_BYTES("+\r\x7F"), UNIT_BYTES("\"o+\\\r\x7F\"") },

    { "brackets", UNIT_BYTES("<a@b>"), UNIT_BYTES("+x"), UNIT_BYTES("<a+x@b>") },
    { "brackets, no domain", UNIT_BYTES("<user>"), UNIT_BYTES("+x"), UNIT_BYTES("<user+x>") },
    { "brackets, quoted", UNIT_BYTES("<\"a <b>\"@c>,d"), UNIT_BYTES("+x"), UNIT_BYTES("<\"a <b>+x\"@c>,d+x") },
    { "brackets, to be quoted", UNIT_BYTES("<a@b>"), UNIT_BYTES("+f o"), UNIT_BYTES("<\"a+f o\"@b>") },
    { "brackets behind a name", UNIT_BYTES("Al<a@b>"), UNIT_BYTES("+x"), UNIT_BYTES("Al<a+x@b>") },
    { "brackets behind a quoted name", UNIT_BYTES("\"A <l>\"<a@b>"), UNIT_BYTES("+x"),
      UNIT_BYTES("\"A <l>\"<a+x@b>") },
    { "brackets in quotes", UNIT_BYTES("\"<a>\"@b"), UNIT_BYTES("+x"), UNIT_BYTES("\"<a>+x\"@b") },
    { "brackets around nothing", UNIT_BYTES("<>"), UNIT_BYTES("+x"), UNIT_BYTES("<>") },
    { "brackets around no local part", UNIT_BYTES("<@b>"), UNIT_BYTES("+x"), UNIT_BYTES("<@b>") },
    { "a bracket that stays open", UNIT_BYTES("<a@b"), UNIT_BYTES("+x"), UNIT_BYTES("\"<a+x\"@b") },
    { "a bracket that was not open", UNIT_BYTES("a@b>"), UNIT_BYTES("+x"), UNIT_BYTES("a+x@b>") },

    { "a quote that stays open", UNIT_BYTES("a\"b, c@d"), UNIT_BYTES("+x"), UNIT_BYTES("\"a\\\"b, c+x\"@d") },
    { "a backslash at the end", UNIT_BYTES("a\\"), UNIT_BYTES("+x"), UNIT_BYTES("\"a\\\\+x\"") },
    { "an escaped separator", UNIT_BYTES("a\\,b@d"), UNIT_BYTES("+x"), UNIT_BYTES("\"a,b+x\"@d") },
    { "escaped outside of quotes", UNIT_BYTES("x\\y@b"), UNIT_BYTES("+x"), UNIT_BYTES("xy+x@b") },
    { "a quote that ends in a backslash", UNIT_BYTES("\"a\\"), UNIT_BYTES("+"), UNIT_BYTES("\"\\\"a\\\\+\"") },
};

static size_t encode(char *out, size_t size, const void *value)
{
    const struct row *row = value;
    return address_extend(out, size, unit_guarded_span(row->list), unit_guarded_span(row->extension));
}

START_TEST(address_extend_writes_all_or_nothing)
{
    unit_encodes(rows[_i].extended, rows[_i].name, encode, &rows[_i]);
}
END_TEST

START_TEST(address_extend_of_no_memory_is_nothing)
{
    ck_assert_uint_eq(address_extend(NULL, 0, span_make(NULL, 0), span_make(NULL, 0)), 0);
    ck_assert_uint_eq(address_extend(NULL, 0, SPAN("a@b"), span_make(NULL, 0)), 3);
}
END_TEST

static const struct span random_bytes = UNIT_BYTES("ab+.@@,,<>\"\\ \r(\xC3\xBC");

/* Of any bytes the size is the same whether it fits or not, and no byte behind it is touched. */
START_TEST(address_extend_of_any_bytes_writes_what_it_says)
{
    uint64_t seed = 20240302;
    char *end = unit_guard(OUT_MAX_BYTES) + OUT_MAX_BYTES;

    for (int round = 0; round < FIXTURE_ROUNDS; round++) {
        char list_bytes[LIST_MAX_BYTES], extension_bytes[LIST_MAX_BYTES];
        struct span list = fixture_text(&seed, list_bytes, sizeof(list_bytes), random_bytes);
        struct span extension = fixture_text(&seed, extension_bytes, sizeof(extension_bytes), random_bytes);
        size_t n = address_extend(NULL, 0, list, extension);

        ck_assert_uint_lt(n, OUT_MAX_BYTES);
        char *out = end - n;
        memset(out - 1, GUARD, n + 1);
        if (n > 0)
            ck_assert_uint_eq(address_extend(out, n - 1, list, extension), n);
        for (size_t i = 0; i < n; i++)
            ck_assert_int_eq(out[i], GUARD);
        ck_assert_uint_eq(address_extend(out, n, list, extension), n);
        ck_assert_int_eq(out[-1], GUARD);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("address_extend");

    unit_add_loop(suite, "extend", address_extend_writes_all_or_nothing, UNIT_ROWS(rows));
    unit_add(suite, "any",
             (const TTest *const[]){ address_extend_of_no_memory_is_nothing,
                                     address_extend_of_any_bytes_writes_what_it_says, NULL });
    return unit_run(suite);
}
