#include "http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gzip.h"
#include "http_state.h"
#include "http_watch.h"
#include "httpstatus.h"
#include "mem.h"

#define IDLE_BUFFER_MAX_BYTES  16384
#define EXPECT_BYTES (1024 * 1024) /* of a body, and libcurl would ask first whether it may send it */
#define RESOLVE_LINE_MAX_BYTES 2048 /* HOST:PORT:ADDRESSES; RESOLVER_ADDRESSES_MAX of them and the longest host name */

struct http_call {
    CURL *easy; /* NULL while it is idle: the last one cannot be used again */
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
    bool is_whole;     /* the answer came, to its end */
    bool is_fresh; /* on a new connection */
    bool in_multi;
    enum http_failure failed; /* before libcurl had it */
    const char *failed_detail;
    void (*done)(void *arg, const struct http_answer *answer);
    void *arg;
    char detail[CURL_ERROR_SIZE];
};

static size_t take_body(char *bytes, size_t one, size_t n, void *context)
{
    struct http_call *call = context;
    call->too_big = !buf_add(&call->answer, span_make(bytes, one * n));
    return call->too_big ? 0 : one * n;
}

static size_t take_header(char *bytes, size_t one, size_t n, void *context)
{
    struct http_call *call = context;
    enum httpstatus status = httpstatus_of(span_make(bytes, one * n));
    size_t cr = span_find(span_make(bytes, one * n), '\r');

    if (status == HTTPSTATUS_BAD || (cr < one * n && cr + 2 != one * n))
        return 0; /* a bare CR ends a value for some and not for others (RFC 9112, section 2.2) */
    if (one * n > 0 && (bytes[0] == '\r' || bytes[0] == '\n'))
        call->header_ended = true;
    else if (status == HTTPSTATUS_GOOD) /* after a 1xx answer another one follows */
        call->header_ended = false;
    call->header_bytes += one * n;
    call->too_big = call->header_bytes > HTTP_HEADER_MAX_BYTES;
    return call->too_big ? 0 : one * n;
}

static void unlink_call(struct http_call *call)
{
    if (call->next != NULL)
        call->next->previous = call->previous;
    if (call->previous != NULL)
        call->previous->next = call->next;
    else
        call->endpoint->busy = call->next;
}

static void free_call(struct http_call *call)
{
    curl_easy_cleanup(call->easy);
    buf_free(&call->url);
    buf_free(&call->body);
    buf_free(&call->packed);
    buf_free(&call->answer);
    mem_free(call);
}

/* A rare big request or answer must not stay in memory. */
static void empty(struct buf *b)
{
    if (b->room > IDLE_BUFFER_MAX_BYTES)
        buf_free(b);
    else
        buf_clear(b);
}

/*
 * A handle is used again only after a whole answer: of one that broke off libcurl may still hold a part, and the next
 * answer must not meet it. Connections outlive handles. That of a login goes, with what it holds of it.
 */
static void release_handle(struct http_call *call)
{
    if (!call->is_whole || call->watched != NULL || call->body.secret) {
        curl_easy_cleanup(call->easy);
        call->easy = NULL;
        return;
    }
    curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, NULL);
    if (call->addresses != NULL)
        curl_easy_setopt(call->easy, CURLOPT_RESOLVE, NULL);
    if (call->is_fresh)
        curl_easy_setopt(call->easy, CURLOPT_FRESH_CONNECT, 0L);
}

/* Takes the call out of everything that it waits in, and keeps its buffers for the next one. */
static void release(struct http_call *call)
{
    struct http_endpoint *endpoint = call->endpoint;
    struct http *http = endpoint->http;

    if (call->in_multi)
        curl_multi_remove_handle(endpoint->group->multi.curl, call->easy);
    resolver_forget(&call->waiter);
    loop_cancel(http->loop, &call->timer);
    release_handle(call);
    http_watch_end(&call->watched);
    http_endpoint_free_headers(endpoint, call->headers);
    call->headers = NULL;
    curl_slist_free_all(call->addresses);
    unlink_call(call);
    if (http->idle_calls >= HTTP_IDLE_CALLS_MAX) {
        free_call(call);
        return;
    }
    call->addresses = NULL;
    call->in_multi = call->too_big = call->header_ended = call->is_whole = call->is_fresh = false;
    call->header_bytes = 0;
    call->failed = HTTP_ANSWERED;
    call->detail[0] = '\0';
    empty(&call->url);
    empty(&call->body);
    empty(&call->packed);
    empty(&call->answer);
    call->next = endpoint->idle;
    endpoint->idle = call;
    http->idle_calls++;
}

/* libcurl sets the time of the look-up, which is ours, when it begins to connect. */
static bool is_queued(const struct http_call *call)
{
    curl_off_t looked_up_us = 0;

    curl_easy_getinfo(call->easy, CURLINFO_NAMELOOKUP_TIME_T, &looked_up_us);
    return looked_up_us == 0;
}

