#include "config_fixture.h"

#define TARGET "target = \"http://h/\";"
#define LOGIN(keys) "dovecot_sasl = { l = { " TARGET " " keys " }; };"
#define BASIC "auth_style = \"basic\";"
#define FORM "auth_style = \"form\";"
#define TEMPLATE "auth_style = \"template\";"

START_TEST(config_load_gives_a_login_its_defaults)
{
    struct config *config = fixture_load_good_login(LOGIN(""));
    const struct config_entry *l = fixture_login(config, "l");

    ck_assert_int_eq(l->section, CONFIG_DOVECOT_SASL);
    ck_assert_ptr_null(l->error);
    ck_assert_int_eq(l->auth_style, CONFIG_AUTH_JSON);
    ck_assert_uint_eq(l->mechanisms.count, 2);
    ck_assert_str_eq(l->mechanisms.item[0], "PLAIN");
    ck_assert_str_eq(l->mechanisms.item[1], "LOGIN");
    ck_assert_str_eq(l->username_header, "Auth-User");
    ck_assert_str_eq(l->reason_header, "Auth-Status");
    ck_assert(!l->reason_to_client);
    ck_assert_str_eq(l->protocol, "");
    ck_assert_int_eq(l->default_local_port, 0);
    ck_assert_int_eq(l->tempfail, CONFIG_TEMPFAIL_AUTO);
    ck_assert_int_eq(l->http.timeout_ms, 8000);
    ck_assert_ptr_null(l->authorization);
    ck_assert(!l->request_compression && !l->response_compression);
    ck_assert_uint_eq(l->notfound_status.count, 0);
    config_free(&config);
}
END_TEST

START_TEST(config_load_reads_the_keys_of_a_login)
{
    struct config *config = fixture_load_good_login(
        "dovecot_sasl = { l = { target = \"https://h:8443/%{user}?s=%{service}%%\"; method = \"POST\";\n"
        " custom_headers = [ \"X-Ip: %{rip}\", \"Depth: 0\" ]; http_auth_bearer = \"token\";\n"
        " http_request_compression = true; http_response_compression = true;\n"
        " http = { timeout = \"9s\"; ip_version = \"6\"; }; tls = { min_version = \"1.3\"; };\n"
        " status_code = [ 200, 204 ]; failure_status = [ 401, 422 ]; username_header = \"X-Account\";\n"
        " reason_header = \"X-Why\"; reason_to_client = true; protocol = \"submission\"; default_local_port = 65535;\n"
        " mechanisms = [ \"LOGIN\" ]; tempfail = \"disconnect\"; }; };");
    const struct config_entry *l = fixture_login(config, "l");

    ck_assert_str_eq(l->targets[0].origin, "https://h:8443");
    ck_assert_str_eq(l->method, "POST");
    ck_assert_uint_eq(l->header_count, 2);
    ck_assert_str_eq(l->authorization, "Bearer token");
    ck_assert(l->request_compression && l->response_compression && l->reason_to_client);
    ck_assert_int_eq(l->http.timeout_ms, 9000);
    ck_assert_int_eq(l->http.ip_version, CONFIG_IP_6);
    ck_assert_int_eq(l->tls.min_version, CONFIG_TLS_1_3);
    ck_assert(config_has_status(&l->status_code, 204) && config_has_status(&l->failure_status, 422));
    ck_assert_str_eq(l->username_header, "X-Account");
    ck_assert_str_eq(l->reason_header, "X-Why");
    ck_assert_str_eq(l->protocol, "submission");
    ck_assert_int_eq(l->default_local_port, 65535);
    ck_assert_uint_eq(l->mechanisms.count, 1);
    ck_assert_str_eq(l->mechanisms.item[0], "LOGIN");
    ck_assert_int_eq(l->tempfail, CONFIG_TEMPFAIL_DISCONNECT);
    config_free(&config);
}
END_TEST

