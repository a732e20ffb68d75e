/*
 * Asks the HTTP service of an entry about a key, a policy request or a login.
 *
 * Shape:  backend_ask() makes the request from the entry's templates, sends it, and gives the verdict to done: later,
 *         once, unless backend_cancel() comes first. It copies what it needs from the question before it returns.
 *         One struct backend a worker; the TLS files are read once by the parent (backend_trust.h), while it may.
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

#include "config.h"
#include "conn.h"
#include "log.h"
#include "loop.h"
#include "subject.h"
#include "verdict.h"

#define BACKEND_FIRST_ANSWERS 100 /* when all of these lack value_field, it is probably misspelt */

struct backend;
struct backend_call;
struct backend_trust;

struct backend_question {
    const struct config_entry *entry; /* usable: backend_error() is NULL */
    struct span key;                           /* of a socket map */
    const struct attribute *attributes; /* of a policy */
    size_t attribute_count;
    const struct subject_login *login; /* of dovecot_sasl */
    const struct conn *client; /* for the log; outlives the call */
};

struct backend *backend_new(struct loop *loop, const struct config *config, enum config_section_id section,
                            const struct backend_trust *trust); /* NULL: no descriptor left */
void backend_free(struct backend **backend);

/* Why an entry cannot be used, or NULL. */
const char *backend_error(const struct backend *backend, const struct config_entry *entry);

struct backend_call *backend_ask(struct backend *backend, const struct backend_question *question,
                                 void (*done)(void *arg, const struct verdict *verdict), void *arg);
void backend_cancel(struct backend_call *call);

const struct config_entry *backend_entry(const struct backend_call *call);

/* What the call is about, for a line in the log (subject.h, and the client). */
void backend_describe(const struct backend_call *call, char text[LOG_LINE_MAX_BYTES]);

#endif
