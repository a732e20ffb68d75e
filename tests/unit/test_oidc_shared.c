#include "oidc_shared.h"

#include "config_fixture.h"
#include "jose_fixture.h"
#include "log_fixture.h"
#include "token_keys_fixture.h"

#define URI "configuration_uri = \"https://id.example.com/.well-known/openid-configuration\"; "
#define CLIENT URI "client_id = \"c\"; client_secret = \"s\"; "
#define KEY URI "client_id = \"c\"; private_key_file = \"$DIR/key.pem\"; "
#define MAP(name, settings) name " = { target = \"http://h/\"; backend_oidc_auth = { " settings " }; }; "

static struct config *config;
static struct oidc_shared *shared;

static void begin(void)
{
    fixture_log_begin();
    fixture_write("key.pem", TOKEN_P256_PEM);
    fixture_write("other.pem", TOKEN_P384_PEM);
    fixture_write("bad.pem", "-----BEGIN PRIVATE KEY-----\nhush\n-----END PRIVATE KEY-----\n");
}

static void end(void)
{
    oidc_shared_free(&shared);
    ck_assert_ptr_null(shared);
    oidc_shared_free(&shared);
    config_free(&config);
    fixture_log_end();
}

static void load_maps(const char *maps)
{
    char *text = mem_format("socket_maps = { %s };", maps);

    config = fixture_load_good(text);
    shared = oidc_shared_load(config, CONFIG_SOCKET_MAPS);
    mem_free(text);
}

static const struct oidc_record *record_of(const struct config_oidc *group)
{
    for (size_t i = 0; i < oidc_shared_count(shared); i++)
        if (oidc_shared_record(shared, i)->group == group)
            return oidc_shared_record(shared, i);
    return NULL;
}

static const struct oidc_record *record_of_map(const char *name)
{
    return record_of(fixture_map(config, name)->backend_oidc);
}

static const char *error_of(const char *name)
{
    return oidc_shared_error(shared, fixture_map(config, name));
}

static const struct {
    const char *name;
    const char *m, *n;
    bool is_same;
} clients[] = {
    { "the same", CLIENT, CLIENT, true },
    { "http", CLIENT, CLIENT "http = { timeout = 4; };", true },
    { "configuration_uri", CLIENT, "configuration_uri = \"https://id.example.com/\"; client_id = \"c\";"
      " client_secret = \"s\";", false },
    { "client_id", CLIENT, URI "client_id = \"d\"; client_secret = \"s\";", false },
    { "client_secret", CLIENT, URI "client_id = \"c\"; client_secret = \"t\";", false },
    { "no client_secret", CLIENT, URI "client_id = \"c\";", false },
    { "the same private_key_file", KEY, KEY, true },
    { "private_key_file", KEY, URI "client_id = \"c\"; private_key_file = \"$DIR/other.pem\";", false },
    { "no private_key_file", KEY, URI "client_id = \"c\";", false },
    { "key_id", KEY, KEY "key_id = \"k\";", false },
    { "assertion_audience", KEY, KEY "assertion_audience = \"a\";", false },
    { "scopes", CLIENT "scopes = [ \"a\" ];", CLIENT "scopes = [ \"b\" ];", false },
    { "more scopes", CLIENT "scopes = [ \"a\" ];", CLIENT "scopes = [ \"a\", \"b\" ];", false },
    { "the same scopes", CLIENT "scopes = [ \"a\", \"b\" ];", CLIENT "scopes = [ \"a\", \"b\" ];", true },
    { "auth_method", CLIENT, CLIENT "auth_method = \"client_secret_post\";", false },
    { "basic_encoding", CLIENT, CLIENT "basic_encoding = \"raw\";", false },
    { "tls", CLIENT, CLIENT "tls = { skip_verify = true; };", false },
};

START_TEST(oidc_shared_gives_equal_clients_one_slot)
{
    char *maps = mem_format(MAP("m", "%s") MAP("n", "%s"), clients[_i].m, clients[_i].n);

    load_maps(maps);
    mem_free(maps);
    ck_assert_uint_eq(oidc_shared_count(shared), 2);
    unit_expect((record_of_map("m")->slot == record_of_map("n")->slot) == clients[_i].is_same, clients[_i].name);
}
END_TEST

START_TEST(oidc_shared_has_nothing_where_nothing_is_enabled)
{
    load_maps("m = { target = \"http://h/\"; }; " MAP("n", CLIENT "enabled = false;"));
    ck_assert_uint_eq(oidc_shared_count(shared), 0);
    ck_assert_ptr_null(error_of("m"));
    ck_assert_ptr_null(error_of("n"));
}
END_TEST