START_TEST(config_load_lets_a_login_inherit_its_defaults)
{
    struct config *config = fixture_load_good_login(
        "dovecot_sasl = { defaults = { " TARGET " mechanisms = \"PLAIN\"; tempfail = \"fail\";\n"
        "  username_header = \"\"; http_auth_basic = \"a:b\"; default_local_port = 25;\n"
        "  http = { timeout = \"3s\"; }; };\n"
        " a = { }; b = { mechanisms = [ \"LOGIN\", \"PLAIN\" ]; tempfail = \"auto\"; http_auth_bearer = \"t\"; }; };");
    const struct config_entry *a = fixture_login(config, "a"), *b = fixture_login(config, "b");

    ck_assert_uint_eq(a->mechanisms.count, 1);
    ck_assert_int_eq(a->tempfail, CONFIG_TEMPFAIL_FAIL);
    ck_assert_str_eq(a->username_header, "");
    ck_assert_str_eq(a->authorization, "Basic YTpi");
    ck_assert_int_eq(a->default_local_port, 25);
    ck_assert_int_eq(a->http.timeout_ms, 3000);
    ck_assert_str_eq(b->mechanisms.item[0], "LOGIN");
    ck_assert_int_eq(b->tempfail, CONFIG_TEMPFAIL_AUTO);
    ck_assert_str_eq(b->authorization, "Bearer t");
    config_free(&config);
}
END_TEST

static const struct {
    const char *name;
    const char *keys;
    const char *method;
    const char *content_type; /* NULL: there is no body */
    enum template_what first; /* of the body */
    const char *failures;
} styles[] = {
    { "json", "", "POST", "application/json", TEMPLATE_ATTRIBUTES, "403" },
    { "json, said", "auth_style = \"json\";", "POST", "application/json", TEMPLATE_ATTRIBUTES, "403" },
    { "json, its method said", "method = \"POST\";", "POST", "application/json", TEMPLATE_ATTRIBUTES, "403" },
    { "json, no payload", "payload = \"\";", "POST", "application/json", TEMPLATE_ATTRIBUTES, "403" },
    { "form", FORM, "POST", "application/x-www-form-urlencoded", TEMPLATE_FORM, "401 403" },
    { "basic", BASIC, "GET", NULL, TEMPLATE_TEXT, "401" },
    { "basic, no payload", BASIC "payload = \"\";", "GET", NULL, TEMPLATE_TEXT, "401" },
    { "basic, PROPFIND", BASIC "method = \"PROPFIND\";", "PROPFIND", NULL, TEMPLATE_TEXT, "401" },
    { "basic with a payload", BASIC "payload = { u = \"%{user}\"; };", "POST", "application/json", TEMPLATE_TEXT,
      "401" },
    { "template", TEMPLATE "payload = \"[\\\"%{password}\\\"]\";", "POST", "application/json", TEMPLATE_TEXT,
      "401 403" },
    { "template, another method", TEMPLATE "payload = \"{}\"; method = \"PUT\";", "PUT", "application/json",
      TEMPLATE_TEXT, "401 403" },
    { "template, a form", TEMPLATE "payload = \"%{user}\"; content_type = \"application/x-www-form-urlencoded\";",
      "POST", "application/x-www-form-urlencoded", TEMPLATE_ATTRIBUTE, "401 403" },
    { "template, a group", TEMPLATE "payload = { p = \"%{password}\"; };", "POST", "application/json", TEMPLATE_TEXT,
      "401 403" },
    { "other failures", FORM "failure_status = 400;", "POST", "application/x-www-form-urlencoded", TEMPLATE_FORM,
      "400" },
};

START_TEST(config_load_settles_what_the_style_of_a_login_decides)
{
    char *text = mem_format("dovecot_sasl = { l = { " TARGET " %s }; };", styles[_i].keys);
    struct config *config = fixture_load_good_login(text);
    const struct config_entry *l = fixture_login(config, "l");
    char failures[20] = "";

    for (size_t i = 0; i < l->failure_status.count; i++)
        snprintf(failures + strlen(failures), sizeof(failures) - strlen(failures), "%s%d", i == 0 ? "" : " ",
                 l->failure_status.item[i]);
    ck_assert_msg(strcmp(failures, styles[_i].failures) == 0, "%s: %s", styles[_i].name, failures);
    ck_assert_msg(strcmp(l->method, styles[_i].method) == 0, "%s: %s", styles[_i].name, l->method);
    unit_expect((l->payload.count > 0) == (styles[_i].content_type != NULL), styles[_i].name);
    if (l->payload.count > 0) {
        unit_expect(l->payload.pieces[0].what == styles[_i].first, styles[_i].name);
        unit_expect(strcmp(l->content_type, styles[_i].content_type) == 0, styles[_i].name);
    }
    config_free(&config);
    mem_free(text);
}
END_TEST

