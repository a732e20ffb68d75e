#include "../../tools/pfxctl/check_syntax.h"

#include "unit.h"

static const struct {
    const char *name;
    struct span text;
    unsigned line;
    unsigned column;
    const char *cure; /* some of it */
} faults[] = {
    { "yes", UNIT_BYTES("a = yes;"), 1, 5, "true or false" },
    { "OFF", UNIT_BYTES("x = 1;\n  a = OFF;"), 2, 7, "true or false" },
    { "null", UNIT_BYTES("a = null;"), 1, 5, "leave the key out" },
    { "a word", UNIT_BYTES("a = info;"), 1, 5, "in double quotes" },
    { "a URL", UNIT_BYTES("a = http://x/;"), 1, 5, "in double quotes" },
    { "a path", UNIT_BYTES("a = /run/x;"), 1, 5, "in double quotes" },
    { "a time", UNIT_BYTES("a = 10s;"), 1, 5, "\"10s\"" },
    { "a size", UNIT_BYTES("a = { b = 64K; };"), 1, 11, "\"10s\"" },
    { "an address", UNIT_BYTES("a = 127.0.0.1;"), 1, 5, "an address" },
    { "a time with a blank", UNIT_BYTES("a = 10 s;"), 1, 8, "in double quotes" },
    { "comma at the end of [ ]", UNIT_BYTES("a = [1, 2,\n];"), 1, 10, "no comma" },
    { "comma at the end of ( )", UNIT_BYTES("a = (1,);"), 1, 7, "no comma" },
    { "comma at the beginning", UNIT_BYTES("a = [,1];"), 1, 6, "a value is missing" },
    { "no comma", UNIT_BYTES("a = (\"x\" 1);"), 1, 10, "a comma is missing" },
    { "single quotes", UNIT_BYTES("a = 'x';"), 1, 5, "single ones" },
    { "typographic quotes", UNIT_BYTES("a = \xe2\x80\x9cx\xe2\x80\x9d;"), 1, 5, "typographic" },
    { "no-break space", UNIT_BYTES("a =\xc2\xa0" "1;"), 1, 4, "no-break" },
    { "byte order mark", UNIT_BYTES("\xef\xbb\xbf" "a = 1;"), 1, 1, "byte order mark" },
    { "byte order mark inside", UNIT_BYTES("a = 1;\n\xef\xbb\xbf" "b = 1;"), 2, 1, "byte order mark" },
    { "quote lost at the end", UNIT_BYTES("a = \"x;\nb = \"y\";\nc = 1;\n"), 1, 5, "a quote is missing" },
    { "quote lost in a list", UNIT_BYTES("a = [\"x\", \"y];\nb = \"z\";\n"), 1, 11, "a quote is missing" },
    { "last quote lost", UNIT_BYTES("a = \"x\";\nb = \"y;\n"), 2, 5, "a quote is missing" },
    { "quote lost at the beginning", UNIT_BYTES("a = x\";\nb = \"y\";\n"), 1, 5, "in double quotes" },
    { "quotes inside", UNIT_BYTES("a = \"{\"b\": 1}\";"), 1, 8, "inside a text" },
    { "name in quotes", UNIT_BYTES("a = { \"b\" = 1; };"), 1, 7, "without quotes" },
    { "name with a dot", UNIT_BYTES("a = { b.c = 1; };"), 1, 8, "a name begins" },
    { "name with a blank", UNIT_BYTES("a b = 1;"), 1, 1, "a value must stand" },
    { "name with an underscore first", UNIT_BYTES("_a = 1;"), 1, 1, "a name begins" },
    { "name with a digit first", UNIT_BYTES("2fa = 1;"), 1, 1, "a name begins" },
    { "name of other letters", UNIT_BYTES("\xc3\xa4 = 1;"), 1, 1, "a name begins" },
    { "no =", UNIT_BYTES("a { b = 1; };"), 1, 1, "\"=\" is missing" },
    { "two =", UNIT_BYTES("a == 1;"), 1, 4, "one \"=\" too many" },
    { "no name", UNIT_BYTES("= 1;"), 1, 1, "a name is missing" },
    { "no name before a group", UNIT_BYTES("{ a = 1; }"), 1, 1, "before the bracket" },
    { "no value", UNIT_BYTES("a = ;"), 1, 5, "a value is missing" },
    { "a comment for a value", UNIT_BYTES("a = #fff;\nb = 1;"), 1, 3, "is a comment" },
    { "a comment in a value", UNIT_BYTES("a = { b = //x;\n};"), 1, 9, "is a comment" },
    { "two ;", UNIT_BYTES("a = 1;;"), 1, 7, "one sign too many" },
    { "group that stays open", UNIT_BYTES("a = 1;\nb = {\n  c = 1;\n"), 2, 5, "never closed" },
    { "list that stays open", UNIT_BYTES("a = (1, 2"), 1, 5, "never closed" },
    { "} too many", UNIT_BYTES("a = { b = 1; }; };"), 1, 17, "closes none" },
    { "] lost", UNIT_BYTES("a = [1, 2;"), 1, 10, "not closed" },
    { "another bracket closes", UNIT_BYTES("a = [1, 2};"), 1, 5, "another kind" },
    { "group in [ ]", UNIT_BYTES("a = [{ b = 1; }];"), 1, 6, "use ( )" },
    { "nothing but a name", UNIT_BYTES("a"), 1, 1, "a value must stand" },
};

