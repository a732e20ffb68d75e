#include "health.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "clock.h"
#include "log.h"
#include "mem.h"
#include "shm.h"

#define CLOCK_TEXT_BYTES sizeof("HH:MM:SS")

struct health_target {
    const char *origin; /* of the configuration, which every process has at the same address */
    atomic_uint unreachable;
    atomic_uint slow;
    _Atomic int64_t down_since_ms; /* 0: up */
    _Atomic int64_t down_since_wall_ms;
    _Atomic int64_t up_since_ms;
    _Atomic int64_t pause_ms;
    _Atomic int64_t next_probe_ms; /* while a probe is on its way: when it counts as lost */
    _Atomic int64_t next_line_ms;
    atomic_uint from_cache;
    atomic_uint refused;
};

struct region {
    struct shm_head head;
    struct health_target targets[];
};

struct health {
    struct shm shm;
    struct health_target *targets; /* by origin */
    size_t count;
};

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All origins, each once, in byte order; an array of mem.h. */
static const char **list_origins(const struct config_section *section, size_t *count)
{
    size_t room = 0;
    size_t found = 0;

    for (size_t i = 0; i < section->count; i++)
        room += section->entries[i].error == NULL ? section->entries[i].target_count : 0;
    const char **origins = mem_array(room, sizeof(*origins));
    for (size_t i = 0; i < section->count; i++)
        for (size_t j = 0; section->entries[i].error == NULL && j < section->entries[i].target_count; j++)
            origins[found++] = section->entries[i].targets[j].origin;
    qsort(origins, found, sizeof(*origins), compare_texts);
    *count = 0;
    for (size_t i = 0; i < found; i++)
        if (i == 0 || strcmp(origins[i], origins[i - 1]) != 0)
            origins[(*count)++] = origins[i];
    return origins;
}

static void make_nothing(void *region, size_t bytes)
{
    (void)region;
    (void)bytes;
}

struct health *health_new(const struct config *config, enum config_section_id section)
{
    struct health *health = mem_alloc(sizeof(*health));
    const char **origins = list_origins(&config->section[section], &health->count);
    struct shm_kind kind = { .name = "pfx-health", .make = make_nothing,
                             .bytes = sizeof(struct region) + (health->count + 1) * sizeof(struct health_target) };

    shm_open_anonymous(&health->shm, &kind);
    health->targets = ((struct region *)health->shm.p)->targets;
    for (size_t i = 0; i < health->count; i++)
        health->targets[i].origin = origins[i];
    mem_free(origins);
    return health;
}

void health_free(struct health **health)
{
    if (*health == NULL)
        return;
    shm_close(&(*health)->shm);
    mem_free(*health);
    *health = NULL;
}

size_t health_count(const struct health *health)
{
    return health->count;
}

static int compare_origin(const void *origin, const void *target)
{
    return strcmp(origin, ((const struct health_target *)target)->origin);
}

struct health_target *health_find(struct health *health, const char *origin)
{
    return bsearch(origin, health->targets, health->count, sizeof(*health->targets), compare_origin);
}

bool health_is_up(const struct health_target *target)
{
    return atomic_load(&target->down_since_ms) == 0;
}

enum health_state health_ask(struct health_target *target, int64_t now_ms, int64_t limit_ms)
{
    if (health_is_up(target))
        return HEALTH_UP;
    int64_t next_ms = atomic_load(&target->next_probe_ms);
    if (now_ms >= next_ms && atomic_compare_exchange_strong(&target->next_probe_ms, &next_ms, now_ms + limit_ms))
        return HEALTH_PROBE;
    return HEALTH_DOWN;
}

