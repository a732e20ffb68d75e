/*
 * A part of the cache with a lock of its own: the ring of cache_ring.h in shared memory.
 *
 * Shape:  struct cache_stripe_head, then what the ring divides. Whoever takes the lock of a process that died inside
 *         rebuilds the index first.
 * Units:  bytes, milliseconds.
 * Limits: CACHE_REST_MS without a try after a lock could not be had, for this process.
 * Errors: CACHE_REFUSED: it rests, or begins to (one line is logged, at most one a minute); CACHE_BROKEN: the ring
 *         that a dead process left behind cannot be walked. Both: it is not locked.
 * Owner:  struct cache_stripe belongs to the process; the memory is the table's.
 */
#ifndef PFX_CACHE_STRIPE_H
#define PFX_CACHE_STRIPE_H

#include <stdatomic.h>

#include "cache_ring.h"
#include "shm.h"

#define CACHE_REST_MS 10000

struct cache_stripe_head {
    struct shm_lock lock;
    uint64_t repairs; /* after the death of a process */
    struct cache_ring_state ring;
};

struct cache_stripe {
    struct cache_stripe_head *head;
    struct cache_ring ring;
    const struct siphash_key *key;
    _Atomic int64_t rest_until_ms; /* of the monotonic clock; 0: it does not rest */
};

enum cache_locked { CACHE_LOCKED, CACHE_REFUSED, CACHE_BROKEN };

/* p is aligned for anything. */
void cache_stripe_lay_out(struct cache_stripe *stripe, const struct siphash_key *key, char *p, size_t bytes);
void cache_stripe_make(struct cache_stripe *stripe);    /* of fresh memory, which is zero */
void cache_stripe_recover(struct cache_stripe *stripe); /* nobody else has it */

enum cache_locked cache_stripe_lock(struct cache_stripe *stripe);
void cache_stripe_unlock(struct cache_stripe *stripe);
void cache_stripe_clear(struct cache_stripe *stripe); /* takes the lock itself */

#endif
