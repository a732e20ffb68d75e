#include "action.h"
#include "config_fixture.h"

#define POLICY "target = \"http://h/\";"
#define FORM "content_type = \"application/x-www-form-urlencoded\";"

static struct config *load(const char *text)
{
    fixture_write_expanded("pfx.cfg", text);
    return fixture_load_for(CONFIG_POLICY_SERVICES);
}

static struct config *load_good(const char *text)
{
    struct config *config = load(text);

    for (size_t i = 0; i < config->problem_count; i++)
        ck_abort_msg("%s", config->problems[i].text);
    return config;
}

static const struct config_entry *policy(const struct config *config, const char *name)
{
    const struct config_entry *entry = config_find(config, CONFIG_POLICY_SERVICES, span_text(name));

    ck_assert_msg(entry != NULL, "no entry %s", name);
    return entry;
}

/* What a template gives for sender=a"b and helo_name=h, with sender only in the object. */
static void expect_template(const struct config_template *template, const char *expected, const char *row_name)
{
    const struct attribute attributes[] = { { SPAN("helo_name"), SPAN("h") }, { SPAN("sender"), SPAN("a\"b") } };
    struct template_values values = { .attributes = attributes, .attribute_count = 2, .object = attributes + 1,
                                      .object_count = 1 };
    char out[512];
    size_t n = 0;
    enum template_outcome outcome =
        template_expand(template->pieces, template->count, template->escape, &values, out, sizeof(out), &n);

    unit_expect(outcome == TEMPLATE_DONE, row_name);
    unit_expect_span(span_make(out, n), span_text(expected), row_name);
}

START_TEST(config_load_gives_a_policy_its_defaults)
{
    struct config *config = load_good("policy_services = { p = { " POLICY " }; };");
    const struct config_entry *p = policy(config, "p");

    ck_assert_int_eq(p->section, CONFIG_POLICY_SERVICES);
    ck_assert_ptr_null(p->error);
    ck_assert_str_eq(p->method, "POST");
    ck_assert_str_eq(p->content_type, "application/json");
    expect_template(&p->payload, "{\"sender\":\"a\\\"b\"}", "default payload");
    ck_assert_int_eq(p->http.timeout_ms, 5000);
    ck_assert_int_eq(p->status_code.item[0], 200);
    ck_assert_uint_eq(p->notfound_status.count, 0);
    ck_assert_str_eq(p->value_field, "");
    ck_assert_str_eq(p->error_field, "");
    ck_assert_uint_eq(p->attributes.count, 0);
    ck_assert_str_eq(p->no_value_action, "DUNNO");
    ck_assert_str_eq(p->on_error, CONFIG_ON_ERROR);
    ck_assert(!p->restrictions && !p->dry_run);
    config_free(&config);
}
END_TEST

START_TEST(config_load_gives_each_section_its_own_defaults)
{
    struct config *config = load_good("http = { timeout = \"9s\"; };\n"
                                      "socket_maps = { m = { target = \"http://m/%s\"; };\n"
                                      " defaults = { value_field = \"m\"; fold_case = false; }; };\n"
                                      "policy_services = { p = { target = \"http://p/%{sender}\"; };\n"
                                      " defaults = { value_field = \"p\"; http = { ip_version = \"4\"; }; }; };");
    const struct config_entry *m = fixture_map(config, "m"), *p = policy(config, "p");

    ck_assert_int_eq(m->section, CONFIG_SOCKET_MAPS);
    ck_assert_str_eq(m->value_field, "m");
    ck_assert_str_eq(m->method, "GET");
    ck_assert_uint_eq(m->notfound_status.count, 1);
    ck_assert_int_eq(m->max_reply_bytes, 100000);
    ck_assert_int_eq(m->http.timeout_ms, 9000);
    ck_assert_int_eq(m->http.ip_version, CONFIG_IP_ANY);
    ck_assert_str_eq(m->on_error, CONFIG_ON_ERROR);
    ck_assert_str_eq(p->value_field, "p");
    ck_assert_uint_eq(p->notfound_status.count, 0);
    ck_assert_int_eq(p->http.timeout_ms, 9000);
    ck_assert_int_eq(p->http.ip_version, CONFIG_IP_4);
    ck_assert(!m->fold_case);
    config_free(&config);
}
END_TEST

