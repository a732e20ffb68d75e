/*
 * What requests send and what they get, for a person who looks on.
 *
 * Shape:  after http_watch() each request that ends is shown before its caller is told; one that is cancelled is not.
 * Units:  microseconds that each phase took. The look-up is ours and measured in milliseconds.
 * Limits: HTTP_WATCH_MAX_BYTES of each header; what has no room is left out.
 * Owner:  an exchange lives until `seen` returns. It holds secrets.
 * Source: CURLOPT_DEBUGFUNCTION(3), curl_easy_getinfo(3).
 */
#ifndef PFX_HTTP_WATCH_H
#define PFX_HTTP_WATCH_H

#include "config.h"

#define HTTP_WATCH_MAX_BYTES (128 * 1024) /* of a header: more than libcurl or http.h let pass */

struct http_answer;
struct http_watched;

struct http_exchange {
    const struct config_entry *entry;
    const struct config_target *target;
    struct span request_header; /* as it was sent; empty: nothing was */
    struct span request_body;   /* before compression */
    struct span answer_header;
    const struct http_answer *answer;
    bool was_connected; /* the connection was kept from an earlier request */
    int64_t look_up_us, connect_us, tls_us; /* 0: there was none */
    int64_t first_byte_us;                  /* from the request's end to the first byte of the answer */
    int64_t total_us;                       /* of all */
};

/* For the whole process; NULL: nobody looks on. */
void http_watch(void (*seen)(void *arg, const struct http_exchange *exchange), void *arg);

/* For http.c. NULL: nobody looks on; the others take that. easy: a CURL handle. */
struct http_watched *http_watch_begin(void *easy);
void http_watch_looked_up(struct http_watched *watched);
void http_watch_show(struct http_watched *watched, const struct http_exchange *exchange);
void http_watch_end(struct http_watched **watched);

#endif
