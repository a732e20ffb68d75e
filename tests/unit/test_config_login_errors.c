#include "config_fixture.h"

#define TARGET "target = \"http://h/\";"
#define BASIC "auth_style = \"basic\";"
#define FORM "auth_style = \"form\";"
#define TEMPLATE "auth_style = \"template\";"
#define BODY "payload = \"{}\";"
#define BESIDE_BASIC "auth_style \"basic\" sends the user's own credentials"
#define AT_MOST "http.timeout: must be at most 9s here: Postfix waits 10s"
#define MECHANISM "mechanisms: must be \"PLAIN\", \"LOGIN\", \"XOAUTH2\" or \"OAUTHBEARER\""

static const struct {
    const char *name;
    const char *keys;
    const char *message;
} mistakes[] = {
    { "style", "auth_style = \"nginx\";",
      "pfx.cfg:3: dovecot_sasl.l.auth_style: must be \"json\", \"basic\", \"form\" or \"template\"" },
    { "style is a number", "auth_style = 1;", "auth_style: must be \"json\"" },
    { "payload with json", BODY, "l.payload: auth_style \"json\" makes the payload; auth_style \"template\" takes" },
    { "payload with form", FORM BODY, "l.payload: auth_style \"form\" makes the payload" },
    { "template without payload", TEMPLATE, "pfx.cfg:2: dovecot_sasl.l: auth_style \"template\" needs a payload" },
    { "template with an empty payload", TEMPLATE "payload = \"\";", "needs a payload" },
    { "payload that is not JSON", TEMPLATE "payload = \"{\";", "l.payload: is not JSON: " },
    { "password outside a JSON string", TEMPLATE "payload = \"{\\\"p\\\": %{password}}\";",
      "inside JSON strings only" },
    { "object of all in a payload", TEMPLATE "payload = \"{{ .Key }}\";", "l.payload: unknown placeholder {{ ... }}" },
    { "unknown placeholder in a payload", TEMPLATE "payload = { a = \"%{sender}\"; };",
      "l.payload: unknown placeholder (%{user}, " },
    { "basic beside http_auth_basic", BASIC "http_auth_basic = \"a:b\";", BESIDE_BASIC },
    { "basic beside http_auth_bearer", BASIC "http_auth_bearer = \"t\";", BESIDE_BASIC },
    { "basic beside a header", BASIC "custom_headers = \"Authorization: x\";", BESIDE_BASIC },
    { "basic beside a header in small letters", BASIC "custom_headers = [ \"X-A: b\", \"authorization: x\" ];",
      BESIDE_BASIC },
    { "password in the payload of basic", BASIC "payload = { p = \"%{password}\"; };",
      "l.payload: %{password}" },
    { "json of another type", "content_type = \"application/x-www-form-urlencoded\";",
      "l.content_type: auth_style decides it: \"application/json\"" },
    { "a mechanism twice", "mechanisms = [ \"PLAIN\", \"PLAIN\" ];", "dovecot_sasl.l: mechanisms names PLAIN twice" },
    { "password in target", "target = \"http://h/?p=%{password}\";", "target: %{password} may stand in payload only" },
    { "password in a header", "custom_headers = \"X-P: %{password}\";",
      "custom_headers: %{password} may stand in payload only" },
    { "unknown placeholder in target", "target = \"http://h/%{recipient}\";", "target: unknown placeholder" },
    { "key of a map in target", "target = \"http://h/%s\";", "target: unknown placeholder (%{NAME} is known" },
    { "object of all in target", "target = \"http://h/{{ .Key }}\";", "target: unknown placeholder {{ ... }}" },
    { "percent-encoded byte in target", "target = \"http://h/%2F\";", "write %%41 for the byte %41" },
    { "status in both lists", "failure_status = [ 403, 200 ];",
      "dovecot_sasl.l: 200 is in both status_code and failure_status" },
    { "status in both lists, basic", BASIC "status_code = [ 207 ]; failure_status = 207;", "207 is in both" },
    { "status in both lists, given", "failure_status = [ 401, 200 ];", "200 is in both" },
    { "no failure", "failure_status = [ ];", "failure_status: must have 1 to 16 elements" },
    { "success below", "status_code = [ 200, 199 ];",
      "dovecot_sasl.l: status_code 199: a login succeeds by 200 to 299 only" },
    { "success above", "status_code = 300;", "status_code 300: a login succeeds by 200 to 299 only" },
    { "success by 401", BASIC "failure_status = 403; status_code = 401;", "status_code 401: a login succeeds by" },
    { "success by 500", TEMPLATE BODY "status_code = [ 500 ];", "status_code 500: a login succeeds by" },
    { "success by 404", FORM "status_code = [ 404, 200 ];", "status_code 404: a login succeeds by" },
    { "GET with json", "method = \"GET\";", "l: method must be \"POST\" with auth_style \"json\" and \"form\"" },
    { "GET with form", FORM "method = \"GET\";", "method must be \"POST\" with" },
    { "PUT with json", "method = \"PUT\";", "method must be \"POST\" with" },
    { "type is a number", "content_type = 5;", "l.content_type: must be " },
    { "type is a number, form", FORM "content_type = 5;", "l.content_type: must be " },
    { "type is a group", "content_type = { };", "l.content_type: must be " },
    { "failure that is no status", "failure_status = 600;", "failure_status: must be an HTTP status" },
    { "no good status", "status_code = [ ];", "status_code: must have 1 to 16 elements" },
    { "no mechanism", "mechanisms = [ ];", "mechanisms: must have 1 to " },
    { "unknown mechanism", "mechanisms = [ \"PLAIN\", \"CRAM-MD5\" ];", MECHANISM },
    { "mechanism in small letters", "mechanisms = \"plain\";", MECHANISM },
    { "empty mechanism", "mechanisms = \"\";", "mechanisms: must have 1 to 32 bytes" },
    { "mechanism is a number", "mechanisms = 1;", "mechanisms: must be a string in quotes" },
    { "XOAUTH2", "mechanisms = [ \"XOAUTH2\" ];",
      "dovecot_sasl.l: mechanisms names XOAUTH2, which needs sasl_oidc_auth" },
    { "OAUTHBEARER", "mechanisms = [ \"PLAIN\", \"OAUTHBEARER\" ];",
      "dovecot_sasl.l: mechanisms names OAUTHBEARER, which needs sasl_oidc_auth" },
    { "header with a colon", "username_header = \"Auth-User:\";", "username_header: must be the name of a header" },
    { "header with a blank", "reason_header = \"Auth Status\";", "reason_header: must be the name of a header" },
    { "header that is not ASCII", "reason_header = \"\xC3\xBC\";", "reason_header: must be the name of a header" },
    { "header is a number", "reason_header = 1;", "reason_header: must be a string in quotes" },
    { "reason to client", "reason_to_client = \"yes\";", "reason_to_client: must be true or false" },
    { "protocol of two lines", "protocol = \"a\\nb\";", "protocol: must not hold control characters" },
    { "port below", "default_local_port = -1;", "default_local_port: must be " },
    { "port above", "default_local_port = 65536;", "default_local_port: must be " },
    { "port is a string", "default_local_port = \"25\";", "default_local_port: must be " },
    { "tempfail", "tempfail = \"reset\";", "tempfail: must be \"auto\", \"disconnect\" or \"fail\"" },
    { "timeout", "http = { timeout = \"10s\"; };", AT_MOST },
    { "timeout, a millisecond more", "http = { timeout = \"9001ms\"; };", AT_MOST },
    { "unknown property", "oauth_properties = [ \"plaintext\", \"strong\" ];",
      "oauth_properties: must be \"plaintext\", \"dictionary\", \"active\", \"forward-secrecy\", " },
    { "empty property", "oauth_properties = \"\";", "oauth_properties: must have 1 to 32 bytes" },
    { "key of maps and policies", "value_field = \"a\";",
      "value_field: unknown key; it stands in an entry of socket_maps or policy_services, or in their defaults" },
    { "key of maps", "notfound_status = 404;", "in an entry of socket_maps, or in its defaults" },
    { "key of policies", "on_error = \"DUNNO\";", "in an entry of policy_services, or in its defaults" },
    { "a cache", "response_cache = { };", "response_cache: unknown key" },
    { "misspelt", "mechanism = \"PLAIN\";", "unknown key; did you mean mechanisms?" },
};

