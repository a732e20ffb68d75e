/*
 * -v: what is asked and answered, on stderr, without secrets.
 *
 * Shape:  lines that begin with "> " went out, with "< " came in; then the time of each phase. What has the name of a
 *         secret (mask.h), and the secret that was given, as it is and as JSON and URLs write it, are masked.
 * Limits: TRACE_BODY_MAX_BYTES of a body are shown.
 */
#ifndef PFX_TRACE_H
#define PFX_TRACE_H

#include <stdint.h>

#include "span.h"

#define TRACE_BODY_MAX_BYTES 4096

/* From now on each HTTP request is shown. secret: empty, or a password or token, which stays where it is. */
void trace_requests(struct span secret);

/* One line, or several; bytes that cannot be printed as '?'. mark: "> " or "< ". */
void trace_lines(const char *mark, struct span text);

#endif
