/*
 * HTTP requests over libcurl's multi interface. Only this module and http_*.c know libcurl.
 *
 * Shape:  an endpoint (http_endpoint.h) is what all requests of an entry have in common; a call is one request.
 *           call = http_prepare(endpoint);         then fill http_url(call), http_body(call), http_add_header(call, ..)
 *           http_start(call, deadline, done, arg);  or http_cancel(call)
 *         The URL begins as the endpoint's target does: scheme, host and port.
 *         done gets the answer later, once, from the loop; after it the call is gone. http_cancel() at any time before
 *         that prevents it.
 *         Connections are kept alive and shared by endpoints with the same TLS profile, IP version and socket path, by
 *         nobody else.
 *         Host names are looked up by resolver.h, never by libcurl. Redirects are not followed; only http and https; no
 *         setting comes from the environment.
 * Units:  milliseconds; deadline_ms is of loop->now_ms and covers queueing, look-up, connection, TLS and answer.
 * Limits: max_response_bytes of the body, after decompression; HTTP_HEADER_MAX_BYTES of its header; connections a
 *         host as configured, further requests wait; calls are kept for reuse, see http_call.h.
 * Errors: http_failure.h, and a constant text; answer.detail is for the log only: it may name hosts and addresses.
 *         A request is repeated when a reused connection was closed before the first byte: by libcurl on another one,
 *         a few times, then once on a new one.
 *         The body of a login (config_entry.section) and all headers of a request are wiped when the call is over, and
 *         so is whatever libcurl gives up.
 * Owner:  endpoints and calls belong to struct http. The answer's spans live until done returns.
 * Source: RFC 9110, RFC 9112; libcurl 7.88 or later, curl_multi_socket_action(3).
 */
#ifndef PFX_HTTP_H
#define PFX_HTTP_H

#include "buf.h"
#include "http_endpoint.h"
#include "http_failure.h"
#include "loop.h"

struct http_call;

struct http_answer {
    enum http_failure failure;
    const char *reason; /* a constant text that fits a reply to Postfix; NULL when answered */
    const char *detail; /* for the log */
    int status;
    struct span body;
    bool was_queued; /* HTTP_TIMED_OUT before it had a connection: nothing was learned about the backend */
    void *easy; /* for http_header.h */
};

/* connections_kept: busy and idle ones, in each group that may share them. NULL: no descriptor left. */
struct http *http_new(struct loop *loop, int64_t connections_per_host, int64_t connections_kept);
void http_free(struct http **http);

struct http_call *http_prepare(struct http_endpoint *endpoint);
struct buf *http_url(struct http_call *call);
struct buf *http_body(struct http_call *call);
void http_add_header(struct http_call *call, const char *line); /* "Name: value", copied */
void http_use_new_connection(struct http_call *call); /* so that libcurl never repeats it */
void http_start(struct http_call *call, int64_t deadline_ms,
                void (*done)(void *arg, const struct http_answer *answer), void *arg);
void http_cancel(struct http_call *call);

#endif
