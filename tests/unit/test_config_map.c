#include "config_fixture.h"

static struct config *config;

static const struct config_entry *load(const char *keys)
{
    char *text = mem_format("socket_maps = { m = { target = \"http://h/\"; %s }; };", keys);

    config = fixture_load_good(text);
    mem_free(text);
    return fixture_map(config, "m");
}

START_TEST(config_map_has_defaults)
{
    const struct config_entry *m = load("");

    ck_assert_uint_eq(m->keys.count, 1);
    ck_assert_int_eq(m->keys.item[0], KEYS_FULL);
    ck_assert(!m->asks_all);
    ck_assert_ptr_null(m->recipient_delimiter);
    ck_assert_uint_eq(m->local_domains.count, 0);
    ck_assert_uint_eq(m->domains.count, 0);
    ck_assert(!m->propagate_extension);
    ck_assert_uint_eq(m->result.count, 0);
    ck_assert_int_eq(m->expansion_limit, 0);
    config_free(&config);
}
END_TEST

START_TEST(config_map_takes_each_key)
{
    const struct config_entry *m = load("keys = ( \"full\", \"catchall\" ); recipient_delimiter = \"+-\";"
                                        " local_domains = \"b\\xc3\\xbc.example\"; domains = [ \"A.example\", \"b\" ];"
                                        " propagate_extension = true; result_format = \"<%s>\"; expansion_limit = 3;");

    ck_assert_uint_eq(m->keys.count, 2);
    ck_assert_int_eq(m->keys.item[1], KEYS_CATCHALL);
    ck_assert_str_eq(m->recipient_delimiter, "+-");
    ck_assert_str_eq(m->local_domains.item[0], "b\xc3\xbc.example");
    ck_assert_str_eq(m->domains.item[0], "A.example");
    ck_assert(m->propagate_extension);
    ck_assert_uint_eq(m->result.count, 3);
    ck_assert_int_eq(m->expansion_limit, 3);
    config_free(&config);
}
END_TEST

static const struct {
    const char *name;
    const char *keys;
    size_t count;
} words[] = {
    { "a word", "\"virtual\"", 5 },
    { "a word in a list", "[ \"transport\" ]", 4 },
    { "a word and a form", "[ \"mailbox\", \"domain\" ]", 4 },
    { "forms", "[ \"full\", \"unextended\", \"localpart_at\" ]", 3 },
};

START_TEST(config_map_keys_are_words_and_forms)
{
    char *text = mem_format("keys = %s;", words[_i].keys);

    unit_expect(load(text)->keys.count == words[_i].count, words[_i].name);
    config_free(&config);
    mem_free(text);
}
END_TEST

static const struct {
    const char *name;
    const char *keys;
    bool asks_all;
} places[] = {
    { "nowhere", "payload = { key = \"%s\"; };", false },
    { "a member", "payload = { keys = \"%{keys}\"; };", true },
    { "a member's member", "payload = { a = { keys = \"%{keys}\"; }; };", true },
    { "in a list", "payload = { a = ( 1, \"%{keys}\" ); };", true },
    { "a text", "payload = \"{\\\"keys\\\":%{keys},\\\"key\\\":\\\"%s\\\"}\";", true },
    { "a form", "payload = \"keys=%{keys}\"; content_type = \"application/x-www-form-urlencoded\";", true },
    { "a header", "custom_headers = [ \"X-Keys: %{keys}\" ];", true },
    { "one of two targets", "target = [ \"http://h/\", \"http://h/?%{keys}\" ];", true },
};

START_TEST(config_map_asks_for_all_keys_where_a_template_holds_them)
{
    bool has_target = strstr(places[_i].keys, "target") != NULL;
    char *text = mem_format("socket_maps = { m = { %s%s }; };", has_target ? "" : "target = \"http://h/\"; ",
                            places[_i].keys);

    config = fixture_load_good(text);
    unit_expect(fixture_map(config, "m")->asks_all == places[_i].asks_all, places[_i].name);
    config_free(&config);
    mem_free(text);
}
END_TEST

START_TEST(config_map_without_a_delimiter_takes_the_one_of_postfix)
{
    config = fixture_load_good("socket_maps = { a = { target = \"http://h/\"; };"
                               " b = { target = \"http://h/\"; recipient_delimiter = \"\"; };"
                               " c = { target = \"http://h/\"; recipient_delimiter = \"-\"; }; };");
    config_take_delimiter(config, "+");
    ck_assert_str_eq(fixture_map(config, "a")->recipient_delimiter, "+");
    ck_assert_str_eq(fixture_map(config, "b")->recipient_delimiter, "");
    ck_assert_str_eq(fixture_map(config, "c")->recipient_delimiter, "-");
    config_free(&config);
}
END_TEST

