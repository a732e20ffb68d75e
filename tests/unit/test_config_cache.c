#include "config_fixture.h"

#define TARGET "target = \"http://h/\";"
#define DAY_MS 86400000
#define SLOW "response_cache.stale_after is not less than http.timeout"

static const struct config_entry *find(const struct config *config, enum config_section_id section, const char *name)
{
    const struct config_entry *entry = config_find(config, section, span_text(name));

    ck_assert_msg(entry != NULL, "no entry %s", name);
    return entry;
}

static void expect_cache(const char *name, const struct config_entry *entry, const struct config_cache *expected)
{
    const struct config_cache *cache = &entry->cache;

    unit_expect(cache->enabled == expected->enabled, name);
    unit_expect(cache->max_age_ms == expected->max_age_ms, name);
    unit_expect(cache->negative_max_age_ms == expected->negative_max_age_ms, name);
    unit_expect(cache->stale_if_error_ms == expected->stale_if_error_ms, name);
    unit_expect(cache->negative_stale_if_error_ms == expected->negative_stale_if_error_ms, name);
    unit_expect(cache->stale_after_ms == expected->stale_after_ms, name);
}

START_TEST(config_load_gives_each_section_its_own_cache)
{
    struct config *config = fixture_load_good("socket_maps = { e = { " TARGET " }; };\n"
                                              "policy_services = { e = { " TARGET " }; };\n"
                                              "dovecot_sasl = { e = { " TARGET " }; };");
    const struct config_cache map = { true, 10000, 0, DAY_MS, 0, 1000 }, policy = { false, 0, 0, 300000, 0, 1000 };

    expect_cache("map", find(config, CONFIG_SOCKET_MAPS, "e"), &map);
    expect_cache("policy", find(config, CONFIG_POLICY_SERVICES, "e"), &policy);
    ck_assert(!find(config, CONFIG_DOVECOT_SASL, "e")->cache.enabled);
    ck_assert_int_eq(config->cache_bytes, 64 << 20);
    ck_assert_str_eq(config->state_directory, "");
    config_free(&config);
}
END_TEST

START_TEST(config_load_reads_the_cache_of_the_top_level)
{
    struct config *config = fixture_load_good("state_directory = \"/var/lib/pfx\";\n"
                                              "response_cache = { size = \"1M\"; };");

    ck_assert_int_eq(config->cache_bytes, 1 << 20);
    ck_assert_str_eq(config->state_directory, "/var/lib/pfx");
    config_free(&config);
}
END_TEST

START_TEST(config_load_merges_the_cache_key_by_key)
{
    struct config *config = fixture_load_good(
        "response_cache = { negative_max_age = \"1m\"; stale_after = 0; size = \"2M\"; };\n"
        "socket_maps = {\n"
        " defaults = { " TARGET " response_cache = { max_age = \"2m\"; stale_if_error = \"52w\"; }; };\n"
        " plain = { };\n"
        " near = { response_cache = { enabled = false; max_age = \"3m\"; negative_stale_if_error = \"4m\"; }; };\n"
        "};\n"
        "policy_services = { defaults = { " TARGET " response_cache = { enabled = true; }; };\n"
        " plain = { }; near = { response_cache = { enabled = false; stale_after = \"2s\"; }; }; };");
    const struct config_cache plain = { true, 120000, 60000, 364L * DAY_MS, 0, 0 };
    const struct config_cache near = { false, 180000, 60000, 364L * DAY_MS, 240000, 0 };
    const struct config_cache policy = { true, 0, 60000, 300000, 0, 0 };
    const struct config_cache near_policy = { false, 0, 60000, 300000, 0, 2000 };

    expect_cache("plain", find(config, CONFIG_SOCKET_MAPS, "plain"), &plain);
    expect_cache("near", find(config, CONFIG_SOCKET_MAPS, "near"), &near);
    expect_cache("policy", find(config, CONFIG_POLICY_SERVICES, "plain"), &policy);
    expect_cache("near policy", find(config, CONFIG_POLICY_SERVICES, "near"), &near_policy);
    config_free(&config);
}
END_TEST

START_TEST(config_load_gives_values_of_the_top_level_to_policies_but_does_not_enable_them)
{
    struct config *config = fixture_load_good(
        "response_cache = { enabled = true; max_age = \"1m\"; stale_if_error = \"1h\"; };\n"
        "policy_services = { off = { " TARGET " };\n on = { " TARGET " response_cache = { enabled = true; }; }; };\n"
        "dovecot_sasl = { e = { " TARGET " }; };");
    const struct config_cache off = { false, 60000, 0, 3600000, 0, 1000 }, on = { true, 60000, 0, 3600000, 0, 1000 };

    expect_cache("off", find(config, CONFIG_POLICY_SERVICES, "off"), &off);
    expect_cache("on", find(config, CONFIG_POLICY_SERVICES, "on"), &on);
    ck_assert(!find(config, CONFIG_DOVECOT_SASL, "e")->cache.enabled);
    config_free(&config);
}
END_TEST

