/*
 * One worker: an event loop that serves many clients of one protocol.
 *
 * Shape:  worker_run() returns when the worker has nothing left to do. The control channel to the parent is a stream
 *         socket: the parent writes WORKER_STOP_LISTENING, the worker answers WORKER_STOPPED when its listeners are
 *         closed; the end of file, also when the parent dies, means drain. The worker writes WORKER_SERVED once, after
 *         its first answer.
 * Units:  milliseconds.
 * Limits: setup.max_connections clients; config drain_time for draining, then everything is closed. In the last of
 *         WORKER_DRAIN_PARTS of it clients that stay by their protocol are closed as soon as they are idle, so that its
 *         end cuts off none in the middle of a question.
 * Errors: the exit status: 0, or 1 when the worker could not begin.
 * Owner:  setup and what it points to outlive the call.
 */
#ifndef PFX_WORKER_H
#define PFX_WORKER_H

#include "backend.h"
#include "config.h"
#include "conn.h"
#include "listener.h"

#define WORKER_DRAIN_PARTS 5
#define WORKER_STOP_LISTENING 'L'
#define WORKER_STOPPED 'C'
#define WORKER_SERVED 'S'

struct daemon_ops {
    const char *name; /* of the program */
    enum config_section_id section; /* CONFIG_NO_SECTION: it asks no backend, keeps no answers and counts nothing */
    bool takes_name; /* does the command line name an entry? */
    const struct conn_ops *conn;
};

struct worker_setup {
    const struct daemon_ops *ops;
    const struct config *config;
    const char *name;    /* of the entry to serve, from the command line; NULL: not given */
    const char *service; /* of master.cf; NULL: not started by master(8) */
    const char *state_directory;         /* "" none */
    const struct backend_shared *shared;
    const struct listener_set *listeners;
    size_t max_connections;
    bool drain_on_sigterm; /* standalone; under master(8) SIGTERM means at once */
};

/* What a protocol finds in conn->set->context. */
struct worker_context {
    const struct config *config;
    const char *name;    /* of the entry to serve; NULL: the request tells, or the service */
    const char *service; /* of master.cf, or NULL */
    const char *state_directory;
    struct backend *backend; /* NULL: CONFIG_NO_SECTION */
    struct log_limit no_entry; /* requests for an entry that is not there */
};

/* number: of this worker, from 0; it takes the place of a dead one with the same. */
int worker_run(const struct worker_setup *setup, int control_fd, unsigned number);

/* Serves one connected socket, then returns. */
int worker_serve_one(const struct worker_setup *setup, int fd);

#endif
