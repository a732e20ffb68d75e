#include "config_fixture.h"

#define MAP "target = \"http://h/\";"

static bool has_text(const struct config_problem *problem, const char *text)
{
    return strstr(problem->text, text) != NULL;
}

static void expect_problem(const struct config *config, bool is_error, const char *text)
{
    for (size_t i = 0; i < config->problem_count; i++) {
        if (config->problems[i].is_error == is_error && has_text(&config->problems[i], text))
            return;
    }
    ck_abort_msg("no problem says: %s (the first of %zu: %s)", text, config->problem_count,
                 config->problem_count == 0 ? "" : config->problems[0].text);
}

START_TEST(config_load_of_a_missing_file_gives_an_error_and_the_defaults)
{
    struct config *config = fixture_load_for(CONFIG_SOCKET_MAPS);

    ck_assert_ptr_nonnull(strstr(config->error, "/pfx.cfg: No such file or directory"));
    ck_assert_int_eq(config->workers, 2);
    ck_assert_str_eq(config->user, "postfix");
    config_free(&config);
}
END_TEST

START_TEST(config_load_lets_a_mistake_hurt_only_its_entry)
{
    struct config *config = fixture_load("workers = 3;\nsocket_maps = {\n a = { " MAP " };\n"
                                         " b = { target = 5; typo = 1;\n };\n"
                                         " c = { " MAP " value_field = \"v\"; };\n};");

    ck_assert_ptr_null(config->error);
    ck_assert_ptr_null(config->section[CONFIG_SOCKET_MAPS].error);
    ck_assert_ptr_null(fixture_map(config, "a")->error);
    ck_assert_ptr_nonnull(fixture_map(config, "b")->error);
    ck_assert_ptr_null(fixture_map(config, "c")->error);
    ck_assert_str_eq(fixture_map(config, "c")->value_field, "v");
    ck_assert_int_eq(config->workers, 3);
    expect_problem(config, true, "pfx.cfg:4: socket_maps.b.typo: unknown key");
    expect_problem(config, true, "pfx.cfg:4: socket_maps.b.target: must be a string");
    ck_assert_uint_eq(config->problem_count, 2);
    config_free(&config);
}
END_TEST

static const char *const bad_defaults[] = {
    "typo = 1;",
    "target = \"ftp://h/\";",
    "payload = \"%x\";",
    "http = { timeout = 0; };",
    "http_auth_bearer = { file = \"$DIR/none\"; };",
};

START_TEST(config_load_lets_mistakes_in_defaults_hurt_the_section)
{
    char *text = mem_format("socket_maps = { defaults = { %s };\n a = { " MAP " }; b = { " MAP " payload = \"\"; }; };",
                            bad_defaults[_i]);
    struct config *config = fixture_load(text);
    const char *error = config->section[CONFIG_SOCKET_MAPS].error;

    ck_assert_ptr_null(config->error);
    ck_assert_msg(error != NULL, "%s", bad_defaults[_i]);
    ck_assert_ptr_nonnull(strstr(error, "pfx.cfg:1: socket_maps.defaults."));
    ck_assert_str_eq(fixture_map(config, "a")->error, error);
    ck_assert_str_eq(fixture_map(config, "b")->error, error);
    config_free(&config);
    mem_free(text);
}
END_TEST

START_TEST(config_load_tells_a_mistake_that_many_inherit_once)
{
    struct config *config = fixture_load("socket_maps = { defaults = { target = \"http://h/\"; payload = \"x\"; };\n"
                                         " a = { }; b = { }; c = { payload = \"\"; }; };");

    ck_assert_ptr_nonnull(fixture_map(config, "a")->error);
    ck_assert_ptr_nonnull(fixture_map(config, "b")->error);
    ck_assert_ptr_null(fixture_map(config, "c")->error);
    ck_assert_uint_eq(config->problem_count, 1);
    config_free(&config);
}
END_TEST

START_TEST(config_load_warns_once_of_all_mistakes_in_a_section_of_others)
{
    fixture_write("pfx.cfg", "socket_maps = { m = { typo = 1; };\n n = { }; };");
    struct config *config = fixture_load_for(CONFIG_DOVECOT_SASL);

    ck_assert_ptr_null(config->error);
    ck_assert_uint_eq(config->problem_count, 1);
    expect_problem(config, false, "socket_maps.m.typo: unknown key; see pfx.cfg(5) (and 2 more mistakes)");
    config_free(&config);
}
END_TEST

