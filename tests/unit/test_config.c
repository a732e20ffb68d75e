#include "config_fixture.h"

#include "log.h"

#define ENTRIES_MANY 10000
#define TEN "aaaaaaaaaa"
#define LONG_NAME TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "aaaaaa" /* with a slash, the longest path of a socket */

static void expect_template(const struct config_template *template, const char *key, const char *expected)
{
    char out[512];
    size_t n = 0;
    struct template_values values = { .key = span_text(key) };
    enum template_outcome outcome =
        template_expand(template->pieces, template->count, template->escape, &values, out, sizeof(out), &n);

    ck_assert_int_eq(outcome, TEMPLATE_DONE);
    unit_expect_span(span_make(out, n), span_text(expected), expected);
}

START_TEST(config_load_of_an_empty_file_gives_the_defaults)
{
    struct config *config = fixture_load_good("");

    ck_assert_int_eq(config->workers, 2);
    ck_assert_int_eq(config->max_connections, 4000);
    ck_assert_int_eq(config->max_connections_per_host, 32);
    ck_assert_int_eq(config->max_idle_connections, 0);
    ck_assert_int_eq(config->log_level, LOG_LEVEL_INFO);
    ck_assert(!config->log_json);
    ck_assert(config->sandbox);
    ck_assert_uint_eq(config->debug_entry.count, 0);
    ck_assert_uint_eq(config->debug_peer.count, 0);
    ck_assert_int_eq(config->drain_time_ms, 15000);
    ck_assert_str_eq(config->user, "postfix");
    for (enum config_section_id id = 0; id < CONFIG_SECTIONS; id++)
        ck_assert_uint_eq(config->section[id].count, 0);
    config_free(&config);
    ck_assert_ptr_null(config);
}
END_TEST

START_TEST(config_load_gives_an_entry_its_defaults)
{
    struct config *config = fixture_load_good("socket_maps = { m = { target = \"http://h/\"; }; };");
    const struct config_entry *m = fixture_map(config, "m");

    ck_assert_str_eq(m->name, "m");
    ck_assert_ptr_null(m->error);
    ck_assert_str_eq(m->method, "GET");
    ck_assert_uint_eq(m->payload.count, 0);
    ck_assert_str_eq(m->content_type, "application/json");
    ck_assert_uint_eq(m->header_count, 0);
    ck_assert_ptr_null(m->authorization);
    ck_assert(!m->request_compression && !m->response_compression && !m->value_required && m->fold_case);
    ck_assert_int_eq(m->http.timeout_ms, 5000);
    ck_assert_int_eq(m->http.attempt_timeout_ms, 3000);
    ck_assert_int_eq(m->http.connect_timeout_ms, 2000);
    ck_assert_int_eq(m->http.idle_connection_timeout_ms, 30000);
    ck_assert_int_eq(m->http.max_response_bytes, 1048576);
    ck_assert_str_eq(m->http.proxy, "");
    ck_assert_uint_eq(m->http.no_proxy.count, 0);
    ck_assert_int_eq(m->http.ip_version, CONFIG_IP_ANY);
    ck_assert_str_eq(m->http.user_agent, "pfx/" PFX_VERSION);
    ck_assert_uint_eq(m->tls.root_ca.count, 0);
    ck_assert_str_eq(m->tls.cert, "");
    ck_assert_str_eq(m->tls.key, "");
    ck_assert(!m->tls.skip_verify);
    ck_assert_int_eq(m->tls.min_version, CONFIG_TLS_1_2);
    ck_assert_uint_eq(m->status_code.count, 1);
    ck_assert_int_eq(m->status_code.item[0], 200);
    ck_assert_uint_eq(m->notfound_status.count, 0);
    ck_assert_str_eq(m->value_field, "");
    ck_assert_str_eq(m->error_field, "");
    ck_assert_str_eq(m->no_error_value, "");
    ck_assert_int_eq(m->error_result, CONFIG_ERROR_PERM);
    ck_assert_int_eq(m->max_reply_bytes, 100000);
    config_free(&config);
}
END_TEST

