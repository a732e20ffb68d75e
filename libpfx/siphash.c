#include "siphash.h"

#include <endian.h>

#define WORD_BYTES      sizeof(uint64_t)
#define ROUNDS_PER_WORD 2
#define ROUNDS_AT_END   4

struct state {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

static inline void mix(struct state *s, unsigned rounds)
{
    for (; rounds > 0; rounds--) {
        s->v0 += s->v1;
        s->v2 += s->v3;
        s->v1 = rotate(s->v1, 13) ^ s->v0;
        s->v3 = rotate(s->v3, 16) ^ s->v2;
        s->v0 = rotate(s->v0, 32);
        s->v2 += s->v1;
        s->v0 += s->v3;
        s->v1 = rotate(s->v1, 17) ^ s->v2;
        s->v3 = rotate(s->v3, 21) ^ s->v0;
        s->v2 = rotate(s->v2, 32);
    }
}

static inline void absorb(struct state *s, uint64_t word)
{
    s->v3 ^= word;
    mix(s, ROUNDS_PER_WORD);
    s->v0 ^= word;
}

/* Up to a word of bytes, the first the lowest; missing ones are 0. */
static inline uint64_t load(const char *p, size_t n)
{
    uint64_t word = 0;

    if (n > 0)
        memcpy(&word, p, n);
    return le64toh(word);
}

uint64_t siphash(const struct siphash_key *key, struct span bytes)
{
    struct state s = { key->k0 ^ 0x736f6d6570736575u, key->k1 ^ 0x646f72616e646f6du, key->k0 ^ 0x6c7967656e657261u,
                       key->k1 ^ 0x7465646279746573u };
    uint64_t length = (uint64_t)bytes.n << 56; /* of its lowest byte */

    for (; bytes.n >= WORD_BYTES; bytes = span_skip(bytes, WORD_BYTES))
        absorb(&s, load(bytes.p, WORD_BYTES));
    absorb(&s, load(bytes.p, bytes.n) | length);
    s.v2 ^= 0xff;
    mix(&s, ROUNDS_AT_END);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
