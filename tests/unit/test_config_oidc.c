#include "config_fixture.h"

#define URI "https://id.example.com/.well-known/openid-configuration"
#define CLIENT "configuration_uri = \"" URI "\"; client_id = \"pfx\";"
#define TARGET "target = \"http://h/\";"
#define MAP(keys) "socket_maps = { m = { " TARGET " " keys " }; };"
#define LOGIN(keys) "dovecot_sasl = { l = { " keys " }; };"
#define PEM "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"

static const struct config_oidc *backend_of(const struct config *config)
{
    const struct config_oidc *group = fixture_map(config, "m")->backend_oidc;

    ck_assert_ptr_nonnull(group);
    return group;
}

static const struct config_oidc *sasl_of(const struct config *config)
{
    const struct config_oidc *group = fixture_login(config, "l")->sasl_oidc;

    ck_assert_ptr_nonnull(group);
    return group;
}

START_TEST(config_load_gives_backend_oidc_auth_its_defaults)
{
    struct config *config = fixture_load_good(MAP("backend_oidc_auth = { " CLIENT " };"));
    const struct config_oidc *group = backend_of(config);

    ck_assert(group->enabled);
    ck_assert_str_eq(group->configuration_uri, URI);
    ck_assert_str_eq(group->configuration.origin, "https://id.example.com:443");
    ck_assert_str_eq(group->configuration.url.text, URI);
    ck_assert_uint_eq(group->configuration.url.count, 1);
    ck_assert_str_eq(group->client_id, "pfx");
    ck_assert_ptr_null(group->client_secret);
    ck_assert_ptr_null(group->private_key);
    ck_assert_str_eq(group->key_id, "");
    ck_assert_str_eq(group->assertion_audience, "");
    ck_assert_uint_eq(group->scopes.count, 0);
    ck_assert_int_eq(group->auth_method, CONFIG_OIDC_AUTO);
    ck_assert_int_eq(group->basic_encoding, CONFIG_OIDC_ENCODING_FORM);
    ck_assert_ptr_null(fixture_map(config, "m")->authorization);
    config_free(&config);
    config = fixture_load_good(MAP(""));
    ck_assert_ptr_null(fixture_map(config, "m")->backend_oidc);
    config_free(&config);
}
END_TEST

START_TEST(config_load_reads_the_keys_of_backend_oidc_auth)
{
    fixture_write("key.pem", PEM);
    struct config *config = fixture_load_good(MAP("backend_oidc_auth = { " CLIENT
        " client_secret = \"s\"; private_key_file = \"$DIR/key.pem\"; key_id = \"k1\"; assertion_audience = \"us\";\n"
        " scopes = [ \"mail\", \"a:b/c\" ]; auth_method = \"private_key_jwt\"; basic_encoding = \"raw\";\n"
        " http = { timeout = \"2s\"; proxy = \"http://u:p@proxy:3128\"; }; tls = { min_version = \"1.3\"; }; };"));
    const struct config_oidc *group = backend_of(config);

    ck_assert_str_eq(group->client_secret, "s");
    ck_assert_str_eq(group->private_key, PEM);
    ck_assert_str_eq(group->key_id, "k1");
    ck_assert_str_eq(group->assertion_audience, "us");
    ck_assert_uint_eq(group->scopes.count, 2);
    ck_assert_str_eq(group->scopes.item[1], "a:b/c");
    ck_assert_int_eq(group->auth_method, CONFIG_OIDC_PRIVATE_KEY_JWT);
    ck_assert_int_eq(group->basic_encoding, CONFIG_OIDC_ENCODING_RAW);
    ck_assert_int_eq(group->http.timeout_ms, 2000);
    ck_assert_str_eq(group->http.proxy_host, "proxy");
    ck_assert_uint_eq(group->http.proxy_port, 3128);
    ck_assert_int_eq(group->tls.min_version, CONFIG_TLS_1_3);
    config_free(&config);
}
END_TEST

