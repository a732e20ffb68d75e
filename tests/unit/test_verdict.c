#include "verdict.h"

#include "config_fixture.h"

static struct config *config;
static struct buf memory;

static void begin(const char *keys)
{
    char *text = mem_format("socket_maps = { m = { target = \"http://127.0.0.1:8/%%s\"; %s }; };", keys);

    config = fixture_load_good(text);
    mem_free(text);
    buf_init(&memory, 1 << 20);
}

static void end(void)
{
    config_free(&config);
    buf_free(&memory);
}

static struct verdict judge(int status, struct span body)
{
    const struct template_values asked = { .key = SPAN("key") };

    return verdict_of_answer(fixture_map(config, "m"), &asked, status, body, &memory);
}

#define NOT_JSON "the backend's answer is not JSON"
#define LATER    "the backend asks to come back later"
#define REFUSES  "the backend refuses pfx"
#define REPORTS  "the backend reports an error of its own"
#define ODD      "the backend gives an unexpected status"
#define REDIRECT "the backend redirects"
#define UNUSABLE "the value is not usable"
#define LINES    "the value has more than one line"

struct row {
    const char *name;
    const char *keys;
    int status;
    const char *body;
    enum verdict_kind kind;
    const char *text;
    bool warns;
    bool lacks_value;
};

static const struct row values[] = {
    { "string", "", 200, "\"v\"", VERDICT_FOUND, "v", false, false },
    { "string with blanks around", "", 200, " \r\n\"v\"\t ", VERDICT_FOUND, "v", false, false },
    { "integer", "", 200, "42", VERDICT_FOUND, "42", false, false },
    { "integral number", "", 200, "5e3", VERDICT_FOUND, "5000", false, false },
    { "fraction", "", 200, "1.5", VERDICT_FOUND, "1.5", false, false },
    { "2^53", "", 200, "9007199254740992", VERDICT_FOUND, "9007199254740992", false, false },
    { "beyond 2^53", "", 200, "9007199254740993", VERDICT_PERM, UNUSABLE, true, false },
    { "true", "", 200, "true", VERDICT_FOUND, "true", false, false },
    { "false", "", 200, "false", VERDICT_FOUND, "false", false, false },
    { "array of scalars", "", 200, "[\"a\",1,true]", VERDICT_FOUND, "a,1,true", false, false },
    { "null", "", 200, "null", VERDICT_NOTFOUND, "", false, false },
    { "empty string", "", 200, "\"\"", VERDICT_NOTFOUND, "", false, false },
    { "empty array", "", 200, "[]", VERDICT_NOTFOUND, "", false, false },
    { "object", "", 200, "{\"a\":1}", VERDICT_PERM, UNUSABLE, true, false },
    { "array of arrays", "", 200, "[[1]]", VERDICT_PERM, UNUSABLE, true, false },
    { "status 204", "", 204, "", VERDICT_NOTFOUND, "", false, false },
    { "status 204 with a body", "", 204, "\"v\"", VERDICT_NOTFOUND, "", false, false },
    { "empty body", "", 200, "", VERDICT_NOTFOUND, "", false, false },
    { "blank body", "", 200, " \r\n\t", VERDICT_TEMP, NOT_JSON, true, false },
    { "not JSON", "", 200, "<html>", VERDICT_TEMP, NOT_JSON, true, false },
    { "not UTF-8", "", 200, "\"\xff\"", VERDICT_TEMP, NOT_JSON, true, false },
    { "two values", "", 200, "1 2", VERDICT_TEMP, NOT_JSON, true, false },
    { "escaped NUL", "", 200, "\"a\\u0000b\"", VERDICT_TEMP, NOT_JSON, true, false },
    { "doubled member", "value_field = \"a\";", 200, "{\"a\":1,\"a\":2}", VERDICT_TEMP, NOT_JSON, true, false },
    { "line feed", "", 200, "\"a\\nb\"", VERDICT_PERM, LINES, true, false },
    { "carriage return", "", 200, "\"a\\rb\"", VERDICT_PERM, LINES, true, false },
    { "line feed in an array", "", 200, "[\"a\",\"b\\n\"]", VERDICT_PERM, LINES, true, false },
    { "UTF-8", "", 200, "\"\xc3\xa9\\u00e9\"", VERDICT_FOUND, "\xc3\xa9\xc3\xa9", false, false },
    { "member", "value_field = \"a\";", 200, "{\"a\":\"v\"}", VERDICT_FOUND, "v", false, false },
    { "path", "value_field = \"a.0.b\";", 200, "{\"a\":[{\"b\":\"v\"}]}", VERDICT_FOUND, "v", false, false },
    { "member null", "value_field = \"a\";", 200, "{\"a\":null}", VERDICT_NOTFOUND, "", false, false },
    { "member missing", "value_field = \"a\";", 200, "{\"b\":1}", VERDICT_NOTFOUND, "", false, true },
    { "member of a string", "value_field = \"a\";", 200, "\"v\"", VERDICT_NOTFOUND, "", false, true },
    { "member required", "value_field = \"a\"; value_required = true;", 200, "{}", VERDICT_PERM,
      "the answer lacks the value", true, true },
    { "required member null", "value_field = \"a\"; value_required = true;", 200, "{\"a\":null}", VERDICT_NOTFOUND, "",
      false, false },
};

