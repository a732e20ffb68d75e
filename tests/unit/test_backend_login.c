#include "backend.h"

#include "backend_fixture.h"
#include "sasl.h"

#define BASIC    "auth_style = \"basic\";"
#define FORM     "auth_style = \"form\";"
#define TEMPLATE "auth_style = \"template\"; payload = { u = \"%{user}\"; p = \"%{password}\"; };"

#define ACCEPTED(headers) "HTTP/1.1 200 OK\r\n" headers "Content-Length: 0\r\n\r\n"
#define STATUS(status, headers) "HTTP/1.1 " status " x\r\n" headers "Content-Length: 0\r\n\r\n"

static const struct subject_login login = {
    .user = UNIT_BYTES("u@example.com"),
    .password = UNIT_BYTES("pass word"),
    .mechanism = UNIT_BYTES("PLAIN"),
    .service = UNIT_BYTES("smtp"),
    .rip = UNIT_BYTES("192.0.2.1"),
    .secured = true,
};

static struct backend_call *begin(const struct subject_login *asked)
{
    struct backend_question question = { .entry = fixture_login(fixture_config, "l"), .login = asked };

    ck_assert_ptr_null(backend_error(fixture_backend, question.entry));
    return backend_ask(fixture_backend, &question, fixture_note, NULL);
}

/* Asks, and waits for the verdict; name and password are gone before that. */
static void ask(struct span user, struct span password)
{
    int before = fixture_done;
    char *name = mem_copy(user.p, user.n), *secret = mem_copy(password.p, password.n);
    struct subject_login asked = login;

    asked.user = span_make(name, user.n);
    asked.password = span_make(secret, password.n);
    const struct backend_call *call = begin(&asked);
    memset(name, '#', user.n);
    memset(secret, '#', password.n);
    mem_free(name);
    mem_free(secret);
    ck_assert_int_eq(fixture_done, before + (call == NULL));
    fixture_until(&fixture_done, before + 1);
}

static void end_entry(void)
{
    backend_free(&fixture_backend);
    backend_shared_close(&fixture_shared);
    config_free(&fixture_config);
}

static void ask_as(const char *user)
{
    ask(span_text(user), login.password);
}

