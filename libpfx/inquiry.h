/*
 * Inquiries: one question to the backend, for all calls that wait for its answer.
 *
 * Shape:  inquiry_new() only copies what is asked. inquiry_twin() finds one on its way that asks the same of the same
 *         entry: maps and policies may share it, logins never. inquiry_ask() sends it. A map's candidates are asked for
 *         one after the other, each with a request and an id of its own, all within one deadline, until one is there;
 *         those that the cache knows fresh are not asked for. What may be kept goes into the cache as it comes; in the
 *         end each call gets the verdict by its `answered`, which takes the call out of the inquiry.
 * Limits: half of max_connections_per_host that nobody waits for: those that somebody waits for must have their turn.
 *         What would be one more is cancelled.
 * Errors: verdicts.
 * Owner:  see backend_state.h.
 */
#ifndef PFX_INQUIRY_H
#define PFX_INQUIRY_H

#include "backend_state.h"

struct inquiry *inquiry_new(struct backend *backend, const struct backend_question *question);
struct inquiry *inquiry_twin(struct inquiry *inquiry);

/* False: nobody is asked, *verdict is known. */
bool inquiry_ask(struct inquiry *inquiry, int64_t deadline_ms, struct verdict *verdict);

void inquiry_add(struct inquiry *inquiry, struct backend_call *call);

/* The call leaves; wants_answer: the cache is to get what comes although nobody waits any more. */
void inquiry_remove(struct inquiry *inquiry, struct backend_call *call, bool wants_answer);

/* The end of one that nobody waits for. */
void inquiry_cancel(struct inquiry *inquiry);

/* What an idle one holds, see pool.h. */
void inquiry_end(void *idle);

#endif
