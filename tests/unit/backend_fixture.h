/*
 * Questions to a backend that the responder plays, and their verdicts.
 */
#ifndef PFX_BACKEND_FIXTURE_H
#define PFX_BACKEND_FIXTURE_H

#include "backend.h"
#include "config_fixture.h"
#include "log_fixture.h"
#include "responder.h"

static struct responder fixture_server;
static struct config *fixture_config;
static struct backend_shared fixture_shared; /* without cache and counters unless the test opens them */
static struct backend *fixture_backend;

static int fixture_done;
static struct verdict fixture_verdict;
static char fixture_text[4096];

static void fixture_note(void *arg, const struct backend_call *call, const struct verdict *verdict)
{
    (void)arg;
    (void)call;
    fixture_done++;
    fixture_verdict = *verdict;
    snprintf(fixture_text, sizeof(fixture_text), "%.*s", (int)verdict->text.n,
             verdict->text.n == 0 ? "" : verdict->text.p);
}

static void fixture_backend_begin(void)
{
    fixture_loop_begin();
    fixture_tick_ms = 1;
    fixture_log_begin();
    responder_begin(&fixture_server);
    fixture_server.answer = RESPONDER_OK("7", "\"value\"");
}

static void fixture_backend_end(void)
{
    backend_free(&fixture_backend);
    ck_assert_ptr_null(fixture_backend);
    backend_shared_close(&fixture_shared);
    config_free(&fixture_config);
    responder_end(&fixture_server);
    fixture_log_end();
    fixture_loop_end();
}

/* An entry m with that path at the responder, and one that is traced. */
static inline void fixture_entry(const char *path, const char *keys)
{
    char *target = mem_format("http://127.0.0.1:%u%s", fixture_server.port, path);
    char *text = mem_format("debug_entry = \"traced\"; socket_maps = { m = { target = \"%s\"; %s };"
                            " traced = { target = \"%s\"; }; };",
                            target, keys, target);

    fixture_config = fixture_load_good(text);
    backend_shared_load(&fixture_shared, fixture_config, CONFIG_SOCKET_MAPS);
    fixture_backend = backend_new(&fixture_loop, fixture_config, &fixture_shared, 0);
    ck_assert_ptr_nonnull(fixture_backend);
    mem_free(text);
    mem_free(target);
}

/* An entry l for logins with that path at the responder. */
static inline void fixture_login_entry(const char *path, const char *keys)
{
    char *text = mem_format("dovecot_sasl = { l = { target = \"http://127.0.0.1:%u%s\"; %s }; };", fixture_server.port,
                            path, keys);

    fixture_config = fixture_load_good_login(text);
    backend_shared_load(&fixture_shared, fixture_config, CONFIG_DOVECOT_SASL);
    fixture_backend = backend_new(&fixture_loop, fixture_config, &fixture_shared, 0);
    ck_assert_ptr_nonnull(fixture_backend);
    mem_free(text);
}

static inline struct backend_call *fixture_ask_of(const char *entry, struct span key)
{
    struct backend_question question = { .entry = fixture_map(fixture_config, entry), .key = key };

    ck_assert_ptr_null(backend_error(fixture_backend, question.entry));
    return backend_ask(fixture_backend, &question, fixture_note, NULL);
}

/* Asks, and waits for the verdict; the question is gone before that. */
static inline void fixture_ask(struct span key)
{
    int before = fixture_done;
    char *copy = mem_copy(key.p, key.n);

    const struct backend_call *call = fixture_ask_of("m", span_make(copy, key.n));
    memset(copy, '#', key.n);
    mem_free(copy);
    ck_assert_int_eq(fixture_done, before + (call == NULL));
    fixture_until(&fixture_done, before + 1);
}

static inline void fixture_expect(enum verdict_kind kind, const char *text)
{
    ck_assert_msg(fixture_verdict.kind == kind, "verdict %s, %s", verdict_word(fixture_verdict.kind), fixture_text);
    ck_assert_str_eq(fixture_text, text);
}

static inline void fixture_add_backend(Suite *suite, const char *name, const TTest *const *tests, int rows)
{
    TCase *tcase = unit_case(name);

    tcase_add_unchecked_fixture(tcase, fixture_begin, fixture_end);
    tcase_add_checked_fixture(tcase, fixture_clear, NULL);
    tcase_add_checked_fixture(tcase, fixture_backend_begin, fixture_backend_end);
    for (; *tests != NULL; tests++)
        tcase_add_loop_test(tcase, *tests, 0, rows);
    suite_add_tcase(suite, tcase);
}

#endif