START_TEST(config_load_gives_sasl_oidc_auth_its_defaults)
{
    struct config *config = fixture_load_good_login(LOGIN("sasl_oidc_auth = { " CLIENT " };"));
    const struct config_oidc *group = sasl_of(config);

    ck_assert_int_eq(group->validation, CONFIG_OIDC_INTROSPECTION);
    ck_assert_int_eq(group->jwks_cache_ttl_ms, 300000);
    ck_assert_uint_eq(group->account_claim.count, 0);
    ck_assert_uint_eq(group->audience.count, 0);
    ck_assert(!group->any_audience);
    ck_assert_uint_eq(group->required_scopes.count, 0);
    ck_assert_uint_eq(group->required_claims.count, 0);
    ck_assert(!group->require_typ);
    ck_assert_int_eq(group->claimed_name, CONFIG_OIDC_MATCH);
    ck_assert_int_eq(group->clock_skew_ms, 60000);
    ck_assert_ptr_null(fixture_login(config, "l")->backend_oidc);
    ck_assert_uint_eq(fixture_login(config, "l")->oauth_properties.count, 0);
    config_free(&config);
}
END_TEST

START_TEST(config_load_reads_the_keys_of_sasl_oidc_auth)
{
    struct config *config = fixture_load_good_login(
        LOGIN("oauth_properties = [ \"plaintext\", \"private\" ];\n"
              "sasl_oidc_auth = { " CLIENT " validation = \"auto\";\n"
              " jwks_cache_ttl = \"1m\"; account_claim = [ \"user.name\", \"sub\" ]; audience = [ \"a\", \"b\" ];\n"
              " required_scopes = \"mail\"; required_claims = [ \"token_type=access_token\", \"a=b=c\", \"d=\" ];\n"
              " require_typ = true; claimed_name = \"ignore\"; clock_skew = 0; };"));
    const struct config_oidc *group = sasl_of(config);

    ck_assert_int_eq(group->validation, CONFIG_OIDC_VALIDATION_AUTO);
    ck_assert_int_eq(group->jwks_cache_ttl_ms, 60000);
    ck_assert_str_eq(group->account_claim.item[0], "user.name");
    ck_assert_str_eq(group->audience.item[1], "b");
    ck_assert(!group->any_audience);
    ck_assert_str_eq(group->required_scopes.item[0], "mail");
    ck_assert_uint_eq(group->required_claims.count, 3);
    ck_assert(group->require_typ);
    ck_assert_int_eq(group->claimed_name, CONFIG_OIDC_IGNORE);
    ck_assert_int_eq(group->clock_skew_ms, 0);
    ck_assert_uint_eq(fixture_login(config, "l")->oauth_properties.count, 2);
    ck_assert_str_eq(fixture_login(config, "l")->oauth_properties.item[1], "private");
    config_free(&config);
}
END_TEST

START_TEST(config_load_merges_groups_of_openid_key_by_key)
{
    struct config *config = fixture_load_good_login(
        "dovecot_sasl = { defaults = {\n"
        "  backend_oidc_auth = { " CLIENT " client_secret = \"far\"; };\n"
        "  sasl_oidc_auth = { " CLIENT " scopes = [ \"a\", \"b\" ]; audience = \"any\"; validation = \"jwks\";\n"
        "   http = { timeout = \"3s\"; connect_timeout = \"1s\"; }; tls = { min_version = \"1.3\"; }; }; };\n"
        " l = { " TARGET " backend_oidc_auth = { client_secret = \"near\"; };\n"
        "  sasl_oidc_auth = { client_id = \"other\"; scopes = \"c\"; audience = \"here\";\n"
        "   http = { timeout = \"4s\"; };\n"
        "   tls = { skip_verify = true; }; }; };\n"
        " plain = { " TARGET " }; };");
    const struct config_oidc *group = sasl_of(config), *plain = fixture_login(config, "plain")->sasl_oidc;

    ck_assert_str_eq(fixture_login(config, "l")->backend_oidc->client_id, "pfx");
    ck_assert_str_eq(fixture_login(config, "l")->backend_oidc->client_secret, "near");
    ck_assert_str_eq(fixture_login(config, "plain")->backend_oidc->client_secret, "far");
    ck_assert_str_eq(group->configuration_uri, URI);
    ck_assert_str_eq(group->client_id, "other");
    ck_assert_uint_eq(group->scopes.count, 1);
    ck_assert(!group->any_audience);
    ck_assert_str_eq(group->audience.item[0], "here");
    ck_assert_int_eq(group->validation, CONFIG_OIDC_JWKS);
    ck_assert_int_eq(group->http.timeout_ms, 4000);
    ck_assert_int_eq(group->http.connect_timeout_ms, 1000);
    ck_assert(group->tls.skip_verify && group->tls.min_version == CONFIG_TLS_1_3);
    ck_assert_str_eq(plain->client_id, "pfx");
    ck_assert_uint_eq(plain->scopes.count, 2);
    ck_assert(plain->any_audience && plain->audience.count == 0);
    ck_assert_int_eq(plain->http.timeout_ms, 3000);
    config_free(&config);
}
END_TEST

