/*
 * What the counters of an entry tell: sums, differences, quantiles.
 *
 * Units:  milliseconds; a quantile is the upper bound of the bucket that it lies in.
 * Errors: none.
 */
#ifndef PFX_FIGURES_H
#define PFX_FIGURES_H

#include "exposition.h"

#define FIGURES_NONE  0  /* nothing was timed */
#define FIGURES_ABOVE -1 /* it lies above the last bound */

bool figures_is_daemon(const struct stats_sum *sum); /* not of an entry */

/* The one of the same daemon, section and entry, or NULL. An exposition has them in the order of these names. */
const struct stats_sum *figures_find(const struct exposition *exposition, const struct stats_sum *sum);

/* What has been counted since; gauges stay. before: NULL, nothing yet. Names are borrowed from sum. */
struct stats_sum figures_since(const struct stats_sum *sum, const struct stats_sum *before);

/* Of backend requests, whatever the cause. */
uint64_t figures_failures(const struct stats_sum *sum);

/* The time that so many of a hundred answers took at most. */
int figures_quantile_ms(const struct stats_sum *sum, unsigned percent);

/* "map", "policy" or "sasl": what stands before the name of an entry. */
const char *figures_kind(const char *section);

#endif
