/*
 * Certificates of tests/certs.sh, made once for all tests of a case; run from the top of the tree.
 */
#ifndef PFX_TLS_FIXTURE_H
#define PFX_TLS_FIXTURE_H

#include "config_fixture.h"
#include "tls.h"

static char fixture_why[TLS_REASON_MAX_BYTES];

static void fixture_certs_begin(void)
{
    fixture_begin();
    char *command = mem_format("sh tests/certs.sh %s", fixture_directory);
    if (system(command) != 0)
        fprintf(stderr, "%s failed\n", command);
    mem_free(command);
}

/* What a `tls` group says: file names below the directory, "" none; "system" and absolute names stay. */
struct fixture_tls {
    const char *root_ca; /* one, or two with ',' between */
    const char *cert;
    const char *key;
    bool skip_verify;
    int min_version;
};

static inline char *fixture_tls_path(const char *name)
{
    return name[0] == '\0' || name[0] == '/' || strcmp(name, "system") == 0 ? mem_string(name) : fixture_path(name);
}

static inline void fixture_tls_open(struct config_tls *tls, const struct fixture_tls *from)
{
    char *names = mem_string(from->root_ca);
    char *rest = names;

    *tls = (struct config_tls){ .cert = fixture_tls_path(from->cert), .key = fixture_tls_path(from->key),
                                .skip_verify = from->skip_verify, .min_version = from->min_version };
    tls->root_ca.item = mem_array(2, sizeof(*tls->root_ca.item));
    while (rest != NULL && rest[0] != '\0')
        tls->root_ca.item[tls->root_ca.count++] = fixture_tls_path(strsep(&rest, ","));
    mem_free(names);
}

static inline void fixture_tls_close(struct config_tls *tls)
{
    for (size_t i = 0; i < tls->root_ca.count; i++)
        mem_free(tls->root_ca.item[i]);
    mem_free(tls->root_ca.item);
    mem_free(tls->cert);
    mem_free(tls->key);
}

static inline struct tls_profile *fixture_tls_profile(const struct fixture_tls *from)
{
    struct config_tls tls;

    fixture_why[0] = '\0';
    fixture_tls_open(&tls, from);
    struct tls_profile *profile = tls_profile_new(&tls, fixture_why);
    fixture_tls_close(&tls);
    return profile;
}

static inline void fixture_add_certs(Suite *suite, const char *name, const TTest *const *tests, int rows)
{
    TCase *tcase = unit_case(name);

    tcase_add_unchecked_fixture(tcase, fixture_certs_begin, fixture_end);
    for (; *tests != NULL; tests++)
        tcase_add_loop_test(tcase, *tests, 0, rows);
    suite_add_tcase(suite, tcase);
}

#endif
