#include "conn_listen.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mem.h"

struct conn_listener {
    struct loop_io io;
    struct conn_listen *listen;
    bool watched;
};

void conn_listen_resume(struct conn_listen *listen)
{
    if (listen->count == 0 || listen->set->count >= listen->max_count || loop_is_armed(&listen->pause))
        return;
    for (size_t i = 0; i < listen->count; i++)
        if (!listen->listeners[i].watched)
            listen->listeners[i].watched = loop_add(listen->set->loop, &listen->listeners[i].io);
}

static void rest(struct conn_listen *listen)
{
    for (size_t i = 0; i < listen->count; i++)
        if (listen->listeners[i].watched) {
            loop_remove(listen->set->loop, &listen->listeners[i].io);
            listen->listeners[i].watched = false;
        }
}

static void pause_over(struct loop_timer *timer)
{
    conn_listen_resume(LOOP_OWNER(timer, struct conn_listen, pause));
}

static void warn_if_crowded(struct conn_listen *listen)
{
    size_t count = listen->set->count;
    char more[LOG_MORE_BYTES];

    if (count * 100 >= listen->max_count * CONN_LISTEN_WARN_PERCENT &&
        log_may(&listen->crowded, listen->set->loop->now_ms, more))
        log_warning("%zu client connections in this worker, max_connections is %zu%s", count, listen->max_count, more);
}

static void accept_failed(struct conn_listen *listen)
{
    struct loop *loop = listen->set->loop;
    char more[LOG_MORE_BYTES];

    if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM)
        return; /* a sibling was faster, or that client has gone */
    if (log_may(&listen->failed, loop->now_ms, more))
        log_warning("accept: %s%s", strerror(errno), more);
    rest(listen);
    loop_at(loop, &listen->pause, loop->now_ms + CONN_LISTEN_PAUSE_MS);
}

/* One connection an event: the event comes again while more wait, and meanwhile a sibling may take its share. */
static void accept_one(struct loop_io *io, uint32_t events)
{
    struct conn_listen *listen = LOOP_OWNER(io, struct conn_listener, io)->listen;
    (void)events;

    int fd = accept4(io->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        accept_failed(listen);
    } else if (conn_open(listen->set, fd) != NULL) {
        warn_if_crowded(listen);
        if (listen->set->count >= listen->max_count)
            rest(listen);
    }
}

void conn_listen_open(struct conn_listen *listen, const int *fds, size_t count)
{
    listen->pause.due = pause_over;
    listen->listeners = mem_array(count, sizeof(*listen->listeners));
    listen->count = count;
    for (size_t i = 0; i < count; i++) {
        struct loop_io io = { .fd = fds[i], .events = EPOLLIN | EPOLLEXCLUSIVE, .ready = accept_one };
        listen->listeners[i] = (struct conn_listener){ .io = io, .listen = listen };
    }
    conn_listen_resume(listen);
}

void conn_listen_close(struct conn_listen *listen)
{
    if (listen->count == 0)
        return;
    rest(listen);
    loop_cancel(listen->set->loop, &listen->pause);
    for (size_t i = 0; i < listen->count; i++)
        close(listen->listeners[i].io.fd);
    mem_free(listen->listeners);
    listen->listeners = NULL;
    listen->count = 0;
}
