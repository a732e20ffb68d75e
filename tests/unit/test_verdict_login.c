#include "verdict.h"

#include "config_fixture.h"
#include "sasl.h"

#define NONE     NULL
#define ANY_USER "given"
#define BASIC    "auth_style = \"basic\";"
#define FORM     "auth_style = \"form\";"
#define TEMPLATE "auth_style = \"template\"; payload = { u = \"%{user}\"; };"

#define LATER    "the backend asks to come back later"
#define REFUSES  "the backend refuses pfx"
#define REPORTS  "the backend reports an error of its own"
#define ODD      "the backend gives an unexpected status"
#define REDIRECT "the backend redirects"
#define NO_URL   "the backend does not know the URL"
#define UNUSABLE "the account is not usable"

#define CHECK_RIGHTS  "check http_auth_basic, http_auth_bearer and their rights"
#define CHECK_SECRETS "check http_auth_basic, http_auth_bearer and custom_headers"
#define CHECK_TARGET  "check target"
#define CHECK_BASIC   "check target and failure_status"

static struct config *config;
static struct buf memory;

static void begin(const char *keys)
{
    char *text = mem_format("dovecot_sasl = { l = { target = \"http://127.0.0.1:8/\"; %s }; };", keys);

    config = fixture_load_good_login(text);
    mem_free(text);
    buf_init(&memory, 1 << 20);
}

static void end(void)
{
    config_free(&config);
    buf_free(&memory);
}

static struct span header(const char *value)
{
    return value == NULL ? span_make(NULL, 0) : span_text(value);
}

static struct verdict judge_answer(const struct verdict_login *answer)
{
    return verdict_of_login(fixture_login(config, "l"), answer, &memory);
}

static struct verdict judge(int status, struct span account, struct span reason)
{
    return judge_answer(&(struct verdict_login){ .user = SPAN(ANY_USER), .status = status, .account = account,
                                                 .account_count = account.p != NULL, .reason = reason });
}

struct row {
    const char *name;
    const char *keys;
    int status;
    const char *account, *reason; /* headers of the answer */
    enum verdict_kind kind;
    const char *text;
    const char *warning; /* what it holds; NULL: there is none */
};

static const struct row json[] = {
    { "good, with an account", "", 200, "u@d", "OK", VERDICT_FOUND, "u@d", NULL },
    { "good, without one", "", 200, NONE, "OK", VERDICT_FOUND, ANY_USER, NULL },
    { "good, with an empty one", "", 200, "", "OK", VERDICT_FOUND, ANY_USER, NULL },
    { "good, without any header", "", 200, NONE, NONE, VERDICT_FOUND, ANY_USER, NULL },
    { "wrong", "", 403, NONE, "Invalid login or password", VERDICT_DENIED, VERDICT_DENIED_TEXT, NULL },
    { "wrong, with an account", "", 403, "u@d", "no", VERDICT_DENIED, VERDICT_DENIED_TEXT, NULL },
    { "wrong, the reason empty", "", 403, NONE, "", VERDICT_DENIED, VERDICT_DENIED_TEXT, NULL },
    { "403 of the back channel", "", 403, NONE, NONE, VERDICT_PERM, REFUSES, CHECK_RIGHTS },
    { "401 of the back channel", "", 401, NONE, NONE, VERDICT_PERM, REFUSES, CHECK_SECRETS },
    { "401 with a reason", "", 401, NONE, "no", VERDICT_PERM, REFUSES, CHECK_SECRETS },
    { "407", "", 407, NONE, NONE, VERDICT_PERM, REFUSES, CHECK_SECRETS },
    { "400", "", 400, NONE, NONE, VERDICT_PERM, ODD, "check target, method and payload" },
    { "404", "", 404, NONE, NONE, VERDICT_PERM, NO_URL, CHECK_TARGET },
    { "413", "", 413, NONE, NONE, VERDICT_PERM, ODD, CHECK_TARGET },
    { "415", "", 415, NONE, NONE, VERDICT_PERM, ODD, CHECK_TARGET },
    { "another 2xx", "", 204, "u@d", NONE, VERDICT_PERM, ODD, "add it to status_code" },
    { "301", "", 301, NONE, NONE, VERDICT_PERM, REDIRECT, "put the final URL into target" },
    { "308", "", 308, NONE, NONE, VERDICT_PERM, REDIRECT, "put the final URL into target" },
    { "408", "", 408, NONE, NONE, VERDICT_TEMP, LATER, LATER },
    { "429", "", 429, NONE, "no", VERDICT_TEMP, LATER, LATER },
    { "500 with a reason", "", 500, "u@d", "no", VERDICT_TEMP, REPORTS, REPORTS },
    { "503", "", 503, NONE, NONE, VERDICT_TEMP, REPORTS, REPORTS },
    { "no reason header wanted", "reason_header = \"\";", 403, NONE, NONE, VERDICT_DENIED, VERDICT_DENIED_TEXT, NULL },
    { "other statuses", "failure_status = [400, 401];", 401, NONE, "no", VERDICT_DENIED, VERDICT_DENIED_TEXT, NULL },
    { "other statuses, no reason", "failure_status = [400, 401];", 400, NONE, NONE, VERDICT_PERM, REFUSES,
      CHECK_RIGHTS },
    { "other statuses, 403", "failure_status = [400, 401];", 403, NONE, "no", VERDICT_PERM, REFUSES, CHECK_SECRETS },
    { "another good status", "status_code = [200, 204];", 204, NONE, NONE, VERDICT_FOUND, ANY_USER, NULL },
};