static const struct {
    const char *text;
    int64_t expected_ms;
} times[] = {
    { "\"500ms\"", 500 },  { "\"10s\"", 10000 }, { "\"10\"", 10000 }, { "10", 10000 },         { "10L", 10000 },
    { "\"5m\"", 300000 }, { "0x10", 16000 },    { "\"1h\"", 3600000 }, { "\"3600000ms\"", 3600000 },
};

START_TEST(config_load_reads_times)
{
    char *text = mem_format("drain_time = %s;", times[_i].text);
    struct config *config = fixture_load_good(text);

    ck_assert_int_eq(config->drain_time_ms, times[_i].expected_ms);
    config_free(&config);
    mem_free(text);
}
END_TEST

static const struct {
    const char *text;
    int64_t expected_bytes;
} sizes[] = {
    { "\"64K\"", 65536 }, { "\"16M\"", 16777216 }, { "\"1G\"", 1073741824 }, { "1024", 1024 }, { "\"2048\"", 2048 },
};

START_TEST(config_load_reads_sizes)
{
    char *text = mem_format("http = { max_response_size = %s; }; socket_maps = { m = { target = \"http://h/\"; }; };",
                            sizes[_i].text);
    struct config *config = fixture_load_good(text);

    ck_assert_int_eq(fixture_map(config, "m")->http.max_response_bytes, sizes[_i].expected_bytes);
    config_free(&config);
    mem_free(text);
}
END_TEST

START_TEST(config_load_reads_top_level_keys)
{
    struct config *config = fixture_load_good("workers = 0; log_level = \"debug\"; log_format = \"json\";\n"
                                              "user = \"u\"; sandbox = \"off\";\n"
                                              "debug_entry = ( \"a\", \"b\" ); max_idle_connections = 7;\n"
                                              "debug_peer = [ \"192.0.2.1\", \"2001:DB8:0::1\" ];");

    ck_assert_int_eq(config->workers, 0);
    ck_assert_int_eq(config->log_level, LOG_LEVEL_DEBUG);
    ck_assert(config->log_json);
    ck_assert(!config->sandbox);
    ck_assert_str_eq(config->user, "u");
    ck_assert_int_eq(config->max_idle_connections, 7);
    ck_assert_uint_eq(config->debug_entry.count, 2);
    ck_assert_str_eq(config->debug_entry.item[1], "b");
    ck_assert_uint_eq(config->debug_peer.count, 2);
    ck_assert_str_eq(config->debug_peer.item[1], "2001:db8::1");
    config_free(&config);
}
END_TEST

static const struct {
    const char *name;
    const char *target;
    const char *origin;
    const char *host;
    const char *socket_path;
    unsigned port;
    bool tls;
    bool is_address;
    const char *url; /* for the key u@d */
} targets[] = {
    { "host only", "http://H", "http://h:80", "h", NULL, 80, false, false, "http://h/" },
    { "https", "https://a.example/x", "https://a.example:443", "a.example", NULL, 443, true, false,
      "https://a.example/x" },
    { "port", "https://h:8443/", "https://h:8443", "h", NULL, 8443, true, false, "https://h:8443/" },
    { "scheme in capitals", "HTTPS://h/", "https://h:443", "h", NULL, 443, true, false, "https://h/" },
    { "query only", "http://h?k=%s", "http://h:80", "h", NULL, 80, false, false, "http://h/?k=u%40d" },
    { "IPv4", "http://192.0.2.1/", "http://192.0.2.1:80", "192.0.2.1", NULL, 80, false, true, "http://192.0.2.1/" },
    { "IPv6", "http://[2001:DB8::1]:81/%u", "http://[2001:db8::1]:81", "2001:db8::1", NULL, 81, false, true,
      "http://[2001:db8::1]:81/u" },
    { "pfxhttp's placeholder", "http://h/{{ .Key }}", "http://h:80", "h", NULL, 80, false, false, "http://h/u%40d" },
    { "percent-encoded byte", "http://h/a%%2Fb", "http://h:80", "h", NULL, 80, false, false, "http://h/a%2Fb" },
    { "label in braces", "http://h/%{1}0", "http://h:80", "h", NULL, 80, false, false, "http://h/d0" },
    { "socket", "unix:/run/x.sock:/a/%s", "unix:/run/x.sock", "localhost", "/run/x.sock", 80, false, false,
      "http://localhost/a/u%40d" },
    { "socket with the longest path", "unix:/" LONG_NAME ":/", "unix:/" LONG_NAME, "localhost", "/" LONG_NAME, 80,
      false, false, "http://localhost/" },
    { "socket without path", "unix:/run/x.sock", "unix:/run/x.sock", "localhost", "/run/x.sock", 80, false, false,
      "http://localhost/" },
    { "socket with query", "unix:/run/x.sock:?a", "unix:/run/x.sock", "localhost", "/run/x.sock", 80, false, false,
      "http://localhost/?a" },
};