static const struct row statuses[] = {
    { "404 of a target with placeholders", "", 404, "", VERDICT_NOTFOUND, "", false, false },
    { "404 with JSON", "", 404, "{\"e\":1}", VERDICT_NOTFOUND, "", false, false },
    { "404 of a proxy", "", 404, "<html>", VERDICT_PERM, "the backend does not know the URL", true, false },
    { "404 with blanks", "", 404, " ", VERDICT_PERM, "the backend does not know the URL", true, false },
    { "404 when not listed", "notfound_status = [];", 404, "", VERDICT_PERM, "the backend does not know the URL", true,
      false },
    { "listed 410", "notfound_status = [404, 410];", 410, "", VERDICT_NOTFOUND, "", false, false },
    { "listed 201", "status_code = [200, 201];", 201, "\"v\"", VERDICT_FOUND, "v", false, false },
    { "201 when not listed", "", 201, "\"v\"", VERDICT_PERM, ODD, true, false },
    { "listed 404 is a good answer", "status_code = 404; notfound_status = [];", 404, "\"v\"", VERDICT_FOUND, "v",
      false,
      false },
    { "400", "", 400, "", VERDICT_PERM, ODD, true, false },
    { "401", "", 401, "", VERDICT_PERM, REFUSES, true, false },
    { "403", "", 403, "", VERDICT_PERM, REFUSES, true, false },
    { "407", "", 407, "", VERDICT_PERM, REFUSES, true, false },
    { "405", "", 405, "", VERDICT_PERM, ODD, true, false },
    { "418", "", 418, "", VERDICT_PERM, ODD, true, false },
    { "408", "", 408, "", VERDICT_TEMP, LATER, true, false },
    { "425", "", 425, "", VERDICT_TEMP, LATER, true, false },
    { "429", "", 429, "", VERDICT_TEMP, LATER, true, false },
    { "500", "", 500, "\"v\"", VERDICT_TEMP, REPORTS, true, false },
    { "503", "", 503, "", VERDICT_TEMP, REPORTS, true, false },
    { "599", "", 599, "", VERDICT_TEMP, REPORTS, true, false },
    { "301", "", 301, "", VERDICT_PERM, REDIRECT, true, false },
    { "308", "", 308, "", VERDICT_PERM, REDIRECT, true, false },
};

