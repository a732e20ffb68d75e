/*
 * One exchange with a daemon: connect, send, read until the answer is whole.
 *
 * Shape:  exchange_open(), then exchange_ask() any number of times, exchange_close() whatever happened.
 * Units:  milliseconds, for all of it.
 * Limits: EXCHANGE_REPLY_MAX_BYTES a reply.
 * Errors: false, and why: a constant text, or one of strerror(3).
 * Owner:  the descriptor is the exchange's; the reply is the caller's.
 */
#ifndef PFX_EXCHANGE_H
#define PFX_EXCHANGE_H

#include <stdint.h>
#include <sys/types.h>

#include "buf.h"
#include "service.h"

#define EXCHANGE_REPLY_MAX_BYTES (17L * 1024 * 1024)

struct exchange {
    int fd; /* -1 none */
    int64_t end_ms; /* of the monotonic clock */
    bool is_closed; /* by the daemon */
    int error;      /* of errno(3), when nobody could be connected to; 0: another reason */
    const char *why;
};

bool exchange_open(struct exchange *exchange, const struct service *service, int64_t limit_ms);

/* The exit status when it could not be opened. */
int exchange_status(const struct exchange *exchange);

/* What comes is appended; an end of file before is_whole() says so is an error. */
bool exchange_ask(struct exchange *exchange, struct span request, struct buf *reply,
                  bool (*is_whole)(struct span reply));

/* Such a function: a netstring that is whole, or what can never become one. */
bool exchange_is_netstring(struct span reply);

void exchange_close(struct exchange *exchange);

/* Who listens there: the process that called listen(2). 0: not known, as of a service that is no UNIX socket. */
pid_t exchange_listener(const struct exchange *exchange);

#endif