START_TEST(config_load_disables_maps_at_top_level)
{
    struct config *config = fixture_load_good("response_cache = { enabled = false; };\n"
                                              "socket_maps = { off = { " TARGET " };\n"
                                              " on = { " TARGET " response_cache = { enabled = true; }; }; };");

    ck_assert(!find(config, CONFIG_SOCKET_MAPS, "off")->cache.enabled);
    ck_assert(find(config, CONFIG_SOCKET_MAPS, "on")->cache.enabled);
    config_free(&config);
}
END_TEST

START_TEST(config_load_reads_several_targets_and_how_they_are_asked)
{
    struct config *config = fixture_load_good(
        "socket_maps = {\n"
        " defaults = { retry_interval = \"1h\";\n"
        "  target = ( \"https://a/%s\", \"http://b/\", \"unix:/c.sock:/%s\" ); };\n"
        " several = { target_order = \"random\"; };\n"
        " one = { target = \"http://d/\"; retry_interval = 1; };\n};\n"
        "dovecot_sasl = { e = { target = [ \"http://e/\", \"http://f/\" ]; target_order = \"random\"; }; };");
    const struct config_entry *several = find(config, CONFIG_SOCKET_MAPS, "several");
    const struct config_entry *one = find(config, CONFIG_SOCKET_MAPS, "one");
    const struct config_entry *login = find(config, CONFIG_DOVECOT_SASL, "e");

    ck_assert_uint_eq(several->target_count, 3);
    ck_assert_str_eq(several->targets[0].origin, "https://a:443");
    ck_assert_str_eq(several->targets[1].origin, "http://b:80");
    ck_assert_str_eq(several->targets[2].origin, "unix:/c.sock");
    ck_assert_int_eq(several->target_order, CONFIG_RANDOM);
    ck_assert_int_eq(several->retry_interval_ms, 3600000);
    ck_assert_int_eq(several->notfound_status.item[0], 404);
    ck_assert_uint_eq(one->target_count, 1);
    ck_assert_int_eq(one->target_order, CONFIG_LISTED);
    ck_assert_int_eq(one->retry_interval_ms, 1000);
    ck_assert_uint_eq(one->notfound_status.count, 0);
    ck_assert_uint_eq(login->target_count, 2);
    ck_assert_int_eq(login->target_order, CONFIG_RANDOM);
    ck_assert_int_eq(login->retry_interval_ms, 30000);
    config_free(&config);
}
END_TEST

START_TEST(config_load_reads_the_attributes_of_a_kept_answer)
{
    struct config *config = fixture_load_good(
        "policy_services = { defaults = { " TARGET " cache_key = [ \"sender\", \"recipient\" ]; };\n"
        " plain = { }; one = { cache_key = \"client_address\"; }; most = { cache_key = [ ]; }; };");
    const struct config_entry *plain = find(config, CONFIG_POLICY_SERVICES, "plain");

    ck_assert_uint_eq(plain->cache_key.count, 2);
    ck_assert_str_eq(plain->cache_key.item[1], "recipient");
    ck_assert_str_eq(find(config, CONFIG_POLICY_SERVICES, "one")->cache_key.item[0], "client_address");
    ck_assert_uint_eq(find(config, CONFIG_POLICY_SERVICES, "most")->cache_key.count, 0);
    config_free(&config);
}
END_TEST

/* The warnings, the first of them with what stands before it, of a configuration that has no other problem. */
static const struct {
    const char *name;
    const char *top;
    const char *entry; /* keys of one of three */
    size_t count;
    const char *first;
} paces[] = {
    { "defaults", "", "", 0, NULL },
    { "timeout of the top level, told once", "http = { timeout = \"1s\"; };", "", 1, "pfx.cfg:1: http: " SLOW },
    { "just longer", "http = { timeout = \"1001ms\"; };", "", 0, NULL },
    { "stale_after", "\nresponse_cache = { stale_after = \"5s\"; };", "", 1, "pfx.cfg:2: response_cache: " SLOW },
    { "the nearest", "http = { timeout = \"3s\"; };\nresponse_cache = { stale_after = \"2s\"; };",
      "response_cache = { stale_after = \"4s\"; };", 1, "pfx.cfg:3: socket_maps.b.response_cache: " SLOW },
    { "the nearest, of another kind", "response_cache = { stale_after = \"4s\"; };", "http = { timeout = \"4s\"; };", 1,
      "pfx.cfg:2: socket_maps.b.http: " SLOW },
    { "nothing is kept", "http = { timeout = \"1s\"; }; response_cache = { enabled = false; };", "", 0, NULL },
    { "nothing old is used", "http = { timeout = \"1s\"; }; response_cache = { stale_if_error = 0; };", "", 0, NULL },
    { "only an old nothing",
      "response_cache = { stale_if_error = 0; negative_stale_if_error = 1; stale_after = 9; };", "", 1,
      "pfx.cfg:1: response_cache: " SLOW },
};

