/*
 * The inside of http.h: one request, its buffers, and the handle of libcurl that carries it.
 *
 * Shape:  http_call_take() gives an idle call of the endpoint, or a new one, ready to be filled in; http_call_release()
 *         takes it out of everything that it waits in, and keeps its buffers for the next one. Each request has a
 *         handle of its own: what libcurl remembers of one answer must not meet the next. Connections outlive handles.
 *         A handle is ended, and the next one made, while nobody waits for it: when other requests have just been sent,
 *         or after HTTP_CALL_USED_MAX_MS; one that carried a password, at once.
 * Limits: http_endpoint.h; HTTP_IDLE_CALLS_MAX calls are kept, of all endpoints together, 6 KB of handle with each.
 * Owner:  the endpoint has its calls, idle or busy; http_call_free_all() ends them.
 */
#ifndef PFX_HTTP_CALL_H
#define PFX_HTTP_CALL_H

#include "http_endpoint.h"
#include "http_failure.h"
#include "http_state.h"

#define HTTP_IDLE_CALLS_MAX 256
#define HTTP_CALL_USED_MAX_MS 10

struct http_answer;
struct http_watched;

struct http_call {
    CURL *easy; /* not used before */
    struct http_endpoint *endpoint;
    struct http_call *next, *previous;
    struct resolver_waiter waiter;
    struct loop_timer timer; /* the deadline, or at once when the call has failed already */
    struct buf url;
    struct buf body;
    struct buf packed;
    struct buf answer;
    struct curl_slist *headers; /* of this call; its last element goes on with the endpoint's */
    struct curl_slist *addresses;
    struct http_watched *watched; /* NULL: nobody looks on */
    unsigned generation; /* of addresses */
    size_t header_bytes;
    bool too_big;
    bool header_ended; /* the empty line came */
    bool in_multi;
    enum http_failure failed; /* before libcurl had it */
    const char *failed_detail;
    void (*done)(void *arg, const struct http_answer *answer);
    void *arg;
    char detail[CURL_ERROR_SIZE];
};

struct http_call *http_call_take(struct http_endpoint *endpoint);
void http_call_release(struct http_call *call);
void http_call_free_all(struct http_endpoint *endpoint);

void http_call_begun(struct http_multi *multi);           /* of struct http_multi */
void http_call_used_for_long(struct loop_timer *timer);   /* of struct http */

#endif