START_TEST(check_syntax_names_the_place_and_the_cure)
{
    struct check_syntax_fault fault = { 0, 0, "" };
    const char *name = faults[_i].name;

    ck_assert_msg(check_syntax(unit_guarded_span(faults[_i].text), &fault), "%s: no fault is found", name);
    ck_assert_msg(fault.line == faults[_i].line && fault.column == faults[_i].column, "%s: at %u:%u", name, fault.line,
                  fault.column);
    ck_assert_msg(strstr(fault.cure, faults[_i].cure) != NULL, "%s: %s", name, fault.cure);
}
END_TEST

/* Wherever a text is cut: no byte behind it is read. */
START_TEST(check_syntax_of_every_prefix_ends)
{
    struct check_syntax_fault fault;

    for (size_t n = 0; n <= faults[_i].text.n; n++)
        check_syntax(unit_guarded(faults[_i].text.p, n), &fault);
}
END_TEST

static const struct {
    const char *name;
    struct span text;
} goods[] = {
    { "empty", UNIT_BYTES("") },
    { "comments", UNIT_BYTES("# yes\n// 'x'\n/* 10s\n */") },
    { "values", UNIT_BYTES("a = 1; b = -1.5e3; c = 0xFF; d = 5000000000L; e = \"x\"; f = True; g = .5;") },
    { "without ;", UNIT_BYTES("a = 1 b = 2, c = \"x\"") },
    { "colon", UNIT_BYTES("a : 1;") },
    { "names", UNIT_BYTES("a-b = 1; *c_9 = 2;") },
    { "groups and lists", UNIT_BYTES("a = { b = {}; c = ({ d = 1; }, [\"x\", \"y\"], ()) };") },
    { "strings that go on", UNIT_BYTES("a = \"x\" \"y\"\n  \"z\";") },
    { "a string of two lines", UNIT_BYTES("a = \"x\ny\"; b = 1;") },
    { "escapes", UNIT_BYTES("a = \"\\\"yes\\\\\";") },
    { "a comment before the value", UNIT_BYTES("a = # comment\n  \"x\";") },
    { "include", UNIT_BYTES("@include \"x.cfg\"\na = 1;") },
    { "DOS lines", UNIT_BYTES("a = 1;\r\nb = 2;\r\n") },
};

START_TEST(check_syntax_takes_what_libconfig_takes)
{
    struct check_syntax_fault fault = { 0, 0, "" };
    ck_assert_msg(!check_syntax(unit_guarded_span(goods[_i].text), &fault), "%s: %u:%u: %s", goods[_i].name, fault.line,
                  fault.column, fault.cure);
}
END_TEST

START_TEST(check_syntax_looks_no_deeper_than_its_limit)
{
    char text[3 * CHECK_SYNTAX_DEPTH_MAX];
    struct check_syntax_fault fault;

    memset(text, '(', sizeof(text));
    memcpy(text, "a=", 2);
    ck_assert(!check_syntax(span_make(text, sizeof(text)), &fault));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ctl_syntax");
    const TTest *const tests[] = { check_syntax_looks_no_deeper_than_its_limit, NULL };

    unit_add_loop(suite, "check_syntax faults", check_syntax_names_the_place_and_the_cure, UNIT_ROWS(faults));
    unit_add_loop(suite, "check_syntax ends", check_syntax_of_every_prefix_ends, UNIT_ROWS(faults));
    unit_add_loop(suite, "check_syntax goods", check_syntax_takes_what_libconfig_takes, UNIT_ROWS(goods));
    unit_add(suite, "check_syntax", tests);
    return unit_run(suite);
}
