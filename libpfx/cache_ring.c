#include "cache_ring.h"

#include <stdatomic.h>

#define TYPICAL_BYTES 200 /* of a key and its value: then a chain is about one record long */

enum cache_record_state { LIVE = 1, DEAD, FILLER };

/* A process may be killed between any two instructions; the compiler must not move stores over such a border. */
static inline void border(void)
{
    atomic_signal_fence(memory_order_seq_cst);
}

static size_t aligned(size_t bytes)
{
    return (bytes + CACHE_RECORD_ALIGN_BYTES - 1) / CACHE_RECORD_ALIGN_BYTES * CACHE_RECORD_ALIGN_BYTES;
}

static size_t record_bytes(size_t key_bytes, size_t value_bytes)
{
    return aligned(sizeof(struct cache_record) + key_bytes + value_bytes);
}

void cache_ring_lay_out(struct cache_ring *ring, struct cache_ring_state *state, char *p, size_t bytes)
{
    size_t count = bytes / (record_bytes(TYPICAL_BYTES, 0) + sizeof(uint32_t));
    size_t index_bytes = aligned(count * sizeof(uint32_t));

    *ring = (struct cache_ring){ .state = state, .buckets = (uint32_t *)(void *)p, .bucket_count = count,
                                 .bytes = p + index_bytes };
    ring->size = (bytes - index_bytes) / CACHE_RECORD_ALIGN_BYTES * CACHE_RECORD_ALIGN_BYTES;
}

static size_t largest_record(const struct cache_ring *ring)
{
    return ring->size / CACHE_LARGEST_PART / CACHE_RECORD_ALIGN_BYTES * CACHE_RECORD_ALIGN_BYTES;
}

size_t cache_ring_largest(const struct cache_ring *ring)
{
    return largest_record(ring) - sizeof(struct cache_record);
}

struct span cache_record_key(const struct cache_record *record)
{
    return span_make((const char *)(record + 1), record->key_bytes);
}

struct span cache_record_value(const struct cache_record *record)
{
    return span_make((const char *)(record + 1) + record->key_bytes, record->value_bytes);
}

uint64_t cache_record_check(const struct siphash_key *key, const struct cache_record *record, struct span value)
{
    const uint64_t parts[] = { record->hash,
                               siphash(key, value),
                               (uint64_t)record->stored_ms,
                               (uint64_t)record->useless_ms,
                               (uint64_t)record->key_bytes << 32 | record->value_bytes,
                               record->kind };
    return siphash(key, span_make((const char *)parts, sizeof(parts)));
}

bool cache_record_is_future(const struct cache_record *record, int64_t now_ms)
{
    return record->stored_ms > now_ms + CACHE_FUTURE_MS;
}

/* Are tail and head what they can be? */
static bool is_sound(const struct cache_ring *ring)
{
    const struct cache_ring_state *state = ring->state;
    return (state->tail | state->head) % CACHE_RECORD_ALIGN_BYTES == 0 && state->tail <= state->head &&
           state->head - state->tail <= ring->size;
}

static struct cache_record *record_on(const struct cache_ring *ring, uint64_t at)
{
    return (struct cache_record *)(void *)(ring->bytes + at % ring->size);
}

static uint32_t place_of(const struct cache_ring *ring, uint64_t at)
{
    return (uint32_t)(at % ring->size / CACHE_RECORD_ALIGN_BYTES + 1);
}

/* The record at a position between tail and head, or NULL. */
static struct cache_record *record_at(const struct cache_ring *ring, uint64_t at)
{
    struct cache_record *record = record_on(ring, at);

    if (record->at != at || record->bytes < CACHE_RECORD_ALIGN_BYTES || record->bytes % CACHE_RECORD_ALIGN_BYTES != 0 ||
        record->bytes > ring->size - at % ring->size || record->bytes > ring->state->head - at)
        return NULL;
    if (record->state == FILLER)
        return record;
    bool is_record = (record->state == LIVE || record->state == DEAD) && record->bytes >= sizeof(*record) &&
                     record->bytes <= largest_record(ring) &&
                     record->bytes == record_bytes(record->key_bytes, record->value_bytes);
    return is_record ? record : NULL;
}

/* The live record in a place that is not 0, or NULL. */
static struct cache_record *record_in(const struct cache_ring *ring, uint32_t place)
{
    uint64_t offset = (uint64_t)(place - 1) * CACHE_RECORD_ALIGN_BYTES;