#define IN_ALL "socket_maps = { a = { " MAP " typo = 1; }; };\npolicy_services = { b = { " MAP " typo = 1; }; };\n" \
               "dovecot_sasl = { c = { " MAP " http_auth_basic = { file = \"$DIR/none\"; }; }; };\n"

static struct config *load_all(const char *text, bool with_secrets)
{
    char *path = fixture_path("pfx.cfg");

    fixture_write_expanded("pfx.cfg", text);
    struct config *config = config_load_all(path, with_secrets);
    mem_free(path);
    return config;
}

START_TEST(config_load_all_tells_the_mistakes_of_all_sections)
{
    struct config *config = load_all(IN_ALL, true);

    expect_problem(config, true, "pfx.cfg:1: socket_maps.a.typo: unknown key");
    expect_problem(config, true, "pfx.cfg:2: policy_services.b.typo: unknown key");
    expect_problem(config, true, "pfx.cfg:3: dovecot_sasl.c.http_auth_basic.file: ");
    ck_assert_uint_eq(config->problem_count, 3);
    config_free(&config);
}
END_TEST

START_TEST(config_load_all_tells_the_mistakes_beside_a_syntax_error)
{
    fixture_make_directory("pfx.d");
    fixture_write("pfx.d/1.cfg", "workers = 65;");
    fixture_write("pfx.d/2.cfg", "socket_maps = { m = { typo = 1; }; };"); /* its target may be in pfx.cfg */
    struct config *config = load_all("socket_maps = { defaults = { target = http; }; };", true);

    ck_assert_ptr_nonnull(strstr(config->error, "pfx.cfg:1: syntax error"));
    expect_problem(config, true, "pfx.cfg:1: syntax error");
    expect_problem(config, true, "1.cfg:1: workers: ");
    expect_problem(config, true, "2.cfg:1: socket_maps.m.typo: unknown key");
    ck_assert_uint_eq(config->problem_count, 3);
    config_free(&config);
}
END_TEST

START_TEST(config_problem_has_its_place)
{
    struct config *config = load_all("\nsocket_maps = { m = { " MAP " typo = 1; }; };", true);
    char *path = fixture_path("pfx.cfg");
    const struct config_problem *problem = &config->problems[0];

    ck_assert_uint_eq(config->problem_count, 1);
    unit_expect_span(problem->file, span_text(path), "file");
    ck_assert_uint_eq(problem->line, 2);
    unit_expect_span(problem->key, SPAN("socket_maps.m.typo"), "key");
    ck_assert_ptr_eq(strstr(problem->what, "unknown key"), problem->what);
    mem_free(path);
    config_free(&config);
}
END_TEST

START_TEST(config_problem_outside_of_settings_has_none)
{
    struct config *config = load_all("workers = ;", true);

    ck_assert_uint_eq(config->problem_count, 1);
    ck_assert_uint_eq(config->problems[0].file.n + config->problems[0].key.n, 0);
    ck_assert_str_eq(config->problems[0].what, config->problems[0].text);
    config_free(&config);
}
END_TEST

START_TEST(config_load_all_can_do_without_the_files_of_secrets)
{
    struct config *config = load_all(IN_ALL, false);

    ck_assert_uint_eq(config->problem_count, 2);
    ck_assert_ptr_nonnull(config->section[CONFIG_DOVECOT_SASL].entries[0].authorization);
    config_free(&config);
}
END_TEST

START_TEST(config_load_adds_the_files_of_pfx_d_in_byte_order)
{
    fixture_make_directory("pfx.d");
    fixture_write("pfx.d/b.cfg", "socket_maps = { b = { value_field = \"v\"; }; };\nuser = \"u\";");
    fixture_write("pfx.d/a.cfg", "socket_maps = { a = { }; defaults = { " MAP " }; };");
    fixture_write("pfx.d/c.cfg.old", "syntax error");
    fixture_write("pfx.d/.c.cfg", "syntax error");
    fixture_write("pfx.d/.cfg", "syntax error");
    struct config *config = fixture_load_good("socket_maps = { m = { }; };");

    ck_assert_uint_eq(config->section[CONFIG_SOCKET_MAPS].count, 3);
    ck_assert_str_eq(fixture_map(config, "m")->targets[0].host, "h");
    ck_assert_str_eq(fixture_map(config, "b")->value_field, "v");
    ck_assert_str_eq(config->user, "u");
    config_free(&config);
}
END_TEST

