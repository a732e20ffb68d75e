/*
 * A loop for a test, on a clock that stands still until the test moves it.
 */
#ifndef PFX_LOOP_FIXTURE_H
#define PFX_LOOP_FIXTURE_H

#include <sys/eventfd.h>

#include "clock.h"
#include "loop.h"
#include "unit.h"

#define FIXTURE_NUDGE_MS 10

static int64_t fixture_now_ms = 1000000;
static int64_t fixture_tick_ms; /* by how much each look at the clock moves it, for libcurl's own timers */
static struct loop fixture_loop;

static int64_t fixture_clock(void)
{
    return fixture_now_ms += fixture_tick_ms;
}

static inline void fixture_loop_begin(void)
{
    clock_set_monotonic(fixture_clock);
    ck_assert(loop_open(&fixture_loop));
}

static inline void fixture_loop_end(void)
{
    loop_close(&fixture_loop);
    clock_set_monotonic(NULL);
}

static inline void fixture_move_clock(int64_t ms)
{
    fixture_now_ms += ms;
    fixture_loop.now_ms = fixture_now_ms;
}

static void fixture_awake(struct loop_io *io, uint32_t events)
{
    (void)io;
    (void)events;
}

/* Turns that serve what is there and do not wait for more. */
static inline void fixture_turns(int turns)
{
    struct loop_io awake = { .fd = eventfd(1, EFD_CLOEXEC), .events = EPOLLIN, .ready = fixture_awake };

    ck_assert(loop_add(&fixture_loop, &awake));
    for (; turns > 0; turns--)
        loop_turn(&fixture_loop);
    loop_remove(&fixture_loop, &awake);
    close(awake.fd);
}

static void fixture_nudge(struct loop_timer *timer)
{
    (void)timer;
}

/* Turns that wait a moment each, until something was counted that often; the time-out of the test ends a vain wait. */
static inline void fixture_until(const int *counted, int wanted)
{
    struct loop_timer nudge = { .due = fixture_nudge };

    while (*counted < wanted) {
        loop_at(&fixture_loop, &nudge, fixture_loop.now_ms + FIXTURE_NUDGE_MS);
        loop_turn(&fixture_loop);
    }
    loop_cancel(&fixture_loop, &nudge);
}

#endif
