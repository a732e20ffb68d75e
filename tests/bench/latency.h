/*
 * How long answers took: a count for each microsecond.
 *
 * Limits: LATENCY_MAX_US; what took longer counts as that.
 */
#ifndef BENCH_LATENCY_H
#define BENCH_LATENCY_H

#include <stdint.h>

#define LATENCY_MAX_US 1000000

struct latency {
    uint64_t answers;
    uint32_t took[LATENCY_MAX_US + 1];
};

static inline void latency_add(struct latency *latency, int64_t us)
{
    latency->took[us < LATENCY_MAX_US ? us : LATENCY_MAX_US]++;
    latency->answers++;
}

static inline unsigned latency_percentile_us(const struct latency *latency, unsigned percent)
{
    uint64_t seen = 0;
    unsigned us = 0;

    while (us < LATENCY_MAX_US && (seen += latency->took[us]) * 100 < latency->answers * percent)
        us++;
    return us;
}

#endif
