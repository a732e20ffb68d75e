#include "keys.h"

#include "address_fixture.h"
#include "unit.h"

#define KEY_MAX_BYTES 512
#define SHOWN_MAX_BYTES 4096
#define GUARD_BYTES 16
#define GUARD '#'
#define RANDOM_KEY_MAX_BYTES 40
#define LABELS 100

static char local_name[] = "Local.Test";
static char other_name[] = "10.in-addr.test";
static char *local_domains[] = { local_name, other_name };

/* What stands for a key: candidates with a '|' between them, those that lack the extension with a '*' before them. */
static const struct row {
    const char *name;
    const char *word;
    struct span key;
    const char *candidates;
} rows[] = {
    { "full", "full", UNIT_BYTES("u+x@d"), "u+x@d" },
    { "full, no address", "full", UNIT_BYTES("a b"), "a b" },
    { "full, empty", "full", UNIT_BYTES(""), "" },
    { "exact", "exact", UNIT_BYTES("u+x@d"), "u+x@d" },

    { "unextended", "unextended", UNIT_BYTES("u+x@d"), "*u@d" },
    { "unextended, no extension", "unextended", UNIT_BYTES("u@d"), "u@d" },
    { "unextended, extension without text", "unextended", UNIT_BYTES("u+@d"), "*u@d" },
    { "unextended, delimiter first", "unextended", UNIT_BYTES("+x@d"), "+x@d" },
    { "unextended, second delimiter", "unextended", UNIT_BYTES("u-a+x@d"), "*u@d" },
    { "unextended, reserved", "unextended", UNIT_BYTES("list-request@d"), "list-request@d" },
    { "unextended, quoted", "unextended", UNIT_BYTES("\"a b+c d\"@d"), "*\"a b\"@d" },
    { "unextended, quoted no more", "unextended", UNIT_BYTES("\"u+c d\"@d"), "*u@d" },
    { "unextended, not quoted", "unextended", UNIT_BYTES("a b+c d@d"), "*a b@d" },
    { "unextended, no domain", "unextended", UNIT_BYTES("u+x"), "*u" },
    { "unextended, no local part", "unextended", UNIT_BYTES("@d"), NULL },
    { "unextended, empty", "unextended", UNIT_BYTES(""), NULL },

    { "localpart_full", "localpart_full", UNIT_BYTES("u+x@LOCAL.test"), "u+x" },
    { "localpart_full, the second domain", "localpart_full", UNIT_BYTES("u@10.IN-ADDR.test"), "u" },
    { "localpart_full, not local", "localpart_full", UNIT_BYTES("u+x@sub.local.test"), NULL },
    { "localpart_full, no domain", "localpart_full", UNIT_BYTES("u+x"), NULL },
    { "localpart_full, no local part", "localpart_full", UNIT_BYTES("@local.test"), NULL },
    { "localpart", "localpart", UNIT_BYTES("u+x@local.test"), "*u" },
    { "localpart, no extension", "localpart", UNIT_BYTES("u@local.test"), "u" },
    { "localpart, quoted", "localpart", UNIT_BYTES("\"a @b+c\"@local.test"), "*\"a @b\"" },
    { "localpart, not local", "localpart", UNIT_BYTES("u+x@local.tes"), NULL },
    { "localpart, empty domain", "localpart", UNIT_BYTES("u+x@"), NULL },
    { "localpart, no local part", "localpart", UNIT_BYTES("@local.test"), NULL },
    { "localpart_full_at", "localpart_full_at", UNIT_BYTES("u+x@d"), "u+x@" },
    { "localpart_full_at, empty domain", "localpart_full_at", UNIT_BYTES("u@"), "u@" },
    { "localpart_full_at, no domain", "localpart_full_at", UNIT_BYTES("u+x"), NULL },
    { "localpart_full_at, no local part", "localpart_full_at", UNIT_BYTES("@d"), NULL },
    { "localpart_at", "localpart_at", UNIT_BYTES("u+x@d"), "*u@" },
    { "localpart_at, no extension", "localpart_at", UNIT_BYTES("u@d"), "u@" },
    { "localpart_at, quoted", "localpart_at", UNIT_BYTES("\"a b+c\"@d"), "*\"a b\"@" },
    { "localpart_at, no domain", "localpart_at", UNIT_BYTES("u+x"), NULL },
    { "localpart_at, no local part", "localpart_at", UNIT_BYTES("@"), NULL },

    { "catchall", "catchall", UNIT_BYTES("u+x@d"), "@d" },
    { "catchall, no local part", "catchall", UNIT_BYTES("@d"), "@d" },
    { "catchall, empty domain", "catchall", UNIT_BYTES("u@"), NULL },
    { "catchall, no domain", "catchall", UNIT_BYTES("u"), NULL },
    { "domain", "domain", UNIT_BYTES("u+x@mx.d.test"), "mx.d.test" },
    { "domain of a name", "domain", UNIT_BYTES("mx-1.d.test"), "mx-1.d.test" },
    { "domain, no local part", "domain", UNIT_BYTES("@d"), "d" },
    { "domain, empty", "domain", UNIT_BYTES("u@"), NULL },
    { "domain, a literal", "domain", UNIT_BYTES("u@[192.0.2.1]"), "[192.0.2.1]" },
    { "domain, a number", "domain", UNIT_BYTES("u@192.0.2.1"), "192.0.2.1" },
    { "domain of an IP address", "domain", UNIT_BYTES("192.0.2.1"), NULL },
    { "domain of an IPv6 address", "domain", UNIT_BYTES("2001:db8::1"), NULL },
    { "domain of nothing", "domain", UNIT_BYTES(""), NULL },

    { "parents", "parents", UNIT_BYTES("u@mx.d.test"), "mx.d.test|d.test|test" },
    { "parents of a name", "parents", UNIT_BYTES("a-b.d.test"), "a-b.d.test|d.test|test" },
    { "parents of one label", "parents", UNIT_BYTES("test"), "test" },
    { "parents, dot first", "parents", UNIT_BYTES(".d.test"), ".d.test|test" },
    { "parents, dot last", "parents", UNIT_BYTES("d.test."), "d.test.|test." },
    { "parents, two dots", "parents", UNIT_BYTES("a..b"), "a..b|.b" },
    { "parents of a dot", "parents", UNIT_BYTES("."), "." },
    { "parents of two dots", "parents", UNIT_BYTES(".."), ".." },
    { "parents, a literal", "parents", UNIT_BYTES("u@[192.0.2.1]"), "[192.0.2.1]" },
    { "parents, a bare literal", "parents", UNIT_BYTES("[192.0.2.1]"), "[192.0.2.1]" },
    { "parents, a number", "parents", UNIT_BYTES("u@192.0.2.1"), "192.0.2.1" },
    { "parents, no IP address", "parents", UNIT_BYTES("192.0.2.256"), "192.0.2.256|0.2.256|2.256|256" },
    { "parents of an IP address", "parents", UNIT_BYTES("192.0.2.1"), NULL },
    { "parents of nothing", "parents", UNIT_BYTES("u@"), NULL },
    { "parent_domains", "parent_domains", UNIT_BYTES("u@mx.d.test"), ".d.test|.test" },
    { "parent_domains of a name", "parent_domains", UNIT_BYTES("mx.d.test"), ".d.test|.test" },
    { "parent_domains of one label", "parent_domains", UNIT_BYTES("test"), NULL },
    { "parent_domains, dot first", "parent_domains", UNIT_BYTES(".d.test"), ".test" },
    { "parent_domains, dot last", "parent_domains", UNIT_BYTES("d.test."), ".test.|." },
    { "parent_domains, a literal", "parent_domains", UNIT_BYTES("u@[192.0.2.1]"), NULL },
    { "parent_domains, a number", "parent_domains", UNIT_BYTES("u@192.0.2.1"), NULL },
    { "parent_domains of an IP address", "parent_domains", UNIT_BYTES("192.0.2.1"), NULL },
    { "parent_domains of nothing", "parent_domains", UNIT_BYTES("u@"), NULL },

    { "ip_prefixes", "ip_prefixes", UNIT_BYTES("192.0.2.1"), "192.0.2.1|192.0.2|192.0|192" },
    { "ip_prefixes, the ends", "ip_prefixes", UNIT_BYTES("255.0.10.0"), "255.0.10.0|255.0.10|255.0|255" },
    { "ip_prefixes of an address", "ip_prefixes", UNIT_BYTES("u@192.0.2.1"), NULL },
    { "ip_prefixes of a literal", "ip_prefixes", UNIT_BYTES("[192.0.2.1]"), NULL },
    { "ip_prefixes of a name", "ip_prefixes", UNIT_BYTES("d.test"), NULL },
    { "ip_prefixes of nothing", "ip_prefixes", UNIT_BYTES(""), NULL },
    { "ip_prefixes, IPv6", "ip_prefixes", UNIT_BYTES("2001:db8::1"), "2001:db8::1|2001:db8:|2001:db8|2001" },
    { "ip_prefixes, IPv6 full", "ip_prefixes", UNIT_BYTES("2001:DB8:3:4:5:6:7:ffff"),
      "2001:DB8:3:4:5:6:7:ffff|2001:DB8:3:4:5:6:7|2001:DB8:3:4:5:6|2001:DB8:3:4:5|2001:DB8:3:4|2001:DB8:3|2001:DB8|"
      "2001" },
    { "ip_prefixes, IPv6, zeros last", "ip_prefixes", UNIT_BYTES("1:2:3:4:5:6:7::"),
      "1:2:3:4:5:6:7::|1:2:3:4:5:6:7:|1:2:3:4:5:6:7|1:2:3:4:5:6|1:2:3:4:5|1:2:3:4|1:2:3|1:2|1" },
    { "ip_prefixes, IPv6, zeros first", "ip_prefixes", UNIT_BYTES("::1"), "::1|:" },
    { "ip_prefixes, IPv6, zeros alone", "ip_prefixes", UNIT_BYTES("::"), "::|:" },
    { "ip_prefixes, IPv4 in IPv6", "ip_prefixes", UNIT_BYTES("::ffff:192.0.2.1"), "::ffff:192.0.2.1|::ffff|:" },
    { "ip_prefixes, IPv4 in full IPv6", "ip_prefixes", UNIT_BYTES("1:2:3:4:5:6:1.2.3.4"),
      "1:2:3:4:5:6:1.2.3.4|1:2:3:4:5:6|1:2:3:4:5|1:2:3:4|1:2:3|1:2|1" },

    { "virtual", "virtual", UNIT_BYTES("u+x@local.test"), "u+x@local.test|*u@local.test|u+x|*u|@local.test" },
    { "virtual, no extension", "virtual", UNIT_BYTES("u@local.test"), "u@local.test|u|@local.test" },
    { "virtual, not local", "virtual", UNIT_BYTES("u+x@d"), "u+x@d|*u@d|@d" },
    { "virtual, no domain", "virtual", UNIT_BYTES("u-x"), "u-x|*u" },
    { "virtual, a bare domain", "virtual", UNIT_BYTES("@d"), "@d" },
    { "virtual, empty domain", "virtual", UNIT_BYTES("u@"), "u@" },
    { "virtual, @ alone", "virtual", UNIT_BYTES("@"), "@" },
    { "virtual, empty", "virtual", UNIT_BYTES(""), "" },
    { "mailbox", "mailbox", UNIT_BYTES("u+x@local.test"), "u+x@local.test|*u@local.test|@local.test" },
    { "sender_login", "sender_login", UNIT_BYTES("u+x@local.test"),
      "u+x@local.test|*u@local.test|u+x|*u|@local.test" },
    { "transport", "transport", UNIT_BYTES("u+x@mx.d.test"), "u+x@mx.d.test|*u@mx.d.test|mx.d.test|.d.test|.test" },
    { "transport of a name", "transport", UNIT_BYTES("a-b.test"), "a-b.test|.test" },
    { "transport, a literal", "transport", UNIT_BYTES("u@[::1]"), "u@[::1]|[::1]" },
    { "transport of all", "transport", UNIT_BYTES("*"), "*" },
    { "access", "access", UNIT_BYTES("u+x@mx.d.test"), "u+x@mx.d.test|*u@mx.d.test|mx.d.test|d.test|test|u+x@|*u@" },
    { "access of a host", "access", UNIT_BYTES("mx-1.d.test"), "mx-1.d.test|d.test|test" },
    { "access of an IP address", "access", UNIT_BYTES("192.0.2.1"), "192.0.2.1|192.0.2|192.0|192" },
    { "access of the null sender", "access", UNIT_BYTES("<>"), "<>" },
    { "access, empty domain", "access", UNIT_BYTES("u+x@"), "u+x@|*u@" },
};

