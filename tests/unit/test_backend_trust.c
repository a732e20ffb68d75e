#include "backend_trust.h"

#include "log_fixture.h"
#include "tls_fixture.h"

#define ENTRY(name, url, keys) name " = { target = \"" url "\"; " keys " }; "

static struct config *config;
static struct backend_trust *trust;

static void load(const char *entries)
{
    char *text = mem_format("tls = { root_ca = \"$DIR/ca.pem\"; }; socket_maps = { %s };", entries);

    fixture_log_begin();
    config = fixture_load(text);
    trust = backend_trust_load(config, CONFIG_SOCKET_MAPS);
    mem_free(text);
}

static void unload(void)
{
    backend_trust_free(&trust);
    ck_assert_ptr_null(trust);
    backend_trust_free(&trust);
    config_free(&config);
    fixture_log_end();
}

static const struct tls_profile *profile_of(const char *name)
{
    return backend_trust_profile(trust, fixture_map(config, name));
}

static const char *error_of(const char *name)
{
    return backend_trust_error(trust, fixture_map(config, name));
}

START_TEST(backend_trust_is_shared_by_entries_with_the_same_tls)
{
    load(ENTRY("a", "https://one.test/", "") ENTRY("b", "https://two.test/", "")
             ENTRY("c", "https://one.test/", "tls = { min_version = \"1.3\"; };"));
    ck_assert_ptr_nonnull(profile_of("a"));
    ck_assert_ptr_eq(profile_of("a"), profile_of("b"));
    ck_assert_ptr_nonnull(profile_of("c"));
    ck_assert_ptr_ne(profile_of("a"), profile_of("c"));
    ck_assert_ptr_null(error_of("a"));
    ck_assert_str_eq(fixture_log(), "");
    unload();
}
END_TEST

START_TEST(backend_trust_of_an_entry_without_tls_is_none)
{
    load(ENTRY("plain", "http://one.test/", "tls = { root_ca = \"$DIR/no.pem\"; };")
             ENTRY("secure", "https://one.test/", ""));
    ck_assert_ptr_null(profile_of("plain"));
    ck_assert_ptr_null(error_of("plain"));
    ck_assert_ptr_nonnull(profile_of("secure"));
    ck_assert_int_eq(fixture_log_count("error: "), 0);
    unload();
}
END_TEST

START_TEST(backend_trust_that_cannot_be_read_is_an_error_of_its_entries)
{
    load(ENTRY("bad", "https://one.test/", "tls = { root_ca = \"$DIR/no.pem\"; };")
             ENTRY("good", "https://one.test/", "")
                 ENTRY("worse", "https://two.test/", "tls = { root_ca = \"$DIR/no.pem\"; };"));
    ck_assert_ptr_null(profile_of("bad"));
    ck_assert_ptr_nonnull(error_of("bad"));
    ck_assert_ptr_nonnull(error_of("worse"));
    ck_assert_ptr_nonnull(profile_of("good"));
    ck_assert_ptr_null(error_of("good"));
    ck_assert_int_eq(fixture_log_count("/pfx.cfg:1: socket_maps.bad.tls: "), 1);
    ck_assert_int_eq(fixture_log_count("/no.pem: cannot read CA certificates"), 1);
    unload();
}
END_TEST

START_TEST(backend_trust_of_a_bad_entry_is_not_read)
{
    load(ENTRY("bad", "https://one.test/", "tls = { root_ca = \"$DIR/no.pem\"; }; status_code = \"x\";"));
    ck_assert_ptr_nonnull(fixture_map(config, "bad")->error);
    ck_assert_ptr_null(profile_of("bad"));
    ck_assert_int_eq(fixture_log_count("no.pem"), 0);
    unload();
}
END_TEST

START_TEST(backend_trust_of_no_entries_is_nothing)
{
    load("");
    ck_assert_ptr_nonnull(trust);
    ck_assert_str_eq(fixture_log(), "");
    unload();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("backend_trust");

    fixture_add_certs(suite, "backend_trust",
                      (const TTest *const[]){ backend_trust_is_shared_by_entries_with_the_same_tls,
                                              backend_trust_of_an_entry_without_tls_is_none,
                                              backend_trust_that_cannot_be_read_is_an_error_of_its_entries,
                                              backend_trust_of_a_bad_entry_is_not_read,
                                              backend_trust_of_no_entries_is_nothing, NULL },
                      1);
    return unit_run(suite);
}
