/*
 * Configuration files for a test, in a directory of their own that is gone afterwards.
 */
#ifndef PFX_CONFIG_FIXTURE_H
#define PFX_CONFIG_FIXTURE_H

#include "config.h"
#include "directory_fixture.h"
#include "mem.h"

/* A path in the directory; each call has its own. */
static inline char *fixture_path(const char *name)
{
    return mem_format("%s/%s", fixture_directory, name);
}

static inline void fixture_write_bytes(const char *name, struct span bytes)
{
    char *path = fixture_path(name);
    FILE *file = fopen(path, "w");

    ck_assert_msg(file != NULL, "%s", path);
    ck_assert_uint_eq(bytes.n == 0 ? 0 : fwrite(bytes.p, 1, bytes.n, file), bytes.n);
    ck_assert_int_eq(fclose(file), 0);
    mem_free(path);
}

static inline void fixture_write(const char *name, const char *text)
{
    fixture_write_bytes(name, span_text(text));
}

/* Each $DIR in the text becomes the directory. */
static inline void fixture_write_expanded(const char *name, const char *text)
{
    char *expanded = mem_string(text);
    char *at;

    while ((at = strstr(expanded, "$DIR")) != NULL) {
        char *next = mem_format("%.*s%s%s", (int)(at - expanded), expanded, fixture_directory, at + 4);
        mem_free(expanded);
        expanded = next;
    }
    fixture_write(name, expanded);
    mem_free(expanded);
}

static inline void fixture_make_directory(const char *name)
{
    char *path = fixture_path(name);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    mem_free(path);
}

static inline struct config *fixture_load_for(enum config_section_id own)
{
    char *path = fixture_path("pfx.cfg");
    struct config *config = config_load(path, own);

    mem_free(path);
    return config;
}

/* Writes pfx.cfg and loads it as pfx-socketmap does. */
static inline struct config *fixture_load(const char *text)
{
    fixture_write_expanded("pfx.cfg", text);
    return fixture_load_for(CONFIG_SOCKET_MAPS);
}

static inline struct config *fixture_expect_good(struct config *config)
{
    for (size_t i = 0; i < config->problem_count; i++)
        ck_abort_msg("%s", config->problems[i].text);
    ck_assert_ptr_null(config->error);
    return config;
}

/* The same, and there must be nothing to complain about. */
static inline struct config *fixture_load_good(const char *text)
{
    return fixture_expect_good(fixture_load(text));
}

/* The same two as pfx-saslbridge does it. */
static inline struct config *fixture_load_login(const char *text)
{
    fixture_write_expanded("pfx.cfg", text);
    return fixture_load_for(CONFIG_DOVECOT_SASL);
}

static inline struct config *fixture_load_good_login(const char *text)
{
    return fixture_expect_good(fixture_load_login(text));
}

static inline const struct config_entry *fixture_map(const struct config *config, const char *name)
{
    const struct config_entry *entry = config_find(config, CONFIG_SOCKET_MAPS, span_text(name));

    ck_assert_msg(entry != NULL, "no entry %s", name);
    return entry;
}

static inline const struct config_entry *fixture_login(const struct config *config, const char *name)
{
    const struct config_entry *entry = config_find(config, CONFIG_DOVECOT_SASL, span_text(name));

    ck_assert_msg(entry != NULL, "no entry %s", name);
    return entry;
}

static inline void fixture_add(Suite *suite, const char *name, const TTest *const *tests)
{
    TCase *tcase = unit_case(name);

    tcase_add_unchecked_fixture(tcase, fixture_begin, fixture_end);
    tcase_add_checked_fixture(tcase, fixture_clear, NULL);
    for (; *tests != NULL; tests++)
        tcase_add_test(tcase, *tests);
    suite_add_tcase(suite, tcase);
}

static inline void fixture_add_loop(Suite *suite, const char *name, const TTest *test, int rows)
{
    TCase *tcase = unit_case(name);

    tcase_add_unchecked_fixture(tcase, fixture_begin, fixture_end);
    tcase_add_checked_fixture(tcase, fixture_clear, NULL);
    tcase_add_loop_test(tcase, test, 0, rows);
    suite_add_tcase(suite, tcase);
}

#endif
