/*
 * Structures of one kind that are used again, so that a request needs no allocation for them.
 *
 * Shape:  pool_take() gives one as it was given back, or a new one, zeroed: who takes it resets it, and may keep memory
 *         that it holds.
 * Limits: POOL_IDLE_MAX are kept. Under the address sanitizer none is, which then sees who uses one that is gone.
 * Errors: none (mem.h).
 * Owner:  the taker owns what it took until it gives it back; end frees what a structure holds, but not itself.
 */
#ifndef PFX_POOL_H
#define PFX_POOL_H

#include <stddef.h>

#define POOL_IDLE_MAX 64

struct pool {
    size_t bytes; /* of one */
    void (*end)(void *one); /* NULL: it holds nothing */
    size_t count;
    void *idle[POOL_IDLE_MAX];
};

void *pool_take(struct pool *pool);
void pool_give(struct pool *pool, void *one);
void pool_free(struct pool *pool); /* those that are idle */

#endif