START_TEST(config_load_takes_a_target_apart)
{
    char *text = mem_format("socket_maps = { m = { target = \"%s\"; }; };", targets[_i].target);
    struct config *config = fixture_load_good(text);
    const struct config_target *target = fixture_map(config, "m")->targets;

    ck_assert_str_eq(target->origin, targets[_i].origin);
    ck_assert_str_eq(target->host, targets[_i].host);
    ck_assert_pstr_eq(target->socket_path, targets[_i].socket_path);
    ck_assert_uint_eq(target->port, targets[_i].port);
    unit_expect(target->tls == targets[_i].tls, targets[_i].name);
    unit_expect(target->host_is_address == targets[_i].is_address, targets[_i].name);
    expect_template(&target->url, "u@d", targets[_i].url);
    config_free(&config);
    mem_free(text);
}
END_TEST

/* A payload, and what is sent for the key a"b. */
static const struct {
    const char *name;
    const char *keys;
    const char *expected;
} payloads[] = {
    { "string", "payload = \"{\\\"k\\\": \\\"%s\\\"}\";", "{\"k\": \"a\\\"b\"}" },
    { "pfxhttp's placeholder", "payload = \"{\\\"k\\\":\\\"{{ .Key }}\\\"}\";", "{\"k\":\"a\\\"b\"}" },
    { "percent sign", "payload = \"[\\\"100%%\\\"]\";", "[\"100%\"]" },
    { "group", "payload = { k = \"%s\"; };", "{\"k\":\"a\\\"b\"}" },
    { "empty group", "payload = { };", "{}" },
    { "all that a group may hold",
      "payload = { a = 1; b = -5000000000L; c = 0.1; d = 2.5; e = true; f = [1, 2];\n"
      " g = ( \"x\", { h = false; } ); i = { }; };",
      "{\"a\":1,\"b\":-5000000000,\"c\":0.1,\"d\":2.5,\"e\":true,\"f\":[1,2],\"g\":[\"x\",{\"h\":false}],\"i\":{}}" },
    { "text to escape in a group", "payload = { k = \"q\\\" \\\\ %s\"; };", "{\"k\":\"q\\\" \\\\ a\\\"b\"}" },
    { "newline in a group", "payload = { k = \"a\\nb\"; };", "{\"k\":\"a\\nb\"}" },
    { "form", "payload = \"key=%s\"; content_type = \"application/x-www-form-urlencoded\";", "key=a%22b" },
};

START_TEST(config_load_compiles_a_payload)
{
    char *text = mem_format("socket_maps = { m = { target = \"http://h/\"; %s }; };", payloads[_i].keys);
    struct config *config = fixture_load_good(text);
    const struct config_entry *m = fixture_map(config, "m");

    expect_template(&m->payload, "a\"b", payloads[_i].expected);
    ck_assert_str_eq(m->method, "POST");
    config_free(&config);
    mem_free(text);
}
END_TEST

