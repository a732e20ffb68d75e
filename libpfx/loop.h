/*
 * The event loop of a worker: descriptors, timers and deferred calls over epoll(7).
 *
 * Shape:  one turn is: read the clock; run the timers that are due; wait; run the callbacks of ready descriptors.
 *         The caller embeds struct loop_io and struct loop_timer in its own structures.
 * Units:  milliseconds of clock_monotonic_ms(); loop->now_ms is read once a turn.
 * Limits: LOOP_EVENTS_MAX descriptors a turn; the rest comes in the next one.
 * Errors: loop_add() can fail (epoll_ctl: ENOMEM, ENOSPC); nothing else does.
 * Owner:  the caller owns its io and timer structures; both may be freed as soon as loop_remove() or loop_cancel() has
 *         returned, also from inside any callback: no event of theirs comes afterwards.
 *         A callback never runs inside the call that registers it.
 */
#ifndef PFX_LOOP_H
#define PFX_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

#define LOOP_EVENTS_MAX 64

struct loop;

struct loop_io {
    int fd;
    uint32_t events; /* EPOLLIN ..., what it waits for now; EPOLLHUP and EPOLLERR always come */
    void (*ready)(struct loop_io *io, uint32_t events);
};

struct loop_timer {
    int64_t at_ms;
    size_t index;  /* place in the heap + 1; 0: not armed */
    uint64_t turn; /* in which it was armed */
    void (*due)(struct loop_timer *timer);
};

struct loop {
    int64_t now_ms;
    int epoll_fd;
    bool stopped;
    uint64_t turn;
    struct loop_timer **heap; /* binary heap by at_ms */
    size_t heap_count;
    size_t heap_room;
    struct epoll_event events[LOOP_EVENTS_MAX]; /* of this turn */
    int event_count;
};

bool loop_open(struct loop *loop);
void loop_close(struct loop *loop);
void loop_run(struct loop *loop);  /* until loop_stop() */
void loop_turn(struct loop *loop); /* one turn */
void loop_stop(struct loop *loop);

bool loop_add(struct loop *loop, struct loop_io *io);                     /* io filled in by the caller */
void loop_change(struct loop *loop, struct loop_io *io, uint32_t events); /* no system call if equal */
void loop_remove(struct loop *loop, struct loop_io *io);
void loop_skip(struct loop *loop, struct loop_io *io); /* no event of this turn any more; it stays registered */

/* Arms the timer, or moves it when it is armed; with at_ms in the past it fires in the next turn. */
void loop_at(struct loop *loop, struct loop_timer *timer, int64_t at_ms);
void loop_cancel(struct loop *loop, struct loop_timer *timer);

static inline bool loop_is_armed(const struct loop_timer *timer)
{
    return timer->index != 0;
}

/* The structure that holds an io or a timer. */
#define LOOP_OWNER(pointer, type, member) ((type *)(void *)((char *)(pointer) - offsetof(type, member)))

#endif