static void guarded_expand(const struct keys_rules *rules, struct span key, struct keys *keys, const char *row_name)
{
    static char *end;
    const size_t n = KEYS_MEMORY_BYTES(key.n);

    if (end == NULL)
        end = unit_guard(KEYS_MEMORY_BYTES(KEY_MAX_BYTES) + GUARD_BYTES) + KEYS_MEMORY_BYTES(KEY_MAX_BYTES) +
              GUARD_BYTES;
    char *memory = end - n;
    memset(memory - GUARD_BYTES, GUARD, GUARD_BYTES);
    memset(keys, GUARD, sizeof(*keys));
    keys_expand(rules, key, memory, keys);
    for (size_t i = 1; i <= GUARD_BYTES; i++)
        ck_assert_msg(memory[-(ptrdiff_t)i] == GUARD, "%s: written before the memory", row_name);
    ck_assert_uint_le(keys->count, KEYS_MAX);
    for (size_t i = 0; i < keys->count; i++) {
        struct span text = keys->candidate[i].text;
        bool is_in_key = text.p >= key.p && text.p + text.n <= key.p + key.n;
        unit_expect(text.n == 0 || is_in_key || (text.p >= memory && text.p + text.n <= end), row_name);
    }
}

static struct keys_rules rules_of(const char *word, struct span delimiters)
{
    struct keys_rules rules = { .delimiters = delimiters,
                                .local_domains = local_domains,
                                .local_domain_count = UNIT_ROWS(local_domains) };

