#include "../../tools/pfxctl/yamldoc.h"

#include "buf.h"
#include "mem.h"
#include "unit.h"

#define SHOWN_MAX_BYTES 4096

static void show(struct buf *b, const struct yamldoc_node *node)
{
    bool is_map = node->kind == YAMLDOC_MAP;

    if (node->kind == YAMLDOC_SCALAR) {
        buf_format(b, node->is_plain ? "%s" : "'%s'", node->text);
        return;
    }
    buf_add(b, is_map ? SPAN("{") : SPAN("["));
    for (size_t i = 0; i < node->count; i++) {
        buf_format(b, "%s%s%s", i == 0 ? "" : ",", is_map ? node->members[i].name : "", is_map ? ":" : "");
        show(b, node->members[i].value);
    }
    buf_add(b, is_map ? SPAN("}") : SPAN("]"));
}

static const struct {
    const char *name;
    const char *text;
    const char *shown;
} documents[] = {
    { "a scalar", "x", "x" },
    { "a map", "a: 1\nb: \"1\"\nc: '1'\n", "{a:1,b:'1',c:'1'}" },
    { "begins with ---", "---\na: 1\n...\n", "{a:1}" },
    { "flow style", "{a: [1, x, {}], b: []}", "{a:[1,x,{}],b:[]}" },
    { "nothing", "a:\nb: ~\nc: null", "{a:,b:~,c:null}" },
    { "folded", "a: >\n  {\n    \"k\": \"v\"\n  }\n", "{a:'{\n  \"k\": \"v\"\n}\n'}" },
    { "literal", "a: |-\n  x\n  y\n", "{a:'x\ny'}" },
    { "tag of a string", "a: !!str 1\nb: !!int 1\n", "{a:'1',b:1}" },
    { "tag of a map", "!!map {a: 1}", "{a:1}" },
    { "alias of a scalar", "a: &x 1\nb: *x\n", "{a:1,b:1}" },
    { "alias of a map", "a: &x {c: 1}\nb: [*x, *x]\n", "{a:{c:1},b:[{c:1},{c:1}]}" },
    { "anchor used anew", "[&x 1, *x, &x 2, *x]", "[1,1,2,2]" },
    { "merge", "a: &x {b: 1, c: 2}\nd: {c: 3, <<: *x}\n", "{a:{b:1,c:2},d:{c:3,b:1}}" },
    { "merge of two", "[&x {a: 1}, &y {a: 2, b: 2}, {<<: [*x, *y]}]", "[{a:1},{a:2,b:2},{a:1,b:2}]" },
    { "merge in quotes is a name", "'<<': {a: 1}", "{<<:{a:1}}" },
    { "names that differ in more than case", "a: 1\nab: 2\n", "{a:1,ab:2}" },
    { "UTF-8", "\xC3\xA4: \"\\u00df\"", "{\xC3\xA4:'\xC3\x9F'}" },
    { "BOM", "\xEF\xBB\xBF" "a: 1", "{a:1}" },
};

START_TEST(yamldoc_parse_makes_a_tree)
{
    struct span text = span_text(documents[_i].text);
    struct buf shown;
    char *error;
    struct yamldoc *doc = yamldoc_parse(unit_guarded_span(text), &error);

    ck_assert_msg(doc != NULL, "%s: %s", documents[_i].name, error);
    buf_init(&shown, SHOWN_MAX_BYTES);
    show(&shown, yamldoc_root(doc));
    unit_expect_span(buf_span(&shown), span_text(documents[_i].shown), documents[_i].name);
    buf_free(&shown);
    yamldoc_free(&doc);
    ck_assert_ptr_null(doc);
}
END_TEST

#define TEN_LEVELS "[[[[[[[[[["

static const struct {
    const char *name;
    struct span text;
    const char *error; /* what it begins with */
} faults[] = {
    { "nothing", UNIT_BYTES(""), "1:1: there is nothing in it" },
    { "a comment only", UNIT_BYTES("# a: 1\n"), "1:1: there is nothing in it" },
    { "a bracket without end", UNIT_BYTES("a: [1,\n"), "2:1: " },
    { "a quote without end", UNIT_BYTES("a: \"x\n"), "2:1: found unexpected end of stream" },
    { "a tab", UNIT_BYTES("a:\n\tb: 1\n"), "2:1: found character that cannot start any token" },
    { "indentation", UNIT_BYTES("a: 1\n b: 2\n"), "2:3: mapping values are not allowed in this context" },
    { "not UTF-8", UNIT_BYTES("a: \xFF\n"), "1:1: " },
    { "a NUL", UNIT_BYTES("a: \0\n"), "1:1: control characters are not allowed" },
    { "a NUL as an escape", UNIT_BYTES("a: \"\\0\"\n"), "1:4: a NUL byte" },
    { "a NUL in a name", UNIT_BYTES("\"\\0\": 1\n"), "1:1: a NUL byte" },
    { "a second document", UNIT_BYTES("a: 1\n---\nb: 1\n"), "2:1: a second document begins here" },
    { "twice", UNIT_BYTES("a: 1\nb: 1\na: 2\n"), "3:1: a name that stands twice in its map" },
    { "twice in another case", UNIT_BYTES("a: 1\nA: 2\n"), "2:1: a name that stands twice in its map" },
    { "two merges", UNIT_BYTES("<<: {}\n<<: {}\n"), "2:1: a name that stands twice in its map" },
    { "a name that is a list", UNIT_BYTES("[a]: 1\n"), "1:1: the name of a member must be a scalar" },
    { "a name that is an alias", UNIT_BYTES("a: &x b\n*x : 1\n"), "2:1: the name of a member must be a scalar" },
    { "no anchor", UNIT_BYTES("a: *x\n"), "1:4: an alias without an anchor" },
    { "holds itself", UNIT_BYTES("a: &x [*x]\n"), "1:8: an alias without an anchor that is complete before it" },
    { "merges itself", UNIT_BYTES("a: &x {<<: *x}\n"), "1:12: an alias without an anchor" },
    { "merges a list", UNIT_BYTES("a: {<<: [1]}\n"), "1:12: \"<<\" needs a map" },
    { "an unknown tag", UNIT_BYTES("a: !!binary eA==\n"), "1:4: a tag that is not known" },
    { "an unknown tag of a list", UNIT_BYTES("a: !x []\n"), "1:4: a tag that is not known" },
    { "33 levels", UNIT_BYTES(TEN_LEVELS TEN_LEVELS TEN_LEVELS "[[["), "1:33: more than 32 levels" },
};

