/*
 * What is logged about questions to backends.
 *
 * Limits: a warning of the same cause for the same entry once in LOG_LIMIT_MS, with the number of those left out.
 */
#ifndef PFX_BACKEND_LOG_H
#define PFX_BACKEND_LOG_H

#include "backend_state.h"

/* What the inquiry is about, and who asks: subject.h, and the client, if there is one. */
void backend_log_describe(const struct inquiry *inquiry, const struct conn *client, char text[LOG_LINE_MAX_BYTES]);

/* cause is constant; detail may be empty, origin NULL. */
void backend_log_warning(const struct inquiry *inquiry, const char *origin, const char *cause, const char *detail);

/* One line for a request that was answered, if somebody wants to see it. */
void backend_log_request(const struct backend_call *call, int status, const struct verdict *verdict);

/* The member is probably misspelt: a line at the first answer with other members only, a warning when none has it. */
void backend_log_typo(const struct inquiry *inquiry, const struct verdict *verdict);

#endif