static const struct row others[] = {
    { "basic, good", BASIC, 200, NONE, NONE, VERDICT_FOUND, ANY_USER, NULL },
    { "basic, good, with an account", BASIC, 200, "u@d", NONE, VERDICT_FOUND, "u@d", NULL },
    { "basic, PROPFIND", BASIC "status_code = 207;", 207, NONE, NONE, VERDICT_FOUND, ANY_USER, NULL },
    { "basic, 200 when 207 is wanted", BASIC "status_code = 207;", 200, NONE, NONE, VERDICT_PERM, ODD, CHECK_TARGET },
    { "basic, wrong", BASIC, 401, NONE, NONE, VERDICT_DENIED, VERDICT_DENIED_TEXT, NULL },
    { "basic, 403", BASIC, 403, NONE, NONE, VERDICT_PERM, REFUSES, CHECK_BASIC },
    { "basic, 403 with a reason", BASIC, 403, NONE, "no", VERDICT_PERM, REFUSES, CHECK_BASIC },
    { "basic, 403 when it is listed", BASIC "failure_status = [401, 403];", 403, NONE, NONE, VERDICT_DENIED,
      VERDICT_DENIED_TEXT, NULL },
    { "basic, 404", BASIC, 404, NONE, NONE, VERDICT_PERM, NO_URL, CHECK_TARGET },
    { "basic, 302", BASIC, 302, NONE, NONE, VERDICT_PERM, REDIRECT, "target" },
    { "basic, 429", BASIC, 429, NONE, NONE, VERDICT_TEMP, LATER, LATER },
    { "basic, 503", BASIC, 503, NONE, NONE, VERDICT_TEMP, REPORTS, REPORTS },
    { "form, good", FORM, 200, NONE, NONE, VERDICT_FOUND, ANY_USER, NULL },
    { "form, 401", FORM, 401, NONE, NONE, VERDICT_DENIED, VERDICT_DENIED_TEXT, NULL },
    { "form, 403", FORM, 403, NONE, NONE, VERDICT_DENIED, VERDICT_DENIED_TEXT, NULL },
    { "form, 400", FORM, 400, NONE, NONE, VERDICT_PERM, ODD, CHECK_TARGET },
    { "form, 303", FORM, 303, NONE, NONE, VERDICT_PERM, REDIRECT, "target" },
    { "form, 500", FORM, 500, NONE, NONE, VERDICT_TEMP, REPORTS, REPORTS },
    { "template, good", TEMPLATE, 200, "u@d", NONE, VERDICT_FOUND, "u@d", NULL },
    { "template, 401", TEMPLATE, 401, NONE, NONE, VERDICT_DENIED, VERDICT_DENIED_TEXT, NULL },
    { "template, 403", TEMPLATE, 403, NONE, NONE, VERDICT_DENIED, VERDICT_DENIED_TEXT, NULL },
    { "template, 407", TEMPLATE, 407, NONE, NONE, VERDICT_PERM, REFUSES, CHECK_SECRETS },
    { "template, 404", TEMPLATE, 404, NONE, NONE, VERDICT_PERM, NO_URL, CHECK_TARGET },
    { "template, 502", TEMPLATE, 502, NONE, NONE, VERDICT_TEMP, REPORTS, REPORTS },
};