    rules.forms = keys_of_word(span_text(word), &rules.form_count);
    ck_assert_msg(rules.forms != NULL, "no word %s", word);
    return rules;
}

static struct span show(char *out, const struct keys *keys)
{
    size_t n = 0;

    for (size_t i = 0; i < keys->count; i++)
        n += (size_t)sprintf(out + n, "%s%s%.*s", i == 0 ? "" : "|", keys->candidate[i].lacks_extension ? "*" : "",
                             (int)keys->candidate[i].text.n, keys->candidate[i].text.p);
    return span_make(out, n);
}

START_TEST(keys_expand_makes_what_postfix_looks_up)
{
    const struct row *row = &rows[_i];
    struct keys_rules rules = rules_of(row->word, SPAN("+-"));
    struct keys keys;
    char shown[SHOWN_MAX_BYTES];

    guarded_expand(&rules, unit_guarded_span(row->key), &keys, row->name);
    unit_expect((keys.count == 0) == (row->candidates == NULL), row->name);
    unit_expect_span(show(shown, &keys), span_text(row->candidates), row->name);
}
END_TEST

static const struct {
    const char *name;
    const char *word;
    struct span delimiters;
    struct span key;
    struct span extension;
} extensions[] = {
    { "one", "virtual", UNIT_BYTES("+"), UNIT_BYTES("u+x@d"), UNIT_BYTES("+x") },
    { "one that stays where it is", "exact", UNIT_BYTES("+"), UNIT_BYTES("u+x@d"), UNIT_BYTES("") },
    { "without text", "virtual", UNIT_BYTES("+"), UNIT_BYTES("u+@d"), UNIT_BYTES("+") },
    { "quoted", "virtual", UNIT_BYTES("+"), UNIT_BYTES("\"u+a \\\"b\"@d"), UNIT_BYTES("+a \"b") },
    { "none", "virtual", UNIT_BYTES("+"), UNIT_BYTES("u@d"), UNIT_BYTES("") },
    { "no delimiters", "virtual", UNIT_BYTES(""), UNIT_BYTES("u+x@d"), UNIT_BYTES("") },
    { "no domain", "virtual", UNIT_BYTES("-"), UNIT_BYTES("u-x"), UNIT_BYTES("-x") },
    { "a name of a domain", "domain", UNIT_BYTES("-"), UNIT_BYTES("u-x"), UNIT_BYTES("") },
    { "a name of a host or an address", "ip_prefixes", UNIT_BYTES("-"), UNIT_BYTES("u-x"), UNIT_BYTES("") },
    { "an address where there are names", "transport", UNIT_BYTES("-"), UNIT_BYTES("u-x@d"), UNIT_BYTES("-x") },
};

