#include "config_fixture.h"

#define CLIENT "configuration_uri = \"https://id.example.com/c\"; client_id = \"pfx\";"
#define TARGET "target = \"http://h/\";"
#define TWO "only one of http_auth_basic, http_auth_bearer, backend_oidc_auth and an Authorization header may stand " \
            "here"
#define NEEDS_AUDIENCE " needs audience: whom tokens are for, or \"any\" to take those for anybody"

static const struct {
    const char *name;
    const char *keys; /* of l.sasl_oidc_auth, over those of CLIENT in the defaults */
    const char *message;
} mistakes[] = {
    { "no URL at all", "configuration_uri = \"id.example.com\";",
      "pfx.cfg:3: dovecot_sasl.l.sasl_oidc_auth.configuration_uri: must begin with http://, https:// or unix:/" },
    { "empty URL", "configuration_uri = \"\";", "configuration_uri: must have 1 to 4095 bytes" },
    { "fragment", "configuration_uri = \"https://h/#x\";", "configuration_uri: must not hold a fragment" },
    { "user", "configuration_uri = \"https://u:p@h/\";", "configuration_uri: must not hold a user" },
    { "placeholder", "configuration_uri = \"https://h/%s\";", "a % must stand before two hexadecimal digits" },
    { "placeholder of attributes", "configuration_uri = \"https://h/%{user}\";", "a % must stand before two hex" },
    { "blank", "configuration_uri = \"https://h/{{ .Key }}\";", "must not hold blanks" },
    { "URL is a list", "configuration_uri = [ \"https://h/\" ];", "configuration_uri: must be a string in quotes" },
    { "empty client", "client_id = \"\";", "client_id: must have 1 to 255 bytes" },
    { "client is a number", "client_id = 1;", "client_id: must be a string in quotes" },
    { "enabled", "enabled = \"yes\";", "enabled: must be true or false" },
    { "method", "auth_method = \"client_secret_jwt\";",
      "auth_method: must be \"auto\", \"client_secret_basic\", \"client_secret_post\", \"private_key_jwt\" or "
      "\"none\"" },
    { "encoding", "basic_encoding = \"url\";", "basic_encoding: must be \"form\" or \"raw\"" },
    { "scopes in one word", "scopes = \"openid mail\";", "scopes: must be words without blanks" },
    { "scope with a quote", "scopes = [ \"a\", \"b\\\"\" ];", "scopes: must be words without blanks, quotes" },
    { "scope that is not ASCII", "required_scopes = \"\xC3\xBC\";", "required_scopes: must be words without blanks" },
    { "empty scope", "required_scopes = [ \"\" ];", "required_scopes: must have 1 to 255 bytes" },
    { "validation", "validation = \"none\";", "validation: must be \"introspection\", \"jwks\" or \"auto\"" },
    { "keys kept too short", "jwks_cache_ttl = \"59s\";", "jwks_cache_ttl: must be a time, " },
    { "keys kept too long", "jwks_cache_ttl = \"169h\";", "(1m to 1w)" },
    { "clocks too far apart", "clock_skew = \"301s\";", "(0s to 5m)" },
    { "claim of the account", "account_claim = [ \"sub\", \"a..b\" ];", "account_claim: must be a dotted path" },
    { "claim without value", "required_claims = \"token_type\";", "required_claims: must be \"name=value\"" },
    { "claim without name", "required_claims = [ \"a=b\", \"=access_token\" ];", "must be \"name=value\"" },
    { "claimed name", "claimed_name = \"any\";", "claimed_name: must be \"match\" or \"ignore\"" },
    { "typ", "require_typ = \"at+jwt\";", "require_typ: must be true or false" },
    { "jwks for anybody", "validation = \"jwks\";",
      "dovecot_sasl.l.sasl_oidc_auth: validation \"jwks\"" NEEDS_AUDIENCE },
    { "auto for nobody", "validation = \"auto\"; audience = [ ];", "validation \"auto\"" NEEDS_AUDIENCE },
    { "any and others", "audience = [ \"mail\", \"any\" ];", "sasl_oidc_auth: audience \"any\" must stand alone" },
    { "empty audience", "audience = \"\";", "audience: must have 1 to 1023 bytes" },
    { "misspelt", "client_secert = \"x\";", "client_secert: unknown key; did you mean client_secret?" },
    { "a key of an entry", "target = \"https://h/\";",
      "target: unknown key; it stands in an entry, or in its section's defaults" },
    { "in its http", "http = { timeuot = 1; };", "sasl_oidc_auth.http.timeuot: unknown key; did you mean timeout?" },
    { "its proxy", "http = { proxy = \"proxy:1\"; };", "sasl_oidc_auth.http.proxy: must be " },
    { "in its tls", "tls = { root_ca = \"ca.pem\"; };", "sasl_oidc_auth.tls.root_ca: must be \"system\" or a whole" },
    { "its key without cert", "tls = { key = \"/k.pem\"; };", "sasl_oidc_auth: tls has a key, but no cert" },
    { "no such group", "response_cache = { };", "response_cache: unknown key" },
};

