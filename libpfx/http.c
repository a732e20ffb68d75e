#include "http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gzip.h"
#include "http_call.h"
#include "http_watch.h"
#include "mem.h"

#define EXPECT_BYTES (1024 * 1024) /* of a body, and libcurl would ask first whether it may send it */
#define RESOLVE_LINE_MAX_BYTES 2048 /* HOST:PORT:ADDRESSES; RESOLVER_ADDRESSES_MAX of them and the longest host name */

/* libcurl sets the time of the look-up, which is ours, when it begins to connect. */
static bool is_queued(const struct http_call *call)
{
    curl_off_t looked_up_us = 0;

    if (!call->in_multi)
        return call->waiter.host == NULL;
    curl_easy_getinfo(call->easy, CURLINFO_NAMELOOKUP_TIME_T, &looked_up_us);
    return looked_up_us == 0;
}

static void deliver(struct http_call *call, enum http_failure failure, const char *detail)
{
    struct http_answer answer = { .failure = failure, .reason = http_failure_reason(failure), .detail = detail,
                                  .easy = call->easy };
    long status = 0;

    answer.was_queued = failure == HTTP_TIMED_OUT && is_queued(call);
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
    http_call_release(call);
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

/* Did it end before the proxy had made a tunnel to the service? */
static bool lacks_tunnel(const struct http_call *call)
{
    const struct http_endpoint *endpoint = call->endpoint;
    long connects = 0;
    curl_off_t tls_us = 0;

    curl_easy_getinfo(call->easy, CURLINFO_NUM_CONNECTS, &connects);
    curl_easy_getinfo(call->easy, CURLINFO_APPCONNECT_TIME_T, &tls_us);
    return endpoint->proxy[0] != '\0' && endpoint->target->tls && connects > 0 && tls_us == 0;
}

static enum http_failure failure_of(const struct http_call *call, CURLcode result)
{
    enum http_failure failure = http_failure_of((int)result, call->too_big);

    return failure == HTTP_RESET && lacks_tunnel(call) ? HTTP_NOT_CONNECTED : failure;
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
    if (result != CURLE_OK)
        http_failure_detail(easy, (int)result, call->endpoint->target->socket_path != NULL, call->detail, detail);
    deliver(call, failure_of(call, result), detail);
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

/* Too late, it is left to time_over(): the service was not asked, and is not to blame. */
static void submit(struct http_call *call)
{
    if (call->timer.at_ms <= call->endpoint->http->loop->now_ms)
        return;
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

/* False: it cannot be sent. Behind the origin, libcurl sends it unchecked (RFC 9112, section 3.2.1). */
static bool set_url(struct http_call *call)
{
    const char *origin = call->endpoint->origin;
    const char *url = buf_text(&call->url);

    if (origin == NULL) {
        curl_easy_setopt(call->easy, CURLOPT_URL, url);
        return true;
    }
    if (!span_begins(span_text(url), origin))
        return false;
    const char *path = url + strlen(origin);
    if (path[0] != '/' || !span_is_visible(span_text(path)))
        return false;
    curl_easy_setopt(call->easy, CURLOPT_REQUEST_TARGET, path);
    return true;
}

static void set_request(struct http_call *call)
{
    const struct config_entry *entry = call->endpoint->entry;
    const struct buf *body = &call->body;

    if (entry->request_compression && entry->payload.count > 0 && gzip_pack(buf_span(body), &call->packed))
        body = &call->packed;
    if (body->n > EXPECT_BYTES)
        call->headers = curl_slist_append(call->headers, "Expect:"); /* none, and not one without a value */
    if (entry->payload.count > 0 || strcmp(entry->method, "POST") == 0) {
        curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, body->n == 0 ? "" : body->p);
        curl_easy_setopt(call->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->n);
    }
    struct curl_slist *last = call->headers;
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
    if (set_url(call))
        resolve(call);
    else
        fail_soon(call, HTTP_INVALID, "the URL cannot be sent");
}

void http_cancel(struct http_call *call)
{
    http_call_release(call);
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
    curl_easy_setopt(call->easy, CURLOPT_FRESH_CONNECT, 1L);
}

struct http *http_new(struct loop *loop, int64_t connections_per_host, int64_t connections_kept)
{
    struct http *http = mem_alloc(sizeof(*http));

    http->loop = loop;
    http->connections_per_host = connections_per_host;
    http->connections_kept = connections_kept;
    http->finished = finished;
    http->begun = http_call_begun;
    http->used_limit.due = http_call_used_for_long;
    http->resolver = resolver_new(loop);
    if (http->resolver == NULL) {
        mem_free(http);
        return NULL;
    }
    unsetenv("SSLKEYLOGFILE"); /* libcurl would write the keys of each TLS session there */
    /* Without memory libcurl would go on: with half a URL, or with a transfer that nothing ends. */
    curl_global_init_mem(CURL_GLOBAL_DEFAULT, mem_wiping_alloc, mem_wiping_free, mem_wiping_realloc, mem_string,
                         mem_array);
    return http;
}

struct http_call *http_prepare(struct http_endpoint *endpoint)
{
    struct http_call *call = http_call_take(endpoint);

    call->waiter.done = resolved;
    call->timer.due = time_over;
    return call;
}

void http_free(struct http **pointer)
{
    struct http *http = *pointer;

    *pointer = NULL;
    if (http == NULL)
        return;
    for (struct http_endpoint *endpoint = http->endpoints; endpoint != NULL; endpoint = endpoint->next)
        http_call_free_all(endpoint);
    http_endpoint_free_all(http);
    resolver_free(&http->resolver);
    mem_free(http);
    curl_global_cleanup();
}
