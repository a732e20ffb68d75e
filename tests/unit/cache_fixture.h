/*
 * Records whose values can be computed from their keys, in a ring, a stripe or a table.
 */
#ifndef PFX_CACHE_FIXTURE_H
#define PFX_CACHE_FIXTURE_H

#include "cache.h"
#include "cache_stripe.h"
#include "clock.h"
#include "log_fixture.h"
#include "shm_fixture.h"

#define FIXTURE_VALUE_MAX_BYTES 800
#define FIXTURE_DAY_MS          86400000

static const struct siphash_key fixture_key = { 1, 2 };

/* A repeatable sequence of numbers, xorshift. */
static inline uint64_t fixture_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* Until the next call. */
static inline struct span fixture_name(unsigned number)
{
    static char name[32];
    return span_make(name, (size_t)snprintf(name, sizeof(name), "key %u", number));
}

/* Of many lengths. A version is one of several values that a key may have. Until the next call. */
static inline struct span fixture_value(unsigned number, unsigned version)
{
    static char value[FIXTURE_VALUE_MAX_BYTES];
    uint64_t seed = (uint64_t)number << 32 | (version + 1);
    size_t n = fixture_random(&seed) % 7 == 0 ? fixture_random(&seed) % sizeof(value) : fixture_random(&seed) % 120;

    for (size_t i = 0; i < n; i++)
        value[i] = (char)fixture_random(&seed);
    return span_make(value, n);
}

static inline struct cache_answer fixture_answer(int64_t now_ms)
{
    return (struct cache_answer){ .stored_ms = now_ms, .useless_ms = now_ms + FIXTURE_DAY_MS };
}

static inline void fixture_put(struct cache *cache, unsigned number, unsigned version)
{
    struct cache_answer answer = fixture_answer(clock_wall_ms());
    cache_put(cache, CACHE_MAPS, fixture_name(number), fixture_value(number, version), &answer);
}

/* Is it there? Then it is right. */
static inline bool fixture_has(struct cache *cache, unsigned number, unsigned version)
{
    struct cache_answer answer;
    struct buf value;

    buf_init(&value, FIXTURE_VALUE_MAX_BYTES);
    bool has = cache_get(cache, CACHE_MAPS, fixture_name(number), clock_wall_ms(), &value, &answer);
    if (has)
        unit_expect_span(buf_span(&value), fixture_value(number, version), "value");
    buf_free(&value);
    return has;
}

static inline struct cache_record fixture_record(struct span key, struct span value, int64_t now_ms)
{
    struct cache_record record = { .hash = siphash(&fixture_key, key),
                                   .stored_ms = now_ms,
                                   .useless_ms = now_ms + FIXTURE_DAY_MS,
                                   .key_bytes = (uint32_t)key.n,
                                   .value_bytes = (uint32_t)value.n };
    record.check = cache_record_check(&fixture_key, &record, value);
    return record;
}

static inline bool fixture_ring_put(struct cache_ring *ring, struct span key, struct span value, int64_t now_ms)
{
    struct cache_record record = fixture_record(key, value, now_ms);
    return cache_ring_put(ring, &record, key, value, now_ms);
}

static inline struct cache_record *fixture_ring_find(struct cache_ring *ring, struct span key)
{
    struct cache_record *record = NULL;

    ck_assert_int_ne(cache_ring_find(ring, siphash(&fixture_key, key), key, &record), CACHE_DAMAGED);
    return record;
}

#endif
