/*
 * Questions of several calls to one backend, a UNIX socket at which a responder listens, with cache and counters.
 */
#ifndef PFX_BACKEND_CACHE_FIXTURE_H
#define PFX_BACKEND_CACHE_FIXTURE_H

#include "backend_fixture.h"
#include "backend_state.h"

#define FIXTURE_TARGET "target = \"unix:$DIR/s:/%s\"; "
#define FIXTURE_POLICY "target = \"unix:$DIR/s:/\"; "
#define FIXTURE_STATUS(status) "HTTP/1.1 " status " x\r\nContent-Length: 0\r\n\r\n"
#define FIXTURE_GONE FIXTURE_STATUS("204") /* nothing there */

static int64_t fixture_wall_ms = 1700000000000;
static bool fixture_keeps = true;
static bool fixture_runs;
static char fixture_state[sizeof(fixture_directory)]; /* where cache and counters lie; "": in memory */

struct fixture_asked {
    struct backend_call *call; /* NULL: answered or cancelled */
    int done;
    enum verdict_kind kind;
    char text[200];
};

static int64_t fixture_wall(void)
{
    return fixture_wall_ms;
}

static inline void fixture_run_server(void)
{
    char *path = fixture_path("s");

    unlink(path);
    responder_begin_unix(&fixture_server, path);
    fixture_server.answer = RESPONDER_OK("3", "\"v\"");
    fixture_runs = true;
    mem_free(path);
}

/* Whoever connects is refused from now on. */
static inline void fixture_stop_server(void)
{
    responder_end(&fixture_server);
    fixture_runs = false;
}

static void fixture_cache_begin(void)
{
    clock_set_wall(fixture_wall);
    fixture_loop_begin();
    fixture_tick_ms = 1;
    fixture_log_begin();
    fixture_run_server();
    log_set_level(LOG_LEVEL_DEBUG);
}

static void fixture_close_backend(void)
{
    backend_free(&fixture_backend);
    backend_shared_close(&fixture_shared);
    config_free(&fixture_config);
}

static void fixture_cache_end(void)
{
    fixture_close_backend();
    if (fixture_runs)
        fixture_stop_server();
    fixture_log_end();
    fixture_loop_end();
    clock_set_wall(NULL);
}

static inline void fixture_open_backend(enum config_section_id section, const char *text)
{
    fixture_write_expanded("pfx.cfg", text);
    fixture_config = fixture_expect_good(fixture_load_for(section));
    backend_shared_load(&fixture_shared, fixture_config, section);
    if (fixture_keeps)
        backend_shared_open_state(&fixture_shared, fixture_config, fixture_state, "pfx-test", 1);
    fixture_backend = backend_new(&fixture_loop, fixture_config, &fixture_shared, 0);
    ck_assert_ptr_nonnull(fixture_backend);
}

/* Two maps, m with these keys, and n. */
static inline void fixture_maps(const char *keys)
{
    char *text = mem_format("max_connections_per_host = %d; socket_maps = { m = { %s%s }; n = { %s }; };",
                            RESPONDER_PEERS_MAX, FIXTURE_TARGET, keys, FIXTURE_TARGET);

    fixture_open_backend(CONFIG_SOCKET_MAPS, text);
    mem_free(text);
}

/* A policy p with these keys. */
static inline void fixture_policies(const char *keys)
{
    char *text = mem_format("policy_services = { p = { %s%s }; };", FIXTURE_POLICY, keys);

    fixture_open_backend(CONFIG_POLICY_SERVICES, text);
    mem_free(text);
}

static void fixture_asked_note(void *arg, const struct backend_call *call, const struct verdict *verdict)
{
    struct fixture_asked *asked = arg;

    fixture_note(NULL, call, verdict);
    asked->call = NULL;
    asked->done++;
    asked->kind = verdict->kind;
    snprintf(asked->text, sizeof(asked->text), "%.*s", (int)verdict->text.n,
             verdict->text.n == 0 ? "" : verdict->text.p);
}

