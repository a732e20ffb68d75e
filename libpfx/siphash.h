/*
 * SipHash-2-4: a hash that nobody can aim at who does not know its key.
 *
 * Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012), and the test vectors there.
 */
#ifndef PFX_SIPHASH_H
#define PFX_SIPHASH_H

#include <stdint.h>

#include "span.h"

struct siphash_key {
    uint64_t k0, k1;
};

uint64_t siphash(const struct siphash_key *key, struct span bytes);

#endif
