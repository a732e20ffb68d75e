#include "config_fixture.h"

static const char secret_in_file[] =
    "socket_maps = { m = { target = \"http://h/\"; http_auth_bearer = { file = \"$DIR/s\"; }; }; };";

static const struct config_header *find_header(const struct config_entry *entry, const char *name)
{
    for (size_t i = 0; i < entry->header_count; i++) {
        if (strcmp(entry->headers[i].name, name) == 0)
            return &entry->headers[i];
    }
    return NULL;
}

START_TEST(config_load_merges_http_and_tls_key_by_key)
{
    struct config *config = fixture_load_good(
        "http = { timeout = \"9s\"; connect_timeout = \"1s\"; proxy = \"http://u:p@p:3128\"; no_proxy = [ \"a\" ]; };\n"
        "tls = { cert = \"/top.pem\"; min_version = \"1.3\"; };\n"
        "socket_maps = {\n"
        " defaults = { target = \"http://h/\"; http = { timeout = \"8s\"; ip_version = \"6\"; };\n"
        "  tls = { root_ca = \"/defaults.pem\"; }; };\n"
        " near = { http = { timeout = \"7s\"; proxy = \"\"; }; tls = { cert = \"/near.pem\"; key = \"/k\"; }; };\n"
        " plain = { };\n"
        "};");
    const struct config_entry *near = fixture_map(config, "near"), *plain = fixture_map(config, "plain");

    ck_assert_int_eq(near->http.timeout_ms, 7000);
    ck_assert_int_eq(near->http.connect_timeout_ms, 1000);
    ck_assert_int_eq(near->http.ip_version, CONFIG_IP_6);
    ck_assert_str_eq(near->http.proxy, "");
    ck_assert_str_eq(near->tls.cert, "/near.pem");
    ck_assert_str_eq(near->tls.key, "/k");
    ck_assert_str_eq(near->tls.root_ca.item[0], "/defaults.pem");
    ck_assert_int_eq(near->tls.min_version, CONFIG_TLS_1_3);
    ck_assert_int_eq(plain->http.timeout_ms, 8000);
    ck_assert_int_eq(plain->http.attempt_timeout_ms, 3000);
    ck_assert_str_eq(plain->http.proxy, "http://u:p@p:3128");
    ck_assert_str_eq(plain->http.no_proxy.item[0], "a");
    ck_assert_str_eq(plain->tls.cert, "/top.pem");
    ck_assert_str_eq(plain->tls.key, "");
    config_free(&config);
}
END_TEST

START_TEST(config_load_takes_other_keys_from_the_defaults)
{
    struct config *config = fixture_load_good(
        "socket_maps = {\n"
        " own = { target = \"http://own/\"; value_field = \"o\"; fold_case = true; payload = { b = 2; }; };\n"
        " plain = { };\n"
        " defaults = { target = \"http://h/\"; value_field = \"v.0\"; error_result = \"temp\"; fold_case = false;\n"
        "  payload = { a = 1; }; status_code = 201; max_reply_size = \"2K\"; };\n"
        "};");
    const struct config_entry *own = fixture_map(config, "own"), *plain = fixture_map(config, "plain");

    ck_assert_str_eq(own->targets[0].host, "own");
    ck_assert_str_eq(own->value_field, "o");
    ck_assert_str_eq(own->payload.text, "{\"b\":2}");
    ck_assert(own->fold_case && !plain->fold_case);
    ck_assert_int_eq(own->error_result, CONFIG_ERROR_TEMP);
    ck_assert_int_eq(own->status_code.item[0], 201);
    ck_assert_str_eq(plain->targets[0].host, "h");
    ck_assert_str_eq(plain->value_field, "v.0");
    ck_assert_str_eq(plain->payload.text, "{\"a\":1}");
    ck_assert_int_eq(plain->max_reply_bytes, 2048);
    config_free(&config);
}
END_TEST

START_TEST(config_load_adds_headers_up)
{
    struct config *config = fixture_load_good(
        "socket_maps = {\n"
        " defaults = { target = \"http://h/\"; custom_headers = [ \"X-A: 1\", \"X-B: 2\", \"X-C:3 \" ]; };\n"
        " m = { custom_headers = ( \"x-b:  %s\", \"X-C:\", \"X-D: 4\", \"X-None: \" ); };\n"
        " one = { custom_headers = \"Host: example.com\"; };\n"
        "};");
    const struct config_entry *m = fixture_map(config, "m"), *one = fixture_map(config, "one");

    ck_assert_uint_eq(m->header_count, 3);
    ck_assert_str_eq(find_header(m, "X-A")->value.text, "1");
    ck_assert_str_eq(find_header(m, "x-b")->value.text, "%s");
    ck_assert_int_eq(find_header(m, "x-b")->value.escape, TEMPLATE_ESCAPE_HEADER);
    ck_assert_str_eq(find_header(m, "X-D")->value.text, "4");
    ck_assert_uint_eq(one->header_count, 4);
    ck_assert_str_eq(find_header(one, "X-C")->value.text, "3");
    ck_assert_str_eq(find_header(one, "Host")->value.text, "example.com");
    config_free(&config);
}
END_TEST