static void check(const struct row *row)
{
    begin(row->keys);
    struct verdict verdict = judge(row->status, header(row->account), header(row->reason));
    ck_assert_msg(verdict.kind == row->kind, "%s: verdict %s", row->name, verdict_word(verdict.kind));
    unit_expect_span(verdict.text, span_text(row->text), row->name);
    unit_expect((verdict.warning == NULL) == (row->warning == NULL), row->name);
    if (row->warning != NULL)
        unit_expect(strstr(verdict.warning, row->warning) != NULL, row->name);
    end();
}

START_TEST(verdict_of_a_login_by_json)
{
    check(&json[_i]);
}
END_TEST

START_TEST(verdict_of_a_login_otherwise)
{
    check(&others[_i]);
}
END_TEST

static const struct {
    const char *name;
    struct span account;
} unusable[] = {
    { "line feed", UNIT_BYTES("u\nOK\t2\tuser=root") }, { "carriage return", UNIT_BYTES("u\r") },
    { "tab", UNIT_BYTES("u\tv") },                      { "NUL", UNIT_BYTES("u\0v") },
    { "escape", UNIT_BYTES("\x1B[0m") },                { "0x01", UNIT_BYTES("\x01") },
    { "DEL", UNIT_BYTES("u\x7F") },                     { "Latin-1", UNIT_BYTES("caf\xE9") },
    { "overlong", UNIT_BYTES("\xC0\xAF") },
};

START_TEST(verdict_of_an_account_that_cannot_be_told_is_temporary)
{
    begin("");
    struct verdict verdict = judge(200, unusable[_i].account, SPAN("OK"));
    unit_expect(verdict.kind == VERDICT_PERM, unusable[_i].name);
    unit_expect_span(verdict.text, SPAN(UNUSABLE), unusable[_i].name);
    unit_expect(strstr(verdict.warning, "the account in username_header") != NULL, unusable[_i].name);
    end();
}
END_TEST

/* Which one counts, is not for the order of headers to say. A refusal needs none. */
START_TEST(verdict_of_several_accounts_is_temporary)
{
    begin("");
    for (size_t count = 0; count < 4; count++) {
        struct verdict_login answer = { .user = SPAN(ANY_USER), .status = 200, .account_count = count,
                                        .account = count == 0 ? span_make(NULL, 0) : SPAN("u@d") };
        struct verdict verdict = judge_answer(&answer);
        if (count > 1) {
            ck_assert_int_eq(verdict.kind, VERDICT_PERM);
            unit_expect_span(verdict.text, SPAN(UNUSABLE), "several");
            ck_assert_str_eq(verdict.warning, "there is more than one username_header");
        } else {
            unit_expect_span(verdict.text, count == 0 ? SPAN(ANY_USER) : SPAN("u@d"), "one or none");
        }
        answer.status = 403;
        answer.reason = SPAN("no");
        ck_assert_int_eq(judge_answer(&answer).kind, VERDICT_DENIED);
    }
    end();
}
END_TEST

START_TEST(verdict_of_the_longest_account)
{
    static char account[SASL_NAME_MAX_BYTES + 1];

    begin("");
    memset(account, 'a', sizeof(account));
    struct verdict verdict = judge(200, span_make(account, SASL_NAME_MAX_BYTES), SPAN("OK"));
    ck_assert_int_eq(verdict.kind, VERDICT_FOUND);
    unit_expect_span(verdict.text, span_make(account, SASL_NAME_MAX_BYTES), "longest");
    ck_assert_int_eq(judge(200, span_make(account, sizeof(account)), SPAN("OK")).kind, VERDICT_PERM);
    end();
}
END_TEST

