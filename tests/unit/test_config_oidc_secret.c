#include "config_fixture.h"

#define CLIENT "configuration_uri = \"https://id.example.com/c\"; client_id = \"pfx\";"
#define TARGET "target = \"http://h/\";"
#define MAP(keys) "socket_maps = { m = { " TARGET " backend_oidc_auth = { " CLIENT " " keys " }; }; };"
#define LOGIN(keys) "dovecot_sasl = { l = { sasl_oidc_auth = { " CLIENT " " keys " }; }; };"
#define PEM "-----BEGIN PRIVATE KEY-----\nhush\n-----END PRIVATE KEY-----\n"

START_TEST(config_load_reads_secrets_of_openid_from_files)
{
    fixture_write("s", "s3cret+with:sp ecial%/&\n");
    fixture_write("key.pem", "Some words before.\n" PEM);
    struct config *config = fixture_load_good(MAP("client_secret = { file = \"$DIR/s\"; };"));
    ck_assert_str_eq(fixture_map(config, "m")->backend_oidc->client_secret, "s3cret+with:sp ecial%/&");
    config_free(&config);
    config = fixture_load_good(MAP("private_key_file = \"$DIR/key.pem\";"));
    ck_assert_str_eq(fixture_map(config, "m")->backend_oidc->private_key, "Some words before.\n" PEM);
    config_free(&config);
}
END_TEST

START_TEST(config_load_lets_a_nearer_level_remove_a_private_key)
{
    fixture_write("key.pem", PEM);
    struct config *config = fixture_load_good(
        "socket_maps = { defaults = { " TARGET "\n"
        "  backend_oidc_auth = { " CLIENT " private_key_file = \"$DIR/key.pem\"; }; };\n"
        " m = { backend_oidc_auth = { private_key_file = \"\"; client_secret = \"s\"; }; }; n = { }; };");

    ck_assert_ptr_null(fixture_map(config, "m")->backend_oidc->private_key);
    ck_assert_str_eq(fixture_map(config, "m")->backend_oidc->client_secret, "s");
    ck_assert_str_eq(fixture_map(config, "n")->backend_oidc->private_key, PEM);
    config_free(&config);
}
END_TEST

/* The files are a FIFO: opening it to read would wait for ever. */
START_TEST(config_load_for_another_daemon_reads_no_secret_of_openid)
{
    char *path = fixture_path("fifo");

    ck_assert_int_eq(mkfifo(path, 0600), 0);
    struct config *config = fixture_load_good(
        LOGIN("client_secret = { file = \"$DIR/fifo\"; }; auth_method = \"client_secret_post\";"));
    ck_assert_ptr_null(fixture_login(config, "l")->error);
    ck_assert_ptr_null(fixture_login(config, "l")->sasl_oidc->client_secret);
    config_free(&config);
    config = fixture_load_good(
        LOGIN("private_key_file = \"$DIR/fifo\"; client_secret = \"s\"; auth_method = \"private_key_jwt\";"));
    ck_assert_ptr_null(fixture_login(config, "l")->sasl_oidc->private_key);
    ck_assert_ptr_null(fixture_login(config, "l")->sasl_oidc->client_secret);
    config_free(&config);
    mem_free(path);
}
END_TEST

static uint64_t hash_of(const char *text)
{
    struct config *config = fixture_load_good(text);
    uint64_t hash = config->hash;

    config_free(&config);
    return hash;
}

START_TEST(config_load_leaves_client_secret_out_of_the_hash)
{
    ck_assert(hash_of(MAP("client_secret = \"a\";")) == hash_of(MAP("client_secret = \"b\";")));
    ck_assert(hash_of(MAP("client_secret = \"a\";")) != hash_of(MAP("key_id = \"a\";")));
    ck_assert(hash_of(MAP("key_id = \"a\";")) != hash_of(MAP("key_id = \"b\";")));
}
END_TEST