START_TEST(config_load_resolves_method_and_notfound_status)
{
    struct config *config = fixture_load_good("socket_maps = {\n"
                                              " defaults = { payload = { k = \"%s\"; }; target = \"http://h/%s\"; };\n"
                                              " plain = { };\n"
                                              " put = { method = \"PUT\"; notfound_status = [ ]; };\n"
                                              " get = { payload = \"\"; notfound_status = ( 404, 410 ); };\n"
                                              " fixed = { target = \"http://h/\"; status_code = [ 200, 203 ]; };\n"
                                              "};");

    ck_assert_str_eq(fixture_map(config, "plain")->method, "POST");
    ck_assert_uint_eq(fixture_map(config, "plain")->notfound_status.count, 1);
    ck_assert_int_eq(fixture_map(config, "plain")->notfound_status.item[0], 404);
    ck_assert_str_eq(fixture_map(config, "put")->method, "PUT");
    ck_assert_uint_eq(fixture_map(config, "put")->notfound_status.count, 0);
    ck_assert_str_eq(fixture_map(config, "get")->method, "GET");
    ck_assert_uint_eq(fixture_map(config, "get")->payload.count, 0);
    ck_assert_int_eq(fixture_map(config, "get")->notfound_status.item[1], 410);
    ck_assert_uint_eq(fixture_map(config, "fixed")->notfound_status.count, 0);
    ck_assert_uint_eq(fixture_map(config, "fixed")->status_code.count, 2);
    config_free(&config);
}
END_TEST

START_TEST(config_find_takes_names_in_any_order_and_no_part_of_one)
{
    struct config *config = fixture_load_good("socket_maps = { defaults = { target = \"http://h/\"; };\n"
                                              " b = { }; a = { }; a-b = { }; ab = { }; B = { }; };");
    static const char *const missing[] = { "", "c", "aa", "defaults", "a-", "A" };

    ck_assert_uint_eq(config->section[CONFIG_SOCKET_MAPS].count, 5);
    ck_assert_str_eq(config->section[CONFIG_SOCKET_MAPS].entries[0].name, "B");
    ck_assert_str_eq(fixture_map(config, "a")->name, "a");
    ck_assert_str_eq(fixture_map(config, "a-b")->name, "a-b");
    ck_assert_str_eq(fixture_map(config, "ab")->name, "ab");
    for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++)
        ck_assert_ptr_null(config_find(config, CONFIG_SOCKET_MAPS, span_text(missing[i])));
    ck_assert_ptr_null(config_find(config, CONFIG_SOCKET_MAPS, SPAN("ab\0")));
    ck_assert_ptr_null(config_find(config, CONFIG_POLICY_SERVICES, SPAN("a")));
    config_free(&config);
}
END_TEST

START_TEST(config_load_of_ten_thousand_entries_finds_each)
{
    struct config *config;
    char *path = fixture_path("pfx.cfg");
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    fputs("socket_maps = {\n", file);
    for (int i = 0; i < ENTRIES_MANY; i++)
        fprintf(file, "m%d = { target = \"http://h/%d/%%s\"; };\n", i, i);
    fputs("};\n", file);
    ck_assert_int_eq(fclose(file), 0);

    config = fixture_load_for(CONFIG_SOCKET_MAPS);
    ck_assert_uint_eq(config->problem_count, 0);
    ck_assert_uint_eq(config->section[CONFIG_SOCKET_MAPS].count, ENTRIES_MANY);
    for (int i = 0; i < ENTRIES_MANY; i++) {
        char name[16], url[64];
        snprintf(name, sizeof(name), "m%d", i);
        snprintf(url, sizeof(url), "http://h/%d/k", i);
        expect_template(&fixture_map(config, name)->targets[0].url, "k", url);
    }
    config_free(&config);
    mem_free(path);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config");
    const TTest *const tests[] = {
        config_load_of_an_empty_file_gives_the_defaults,
        config_load_gives_an_entry_its_defaults,
        config_load_reads_top_level_keys,
        config_load_resolves_method_and_notfound_status,
        config_load_of_ten_thousand_entries_finds_each,
        NULL,
    };
    const TTest *const find_tests[] = { config_find_takes_names_in_any_order_and_no_part_of_one, NULL };

    fixture_add(suite, "config_load", tests);
    fixture_add_loop(suite, "config_load times", config_load_reads_times, UNIT_ROWS(times));
    fixture_add_loop(suite, "config_load sizes", config_load_reads_sizes, UNIT_ROWS(sizes));
    fixture_add_loop(suite, "config_load targets", config_load_takes_a_target_apart, UNIT_ROWS(targets));
    fixture_add_loop(suite, "config_load payloads", config_load_compiles_a_payload, UNIT_ROWS(payloads));
    fixture_add(suite, "config_find", find_tests);
    return unit_run(suite);
}
