/*
 * What the provider of provider_fixture.h publishes, as one struct oidc_provider knows it, and those who ask.
 *
 * The configuration is silence when provider.configuration is "".
 */
#ifndef PFX_OIDC_PROVIDER_FIXTURE_H
#define PFX_OIDC_PROVIDER_FIXTURE_H

#include "oidc_provider.h"
#include "provider_fixture.h"
#include "token_keys_fixture.h"

#define PUBLISHED_WELL_KNOWN "/.well-known/openid-configuration"
#define PUBLISHED_WAIT_MS 60000 /* longer than any request */

static struct http *published_http;
static struct oidc_provider *published;
static int published_told; /* waiters */

struct published_asked {
    struct oidc_waiter waiter;
    enum oidc_result result; /* OIDC_WAITING: not yet told */
    struct oidc_waiter *victim; /* is forgotten when this one is told */
    enum oidc_wanted next;      /* is asked then, where told_next is not NULL */
    struct published_asked *told_next;
};

static inline enum oidc_result published_ask_until(struct published_asked *asked, enum oidc_wanted wanted,
                                                   int64_t deadline_ms);

static void published_note(struct oidc_waiter *waiter, enum oidc_result result)
{
    struct published_asked *asked = LOOP_OWNER(waiter, struct published_asked, waiter);

    ck_assert_int_eq(asked->result, OIDC_WAITING);
    asked->result = result;
    published_told++;
    if (asked->victim != NULL)
        oidc_waiter_forget(asked->victim);
    if (asked->told_next != NULL)
        published_ask_until(asked->told_next, asked->next, fixture_loop.now_ms + PUBLISHED_WAIT_MS);
}

static inline enum oidc_result published_ask_until(struct published_asked *asked, enum oidc_wanted wanted,
                                                   int64_t deadline_ms)
{
    int before = published_told;

    asked->waiter.done = published_note;
    asked->result = oidc_provider_ask(published, wanted, deadline_ms, &asked->waiter);
    ck_assert_int_eq(published_told, before);
    return asked->result;
}

static inline enum oidc_result published_start(struct published_asked *asked, enum oidc_wanted wanted)
{
    *asked = (struct published_asked){ .victim = NULL };
    return published_ask_until(asked, wanted, fixture_loop.now_ms + PUBLISHED_WAIT_MS);
}

/* Asks, and waits where that has to be. */
static inline enum oidc_result published_ask(enum oidc_wanted wanted)
{
    struct published_asked asked;

    if (published_start(&asked, wanted) == OIDC_WAITING)
        fixture_until(&published_told, published_told + 1);
    ck_assert_ptr_null(asked.waiter.list);
    return asked.result;
}

/* The answer is there without a request that is waited for; one in the background may follow. */
static inline void published_expect_at_once(enum oidc_wanted wanted, enum oidc_result result)
{
    struct published_asked asked;

    ck_assert_int_eq(published_start(&asked, wanted), result);
}

static inline void published_expect_wait(enum oidc_wanted wanted, enum oidc_result result)
{
    struct published_asked asked;

    ck_assert_int_eq(published_start(&asked, wanted), OIDC_WAITING);
    fixture_until(&published_told, published_told + 1);
    ck_assert_int_eq(asked.result, result);
}

/* Nobody is told before that time, and one is then; the request has come. */
static inline void published_expect_told_after(int64_t ms)
{
    int before = published_told;

    fixture_tick_ms = 0;
    fixture_move_clock(ms - 1);
    fixture_turns(2);
    ck_assert_int_eq(published_told, before);
    fixture_move_clock(1);
    fixture_turns(2);
    ck_assert_int_eq(published_told, before + 1);
    fixture_tick_ms = 1;
}

/* Nothing but the test moves the clock until a request has come, and it is not answered. */
static inline void published_start_still(struct published_asked *asked, enum oidc_wanted wanted, int64_t patience_ms,
                                         const int *requests)
{
    int before = *requests;

    fixture_tick_ms = 0;
    *asked = (struct published_asked){ .victim = NULL };
    ck_assert_int_eq(published_ask_until(asked, wanted, fixture_loop.now_ms + patience_ms), OIDC_WAITING);
    fixture_until(requests, before + 1);
}

#define PUBLISHED_KEYS_BYTES 2048

static inline void published_write_keys(char answer[PUBLISHED_KEYS_BYTES], const char *json)
{
    snprintf(answer, PUBLISHED_KEYS_BYTES, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(json), json);
}

static inline void published_open_at(const char *path, const char *more)
{
    static char keys[PUBLISHED_KEYS_BYTES];
    char *text = mem_format("dovecot_sasl = { l = { sasl_oidc_auth = { configuration_uri = \"http://127.0.0.1:%u%s\";"
                            " client_id = \"c\"; %s }; }; };", fixture_server.port, path, more);

    provider_begin();
    published_write_keys(keys, TOKEN_KEYS(TOKEN_P256_JWK("")));
    provider.keys = keys;
    fixture_config = fixture_load_good_login(text);
    published_http = http_new(&fixture_loop, RESPONDER_PEERS_MAX, RESPONDER_PEERS_MAX);
    ck_assert_ptr_nonnull(published_http);
    published = oidc_provider_new(&fixture_loop, published_http, published_http,
                                  fixture_login(fixture_config, "l")->sasl_oidc, NULL);
    mem_free(text);
}

static inline void published_open(void)
{
    published_open_at(PUBLISHED_WELL_KNOWN, "");
}

/* Whoever was left without an answer gets it now. */
static inline void published_answer_now(const char *answer)
{
    for (struct responder_peer *peer = fixture_server.peers; peer < fixture_server.peers + RESPONDER_PEERS_MAX; peer++)
        if (peer->io.fd != 0)
            ck_assert_int_eq(send(peer->io.fd, answer, strlen(answer), MSG_NOSIGNAL), (ssize_t)strlen(answer));
}

static void published_begin(void)
{
    published_told = 0;
    fixture_backend_begin();
}

static void published_end(void)
{
    oidc_provider_free(&published);
    ck_assert_ptr_null(published);
    if (published_http != NULL)
        http_free(&published_http);
    fixture_backend_end();
}

static inline void published_add(Suite *suite, const char *name, const TTest *const *tests, int rows)
{
    TCase *tcase = unit_case(name);

    tcase_add_unchecked_fixture(tcase, fixture_begin, fixture_end);
    tcase_add_checked_fixture(tcase, fixture_clear, NULL);
    tcase_add_checked_fixture(tcase, published_begin, published_end);
    for (; *tests != NULL; tests++)
        tcase_add_loop_test(tcase, *tests, 0, rows);
    suite_add_tcase(suite, tcase);
}

#endif
