/*
 * Which targets are down, as all workers of a daemon know it.
 *
 * Shape:  a target is a scheme, host and port, or a socket's path (config_target.origin). It is down after
 *         HEALTH_UNREACHABLE_MAX failures in a row to resolve, connect or finish TLS, or after HEALTH_SLOW_MAX
 *         time-outs or 502, 503, 504 in a row, answers that break off among them; any other answer makes it up and
 *         forgets them. A target that is down is asked by one probe at a time, HEALTH_FIRST_PAUSE_MS after it went
 *         down, then after twice the last pause, at most the entry's retry_interval, give or take
 *         HEALTH_SPREAD_PERCENT; one that goes down again within HEALTH_LINE_MS begins with twice its last pause.
 *         Whoever gets HEALTH_PROBE holds the probe until health_report(), or until the time that it named has
 *         passed: a worker may die.
 * Units:  milliseconds of clock_monotonic_ms(), which all processes share.
 * Errors: none.
 * Owner:  the parent makes it before it forks; all state is atomic and nobody waits for anybody.
 * Source: pfx.cfg(5), target.
 */
#ifndef PFX_HEALTH_H
#define PFX_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"

#define HEALTH_UNREACHABLE_MAX 2
#define HEALTH_SLOW_MAX 5
#define HEALTH_FIRST_PAUSE_MS 1000
#define HEALTH_SPREAD_PERCENT 20
#define HEALTH_LINE_MS 60000 /* between two lines about a target that stays down */

struct health;
struct health_target;

enum health_state { HEALTH_UP, HEALTH_PROBE, HEALTH_DOWN };

enum health_outcome {
    HEALTH_ANSWERED,
    HEALTH_UNREACHABLE,
    HEALTH_SLOW,
    HEALTH_UNKNOWN, /* cancelled, or never sent: tells nothing; a probe is given back */
};

/* In the parent. Entries of the section that have the same origin share a target. */
struct health *health_new(const struct config *config, enum config_section_id section);
void health_free(struct health **health);

size_t health_count(const struct health *health); /* of targets */
struct health_target *health_find(struct health *health, const char *origin);

/* May it be asked? limit_ms: how long a probe may take. */
enum health_state health_ask(struct health_target *target, int64_t now_ms, int64_t limit_ms);
bool health_is_up(const struct health_target *target);

struct health_report {
    enum health_outcome outcome;
    bool was_probe;
    bool was_sent; /* of HEALTH_UNKNOWN: then the next probe waits for as long as this one did */
    const char *cause;         /* constant, for the log */
    int64_t retry_after_ms;    /* of a 503; 0: none */
    int64_t retry_interval_ms; /* of the entry */
};

/* Logs that a target went down or came up. */
void health_report(struct health_target *target, const struct health_report *report, int64_t now_ms);

/* A request that was not asked because the target is down: answered from the cache, or refused. Logs once a minute. */
void health_spared(struct health_target *target, bool from_cache, int64_t now_ms);

#endif