START_TEST(config_map_inherits_from_defaults)
{
    config = fixture_load_good("socket_maps = { defaults = { keys = \"virtual\"; result_format = \"%d\"; };"
                               " m = { target = \"http://h/\"; };"
                               " n = { target = \"http://h/\"; keys = \"exact\"; result_format = \"%s\"; }; };");
    ck_assert_uint_eq(fixture_map(config, "m")->keys.count, 5);
    ck_assert_uint_eq(fixture_map(config, "m")->result.count, 1);
    ck_assert_uint_eq(fixture_map(config, "n")->keys.count, 1);
    ck_assert_uint_eq(fixture_map(config, "n")->result.count, 0);
    config_free(&config);
}
END_TEST

static const struct {
    const char *name;
    const char *keys;
    const char *message;
} mistakes[] = {
    { "an unknown word", "keys = \"alias\";", "pfx.cfg:2: socket_maps.m.keys: must be one of exact, virtual" },
    { "an unknown form", "keys = [ \"full\", \"bare\" ];", "socket_maps.m.keys: must be one of" },
    { "a number", "keys = 1;", "socket_maps.m.keys: must be one of" },
    { "no forms", "keys = [ ];", "socket_maps.m.keys: must not be an empty list" },
    { "too many forms", "keys = [ \"access\", \"access\", \"access\" ];",
      "socket_maps.m.keys: names more than 16 forms together" },
    { "a delimiter of two bytes", "recipient_delimiter = \"\xc3\xa9\";", "must be printable ASCII characters" },
    { "a quote as delimiter", "recipient_delimiter = \"+\\\"\";", "must be printable ASCII characters" },
    { "an at sign as delimiter", "recipient_delimiter = \"@\";", "must be printable ASCII characters" },
    { "a delimiter that is too long",
      "recipient_delimiter = \"+++++++++++++++++++++++++++++++++\";", "0 to 32 bytes" },
    { "an address as domain", "domains = [ \"a@b\" ];", "domains: must be whole domain names" },
    { "a subdomain pattern", "domains = \".example.com\";", "must be whole domain names" },
    { "a table", "local_domains = [ \"hash:/etc/x\" ];", "local_domains: must be whole domain names" },
    { "a pattern", "domains = [ \"*.example.com\" ];", "must be whole domain names" },
    { "unknown in result_format", "result_format = \"%x\";", "pfx.cfg:2: socket_maps.m.result_format: unknown" },
    { "a lone percent sign", "result_format = \"100 %\";", "a percent sign is written %%" },
    { "keys in result_format", "result_format = \"%{keys}\";", "result_format: unknown placeholder" },
    { "empty result_format", "result_format = \"\";", "must have 1 to 4096 bytes" },
    { "negative limit", "expansion_limit = -1;", "expansion_limit: must be an integer (0 to 1000000)" },
    { "keys inside a string", "payload = \"{\\\"k\\\":\\\"%{keys}\\\"}\";", "%{keys} is a JSON array, and may stand" },
    { "keys in a member's text", "payload = { k = \"x%{keys}\"; };", "%{keys} is a JSON array, and may stand" },
    { "unknown in braces", "payload = { k = \"%{nothing}\"; };", "%{keys} are known" },
};

START_TEST(config_map_mistakes_are_told)
{
    char *text = mem_format("socket_maps = { m = { target = \"http://h/\";\n%s }; };", mistakes[_i].keys);

    config = fixture_load(text);
    ck_assert_msg(config->problem_count == 1, "%s: %zu problems", mistakes[_i].name, config->problem_count);
    ck_assert_msg(strstr(config->problems[0].text, mistakes[_i].message) != NULL, "%s: got %s", mistakes[_i].name,
                  config->problems[0].text);
    ck_assert_ptr_nonnull(fixture_map(config, "m")->error);
    config_free(&config);
    mem_free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config_map");

    fixture_add(suite, "map",
                (const TTest *const[]){ config_map_has_defaults, config_map_takes_each_key,
                                        config_map_without_a_delimiter_takes_the_one_of_postfix,
                                        config_map_inherits_from_defaults, NULL });
    fixture_add_loop(suite, "keys", config_map_keys_are_words_and_forms, UNIT_ROWS(words));
    fixture_add_loop(suite, "all keys", config_map_asks_for_all_keys_where_a_template_holds_them, UNIT_ROWS(places));
    fixture_add_loop(suite, "mistakes", config_map_mistakes_are_told, UNIT_ROWS(mistakes));
    return unit_run(suite);
}