START_TEST(config_load_refuses_a_name_that_two_files_give)
{
    fixture_make_directory("pfx.d");
    fixture_write("pfx.d/a.cfg", "\nsocket_maps = { m = { " MAP " }; o = { " MAP " }; };");
    struct config *config = fixture_load("socket_maps = { m = { " MAP " }; n = { " MAP " }; };");

    ck_assert_uint_eq(config->section[CONFIG_SOCKET_MAPS].count, 3);
    ck_assert_ptr_nonnull(strstr(fixture_map(config, "m")->error, "pfx.d/a.cfg:2: socket_maps.m: given twice, "));
    ck_assert_ptr_nonnull(strstr(fixture_map(config, "m")->error, "/pfx.cfg:1"));
    ck_assert_ptr_null(fixture_map(config, "n")->error);
    ck_assert_ptr_null(fixture_map(config, "o")->error);
    config_free(&config);
}
END_TEST

START_TEST(config_load_refuses_defaults_that_two_files_give)
{
    fixture_make_directory("pfx.d");
    fixture_write("pfx.d/a.cfg", "socket_maps = { defaults = { }; };");
    struct config *config = fixture_load("socket_maps = { defaults = { " MAP " }; n = { }; };");

    ck_assert_ptr_null(config->error);
    ck_assert_ptr_nonnull(strstr(config->section[CONFIG_SOCKET_MAPS].error, "socket_maps.defaults: given twice"));
    ck_assert_ptr_nonnull(fixture_map(config, "n")->error);
    config_free(&config);
}
END_TEST

static const char *const top_keys[] = { "workers = 2;", "http = { };", "tls = { };" };

START_TEST(config_load_refuses_a_top_level_key_that_two_files_give)
{
    fixture_make_directory("pfx.d");
    fixture_write("pfx.d/a.cfg", top_keys[_i]);
    struct config *config = fixture_load(top_keys[_i]);

    ck_assert_msg(config->error != NULL && strstr(config->error, "given twice") != NULL, "%s", top_keys[_i]);
    config_free(&config);
}
END_TEST

START_TEST(config_load_answers_nothing_after_a_syntax_error_in_pfx_d)
{
    fixture_make_directory("pfx.d");
    fixture_write("pfx.d/a.cfg", "socket_maps = { m = { " MAP " };\n n = yes; };");
    struct config *config = fixture_load("socket_maps = { defaults = { }; };");

    ck_assert_ptr_nonnull(strstr(config->error, "pfx.d/a.cfg:2: syntax error"));
    config_free(&config);
}
END_TEST

START_TEST(config_load_includes_files_beside_pfx_cfg)
{
    fixture_make_directory("pfx.d");
    fixture_make_directory("inc");
    fixture_write("inc/one.cfg", "a = { " MAP " };\nb = { " MAP " typo = 1; };"); /* no newline at the end */
    fixture_write("inc/two.cfg", "value_field = \"v\";\n");
    fixture_write("pfx.d/x.cfg", "socket_maps = { x = { " MAP "\n@include \"inc/two.cfg\"\n}; };");
    struct config *config = fixture_load("socket_maps = {\n@include \"inc/one.cfg\"\n c = { " MAP " oops = 1; };\n"
                                         " @include \"$DIR/inc/none.cfg\"\n};");
    ck_assert_ptr_nonnull(strstr(config->error, "/inc/none.cfg: No such file or directory"));
    config_free(&config);

    config = fixture_load("socket_maps = {\n@include \"inc/one.cfg\"\n c = { " MAP " oops = 1; };\n};\n\n"
                          "workers = 99;");
    expect_problem(config, true, "/inc/one.cfg:2: socket_maps.b.typo: ");
    expect_problem(config, true, "/pfx.cfg:3: socket_maps.c.oops: ");
    expect_problem(config, true, "/pfx.cfg:6: workers: ");
    ck_assert_ptr_null(fixture_map(config, "a")->error);
    ck_assert_str_eq(fixture_map(config, "x")->value_field, "v");
    config_free(&config);
}
END_TEST

