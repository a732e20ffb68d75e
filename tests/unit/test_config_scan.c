#include "config_scan.h"

#include "unit.h"

static struct config_scan_find scan_first(struct span text)
{
    struct config_scan scan;

    config_scan_begin(&scan, unit_guarded_span(text));
    return config_scan_next(&scan);
}

static const struct {
    const char *name;
    struct span text;
    enum config_scan_what what;
    unsigned line;
} finds[] = {
    { "empty", UNIT_BYTES(""), CONFIG_SCAN_END, 1 },
    { "largest", UNIT_BYTES("a = 2147483647;"), CONFIG_SCAN_END, 1 },
    { "too large", UNIT_BYTES("a = 2147483648;"), CONFIG_SCAN_LONG, 1 },
    { "smallest", UNIT_BYTES("a = -2147483648;"), CONFIG_SCAN_END, 1 },
    { "too small", UNIT_BYTES("a = -2147483649;"), CONFIG_SCAN_LONG, 1 },
    { "plus", UNIT_BYTES("a = +2147483648;"), CONFIG_SCAN_LONG, 1 },
    { "five thousand million", UNIT_BYTES("\n\na = 5000000000;"), CONFIG_SCAN_LONG, 3 },
    { "with L", UNIT_BYTES("a = 5000000000L;"), CONFIG_SCAN_END, 1 },
    { "with LL", UNIT_BYTES("a = 5000000000LL;"), CONFIG_SCAN_END, 1 },
    { "largest with L", UNIT_BYTES("a = 9223372036854775807L;"), CONFIG_SCAN_END, 1 },
    { "too large with L", UNIT_BYTES("a = 9223372036854775808L;"), CONFIG_SCAN_TOO_LONG, 1 },
    { "smallest with L", UNIT_BYTES("a = -9223372036854775808L;"), CONFIG_SCAN_END, 1 },
    { "more than 64 bits", UNIT_BYTES("a = 18446744073709551617L;"), CONFIG_SCAN_TOO_LONG, 1 },
    { "more than 64 bits without L", UNIT_BYTES("a = 18446744073709551617;"), CONFIG_SCAN_TOO_LONG, 1 },
    { "at the end of the text", UNIT_BYTES("a = 5000000000"), CONFIG_SCAN_LONG, 1 },
    { "leading zeros", UNIT_BYTES("a = 00000000000001;"), CONFIG_SCAN_END, 1 },
    { "hexadecimal", UNIT_BYTES("a = 0x7FFFFFFF;"), CONFIG_SCAN_END, 1 },
    { "hexadecimal that would become negative", UNIT_BYTES("a = 0xffffffff;"), CONFIG_SCAN_LONG, 1 },
    { "hexadecimal with L", UNIT_BYTES("a = 0XFFFFFFFFL;"), CONFIG_SCAN_END, 1 },
    { "hexadecimal too large with L", UNIT_BYTES("a = 0x8000000000000000L;"), CONFIG_SCAN_TOO_LONG, 1 },
    { "float", UNIT_BYTES("a = 5000000000.5;"), CONFIG_SCAN_END, 1 },
    { "float without whole part", UNIT_BYTES("a = .5000000000;"), CONFIG_SCAN_END, 1 },
    { "exponent", UNIT_BYTES("a = +5000000000e-3;"), CONFIG_SCAN_END, 1 },
    { "after a float", UNIT_BYTES("a = [1.5, 5000000000]"), CONFIG_SCAN_LONG, 1 },
    { "in a name", UNIT_BYTES("a5000000000 = 1;"), CONFIG_SCAN_END, 1 },
    { "in a name with a dash", UNIT_BYTES("a-5000000000 = 1;"), CONFIG_SCAN_END, 1 },
    { "in a string", UNIT_BYTES("a = \"5000000000\";"), CONFIG_SCAN_END, 1 },
    { "in a string after a quote", UNIT_BYTES("a = \"x\\\" 5000000000\";"), CONFIG_SCAN_END, 1 },
    { "after a string that ends in a backslash", UNIT_BYTES("a = \"x\\\\\"; b = 5000000000;"), CONFIG_SCAN_LONG, 1 },
    { "after a string of two lines", UNIT_BYTES("a = \"x\ny\";\nb = 5000000000;"), CONFIG_SCAN_LONG, 3 },
    { "after an escaped byte", UNIT_BYTES("a = \"\\x41\"; b = 5000000000;"), CONFIG_SCAN_LONG, 1 },
    { "in a # comment", UNIT_BYTES("# 5000000000 \" /*\na = 1;"), CONFIG_SCAN_END, 1 },
    { "in a // comment", UNIT_BYTES("// 5000000000 \"\na = 1;"), CONFIG_SCAN_END, 1 },
    { "in a comment of two lines", UNIT_BYTES("/* 5000000000\n\" **/ a = 1;"), CONFIG_SCAN_END, 1 },
    { "after a comment", UNIT_BYTES("/**/ 5000000000"), CONFIG_SCAN_LONG, 1 },
    { "after a comment of two lines", UNIT_BYTES("/*\n*/ 5000000000"), CONFIG_SCAN_LONG, 2 },
    { "a single slash", UNIT_BYTES("a / 5000000000"), CONFIG_SCAN_LONG, 1 },
    { "NUL", UNIT_BYTES("a = 1;\n\0"), CONFIG_SCAN_NUL, 2 },
    { "NUL in a string", UNIT_BYTES("a = \"x\0y\";"), CONFIG_SCAN_NUL, 1 },
    { "NUL as an escape", UNIT_BYTES("a = \"x\\x00y\";"), CONFIG_SCAN_NUL, 1 },
    { "x00 after a backslash", UNIT_BYTES("a = \"x\\\\x00y\";"), CONFIG_SCAN_END, 1 },
    { "open string", UNIT_BYTES("a = 1;\nb = \"x;\nc = 1;\n"), CONFIG_SCAN_OPEN_STRING, 2 },
    { "open string, backslash at the end", UNIT_BYTES("b = \"x\\"), CONFIG_SCAN_OPEN_STRING, 1 },
    { "open string, escaped quote at the end", UNIT_BYTES("b = \"x\\\""), CONFIG_SCAN_OPEN_STRING, 1 },
    { "open comment", UNIT_BYTES("\n/* x * /"), CONFIG_SCAN_OPEN_COMMENT, 2 },
    { "comment that shares its star", UNIT_BYTES("/*/ 5000000000"), CONFIG_SCAN_OPEN_COMMENT, 1 },
    { "include", UNIT_BYTES("a = 1;\n @include\t \"x.cfg\" "), CONFIG_SCAN_INCLUDE, 2 },
    { "include not at the start of a line", UNIT_BYTES("a = 1; @include \"x.cfg\""), CONFIG_SCAN_END, 1 },
    { "include in a comment", UNIT_BYTES("#\n# @include \"x.cfg\""), CONFIG_SCAN_END, 1 },
    { "include in a string", UNIT_BYTES("a = \"\n@include \" ;"), CONFIG_SCAN_END, 1 },
    { "include without name", UNIT_BYTES("@include x"), CONFIG_SCAN_END, 1 },
    { "include without blank", UNIT_BYTES("@include\"x\""), CONFIG_SCAN_END, 1 },
    { "include at the end of the text", UNIT_BYTES("@include"), CONFIG_SCAN_END, 1 },
};