START_TEST(config_load_reads_the_keys_of_a_policy)
{
    struct config *config = load_good(
        "policy_services = {\n"
        " defaults = { " POLICY " on_error = \"DUNNO\"; dry_run = true; attributes = \"sender\"; };\n"
        " p = { attributes = [ \"sender\", \"Size_2\" ]; no_value_action = \"PREPEND X-A: b\"; restrictions = true;\n"
        "  on_error = \"reject_unauth_destination, permit\"; error_field = \"e\"; no_error_value = \"n\";\n"
        "  error_result = \"temp\"; value_required = true; status_code = ( 200, 203 ); dry_run = false; };\n"
        " q = { attributes = [ ]; custom_headers = \"X-S: %{sender}\"; http_auth_bearer = \"token\"; };\n"
        "};");
    const struct config_entry *p = policy(config, "p"), *q = policy(config, "q");

    ck_assert_uint_eq(p->attributes.count, 2);
    ck_assert_str_eq(p->attributes.item[1], "Size_2");
    ck_assert_str_eq(p->no_value_action, "PREPEND X-A: b");
    ck_assert_str_eq(p->on_error, "reject_unauth_destination, permit");
    ck_assert(p->restrictions && !p->dry_run && p->value_required);
    ck_assert_int_eq(p->error_result, CONFIG_ERROR_TEMP);
    ck_assert_uint_eq(p->status_code.count, 2);
    ck_assert_uint_eq(q->attributes.count, 0);
    ck_assert_str_eq(q->on_error, "DUNNO");
    ck_assert(q->dry_run);
    ck_assert_str_eq(q->authorization, "Bearer token");
    expect_template(&q->headers[0].value, "a\"b", "header");
    config_free(&config);
}
END_TEST

START_TEST(config_load_compiles_the_target_of_a_policy)
{
    struct config *config = load_good("policy_services = {\n"
                                      " p = { target = \"http://h/%{sender}/100%%?a={{ .Key }}\"; };\n};");

    expect_template(&policy(config, "p")->targets[0].url, "http://h/a%22b/100%?a=%7B%22sender%22%3A%22a%5C%22b%22%7D",
                    "target");
    config_free(&config);
}
END_TEST

static const struct {
    const char *name;
    const char *keys;
    const char *method;
    const char *expected;
} payloads[] = {
    { "none", "payload = \"\";", "GET", "" },
    { "none, but a method", "payload = \"\"; method = \"PUT\";", "PUT", "" },
    { "default, but a method", "method = \"PUT\";", "PUT", "{\"sender\":\"a\\\"b\"}" },
    { "all", "payload = \"{{.Key}}\";", "POST", "{\"sender\":\"a\\\"b\"}" },
    { "all as a member", "payload = \"{\\\"a\\\":{{ .Key }}}\";", "POST", "{\"a\":{\"sender\":\"a\\\"b\"}}" },
    { "all in an array", "payload = \"[{{ .Key }},{{ .Key }}]\";", "POST",
      "[{\"sender\":\"a\\\"b\"},{\"sender\":\"a\\\"b\"}]" },
    { "attributes", "payload = \"[\\\"%{sender}\\\", \\\"%{helo_name}%%%{none}\\\"]\";", "POST",
      "[\"a\\\"b\", \"h%\"]" },
    { "group", "payload = { s = \"<%{sender}>\"; all = \"{{ .Key }}\"; n = 1; };", "POST",
      "{\"s\":\"<a\\\"b>\",\"all\":{\"sender\":\"a\\\"b\"},\"n\":1}" },
    { "all, deep in a group", "payload = { a = ( \"{{.Key}}\", { b = \"{{ .Key }}\"; } ); };", "POST",
      "{\"a\":[{\"sender\":\"a\\\"b\"},{\"b\":{\"sender\":\"a\\\"b\"}}]}" },
    { "form", "payload = \"s=%{sender}\"; " FORM, "POST", "s=a%22b" },
    { "no form", "payload = \"\"; " FORM, "GET", "" },
};