START_TEST(config_load_cuts_an_inherited_timeout_with_one_warning)
{
    struct config *config = fixture_load_login("http = { timeout = \"30s\"; };\n" LOGIN(""));
    const struct config_entry *l = fixture_login(config, "l");

    ck_assert_ptr_null(l->error);
    ck_assert_int_eq(l->http.timeout_ms, 9000);
    ck_assert_uint_eq(config->problem_count, 1);
    ck_assert(!config->problems[0].is_error);
    ck_assert_ptr_nonnull(strstr(config->problems[0].text, "dovecot_sasl.l: http.timeout of top level is cut to 9s"));
    config_free(&config);
}
END_TEST

static const struct {
    const char *keys;
    bool warns;
} credentials[] = {
    { FORM "http_auth_basic = \"a:b\";", true },
    { FORM "http_auth_bearer = \"a\";", true },
    { FORM "custom_headers = [\"Authorization: a\"];", true },
    { FORM "http_auth_basic = \"a:b\"; failure_status = 403;", false },
    { FORM "http_auth_basic = \"a:b\"; failure_status = 401;", false },
    { FORM, false },
    { "http_auth_basic = \"a:b\";", false },
};

START_TEST(config_load_warns_where_401_may_be_about_the_credentials_of_pfx)
{
    char *text = mem_format(LOGIN("%s"), credentials[_i].keys);
    struct config *config = fixture_load_login(text);

    ck_assert_ptr_null(fixture_login(config, "l")->error);
    ck_assert_uint_eq(config->problem_count, credentials[_i].warns);
    if (credentials[_i].warns)
        ck_assert_ptr_nonnull(strstr(config->problems[0].text, "a 401 means wrong name or password"));
    config_free(&config);
    mem_free(text);
}
END_TEST

static const struct {
    const char *name;
    const char *top;
    const char *defaults;
    const char *entry;
    int64_t timeout_ms;
} timeouts[] = {
    { "default", "", "", "", 8000 },
    { "of a group without it", "http = { ip_version = \"4\"; };", "", "", 8000 },
    { "of top level", "http = { timeout = \"5s\"; };", "", "", 5000 },
    { "of top level, the most", "http = { timeout = \"9s\"; };", "", "", 9000 },
    { "of defaults", "", "http = { timeout = \"9s\"; };", "", 9000 },
    { "of the entry", "", "http = { timeout = \"9s\"; };", "http = { timeout = \"2s\"; };", 2000 },
    { "too long at top level only", "http = { timeout = \"30s\"; };", "http = { timeout = \"7s\"; };", "", 7000 },
    { "too long at top level, own", "http = { timeout = \"30s\"; };", "", "http = { timeout = \"7s\"; };", 7000 },
};

START_TEST(config_load_finds_the_timeout_of_a_login)
{
    char *text = mem_format("%s dovecot_sasl = { defaults = { %s }; l = { " TARGET " %s }; };", timeouts[_i].top,
                            timeouts[_i].defaults, timeouts[_i].entry);
    struct config *config = fixture_load_good_login(text);

    ck_assert_msg(fixture_login(config, "l")->http.timeout_ms == timeouts[_i].timeout_ms, "%s", timeouts[_i].name);
    config_free(&config);
    mem_free(text);
}
END_TEST

START_TEST(config_load_leaves_the_time_of_other_sections)
{
    struct config *config = fixture_load_good("socket_maps = { m = { target = \"http://m/\"; }; };\n" LOGIN(""));

    ck_assert_int_eq(fixture_map(config, "m")->http.timeout_ms, 5000);
    ck_assert_int_eq(fixture_login(config, "l")->http.timeout_ms, 8000);
    config_free(&config);
}
END_TEST

/* The file of the secret is a FIFO: opening it to read would wait for ever. */
START_TEST(config_load_for_another_daemon_reads_no_secret_of_a_login)
{
    char *path = fixture_path("fifo");

    ck_assert_int_eq(mkfifo(path, 0600), 0);
    struct config *config = fixture_load_good(LOGIN("http_auth_bearer = { file = \"$DIR/fifo\"; };"));
    ck_assert_ptr_null(fixture_login(config, "l")->authorization);
    config_free(&config);
    config = fixture_load_for(CONFIG_POLICY_SERVICES);
    ck_assert_uint_eq(config->problem_count, 0);
    config_free(&config);
    mem_free(path);
}
END_TEST

