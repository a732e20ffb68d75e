/*
 * Who waits for something of a provider's: its documents, or a token.
 *
 * Shape:  a list, from oidc_waiters_add() to the end of the waiter's time, to oidc_waiters_tell(), or to
 *         oidc_waiter_forget(). One that is told may wait again, or end others: it is told in the next round.
 * Units:  milliseconds of loop->now_ms.
 * Errors: none.
 * Owner:  waiters are of those who wait, the list is of whoever fetches; nobody waits when it ends.
 */
#ifndef PFX_OIDC_WAITER_H
#define PFX_OIDC_WAITER_H

#include "loop.h"

enum oidc_result { OIDC_READY, OIDC_FAILED, OIDC_WAITING };

struct oidc_waiter {
    struct oidc_waiter *next;
    struct oidc_waiters *list; /* NULL: it does not wait */
    unsigned wanted;           /* the list's owner knows what that is */
    unsigned round;
    struct loop_timer timer;
    void (*done)(struct oidc_waiter *waiter, enum oidc_result result); /* READY or FAILED; the caller sets it */
};

struct oidc_waiters {
    struct loop *loop;
    struct oidc_waiter *first;
    unsigned round; /* of telling them */
    enum oidc_result (*late)(const struct oidc_waiter *waiter); /* what is told when its time is over; NULL: FAILED */
};

void oidc_waiters_add(struct oidc_waiters *list, struct oidc_waiter *waiter, unsigned wanted, int64_t deadline_ms);
void oidc_waiter_forget(struct oidc_waiter *waiter); /* harmless when it does not wait */

/* Those who wait now are told what judge says of them; WAITING: nothing. */
void oidc_waiters_tell(struct oidc_waiters *list,
                       enum oidc_result (*judge)(const struct oidc_waiter *waiter, const void *arg), const void *arg);

#endif