    if (offset >= ring->size)
        return NULL;
    uint64_t at = record_on(ring, offset)->at;
    if (at < ring->state->tail || at >= ring->state->head || at % ring->size != offset)
        return NULL;
    struct cache_record *record = record_at(ring, at);
    return record != NULL && record->state == LIVE ? record : NULL;
}

static uint32_t *bucket_of(const struct cache_ring *ring, uint64_t hash)
{
    return ring->buckets + ((hash >> 32) * ring->bucket_count >> 32);
}

/* What leads to the record of that key, or is 0 at the end of its chain; NULL: damage. */
static uint32_t *link_to(const struct cache_ring *ring, uint64_t hash, struct span key)
{
    uint32_t *link = bucket_of(ring, hash);

    for (int n = 0; n < CACHE_CHAIN_MAX; n++) {
        if (*link == 0)
            return link;
        struct cache_record *record = record_in(ring, *link);
        if (record == NULL)
            return NULL;
        if (record->hash == hash && span_equal(cache_record_key(record), key))
            return link;
        link = &record->next;
    }
    return NULL;
}

static uint32_t *link_to_record(const struct cache_ring *ring, const struct cache_record *record)
{
    uint32_t *link = link_to(ring, record->hash, cache_record_key(record));
    return link != NULL && *link == place_of(ring, record->at) ? link : NULL;
}

/* Takes the record that *link leads to out of the index. */
static void remove_linked(struct cache_ring *ring, uint32_t *link)
{
    struct cache_record *record = record_in(ring, *link);

    record->state = DEAD;
    *link = record->next;
    ring->state->records--;
    ring->state->used_bytes -= record->bytes;
}

/* Puts it into the index, in the place of an older one of its key. */
static bool enlist(struct cache_ring *ring, struct cache_record *record)
{
    uint32_t *older = link_to(ring, record->hash, cache_record_key(record));

    if (older == NULL)
        return false;
    if (*older != 0)
        remove_linked(ring, older);
    uint32_t *bucket = bucket_of(ring, record->hash);
    record->next = *bucket;
    *bucket = place_of(ring, record->at);
    ring->state->records++;
    ring->state->used_bytes += record->bytes;
    return true;
}

static void advance(uint64_t *position, uint64_t bytes)
{
    border();
    *position += bytes;
    border();
}

static size_t free_bytes(const struct cache_ring *ring)
{
    return ring->size - (size_t)(ring->state->head - ring->state->tail);
}

/* What must be filled before a record of that size can be written: it does not fit before the end of the ring. */
static size_t filler_bytes(const struct cache_ring *ring, size_t bytes)
{
    size_t left = ring->size - (size_t)(ring->state->head % ring->size);
    return left < bytes ? left : 0;
}

static void fill(struct cache_ring *ring, size_t bytes)
{
    if (bytes == 0)
        return;
    struct cache_record *filler = record_on(ring, ring->state->head);
    filler->at = ring->state->head;
    filler->bytes = (uint32_t)bytes;
    filler->state = FILLER;
    advance(&ring->state->head, bytes);
}

/*
 * To the head. When that lies before the end of the ring and the record does not fit there, the tail has wrapped
 * already: then there is room for the filler.
 */
static bool move_oldest(struct cache_ring *ring, struct cache_record *oldest)
{
    const size_t bytes = oldest->bytes;
    uint32_t *link = link_to_record(ring, oldest);

    if (link == NULL || filler_bytes(ring, bytes) > free_bytes(ring))
        return false;
    fill(ring, filler_bytes(ring, bytes));
    advance(&ring->state->tail, bytes);
    struct cache_record *moved = record_on(ring, ring->state->head);
    memmove(moved, oldest, bytes); /* the two may overlap */
    moved->at = ring->state->head;
    moved->used = 0;
    advance(&ring->state->head, bytes);
    *link = place_of(ring, moved->at);
    return true;
}

static bool evict_oldest(struct cache_ring *ring, struct cache_record *oldest, int64_t now_ms)
{
    if (oldest->state == LIVE) {
        uint32_t *link = link_to_record(ring, oldest);
        if (link == NULL)
            return false;
        remove_linked(ring, link);
        ring->state->evictions += oldest->useless_ms > now_ms;
    }
    advance(&ring->state->tail, oldest->bytes);
    return true;
}

