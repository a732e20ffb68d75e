/*
 * What the cache has for a call, over all candidates of its inquiry.
 *
 * Owner:  texts lie in call->value.
 */
#ifndef PFX_INQUIRY_FIND_H
#define PFX_INQUIRY_FIND_H

#include "backend_state.h"

/* Into call->old if there is something of any use. True: it needs no asking. */
bool inquiry_find_answer(struct inquiry *inquiry, struct backend_call *call);

/* What call->old has is given when the backend has had its time, if it has something. */
void inquiry_find_limit_wait(struct backend_call *call);

/*
 * All candidates before the present one are known not to be there: what is old and of one of them stands in for nobody
 * any more, but what is of this one or a later one may.
 */
void inquiry_find_renew(struct inquiry *inquiry);

#endif