START_TEST(config_load_lets_a_nearer_level_switch_openid_off_and_on)
{
    struct config *config = fixture_load_good_login(
        "dovecot_sasl = { defaults = { " TARGET " backend_oidc_auth = { " CLIENT " enabled = false; };\n"
        "  sasl_oidc_auth = { " CLIENT " }; };\n"
        " on = { backend_oidc_auth = { enabled = true; }; };\n"
        " still_off = { backend_oidc_auth = { client_id = \"x\"; }; };\n"
        " off = { sasl_oidc_auth = { enabled = false; }; }; };");

    ck_assert_ptr_nonnull(fixture_login(config, "on")->backend_oidc);
    ck_assert_ptr_nonnull(fixture_login(config, "on")->sasl_oidc);
    ck_assert_ptr_null(fixture_login(config, "still_off")->backend_oidc);
    ck_assert_ptr_null(fixture_login(config, "off")->backend_oidc);
    ck_assert_ptr_null(fixture_login(config, "off")->sasl_oidc);
    ck_assert_uint_eq(fixture_login(config, "off")->mechanisms.count, 2);
    config_free(&config);
    config = fixture_load_good(MAP("backend_oidc_auth = { enabled = false; };"));
    ck_assert_ptr_null(fixture_map(config, "m")->backend_oidc);
    config_free(&config);
}
END_TEST

START_TEST(config_load_does_not_hand_down_http_and_tls_to_openid)
{
    struct config *config = fixture_load_good(
        "http = { timeout = \"7s\"; proxy = \"http://proxy:1\"; };\n"
        "tls = { cert = \"/c.pem\"; key = \"/k.pem\"; root_ca = \"/ca.pem\"; min_version = \"1.3\"; };\n"
        MAP("http = { ip_version = \"6\"; }; tls = { skip_verify = true; }; backend_oidc_auth = { " CLIENT " };"));
    const struct config_oidc *group = backend_of(config);

    ck_assert_int_eq(group->http.timeout_ms, 5000);
    ck_assert_str_eq(group->http.proxy, "");
    ck_assert_ptr_null(group->http.proxy_host);
    ck_assert_int_eq(group->http.ip_version, CONFIG_IP_ANY);
    ck_assert_str_eq(group->tls.cert, "");
    ck_assert_str_eq(group->tls.key, "");
    ck_assert_uint_eq(group->tls.root_ca.count, 0);
    ck_assert(!group->tls.skip_verify && group->tls.min_version == CONFIG_TLS_1_2);
    ck_assert_str_eq(fixture_map(config, "m")->http.proxy_host, "proxy");
    config_free(&config);
}
END_TEST

#define OIDC "backend_oidc_auth = { " CLIENT " };"
#define OIDC_OFF "backend_oidc_auth = { enabled = false; };"
#define BASIC "http_auth_basic = \"a:b\";"
#define BEARER "http_auth_bearer = \"t\";"
#define HEADER "custom_headers = \"Authorization: x\";"

static const struct {
    const char *name;
    const char *defaults;
    const char *entry;
    const char *authorization;
    bool has_header;
    bool has_oidc;
} credentials[] = {
    { "a token over a password", BASIC, OIDC, NULL, false, true },
    { "a token over a token", BEARER, OIDC, NULL, false, true },
    { "a token over a header", HEADER, OIDC, NULL, false, true },
    { "a password over a token", OIDC, BASIC, "Basic YTpi", false, false },
    { "a bearer over a token", OIDC, BEARER, "Bearer t", false, false },
    { "a header over a token", OIDC, HEADER, NULL, true, false },
    { "nothing over a token", OIDC, "custom_headers = \"Authorization:\";", NULL, false, false },
    { "another header", OIDC, "custom_headers = \"X-A: b\";", NULL, false, true },
    { "switched off", OIDC, OIDC_OFF, NULL, false, false },
    { "switched off over a password", BASIC, OIDC_OFF, "Basic YTpi", false, false },
    { "switched off beside a password", OIDC, OIDC_OFF BASIC, "Basic YTpi", false, false },
    { "switched off beside a header", BEARER, HEADER OIDC_OFF, NULL, true, false },
    { "inherited", OIDC, "", NULL, false, true },
};

