#include "cache.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "cache_stripe.h"
#include "clock.h"
#include "log.h"
#include "mem.h"
#include "shm_view.h"

#define MAP_STRIPES        (CACHE_STRIPES - CACHE_POLICY_STRIPES)
#define STRIPE_ALIGN_BYTES 64
#define COPY_TRIES         3 /* another process may put a longer value while room is made for this one */

struct table {
    struct shm_head head;
    struct siphash_key key;
    _Atomic uint64_t clears;
};

struct cache {
    struct shm shm;
    struct shm_kind kind;
    struct table *table;
    struct cache_stripe stripes[CACHE_STRIPES];
};

/* One operation on a key. */
struct visit {
    struct cache_stripe *stripe;
    uint64_t clears; /* that there were before */
    enum cache_found result;
    struct cache_record record; /* at first with the hash only */
};

/* All records, for cache_each(). */
struct listing {
    void (*each)(void *arg, enum cache_part part, struct span key, struct span value,
                 const struct cache_answer *answer);
    void *arg;
    int64_t now_ms;
    struct buf copy;  /* of a key and its value */
    uint64_t at, end; /* in a stripe */
};

/* Where the parts are follows from the size alone: nothing that is read from the region can lead out of it. */
static void lay_out(struct cache_stripe stripes[CACHE_STRIPES], struct table *table, size_t bytes)
{
    const size_t head = (sizeof(*table) + STRIPE_ALIGN_BYTES - 1) / STRIPE_ALIGN_BYTES * STRIPE_ALIGN_BYTES;
    const size_t each = (bytes - head) / CACHE_STRIPES / STRIPE_ALIGN_BYTES * STRIPE_ALIGN_BYTES;

    for (size_t i = 0; i < CACHE_STRIPES; i++)
        cache_stripe_lay_out(&stripes[i], &table->key, (char *)table + head + i * each, each);
}

static void make(void *region, size_t bytes)
{
    struct table *table = region;
    struct cache_stripe stripes[CACHE_STRIPES] = { 0 };

    if (getrandom(&table->key, sizeof(table->key), 0) != sizeof(table->key))
        abort(); /* never for so few bytes, getrandom(2) */
    lay_out(stripes, table, bytes);
    for (size_t i = 0; i < CACHE_STRIPES; i++)
        cache_stripe_make(&stripes[i]);
}

static void recover(void *region, size_t bytes)
{
    struct cache_stripe stripes[CACHE_STRIPES] = { 0 };

    lay_out(stripes, region, bytes);
    for (size_t i = 0; i < CACHE_STRIPES; i++)
        cache_stripe_recover(&stripes[i]);
}

typedef bool opener(struct shm *shm, const char *directory, const struct shm_kind *kind,
                    char why[SHM_REASON_MAX_BYTES]);

static bool open_file(struct cache *cache, opener *open, const char *directory, char why[SHM_REASON_MAX_BYTES])
{
    if (!open(&cache->shm, directory, &cache->kind, why))
        return false;
    if (cache->shm.bytes >= CACHE_MIN_BYTES)
        return true;
    shm_close(&cache->shm);
    snprintf(why, SHM_REASON_MAX_BYTES, "the file is too short");
    return false;
}

static struct cache *new_cache(size_t bytes)
{
    struct cache *cache = mem_alloc(sizeof(*cache));

    cache->kind = (struct shm_kind){ .name = CACHE_FILE, .layout = CACHE_LAYOUT, .make = make, .recover = recover };
    cache->kind.bytes = bytes < CACHE_MIN_BYTES ? CACHE_MIN_BYTES : bytes;
    return cache;
}

static struct cache *divide(struct cache *cache)
{
    cache->table = cache->shm.p;
    lay_out(cache->stripes, cache->table, cache->shm.bytes);
    return cache;
}

struct cache *cache_open(const char *directory, size_t bytes)
{
    struct cache *cache = new_cache(bytes);
    char why[SHM_REASON_MAX_BYTES];
    bool is_named = directory != NULL && directory[0] != '\0';
    bool is_open = is_named && open_file(cache, shm_open_file, directory, why);

    if (is_named && !is_open)
        log_warning("cache: %s; answers are kept in memory only", why);
    if (!is_open)
        shm_open_anonymous(&cache->shm, &cache->kind);
    return divide(cache);
}

struct cache *cache_open_existing(const char *directory, char why[SHM_REASON_MAX_BYTES])
{
    struct cache *cache = new_cache(CACHE_MIN_BYTES);

    if (open_file(cache, shm_open_existing, directory, why))
        return divide(cache);
    mem_free(cache);
    return NULL;
}

void cache_close(struct cache **cache)
{
    if (*cache != NULL)
        shm_close(&(*cache)->shm);
    mem_free(*cache);
    *cache = NULL;
}