START_TEST(config_load_compiles_the_payload_of_a_policy)
{
    char *text = mem_format("policy_services = { p = { " POLICY " %s }; };", payloads[_i].keys);
    struct config *config = load_good(text);
    const struct config_entry *p = policy(config, "p");

    ck_assert_str_eq(p->method, payloads[_i].method);
    expect_template(&p->payload, payloads[_i].expected, payloads[_i].name);
    config_free(&config);
    mem_free(text);
}
END_TEST

START_TEST(config_load_takes_the_payload_of_a_policy_from_the_defaults)
{
    struct config *config = load_good("policy_services = { defaults = { " POLICY " payload = \"\"; };\n"
                                      " p = { }; q = { payload = \"{{ .Key }}\"; }; };");

    ck_assert_str_eq(policy(config, "p")->method, "GET");
    ck_assert_uint_eq(policy(config, "p")->payload.count, 0);
    ck_assert_str_eq(policy(config, "q")->method, "POST");
    config_free(&config);
}
END_TEST

#define MISPLACED_OBJECT "{{ .Key }} is a JSON object, and may stand outside JSON strings only"

/* The reasons of actions are those of action_check(). */
static const struct {
    const char *name;
    const char *keys;
    const char *message;
} mistakes[] = {
    { "Postfix's name", "default_action = \"DUNNO\";",
      "default_action: unknown key; in Postfix it is what smtpd does when pfx itself does not answer; here it is "
      "on_error" },
    { "misspelt", "no_value_acton = \"DUNNO\";", "unknown key; did you mean no_value_action?" },
    { "a key of socket maps", "notfound_status = 404;",
      "pfx.cfg:3: policy_services.p.notfound_status: unknown key; it stands in an entry of socket_maps, or in its "
      "defaults" },
    { "a key of socket maps", "fold_case = true;", "in an entry of socket_maps" },
    { "a key of socket maps", "max_reply_size = 5000;", "in an entry of socket_maps" },
    { "a key of socket maps to come", "keys = \"exact\";", "in an entry of socket_maps" },
    { "a key of the top level", "workers = 1;", "it stands at top level" },
    { "OpenID of logins", "sasl_oidc_auth = { };",
      "sasl_oidc_auth: unknown key; it stands in an entry of dovecot_sasl, or in its defaults" },

    { "name of an attribute", "attributes = [ \"sender\", \"client-name\" ];",
      "policy_services.p.attributes: must be names of attributes: letters, digits and _" },
    { "placeholder as an attribute", "attributes = \"%{sender}\";", "must be names of attributes" },
    { "empty attribute", "attributes = \"\";", "must have 1 to 255 bytes" },
    { "attribute is a number", "attributes = [ 1 ];", "must be a string in quotes" },
    { "restrictions", "restrictions = \"permit\";", "restrictions: must be true or false" },
    { "dry run", "dry_run = 1;", "dry_run: must be true or false" },

    { "unknown action", "\non_error = \"REJCT no\";", "pfx.cfg:4: policy_services.p.on_error: " },
    { "action of digits alone", "no_value_action = \"554\";", "policy_services.p.no_value_action: " },
    { "empty action", "no_value_action = \"\";", "policy_services.p.no_value_action: " },
    { "action with a leading space", "on_error = \" DUNNO\";", "policy_services.p.on_error: " },
    { "action of two lines", "on_error = \"DUNNO\\n\";", "on_error: must not hold control characters" },
    { "action is a number", "on_error = 554;", "on_error: must be a string in quotes" },
    { "restriction that is not allowed", "on_error = \"permit_mynetworks\";", "policy_services.p.on_error: " },

    { "key of a map in target", "target = \"http://h/%s\";", "target: unknown placeholder" },
    { "key of a map in a header", "custom_headers = \"X-A: %u\";", "custom_headers: unknown placeholder" },
    { "percent-encoded byte", "target = \"http://h/%2F\";", "write %%41 for the byte %41" },
    { "attribute outside a JSON string", "payload = \"{\\\"a\\\": %{sender}}\";", "inside JSON strings only" },
    { "all inside a JSON string", "payload = \"[\\\"{{ .Key }}\\\"]\";", MISPLACED_OBJECT },
    { "all inside a member's text", "payload = { a = \"<{{ .Key }}>\"; };", MISPLACED_OBJECT },
    { "all twice in a member", "payload = { a = \"{{ .Key }}{{ .Key }}\"; };", MISPLACED_OBJECT },
    { "all where no value may stand", "payload = \"{ {{ .Key }} }\";", "payload: is not JSON: " },
    { "form without payload", FORM, "pfx.cfg:2: policy_services.p: content_type \"application/x-www-form-urlencoded\" "
      "needs a payload" },
};

