/*
 * The listeners of a worker: they accept clients into a conn_set while there is room.
 *
 * Shape:  conn_listen_open(), then conn_listen_resume() each time when a connection has gone; conn_listen_close() at
 *         last, or when the worker drains.
 * Limits: max_count connections, then the listeners are left alone until one goes; one log line a minute from
 *         CONN_LISTEN_WARN_PERCENT of them on.
 * Errors: accept(2) out of descriptors or memory: listeners rest for CONN_LISTEN_PAUSE_MS, one line a minute.
 * Owner:  the struct is the caller's, the descriptors its own from conn_listen_open() on; the set must outlive it.
 */
#ifndef PFX_CONN_LISTEN_H
#define PFX_CONN_LISTEN_H

#include "conn.h"

#define CONN_LISTEN_PAUSE_MS 100
#define CONN_LISTEN_WARN_PERCENT 80 /* of max_count */

struct conn_listener;

struct conn_listen {
    struct conn_set *set;
    size_t max_count;
    struct conn_listener *listeners;
    size_t count;
    struct loop_timer pause;
    struct log_limit crowded;
    struct log_limit failed;
};

/* fds are listening sockets, non-blocking. The caller has set `set` and `max_count`. */
void conn_listen_open(struct conn_listen *listen, const int *fds, size_t count);
void conn_listen_resume(struct conn_listen *listen);
void conn_listen_close(struct conn_listen *listen);

#endif