void cache_enter(struct cache *cache)
{
    if (!shm_check(&cache->shm, &cache->kind))
        log_warning("cache: the file was cut short; this process keeps answers in memory of its own");
}

void cache_clear(struct cache *cache)
{
    for (size_t i = 0; i < CACHE_STRIPES; i++)
        cache_stripe_clear(&cache->stripes[i]);
}

static uint64_t clears_so_far(const struct cache *cache)
{
    return atomic_load_explicit(&cache->table->clears, memory_order_relaxed);
}

/* Of those who find the same damage one clears. */
static void damaged(struct cache *cache, uint64_t clears)
{
    if (!atomic_compare_exchange_strong(&cache->table->clears, &clears, clears + 1))
        return;
    cache_clear(cache);
    log_warning("cache: damaged, cleared");
}

static struct visit begin(struct cache *cache, enum cache_part part, struct span key)
{
    struct visit visit = { .clears = clears_so_far(cache), .result = CACHE_ABSENT,
                           .record.hash = siphash(&cache->table->key, key) };
    uint32_t low = (uint32_t)visit.record.hash; /* the ring takes the other half for its index */
    uint32_t number = part == CACHE_MAPS ? low % MAP_STRIPES : MAP_STRIPES + low % CACHE_POLICY_STRIPES;

    visit.stripe = &cache->stripes[number];
    return visit;
}

static bool lock(struct visit *visit)
{
    enum cache_locked locked = cache_stripe_lock(visit->stripe);

    visit->result = locked == CACHE_BROKEN ? CACHE_DAMAGED : CACHE_ABSENT;
    return locked == CACHE_LOCKED;
}

static bool end(struct cache *cache, const struct visit *visit)
{
    if (visit->result == CACHE_DAMAGED)
        damaged(cache, visit->clears);
    return visit->result == CACHE_FOUND;
}

/* Does not make room: that may be a system call. */
static bool copy_value(struct buf *value, const struct cache_record *record)
{
    struct span bytes = cache_record_value(record);
    size_t room = value->p == NULL ? 0 : value->room - value->n;

    if (bytes.n > room)
        return false;
    if (bytes.n > 0)
        memcpy(value->p + value->n, bytes.p, bytes.n);
    return true;
}

/* Puts the value behind the content of the buffer; false: there is no room. */
static bool copy_record(struct visit *visit, struct span key, int64_t now_ms, struct buf *value)
{
    struct cache_record *found;
    bool is_done = true;

    if (!lock(visit))
        return true;
    visit->result = cache_ring_find(&visit->stripe->ring, visit->record.hash, key, &found);
    if (visit->result == CACHE_FOUND) {
        visit->record = *found;
        is_done = copy_value(value, found);
        if (!found->used && found->useless_ms > now_ms) /* else its page would be written for nothing */
            found->used = 1;
    }
    cache_stripe_unlock(visit->stripe);
    return is_done;
}

static bool is_right(const struct cache *cache, const struct cache_record *record, const struct buf *value)
{
    struct span copy = record->value_bytes == 0 ? SPAN("") : span_make(value->p + value->n, record->value_bytes);
    return cache_record_check(&cache->table->key, record, copy) == record->check;
}

static bool is_of_use(const struct cache_record *record, int64_t now_ms)
{
    return record->useless_ms > now_ms && !cache_record_is_future(record, now_ms);
}

static struct cache_answer answer_of(const struct cache_record *record)
{
    return (struct cache_answer){ (enum cache_kind)record->kind, record->stored_ms, record->useless_ms };
}

bool cache_get(struct cache *cache, enum cache_part part, struct span key, int64_t now_ms, struct buf *value,
               struct cache_answer *answer)
{
    struct visit visit = begin(cache, part, key);
    int tries = 1;

    while (!copy_record(&visit, key, now_ms, value))
        if (tries++ == COPY_TRIES || buf_reserve(value, visit.record.value_bytes) == NULL)
            return false;
    if (visit.result == CACHE_FOUND && !is_right(cache, &visit.record, value))
        visit.result = CACHE_DAMAGED;
    if (!end(cache, &visit) || !is_of_use(&visit.record, now_ms))
        return false;
    value->n += visit.record.value_bytes;
    *answer = answer_of(&visit.record);
    return true;
}

void cache_put(struct cache *cache, enum cache_part part, struct span key, struct span value,
               const struct cache_answer *answer)
{
    const size_t largest = cache_record_max_bytes(cache);

    if (key.n > CACHE_KEY_MAX_BYTES || key.n > largest || value.n > largest - key.n) {
        cache_drop(cache, part, key); /* what was there is no longer so */
        return;
    }
    struct visit visit = begin(cache, part, key);
    struct cache_record *record = &visit.record;
    record->kind = (uint8_t)answer->kind;
    record->stored_ms = answer->stored_ms;
    record->useless_ms = answer->useless_ms;
    record->key_bytes = (uint32_t)key.n;
    record->value_bytes = (uint32_t)value.n;
    record->check = cache_record_check(&cache->table->key, record, value);
    if (lock(&visit)) {
        if (!cache_ring_put(&visit.stripe->ring, record, key, value, answer->stored_ms))
            visit.result = CACHE_DAMAGED;
        cache_stripe_unlock(visit.stripe);
    }
    end(cache, &visit);
}