START_TEST(yamldoc_parse_refuses_with_line_and_column)
{
    char *error = NULL;
    struct yamldoc *doc = yamldoc_parse(unit_guarded_span(faults[_i].text), &error);

    unit_expect(doc == NULL, faults[_i].name);
    ck_assert_msg(strncmp(error, faults[_i].error, strlen(faults[_i].error)) == 0, "%s: %s", faults[_i].name, error);
    mem_free(error);
}
END_TEST

/* Lists of ten of the list before, which as copies would be more than all memory holds. */
START_TEST(yamldoc_parse_makes_no_copies_of_aliases)
{
    struct buf text;
    char *error;

    buf_init(&text, SHOWN_MAX_BYTES);
    buf_format(&text, "- &a0 [x]\n");
    for (int i = 1; i < 30; i++) {
        buf_format(&text, "- &a%d [", i);
        for (int j = 0; j < 10; j++)
            buf_format(&text, "%s*a%d", j == 0 ? "" : ",", i - 1);
        buf_format(&text, "]\n");
    }
    struct yamldoc *doc = yamldoc_parse(buf_span(&text), &error);
    ck_assert_ptr_nonnull(doc);
    ck_assert_uint_eq(yamldoc_root(doc)->count, 30);
    ck_assert_ptr_eq(yamldoc_root(doc)->members[29].value->members[9].value, yamldoc_root(doc)->members[28].value);
    yamldoc_free(&doc);
    buf_free(&text);
}
END_TEST

/* Maps that each take all of the one before, with one member more. */
START_TEST(yamldoc_parse_bounds_what_merges_add)
{
    struct buf text;
    char *error = NULL;

    buf_init(&text, (size_t)YAMLDOC_MAX_BYTES);
    buf_format(&text, "- &a0 {x: 1}\n");
    for (int i = 1; i < 1000; i++)
        buf_format(&text, "- &a%d {<<: *a%d, n%d: 1}\n", i, i - 1, i);
    ck_assert_ptr_null(yamldoc_parse(buf_span(&text), &error));
    ck_assert_ptr_nonnull(strstr(error, ": more than 20000 values"));
    mem_free(error);
    buf_free(&text);
}
END_TEST

START_TEST(yamldoc_parse_refuses_what_is_too_large)
{
    char *text = mem_alloc((size_t)YAMLDOC_MAX_BYTES + 1);
    char *error = NULL;

    memset(text, 'x', (size_t)YAMLDOC_MAX_BYTES + 1);
    ck_assert_ptr_null(yamldoc_parse(span_make(text, (size_t)YAMLDOC_MAX_BYTES + 1), &error));
    ck_assert_str_eq(error, "1:1: is larger than 1M");
    mem_free(error);
    mem_free(text);
}
END_TEST

START_TEST(yamldoc_find_takes_any_case_and_tells_lines)
{
    char *error;
    struct yamldoc *doc = yamldoc_parse(SPAN("a: 1\nServer:\n  # listens\n  Listen: [x]\n"), &error);
    const struct yamldoc_member *server = yamldoc_find(yamldoc_root(doc), "server");

    ck_assert_ptr_nonnull(server);
    ck_assert_uint_eq(server->line, 2);
    ck_assert_uint_eq(yamldoc_find(server->value, "listen")->line, 4);
    ck_assert_ptr_null(yamldoc_find(server->value, "server"));
    ck_assert_ptr_null(yamldoc_find(yamldoc_find(yamldoc_root(doc), "a")->value, "a"));
    ck_assert_ptr_null(yamldoc_find(NULL, "a"));
    yamldoc_free(&doc);
}
END_TEST

START_TEST(yamldoc_is_null_knows_the_words)
{
    char *error;
    struct yamldoc *doc = yamldoc_parse(SPAN("[~, null, Null, '', \"null\", 0, []]"), &error);
    static const bool expected[] = { true, true, true, false, false, false, false };

    ck_assert_ptr_nonnull(doc);
    for (size_t i = 0; i < yamldoc_root(doc)->count; i++)
        ck_assert_msg(yamldoc_is_null(yamldoc_root(doc)->members[i].value) == expected[i], "element %zu", i);
    yamldoc_free(&doc);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ctl_yamldoc");
    const TTest *const rest[] = { yamldoc_parse_makes_no_copies_of_aliases, yamldoc_parse_bounds_what_merges_add,
                                  yamldoc_parse_refuses_what_is_too_large, yamldoc_find_takes_any_case_and_tells_lines,
                                  yamldoc_is_null_knows_the_words, NULL };

    unit_add_loop(suite, "yamldoc_parse, good", yamldoc_parse_makes_a_tree, UNIT_ROWS(documents));
    unit_add_loop(suite, "yamldoc_parse, faults", yamldoc_parse_refuses_with_line_and_column, UNIT_ROWS(faults));
    unit_add(suite, "yamldoc", rest);
    return unit_run(suite);
}
