/*
 * An HTTP request out of an entry's templates and what is asked about.
 *
 * Shape:  URL, body and those headers that depend on the subject, and X-Request-Id, 16 hexadecimal digits.
 *         auth_style "basic" adds an Authorization header with the login's own credentials.
 * Limits: those of http.h, and 128 KiB a header line.
 * Errors: TEMPLATE_SUPPRESSED: the subject lacks what a template needs, or a map's key or a login would leave the path
 *         that the administrator wrote, or a name holds a colon and HTTP Basic cannot send it: not found, no request.
 *         TEMPLATE_REFUSED: it does not fit where it has to go; a policy's attribute would leave the path, by dots or
 *         by being empty: nobody talks his way around a policy; a login leaves a gap: that is not its name.
 * Owner:  http is the caller's; after an error it is to be cancelled.
 * Source: pfx.cfg(5), RFC 7617, RFC 3986 sections 3.3 and 5.2.4.
 */
#ifndef PFX_REQUEST_H
#define PFX_REQUEST_H

#include "config.h"
#include "http.h"
#include "subject.h"

/* token: for the Authorization header; empty: none. */
enum template_outcome request_render(const struct config_entry *entry, const struct config_target *target,
                                     const struct subject *subject, struct span token, uint64_t request_id,
                                     struct http_call *http);

#endif