START_TEST(config_load_refuses_files_that_include_each_other)
{
    fixture_write("other.cfg", "@include \"pfx.cfg\"\n");
    struct config *config = fixture_load("\n@include \"other.cfg\"\n");

    ck_assert_ptr_nonnull(strstr(config->error, "too many files that include each other"));
    config_free(&config);
}
END_TEST

START_TEST(config_load_looks_into_included_files_for_integers_that_do_not_fit)
{
    fixture_write("other.cfg", "\n\nworkers = 4294967298;\n");
    struct config *config = fixture_load("@include \"other.cfg\"\n");

    ck_assert_ptr_nonnull(strstr(config->error, "/other.cfg:3: workers: must be an integer (0 to 64)"));
    config_free(&config);
}
END_TEST

START_TEST(config_load_refuses_a_file_with_a_NUL_byte)
{
    fixture_write_bytes("pfx.cfg", SPAN("workers = 2;\n\0workers = oops;"));
    struct config *config = fixture_load_for(CONFIG_SOCKET_MAPS);

    ck_assert_ptr_nonnull(strstr(config->error, "/pfx.cfg:2: a NUL byte"));
    config_free(&config);
}
END_TEST

START_TEST(config_load_refuses_a_file_over_its_limit)
{
    char *path = fixture_path("pfx.cfg");

    fixture_write("pfx.cfg", "");
    ck_assert_int_eq(truncate(path, CONFIG_FILE_MAX_BYTES + 1), 0);
    struct config *config = fixture_load_for(CONFIG_SOCKET_MAPS);
    ck_assert_ptr_nonnull(strstr(config->error, "/pfx.cfg: is too large"));
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

START_TEST(config_load_hashes_what_it_read)
{
    uint64_t first = hash_of("workers = 2;");

    ck_assert(first == hash_of("workers = 2;"));
    ck_assert(first != hash_of("workers = 3;"));
    ck_assert(first == hash_of("workers = 2;\n"));
    ck_assert(first != hash_of("max_connections = 2;"));
    ck_assert(hash_of("http = { proxy = \"http://a:b@h:1\"; };") == hash_of("http = { proxy = \"http://a:c@h:1\"; };"));
    fixture_make_directory("pfx.d");
    fixture_write("pfx.d/a.cfg", "user = \"u\";");
    ck_assert(first != hash_of("workers = 2;"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config_files");
    const TTest *const mistakes[] = {
        config_load_of_a_missing_file_gives_an_error_and_the_defaults,
        config_load_lets_a_mistake_hurt_only_its_entry,
        config_load_tells_a_mistake_that_many_inherit_once,
        config_load_warns_once_of_all_mistakes_in_a_section_of_others,
        config_load_all_tells_the_mistakes_of_all_sections,
        config_load_all_tells_the_mistakes_beside_a_syntax_error,
        config_load_all_can_do_without_the_files_of_secrets,
        config_problem_has_its_place,
        config_problem_outside_of_settings_has_none,
        NULL,
    };
    const TTest *const files[] = {
        config_load_adds_the_files_of_pfx_d_in_byte_order,
        config_load_refuses_a_name_that_two_files_give,
        config_load_refuses_defaults_that_two_files_give,
        config_load_answers_nothing_after_a_syntax_error_in_pfx_d,
        config_load_includes_files_beside_pfx_cfg,
        config_load_refuses_files_that_include_each_other,
        config_load_looks_into_included_files_for_integers_that_do_not_fit,
        config_load_refuses_a_file_with_a_NUL_byte,
        config_load_refuses_a_file_over_its_limit,
        config_load_hashes_what_it_read,
        NULL,
    };

    fixture_add(suite, "mistakes", mistakes);
    fixture_add_loop(suite, "defaults", config_load_lets_mistakes_in_defaults_hurt_the_section,
                     UNIT_ROWS(bad_defaults));
    fixture_add(suite, "files", files);
    fixture_add_loop(suite, "top level", config_load_refuses_a_top_level_key_that_two_files_give, UNIT_ROWS(top_keys));
    return unit_run(suite);
}