static const struct {
    const char *name;
    const char *keys;
    const char *message;
} mistakes[] = {
    { "no file of a secret", "client_secret = { file = \"$DIR/none\"; };", "none: No such file or directory" },
    { "empty secret", "client_secret = \"\";", "socket_maps.m.backend_oidc_auth.client_secret: is empty" },
    { "secret of two lines", "client_secret = \"hush\\nhush\";", "client_secret: holds a control character" },
    { "secret is a number", "client_secret = 5;", "client_secret: must be a string of at most 65536 bytes, or " },
    { "secret is another group", "client_secret = { path = \"/hush\"; };", "or { file = \"/path\"; }" },
    { "no file of a key", "private_key_file = \"$DIR/none\";", "none: No such file or directory" },
    { "key that is no PEM", "private_key_file = \"$DIR/hush\";", "hush: is no PEM file" },
    { "empty key", "private_key_file = \"$DIR/empty\";", "empty: is no PEM file" },
    { "key with a NUL", "private_key_file = \"$DIR/nul\";", "nul: is no PEM file" },
    { "key that is too large", "private_key_file = \"$DIR/large\";", "large: is too large" },
    { "relative name", "private_key_file = \"key.pem\";", "private_key_file: must be a whole path, from / on" },
    { "key is a group", "private_key_file = { file = \"/k\"; };", "private_key_file: must be a string in quotes" },
    { "two secrets", "client_secret = \"hush\"; private_key_file = \"$DIR/key.pem\";",
      "backend_oidc_auth: has both client_secret and private_key_file: auth_method must say which of them is used" },
    { "unused secret", "client_secret = \"hush\"; auth_method = \"none\";",
      "client_secret: is not used with auth_method \"none\"" },
    { "unused key", "private_key_file = \"$DIR/key.pem\"; auth_method = \"none\";",
      "private_key_file: is not used with auth_method \"none\"" },
    { "basic without secret", "auth_method = \"client_secret_basic\";",
      "backend_oidc_auth: auth_method \"client_secret_basic\" needs client_secret" },
    { "post with a key", "private_key_file = \"$DIR/key.pem\"; auth_method = \"client_secret_post\";",
      "auth_method \"client_secret_post\" needs client_secret" },
    { "jwt with a secret", "client_secret = \"hush\"; auth_method = \"private_key_jwt\";",
      "auth_method \"private_key_jwt\" needs private_key_file" },
};

static void write_files(void)
{
    static char large[CONFIG_SECRET_MAX_BYTES + 1];

    memset(large, 'a', sizeof(large));
    fixture_write("key.pem", PEM);
    fixture_write("hush", "hush");
    fixture_write("empty", "");
    fixture_write_bytes("nul", SPAN(PEM "\0"));
    fixture_write_bytes("large", span_make(large, sizeof(large)));
}

/* The name of a file may be told, what is in it may not. */
START_TEST(config_load_tells_each_mistake_in_a_secret_of_openid)
{
    char *text = mem_format(MAP("%s"), mistakes[_i].keys);

    write_files();
    struct config *config = fixture_load(text);
    const char *error = fixture_map(config, "m")->error;
    ck_assert_msg(error != NULL && strstr(error, mistakes[_i].message) != NULL, "%s: %s", mistakes[_i].name, error);
    ck_assert_msg(config->problem_count == 1, "%s: also %s", mistakes[_i].name,
                  config->problems[config->problem_count - 1].text);
    const char *secret = strstr(config->problems[0].text, "hush");
    unit_expect(secret == NULL || strstr(mistakes[_i].keys, "$DIR/hush") != NULL, mistakes[_i].name);
    config_free(&config);
    mem_free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config_oidc_secret");

    fixture_add(suite, "secrets",
                (const TTest *const[]){ config_load_reads_secrets_of_openid_from_files,
                                        config_load_lets_a_nearer_level_remove_a_private_key,
                                        config_load_for_another_daemon_reads_no_secret_of_openid,
                                        config_load_leaves_client_secret_out_of_the_hash, NULL });
    fixture_add_loop(suite, "mistakes", config_load_tells_each_mistake_in_a_secret_of_openid, UNIT_ROWS(mistakes));
    return unit_run(suite);
}