START_TEST(config_load_warns_when_a_slow_backend_is_waited_for)
{
    char *text = mem_format("%s\nsocket_maps = { a = { " TARGET " }; b = { " TARGET " %s }; c = { " TARGET " }; };\n"
                            "policy_services = { p = { " TARGET " }; };\ndovecot_sasl = { l = { " TARGET " }; };",
                            paces[_i].top, paces[_i].entry);
    struct config *config = fixture_load(text);

    ck_assert_msg(config->problem_count == paces[_i].count, "%s: %zu warnings", paces[_i].name, config->problem_count);
    ck_assert_ptr_null(config->error);
    if (paces[_i].count > 0) {
        ck_assert(!config->problems[0].is_error);
        ck_assert_msg(strstr(config->problems[0].text, paces[_i].first) != NULL, "%s: %s", paces[_i].name,
                      config->problems[0].text);
    }
    config_free(&config);
    mem_free(text);
}
END_TEST

#define TIME_RANGE "(0s to 52w)"
#define SIZE_RANGE "must be a size, as \"64K\", \"16M\", \"1G\" or an integer, in bytes (1M to 64G)"
#define IN_TOP(keys) "response_cache = { " keys " };"
#define IN_MAP(keys) "socket_maps = { m = { " TARGET " " keys " }; };"
#define IN_POLICY(keys) "policy_services = { m = { " TARGET " " keys " }; };"
#define IN_LOGIN(keys) "dovecot_sasl = { m = { " TARGET " " keys " }; };"

