/*
 * Asks the HTTP service of an entry about a key, a policy request or a login.
 *
 * Shape:  backend_ask() gives the verdict to done, once: before it returns NULL, when nobody has to be asked (arg may
 *         be gone then); else later, unless backend_cancel() comes first. It copies what it needs from the question. A
 *         fresh answer in the cache needs no request; the same question on its way already (but never a login) is
 *         shared; else the entry's targets are asked (fetch.h). An old answer of the cache stands in for a backend that
 *         fails, for one that is down, and after stale_after for one that is slow, while the request goes on to renew
 *         the answer. One struct backend a worker; what all of them share is made by the parent.
 * Units:  milliseconds; an answer takes at most http.timeout of its entry.
 * Limits: those of http.h. A warning of the same cause for the same entry is logged once in LOG_LIMIT_MS, with the
 *         number of those left out.
 * Errors: verdicts, see verdict.h. A key that is not UTF-8 or empty, and what request.h suppresses, is "not
 *         found" without a request, and a login denied.
 * Owner:  a call belongs to the backend until done was called or it was cancelled. The verdict lives until done
 *         returns.
 * Source: pfx.cfg(5), mysql_table(5).
 */
#ifndef PFX_BACKEND_H
#define PFX_BACKEND_H

#include "backend_question.h"
#include "backend_shared.h"
#include "log.h"
#include "loop.h"
#include "verdict.h"

struct backend;

/* slot: the number of the worker, for stats.h. NULL: no descriptor left. */
struct backend *backend_new(struct loop *loop, const struct config *config, const struct backend_shared *shared,
                            unsigned slot);
void backend_free(struct backend **backend);

/* Why an entry cannot be used, or NULL. */
const char *backend_error(const struct backend *backend, const struct config_entry *entry);

struct backend_call *backend_ask(struct backend *backend, const struct backend_question *question, backend_done *done,
                                 void *arg);
void backend_cancel(struct backend_call *call);

const struct config_entry *backend_entry(const struct backend_call *call);

/* What the call is about, for a line in the log (subject.h, and the client). */
void backend_describe(const struct backend_call *call, char text[LOG_LINE_MAX_BYTES]);

#endif