START_TEST(oidc_shared_has_a_record_of_each_group)
{
    config = fixture_load_good_login(
        "dovecot_sasl = { a = { sasl_oidc_auth = { " KEY " }; };"
        " b = { target = \"http://h/\"; backend_oidc_auth = { " CLIENT " }; sasl_oidc_auth = { " CLIENT " }; }; };");
    shared = oidc_shared_load(config, CONFIG_DOVECOT_SASL);
    ck_assert_uint_eq(oidc_shared_count(shared), 3);
    const struct oidc_record *a = record_of(fixture_login(config, "a")->sasl_oidc);
    ck_assert_ptr_nonnull(a->key);
    ck_assert_ptr_null(a->slot);
    ck_assert_ptr_null(record_of(fixture_login(config, "b")->sasl_oidc)->slot);
    const struct oidc_record *b = record_of(fixture_login(config, "b")->backend_oidc);
    ck_assert_ptr_nonnull(b->slot);
    ck_assert_ptr_null(b->key);
    ck_assert_ptr_null(b->error);
}
END_TEST

START_TEST(oidc_shared_leaves_out_entries_that_cannot_be_used)
{
    config = fixture_load("socket_maps = { m = { target = \"nowhere\"; backend_oidc_auth = { " CLIENT " }; }; };");
    shared = oidc_shared_load(config, CONFIG_SOCKET_MAPS);
    ck_assert_uint_eq(oidc_shared_count(shared), 0);
}
END_TEST

static const char *const bad_keys[] = { "bad", "encrypted", "small" };

static void write_bad_keys(void)
{
    EVP_PKEY *small = EVP_RSA_gen(1024), *good = fixture_generate(FIXTURE_P256);

    fixture_write_bytes("small.pem", fixture_pem(small, FIXTURE_PKCS8));
    fixture_write_bytes("encrypted.pem", fixture_pem(good, FIXTURE_PKCS8_ENCRYPTED));
    EVP_PKEY_free(small);
    EVP_PKEY_free(good);
}

START_TEST(oidc_shared_key_that_cannot_be_used_is_the_mistake_of_its_entries)
{
    char *maps = mem_format(MAP("bad", URI "client_id = \"c\"; private_key_file = \"$DIR/%s.pem\";")
                            MAP("good", KEY) "plain = { target = \"http://h/\"; };", bad_keys[_i]);

    write_bad_keys();
    load_maps(maps);
    mem_free(maps);
    unit_expect(error_of("bad") != NULL, bad_keys[_i]);
    ck_assert_str_eq(error_of("bad"), "its private_key_file cannot be used");
    ck_assert_ptr_null(record_of_map("bad")->key);
    ck_assert_ptr_null(error_of("good"));
    ck_assert_ptr_nonnull(record_of_map("good")->key);
    ck_assert_ptr_null(error_of("plain"));
    unit_expect(fixture_log_count("socket_maps.bad: private_key_file: ") == 1, bad_keys[_i]);
    unit_expect(fixture_log_count("private_key_file") == 1, bad_keys[_i]);
    ck_assert_ptr_null(strstr(fixture_log(), "hush"));
}
END_TEST

START_TEST(oidc_shared_key_for_logins_that_cannot_be_used_is_a_mistake_too)
{
    config = fixture_load_good_login("dovecot_sasl = { l = { sasl_oidc_auth = { " URI " client_id = \"c\";"
                                     " private_key_file = \"$DIR/bad.pem\"; }; }; };");
    shared = oidc_shared_load(config, CONFIG_DOVECOT_SASL);
    ck_assert_str_eq(oidc_shared_error(shared, fixture_login(config, "l")), "its private_key_file cannot be used");
}
END_TEST

START_TEST(oidc_shared_key_that_entries_inherit_is_the_mistake_of_each)
{
    load_maps("defaults = { target = \"http://h/\"; backend_oidc_auth = { " URI "client_id = \"c\";"
              " private_key_file = \"$DIR/bad.pem\"; }; }; m = { }; n = { };");
    ck_assert_ptr_nonnull(error_of("m"));
    ck_assert_ptr_nonnull(error_of("n"));
}
END_TEST

static void add(Suite *suite, const char *name, const TTest *const *tests, int rows)
{
    TCase *tcase = unit_case(name);

    tcase_add_unchecked_fixture(tcase, fixture_begin, fixture_end);
    tcase_add_checked_fixture(tcase, fixture_clear, NULL);
    tcase_add_checked_fixture(tcase, begin, end);
    for (; *tests != NULL; tests++)
        tcase_add_loop_test(tcase, *tests, 0, rows);
    suite_add_tcase(suite, tcase);
}

int main(void)
{
    Suite *suite = suite_create("oidc_shared");

    add(suite, "clients", (const TTest *const[]){ oidc_shared_gives_equal_clients_one_slot, NULL }, UNIT_ROWS(clients));
    add(suite, "records",
        (const TTest *const[]){ oidc_shared_has_nothing_where_nothing_is_enabled,
                                oidc_shared_has_a_record_of_each_group,
                                oidc_shared_leaves_out_entries_that_cannot_be_used,
                                oidc_shared_key_for_logins_that_cannot_be_used_is_a_mistake_too,
                                oidc_shared_key_that_entries_inherit_is_the_mistake_of_each, NULL }, 1);
    add(suite, "bad_keys",
        (const TTest *const[]){ oidc_shared_key_that_cannot_be_used_is_the_mistake_of_its_entries, NULL },
        UNIT_ROWS(bad_keys));
    return unit_run(suite);
}
