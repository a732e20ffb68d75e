/*
 * What comes of an inquiry: the verdict of an answer, or of none.
 *
 * Shape:  verdict.h; texts lie in inquiry->value. What the administrator has to know is logged.
 * Errors: verdicts.
 */
#ifndef PFX_INQUIRY_ANSWER_H
#define PFX_INQUIRY_ANSWER_H

#include "backend_state.h"

struct verdict inquiry_answer_read(struct inquiry *inquiry, const struct http_answer *answer,
                                   const struct config_target *target);

struct verdict inquiry_answer_nothing(const struct config_entry *entry); /* nobody can be asked about it */
struct verdict inquiry_answer_unfit(const struct inquiry *inquiry);      /* it does not fit into the request */
struct verdict inquiry_answer_down(const struct inquiry *inquiry);       /* all targets are down; this is counted */
struct verdict inquiry_answer_no_token(void);                            /* nor is there one of backend_oidc_auth */

/* A candidate without the extension was found: the value gets it back where that is wanted. */
struct verdict inquiry_answer_extend(const struct inquiry *inquiry, struct verdict verdict, struct buf *value);

#endif
