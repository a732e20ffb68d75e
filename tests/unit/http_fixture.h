/*
 * Requests of one entry to the responder, and what became of them.
 */
#ifndef PFX_HTTP_FIXTURE_H
#define PFX_HTTP_FIXTURE_H

#include "config_fixture.h"
#include "http.h"
#include "http_header.h"
#include "responder.h"

static struct responder fixture_server;
static struct http *fixture_http;
static struct config *fixture_config;
static struct http_endpoint *fixture_endpoint;

static int fixture_done;
static enum http_failure fixture_failure;
static bool fixture_was_queued;
static int fixture_status;
static char fixture_body[4096];
static char fixture_reason[200];
static char fixture_detail[HTTP_DETAIL_MAX_BYTES];
static const char *fixture_header_name = ""; /* which header the answer is asked for */
static char fixture_header[200];             /* its value; "none" */
static size_t fixture_header_count;

static void fixture_note(void *arg, const struct http_answer *answer)
{
    struct span header = http_header(answer, fixture_header_name);
    (void)arg;

    if (header.p == NULL)
        header = SPAN("none");
    snprintf(fixture_header, sizeof(fixture_header), "%.*s", (int)header.n, header.p);
    fixture_header_count = http_header_count(answer, fixture_header_name);
    fixture_done++;
    fixture_failure = answer->failure;
    fixture_was_queued = answer->was_queued;
    fixture_status = answer->status;
    snprintf(fixture_body, sizeof(fixture_body), "%.*s", (int)answer->body.n,
             answer->body.n == 0 ? "" : answer->body.p);
    snprintf(fixture_reason, sizeof(fixture_reason), "%s", answer->reason == NULL ? "" : answer->reason);
    snprintf(fixture_detail, sizeof(fixture_detail), "%s", answer->detail == NULL ? "" : answer->detail);
}

/* "$PORT" in target and keys becomes the responder's. */
static inline void fixture_entry(const char *target, const char *keys)
{
    char *text = mem_format("socket_maps = { m = { target = \"%s\"; %s }; };", target, keys);
    char *at;

    while ((at = strstr(text, "$PORT")) != NULL) {
        char *next = mem_format("%.*s%u%s", (int)(at - text), text, fixture_server.port, at + 5);
        mem_free(text);
        text = next;
    }
    config_free(&fixture_config);
    fixture_config = fixture_load_good(text);
    mem_free(text);
    const struct config_entry *entry = fixture_map(fixture_config, "m");
    fixture_endpoint = http_endpoint_new(fixture_http, entry, &entry->targets[0], NULL);
}

static void fixture_http_begin(void)
{
    fixture_loop_begin();
    fixture_tick_ms = 1;
    responder_begin(&fixture_server);
    fixture_server.answer = RESPONDER_OK("2", "ok");
    fixture_http = http_new(&fixture_loop, 8, 8);
    ck_assert_ptr_nonnull(fixture_http);
}

static void fixture_http_end(void)
{
    http_free(&fixture_http);
    ck_assert_ptr_null(fixture_http);
    config_free(&fixture_config);
    responder_end(&fixture_server);
    fixture_loop_end();
}

static inline struct http_call *fixture_start(const char *path)
{
    struct http_call *call = http_prepare(fixture_endpoint);
    const char *target = fixture_map(fixture_config, "m")->targets[0].url.text;
    const char *host = strstr(target, "://") + strlen("://");

    ck_assert(buf_add(http_url(call), span_make(target, (size_t)(host - target) + strcspn(host, "/"))));
    ck_assert(buf_add(http_url(call), span_text(path)));
    http_start(call, fixture_loop.now_ms + 100000, fixture_note, NULL);
    return call;
}

static inline void fixture_fetch(const char *path)
{
    int before = fixture_done;

    fixture_start(path);
    ck_assert_int_eq(fixture_done, before);
    fixture_until(&fixture_done, before + 1);
}

static inline void fixture_expect(enum http_failure failure, int status, const char *body)
{
    ck_assert_msg(fixture_failure == failure, "failure %d: %s (%s)", (int)fixture_failure, fixture_reason,
                  fixture_detail);
    ck_assert_int_eq(fixture_status, status);
    ck_assert_str_eq(fixture_body, body);
    ck_assert_int_eq(fixture_reason[0] == '\0', failure == HTTP_ANSWERED);
}

static inline void fixture_add_http(Suite *suite, const char *name, const TTest *const *tests)
{
    TCase *tcase = unit_case(name);

    tcase_add_unchecked_fixture(tcase, fixture_begin, fixture_end);
    tcase_add_checked_fixture(tcase, fixture_clear, NULL);
    tcase_add_checked_fixture(tcase, fixture_http_begin, fixture_http_end);
    for (; *tests != NULL; tests++)
        tcase_add_test(tcase, *tests);
    suite_add_tcase(suite, tcase);
}

#endif
