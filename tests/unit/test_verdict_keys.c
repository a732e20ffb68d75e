#include "verdict.h"

#include "config_fixture.h"

static struct config *config;
static struct buf memory;

static const struct config_entry *entry_with(const char *keys)
{
    char *text = mem_format("socket_maps = { m = { target = \"http://127.0.0.1:8/\"; %s }; };", keys);

    config = fixture_load_good(text);
    mem_free(text);
    buf_init(&memory, 1 << 20);
    return fixture_map(config, "m");
}

static void end(void)
{
    config_free(&config);
    buf_free(&memory);
}

/* Of user+x@d. */
static struct keys keys = { .count = 3,
                            .candidate = { { .text = UNIT_BYTES("user+x@d") },
                                           { .text = UNIT_BYTES("user@d"), .lacks_extension = true },
                                           { .text = UNIT_BYTES("@d") } },
                            .extension = UNIT_BYTES("+x") };

static struct verdict judge(const struct config_entry *entry, struct span key, const char *body)
{
    const struct template_values asked = { .key = key, .keys = &keys };
    return verdict_of_answer(entry, &asked, 200, span_text(body), &memory);
}

#define MANY "too many results"

static const struct {
    const char *name;
    const char *keys;
    const char *body;
    enum verdict_kind kind;
    const char *text;
} formats[] = {
    { "as it is", "", "[\"a\",\"b\"]", VERDICT_FOUND, "a,b" },
    { "each value", "result_format = \"<%s>\";", "[\"a\",\"b\"]", VERDICT_FOUND, "<a>,<b>" },
    { "numbers", "result_format = \"n%s\";", "[1,2.5,true]", VERDICT_FOUND, "n1,n2.5,ntrue" },
    { "parts", "result_format = \"%U-%d\";", "\"a@b\"", VERDICT_FOUND, "user+x-b" },
    { "left out", "result_format = \"%d\";", "[\"a\",\"b@c\",\"d\"]", VERDICT_FOUND, "c" },
    { "all left out", "result_format = \"%d\";", "[\"a\"]", VERDICT_NOTFOUND, "" },
    { "a value with a comma is one", "expansion_limit = 1;", "\"a,b\"", VERDICT_FOUND, "a,b" },
    { "as many as allowed", "expansion_limit = 2;", "[\"a\",null,\"b\",\"\"]", VERDICT_FOUND, "a,b" },
    { "one too many", "expansion_limit = 1;", "[\"a\",\"b\"]", VERDICT_TEMP, MANY },
    { "those left out do not count", "expansion_limit = 1; result_format = \"%d\";", "[\"a@b\",\"c\"]", VERDICT_FOUND,
      "b" },
    { "line break in the format's value", "result_format = \"x%s\";", "\"a\\nb\"", VERDICT_PERM,
      "the value has more than one line" },
    { "too long by its format", "max_reply_size = 1024; result_format = \"%s%s%s%s\";", "$LONG", VERDICT_PERM,
      "the value is too long" },
};

static char *expand(const char *body)
{
    char *text = mem_string(body);

    if (strcmp(body, "$LONG") != 0)
        return text;
    mem_free(text);
    text = mem_alloc(304);
    memset(text, 'x', 302);
    text[0] = text[301] = '"';
    return text;
}

START_TEST(verdict_values_are_formatted_and_counted)
{
    const struct config_entry *entry = entry_with(formats[_i].keys);
    char *body = expand(formats[_i].body);
    struct verdict verdict = judge(entry, SPAN("user+x@d"), body);

    ck_assert_msg(verdict.kind == formats[_i].kind, "%s: %s", formats[_i].name, verdict_word(verdict.kind));
    unit_expect_span(verdict.text, span_text(formats[_i].text), formats[_i].name);
    unit_expect((verdict.warning != NULL) == (verdict.kind == VERDICT_TEMP || verdict.kind == VERDICT_PERM),
                formats[_i].name);
    mem_free(body);
    end();
}
END_TEST

#define ALL       "payload = { keys = \"%{keys}\"; }; "
#define OTHERS    "the answer has a member that was not asked for"
#define PROPAGATE "propagate_extension = true; "

