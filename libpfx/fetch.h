/*
 * Asks the targets of an entry, one after the other, until one answers.
 *
 * Shape:  the targets are tried as listed or in random order, those that are up (health.h), but for one that is to be
 *         the first. The next one is tried
 *         after a failure to resolve, connect or finish TLS, after a status 502, 503 or 504, and after
 *         attempt_timeout while another is untried. A target that is down and may be probed gets a copy of the
 *         request when another one is up; a login is never sent twice on purpose: it goes to the probed target first.
 *         With no target up, the request itself is the probe. done gets the last answer, later, once, unless
 *         fetch_cancel() comes first.
 * Units:  milliseconds of loop->now_ms; the deadline covers all attempts.
 * Errors: what request.h cannot render is an outcome of fetch_start(), and there is no fetch then.
 * Owner:  struct fetcher, one a worker, owns copies on their way; a fetch belongs to it until done was called. subject
 *         outlives the fetch; copies do not need it.
 * Source: pfx.cfg(5), target.
 */
#ifndef PFX_FETCH_H
#define PFX_FETCH_H

#include "backend_trust.h"
#include "health.h"
#include "http.h"
#include "loop.h"
#include "stats.h"
#include "subject.h"
#include "template.h"

#define FETCH_COPIES_MAX 64 /* copies for probes on their way, in a worker */

struct fetcher;
struct fetch;

struct fetcher *fetch_open(struct loop *loop, const struct config *config, enum config_section_id section,
                            const struct backend_trust *trust, struct health *health); /* NULL: no descriptor left */
void fetch_close(struct fetcher **fetcher); /* every fetch is over or cancelled */

/* What can be expected of the entry's targets now? Logs and counts nothing, takes no probe. */
bool fetch_has_target_up(const struct fetcher *fetcher, const struct config_entry *entry);

/* A request for this entry that was not sent, because all are down. */
void fetch_spared(const struct fetcher *fetcher, const struct config_entry *entry, bool from_cache);

struct fetch_request {
    const struct config_entry *entry;
    const struct subject *subject;
    const struct config_target *first; /* asked before the others, as it has answered before; NULL: none */
    struct span token; /* for request.h; it outlives the fetch */
    uint64_t id;       /* X-Request-Id */
    int64_t deadline_ms;
    struct stats_series *stats; /* or NULL */
};

enum fetch_start {
    FETCH_STARTED,
    FETCH_ALL_DOWN,   /* and no probe is due */
    FETCH_SUPPRESSED, /* as TEMPLATE_SUPPRESSED */
    FETCH_REFUSED,
};

enum fetch_start fetch_start(struct fetcher *fetcher, const struct fetch_request *request,
                             void (*done)(void *arg, const struct http_answer *answer,
                                          const struct config_target *target),
                             void *arg, struct fetch **fetch);
void fetch_cancel(struct fetch *fetch);

#endif
