/*
 * What an answer tells about the target that gave it, or did not.
 *
 * Source: pfx.cfg(5), target; RFC 9110 section 10.2.3.
 */
#ifndef PFX_FETCH_OUTCOME_H
#define PFX_FETCH_OUTCOME_H

#include "health.h"
#include "http.h"

enum health_outcome fetch_outcome(const struct http_answer *answer);

/* How long the target wants to be left alone; 0: it does not say. Seconds only: a date would trust two clocks. */
int64_t fetch_outcome_retry_after_ms(const struct http_answer *answer);

#endif