START_TEST(config_load_tells_each_mistake_in_sasl_oidc_auth)
{
    char *text = mem_format("dovecot_sasl = { defaults = { sasl_oidc_auth = { " CLIENT " }; };\n"
                            " l = { sasl_oidc_auth = {\n%s\n }; };\n};", mistakes[_i].keys);
    struct config *config = fixture_load_login(text);
    const char *error = fixture_login(config, "l")->error;

    ck_assert_msg(error != NULL && strstr(error, mistakes[_i].message) != NULL, "%s: %s", mistakes[_i].name, error);
    ck_assert_msg(config->problem_count == 1, "%s: also %s", mistakes[_i].name,
                  config->problems[config->problem_count - 1].text);
    ck_assert(config->problems[0].is_error);
    ck_assert_ptr_null(config->section[CONFIG_DOVECOT_SASL].error);
    config_free(&config);
    mem_free(text);
}
END_TEST

#define OIDC "backend_oidc_auth = { " CLIENT " };"
#define SASL "sasl_oidc_auth = { " CLIENT " };"

static const struct {
    const char *name;
    const char *keys;
    const char *message;
} entries[] = {
    { "no group", TARGET "backend_oidc_auth = true;", "pfx.cfg:2: dovecot_sasl.l.backend_oidc_auth: must be a group" },
    { "no configuration", TARGET "backend_oidc_auth = { client_id = \"a\"; };",
      "dovecot_sasl.l.backend_oidc_auth: configuration_uri is required" },
    { "no client", TARGET "backend_oidc_auth = { configuration_uri = \"https://h/\"; };",
      "dovecot_sasl.l.backend_oidc_auth: client_id is required" },
    { "a key of tokens of others", TARGET "backend_oidc_auth = { " CLIENT " audience = \"any\"; };",
      "backend_oidc_auth.audience: unknown key; it stands in the group sasl_oidc_auth" },
    { "beside a password", TARGET OIDC "http_auth_basic = \"a:b\";", "pfx.cfg:2: dovecot_sasl.l: " TWO },
    { "beside a token", TARGET "http_auth_bearer = \"t\";" OIDC, TWO },
    { "beside a header", TARGET OIDC "custom_headers = \"Authorization: x\";", TWO },
    { "with basic", TARGET "auth_style = \"basic\";" OIDC,
      "auth_style \"basic\" sends the user's own credentials: http_auth_basic, http_auth_bearer, backend_oidc_auth or "
      "an Authorization header cannot stand beside it" },
    { "401 as a wrong password", TARGET OIDC "auth_style = \"form\"; failure_status = [ 401, 403 ];",
      "dovecot_sasl.l: failure_status must not hold 401 with backend_oidc_auth" },
    { "tokens without a check", TARGET "mechanisms = [ \"PLAIN\", \"XOAUTH2\" ];",
      "dovecot_sasl.l: mechanisms names XOAUTH2, which needs sasl_oidc_auth" },
    { "tokens with the check switched off",
      TARGET "mechanisms = \"OAUTHBEARER\"; sasl_oidc_auth = { enabled = false; };",
      "mechanisms names OAUTHBEARER, which needs sasl_oidc_auth" },
    { "nothing to ask", "", "dovecot_sasl.l: target is required" },
    { "a password, and nobody to ask", SASL "mechanisms = [ \"XOAUTH2\", \"LOGIN\" ];", "target is required" },
    { "the check switched off", "sasl_oidc_auth = { " CLIENT " enabled = false; };", "target is required" },
};

START_TEST(config_load_tells_what_does_not_go_with_openid)
{
    char *text = mem_format("dovecot_sasl = {\n l = { %s };\n};", entries[_i].keys);
    struct config *config = fixture_load_login(text);
    const char *error = fixture_login(config, "l")->error;

    ck_assert_msg(error != NULL && strstr(error, entries[_i].message) != NULL, "%s: %s", entries[_i].name, error);
    ck_assert_msg(config->problem_count == 1, "%s: also %s", entries[_i].name,
                  config->problems[config->problem_count - 1].text);
    unit_expect(fixture_login(config, "l")->mechanisms.count > 0, entries[_i].name);
    config_free(&config);
    mem_free(text);
}
END_TEST