START_TEST(config_load_tells_each_mistake_in_a_login)
{
    const char *target = strstr(mistakes[_i].keys, "target = ") == mistakes[_i].keys ? "" : TARGET;
    char *text = mem_format("dovecot_sasl = {\n l = { %s\n%s\n };\n};", target, mistakes[_i].keys);
    struct config *config = fixture_load_login(text);
    const char *error = fixture_login(config, "l")->error;

    ck_assert_msg(error != NULL && strstr(error, mistakes[_i].message) != NULL, "%s: %s", mistakes[_i].name, error);
    ck_assert_msg(config->problem_count == 1, "%s: also %s", mistakes[_i].name, config->problems[1].text);
    ck_assert(config->problems[0].is_error);
    ck_assert_ptr_null(config->error);
    config_free(&config);
    mem_free(text);
}
END_TEST

/* The daemons of the other sections read it, too. */
START_TEST(config_load_for_a_map_warns_of_a_wrong_type_in_a_login)
{
    struct config *config = fixture_load("socket_maps = { m = { target = \"http://m/\"; }; };\n"
                                         "dovecot_sasl = { l = { " TARGET " content_type = 5; }; };");

    ck_assert_ptr_null(fixture_map(config, "m")->error);
    ck_assert_ptr_nonnull(fixture_login(config, "l")->error);
    ck_assert_uint_eq(config->problem_count, 1);
    ck_assert(!config->problems[0].is_error);
    ck_assert_ptr_nonnull(strstr(config->problems[0].text, "dovecot_sasl.l.content_type: must be "));
    config_free(&config);
}
END_TEST

