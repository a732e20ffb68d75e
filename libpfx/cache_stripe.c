#include "cache_stripe.h"

#include "clock.h"
#include "log.h"

#define HEAD_ALIGN_BYTES 64

void cache_stripe_lay_out(struct cache_stripe *stripe, const struct siphash_key *key, char *p, size_t bytes)
{
    const size_t head = (sizeof(*stripe->head) + HEAD_ALIGN_BYTES - 1) / HEAD_ALIGN_BYTES * HEAD_ALIGN_BYTES;

    stripe->head = (struct cache_stripe_head *)(void *)p;
    stripe->key = key;
    cache_ring_lay_out(&stripe->ring, &stripe->head->ring, p + head, bytes - head);
}

void cache_stripe_make(struct cache_stripe *stripe)
{
    shm_lock_make(&stripe->head->lock);
}

void cache_stripe_recover(struct cache_stripe *stripe)
{
    shm_lock_make(&stripe->head->lock);
    cache_ring_rebuild(&stripe->ring, stripe->key, clock_wall_ms());
}

/* The clock is read for a stripe that rests only. */
static bool is_resting(const struct cache_stripe *stripe)
{
    int64_t until_ms = atomic_load_explicit(&stripe->rest_until_ms, memory_order_relaxed);
    return until_ms != 0 && clock_monotonic_ms() < until_ms;
}

static void rest(struct cache_stripe *stripe)
{
    static struct log_limit limit;
    char more[LOG_MORE_BYTES];
    int64_t now_ms = clock_monotonic_ms();

    atomic_store_explicit(&stripe->rest_until_ms, now_ms + CACHE_REST_MS, memory_order_relaxed);
    if (log_may(&limit, now_ms, more))
        log_warning("cache: a lock is not given back, a part of the table rests for %d s%s", CACHE_REST_MS / 1000,
                    more);
}

static enum shm_locked take(struct cache_stripe *stripe)
{
    if (is_resting(stripe))
        return SHM_STUCK;
    enum shm_locked locked = shm_lock(&stripe->head->lock);
    if (locked == SHM_STUCK)
        rest(stripe);
    return locked;
}

static void repaired(struct cache_stripe *stripe)
{
    stripe->head->repairs++;
    shm_repaired(&stripe->head->lock);
}

enum cache_locked cache_stripe_lock(struct cache_stripe *stripe)
{
    enum shm_locked locked = take(stripe);

    if (locked != SHM_ORPHANED)
        return locked == SHM_LOCKED ? CACHE_LOCKED : CACHE_REFUSED;
    bool is_whole = cache_ring_rebuild(&stripe->ring, stripe->key, clock_wall_ms());
    repaired(stripe);
    if (is_whole)
        return CACHE_LOCKED;
    shm_unlock(&stripe->head->lock);
    return CACHE_BROKEN;
}

void cache_stripe_unlock(struct cache_stripe *stripe)
{
    shm_unlock(&stripe->head->lock);
}

void cache_stripe_clear(struct cache_stripe *stripe)
{
    enum shm_locked locked = take(stripe);

    if (locked == SHM_STUCK)
        return;
    cache_ring_clear(&stripe->ring);
    if (locked == SHM_ORPHANED)
        repaired(stripe);
    shm_unlock(&stripe->head->lock);
}