static const struct row errors[] = {
    { "error text", "error_field = \"e\";", 200, "{\"e\":\"no\"}", VERDICT_PERM, "no", true, false },
    { "error text, temporary", "error_field = \"e\"; error_result = \"temp\";", 200, "{\"e\":\"no\"}", VERDICT_TEMP,
      "no",
      true, false },
    { "error before value", "error_field = \"e\"; value_field = \"v\";", 200, "{\"v\":1,\"e\":\"no\"}", VERDICT_PERM,
      "no",
      true, false },
    { "error empty", "error_field = \"e\"; value_field = \"v\";", 200, "{\"v\":1,\"e\":\"\"}", VERDICT_FOUND, "1",
      false,
      false },
    { "error null", "error_field = \"e\"; value_field = \"v\";", 200, "{\"v\":1,\"e\":null}", VERDICT_FOUND, "1", false,
      false },
    { "error missing", "error_field = \"e\"; value_field = \"v\";", 200, "{\"v\":1}", VERDICT_FOUND, "1", false,
      false },
    { "no_error_value", "error_field = \"e\"; no_error_value = \"none\"; value_field = \"v\";", 200,
      "{\"v\":1,\"e\":\"none\"}", VERDICT_FOUND, "1", false, false },
    { "almost no_error_value", "error_field = \"e\"; no_error_value = \"none\"; value_field = \"v\";", 200,
      "{\"v\":1,\"e\":\"none \"}", VERDICT_PERM, "none ", true, false },
    { "error object", "error_field = \"e\";", 200, "{\"e\":{\"t\":1}}", VERDICT_PERM, "the backend reports an error",
      true,
      false },
    { "error number", "error_field = \"e\";", 200, "{\"e\":7}", VERDICT_PERM, "7", true, false },
    { "error with control bytes", "error_field = \"e\";", 200, "{\"e\":\"a\\r\\nb\\u001bc\\u0085d\"}", VERDICT_PERM,
      "a??b?c?d", true, false },
    { "no error field in an array", "error_field = \"e\";", 200, "[\"a\"]", VERDICT_FOUND, "a", false, false },
};

static void check(const struct row *row)
{
    begin(row->keys);
    struct verdict verdict = judge(row->status, span_text(row->body));
    ck_assert_msg(verdict.kind == row->kind, "%s: verdict %s", row->name, verdict_word(verdict.kind));
    unit_expect_span(verdict.text, span_text(row->text), row->name);
    unit_expect((verdict.warning != NULL) == row->warns, row->name);
    unit_expect(verdict.lacks_value == row->lacks_value, row->name);
    end();
}

START_TEST(verdict_of_a_body)
{
    check(&values[_i]);
}
END_TEST

START_TEST(verdict_of_a_status)
{
    check(&statuses[_i]);
}
END_TEST

START_TEST(verdict_of_an_error_field)
{
    check(&errors[_i]);
}
END_TEST

static bool is_doubtful(const char *keys, const char *body)
{
    begin(keys);
    bool doubtful = judge(200, span_text(body)).is_doubtful;
    end();
    return doubtful;
}

START_TEST(verdict_without_the_member_is_doubtful_when_there_are_others)
{
    ck_assert(is_doubtful("value_field = \"valeu\";", "{\"value\":\"v\"}"));
    ck_assert(is_doubtful("value_field = \"data.valeu\";", "{\"data\":{\"value\":\"v\"}}"));
    ck_assert(!is_doubtful("value_field = \"value\";", "{}"));
    ck_assert(!is_doubtful("value_field = \"value\";", "[]"));
    ck_assert(!is_doubtful("value_field = \"value\";", "{\"value\":null,\"status\":\"none\"}"));
    ck_assert(!is_doubtful("value_field = \"valeu\"; value_required = true;", "{\"value\":\"v\"}"));
}
END_TEST

static const struct {
    const char *name;
    enum http_failure failure;
    enum verdict_kind kind;
} failures[] = {
    { "not resolved", HTTP_NOT_RESOLVED, VERDICT_TEMP }, { "not connected", HTTP_NOT_CONNECTED, VERDICT_TEMP },
    { "TLS", HTTP_TLS_FAILED, VERDICT_TEMP },            { "reset", HTTP_RESET, VERDICT_TEMP },
    { "too big", HTTP_TOO_BIG, VERDICT_TEMP },           { "not HTTP", HTTP_INVALID, VERDICT_TEMP },
    { "timed out", HTTP_TIMED_OUT, VERDICT_TIMEOUT },
};