START_TEST(config_load_takes_the_nearest_credentials_as_a_whole)
{
    struct config *config = fixture_load_good(
        "socket_maps = {\n"
        " defaults = { target = \"http://h/\"; http_auth_basic = \"user:pass:word\"; };\n"
        " plain = { };\n"
        " bearer = { http_auth_bearer = \"token\"; };\n"
        " header = { custom_headers = \"authorization: Other %u\"; };\n"
        " none = { custom_headers = \"Authorization:\"; };\n"
        "};");

    ck_assert_str_eq(fixture_map(config, "plain")->authorization, "Basic dXNlcjpwYXNzOndvcmQ=");
    ck_assert_str_eq(fixture_map(config, "bearer")->authorization, "Bearer token");
    ck_assert_ptr_null(fixture_map(config, "header")->authorization);
    ck_assert_str_eq(find_header(fixture_map(config, "header"), "authorization")->value.text, "Other %u");
    ck_assert_ptr_null(fixture_map(config, "none")->authorization);
    ck_assert_uint_eq(fixture_map(config, "none")->header_count, 0);
    config_free(&config);
}
END_TEST

START_TEST(config_load_replaces_an_inherited_authorization_header)
{
    struct config *config = fixture_load_good(
        "socket_maps = {\n"
        " defaults = { target = \"http://h/\"; custom_headers = [ \"X-A: 1\", \"Authorization: far\" ]; };\n"
        " m = { http_auth_bearer = \"near\"; }; };");
    const struct config_entry *m = fixture_map(config, "m");

    ck_assert_str_eq(m->authorization, "Bearer near");
    ck_assert_uint_eq(m->header_count, 1);
    ck_assert_str_eq(m->headers[0].name, "X-A");
    config_free(&config);
}
END_TEST

START_TEST(config_load_reads_secrets_from_files)
{
    fixture_write("s", "token\n");
    struct config *config = fixture_load_good(secret_in_file);
    ck_assert_str_eq(fixture_map(config, "m")->authorization, "Bearer token");
    config_free(&config);
}
END_TEST

static const struct {
    const char *name;
    struct span bytes;
    const char *message;
} bad_secrets[] = {
    { "empty", UNIT_BYTES(""), "/s: is empty" },
    { "newline only", UNIT_BYTES("\n"), "/s: is empty" },
    { "two newlines", UNIT_BYTES("token\n\n"), "more than one line" },
    { "carriage return", UNIT_BYTES("token\r\n"), "holds a control character" },
    { "NUL", UNIT_BYTES("tok\0en"), "holds a control character" },
};

START_TEST(config_load_refuses_a_bad_secret_without_showing_it)
{
    fixture_write_bytes("s", bad_secrets[_i].bytes);
    struct config *config = fixture_load(secret_in_file);

    const char *error = fixture_map(config, "m")->error;
    ck_assert_msg(error != NULL && strstr(error, bad_secrets[_i].message) != NULL, "%s: %s", bad_secrets[_i].name,
                  error);
    ck_assert_msg(strstr(error, "tok") == NULL, "%s", error);
    ck_assert_ptr_null(fixture_map(config, "m")->authorization);
    config_free(&config);
}
END_TEST

START_TEST(config_load_refuses_a_secret_over_64K)
{
    char *bytes = mem_alloc(CONFIG_SECRET_MAX_BYTES + 1);
    memset(bytes, 'a', CONFIG_SECRET_MAX_BYTES + 1);
    fixture_write_bytes("s", span_make(bytes, CONFIG_SECRET_MAX_BYTES));
    struct config *config = fixture_load_good(secret_in_file);
    ck_assert_uint_eq(strlen(fixture_map(config, "m")->authorization), strlen("Bearer ") + CONFIG_SECRET_MAX_BYTES);
    config_free(&config);

    fixture_write_bytes("s", span_make(bytes, CONFIG_SECRET_MAX_BYTES + 1));
    config = fixture_load(secret_in_file);
    ck_assert_ptr_nonnull(strstr(fixture_map(config, "m")->error, "is too large"));
    config_free(&config);
    mem_free(bytes);
}
END_TEST

/* The secret's file is a FIFO: opening it to read would wait for ever. */
START_TEST(config_load_does_not_read_secrets_of_other_daemons)
{
    char *path = fixture_path("s");

    ck_assert_int_eq(mkfifo(path, 0600), 0);
    fixture_write_expanded("pfx.cfg", secret_in_file);
    struct config *config = fixture_load_for(CONFIG_POLICY_SERVICES);
    ck_assert_uint_eq(config->problem_count, 0);
    ck_assert_ptr_null(fixture_map(config, "m")->authorization);
    config_free(&config);
    mem_free(path);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config_levels");
    const TTest *const levels[] = {
        config_load_merges_http_and_tls_key_by_key,
        config_load_takes_other_keys_from_the_defaults,
        config_load_adds_headers_up,
        config_load_takes_the_nearest_credentials_as_a_whole,
        config_load_replaces_an_inherited_authorization_header,
        NULL,
    };
    const TTest *const secrets[] = {
        config_load_reads_secrets_from_files,
        config_load_refuses_a_secret_over_64K,
        config_load_does_not_read_secrets_of_other_daemons,
        NULL,
    };

    fixture_add(suite, "levels", levels);
    fixture_add(suite, "secrets", secrets);
    fixture_add_loop(suite, "bad secrets", config_load_refuses_a_bad_secret_without_showing_it, UNIT_ROWS(bad_secrets));
    return unit_run(suite);
}