static const struct {
    const char *name;
    const char *path;
    const char *keys;
    const char *user, *password;
    const char *request; /* its beginning */
    const char *holds, *also;
} rendered[] = {
    { "json", "/a", "", "u@d", "p\"\\", "POST /a HTTP/1.1\r\n", "\r\nContent-Type: application/json\r\n",
      "\r\n\r\n{\"username\":\"u@d\",\"password\":\"p\\\"\\\\\",\"protocol\":\"smtp\",\"method\":\"plain\","
      "\"client_ip\":\"192.0.2.1\",\"ssl\":\"on\"}" },
    { "json, of the entry", "/", "protocol = \"submission\"; default_local_port = 587;", "\xC3\xBC", "\xE2\x82\xAC",
      "POST / HTTP/1.1\r\n", "",
      "{\"username\":\"\xC3\xBC\",\"password\":\"\xE2\x82\xAC\",\"protocol\":\"submission\",\"method\":\"plain\","
      "\"client_ip\":\"192.0.2.1\",\"local_port\":\"587\",\"ssl\":\"on\"}" },
    { "form", "/", FORM, "a b&c=d%", "\xC3\xBC+&password=", "POST / HTTP/1.1\r\n",
      "\r\nContent-Type: application/x-www-form-urlencoded\r\n",
      "\r\n\r\nusername=a%20b%26c%3Dd%25&password=%C3%BC%2B%26password%3D&protocol=smtp&method=plain&"
      "client_ip=192.0.2.1&ssl=on" },
    { "template", "/", TEMPLATE, "u", "p\"", "POST / HTTP/1.1\r\n", "", "\r\n\r\n{\"u\":\"u\",\"p\":\"p\\\"\"}" },
    { "Basic", "/", BASIC, "u@d", "pass", "GET / HTTP/1.1\r\n", "\r\nAuthorization: Basic dUBkOnBhc3M=\r\n", "" },
    { "Basic, a colon in the password", "/", BASIC, "u", "a:b:", "GET / HTTP/1.1\r\n",
      "\r\nAuthorization: Basic dTphOmI6\r\n", "" },
    { "Basic, UTF-8", "/", BASIC, "\xC3\xBC", "\xE2\x82\xAC", "GET / HTTP/1.1\r\n",
      "\r\nAuthorization: Basic w7w64oKs\r\n", "" },
    { "Basic, control bytes", "/", BASIC, "u", "\r\nX: 1", "GET / HTTP/1.1\r\n",
      "\r\nAuthorization: Basic dToNClg6IDE=\r\n", "" },
    { "Basic by PROPFIND", "/dav/", BASIC "method = \"PROPFIND\"; custom_headers = [ \"Depth: 0\" ];", "u", "p",
      "PROPFIND /dav/ HTTP/1.1\r\n", "\r\nAuthorization: Basic dTpw\r\n", "\r\nDepth: 0\r\n" },
    { "Basic with a payload", "/", BASIC "payload = \"[\\\"%{user}\\\"]\";", "u", "p", "POST / HTTP/1.1\r\n",
      "\r\nAuthorization: Basic dTpw\r\n", "\r\n\r\n[\"u\"]" },
    { "headers", "/", "custom_headers = [ \"X-User: <%{user}>\", \"X-Ip: %{rip}%{lip}\" ];", "u v", "p",
      "POST / HTTP/1.1\r\n", "\r\nX-User: <u v>\r\n", "\r\nX-Ip: 192.0.2.1\r\n" },
    { "headers beside http_auth_bearer", "/", "http_auth_bearer = \"t\"; custom_headers = \"X-S: %{service}\";", "u",
      "p", "POST / HTTP/1.1\r\n", "\r\nAuthorization: Bearer t\r\n", "\r\nX-S: smtp\r\n" },
    { "target", "/%{user}/%{mechanism}?ip=%{rip}", "", "a/b@d", "p", "POST /a%2Fb%40d/PLAIN?ip=192.0.2.1 HTTP/1.1\r\n",
      "", "" },
    { "dots in the query", "/?u=%{user}", "", "..", "p", "POST /?u=.. HTTP/1.1\r\n", "", "" },
    { "dots in a longer segment", "/%{user}", "", "..a", "p", "POST /..a HTTP/1.1\r\n", "", "" },
};

START_TEST(backend_request_of_a_login_is_made_from_its_entry)
{
    fixture_login_entry(rendered[_i].path, rendered[_i].keys);
    fixture_server.answer = ACCEPTED("");
    ask(span_text(rendered[_i].user), span_text(rendered[_i].password));
    ck_assert_msg(fixture_server.requests == 1, "%s: no request, %s %s", rendered[_i].name,
                  verdict_word(fixture_verdict.kind), fixture_log());
    fixture_expect(VERDICT_FOUND, rendered[_i].user);
    responder_expect_begin(&fixture_server, rendered[_i].request);
    ck_assert_msg(responder_got(&fixture_server, rendered[_i].holds), "%s: %s", rendered[_i].name,
                  fixture_server.request.p);
    ck_assert_msg(responder_got(&fixture_server, rendered[_i].also), "%s: %s", rendered[_i].name,
                  fixture_server.request.p);
}
END_TEST

static const struct {
    const char *name;
    const char *path;
    const char *keys;
    const char *user;
} suppressed[] = {
    { "colon", "/", BASIC, "u:v" },
    { "colon at the end", "/", BASIC, "u:" },
    { "colon alone", "/", BASIC, ":" },
    { "dot", "/users/%{user}", "", "." },
    { "two dots", "/users/%{user}", "", ".." },
    { "two dots before the query", "/users/%{user}?a=b", "", ".." },
    { "two dots in the middle", "/users/%{user}/auth", BASIC, ".." },
    { "two dots between slashes", "/users/%{user}", FORM, "a/../b" },
    { "two dots before a slash", "/users/%{user}", "", "../admin" },
    { "two dots between backslashes", "/users/%{user}", "", "a\\..\\b" },
    { "dots from text and name", "/users/.%{user}", "", "." },
    { "two dots behind a gap", "/%{session}/%{user}", "", ".." },
    { "two dots before a gap", "/%{user}/%{session}/", "", ".." },
};