/* So that many machines do not probe at the same time. */
static int64_t spread(int64_t pause_ms)
{
    uint32_t random = 0;
    int64_t range_ms = pause_ms * HEALTH_SPREAD_PERCENT / 100;

    if (range_ms == 0 || getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return pause_ms;
    return pause_ms - range_ms + (int64_t)(random % (uint64_t)(2 * range_ms + 1));
}

/* When the next probe may go out; returns the pause until then. */
static int64_t plan_probe(struct health_target *target, int64_t pause_ms, const struct health_report *report,
                          int64_t now_ms)
{
    if (report->retry_after_ms > pause_ms)
        pause_ms = report->retry_after_ms;
    if (pause_ms > report->retry_interval_ms)
        pause_ms = report->retry_interval_ms;
    atomic_store(&target->pause_ms, pause_ms);
    int64_t spread_ms = spread(pause_ms);
    if (spread_ms < report->retry_after_ms)
        spread_ms = report->retry_after_ms;
    if (spread_ms > report->retry_interval_ms)
        spread_ms = report->retry_interval_ms;
    atomic_store(&target->next_probe_ms, now_ms + spread_ms);
    return spread_ms;
}

/* The time of the first probe is set before anybody can see that the target is down. */
static void go_down(struct health_target *target, const struct health_report *report, int64_t now_ms)
{
    int64_t up = 0;
    int64_t up_since_ms = atomic_load(&target->up_since_ms);
    bool is_again = up_since_ms != 0 && now_ms - up_since_ms < HEALTH_LINE_MS;
    int64_t pause_ms = is_again ? 2 * atomic_load(&target->pause_ms) : HEALTH_FIRST_PAUSE_MS;

    pause_ms = plan_probe(target, pause_ms, report, now_ms);

    atomic_store(&target->down_since_wall_ms, clock_wall_ms());
    atomic_store(&target->next_line_ms, now_ms + HEALTH_LINE_MS);
    if (!atomic_compare_exchange_strong(&target->down_since_ms, &up, now_ms > 0 ? now_ms : 1))
        return; /* another worker was faster */
    atomic_store(&target->from_cache, 0);
    atomic_store(&target->refused, 0);
    log_warning("backend %s down: %s; retry in %" PRId64 " s", target->origin, report->cause, (pause_ms + 500) / 1000);
}

static void come_up(struct health_target *target, int64_t now_ms)
{
    if (atomic_load(&target->unreachable) != 0)
        atomic_store(&target->unreachable, 0);
    if (atomic_load(&target->slow) != 0)
        atomic_store(&target->slow, 0);
    if (health_is_up(target))
        return;
    int64_t since_ms = atomic_exchange(&target->down_since_ms, 0);
    if (since_ms == 0)
        return;
    atomic_store(&target->up_since_ms, now_ms > 0 ? now_ms : 1);
    log_info("backend %s up after %" PRId64 " s", target->origin, (now_ms - since_ms + 500) / 1000);
}

static void fail(struct health_target *target, const struct health_report *report, int64_t now_ms)
{
    bool is_slow = report->outcome == HEALTH_SLOW;
    unsigned count = 1 + atomic_fetch_add(is_slow ? &target->slow : &target->unreachable, 1);

    if (report->was_probe)
        plan_probe(target, 2 * atomic_load(&target->pause_ms), report, now_ms);
    else if (health_is_up(target) && count >= (is_slow ? HEALTH_SLOW_MAX : HEALTH_UNREACHABLE_MAX))
        go_down(target, report, now_ms);
}

void health_report(struct health_target *target, const struct health_report *report, int64_t now_ms)
{
    switch (report->outcome) {
    case HEALTH_ANSWERED:
        come_up(target, now_ms);
        break;
    case HEALTH_UNREACHABLE:
    case HEALTH_SLOW:
        fail(target, report, now_ms);
        break;
    case HEALTH_UNKNOWN:
        if (report->was_probe) /* one that was sent may have been the client's haste, or the target's silence */
            atomic_store(&target->next_probe_ms, now_ms + (report->was_sent ? atomic_load(&target->pause_ms) : 0));
        break;
    }
}

void health_spared(struct health_target *target, bool from_cache, int64_t now_ms)
{
    int64_t next_ms = atomic_load(&target->next_line_ms);
    char since[CLOCK_TEXT_BYTES] = "?";
    struct tm local;

    atomic_fetch_add(from_cache ? &target->from_cache : &target->refused, 1);
    if (now_ms < next_ms || !atomic_compare_exchange_strong(&target->next_line_ms, &next_ms, now_ms + HEALTH_LINE_MS))
        return;
    time_t wall = (time_t)(atomic_load(&target->down_since_wall_ms) / 1000);
    if (localtime_r(&wall, &local) != NULL)
        strftime(since, sizeof(since), "%H:%M:%S", &local);
    log_warning("backend %s down since %s, %u from cache, %u refused", target->origin, since,
                atomic_exchange(&target->from_cache, 0), atomic_exchange(&target->refused, 0));
}