START_TEST(config_load_takes_the_nearest_credentials_as_a_whole)
{
    char *text = mem_format("socket_maps = { defaults = { " TARGET " %s }; m = { %s }; };", credentials[_i].defaults,
                            credentials[_i].entry);
    struct config *config = fixture_load_good(text);
    const struct config_entry *m = fixture_map(config, "m");
    bool has_it = m->authorization != NULL && credentials[_i].authorization != NULL &&
                  strcmp(m->authorization, credentials[_i].authorization) == 0;

    unit_expect(has_it || m->authorization == credentials[_i].authorization, credentials[_i].name);
    unit_expect(config_has_header(m, "Authorization") == credentials[_i].has_header, credentials[_i].name);
    unit_expect((m->backend_oidc != NULL) == credentials[_i].has_oidc, credentials[_i].name);
    config_free(&config);
    mem_free(text);
}
END_TEST

#define SASL "sasl_oidc_auth = { " CLIENT " };"

static const struct {
    const char *name;
    const char *keys;
    const char *mechanisms;
} offers[] = {
    { "passwords", TARGET, "PLAIN LOGIN" },
    { "both", TARGET SASL, "PLAIN LOGIN XOAUTH2 OAUTHBEARER" },
    { "tokens", SASL, "XOAUTH2 OAUTHBEARER" },
    { "switched off", TARGET "sasl_oidc_auth = { enabled = false; };", "PLAIN LOGIN" },
    { "one of each", TARGET SASL "mechanisms = [ \"OAUTHBEARER\", \"PLAIN\" ];", "OAUTHBEARER PLAIN" },
    { "one token without target", SASL "mechanisms = \"XOAUTH2\";", "XOAUTH2" },
    { "one token with a target", TARGET SASL "mechanisms = \"XOAUTH2\";", "XOAUTH2" },
    { "passwords in spite of tokens", TARGET SASL "mechanisms = \"LOGIN\";", "LOGIN" },
};

START_TEST(config_load_finds_the_mechanisms_of_a_login)
{
    char *text = mem_format(LOGIN("%s"), offers[_i].keys);
    struct config *config = fixture_load_good_login(text);
    const struct config_entry *l = fixture_login(config, "l");
    char found[64] = "";

    for (size_t i = 0; i < l->mechanisms.count; i++)
        snprintf(found + strlen(found), sizeof(found) - strlen(found), "%s%s", i == 0 ? "" : " ",
                 l->mechanisms.item[i]);
    ck_assert_msg(strcmp(found, offers[_i].mechanisms) == 0, "%s: %s", offers[_i].name, found);
    ck_assert_ptr_null(l->error);
    config_free(&config);
    mem_free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config_oidc");

    fixture_add(suite, "groups",
                (const TTest *const[]){ config_load_gives_backend_oidc_auth_its_defaults,
                                        config_load_reads_the_keys_of_backend_oidc_auth,
                                        config_load_gives_sasl_oidc_auth_its_defaults,
                                        config_load_reads_the_keys_of_sasl_oidc_auth, NULL });
    fixture_add(suite, "levels",
                (const TTest *const[]){ config_load_merges_groups_of_openid_key_by_key,
                                        config_load_lets_a_nearer_level_switch_openid_off_and_on,
                                        config_load_does_not_hand_down_http_and_tls_to_openid, NULL });
    fixture_add_loop(suite, "credentials", config_load_takes_the_nearest_credentials_as_a_whole,
                     UNIT_ROWS(credentials));
    fixture_add_loop(suite, "mechanisms", config_load_finds_the_mechanisms_of_a_login, UNIT_ROWS(offers));
    return unit_run(suite);
}
