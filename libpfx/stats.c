#include "stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "mem.h"
#include "shm.h"
#include "shm_claim.h"
#include "shm_view.h"
#include "siphash.h"
#include "utf8.h"

#define CHAINS        8192
#define GROW_RECORDS  64 /* at least that many at once */
#define CACHE_LINE    64
#define REGION(n)     (offsetof(struct region, record) + (n) * sizeof(struct record))
#define LAYOUT        (STATS_LAYOUT << 16 | STATS_COUNTERS << 8 | STATS_BUCKETS) /* stats.def is a part of it */
#define KEY_MAX_BYTES (3 * STATS_NAME_MAX_BYTES + sizeof(uint32_t))

/* A link names a record by its number plus 1; 0: none. Whoever sees a link sees a whole record behind it. */
struct record {
    _Alignas(CACHE_LINE) struct stats_series series;
    _Atomic uint32_t next;
    uint32_t slot;
    char daemon[STATS_NAME_MAX_BYTES]; /* "": dropped */
    char section[STATS_NAME_MAX_BYTES];
    char entry[STATS_NAME_MAX_BYTES];
};

struct region {
    struct shm_head head;
    struct shm_lock lock; /* whoever adds a record */
    _Atomic uint32_t records;
    _Atomic uint32_t first[CHAINS];
    struct record record[];
};

struct stats {
    struct shm shm;
    char daemon[STATS_NAME_MAX_BYTES];
};

struct series_key {
    const char *daemon, *section, *entry;
    uint32_t slot;
};

const unsigned stats_bounds_ms[STATS_BUCKETS - 1] = { 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000 };

static bool is_gauge(const struct record *record, unsigned counter)
{
    return record->entry[0] == '\0' ? counter == STATS_DAEMON_CONNECTIONS_OPEN : stats_counter_is_gauge(counter);
}

static void reset_gauges(struct record *record)
{
    for (unsigned i = 0; i < STATS_COUNTERS; i++)
        if (is_gauge(record, i))
            atomic_store_explicit(&record->series.counter[i], 0, memory_order_relaxed);
}

static bool has_gauge(const struct record *record)
{
    unsigned i = 0;

    while (i < STATS_COUNTERS && !(is_gauge(record, i) && record->series.counter[i] != 0))
        i++;
    return i < STATS_COUNTERS;
}

/* Names have no NUL: with one behind each, different keys are different bytes. Nobody gains by collisions. */
static unsigned chain_of(const struct series_key *key)
{
    static const struct siphash_key constant = { 0 };
    char bytes[KEY_MAX_BYTES];
    int n = snprintf(bytes, sizeof(bytes), "%s%c%s%c%s%c", key->daemon, '\0', key->section, '\0', key->entry, '\0');

    memcpy(bytes + n, &key->slot, sizeof(key->slot));
    return siphash(&constant, span_make(bytes, (size_t)n + sizeof(key->slot))) % CHAINS;
}

/* Text: else nobody could read what it stands in. */
static bool is_name(const char *name)
{
    const struct span text = span_make(name, strnlen(name, STATS_NAME_MAX_BYTES));

    return text.n < STATS_NAME_MAX_BYTES && utf8_valid(text) && !utf8_has_control(text);
}

static bool is_record(const struct record *record)
{
    return is_name(record->daemon) && record->daemon[0] != '\0' && is_name(record->section) && is_name(record->entry);
}

static void link_record(struct region *region, uint32_t number)
{
    struct record *record = &region->record[number];
    const struct series_key key = { record->daemon, record->section, record->entry, record->slot };
    _Atomic uint32_t *first = &region->first[chain_of(&key)];

    record->next = *first;
    *first = number + 1;
}

static void make(void *p, size_t bytes)
{
    struct region *region = p;

    (void)bytes;
    shm_lock_make(&region->lock);
}

static void recover(void *p, size_t bytes)
{
    struct region *region = p;
    const size_t room = (bytes - REGION(0)) / sizeof(struct record);

    shm_lock_make(&region->lock);
    memset(region->first, 0, sizeof(region->first));
    if (region->records > room)
        region->records = (uint32_t)room;
    for (uint32_t i = 0; i < region->records; i++) {
        struct record *record = &region->record[i];
        if (!is_record(record)) {
            memset(record, 0, sizeof(*record));
            continue;
        }
        reset_gauges(record);
        link_record(region, i);
    }
}

static const struct shm_kind stats_kind = {
    .name = STATS_FILE,
    .layout = LAYOUT,
    .bytes = REGION(GROW_RECORDS),
    .max_bytes = REGION(STATS_SERIES_MAX),
    .make = make,
    .recover = recover,
};