START_TEST(keys_expand_tells_the_extension)
{
    struct keys_rules rules = rules_of(extensions[_i].word, extensions[_i].delimiters);
    struct keys keys;

    guarded_expand(&rules, extensions[_i].key, &keys, extensions[_i].name);
    unit_expect_span(keys.extension, extensions[_i].extension, extensions[_i].name);
    for (size_t i = 0; i < keys.count; i++)
        unit_expect(!keys.candidate[i].lacks_extension || keys.extension.n > 0, extensions[_i].name);
}
END_TEST

static const char *const no_addresses[] = {
    "192.0.2",      "192.0.2.",     "192.0.2.1.",    ".192.0.2.1",       "192.0.2.1.5",       "192.0.2.256",
    "192.0.2.01",   "192.0.2.1000", "192.0..1",      "192.0.2.a",        "192.0.2.-1",        "192.0.2.1 ",
    ":",            ":::",          "1::2::3",       "1:2:3:4:5:6:7",    "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::",
    "::12345",      "::g",          "1:2:3:4:5:6:7", "1:2:3:4::5:6:7:8", ":1:2:3:4:5:6:7:8",  "1:2:3:4:5:6:7:8:",
    "1.2.3.4::",    "::1.2.3",      "::1.2.3.4:5",   "::1.2.3.256",      "1:2:3:4:5:6:7::8:9", "fe80::1%eth0",
    "1:2:3:4:5:6:7:1.2.3.4", "1::2:3:4:5:6:1.2.3.4", "0x7f.0.0.1", "1", "::1/64",
};