static const struct {
    const char *name;
    enum config_section_id own;
    const char *text;
    const char *message;
} mistakes[] = {
    { "no group", CONFIG_SOCKET_MAPS, "response_cache = true;", "pfx.cfg:1: response_cache: must be a group, { ... }" },
    { "no group in an entry", CONFIG_SOCKET_MAPS, IN_MAP("response_cache = 1;"),
      "socket_maps.m.response_cache: must be a group" },
    { "unknown", CONFIG_SOCKET_MAPS, IN_TOP("max_aeg = 1;"),
      "response_cache.max_aeg: unknown key; did you mean max_age?" },
    { "misspelt size", CONFIG_SOCKET_MAPS, IN_TOP("sizes = \"1M\";"),
      "response_cache.sizes: unknown key; did you mean size?" },
    { "pfxhttp's name", CONFIG_SOCKET_MAPS, IN_TOP("ttl = 1;"),
      "response_cache.ttl: unknown key; see stale_if_error and max_age" },
    { "outside its group", CONFIG_SOCKET_MAPS, "max_age = 1;",
      "max_age: unknown key; it stands in the group response_cache" },
    { "size in an entry", CONFIG_SOCKET_MAPS, IN_MAP("response_cache = { size = \"1M\"; };"),
      "socket_maps.m.response_cache.size: unknown key; it stands in the group response_cache of the top level" },
    { "size in defaults", CONFIG_SOCKET_MAPS,
      "socket_maps = { defaults = { response_cache = { size = \"1M\"; }; }; m = { " TARGET " }; };",
      "socket_maps.defaults.response_cache.size: unknown key" },
    { "size outside its group", CONFIG_SOCKET_MAPS, "size = \"64M\";",
      "size: unknown key; it stands in the group response_cache of the top level" },
    { "too small", CONFIG_SOCKET_MAPS, IN_TOP("size = 1048575;"), "response_cache.size: " SIZE_RANGE },
    { "too large", CONFIG_SOCKET_MAPS, IN_TOP("size = \"65G\";"), "response_cache.size: " SIZE_RANGE },
    { "enabled is a word", CONFIG_SOCKET_MAPS, IN_TOP("enabled = \"yes\";"),
      "response_cache.enabled: must be true or false" },
    { "max_age", CONFIG_SOCKET_MAPS, IN_TOP("max_age = \"53w\";"), TIME_RANGE },
    { "negative_max_age", CONFIG_SOCKET_MAPS, IN_TOP("negative_max_age = -1;"), TIME_RANGE },
    { "stale_if_error", CONFIG_SOCKET_MAPS, IN_TOP("stale_if_error = \"1y\";"), TIME_RANGE },
    { "negative_stale_if_error", CONFIG_SOCKET_MAPS, IN_TOP("negative_stale_if_error = true;"), TIME_RANGE },
    { "stale_after", CONFIG_SOCKET_MAPS, IN_TOP("stale_after = \"61m\";"), "(0s to 1h)" },
    { "in a policy", CONFIG_POLICY_SERVICES, IN_POLICY("response_cache = { max_age = \"53w\"; };"),
      "policy_services.m.response_cache.max_age: must be a time" },
    { "in a login", CONFIG_DOVECOT_SASL, IN_LOGIN("response_cache = { };"),
      "dovecot_sasl.m.response_cache: unknown key; answers to logins are never kept" },
    { "in the defaults of logins", CONFIG_DOVECOT_SASL,
      "dovecot_sasl = { defaults = { response_cache = { }; }; m = { " TARGET " }; };",
      "dovecot_sasl.defaults.response_cache: unknown key; answers to logins are never kept" },
    { "relative directory", CONFIG_SOCKET_MAPS, "state_directory = \"state\";",
      "state_directory: must be a whole path, from / on" },
    { "directory in an entry", CONFIG_SOCKET_MAPS, IN_MAP("state_directory = \"/x\";"), "it stands at top level" },

    { "order", CONFIG_SOCKET_MAPS, IN_MAP("target_order = \"round-robin\";"),
      "socket_maps.m.target_order: must be \"listed\" or \"random\"" },
    { "no pause", CONFIG_SOCKET_MAPS, IN_MAP("retry_interval = \"999ms\";"),
      "socket_maps.m.retry_interval: must be a time, as \"500ms\", \"10s\", \"5m\", \"1h\", \"1d\", \"1w\" or an "
      "integer, in seconds (1s to 1h)" },
    { "too long a pause", CONFIG_DOVECOT_SASL, IN_LOGIN("retry_interval = \"61m\";"), "(1s to 1h)" },
    { "cache_key of a map", CONFIG_SOCKET_MAPS, IN_MAP("cache_key = \"sender\";"),
      "cache_key: unknown key; it stands in an entry of policy_services, or in its defaults" },
    { "cache_key of no attribute", CONFIG_POLICY_SERVICES, IN_POLICY("cache_key = [ \"client-name\" ];"),
      "policy_services.m.cache_key: must be names of attributes: letters, digits and _" },
    { "cache_key of nothing", CONFIG_POLICY_SERVICES, IN_POLICY("cache_key = \"\";"), "must have 1 to 255 bytes" },
};

START_TEST(config_load_tells_each_mistake)
{
    fixture_write_expanded("pfx.cfg", mistakes[_i].text);
    struct config *config = fixture_load_for(mistakes[_i].own);
    const struct config_entry *entry = config_find(config, mistakes[_i].own, SPAN("m"));
    const char *error = entry == NULL ? config->error : entry->error;

    ck_assert_msg(error != NULL && strstr(error, mistakes[_i].message) != NULL, "%s: %s", mistakes[_i].name, error);
    ck_assert_msg(config->problem_count == 1, "%s: also %s", mistakes[_i].name,
                  config->problem_count < 2 ? "" : config->problems[1].text);
    ck_assert(config->problems[0].is_error);
    config_free(&config);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config_cache");
    const TTest *const levels[] = {
        config_load_gives_each_section_its_own_cache,
        config_load_reads_the_cache_of_the_top_level,
        config_load_merges_the_cache_key_by_key,
        config_load_gives_values_of_the_top_level_to_policies_but_does_not_enable_them,
        config_load_disables_maps_at_top_level,
        NULL,
    };
    const TTest *const others[] = {
        config_load_reads_several_targets_and_how_they_are_asked,
        config_load_reads_the_attributes_of_a_kept_answer,
        NULL,
    };

    fixture_add(suite, "levels", levels);
    fixture_add(suite, "targets and attributes", others);
    fixture_add_loop(suite, "warnings", config_load_warns_when_a_slow_backend_is_waited_for, UNIT_ROWS(paces));
    fixture_add_loop(suite, "mistakes", config_load_tells_each_mistake, UNIT_ROWS(mistakes));
    return unit_run(suite);
}