START_TEST(config_load_tells_each_mistake_in_a_policy)
{
    const char *target = strstr(mistakes[_i].keys, "target = ") == mistakes[_i].keys ? "" : POLICY;
    char *text = mem_format("policy_services = {\n p = { %s\n%s\n };\n};", target, mistakes[_i].keys);
    struct config *config = load(text);
    const char *error = policy(config, "p")->error;

    ck_assert_msg(error != NULL && strstr(error, mistakes[_i].message) != NULL, "%s: %s", mistakes[_i].name, error);
    ck_assert_msg(config->problem_count == 1, "%s: also %s", mistakes[_i].name, config->problems[1].text);
    ck_assert(config->problems[0].is_error);
    ck_assert_ptr_null(config->error);
    config_free(&config);
    mem_free(text);
}
END_TEST

START_TEST(config_load_checks_an_inherited_action_with_the_restrictions_of_the_entry)
{
    struct config *config = load("policy_services = {\n"
                                 " defaults = { " POLICY " on_error = \"permit_mynetworks\"; };\n"
                                 " good = { restrictions = true; };\n bad = { };\n own = { on_error = \"OK\"; };\n};");

    ck_assert_ptr_null(policy(config, "good")->error);
    ck_assert_ptr_null(policy(config, "own")->error);
    ck_assert_ptr_nonnull(strstr(policy(config, "bad")->error, "pfx.cfg:4: policy_services.bad: on_error: "));
    ck_assert_uint_eq(config->problem_count, 1);
    config_free(&config);
}
END_TEST

START_TEST(config_load_lets_mistakes_in_defaults_hurt_the_policies_only)
{
    struct config *config = load("socket_maps = { m = { target = \"http://h/%s\"; }; };\n"
                                 "policy_services = { defaults = { payload = \"%s\"; }; p = { " POLICY " }; };");

    ck_assert_ptr_nonnull(strstr(config->section[CONFIG_POLICY_SERVICES].error, "policy_services.defaults.payload: "));
    ck_assert_str_eq(policy(config, "p")->error, config->section[CONFIG_POLICY_SERVICES].error);
    ck_assert_ptr_null(config->section[CONFIG_SOCKET_MAPS].error);
    ck_assert_ptr_null(fixture_map(config, "m")->error);
    config_free(&config);
}
END_TEST

static const char both_wrong[] = "socket_maps = { m = { typo = 1; };\n n = { };\n };\n"
                                 "policy_services = { p = { typo = 1; " POLICY " }; };";

