/*
 * One stripe of the cache: an index and a ring of records. Operations on memory; the caller holds its lock.
 *
 * Shape:  a record is a struct cache_record, its key and its value, without a gap, CACHE_RECORD_ALIGN_BYTES apart; it
 *         never wraps: what is left before the end of the ring is a filler then. Positions only grow; a record lies
 *         at its position modulo the size of the ring, and says so itself. tail and head are positions: records lie
 *         between them. A bucket, and the link of a record, is the place of the next record, or 0. Stores are in such
 *         an order that what lies between tail and head is whole after each of them.
 * Units:  bytes; milliseconds of wall time.
 * Limits: CACHE_CHAIN_MAX records in a chain, which a random hash does not reach; CACHE_MOVES_MAX records that were
 *         used since they were written move from the tail to the head for one new record; CACHE_FUTURE_MS that a
 *         clock may have been set back.
 * Errors: CACHE_DAMAGED, or false: something in the ring leads nowhere. Nothing was read or written outside of it; the
 *         caller clears it.
 * Owner:  struct cache_ring is the caller's and says where the parts are; a record that is found stays as long as the
 *         lock.
 */
#ifndef PFX_CACHE_RING_H
#define PFX_CACHE_RING_H

#include <stdint.h>

#include "siphash.h"
#include "span.h"

#define CACHE_RECORD_ALIGN_BYTES 16
#define CACHE_CHAIN_MAX 128
#define CACHE_MOVES_MAX 16
#define CACHE_FUTURE_MS 2000
#define CACHE_LARGEST_PART 8 /* a record takes at most this part of the ring */

enum cache_found { CACHE_FOUND, CACHE_ABSENT, CACHE_DAMAGED };

struct cache_record {
    uint64_t at;    /* its position: a record of an earlier lap is none */
    uint32_t bytes; /* of the whole */
    uint8_t state;  /* enum cache_record_state; a filler ends after these four */
    uint8_t used;   /* asked for since it was written */
    uint8_t kind;   /* enum cache_kind */
    uint8_t padding;
    uint64_t check; /* cache_record_check() */
    uint64_t hash;  /* of the key */
    int64_t stored_ms;
    int64_t useless_ms;
    uint32_t key_bytes;
    uint32_t value_bytes;
    uint32_t next; /* in its chain */
    uint32_t padding2;
};

struct cache_ring_state {
    uint64_t tail, head;
    uint64_t records; /* live ones */
    uint64_t used_bytes;
    uint64_t evictions;
};

struct cache_ring {
    struct cache_ring_state *state;
    uint32_t *buckets;
    size_t bucket_count;
    char *bytes;
    size_t size; /* a multiple of CACHE_RECORD_ALIGN_BYTES */
};

/* Divides memory that is aligned for a record into buckets and ring. */
void cache_ring_lay_out(struct cache_ring *ring, struct cache_ring_state *state, char *p, size_t bytes);
size_t cache_ring_largest(const struct cache_ring *ring); /* key and value together */

/* Empty in one store, whatever was there. */
void cache_ring_clear(struct cache_ring *ring);

/*
 * The index anew, from what lies in the ring: right records that are of use, of each key the newest. False: the ring
 * ended where there is no record; what lies before that is kept.
 */
bool cache_ring_rebuild(struct cache_ring *ring, const struct siphash_key *key, int64_t now_ms);

enum cache_found cache_ring_find(const struct cache_ring *ring, uint64_t hash, struct span key,
                                 struct cache_record **record);

/* record: check, hash, times and kind; key.n + value.n <= cache_ring_largest(). */
bool cache_ring_put(struct cache_ring *ring, const struct cache_record *record, struct span key, struct span value,
                    int64_t now_ms);
enum cache_found cache_ring_drop(struct cache_ring *ring, uint64_t hash, struct span key);

/* The first live record at position *at or behind it; *at is then behind that. */
enum cache_found cache_ring_next(const struct cache_ring *ring, uint64_t *at, const struct cache_record **record);

struct span cache_record_key(const struct cache_record *record);
struct span cache_record_value(const struct cache_record *record);

/* The checksum of a record whose hash, times and kind are set. */
uint64_t cache_record_check(const struct siphash_key *key, const struct cache_record *record, struct span value);
bool cache_record_is_future(const struct cache_record *record, int64_t now_ms);

#endif
