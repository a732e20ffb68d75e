#include "figures.h"

#include <stdlib.h>
#include <string.h>

#include "kind.h"

bool figures_is_daemon(const struct stats_sum *sum)
{
    return sum->entry[0] == '\0';
}

static int by_name(const void *left, const void *right)
{
    const struct stats_sum *a = left, *b = right;
    int order = strcmp(a->daemon, b->daemon);

    if (order == 0)
        order = strcmp(a->section, b->section);
    return order != 0 ? order : strcmp(a->entry, b->entry);
}

const struct stats_sum *figures_find(const struct exposition *exposition, const struct stats_sum *sum)
{
    return exposition->count == 0
               ? NULL
               : bsearch(sum, exposition->sums, exposition->count, sizeof(*exposition->sums), by_name);
}

static bool is_gauge(const struct stats_sum *sum, unsigned counter)
{
    return figures_is_daemon(sum) ? counter == STATS_DAEMON_CONNECTIONS_OPEN
                                  : stats_counter_is_gauge((enum stats_counter)counter);
}

/* A file that was made anew counts from 0 again. */
static uint64_t difference(uint64_t now, uint64_t before)
{
    return now < before ? now : now - before;
}

struct stats_sum figures_since(const struct stats_sum *sum, const struct stats_sum *before)
{
    struct stats_sum since = *sum;

    if (before == NULL)
        return since;
    for (unsigned i = 0; i < STATS_COUNTERS; i++)
        if (!is_gauge(sum, i))
            since.counter[i] = difference(sum->counter[i], before->counter[i]);
    for (unsigned i = 0; i < STATS_BUCKETS; i++)
        since.bucket[i] = difference(sum->bucket[i], before->bucket[i]);
    since.sum_ms = difference(sum->sum_ms, before->sum_ms);
    return since;
}

uint64_t figures_failures(const struct stats_sum *sum)
{
    uint64_t failures = 0;

    for (unsigned i = STATS_backend_not_resolved; i <= STATS_backend_unexpected; i++)
        failures += sum->counter[i];
    return failures;
}

int figures_quantile_ms(const struct stats_sum *sum, unsigned percent)
{
    uint64_t total = 0, passed = 0;

    for (unsigned i = 0; i < STATS_BUCKETS; i++)
        total += sum->bucket[i];
    if (total == 0)
        return FIGURES_NONE;
    uint64_t rank = total / 100 * percent + (total % 100 * percent + 99) / 100; /* rounded up, without overflow */
    for (unsigned i = 0; i < STATS_BUCKETS - 1; i++) {
        passed += sum->bucket[i];
        if (passed >= rank)
            return (int)stats_bounds_ms[i];
    }
    return FIGURES_ABOVE;
}

const char *figures_kind(const char *section)
{
    for (enum config_section_id i = 0; i < CONFIG_SECTIONS; i++)
        if (strcmp(section, config_section_name(i)) == 0)
            return kind_name(i);
    return section;
}
