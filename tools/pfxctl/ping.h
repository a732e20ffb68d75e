/*
 * Does a daemon answer? An exchange that asks no backend, and that the daemon does not log.
 *
 * Shape:  a map and a policy service that cannot be there; the handshake of a login; GET /health. Of a socket that is
 *         not known to be one of ours it is enough that what listens there hears the end of the input.
 * Errors: the status, and why.
 */
#ifndef PFX_PING_H
#define PFX_PING_H

#include <stdint.h>

#include "service.h"

#define PING_LIMIT_MS 5000

struct ping {
    int64_t took_us;
    int status;      /* PFXCTL_GOOD, PFXCTL_UNAVAILABLE, PFXCTL_NO_PERMISSION, PFXCTL_DATA, PFXCTL_CONFIGURATION */
    const char *why; /* NULL: it is well */
};

void ping_service(const struct service *service, int64_t limit_ms, struct ping *ping);

#endif