START_TEST(config_load_for_a_login_reads_its_own_secrets_only)
{
    char *path = fixture_path("fifo");

    ck_assert_int_eq(mkfifo(path, 0600), 0);
    fixture_write("s", "token\n");
    struct config *config = fixture_load_good_login(
        "socket_maps = { m = { target = \"http://h/\"; http_auth_bearer = { file = \"$DIR/fifo\"; }; }; };\n"
        LOGIN("http_auth_bearer = { file = \"$DIR/s\"; };"));
    ck_assert_ptr_null(fixture_map(config, "m")->authorization);
    ck_assert_str_eq(fixture_login(config, "l")->authorization, "Bearer token");
    config_free(&config);
    mem_free(path);
}
END_TEST

START_TEST(config_load_for_a_map_warns_once_of_mistakes_in_dovecot_sasl)
{
    struct config *config = fixture_load("http = { timeout = \"30s\"; };\n"
                                         "socket_maps = { m = { target = \"http://m/\"; }; };\n"
                                         "dovecot_sasl = { l = { typo = 1; }; };");

    ck_assert_ptr_null(fixture_map(config, "m")->error);
    ck_assert_ptr_nonnull(fixture_login(config, "l")->error);
    ck_assert_uint_eq(config->problem_count, 1);
    ck_assert(!config->problems[0].is_error);
    ck_assert_ptr_nonnull(strstr(config->problems[0].text,
                                 "dovecot_sasl.l.typo: unknown key; see pfx.cfg(5) (and 1 more mistakes)"));
    config_free(&config);
}
END_TEST

START_TEST(config_has_header_finds_a_name_in_any_case)
{
    struct config *config = fixture_load_good_login(LOGIN("custom_headers = [ \"X-A: b\", \"X-User: %{user}\" ];"));
    const struct config_entry *l = fixture_login(config, "l");

    ck_assert(config_has_header(l, "X-A") && config_has_header(l, "x-a"));
    ck_assert(config_has_header(l, "X-USER"));
    ck_assert(!config_has_header(l, "X-") && !config_has_header(l, "X-AB") && !config_has_header(l, ""));
    config_free(&config);
    config = fixture_load_good_login(LOGIN(""));
    ck_assert(!config_has_header(fixture_login(config, "l"), "X-A"));
    config_free(&config);
}
END_TEST

/* The handshake needs some even then. */
START_TEST(config_load_gives_mechanisms_to_an_entry_that_cannot_be_used)
{
    struct config *config = fixture_load_login("dovecot_sasl = { a = { mechanisms = [ ]; };\n"
                                               " b = { mechanisms = \"LOGIN\"; }; c = 1; };");

    ck_assert_ptr_nonnull(fixture_login(config, "a")->error);
    ck_assert_uint_eq(fixture_login(config, "a")->mechanisms.count, 2);
    ck_assert_ptr_nonnull(fixture_login(config, "b")->error);
    ck_assert_str_eq(fixture_login(config, "b")->mechanisms.item[0], "LOGIN");
    ck_assert_uint_eq(fixture_login(config, "c")->mechanisms.count, 2);
    config_free(&config);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config_login");
    const TTest *const entries[] = {
        config_load_gives_a_login_its_defaults,
        config_load_reads_the_keys_of_a_login,
        config_load_lets_a_login_inherit_its_defaults,
        config_load_gives_mechanisms_to_an_entry_that_cannot_be_used,
        config_has_header_finds_a_name_in_any_case,
        config_load_cuts_an_inherited_timeout_with_one_warning,
        NULL,
    };
    const TTest *const sections[] = {
        config_load_leaves_the_time_of_other_sections,
        config_load_for_another_daemon_reads_no_secret_of_a_login,
        config_load_for_a_login_reads_its_own_secrets_only,
        config_load_for_a_map_warns_once_of_mistakes_in_dovecot_sasl,
        NULL,
    };

    fixture_add(suite, "entries", entries);
    fixture_add(suite, "other sections", sections);
    fixture_add_loop(suite, "styles", config_load_settles_what_the_style_of_a_login_decides, UNIT_ROWS(styles));
    fixture_add_loop(suite, "timeouts", config_load_finds_the_timeout_of_a_login, UNIT_ROWS(timeouts));
    fixture_add_loop(suite, "credentials", config_load_warns_where_401_may_be_about_the_credentials_of_pfx,
                     UNIT_ROWS(credentials));
    return unit_run(suite);
}
