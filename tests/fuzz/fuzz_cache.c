/*
 * The table of answers, damaged: whatever lies in the file, a key that is found has its own value.
 *
 * An input that begins with an even byte is patches on a file (fuzz_file.h), with an odd one a ring of records as it
 * lies in memory, whose state comes first.
 */
#include "fuzz.h"

#include "cache.h"
#include "cache_ring.h"
#include "clock.h"
#include "fuzz_file.h"
#include "log.h"

#define KEYS           12
#define NAME_MAX_BYTES 16
#define RING_BYTES     ((size_t)4096)
#define NOW_MS         INT64_C(1700000000000)
#define DAY_MS         INT64_C(86400000)
#define WALKS_MAX      (RING_BYTES / CACHE_RECORD_ALIGN_BYTES + 1) /* records that there can be */

static const struct siphash_key ring_key = { 1, 2 };

static int64_t still_clock(void)
{
    return NOW_MS;
}

static struct span name_of(unsigned number, char name[NAME_MAX_BYTES])
{
    return span_make(name, (size_t)snprintf(name, NAME_MAX_BYTES, "key %u", number));
}

/* Of many lengths, from empty to some hundred bytes. */
static struct span value_of(unsigned number)
{
    static char value[KEYS * KEYS * 4];

    memset(value, 'a' + (int)number, sizeof(value));
    return span_make(value, (size_t)number * number * 4);
}

static enum cache_part part_of(unsigned number)
{
    return number % 2 == 0 ? CACHE_MAPS : CACHE_POLICIES;
}

static void put_all(struct cache *cache, int64_t now_ms)
{
    const struct cache_answer answer = { .stored_ms = now_ms, .useless_ms = now_ms + DAY_MS };
    char name[NAME_MAX_BYTES];

    for (unsigned i = 0; i < KEYS; i++)
        cache_put(cache, part_of(i), name_of(i, name), value_of(i), &answer);
}

static void make_file(void)
{
    struct cache *cache = cache_open(fuzz_directory, CACHE_MIN_BYTES);

    put_all(cache, NOW_MS);
    cache_close(&cache);
}

static unsigned check_all(struct cache *cache)
{
    struct cache_answer answer;
    char name[NAME_MAX_BYTES];
    struct buf value;
    unsigned found = 0;

    buf_init(&value, RING_BYTES);
    for (unsigned i = 0; i < KEYS; i++) {
        buf_clear(&value);
        if (!cache_get(cache, part_of(i), name_of(i, name), NOW_MS, &value, &answer))
            continue;
        FUZZ_HOLDS(span_equal(buf_span(&value), value_of(i)) && answer.kind == CACHE_VALUE);
        found++;
    }
    buf_free(&value);
    return found;
}

static void count(void *arg, enum cache_part part, struct span key, struct span value,
                  const struct cache_answer *answer)
{
    (void)part;
    (void)key;
    (void)value;
    FUZZ_HOLDS(answer->useless_ms > NOW_MS);
    ++*(size_t *)arg;
}

/* Afterwards it works as a new one would. */
static void use(struct cache *cache)
{
    char name[NAME_MAX_BYTES];
    size_t records = 0;

    check_all(cache);
    cache_each(cache, NOW_MS, count, &records);
    put_all(cache, NOW_MS);
    cache_drop(cache, part_of(1), name_of(1, name));
    check_all(cache);
    cache_clear(cache);
    FUZZ_HOLDS(check_all(cache) == 0);
    put_all(cache, NOW_MS);
    FUZZ_HOLDS(check_all(cache) == KEYS);
}

static void fuzz_table(struct span patches)
{
    struct cache_state state;
    char why[SHM_REASON_MAX_BYTES];

    fuzz_file_make(patches);
    cache_peek(fuzz_directory, &state);
    struct cache *cache = cache_open_existing(fuzz_directory, why);
    if (cache != NULL)
        check_all(cache);
    cache_close(&cache);
    cache = cache_open(fuzz_directory, CACHE_MIN_BYTES);
    use(cache);
    cache_describe(cache, &state);
    cache_close(&cache);
}

static void walk(const struct cache_ring *ring)
{
    const struct cache_record *record;
    const struct span whole = span_make(ring->bytes, ring->size);
    uint64_t at = 0;
    size_t walked = 0;

    while (cache_ring_next(ring, &at, &record) == CACHE_FOUND) {
        FUZZ_HOLDS(++walked <= WALKS_MAX);
        FUZZ_HOLDS(fuzz_lies_in(cache_record_key(record), whole) && fuzz_lies_in(cache_record_value(record), whole));
    }
}

static bool put(struct cache_ring *ring, unsigned number)
{
    char name[NAME_MAX_BYTES];
    const struct span key = name_of(number, name), value = value_of(number);
    struct cache_record record = { .hash = siphash(&ring_key, key), .stored_ms = NOW_MS, .useless_ms = NOW_MS + DAY_MS,
                                   .key_bytes = (uint32_t)key.n, .value_bytes = (uint32_t)value.n };

    record.check = cache_record_check(&ring_key, &record, value);
    return key.n + value.n > cache_ring_largest(ring) || cache_ring_put(ring, &record, key, value, NOW_MS);
}

static void use_ring(struct cache_ring *ring)
{
    char name[NAME_MAX_BYTES];
    struct cache_record *record;

    walk(ring);
    for (unsigned i = 0; i < KEYS; i++) {
        const struct span key = name_of(i, name);
        if (cache_ring_find(ring, siphash(&ring_key, key), key, &record) == CACHE_FOUND)
            record->used = 1;
        if (!put(ring, i) || cache_ring_drop(ring, siphash(&ring_key, key), key) == CACHE_DAMAGED)
            cache_ring_rebuild(ring, &ring_key, NOW_MS);
    }
    walk(ring);
}

static void fuzz_ring(struct span bytes)
{
    struct cache_ring_state state = { 0 };
    char *memory = aligned_alloc(CACHE_RECORD_ALIGN_BYTES, RING_BYTES);
    struct cache_ring ring;

    FUZZ_HOLDS(memory != NULL);
    memset(memory, 0, RING_BYTES);
    memcpy(&state, bytes.p, bytes.n < sizeof(state) ? bytes.n : sizeof(state));
    bytes = span_skip(bytes, bytes.n < sizeof(state) ? bytes.n : sizeof(state));
    if (bytes.n > 0)
        memcpy(memory, bytes.p, bytes.n < RING_BYTES ? bytes.n : RING_BYTES);
    cache_ring_lay_out(&ring, &state, memory, RING_BYTES);
    use_ring(&ring);
    cache_ring_clear(&ring);
    FUZZ_HOLDS(put(&ring, 1) && cache_ring_rebuild(&ring, &ring_key, NOW_MS) && state.records == 1);
    free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = span_make((const char *)data, size);
    bool is_ring = fuzz_take_byte(&in) % 2 == 1;

    log_set_level(LOG_LEVEL_ERROR);
    clock_set_wall(still_clock);
    if (is_ring && in.n > 0) {
        fuzz_ring(in);
        return 0;
    }
    if (fuzz_path == NULL)
        fuzz_file_begin(CACHE_FILE, make_file);
    fuzz_table(in);
    return 0;
}