START_TEST(config_load_tells_a_login_where_its_keys_stand)
{
    struct config *config = fixture_load("socket_maps = { m = { target = \"http://m/\"; tempfail = \"auto\"; }; };");

    ck_assert_ptr_nonnull(strstr(fixture_map(config, "m")->error,
                                 "tempfail: unknown key; it stands in an entry of dovecot_sasl, or in its defaults"));
    config_free(&config);
}
END_TEST

static const struct {
    const char *name;
    const char *defaults;
    const char *message;
} in_defaults[] = {
    { "timeout", "http = { timeout = \"10s\"; };", "dovecot_sasl.defaults." AT_MOST },
    { "timeout in units", "http = { timeout = \"1m\"; };", "dovecot_sasl.defaults." AT_MOST },
    { "mechanisms", "mechanisms = \"EXTERNAL\";", "dovecot_sasl.defaults." MECHANISM },
    { "style", "auth_style = \"\";", "dovecot_sasl.defaults.auth_style: " },
    { "password in target", "target = \"http://h/%{password}\";", "may stand in payload only" },
    { "unknown placeholder in payload", "payload = { p = \"%{sender}\"; };", "unknown placeholder" },
    { "tokens", "sasl_oidc_auth = 1;", "dovecot_sasl.defaults.sasl_oidc_auth: must be a group, { ... }" },
};

START_TEST(config_load_lets_a_mistake_in_the_defaults_hurt_all_logins)
{
    char *text = mem_format("dovecot_sasl = { defaults = { %s };\n l = { " TARGET TEMPLATE BODY " }; };",
                            in_defaults[_i].defaults);
    struct config *config = fixture_load_login(text);
    const char *error = config->section[CONFIG_DOVECOT_SASL].error;

    ck_assert_msg(error != NULL && strstr(error, in_defaults[_i].message) != NULL, "%s: %s", in_defaults[_i].name,
                  error);
    ck_assert_str_eq(fixture_login(config, "l")->error, error);
    for (size_t i = 0; i < config->problem_count; i++)
        ck_assert_msg(i == 0, "%s: also %s", in_defaults[_i].name, config->problems[i].text);
    config_free(&config);
    mem_free(text);
}
END_TEST

/* What the defaults give each style is judged in the entry. */
START_TEST(config_load_judges_what_a_login_inherits)
{
    struct config *config = fixture_load_login(
        "dovecot_sasl = {\n defaults = { " TARGET " payload = { p = \"%{password}\"; }; http_auth_bearer = \"t\"; };\n"
        " good = { " TEMPLATE " failure_status = 403; };\n"
        " json = { };\n without = { payload = \"\"; };\n"
        " basic = { " BASIC " payload = \"\"; };\n"
        " none = { " BASIC " payload = \"\"; custom_headers = \"Authorization:\"; };\n};");

    ck_assert_ptr_null(fixture_login(config, "good")->error);
    ck_assert_ptr_null(fixture_login(config, "without")->error);
    ck_assert_ptr_null(fixture_login(config, "none")->error);
    ck_assert_ptr_nonnull(strstr(fixture_login(config, "json")->error, "auth_style \"json\" makes the payload"));
    ck_assert_ptr_nonnull(strstr(fixture_login(config, "basic")->error, BESIDE_BASIC));
    ck_assert_uint_eq(config->problem_count, 2);
    config_free(&config);
}
END_TEST

START_TEST(config_load_of_a_login_tells_no_secret)
{
    struct config *config = fixture_load_login("dovecot_sasl = { l = { " TARGET BASIC " http_auth_basic = \"u:hush\";\n"
                                               " http_auth_bearer = \"hush\"; }; };");

    for (size_t i = 0; i < config->problem_count; i++)
        ck_assert_ptr_null(strstr(config->problems[i].text, "hush"));
    ck_assert_uint_gt(config->problem_count, 0);
    config_free(&config);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config_login_errors");

    fixture_add_loop(suite, "mistakes", config_load_tells_each_mistake_in_a_login, UNIT_ROWS(mistakes));
    fixture_add_loop(suite, "defaults", config_load_lets_a_mistake_in_the_defaults_hurt_all_logins,
                     UNIT_ROWS(in_defaults));
    fixture_add(suite, "config_load",
                (const TTest *const[]){ config_load_for_a_map_warns_of_a_wrong_type_in_a_login,
                                        config_load_tells_a_login_where_its_keys_stand,
                                        config_load_judges_what_a_login_inherits,
                                        config_load_of_a_login_tells_no_secret, NULL });
    return unit_run(suite);
}