static bool make_room(struct cache_ring *ring, size_t bytes, int64_t now_ms)
{
    int moves = 0;

    while (free_bytes(ring) < filler_bytes(ring, bytes) + bytes) {
        struct cache_record *oldest = record_at(ring, ring->state->tail);
        if (oldest == NULL)
            return false;
        bool stays = oldest->state == LIVE && oldest->used && oldest->useless_ms > now_ms && moves < CACHE_MOVES_MAX;
        if (!(stays ? move_oldest(ring, oldest) : evict_oldest(ring, oldest, now_ms)))
            return false;
        moves += stays;
    }
    fill(ring, filler_bytes(ring, bytes));
    return true;
}

bool cache_ring_put(struct cache_ring *ring, const struct cache_record *record, struct span key, struct span value,
                    int64_t now_ms)
{
    const size_t bytes = record_bytes(key.n, value.n);

    if (!is_sound(ring) || !make_room(ring, bytes, now_ms))
        return false;
    struct cache_record *written = record_on(ring, ring->state->head);
    *written = *record;
    written->at = ring->state->head;
    written->bytes = (uint32_t)bytes;
    written->state = LIVE;
    written->used = 0;
    written->key_bytes = (uint32_t)key.n;
    written->value_bytes = (uint32_t)value.n;
    char *body = (char *)(written + 1);
    if (key.n > 0)
        memcpy(body, key.p, key.n);
    if (value.n > 0)
        memcpy(body + key.n, value.p, value.n);
    advance(&ring->state->head, bytes);
    return enlist(ring, written);
}

enum cache_found cache_ring_find(const struct cache_ring *ring, uint64_t hash, struct span key,
                                 struct cache_record **record)
{
    uint32_t *link = is_sound(ring) ? link_to(ring, hash, key) : NULL;

    if (link == NULL)
        return CACHE_DAMAGED;
    *record = *link == 0 ? NULL : record_in(ring, *link);
    return *record == NULL ? CACHE_ABSENT : CACHE_FOUND;
}

enum cache_found cache_ring_drop(struct cache_ring *ring, uint64_t hash, struct span key)
{
    uint32_t *link = is_sound(ring) ? link_to(ring, hash, key) : NULL;

    if (link == NULL)
        return CACHE_DAMAGED;
    if (*link == 0)
        return CACHE_ABSENT;
    remove_linked(ring, link);
    return CACHE_FOUND;
}

enum cache_found cache_ring_next(const struct cache_ring *ring, uint64_t *at, const struct cache_record **record)
{
    if (!is_sound(ring))
        return CACHE_DAMAGED;
    if (*at < ring->state->tail)
        *at = ring->state->tail;
    while (*at < ring->state->head) {
        *record = record_at(ring, *at);
        if (*record == NULL)
            return CACHE_DAMAGED;
        *at += (*record)->bytes;
        if ((*record)->state == LIVE)
            return CACHE_FOUND;
    }
    return CACHE_ABSENT;
}

static void empty_index(struct cache_ring *ring)
{
    memset(ring->buckets, 0, ring->bucket_count * sizeof(*ring->buckets));
    ring->state->records = 0;
    ring->state->used_bytes = 0;
}

void cache_ring_clear(struct cache_ring *ring)
{
    if (!is_sound(ring))
        ring->state->head = 0;
    border();
    ring->state->tail = ring->state->head;
    border();
    empty_index(ring);
}

static bool is_right(const struct siphash_key *key, const struct cache_record *record, int64_t now_ms)
{
    return record->useless_ms > now_ms && !cache_record_is_future(record, now_ms) &&
           siphash(key, cache_record_key(record)) == record->hash &&
           cache_record_check(key, record, cache_record_value(record)) == record->check;
}

bool cache_ring_rebuild(struct cache_ring *ring, const struct siphash_key *key, int64_t now_ms)
{
    struct cache_ring_state *state = ring->state;
    bool is_whole = is_sound(ring);

    if (!is_whole)
        cache_ring_clear(ring);
    empty_index(ring);
    for (uint64_t at = state->tail; at != state->head;) {
        struct cache_record *record = record_at(ring, at);
        if (record == NULL) {
            state->head = at;
            return false;
        }
        at += record->bytes;
        if (record->state == LIVE && !(is_right(key, record, now_ms) && enlist(ring, record)))
            record->state = DEAD;
    }
    return is_whole;
}