START_TEST(backend_login_that_does_not_suit_is_denied_without_a_request)
{
    fixture_login_entry(suppressed[_i].path, suppressed[_i].keys);
    ask_as(suppressed[_i].user);
    unit_expect(fixture_verdict.kind == VERDICT_DENIED, suppressed[_i].name);
    ck_assert_str_eq(fixture_text, VERDICT_DENIED_TEXT);
    unit_expect(fixture_verdict.detail != NULL, suppressed[_i].name);
    fixture_turns(5);
    unit_expect(fixture_server.accepted == 0, suppressed[_i].name);
    unit_expect(fixture_log()[0] == '\0', suppressed[_i].name);
}
END_TEST

/* What the client does not tell, and the administrator counted on: nobody's password is wrong. */
START_TEST(backend_login_that_leaves_a_gap_is_temporary_without_a_request)
{
    static const char *const paths[] = { "/users/%{session}/auth", "/%{session}", "/%{rport}/%{user}",
                                         "/%{lip}%{lport}?u=%{user}", "/a/%{session}/" };

    for (int i = 0; i < UNIT_ROWS(paths); i++) {
        fixture_login_entry(paths[i], i % 2 == 0 ? "" : BASIC);
        ask_as("u");
        fixture_expect(VERDICT_PERM, "what is asked does not fit into the request");
        unit_expect(fixture_log_count(": what is asked does not fit into the request") == i + 1, paths[i]);
        end_entry();
    }
    fixture_turns(5);
    ck_assert_int_eq(fixture_server.accepted, 0);
    ck_assert_ptr_nonnull(strstr(fixture_log(), "warning: sasl=l, user=<u>, mechanism=PLAIN, client=[192.0.2.1]"));
    ck_assert_ptr_null(strstr(fixture_log(), "pass word"));
}
END_TEST

START_TEST(backend_login_goes_on_when_nothing_of_the_path_is_missing)
{
    struct subject_login asked = login;

    asked.session = SPAN("s/1");
    asked.rport = SPAN("40000");
    fixture_login_entry("//a/%{session}/%{rport}/?x=%{lport}", "");
    fixture_server.answer = ACCEPTED("");
    begin(&asked);
    fixture_until(&fixture_done, 1);
    fixture_expect(VERDICT_FOUND, "u@example.com");
    responder_expect_begin(&fixture_server, "POST //a/s%2F1/40000/?x= HTTP/1.1\r\n");
}
END_TEST

START_TEST(backend_login_is_found_as_the_account_of_the_service)
{
    fixture_login_entry("/", "");
    fixture_server.answer = ACCEPTED("auth-user: account@example.com\r\nAuth-Status: OK\r\n");
    ask_as("alias");
    fixture_expect(VERDICT_FOUND, "account@example.com");
    fixture_server.answer = ACCEPTED("");
    ask_as("alias");
    fixture_expect(VERDICT_FOUND, "alias");
    ck_assert_str_eq(fixture_log(), "");
}
END_TEST

START_TEST(backend_login_is_found_under_another_header)
{
    fixture_login_entry("/", "username_header = \"X-Account\";");
    fixture_server.answer = ACCEPTED("Auth-User: wrong\r\nX-Account: right\r\n");
    ask_as("alias");
    fixture_expect(VERDICT_FOUND, "right");
}
END_TEST

START_TEST(backend_login_without_a_header_is_found_as_the_name_given)
{
    fixture_login_entry("/", "username_header = \"\";");
    fixture_server.answer = ACCEPTED("Auth-User: other\r\n");
    ask_as("alias");
    fixture_expect(VERDICT_FOUND, "alias");
}
END_TEST

