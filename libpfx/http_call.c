#include "http_call.h"

#include "gzip.h"
#include "http_watch.h"
#include "httpstatus.h"
#include "mem.h"

#define IDLE_BUFFER_MAX_BYTES 16384 /* a rare big request or answer must not stay in memory */

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

/* Gives up what belongs to the request that is over, and gets ready for the next one. */
static void renew(struct http_call *call)
{
    struct http_endpoint *endpoint = call->endpoint;
    struct http *http = endpoint->http;

    curl_easy_cleanup(call->easy);
    call->easy = NULL;
    http_watch_end(&call->watched);
    http_endpoint_free_headers(endpoint, call->headers);
    call->headers = NULL;
    curl_slist_free_all(call->addresses);
    if (http->idle_calls >= HTTP_IDLE_CALLS_MAX) {
        free_call(call);
        return;
    }
    call->addresses = NULL;
    call->in_multi = call->too_big = call->header_ended = false;
    call->header_bytes = 0;
    call->failed = HTTP_ANSWERED;
    call->detail[0] = '\0';
    buf_empty(&call->url, IDLE_BUFFER_MAX_BYTES);
    buf_empty(&call->body, IDLE_BUFFER_MAX_BYTES);
    buf_empty(&call->packed, IDLE_BUFFER_MAX_BYTES);
    buf_empty(&call->answer, IDLE_BUFFER_MAX_BYTES);
    open_handle(call);
    call->next = endpoint->idle;
    endpoint->idle = call;
    http->idle_calls++;
}

static void renew_used(struct http *http)
{
    loop_cancel(http->loop, &http->used_limit);
    for (struct http_call *call = http->used, *next; call != NULL; call = next) {
        next = call->next;
        renew(call);
    }
    http->used = NULL;
}

void http_call_begun(struct http_multi *multi)
{
    renew_used(LOOP_OWNER(multi, struct group, multi)->http);
}

void http_call_used_for_long(struct loop_timer *timer)
{
    renew_used(LOOP_OWNER(timer, struct http, used_limit));
}

void http_call_release(struct http_call *call)
{
    struct http *http = call->endpoint->http;

    if (call->in_multi)
        curl_multi_remove_handle(call->endpoint->group->multi.curl, call->easy);
    resolver_forget(&call->waiter);
    loop_cancel(http->loop, &call->timer);
    unlink_call(call);
    if (call->body.secret) {
        renew(call);
        return;
    }
    call->next = http->used;
    http->used = call;
    if (!loop_is_armed(&http->used_limit))
        loop_at(http->loop, &http->used_limit, http->loop->now_ms + HTTP_CALL_USED_MAX_MS);
}

static struct http_call *new_call(struct http_endpoint *endpoint)
{
    struct http_call *call = mem_alloc(sizeof(*call));

    call->endpoint = endpoint;
    buf_init(&call->url, HTTP_URL_MAX_BYTES);
    buf_init(&call->body, HTTP_BODY_MAX_BYTES);
    buf_init(&call->packed, GZIP_ROOM_BYTES(HTTP_BODY_MAX_BYTES));
    call->body.secret = call->packed.secret = endpoint->entry->section == CONFIG_DOVECOT_SASL;
    buf_init(&call->answer, (size_t)endpoint->entry->http.max_response_bytes);
    call->answer.secret = call->body.secret;
    open_handle(call);
    return call;
}

struct http_call *http_call_take(struct http_endpoint *endpoint)
{
    struct http_call *call = endpoint->idle;

    if (call != NULL) {
        endpoint->idle = call->next;
        endpoint->http->idle_calls--;
    } else {
        call = new_call(endpoint);
    }
    call->watched = http_watch_begin(call->easy);
    call->previous = NULL;
    call->next = endpoint->busy;
    if (call->next != NULL)
        call->next->previous = call;
    endpoint->busy = call;
    return call;
}

void http_call_free_all(struct http_endpoint *endpoint)
{
    while (endpoint->busy != NULL)
        http_call_release(endpoint->busy);
    renew_used(endpoint->http);
    for (struct http_call *call = endpoint->idle, *next; call != NULL; call = next) {
        next = call->next;
        free_call(call);
    }
}