/* Under the lock. So many records at least, if there is space for them. */
static bool have_room(struct stats *stats, size_t records)
{
    if (records > STATS_SERIES_MAX)
        return false;
    if (REGION(records) <= stats->shm.bytes)
        return true;
    records += GROW_RECORDS;
    return shm_grow(&stats->shm, REGION(records < STATS_SERIES_MAX ? records : STATS_SERIES_MAX));
}

/* Whoever died while it added left nothing that needs repair. */
static bool lock(struct region *region)
{
    enum shm_locked locked = shm_lock(&region->lock);

    if (locked == SHM_ORPHANED)
        shm_repaired(&region->lock);
    return locked != SHM_STUCK;
}

/* NULL: the number leads nowhere. Another process may have made the region longer. */
static struct record *record_of(struct stats *stats, uint32_t number)
{
    struct region *region = stats->shm.p;

    if (number >= region->records || number >= STATS_SERIES_MAX || !shm_grow(&stats->shm, REGION(number + 1)))
        return NULL;
    return &region->record[number];
}

static bool is_of(const struct record *record, const struct series_key *key)
{
    return record->slot == key->slot && strncmp(record->entry, key->entry, STATS_NAME_MAX_BYTES) == 0 &&
           strncmp(record->section, key->section, STATS_NAME_MAX_BYTES) == 0 &&
           strncmp(record->daemon, key->daemon, STATS_NAME_MAX_BYTES) == 0;
}

static struct record *find(struct stats *stats, const struct series_key *key)
{
    struct region *region = stats->shm.p;
    uint32_t at = region->first[chain_of(key)];

    for (unsigned hops = 0; at != 0 && hops < STATS_SERIES_MAX; hops++) {
        struct record *record = record_of(stats, at - 1);
        if (record == NULL || is_of(record, key))
            return record;
        at = record->next;
    }
    return NULL;
}

/* Under the lock. It counts before it is linked: at worst a death between leaves two records, whose sum is right. */
static struct record *append(struct stats *stats, const struct series_key *key)
{
    struct region *region = stats->shm.p;
    const uint32_t number = region->records;

    if (!have_room(stats, (size_t)number + 1))
        return NULL;
    struct record *record = &region->record[number];
    memset(record, 0, sizeof(*record));
    record->slot = key->slot;
    snprintf(record->daemon, sizeof(record->daemon), "%s", key->daemon);
    snprintf(record->section, sizeof(record->section), "%s", key->section);
    snprintf(record->entry, sizeof(record->entry), "%s", key->entry);
    region->records = number + 1;
    link_record(region, number);
    return record;
}

static struct record *find_or_append(struct stats *stats, const struct series_key *key)
{
    struct region *region = stats->shm.p;
    struct record *record = find(stats, key);

    if (record != NULL || !lock(region))
        return record;
    record = find(stats, key);
    if (record == NULL)
        record = append(stats, key);
    shm_unlock(&region->lock);
    return record;
}

/* Not only when a worker needs it: a full disk is told of at the start. What is there already is counted twice. */
static void reserve(struct stats *stats, size_t series)
{
    struct region *region = stats->shm.p;

    if (!lock(region))
        return;
    bool has_room = have_room(stats, region->records + series);
    shm_unlock(&region->lock);
    if (!has_room)
        log_warning("no room for %zu series in pfx-stats: some counters are not kept", series);
}

struct stats *stats_open(const char *directory, const char *daemon, size_t series)
{
    struct stats *stats = mem_alloc(sizeof(*stats));
    char why[SHM_REASON_MAX_BYTES];

    snprintf(stats->daemon, sizeof(stats->daemon), "%s", daemon);
    if (directory == NULL || directory[0] == '\0') {
        shm_open_anonymous(&stats->shm, &stats_kind);
    } else if (!shm_open_file(&stats->shm, directory, &stats_kind, why)) {
        log_warning("%s: counters are in memory only", why);
        shm_open_anonymous(&stats->shm, &stats_kind);
    }
    reserve(stats, series);
    return stats;
}

void stats_close(struct stats **stats)
{
    if (*stats != NULL)
        shm_close(&(*stats)->shm);
    mem_free(*stats);
    *stats = NULL;
}

void stats_enter(struct stats *stats)
{
    if (!shm_check(&stats->shm, &stats_kind))
        log_warning(STATS_FILE " was cut short: counters are in memory only");
}

/* Daemons number by themselves, so that none has more slots than it needs. */
static unsigned group_of(const char *daemon)
{
    static const struct siphash_key constant = { 0 };
    return siphash(&constant, span_text(daemon)) % SHM_CLAIM_GROUPS;
}

