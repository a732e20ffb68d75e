/*
 * What the backend remembers of its clients, and the control URLs that tell it.
 *
 * Shape:  a control path begins with "/_"; its answer is text/plain.
 *           /_count?path=PREFIX   how many requests had a URL (path and query, as sent) that begins with PREFIX; all of
 *                                 the query after "path=" is the prefix, as it stands
 *           /_urls                the URLs in order, one a line, as many as RECORD_ORDER_MAX_BYTES hold
 *           /_last                the last request: request line, headers, blank line, decoded body
 *           /_conns               connections accepted; one whose first request is a control one does not count
 *           /_reset               zeroes the counters, forgets the last request, and makes once= act again
 *         Control requests are neither counted nor remembered.
 * Owner:  the record owns its copies; record_free() gives them back.
 */
#ifndef BACKEND_RECORD_H
#define BACKEND_RECORD_H

#include <stdint.h>

#include "http.h"
#include "text.h"

#define RECORD_ORDER_MAX_BYTES 65536

struct record_url {
    char  *url;
    size_t n;
    uint64_t count;
};

struct record {
    struct record_url *urls; /* a hash table, open addressing; room is a power of two */
    size_t room;
    size_t used;
    struct text order; /* URLs, a line each */
    struct text last;
    uint64_t connections;
};

bool record_is_control(const struct http_request *r);

/* Remembers a request; returns how many its URL had before. */
uint64_t record_add(struct record *rec, const struct http_request *r);

/* Appends the answer of a control request; false: there is no such one. */
bool record_control(struct record *rec, const struct http_request *r, struct text *out);

void record_free(struct record *rec);

#endif
