/*
 * HTTP/1.x requests.
 *
 * Shape:  a request line, headers, and a body framed by Content-Length or chunks; gzip is undone.
 * Limits: HTTP_HEAD_MAX_BYTES, HTTP_BODY_MAX_BYTES (framed, and again when unpacked).
 * Errors: HTTP_BAD: not a request, or over a limit. HTTP_MORE: the bytes so far can still become one; nothing of the
 *         result counts then but `expects`.
 * Owner:  spans borrow the input, or the texts inside the result; http_free() gives those back.
 * Source: RFC 9112.
 */
#ifndef BACKEND_HTTP_H
#define BACKEND_HTTP_H

#include "span.h"
#include "text.h"

#define HTTP_HEAD_MAX_BYTES (1024 * 1024)
#define HTTP_BODY_MAX_BYTES (64 * 1024 * 1024)

/* The statuses that the backend chooses itself. */
#define STATUS_OK 200
#define STATUS_NO_CONTENT 204
#define STATUS_NOT_MODIFIED 304
#define STATUS_BAD_REQUEST 400
#define STATUS_UNAUTHORIZED 401
#define STATUS_FORBIDDEN 403
#define STATUS_NOT_FOUND 404
#define STATUS_REQUEST_TIMEOUT 408

enum http_result { HTTP_OK, HTTP_MORE, HTTP_BAD };

struct http_request {
    struct span head; /* request line and headers with the blank line */
    struct span method;
    struct span url; /* path and query as sent */
    struct span path;
    struct span query;
    struct span body;
    bool keepalive;
    bool expects; /* waits for "100 Continue" */
    struct text unchunked;
    struct text unpacked;
};

enum http_result http_parse(struct span in, struct http_request *r, size_t *used);
bool             http_find_header(const struct http_request *r, struct span name, struct span *value); /* the first */
void             http_free(struct http_request *r);

#endif
