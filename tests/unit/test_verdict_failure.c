#include "verdict.h"

#include "config_fixture.h"

#define MAP    "socket_maps = { e = { target = \"http://h/%s\"; value_field = \"v\"; error_field = \"e\"; } ; };"
#define NEEDED "socket_maps = { e = { target = \"http://h/%s\"; value_field = \"v\"; value_required = true; }; };"
#define SHORT  "socket_maps = { e = { target = \"http://h/%s\"; value_field = \"v\"; max_reply_size = 2048; }; };"
#define POLICY "policy_services = { e = { target = \"http://h/\"; value_field = \"v\"; }; };"
#define TEN(x)     x x x x x x x x x x
#define LONG_VALUE TEN(TEN("12345678901234567890123"))

/* May an older answer stand in? */
static const struct {
    const char *name;
    const char *config;
    int status;
    const char *body;
    enum verdict_kind kind;
    bool is_failure;
} answers[] = {
    { "value", MAP, 200, "{\"v\":\"x\"}", VERDICT_FOUND, false },
    { "action", POLICY, 200, "{\"v\":\"REJECT\"}", VERDICT_FOUND, false },
    { "204", MAP, 204, "", VERDICT_NOTFOUND, false },
    { "404 with a placeholder in target", MAP, 404, "", VERDICT_NOTFOUND, false },
    { "404 and JSON", MAP, 404, "{}", VERDICT_NOTFOUND, false },
    { "empty body", MAP, 200, "", VERDICT_NOTFOUND, false },
    { "null", MAP, 200, "{\"v\":null}", VERDICT_NOTFOUND, false },
    { "empty value", MAP, 200, "{\"v\":\"\"}", VERDICT_NOTFOUND, false },
    { "no member", MAP, 200, "{}", VERDICT_NOTFOUND, false },
    { "null though required", NEEDED, 200, "{\"v\":null}", VERDICT_NOTFOUND, false },
    { "no action", POLICY, 200, "{}", VERDICT_NOTFOUND, false },
    { "error_field", MAP, 200, "{\"e\":\"no\"}", VERDICT_PERM, false },
    { "error_field and a value", MAP, 200, "{\"e\":\"no\",\"v\":\"x\"}", VERDICT_PERM, false },
    { "error_field, no text", MAP, 200, "{\"e\":{}}", VERDICT_PERM, false },
    { "500", MAP, 500, "", VERDICT_TEMP, true },
    { "501", MAP, 501, "", VERDICT_TEMP, true },
    { "502", MAP, 502, "", VERDICT_TEMP, true },
    { "503", MAP, 503, "", VERDICT_TEMP, true },
    { "504", POLICY, 504, "", VERDICT_TEMP, true },
    { "599", MAP, 599, "{\"v\":\"x\"}", VERDICT_TEMP, true },
    { "408", MAP, 408, "", VERDICT_TEMP, true },
    { "425", MAP, 425, "", VERDICT_TEMP, true },
    { "429", MAP, 429, "", VERDICT_TEMP, true },
    { "not JSON", MAP, 200, "<html>", VERDICT_TEMP, true },
    { "not UTF-8", MAP, 200, "{\"v\":\"\xFF\"}", VERDICT_TEMP, true },
    { "member twice", MAP, 200, "{\"v\":1,\"v\":2}", VERDICT_TEMP, true },
    { "NUL", MAP, 200, "{\"v\":\"a\\u0000b\"}", VERDICT_TEMP, true },
    { "201", MAP, 201, "{\"v\":\"x\"}", VERDICT_PERM, true },
    { "301", MAP, 301, "", VERDICT_PERM, true },
    { "400", MAP, 400, "", VERDICT_PERM, true },
    { "401", MAP, 401, "", VERDICT_PERM, true },
    { "403", POLICY, 403, "", VERDICT_PERM, true },
    { "407", MAP, 407, "", VERDICT_PERM, true },
    { "410", MAP, 410, "", VERDICT_PERM, true },
    { "404 of a proxy", MAP, 404, "<html>", VERDICT_PERM, true },
    { "404 of a policy", POLICY, 404, "", VERDICT_PERM, true },
    { "value missing though required", NEEDED, 200, "{}", VERDICT_PERM, true },
    { "line feed", MAP, 200, "{\"v\":\"a\\nb\"}", VERDICT_PERM, false },
    { "carriage return", MAP, 200, "{\"v\":\"a\\rb\"}", VERDICT_PERM, false },
    { "too long", SHORT, 200, "{\"v\":\"" LONG_VALUE "\"}", VERDICT_PERM, false },
    { "an object", MAP, 200, "{\"v\":{}}", VERDICT_PERM, false },
    { "unknown action", POLICY, 200, "{\"v\":\"ACCEPT\"}", VERDICT_PERM, false },
    { "digits alone", POLICY, 200, "{\"v\":554}", VERDICT_PERM, false },
    { "leading space", POLICY, 200, "{\"v\":\" OK\"}", VERDICT_PERM, false },
};

START_TEST(verdict_is_failure_when_the_backend_did_not_do_its_work)
{
    fixture_write_expanded("pfx.cfg", answers[_i].config);
    struct config *config = fixture_expect_good(fixture_load_for(CONFIG_SOCKET_MAPS));
    const struct config_entry *entry = config_find(config, CONFIG_SOCKET_MAPS, SPAN("e"));
    struct buf memory;

    if (entry == NULL)
        entry = config_find(config, CONFIG_POLICY_SERVICES, SPAN("e"));
    buf_init(&memory, 1 << 20);
    const struct template_values asked = { .key = SPAN("key") };
    struct verdict verdict = verdict_of_answer(entry, &asked, answers[_i].status, span_text(answers[_i].body),
                                               &memory);
    ck_assert_msg(verdict.kind == answers[_i].kind, "%s: %s", answers[_i].name, verdict_word(verdict.kind));
    unit_expect(verdict.is_failure == answers[_i].is_failure, answers[_i].name);
    buf_free(&memory);
    config_free(&config);
}
END_TEST

static const struct {
    enum http_failure failure;
    enum verdict_kind kind;
} failures[] = {
    { HTTP_NOT_RESOLVED, VERDICT_TEMP }, { HTTP_NOT_CONNECTED, VERDICT_TEMP }, { HTTP_TLS_FAILED, VERDICT_TEMP },
    { HTTP_RESET, VERDICT_TEMP },        { HTTP_TOO_BIG, VERDICT_TEMP },       { HTTP_TIMED_OUT, VERDICT_TIMEOUT },
    { HTTP_INVALID, VERDICT_TEMP },
};

START_TEST(verdict_of_no_answer_is_a_failure)
{
    const char *reason = http_failure_reason(failures[_i].failure);
    struct verdict verdict = verdict_of_failure(failures[_i].failure, reason);

    unit_expect(verdict.is_failure, reason);
    unit_expect(verdict.kind == failures[_i].kind, reason);
    unit_expect(verdict.is_unanswered == (failures[_i].failure != HTTP_TOO_BIG), reason);
    unit_expect_span(verdict.text, span_text(reason), reason);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("verdict_failure");

    fixture_add_loop(suite, "answers", verdict_is_failure_when_the_backend_did_not_do_its_work, UNIT_ROWS(answers));
    fixture_add_loop(suite, "failures", verdict_of_no_answer_is_a_failure, UNIT_ROWS(failures));
    return unit_run(suite);
}
