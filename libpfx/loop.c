#include "loop.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "mem.h"

bool loop_open(struct loop *loop)
{
    *loop = (struct loop){ .now_ms = clock_monotonic_ms() };
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    return loop->epoll_fd >= 0;
}

void loop_close(struct loop *loop)
{
    if (loop->epoll_fd >= 0)
        close(loop->epoll_fd);
    mem_free(loop->heap);
    *loop = (struct loop){ .epoll_fd = -1 };
}

void loop_stop(struct loop *loop)
{
    loop->stopped = true;
}

bool loop_add(struct loop *loop, struct loop_io *io)
{
    struct epoll_event event = { .events = io->events, .data.ptr = io };
    return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, io->fd, &event) == 0;
}

void loop_change(struct loop *loop, struct loop_io *io, uint32_t events)
{
    if (io->events == events)
        return;
    io->events = events;
    struct epoll_event event = { .events = events, .data.ptr = io };
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, io->fd, &event) != 0)
        log_error("epoll_ctl: %s", strerror(errno));
}

void loop_remove(struct loop *loop, struct loop_io *io)
{
    epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, io->fd, NULL);
    loop_skip(loop, io);
}

void loop_skip(struct loop *loop, struct loop_io *io)
{
    for (int i = 0; i < loop->event_count; i++)
        if (loop->events[i].data.ptr == io)
            loop->events[i].data.ptr = NULL;
}

static void heap_put(struct loop *loop, size_t place, struct loop_timer *timer)
{
    loop->heap[place] = timer;
    timer->index = place + 1;
}

static void heap_rise(struct loop *loop, size_t place, struct loop_timer *timer)
{
    while (place > 0 && loop->heap[(place - 1) / 2]->at_ms > timer->at_ms) {
        heap_put(loop, place, loop->heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    heap_put(loop, place, timer);
}

static void heap_sink(struct loop *loop, size_t place, struct loop_timer *timer)
{
    for (;;) {
        size_t child = 2 * place + 1;
        if (child >= loop->heap_count)
            break;
        if (child + 1 < loop->heap_count && loop->heap[child + 1]->at_ms < loop->heap[child]->at_ms)
            child++;
        if (loop->heap[child]->at_ms >= timer->at_ms)
            break;
        heap_put(loop, place, loop->heap[child]);
        place = child;
    }
    heap_put(loop, place, timer);
}

static void heap_settle(struct loop *loop, size_t place, struct loop_timer *timer)
{
    if (place > 0 && loop->heap[(place - 1) / 2]->at_ms > timer->at_ms)
        heap_rise(loop, place, timer);
    else
        heap_sink(loop, place, timer);
}

void loop_at(struct loop *loop, struct loop_timer *timer, int64_t at_ms)
{
    timer->at_ms = at_ms;
    timer->turn = loop->turn;
    if (timer->index == 0) {
        loop->heap = mem_grow(loop->heap, loop->heap_count, &loop->heap_room, sizeof(*loop->heap));
        timer->index = ++loop->heap_count;
    }
    heap_settle(loop, timer->index - 1, timer);
}

void loop_cancel(struct loop *loop, struct loop_timer *timer)
{
    if (timer->index == 0)
        return;
    size_t place = timer->index - 1;
    struct loop_timer *last = loop->heap[--loop->heap_count];
    timer->index = 0;
    if (last != timer)
        heap_settle(loop, place, last);
}

/* A timer that is armed for "now" waits for the next turn, so that none can keep descriptors from being served. */
static void run_timers(struct loop *loop)
{
    loop->turn++;
    while (loop->heap_count > 0) {
        struct loop_timer *timer = loop->heap[0];
        if (timer->at_ms > loop->now_ms || timer->turn == loop->turn)
            return;
        loop_cancel(loop, timer);
        timer->due(timer);
    }
}

static int wait_ms(const struct loop *loop)
{
    if (loop->heap_count == 0)
        return -1;
    int64_t left_ms = loop->heap[0]->at_ms - loop->now_ms;
    return left_ms <= 0 ? 0 : left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

void loop_turn(struct loop *loop)
{
    run_timers(loop);
    if (loop->stopped)
        return;
    int n = epoll_wait(loop->epoll_fd, loop->events, LOOP_EVENTS_MAX, wait_ms(loop));
    loop->now_ms = clock_monotonic_ms();
    loop->event_count = n > 0 ? n : 0;
    for (int i = 0; i < loop->event_count; i++) {
        struct loop_io *io = loop->events[i].data.ptr;
        if (io != NULL)
            io->ready(io, loop->events[i].events);
    }
    loop->event_count = 0;
}

void loop_run(struct loop *loop)
{
    loop->now_ms = clock_monotonic_ms();
    while (!loop->stopped)
        loop_turn(loop);
}