static const struct {
    const char *name;
    const char *keys;
    const char *body;
    enum verdict_kind kind;
    const char *text;
} objects[] = {
    { "the first counts", ALL, "{\"@d\":\"c\",\"user@d\":\"b\",\"user+x@d\":\"a\"}", VERDICT_FOUND, "a" },
    { "a later one", ALL, "{\"@d\":\"c\",\"user@d\":\"b\"}", VERDICT_FOUND, "b" },
    { "the last", ALL, "{\"@d\":[\"c\",1]}", VERDICT_FOUND, "c,1" },
    { "nothing at all", ALL, "{}", VERDICT_NOTFOUND, "" },
    { "another member", ALL, "{\"user@d\":\"b\",\"@e\":\"c\"}", VERDICT_PERM, OTHERS },
    { "an error", ALL, "{\"error\":\"database is down\"}", VERDICT_PERM, OTHERS },
    { "letters of another case", ALL, "{\"User@D\":\"b\"}", VERDICT_FOUND, "b" },
    { "letters of another case that count", ALL "fold_case = false;", "{\"User@D\":\"b\"}", VERDICT_PERM, OTHERS },
    { "an empty one is passed over", ALL, "{\"user+x@d\":\"\",\"user@d\":null,\"@d\":[]}", VERDICT_NOTFOUND, "" },
    { "no object at all", ALL, "\"v\"", VERDICT_FOUND, "v" },
    { "an object in a field", ALL "value_field = \"r\";", "{\"r\":{\"@d\":\"c\"}}", VERDICT_FOUND, "c" },
    { "a field that is missing", ALL "value_field = \"r\";", "{\"@d\":\"c\"}", VERDICT_NOTFOUND, "" },
    { "one that cannot be used ends it", ALL, "{\"user@d\":{},\"@d\":\"c\"}", VERDICT_PERM, "the value is not usable" },
    { "behind a good one nobody looks", ALL, "{\"user@d\":\"b\",\"@d\":{}}", VERDICT_FOUND, "b" },
    { "format of the key that was found", ALL "result_format = \"%s=%S\";", "{\"user@d\":\"b\"}", VERDICT_FOUND,
      "b=user@d" },
    { "the extension comes back", ALL PROPAGATE, "{\"user@d\":\"b@e, c@f\"}", VERDICT_FOUND, "b+x@e, c+x@f" },
    { "not when it was asked for", ALL PROPAGATE, "{\"user+x@d\":\"b@e\"}", VERDICT_FOUND, "b@e" },
    { "not for the catch-all", ALL PROPAGATE, "{\"@d\":\"b@e\"}", VERDICT_FOUND, "b@e" },
    { "nobody knows what was found", ALL PROPAGATE, "\"b@e\"", VERDICT_FOUND, "b@e" },
    { "an object, one key asked", "", "{\"@d\":\"c\"}", VERDICT_PERM, "the value is not usable" },
};

START_TEST(verdict_of_all_keys_is_of_the_first_that_is_there)
{
    const struct config_entry *entry = entry_with(objects[_i].keys);
    struct verdict verdict = judge(entry, SPAN("user+x@d"), objects[_i].body);

    ck_assert_msg(verdict.kind == objects[_i].kind, "%s: %s", objects[_i].name, verdict_word(verdict.kind));
    unit_expect_span(verdict.text, span_text(objects[_i].text), objects[_i].name);
    end();
}
END_TEST

/* What came of the first leaves the room as it was. */
START_TEST(verdict_of_a_later_key_may_have_as_long_an_answer)
{
    const struct config_entry *entry = entry_with("max_reply_size = 1024; result_format = \"%d\";");
    char blanks[2000];

    memset(blanks, ' ', sizeof(blanks));
    char *body = mem_format("\"%.*s@d\"", (int)sizeof(blanks), blanks);
    ck_assert_int_eq(judge(entry, SPAN("user+x@d"), "\"nobody\"").kind, VERDICT_NOTFOUND);
    ck_assert_int_eq(judge(entry, SPAN("user@d"), body).kind, VERDICT_FOUND);
    unit_expect_span(buf_span(&memory), SPAN("d"), "the domain");
    mem_free(body);
    end();
}
END_TEST

START_TEST(verdict_extend_checks_the_length_again)
{
    const struct config_entry *entry = entry_with("max_reply_size = 1024;");

    for (int i = 0; i < 200; i++)
        buf_add(&memory, SPAN("a@b,"));
    buf_add(&memory, SPAN("a@b"));
    ck_assert_int_eq(verdict_extend(entry, SPAN("+"), &memory).kind, VERDICT_FOUND);
    ck_assert_int_eq(verdict_extend(entry, SPAN("+"), &memory).kind, VERDICT_PERM);
    end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("verdict_keys");

    fixture_add_loop(suite, "result_format", verdict_values_are_formatted_and_counted, UNIT_ROWS(formats));
    fixture_add_loop(suite, "all keys", verdict_of_all_keys_is_of_the_first_that_is_there, UNIT_ROWS(objects));
    fixture_add(suite, "one after the other",
                (const TTest *const[]){ verdict_of_a_later_key_may_have_as_long_an_answer, NULL });
    fixture_add(suite, "extend", (const TTest *const[]){ verdict_extend_checks_the_length_again, NULL });
    return unit_run(suite);
}