START_TEST(backend_login_with_an_empty_header_is_found_as_the_name_given)
{
    fixture_login_entry("/", "");
    fixture_server.answer = ACCEPTED("Auth-User:\r\n");
    ask_as("alias");
    fixture_expect(VERDICT_FOUND, "alias");
}
END_TEST

/* libcurl makes a header without a name of ": evil", and finds it by an empty one. */
START_TEST(backend_login_takes_nothing_from_a_header_without_a_name)
{
    fixture_login_entry("/", "username_header = \"\"; reason_header = \"\"; reason_to_client = true;");
    fixture_server.answer = ACCEPTED(": evil\r\n");
    ask_as("alias");
    fixture_expect(VERDICT_FOUND, "alias");
    fixture_server.answer = STATUS("403", ": evil\r\n");
    ask_as("alias");
    fixture_expect(VERDICT_DENIED, VERDICT_DENIED_TEXT);
    ck_assert_ptr_null(fixture_verdict.detail);
    ck_assert_str_eq(fixture_log(), "");
}
END_TEST

START_TEST(backend_login_is_denied_with_the_reason_for_the_log)
{
    fixture_login_entry("/", "");
    fixture_server.answer = STATUS("403", "Auth-Status: Invalid login or password\r\n");
    ask_as("u");
    fixture_expect(VERDICT_DENIED, VERDICT_DENIED_TEXT);
    ck_assert_str_eq(fixture_log(), "");
}
END_TEST

START_TEST(backend_login_is_denied_with_the_reason_for_the_client)
{
    fixture_login_entry("/", "reason_to_client = true;");
    fixture_server.answer = STATUS("403", "Auth-Status: blocked \xC3\xBC\r\n");
    ask_as("u");
    fixture_expect(VERDICT_DENIED, "blocked ??");
}
END_TEST

/* What the pages of the service or its network answer never means wrong credentials. */
START_TEST(backend_login_is_temporary_and_warned_of_otherwise)
{
    static const struct {
        const char *answer;
        enum verdict_kind kind;
        const char *warning;
    } rows[] = {
        { STATUS("403", ""), VERDICT_PERM, "reason_header" },
        { STATUS("401", ""), VERDICT_PERM, "http_auth_basic" },
        { STATUS("404", ""), VERDICT_PERM, "check target" },
        { STATUS("500", "Auth-Status: no\r\n"), VERDICT_TEMP, "an error of its own" },
        { STATUS("429", ""), VERDICT_TEMP, "come back later" },
        { ACCEPTED("Auth-User: a\x1Bz\r\n"), VERDICT_PERM, "the account in username_header" },
        { ACCEPTED("Auth-User: a\r\nauth-user: b\r\n"), VERDICT_PERM, "there is more than one username_header" },
        { "not HTTP\r\n\r\n", VERDICT_TEMP, "not valid HTTP" },
    };

    static const char about[] = "warning: sasl=l, user=<u>, mechanism=PLAIN, client=[192.0.2.1], peer=none, request=";

    fixture_login_entry("/", "");
    for (int i = 0; i < UNIT_ROWS(rows); i++) {
        fixture_server.answer = rows[i].answer;
        ask_as("u");
        unit_expect(fixture_verdict.kind == rows[i].kind, rows[i].answer);
        unit_expect(strstr(fixture_log(), rows[i].warning) != NULL, rows[i].answer);
        ck_assert_int_eq(fixture_log_count(about), i + 1);
    }
    ck_assert_ptr_null(strstr(fixture_log(), "pass word"));
}
END_TEST

