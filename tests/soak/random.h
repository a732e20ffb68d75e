/*
 * Random numbers that a seed repeats.
 *
 * Shape:  random_below(r, n) is one of 0 to n - 1, random_one_in(r, n) true once in n times.
 * Source: xorshift64*, Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled" (2016).
 */
#ifndef SOAK_RANDOM_H
#define SOAK_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
    uint64_t state; /* not 0 */
};

static inline uint64_t random_below(struct random *r, uint64_t n)
{
    r->state ^= r->state >> 12;
    r->state ^= r->state << 25;
    r->state ^= r->state >> 27;
    return ((r->state * 0x2545f4914f6cdd1d) >> 16) % n;
}

static inline bool random_one_in(struct random *r, uint64_t n)
{
    return random_below(r, n) == 0;
}

#endif
