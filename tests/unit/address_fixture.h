/*
 * Random texts for the tests of addresses and keys, full of what means something there; the same ones in every run.
 */
#ifndef PFX_ADDRESS_FIXTURE_H
#define PFX_ADDRESS_FIXTURE_H

#include <stdint.h>

#include "span.h"

#define FIXTURE_ROUNDS 20000

static inline uint64_t fixture_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* At most max of those bytes, in out. */
static inline struct span fixture_text(uint64_t *seed, char *out, size_t max, struct span bytes)
{
    size_t n = fixture_random(seed) % (max + 1);

    for (size_t i = 0; i < n; i++)
        out[i] = bytes.p[fixture_random(seed) % bytes.n];
    return span_make(out, n);
}

#endif
