/*
 * Requests to the three targets of an entry, UNIX sockets at which responders listen, and what became of them.
 */
#ifndef PFX_FETCH_FIXTURE_H
#define PFX_FETCH_FIXTURE_H

#include "config_fixture.h"
#include "fetch.h"
#include "log_fixture.h"
#include "responder.h"

#define FIXTURE_SERVERS 3
#define FIXTURE_A "\"unix:$DIR/a:/a/%s\""
#define FIXTURE_B "\"unix:$DIR/b:/b/%s\""
#define FIXTURE_C "\"unix:$DIR/c:/c/%s\""
#define FIXTURE_STATUS(status) "HTTP/1.1 " status " x\r\nContent-Length: 0\r\n\r\n"

static struct responder fixture_servers[FIXTURE_SERVERS];
static bool fixture_runs[FIXTURE_SERVERS];
static struct config *fixture_config;
static struct backend_trust *fixture_trust;
static struct health *fixture_health;
static struct fetcher *fixture_fetcher;

static int fixture_done;

struct fixture_fetch {
    struct subject subject;
    struct fetch *fetch;
    int done;
    enum http_failure failure;
    int status;
    char body[100];
    const struct config_target *target;
};

static inline void fixture_run_server(int which)
{
    char *path = fixture_path((const char[]){ (char)('a' + which), '\0' });

    unlink(path);
    responder_begin_unix(&fixture_servers[which], path);
    fixture_servers[which].answer = RESPONDER_OK("2", "ok");
    fixture_runs[which] = true;
    mem_free(path);
}

/* Whoever connects is refused from now on. */
static inline void fixture_stop_server(int which)
{
    responder_end(&fixture_servers[which]);
    fixture_runs[which] = false;
}

static inline int fixture_requests(int which)
{
    return fixture_servers[which].requests;
}

static void fixture_fetch_begin(void)
{
    fixture_loop_begin();
    fixture_tick_ms = 1;
    fixture_log_begin();
    for (int i = 0; i < FIXTURE_SERVERS; i++)
        fixture_run_server(i);
}

static void fixture_fetch_end(void)
{
    fetch_close(&fixture_fetcher);
    ck_assert_ptr_null(fixture_fetcher);
    health_free(&fixture_health);
    backend_trust_free(&fixture_trust);
    config_free(&fixture_config);
    for (int i = 0; i < FIXTURE_SERVERS; i++)
        if (fixture_runs[i])
            fixture_stop_server(i);
    fixture_log_end();
    fixture_loop_end();
}

static inline void fixture_fetcher_of(enum config_section_id section, const char *text)
{
    fixture_write_expanded("pfx.cfg", text);
    fixture_config = fixture_expect_good(fixture_load_for(section));
    fixture_trust = backend_trust_load(fixture_config, section);
    fixture_health = health_new(fixture_config, section);
    fixture_fetcher = fetch_open(&fixture_loop, fixture_config, section, fixture_trust, fixture_health);
    ck_assert_ptr_nonnull(fixture_fetcher);
}

/* An entry m with these targets, and others of their own for a and b. */
static inline void fixture_targets(const char *targets, const char *keys)
{
    char *text = mem_format("socket_maps = { m = { target = [ %s ]; %s };"
                            " a = { target = %s; }; b = { target = %s; }; };",
                            targets, keys, FIXTURE_A, FIXTURE_B);

    fixture_fetcher_of(CONFIG_SOCKET_MAPS, text);
    mem_free(text);
}

static inline struct health_target *fixture_health_of(int which)
{
    char *origin = mem_format("unix:%s/%c", fixture_directory, 'a' + which);
    struct health_target *target = health_find(fixture_health, origin);

    ck_assert_msg(target != NULL, "no target %s", origin);
    mem_free(origin);
    return target;
}

/* As if other requests had failed. */
static inline void fixture_take_down(int which)
{
    const struct health_report report = { .outcome = HEALTH_UNREACHABLE, .cause = "a cause",
                                          .retry_interval_ms = 30000 };

    for (int i = 0; i < HEALTH_UNREACHABLE_MAX; i++)
        health_report(fixture_health_of(which), &report, fixture_loop.now_ms);
    ck_assert(!health_is_up(fixture_health_of(which)));
}

static inline bool fixture_is_up(int which)
{
    return health_is_up(fixture_health_of(which));
}

/* Until the first probe of whatever went down just now is due. */
static inline void fixture_wait_for_probe(void)
{
    fixture_move_clock(HEALTH_FIRST_PAUSE_MS * (100 + HEALTH_SPREAD_PERCENT) / 100);
}

static void fixture_note(void *arg, const struct http_answer *answer, const struct config_target *target)
{
    struct fixture_fetch *fetch = arg;

    fixture_done++;
    fetch->done++;
    fetch->failure = answer->failure;
    fetch->status = answer->status;
    snprintf(fetch->body, sizeof(fetch->body), "%.*s", (int)answer->body.n, answer->body.n == 0 ? "" : answer->body.p);
    fetch->target = target;
    fetch->fetch = NULL;
    subject_free(&fetch->subject);
}

static inline enum fetch_start fixture_start_subject(struct fixture_fetch *fetch, const struct config_entry *entry)
{
    const struct fetch_request request = { .entry = entry, .subject = &fetch->subject,
                                           .deadline_ms = fixture_loop.now_ms + entry->http.timeout_ms };

    enum fetch_start start = fetch_start(fixture_fetcher, &request, fixture_note, fetch, &fetch->fetch);
    ck_assert_int_eq(fetch->done, 0);
    if (start != FETCH_STARTED)
        subject_free(&fetch->subject);
    return start;
}

static inline enum fetch_start fixture_try(struct fixture_fetch *fetch, const char *entry_name, const char *key)
{
    const struct config_entry *entry = fixture_map(fixture_config, entry_name);

    *fetch = (struct fixture_fetch){ .done = 0 };
    subject_of_key(&fetch->subject, entry, span_text(key));
    return fixture_start_subject(fetch, entry);
}

static inline void fixture_start(struct fixture_fetch *fetch, const char *entry_name)
{
    ck_assert_int_eq(fixture_try(fetch, entry_name, "k"), FETCH_STARTED);
}

static inline void fixture_cancel(struct fixture_fetch *fetch)
{
    fetch_cancel(fetch->fetch);
    subject_free(&fetch->subject);
    fetch->fetch = NULL;
}

/* Asks and waits. */
static inline struct fixture_fetch fixture_ask(const char *entry_name)
{
    struct fixture_fetch fetch;

    fixture_start(&fetch, entry_name);
    fixture_until(&fixture_done, fixture_done + 1);
    return fetch;
}

/* Nothing but the test moves the clock any more, once that many requests have come. */
static inline void fixture_freeze_at(int which, int requests)
{
    fixture_until(&fixture_servers[which].requests, requests);
    fixture_tick_ms = 0;
    fixture_turns(1);
}

static inline void fixture_add_fetch(Suite *suite, const char *name, const TTest *const *tests, int rows)
{
    TCase *tcase = unit_case(name);

    tcase_add_unchecked_fixture(tcase, fixture_begin, fixture_end);
    tcase_add_checked_fixture(tcase, fixture_clear, NULL);
    tcase_add_checked_fixture(tcase, fixture_fetch_begin, fixture_fetch_end);
    for (; *tests != NULL; tests++)
        tcase_add_loop_test(tcase, *tests, 0, rows);
    suite_add_tcase(suite, tcase);
}

#endif