static inline void fixture_put_question(struct fixture_asked *asked, const struct backend_question *question)
{
    int before = fixture_done;

    *asked = (struct fixture_asked){ .done = 0 };
    asked->call = backend_ask(fixture_backend, question, fixture_asked_note, asked);
    ck_assert_int_eq(fixture_done, before + (asked->call == NULL));
}

/* A key of a map. */
static inline void fixture_ask_key(struct fixture_asked *asked, const char *name, const char *key)
{
    struct backend_question question = { .entry = fixture_map(fixture_config, name), .key = span_text(key) };
    fixture_put_question(asked, &question);
}

static inline void fixture_ask_policy(struct fixture_asked *asked, const char *sender, const char *queue_id)
{
    const struct attribute attributes[] = { { SPAN("sender"), span_text(sender) },
                                            { SPAN("queue_id"), span_text(queue_id) } };
    struct backend_question question = { .entry = config_find(fixture_config, CONFIG_POLICY_SERVICES, SPAN("p")),
                                         .attributes = attributes, .attribute_count = 2 };
    fixture_put_question(asked, &question);
}

static inline void fixture_await(const struct fixture_asked *asked)
{
    fixture_until(&asked->done, 1);
}

static inline void fixture_drop(struct fixture_asked *asked)
{
    ck_assert_ptr_nonnull(asked->call);
    backend_cancel(asked->call);
    asked->call = NULL;
}

/* Asks for k, waits, and expects this. */
static inline void fixture_expect_of(const char *name, enum verdict_kind kind, const char *text)
{
    struct fixture_asked asked;

    fixture_ask_key(&asked, name, "k");
    fixture_await(&asked);
    ck_assert_msg(asked.kind == kind, "%s is %s, %s: %s", name, verdict_word(asked.kind), asked.text, fixture_log());
    ck_assert_str_eq(asked.text, text);
}

static inline void fixture_expect_policy(enum verdict_kind kind, const char *text)
{
    struct fixture_asked asked;

    fixture_ask_policy(&asked, "s", "q");
    fixture_await(&asked);
    ck_assert_msg(asked.kind == kind, "%s, %s: %s", verdict_word(asked.kind), asked.text, fixture_log());
    ck_assert_str_eq(asked.text, text);
}

static inline void fixture_expect_sources(int backend, int cache, int stale, int coalesced)
{
    ck_assert_int_eq(fixture_log_count("source=backend"), backend);
    ck_assert_int_eq(fixture_log_count("source=cache"), cache);
    ck_assert_int_eq(fixture_log_count("source=stale"), stale);
    ck_assert_int_eq(fixture_log_count("source=coalesced"), coalesced);
}

static inline uint64_t fixture_counted(enum stats_counter counter)
{
    struct stats_series *series = stats_series(fixture_shared.stats, "socket_maps", "m", 0);

    ck_assert_ptr_nonnull(series);
    return atomic_load(&series->counter[counter]);
}

/* Nothing but the test moves the clock any more, once that many requests have come. */
static inline void fixture_freeze_at(int requests)
{
    fixture_until(&fixture_server.requests, requests);
    fixture_tick_ms = 0;
    fixture_turns(1);
}

/* The one request on its way gets its answer now. */
static inline void fixture_answer_now(const char *answer)
{
    for (struct responder_peer *peer = fixture_server.peers; peer < fixture_server.peers + RESPONDER_PEERS_MAX; peer++)
        if (peer->io.fd != 0)
            ck_assert_int_eq(send(peer->io.fd, answer, strlen(answer), MSG_NOSIGNAL), (ssize_t)strlen(answer));
    fixture_tick_ms = 1;
}

static inline void fixture_add_cache(Suite *suite, const char *name, const TTest *const *tests, int rows)
{
    TCase *tcase = unit_case(name);

    tcase_add_unchecked_fixture(tcase, fixture_begin, fixture_end);
    tcase_add_checked_fixture(tcase, fixture_clear, NULL);
    tcase_add_checked_fixture(tcase, fixture_cache_begin, fixture_cache_end);
    for (; *tests != NULL; tests++)
        tcase_add_loop_test(tcase, *tests, 0, rows);
    suite_add_tcase(suite, tcase);
}

#endif