/* The buffer is as big as max_response_size of the entry, which may be as little as this. */
START_TEST(verdict_of_a_login_fits_the_smallest_answer)
{
    static char account[SASL_NAME_MAX_BYTES];

    begin("http = { max_response_size = 1024; };");
    buf_init(&memory, (size_t)fixture_login(config, "l")->http.max_response_bytes);
    memset(account, 'a', sizeof(account));
    struct verdict verdict = judge(200, span_make(account, sizeof(account)), SPAN("OK"));
    unit_expect_span(verdict.text, span_make(account, sizeof(account)), "longest");
    end();
}
END_TEST

START_TEST(verdict_account_may_be_utf8)
{
    begin("");
    unit_expect_span(judge(200, SPAN("\xC3\xBC ser"), SPAN("OK")).text, SPAN("\xC3\xBC ser"), "account");
    end();
}
END_TEST

START_TEST(verdict_reason_is_for_the_log)
{
    begin("");
    struct verdict verdict = judge(403, header(NONE), SPAN("blocked by policy"));
    unit_expect_span(verdict.text, SPAN(VERDICT_DENIED_TEXT), "text");
    ck_assert_str_eq(verdict.detail, "blocked by policy");
    ck_assert_ptr_null(judge(403, header(NONE), SPAN("")).detail);
    end();
}
END_TEST

START_TEST(verdict_reason_goes_to_the_client_when_asked)
{
    begin("reason_to_client = true;");
    unit_expect_span(judge(403, header(NONE), SPAN("blocked by policy")).text, SPAN("blocked by policy"), "reason");
    unit_expect_span(judge(403, header(NONE), SPAN("")).text, SPAN(VERDICT_DENIED_TEXT), "empty");
    unit_expect_span(judge(401, header(NONE), SPAN("a secret")).text, SPAN(REFUSES), "another status");
    end();
}
END_TEST

START_TEST(verdict_reason_is_printable_ascii)
{
    begin("reason_to_client = true;");
    struct verdict verdict = judge(403, header(NONE), SPAN("a\r\n\tb\0c\x7F\xC3\xBC~ !"));
    unit_expect_span(verdict.text, SPAN("a???b?c???~ !"), "reason");
    ck_assert_str_eq(verdict.detail, "a???b?c???~ !");
    end();
}
END_TEST

START_TEST(verdict_reason_is_cut)
{
    char reason[VERDICT_ERROR_MAX_BYTES + 1];

    begin("reason_to_client = true;");
    memset(reason, 'r', sizeof(reason));
    unit_expect_span(judge(403, header(NONE), span_make(reason, sizeof(reason))).text,
                     span_make(reason, VERDICT_ERROR_MAX_BYTES), "one byte more");
    unit_expect_span(judge(403, header(NONE), span_make(reason, VERDICT_ERROR_MAX_BYTES)).text,
                     span_make(reason, VERDICT_ERROR_MAX_BYTES), "longest");
    end();
}
END_TEST

START_TEST(verdict_reason_without_its_header_is_constant)
{
    begin(FORM "reason_to_client = true; reason_header = \"\";");
    unit_expect_span(judge(401, header(NONE), header(NONE)).text, SPAN(VERDICT_DENIED_TEXT), "text");
    end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("verdict_login");

    fixture_add_loop(suite, "json", verdict_of_a_login_by_json, UNIT_ROWS(json));
    fixture_add_loop(suite, "other styles", verdict_of_a_login_otherwise, UNIT_ROWS(others));
    fixture_add_loop(suite, "unusable accounts", verdict_of_an_account_that_cannot_be_told_is_temporary,
                     UNIT_ROWS(unusable));
    fixture_add(suite, "accounts",
                (const TTest *const[]){ verdict_of_several_accounts_is_temporary, verdict_of_the_longest_account,
                                        verdict_of_a_login_fits_the_smallest_answer,
                                        verdict_account_may_be_utf8, NULL });
    fixture_add(suite, "reasons",
                (const TTest *const[]){ verdict_reason_is_for_the_log, verdict_reason_goes_to_the_client_when_asked,
                                        verdict_reason_is_printable_ascii, verdict_reason_is_cut,
                                        verdict_reason_without_its_header_is_constant, NULL });
    return unit_run(suite);
}