START_TEST(verdict_of_no_answer)
{
    struct verdict verdict = verdict_of_failure(failures[_i].failure, "why");
    unit_expect(verdict.kind == failures[_i].kind, failures[_i].name);
    unit_expect_span(verdict.text, SPAN("why"), failures[_i].name);
    unit_expect(strcmp(verdict.warning, "why") == 0, failures[_i].name);
    unit_expect(!verdict.lacks_value, failures[_i].name);
}
END_TEST

static struct verdict judge_string_of(size_t n)
{
    char *body = mem_alloc(n + 3);

    memset(body, 'x', n + 2);
    body[0] = body[n + 1] = '"';
    struct verdict verdict = judge(200, span_text(body));
    mem_free(body);
    return verdict;
}

START_TEST(verdict_value_fits_the_reply_with_its_status_word)
{
    begin("max_reply_size = 2000;");
    ck_assert_int_eq(judge_string_of(1997).kind, VERDICT_FOUND);
    struct verdict verdict = judge_string_of(1998);
    ck_assert_int_eq(verdict.kind, VERDICT_PERM);
    unit_expect_span(verdict.text, SPAN("the value is too long"), "text");
    ck_assert_ptr_nonnull(verdict.warning);
    end();
}
END_TEST

START_TEST(verdict_warning_tells_a_missing_url_from_a_body_that_is_no_answer)
{
    begin("");
    ck_assert_ptr_nonnull(strstr(judge(404, SPAN("<html>")).warning, "the body is neither empty nor JSON"));
    end();
    begin("notfound_status = [];");
    ck_assert_ptr_nonnull(strstr(judge(404, SPAN("<html>")).warning, "set notfound_status"));
    end();
}
END_TEST

START_TEST(verdict_error_text_is_cut_at_a_character)
{
    char body[3 * VERDICT_ERROR_MAX_BYTES] = "{\"e\":\"x";

    for (int i = 0; i < VERDICT_ERROR_MAX_BYTES; i++)
        strcat(body, "\xc3\xa9");
    strcat(body, "\"}");
    begin("error_field = \"e\";");
    struct verdict verdict = judge(200, span_text(body));
    ck_assert_int_eq(verdict.kind, VERDICT_PERM);
    unit_expect_span(verdict.text, span_make(body + 6, VERDICT_ERROR_MAX_BYTES - 1), "text");
    end();
}
END_TEST

START_TEST(verdict_body_with_nul_is_not_json)
{
    begin("");
    ck_assert_int_eq(judge(200, SPAN("\"a\"\0")).kind, VERDICT_TEMP);
    ck_assert_int_eq(judge(200, SPAN("\0")).kind, VERDICT_TEMP);
    ck_assert_int_eq(judge(404, SPAN(" \0")).kind, VERDICT_PERM);
    end();
}
END_TEST

START_TEST(verdict_words_are_for_people)
{
    static const char *const words[] = { "found", "notfound", "denied", "temp", "timeout", "perm" };
    for (enum verdict_kind kind = VERDICT_FOUND; kind < VERDICT_KINDS; kind++)
        ck_assert_str_eq(verdict_word(kind), words[kind]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("verdict");

    fixture_add_loop(suite, "values", verdict_of_a_body, UNIT_ROWS(values));
    fixture_add_loop(suite, "statuses", verdict_of_a_status, UNIT_ROWS(statuses));
    fixture_add_loop(suite, "errors", verdict_of_an_error_field, UNIT_ROWS(errors));
    unit_add_loop(suite, "verdict_of_failure", verdict_of_no_answer, UNIT_ROWS(failures));
    fixture_add(suite, "verdict_of_answer",
                (const TTest *const[]){ verdict_value_fits_the_reply_with_its_status_word,
                                        verdict_error_text_is_cut_at_a_character, verdict_body_with_nul_is_not_json,
                                        verdict_warning_tells_a_missing_url_from_a_body_that_is_no_answer,
                                        verdict_words_are_for_people,
                                        verdict_without_the_member_is_doubtful_when_there_are_others, NULL });
    return unit_run(suite);
}