START_TEST(config_scan_next_finds_what_libconfig_would_miss)
{
    struct config_scan_find find = scan_first(finds[_i].text);

    ck_assert_msg(find.what == finds[_i].what, "%s: found %d, expected %d", finds[_i].name, (int)find.what,
                  (int)finds[_i].what);
    if (find.what != CONFIG_SCAN_END)
        ck_assert_msg(find.line == finds[_i].line, "%s: line %u", finds[_i].name, find.line);
}
END_TEST

/* Every place where a text may be cut: no byte behind it is read, and the scan comes to an end. */
START_TEST(config_scan_next_of_every_prefix_ends)
{
    struct span text = finds[_i].text;

    for (size_t n = 0; n <= text.n; n++) {
        struct config_scan scan;
        size_t count = 0;
        config_scan_begin(&scan, unit_guarded(text.p, n));
        while (config_scan_next(&scan).what != CONFIG_SCAN_END)
            ck_assert_msg(++count <= n, "%s: more finds than bytes", finds[_i].name);
    }
}
END_TEST

START_TEST(config_scan_next_gives_the_name_and_the_place_of_an_include)
{
    struct span text = SPAN("a = 1;\n  @include  \"d/x.cfg\"; b = 2;\n@include \"y\"");
    struct config_scan scan;

    config_scan_begin(&scan, text);
    struct config_scan_find find = config_scan_next(&scan);
    unit_expect_span(find.name, SPAN("d/x.cfg"), "name");
    unit_expect_span(span_make(text.p + find.begin, find.end - find.begin), SPAN("@include  \"d/x.cfg\""), "place");
    find = config_scan_next(&scan);
    unit_expect_span(find.name, SPAN("y"), "second name");
    ck_assert_uint_eq(find.line, 3);
    ck_assert_uint_eq(find.end, text.n);
    ck_assert_int_eq(config_scan_next(&scan).what, CONFIG_SCAN_END);
    ck_assert_int_eq(config_scan_next(&scan).what, CONFIG_SCAN_END);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config_scan");
    const TTest *const tests[] = { config_scan_next_gives_the_name_and_the_place_of_an_include, NULL };

    unit_add_loop(suite, "config_scan_next finds", config_scan_next_finds_what_libconfig_would_miss, UNIT_ROWS(finds));
    unit_add_loop(suite, "config_scan_next ends", config_scan_next_of_every_prefix_ends, UNIT_ROWS(finds));
    unit_add(suite, "config_scan_next", tests);
    return unit_run(suite);
}
