/*
 * Counters in the text format of Prometheus.
 *
 * Shape:  what stats_read() and cache_peek() gave is collected, then written: families one after the other, each with
 *         HELP, TYPE and its samples, in the order of the names of daemons, sections and entries. Names of metrics and
 *         labels: pfx-metrics(8).
 * Units:  seconds and bytes, as Prometheus wants them.
 * Limits: those of the buffer. EXPOSITION_ENTRIES fit into EXPOSITION_MAX_BYTES, with names of ordinary length. What
 *         has not been counted yet is there as 0, although it takes room: Prometheus sees no increase of a sample that
 *         begins with it.
 * Errors: exposition_write(): false, it does not fit.
 * Owner:  exposition_free() gives back what was collected.
 * Source: Prometheus, "Exposition formats", text format 0.0.4; "Metric and label naming".
 */
#ifndef PFX_EXPOSITION_H
#define PFX_EXPOSITION_H

#include "buf.h"
#include "cache.h"
#include "stats.h"

#define EXPOSITION_MAX_BYTES (64L * 1024 * 1024)
#define EXPOSITION_ENTRIES 10000
#define EXPOSITION_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct exposition {
    bool is_up;             /* the counters could be read */
    bool has_cache;         /* the state below is one */
    struct cache_state cache;
    struct stats_sum *sums; /* with copies of their names */
    size_t count;
    size_t room;
};

/* All that is in a state directory. */
void exposition_read(struct exposition *exposition, const char *directory);

void exposition_add(struct exposition *exposition, const struct stats_sum *sum);
bool exposition_write(const struct exposition *exposition, struct buf *out);
void exposition_free(struct exposition *exposition);

#endif