/* To some a bare CR ends the line: the account, or the reason, would depend on who reads it. */
START_TEST(backend_login_with_a_bare_cr_in_the_answer_is_temporary)
{
    static const char *const answers[] = {
        ACCEPTED("Auth-User: admin\rx\r\n"),
        ACCEPTED("Auth-User: admin\r\r\n"),
        ACCEPTED("X-Other: a\rAuth-User: admin\r\n"),
        STATUS("403", "Auth-Status: no\rx\r\n"),
    };

    fixture_login_entry("/", "");
    for (int i = 0; i < UNIT_ROWS(answers); i++) {
        fixture_server.answer = answers[i];
        ask_as("u");
        fixture_expect(VERDICT_TEMP, "the backend's answer is not valid HTTP");
    }
    ck_assert_int_eq(fixture_log_count("the backend's answer is not valid HTTP"), 1);
}
END_TEST

START_TEST(backend_login_that_nobody_answers_is_a_timeout)
{
    fixture_login_entry("/", "");
    fixture_server.answer = NULL;
    begin(&login);
    while (fixture_server.requests == 0)
        fixture_turns(1);
    fixture_tick_ms = 0;
    fixture_move_clock(7000);
    fixture_turns(1);
    ck_assert_int_eq(fixture_done, 0);
    fixture_move_clock(1000);
    fixture_turns(1);
    ck_assert_int_eq(fixture_done, 1);
    fixture_expect(VERDICT_TIMEOUT, "the backend did not answer in time");
}
END_TEST

START_TEST(backend_login_that_is_cancelled_has_no_verdict)
{
    fixture_login_entry("/%{user}", BASIC);
    fixture_server.answer = NULL;
    for (int turns = 0; turns < 5; turns++) {
        struct backend_call *call = begin(&login);
        fixture_turns(turns);
        backend_cancel(call);
    }
    fixture_turns(5);
    ck_assert_int_eq(fixture_done, 0);
}
END_TEST

START_TEST(backend_login_of_the_greatest_size_arrives_whole)
{
    static char name[SASL_NAME_MAX_BYTES], password[SASL_PASSWORD_MAX_BYTES];

    memset(name, 'n', sizeof(name));
    memset(password, '\x01', sizeof(password));
    fixture_login_entry("/", "http = { max_response_size = 1024; };");
    fixture_server.answer = ACCEPTED("");
    ask(span_make(name, sizeof(name)), span_make(password, sizeof(password)));
    ck_assert_int_eq(fixture_verdict.kind, VERDICT_FOUND);
    ck_assert_uint_eq(strlen(fixture_text), sizeof(name));
    ck_assert_uint_gt(strlen(responder_body(&fixture_server)), sizeof(name) + 6 * sizeof(password));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("backend_login");

    fixture_add_backend(suite, "rendered",
                        (const TTest *const[]){ backend_request_of_a_login_is_made_from_its_entry, NULL },
                        UNIT_ROWS(rendered));
    fixture_add_backend(suite, "suppressed",
                        (const TTest *const[]){ backend_login_that_does_not_suit_is_denied_without_a_request, NULL },
                        UNIT_ROWS(suppressed));
    fixture_add_backend(suite, "verdicts",
                        (const TTest *const[]){ backend_login_that_leaves_a_gap_is_temporary_without_a_request,
                                                backend_login_goes_on_when_nothing_of_the_path_is_missing,
                                                backend_login_is_found_as_the_account_of_the_service,
                                                backend_login_is_found_under_another_header,
                                                backend_login_without_a_header_is_found_as_the_name_given,
                                                backend_login_with_an_empty_header_is_found_as_the_name_given,
                                                backend_login_takes_nothing_from_a_header_without_a_name,
                                                backend_login_is_denied_with_the_reason_for_the_log,
                                                backend_login_is_denied_with_the_reason_for_the_client,
                                                backend_login_is_temporary_and_warned_of_otherwise,
                                                backend_login_with_a_bare_cr_in_the_answer_is_temporary,
                                                backend_login_that_nobody_answers_is_a_timeout,
                                                backend_login_that_is_cancelled_has_no_verdict,
                                                backend_login_of_the_greatest_size_arrives_whole, NULL },
                        1);
    return unit_run(suite);
}