/* The gauges of this slot, and of those that nobody has, are of workers that were killed. */
unsigned stats_claim_slot(struct stats *stats, unsigned worker)
{
    const unsigned group = group_of(stats->daemon), slot = shm_claim(&stats->shm, group, worker);
    struct record *record;

    for (uint32_t i = 0; (record = record_of(stats, i)) != NULL; i++) {
        bool is_own = record->slot == slot;
        if (strncmp(record->daemon, stats->daemon, STATS_NAME_MAX_BYTES) != 0 || !has_gauge(record) ||
            (!is_own && !shm_claim_take(&stats->shm, group, record->slot)))
            continue;
        reset_gauges(record);
        if (!is_own)
            shm_claim_give(&stats->shm, group, record->slot);
    }
    return slot;
}

struct stats_series *stats_series(struct stats *stats, const char *section, const char *entry, unsigned slot)
{
    const struct series_key key = { stats->daemon, section, entry, slot };

    if (strlen(section) >= STATS_NAME_MAX_BYTES || strlen(entry) >= STATS_NAME_MAX_BYTES)
        return NULL;
    struct record *record = find_or_append(stats, &key);
    if (record == NULL)
        return NULL;
    reset_gauges(record);
    return &record->series;
}

void stats_time(struct stats_series *series, int64_t ms)
{
    const uint64_t elapsed_ms = ms < 0 ? 0 : (uint64_t)ms;
    unsigned i = 0;

    if (series == NULL)
        return;
    while (i < STATS_BUCKETS - 1 && elapsed_ms > stats_bounds_ms[i])
        i++;
    atomic_fetch_add_explicit(&series->bucket[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&series->sum_ms, elapsed_ms, memory_order_relaxed);
}

static int by_name(const void *a, const void *b)
{
    const struct record *left = a, *right = b;
    int order = strcmp(left->daemon, right->daemon);

    if (order == 0)
        order = strcmp(left->section, right->section);
    return order == 0 ? strcmp(left->entry, right->entry) : order;
}

static void add_to_sum(struct stats_sum *sum, const struct record *record)
{
    const struct stats_series *series = &record->series;

    for (unsigned i = 0; i < STATS_COUNTERS; i++)
        sum->counter[i] += atomic_load_explicit(&series->counter[i], memory_order_relaxed);
    for (unsigned i = 0; i < STATS_BUCKETS; i++)
        sum->bucket[i] += atomic_load_explicit(&series->bucket[i], memory_order_relaxed);
    sum->sum_ms += atomic_load_explicit(&series->sum_ms, memory_order_relaxed);
}

/* The sum of the first records, all of one entry; how many they are. */
static size_t sum_up(const struct record *records, size_t count, struct stats_sum *sum)
{
    const struct record *one = &records[0];
    size_t n = 0;

    *sum = (struct stats_sum){ .daemon = one->daemon, .section = one->section, .entry = one->entry };
    for (; n < count && by_name(&records[0], &records[n]) == 0; n++)
        add_to_sum(sum, &records[n]);
    for (unsigned i = 0; i < STATS_COUNTERS; i++)
        if (is_gauge(one, i) && (int64_t)sum->counter[i] < 0)
            sum->counter[i] = 0;
    return n;
}

/* Of copies: whoever may write the file could change a name after it was looked at. */
static void read_region(const struct region *region, size_t bytes,
                        void (*each)(void *arg, const struct stats_sum *sum), void *arg)
{
    const size_t room = (bytes - REGION(0)) / sizeof(struct record);
    const size_t told = region->records; /* others may add some meanwhile */
    const size_t used = told < room ? told : room;
    struct record *records = mem_array(used, sizeof(*records));
    struct stats_sum sum;
    size_t count = 0;

    for (size_t i = 0; i < used; i++) {
        memcpy(&records[count], &region->record[i], sizeof(*records));
        if (is_record(&records[count]))
            count++;
    }
    qsort(records, count, sizeof(*records), by_name);
    for (size_t i = 0; i < count; ) {
        i += sum_up(&records[i], count - i, &sum);
        each(arg, &sum);
    }
    mem_free(records);
}

bool stats_read(const char *directory, void (*each)(void *arg, const struct stats_sum *sum), void *arg)
{
    struct shm_view view;

    if (!shm_view_open(&view, directory, STATS_FILE, LAYOUT, REGION(0)))
        return false;
    read_region(view.p, view.bytes, each, arg);
    shm_view_close(&view);
    return true;
}