static void deliver(struct http_call *call, enum http_failure failure, const char *detail)
{
    struct http_answer answer = { .failure = failure, .reason = http_failure_reason(failure), .detail = detail,
                                  .easy = call->easy };
    long status = 0;

    answer.was_queued = failure == HTTP_TIMED_OUT && call->in_multi && is_queued(call);
    if (failure == HTTP_ANSWERED) {
        curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
        answer.status = (int)status;
        answer.body = buf_span(&call->answer);
    }
    http_watch_show(call->watched, &(struct http_exchange){ .entry = call->endpoint->entry,
                                                            .target = call->endpoint->target,
                                                            .request_body = buf_span(&call->body),
                                                            .answer = &answer });
    call->done(call->arg, &answer);
    release(call);
}

/* libcurl itself tries another connection, a few times: under load all of those can have been kept for too long. */
static bool starts_anew(struct http_call *call, CURLcode result)
{
    CURLM *multi = call->endpoint->group->multi.curl;
    long connects = 1;

    if (call->header_bytes > 0 || http_failure_of((int)result, false) != HTTP_RESET)
        return false;
    curl_easy_getinfo(call->easy, CURLINFO_NUM_CONNECTS, &connects);
    if (connects > 0)
        return false;
    http_use_new_connection(call);
    curl_multi_remove_handle(multi, call->easy);
    call->in_multi = curl_multi_add_handle(multi, call->easy) == CURLM_OK;
    return call->in_multi;
}

static void finished(CURL *easy, CURLcode result)
{
    char detail[HTTP_DETAIL_MAX_BYTES];
    struct http_call *call = NULL;

    detail[0] = '\0';
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&call);
    if (call->addresses != NULL)
        call->endpoint->loaded_generation = call->generation;
    if (starts_anew(call, result))
        return;
    if (result == CURLE_OK && !call->header_ended)
        result = CURLE_GOT_NOTHING; /* libcurl takes a header that breaks off for a whole one */
    call->is_whole = result == CURLE_OK;
    if (result != CURLE_OK)
        http_failure_detail(easy, (int)result, call->detail, detail);
    deliver(call, http_failure_of((int)result, call->too_big), detail);
}

static void fail_soon(struct http_call *call, enum http_failure failure, const char *detail)
{
    call->failed = failure;
    call->failed_detail = detail;
    loop_at(call->endpoint->http->loop, &call->timer, call->endpoint->http->loop->now_ms);
}

static void time_over(struct loop_timer *timer)
{
    struct http_call *call = LOOP_OWNER(timer, struct http_call, timer);

    if (call->failed != HTTP_ANSWERED)
        deliver(call, call->failed, call->failed_detail);
    else
        deliver(call, HTTP_TIMED_OUT, call->waiter.host != NULL ? "while the host name was looked up" : "no answer");
}

/*
 * Gives the addresses to the multi handle, which keeps them, when it has none or old ones. Which it has is known when a
 * call that carries them is over: until then every call does.
 */
static void load_addresses(struct http_call *call)
{
    struct http_endpoint *endpoint = call->endpoint;
    const struct resolver_host *host = endpoint->host;
    char line[RESOLVE_LINE_MAX_BYTES];

    if (host == NULL || endpoint->loaded_generation == host->generation)
        return;
    snprintf(line, sizeof(line), "%s:%u:%s", host->name, endpoint->port, host->addresses);
    call->addresses = curl_slist_append(NULL, line);
    curl_easy_setopt(call->easy, CURLOPT_RESOLVE, call->addresses);
    call->generation = host->generation;
}

static void submit(struct http_call *call)
{
    load_addresses(call);
    http_watch_looked_up(call->watched);
    CURLMcode code = curl_multi_add_handle(call->endpoint->group->multi.curl, call->easy);
    if (code == CURLM_OK)
        call->in_multi = true;
    else
        fail_soon(call, HTTP_INVALID, curl_multi_strerror(code));
}

static void resolved(struct resolver_waiter *waiter)
{
    struct http_call *call = LOOP_OWNER(waiter, struct http_call, waiter);
    const struct resolver_host *host = call->endpoint->host;

    if (host->addresses != NULL)
        submit(call);
    else
        fail_soon(call, HTTP_NOT_RESOLVED, host->error);
}

static void resolve(struct http_call *call)
{
    struct http_endpoint *endpoint = call->endpoint;
    enum resolver_result result = RESOLVER_READY;

    if (endpoint->host != NULL)
        result = resolver_ask(endpoint->http->resolver, endpoint->host, &call->waiter);
    if (result == RESOLVER_READY)
        submit(call);
    else if (result == RESOLVER_FAILED)
        fail_soon(call, HTTP_NOT_RESOLVED, endpoint->host->error);
}

