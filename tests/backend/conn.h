/*
 * Connections: requests in, answers out, at the pace that the script asks for.
 *
 * Shape:  conn_run() does all that can be done at once: the caller calls it after every event of the socket (which is
 *         registered once, edge-triggered, with the connection as its data). conn_run_due() does so for the connections
 *         whose pause is over.
 * Units:  milliseconds of the monotonic clock.
 * Owner:  the set owns its connections; conn_run() may free the one that it is given.
 */
#ifndef BACKEND_CONN_H
#define BACKEND_CONN_H

#include <stdint.h>

#include "answer.h"
#include "listener.h"
#include "stream.h"

struct conn;

struct conn_set {
    int epoll;
    SSL_CTX *tls; /* NULL: no TLS listener */
    struct site site;
    struct http_request request; /* being parsed */
    struct conn *all;
    struct conn *pausing;
    int64_t next_due_ms; /* no pause ends before */
};

void conn_add(struct conn_set *set, int fd, enum listener_kind kind);
void conn_run(struct conn *c);
void conn_hang_up(struct conn *c); /* the peer sent its last byte */
int  conn_wait_ms(const struct conn_set *set); /* until the next pause ends; -1: none */
void conn_run_due(struct conn_set *set);
void conn_close_all(struct conn_set *set);

#endif