START_TEST(config_load_gives_no_group_that_lacks_what_everybody_needs)
{
    struct config *config = fixture_load_login(
        "dovecot_sasl = { a = { backend_oidc_auth = { }; }; b = { sasl_oidc_auth = { client_id = \"x\"; }; }; };");

    ck_assert_ptr_null(fixture_login(config, "a")->backend_oidc);
    ck_assert_ptr_null(fixture_login(config, "b")->sasl_oidc);
    ck_assert_uint_eq(fixture_login(config, "b")->mechanisms.count, 2);
    ck_assert_str_eq(fixture_login(config, "b")->mechanisms.item[0], "XOAUTH2");
    config_free(&config);
}
END_TEST

START_TEST(config_load_lets_a_mistake_of_openid_in_the_defaults_hurt_the_section)
{
    struct config *config = fixture_load("socket_maps = { defaults = { backend_oidc_auth = { scopes = 1; }; };\n"
                                         " m = { " TARGET " backend_oidc_auth = { " CLIENT " }; }; };");

    ck_assert_ptr_nonnull(strstr(config->section[CONFIG_SOCKET_MAPS].error,
                                 "socket_maps.defaults.backend_oidc_auth.scopes: must be a string in quotes"));
    ck_assert_str_eq(fixture_map(config, "m")->error, config->section[CONFIG_SOCKET_MAPS].error);
    ck_assert_uint_eq(config->problem_count, 1);
    config_free(&config);
}
END_TEST

/* What is wrong with the whole of it is judged in the entry, and told once. */
START_TEST(config_load_judges_what_an_entry_has_of_openid)
{
    struct config *config = fixture_load(
        "socket_maps = { defaults = { " TARGET " backend_oidc_auth = { client_id = \"pfx\"; }; };\n"
        " a = { }; b = { };\n"
        " good = { backend_oidc_auth = { configuration_uri = \"https://h/\"; }; };\n"
        " off = { backend_oidc_auth = { enabled = false; }; }; other = { http_auth_bearer = \"t\"; }; };");

    ck_assert_ptr_null(config->section[CONFIG_SOCKET_MAPS].error);
    ck_assert_ptr_null(fixture_map(config, "good")->error);
    ck_assert_ptr_null(fixture_map(config, "off")->error);
    ck_assert_ptr_null(fixture_map(config, "other")->error);
    ck_assert_ptr_nonnull(strstr(fixture_map(config, "a")->error, "configuration_uri is required"));
    ck_assert_str_eq(fixture_map(config, "a")->error, fixture_map(config, "b")->error);
    ck_assert_uint_eq(config->problem_count, 1);
    config_free(&config);
}
END_TEST

static const struct {
    const char *uri;
    bool is_warned_of;
} uris[] = {
    { "https://id.example.com/c", false },
    { "http://id.example.com/c", true },
    { "HTTP://192.0.2.1:8080", true },
    { "http://localhost.example.com/c", true },
    { "http://LocalHost:8080/c", false },
    { "http://127.0.0.1/c", false },
    { "http://[::1]:80/c", false },
    { "unix:/run/id.sock:/c", false },
};

START_TEST(config_load_warns_of_a_provider_without_tls)
{
    char *text = mem_format("socket_maps = { m = { " TARGET " backend_oidc_auth = { client_id = \"a\";\n"
                            " configuration_uri = \"%s\"; }; }; };", uris[_i].uri);
    struct config *config = fixture_load(text);

    ck_assert_ptr_null(fixture_map(config, "m")->error);
    ck_assert_ptr_nonnull(fixture_map(config, "m")->backend_oidc);
    ck_assert_msg(config->problem_count == (uris[_i].is_warned_of ? 1 : 0), "%s", uris[_i].uri);
    if (config->problem_count == 1) {
        ck_assert(!config->problems[0].is_error);
        ck_assert_ptr_nonnull(strstr(config->problems[0].text, "oidc_auth.configuration_uri: without https://"));
    }
    config_free(&config);
    mem_free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config_oidc_errors");

    fixture_add_loop(suite, "mistakes", config_load_tells_each_mistake_in_sasl_oidc_auth, UNIT_ROWS(mistakes));
    fixture_add_loop(suite, "entries", config_load_tells_what_does_not_go_with_openid, UNIT_ROWS(entries));
    fixture_add_loop(suite, "warnings", config_load_warns_of_a_provider_without_tls, UNIT_ROWS(uris));
    fixture_add(suite, "levels",
                (const TTest *const[]){ config_load_gives_no_group_that_lacks_what_everybody_needs,
                                        config_load_lets_a_mistake_of_openid_in_the_defaults_hurt_the_section,
                                        config_load_judges_what_an_entry_has_of_openid, NULL });
    return unit_run(suite);
}