static void set_request(struct http_call *call)
{
    const struct config_entry *entry = call->endpoint->entry;
    const struct buf *body = &call->body;
    struct curl_slist *last = call->headers;

    if (entry->request_compression && body->n > 0 && gzip_pack(buf_span(body), &call->packed))
        body = &call->packed;
    if (body->n > EXPECT_BYTES)
        http_add_header(call, "Expect:");
    curl_easy_setopt(call->easy, CURLOPT_URL, buf_text(&call->url));
    if (entry->payload.count > 0 || strcmp(entry->method, "POST") == 0) {
        curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, body->n == 0 ? "" : body->p);
        curl_easy_setopt(call->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->n);
    }
    while (last != NULL && last->next != NULL)
        last = last->next;
    if (last != NULL)
        last->next = call->endpoint->headers;
    curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, last != NULL ? call->headers : call->endpoint->headers);
}

void http_start(struct http_call *call, int64_t deadline_ms,
                void (*done)(void *arg, const struct http_answer *answer), void *arg)
{
    call->done = done;
    call->arg = arg;
    set_request(call);
    loop_at(call->endpoint->http->loop, &call->timer, deadline_ms);
    resolve(call);
}

void http_cancel(struct http_call *call)
{
    release(call);
}

struct buf *http_url(struct http_call *call)
{
    return &call->url;
}

struct buf *http_body(struct http_call *call)
{
    return &call->body;
}

void http_add_header(struct http_call *call, const char *line)
{
    call->headers = http_endpoint_add_header(call->headers, line);
}

void http_use_new_connection(struct http_call *call)
{
    call->is_fresh = true;
    curl_easy_setopt(call->easy, CURLOPT_FRESH_CONNECT, 1L);
}

static struct http_call *new_call(struct http_endpoint *endpoint)
{
    struct http_call *call = mem_alloc(sizeof(*call));

    call->endpoint = endpoint;
    call->waiter.done = resolved;
    call->timer.due = time_over;
    buf_init(&call->url, HTTP_URL_MAX_BYTES);
    buf_init(&call->body, HTTP_BODY_MAX_BYTES);
    buf_init(&call->packed, GZIP_ROOM_BYTES(HTTP_BODY_MAX_BYTES));
    call->body.secret = call->packed.secret = endpoint->entry->section == CONFIG_DOVECOT_SASL;
    buf_init(&call->answer, (size_t)endpoint->entry->http.max_response_bytes);
    call->answer.secret = call->body.secret;
    return call;
}

static void open_handle(struct http_call *call)
{
    call->easy = curl_easy_init();
    http_endpoint_configure(call->endpoint, call->easy);
    http_multi_adopt(&call->endpoint->group->multi, call->easy);
    curl_easy_setopt(call->easy, CURLOPT_PRIVATE, call);
    curl_easy_setopt(call->easy, CURLOPT_ERRORBUFFER, call->detail);
    curl_easy_setopt(call->easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(call->easy, CURLOPT_WRITEDATA, call);
    curl_easy_setopt(call->easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(call->easy, CURLOPT_HEADERDATA, call);
}

struct http_call *http_prepare(struct http_endpoint *endpoint)
{
    struct http_call *call = endpoint->idle;

    if (call != NULL) {
        endpoint->idle = call->next;
        endpoint->http->idle_calls--;
    } else {
        call = new_call(endpoint);
    }
    if (call->easy == NULL)
        open_handle(call);
    call->watched = http_watch_begin(call->easy);
    call->previous = NULL;
    call->next = endpoint->busy;
    if (call->next != NULL)
        call->next->previous = call;
    endpoint->busy = call;
    return call;
}

struct http *http_new(struct loop *loop, int64_t connections_per_host, int64_t connections_kept)
{
    struct http *http = mem_alloc(sizeof(*http));

    http->loop = loop;
    http->connections_per_host = connections_per_host;
    http->connections_kept = connections_kept;
    http->finished = finished;
    http->resolver = resolver_new(loop);
    if (http->resolver == NULL) {
        mem_free(http);
        return NULL;
    }
    unsetenv("SSLKEYLOGFILE"); /* libcurl would write the keys of each TLS session there */
    /* Without memory libcurl would go on: with half a URL, or with a transfer that nothing ends. */
    curl_global_init_mem(CURL_GLOBAL_DEFAULT, mem_alloc, mem_wiping_free, mem_wiping_realloc, mem_string, mem_array);
    return http;
}

static void free_calls(struct http_endpoint *endpoint)
{
    while (endpoint->busy != NULL)
        release(endpoint->busy);
    for (struct http_call *call = endpoint->idle, *next; call != NULL; call = next) {
        next = call->next;
        free_call(call);
    }
}

void http_free(struct http **pointer)
{
    struct http *http = *pointer;

    *pointer = NULL;
    if (http == NULL)
        return;
    for (struct http_endpoint *endpoint = http->endpoints; endpoint != NULL; endpoint = endpoint->next)
        free_calls(endpoint);
    http_endpoint_free_all(http);
    resolver_free(&http->resolver);
    mem_free(http);
    curl_global_cleanup();
}