START_TEST(config_load_for_a_policy_warns_once_of_mistakes_in_socket_maps)
{
    struct config *config = load(both_wrong);

    ck_assert_uint_eq(config->problem_count, 2);
    ck_assert(!config->problems[0].is_error && config->problems[1].is_error);
    ck_assert_ptr_nonnull(strstr(config->problems[0].text,
                                 "socket_maps.m.typo: unknown key; see pfx.cfg(5) (and 2 more mistakes)"));
    ck_assert_ptr_nonnull(strstr(config->problems[1].text, "policy_services.p.typo: unknown key"));
    config_free(&config);
}
END_TEST

START_TEST(config_load_for_a_map_warns_once_of_mistakes_in_policy_services)
{
    struct config *config = fixture_load(both_wrong);
    const struct config_problem *last = &config->problems[config->problem_count - 1];

    ck_assert(!last->is_error);
    ck_assert_ptr_nonnull(strstr(last->text, "policy_services.p.typo: unknown key"));
    ck_assert_ptr_nonnull(policy(config, "p")->error);
    config_free(&config);
}
END_TEST

/* The file of the other section's secret is a FIFO: opening it to read would wait for ever. */
START_TEST(config_load_for_a_policy_reads_its_own_secrets_only)
{
    char *path = fixture_path("fifo");

    ck_assert_int_eq(mkfifo(path, 0600), 0);
    fixture_write("s", "token\n");
    struct config *config = load_good(
        "socket_maps = { m = { target = \"http://h/\"; http_auth_bearer = { file = \"$DIR/fifo\"; }; }; };\n"
        "policy_services = { p = { " POLICY " http_auth_bearer = { file = \"$DIR/s\"; }; }; };");
    ck_assert_ptr_null(fixture_map(config, "m")->authorization);
    ck_assert_str_eq(policy(config, "p")->authorization, "Bearer token");
    config_free(&config);
    mem_free(path);
}
END_TEST

START_TEST(config_find_tells_the_sections_apart)
{
    struct config *config = load_good("socket_maps = { a = { target = \"http://m/\"; }; };\n"
                                      "policy_services = { b = { " POLICY " }; a = { target = \"http://p/\"; }; };");

    ck_assert_uint_eq(config->section[CONFIG_POLICY_SERVICES].count, 2);
    ck_assert_str_eq(fixture_map(config, "a")->targets[0].host, "m");
    ck_assert_str_eq(policy(config, "a")->targets[0].host, "p");
    ck_assert_ptr_null(config_find(config, CONFIG_SOCKET_MAPS, SPAN("b")));
    config_free(&config);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config_policy");
    const TTest *const entries[] = {
        config_load_gives_a_policy_its_defaults,
        config_load_gives_each_section_its_own_defaults,
        config_load_reads_the_keys_of_a_policy,
        config_load_compiles_the_target_of_a_policy,
        config_load_takes_the_payload_of_a_policy_from_the_defaults,
        config_find_tells_the_sections_apart,
        NULL,
    };
    const TTest *const hurt[] = {
        config_load_checks_an_inherited_action_with_the_restrictions_of_the_entry,
        config_load_lets_mistakes_in_defaults_hurt_the_policies_only,
        config_load_for_a_policy_warns_once_of_mistakes_in_socket_maps,
        config_load_for_a_map_warns_once_of_mistakes_in_policy_services,
        config_load_for_a_policy_reads_its_own_secrets_only,
        NULL,
    };

    fixture_add(suite, "entries", entries);
    fixture_add(suite, "what is hurt", hurt);
    fixture_add_loop(suite, "payloads", config_load_compiles_the_payload_of_a_policy, UNIT_ROWS(payloads));
    fixture_add_loop(suite, "mistakes", config_load_tells_each_mistake_in_a_policy, UNIT_ROWS(mistakes));
    return unit_run(suite);
}
