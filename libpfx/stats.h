/*
 * Counters of each entry, in shared memory: written by workers without a lock, read by anybody.
 *
 * Shape:  a region of shm.h: a table of series. A series belongs to a daemon, a section, an entry and a slot, which one
 *         living worker has; it has the counters of stats.def and a histogram of answer times. A reader sums the
 *         slots. A worker goes on where the last one of its slot stopped. A daemon itself has a series with the entry
 *         "" (struct stats_daemon_counter).
 * Units:  milliseconds in the histogram, upper bounds stats_bounds_ms[]; the last bucket has none.
 * Limits: STATS_NAME_MAX_BYTES a name with its NUL; STATS_SERIES_MAX series in the file: what is longer, and further
 *         ones, are counted nowhere.
 * Errors: none that a caller must handle: without a file, counters are in memory of the parent and its children.
 * Owner:  the process that opened it and its children. Only the worker of a slot writes its series, with relaxed atomic
 *         additions.
 */
#ifndef PFX_STATS_H
#define PFX_STATS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STATS_FILE "pfx-stats"
#define STATS_LAYOUT 1
#define STATS_NAME_MAX_BYTES 128
#define STATS_SERIES_MAX 65536
#define STATS_GENERATIONS_SLOT UINT32_MAX /* of a daemon, for the counter of that name */

enum stats_counter {
#define STATS_COUNTER(name, kind, help) STATS_##name,
#include "stats.def"
#undef STATS_COUNTER
    STATS_COUNTERS
};

/* Of a daemon: the series with the entry "". They take the places of the counters of an entry. */
enum stats_daemon_counter {
    STATS_DAEMON_CONNECTIONS_OPEN, /* a gauge */
    STATS_DAEMON_CONNECTIONS,
    STATS_DAEMON_WORKERS_STARTED,
    STATS_DAEMON_MALFORMED,
    STATS_DAEMON_GENERATIONS, /* starts and reloads */
    STATS_DAEMON_COUNTERS
};

#define STATS_BUCKETS 14

extern const unsigned stats_bounds_ms[STATS_BUCKETS - 1];

/* What a worker writes; NULL wherever there is no room: stats_add() takes that. */
struct stats_series {
    _Atomic uint64_t counter[STATS_COUNTERS];
    _Atomic uint64_t bucket[STATS_BUCKETS];
    _Atomic uint64_t sum_ms;
};

struct stats;

/* series: as many as the entries of this daemon times the slots need; the file grows for them. */
struct stats *stats_open(const char *directory, const char *daemon, size_t series);
void stats_close(struct stats **stats);
void stats_enter(struct stats *stats); /* in a worker that was just forked */

/*
 * A slot that no other process of this daemon has, of whatever service and generation: its gauges are this process's
 * alone. In memory it is the number of the worker. What workers that were killed had in their gauges goes.
 */
unsigned stats_claim_slot(struct stats *stats, unsigned worker);

/* The series of an entry for that slot, found or added. Its gauges become 0. */
struct stats_series *stats_series(struct stats *stats, const char *section, const char *entry, unsigned slot);

static inline void stats_add(struct stats_series *series, unsigned counter, int64_t n)
{
    if (series != NULL)
        atomic_fetch_add_explicit(&series->counter[counter], (uint64_t)n, memory_order_relaxed);
}

void stats_time(struct stats_series *series, int64_t ms);

const char *stats_counter_name(enum stats_counter counter);
const char *stats_counter_help(enum stats_counter counter);
bool stats_counter_is_gauge(enum stats_counter counter);

/* The sum of all slots, for a reader. A gauge that would be negative is 0. */
struct stats_sum {
    const char *daemon;
    const char *section;
    const char *entry;
    uint64_t counter[STATS_COUNTERS];
    uint64_t bucket[STATS_BUCKETS];
    uint64_t sum_ms;
};

/* Each daemon and entry, in the order of their names; false: errno as shm_view_open(). */
bool stats_read(const char *directory, void (*each)(void *arg, const struct stats_sum *sum), void *arg);

#endif