bool cache_drop(struct cache *cache, enum cache_part part, struct span key)
{
    struct visit visit = begin(cache, part, key);

    if (lock(&visit)) {
        visit.result = cache_ring_drop(&visit.stripe->ring, visit.record.hash, key);
        cache_stripe_unlock(visit.stripe);
    }
    return end(cache, &visit);
}

size_t cache_record_max_bytes(const struct cache *cache)
{
    return cache_ring_largest(&cache->stripes[0].ring);
}

void cache_describe(struct cache *cache, struct cache_state *state)
{
    *state = (struct cache_state){ .clears = clears_so_far(cache) };
    for (size_t i = 0; i < CACHE_STRIPES; i++) {
        struct visit visit = { .stripe = &cache->stripes[i], .clears = clears_so_far(cache) };
        const struct cache_stripe_head *head = visit.stripe->head;
        state->bytes += visit.stripe->ring.size;
        if (lock(&visit)) {
            state->used_bytes += head->ring.used_bytes;
            state->records += head->ring.records;
            state->evictions += head->ring.evictions;
            state->repairs += head->repairs;
            cache_stripe_unlock(visit.stripe);
        }
        end(cache, &visit);
    }
}

bool cache_peek(const char *directory, struct cache_state *state)
{
    struct cache_stripe stripes[CACHE_STRIPES] = { 0 };
    struct shm_view view;

    if (!shm_view_open(&view, directory, CACHE_FILE, CACHE_LAYOUT, CACHE_MIN_BYTES))
        return false;
    lay_out(stripes, view.p, view.bytes);
    *state = (struct cache_state){ .clears = ((const struct table *)view.p)->clears };
    for (size_t i = 0; i < CACHE_STRIPES; i++) {
        const struct cache_stripe_head *head = stripes[i].head;
        state->bytes += stripes[i].ring.size;
        state->used_bytes += head->ring.used_bytes;
        state->records += head->ring.records;
        state->evictions += head->ring.evictions;
        state->repairs += head->repairs;
    }
    shm_view_close(&view);
    return true;
}

/* A record of the stripe, whole, into the buffer, which has room for the largest. */
static bool copy_next(struct visit *visit, struct listing *listing)
{
    const struct cache_ring *ring = &visit->stripe->ring;
    const struct cache_record *found;

    if (!lock(visit))
        return false;
    if (listing->end == 0) /* at most one lap more, however fast others write */
        listing->end = ring->state->head + ring->size;
    visit->result = listing->at < listing->end ? cache_ring_next(ring, &listing->at, &found) : CACHE_ABSENT;
    if (visit->result == CACHE_FOUND) {
        visit->record = *found;
        listing->copy.n = found->key_bytes;
        memcpy(listing->copy.p, cache_record_key(found).p, found->key_bytes + (size_t)found->value_bytes);
    }
    cache_stripe_unlock(visit->stripe);
    return visit->result == CACHE_FOUND;
}

static void list_stripe(struct cache *cache, struct visit *visit, enum cache_part part, struct listing *listing)
{
    const struct siphash_key *key = &cache->table->key;
    const struct cache_record *record = &visit->record;

    listing->at = listing->end = 0;
    while (copy_next(visit, listing)) {
        struct span name = buf_span(&listing->copy);
        if (siphash(key, name) != record->hash || !is_right(cache, record, &listing->copy)) {
            visit->result = CACHE_DAMAGED;
            return;
        }
        struct cache_answer answer = answer_of(record);
        if (is_of_use(record, listing->now_ms))
            listing->each(listing->arg, part, name, span_make(name.p + name.n, record->value_bytes), &answer);
    }
}

void cache_each(struct cache *cache, int64_t now_ms,
                void (*each)(void *arg, enum cache_part part, struct span key, struct span value,
                             const struct cache_answer *answer),
                void *arg)
{
    struct listing listing = { .each = each, .arg = arg, .now_ms = now_ms };

    buf_init(&listing.copy, cache_record_max_bytes(cache));
    buf_reserve(&listing.copy, listing.copy.max);
    for (size_t i = 0; i < CACHE_STRIPES; i++) {
        struct visit visit = { .stripe = &cache->stripes[i], .clears = clears_so_far(cache) };
        list_stripe(cache, &visit, i < MAP_STRIPES ? CACHE_MAPS : CACHE_POLICIES, &listing);
        end(cache, &visit);
    }
    buf_free(&listing.copy);
}