START_TEST(keys_expand_makes_no_prefixes_of_what_is_no_ip_address)
{
    struct keys_rules rules = rules_of("ip_prefixes", SPAN(""));
    struct keys keys;

    guarded_expand(&rules, unit_guarded_span(span_text(no_addresses[_i])), &keys, no_addresses[_i]);
    unit_expect(keys.count == 0, no_addresses[_i]);
}
END_TEST

/* A name may be as deep as somebody likes; its shortest parents count. */
START_TEST(keys_expand_of_a_deep_name_takes_the_shortest_parents)
{
    const enum keys_form forms[] = { KEYS_FULL, KEYS_PARENTS, KEYS_PARENT_DOMAINS };
    const struct keys_rules rules = { .forms = forms, .form_count = UNIT_ROWS(forms) };
    char bytes[4 * LABELS + 1];
    struct keys keys;

    for (size_t i = 0; i < LABELS; i++)
        sprintf(bytes + 4 * i, "%c%02zu%c", 'n', i % 100, i + 1 < LABELS ? '.' : '\0');
    struct span key = span_text(bytes);
    guarded_expand(&rules, key, &keys, "deep");
    ck_assert_uint_eq(keys.count, 1 + 2 * KEYS_PARENTS_MAX);
    unit_expect_span(keys.candidate[0].text, key, "the key");
    for (size_t i = 0; i < KEYS_PARENTS_MAX; i++) {
        size_t at = 4 * (LABELS - KEYS_PARENTS_MAX + i);
        unit_expect_span(keys.candidate[1 + i].text, span_skip(key, at), "a parent");
        unit_expect_span(keys.candidate[1 + KEYS_PARENTS_MAX + i].text, span_skip(key, at - 1), "a parent's domain");
    }
}
END_TEST

START_TEST(keys_expand_of_as_many_labels_as_allowed_takes_all)
{
    struct keys_rules rules = rules_of("parents", SPAN(""));
    char bytes[2 * KEYS_PARENTS_MAX + 2];
    struct keys keys;

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = i % 2 == 0 ? 'a' : '.';
    guarded_expand(&rules, span_make(bytes, sizeof(bytes) - 3), &keys, "as many");
    ck_assert_uint_eq(keys.count, KEYS_PARENTS_MAX);
    ck_assert_uint_eq(keys.candidate[0].text.n, sizeof(bytes) - 3);
    guarded_expand(&rules, span_make(bytes, sizeof(bytes) - 1), &keys, "one more");
    ck_assert_uint_eq(keys.count, KEYS_PARENTS_MAX);
    ck_assert_uint_eq(keys.candidate[0].text.n, sizeof(bytes) - 3);
}
END_TEST

