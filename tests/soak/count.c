#include "count.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

#define SHOWN_BYTES 200
#define PER_CENT 100

/* Whole numbers up to COUNT_CLASSES_PER_DOUBLING are classes of their own; then the first bits count. */
static unsigned class_of(uint64_t us)
{
    unsigned doublings = 0;

    while (us >= 2 * COUNT_CLASSES_PER_DOUBLING) {
        us /= 2;
        doublings++;
    }
    unsigned number = doublings * COUNT_CLASSES_PER_DOUBLING + (unsigned)us;
    return number < COUNT_CLASSES ? number : COUNT_CLASSES - 1;
}

static uint64_t end_of_class(unsigned number)
{
    if (number < 2 * COUNT_CLASSES_PER_DOUBLING)
        return number;
    unsigned doublings = number / COUNT_CLASSES_PER_DOUBLING - 1;
    uint64_t first = number - doublings * COUNT_CLASSES_PER_DOUBLING;
    return ((first + 1) << doublings) - 1;
}

void count_time(struct count *c, int64_t took_us)
{
    uint64_t us = took_us < 0 ? 0 : (uint64_t)took_us;

    c->classes[class_of(us)]++;
    if (us > c->max_us)
        c->max_us = us;
}

void count_wrong(struct count *c, const char *asked, const struct bytes *answer)
{
    if (c->wrong++ >= COUNT_SHOWN_MAX)
        return;
    fprintf(stderr, "wrong answer to %s: ", asked);
    for (size_t i = 0; i < answer->n && i < SHOWN_BYTES; i++)
        fputc(isprint((unsigned char)answer->p[i]) ? answer->p[i] : '?', stderr);
    fputc('\n', stderr);
}

static uint64_t percentile(const struct count *c, unsigned percent)
{
    uint64_t total = 0, seen = 0;

    for (unsigned i = 0; i < COUNT_CLASSES; i++)
        total += c->classes[i];
    for (unsigned i = 0; i < COUNT_CLASSES; i++) {
        seen += c->classes[i];
        if (total > 0 && seen * PER_CENT >= total * percent)
            return end_of_class(i) < c->max_us ? end_of_class(i) : c->max_us;
    }
    return 0;
}

void count_print(const struct count *c, const char *name)
{
    printf("%s requests=%" PRIu64 " found=%" PRIu64 " nothing=%" PRIu64 " denied=%" PRIu64 " temp=%" PRIu64
           " wrong=%" PRIu64 " lost=%" PRIu64 " lost_killed=%" PRIu64 " retried=%" PRIu64 " vanished=%" PRIu64
           " idle_closed=%" PRIu64 " p50_us=%" PRIu64 " p99_us=%" PRIu64 " max_us=%" PRIu64 "\n",
           name, c->requests, c->found, c->nothing, c->denied, c->temp, c->wrong, c->lost, c->lost_killed, c->retried,
           c->vanished, c->idle_closed, percentile(c, 50), percentile(c, 99), c->max_us);
}