START_TEST(keys_expand_of_no_forms_is_nothing)
{
    const struct keys_rules rules = { .form_count = 0 };
    struct keys keys;

    keys_expand(&rules, span_make(NULL, 0), NULL, &keys);
    ck_assert_uint_eq(keys.count, 0);
    ck_assert_uint_eq(keys.extension.n, 0);
}
END_TEST

/* Any forms in any order, any key. */
START_TEST(keys_expand_makes_no_candidate_twice)
{
    const struct span bytes = UNIT_BYTES("ab1+-..@::\"\\ [");
    uint64_t seed = 20240303;

    for (int round = 0; round < FIXTURE_ROUNDS; round++) {
        enum keys_form forms[KEYS_FORMS_MAX];
        struct keys_rules rules = { .forms = forms, .form_count = fixture_random(&seed) % (KEYS_FORMS_MAX + 1) };
        char raw[RANDOM_KEY_MAX_BYTES];
        struct keys keys;

        for (size_t i = 0; i < rules.form_count; i++)
            forms[i] = (enum keys_form)(fixture_random(&seed) % KEYS_FORMS);
        rules.delimiters = span_first(SPAN("+-"), fixture_random(&seed) % 3);
        guarded_expand(&rules, fixture_text(&seed, raw, sizeof(raw), bytes), &keys, "random");
        for (size_t i = 0; i < keys.count * keys.count; i++) {
            size_t a = i / keys.count, b = i % keys.count;
            ck_assert(a == b || !span_equal(keys.candidate[a].text, keys.candidate[b].text));
        }
    }
}
END_TEST

/* All words are told, each form is one of them. */
START_TEST(keys_of_word_knows_all_words_that_are_told)
{
    bool is_told[KEYS_FORMS] = { false };
    struct span rest = span_text(keys_words);
    size_t count;

    while (rest.n > 0) {
        struct span word = span_first(rest, span_find(rest, ','));
        const enum keys_form *forms = keys_of_word(word, &count);
        ck_assert_msg(forms != NULL, "no word %.*s", (int)word.n, word.p);
        if (count == 1)
            is_told[forms[0]] = true;
        rest = span_skip(rest, word.n < rest.n ? word.n + 2 : word.n);
    }
    for (size_t i = 0; i < KEYS_FORMS; i++)
        ck_assert_msg(is_told[i], "form %zu has no name", i);
}
END_TEST

START_TEST(keys_of_word_knows_no_other)
{
    static const char *const others[] = { "", "Virtual", "virtua", "virtuals", "parent", "virtual, mailbox", " exact" };
    size_t count;

    for (int i = 0; i < UNIT_ROWS(others); i++)
        ck_assert_ptr_null(keys_of_word(span_text(others[i]), &count));
    ck_assert_ptr_null(keys_of_word(span_make(NULL, 0), &count));
    ck_assert_ptr_null(keys_of_word(SPAN("exact\0"), &count));
}
END_TEST

START_TEST(keys_form_name_is_the_word_of_that_form_alone)
{
    size_t count;

    for (enum keys_form form = 0; form < KEYS_FORMS; form++) {
        const enum keys_form *forms = keys_of_word(span_text(keys_form_name(form)), &count);
        ck_assert_ptr_nonnull(forms);
        ck_assert_uint_eq(count, 1);
        ck_assert_int_eq(forms[0], form);
    }
    ck_assert_str_eq(keys_form_name(KEYS_FULL), "full");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("keys");

    unit_add_loop(suite, "forms", keys_expand_makes_what_postfix_looks_up, UNIT_ROWS(rows));
    unit_add_loop(suite, "extension", keys_expand_tells_the_extension, UNIT_ROWS(extensions));
    unit_add_loop(suite, "no addresses", keys_expand_makes_no_prefixes_of_what_is_no_ip_address,
                  UNIT_ROWS(no_addresses));
    unit_add(suite, "any",
             (const TTest *const[]){ keys_expand_of_a_deep_name_takes_the_shortest_parents,
                                     keys_expand_of_as_many_labels_as_allowed_takes_all,
                                     keys_expand_of_no_forms_is_nothing, keys_expand_makes_no_candidate_twice, NULL });
    unit_add(suite, "words",
             (const TTest *const[]){ keys_of_word_knows_all_words_that_are_told, keys_of_word_knows_no_other,
                                     keys_form_name_is_the_word_of_that_form_alone, NULL });
    return unit_run(suite);
}
