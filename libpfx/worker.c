#include "worker.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "conn_listen.h"
#include "log.h"
#include "mem.h"
#include "sandbox.h"

struct worker {
    const struct worker_setup *setup;
    struct loop loop;
    struct conn_set clients;
    struct conn_listen listen;
    struct worker_context context;
    struct stats_series *stats; /* of the daemon */
    struct loop_io control;
    struct loop_io signals;
    struct loop_timer drain_hurry;
    struct loop_timer drain_limit;
};

static void say(struct worker *worker, char what)
{
    if (write(worker->control.fd, &what, 1) != 1)
        log_debug("control channel: %s", strerror(errno));
}

static void first_served(struct conn_set *clients)
{
    clients->served = NULL;
    say(LOOP_OWNER(clients, struct worker, clients), WORKER_SERVED);
}

static void emptied(struct conn_set *clients)
{
    loop_stop(clients->loop);
}

static void drain_over(struct loop_timer *timer)
{
    struct worker *worker = LOOP_OWNER(timer, struct worker, drain_limit);

    log_info("drain_time is over, connections closed: %zu", worker->clients.count);
    loop_stop(&worker->loop);
}

static void drain_nearly_over(struct loop_timer *timer)
{
    size_t closed = conn_set_hurry(&LOOP_OWNER(timer, struct worker, drain_hurry)->clients);

    if (closed > 0)
        log_info("drain_time is nearly over, idle connections closed: %zu", closed);
}

static void drain(struct worker *worker)
{
    int64_t drain_time_ms = worker->setup->config->drain_time_ms;

    if (worker->clients.draining)
        return;
    conn_listen_close(&worker->listen);
    worker->drain_limit.due = drain_over;
    loop_at(&worker->loop, &worker->drain_limit, worker->loop.now_ms + drain_time_ms);
    worker->drain_hurry.due = drain_nearly_over;
    loop_at(&worker->loop, &worker->drain_hurry,
            worker->loop.now_ms + drain_time_ms - drain_time_ms / WORKER_DRAIN_PARTS);
    conn_set_drain(&worker->clients);
}

static void hear_parent(struct loop_io *io, uint32_t events)
{
    struct worker *worker = LOOP_OWNER(io, struct worker, control);
    char what;
    (void)events;

    ssize_t n = read(io->fd, &what, 1);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n == 1) {
        conn_listen_close(&worker->listen);
        say(worker, WORKER_STOPPED);
        return;
    }
    loop_remove(&worker->loop, io);
    drain(worker);
}

static void take_signal(struct loop_io *io, uint32_t events)
{
    struct worker *worker = LOOP_OWNER(io, struct worker, signals);
    struct signalfd_siginfo info;
    (void)events;

    if (read(io->fd, &info, sizeof(info)) != (ssize_t)sizeof(info) || info.ssi_signo != SIGTERM)
        return; /* SIGINT and SIGHUP from a terminal reach the whole group; the parent decides what they mean */
    if (worker->setup->drain_on_sigterm)
        drain(worker);
    else
        loop_stop(&worker->loop);
}

static bool traces(void *context, const char *address)
{
    return config_has_string(&((const struct worker_context *)context)->config->debug_peer, span_text(address));
}

static bool watch_signals(struct worker *worker)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_SETMASK, &set, NULL); /* resolver threads inherit the mask */
    worker->signals = (struct loop_io){ .fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), .events = EPOLLIN,
                                        .ready = take_signal };
    return worker->signals.fd >= 0 && loop_add(&worker->loop, &worker->signals);
}

static void count_event(struct conn_set *clients, enum conn_event event)
{
    struct worker *worker = LOOP_OWNER(clients, struct worker, clients);

    switch (event) {
    case CONN_OPENED:
        stats_add(worker->stats, STATS_DAEMON_CONNECTIONS, 1);
        stats_add(worker->stats, STATS_DAEMON_CONNECTIONS_OPEN, 1);
        break;
    case CONN_CLOSED:
        stats_add(worker->stats, STATS_DAEMON_CONNECTIONS_OPEN, -1);
        conn_listen_resume(&worker->listen);
        break;
    case CONN_MALFORMED:
        stats_add(worker->stats, STATS_DAEMON_MALFORMED, 1);
        break;
    }
}

/* The slot. */
static unsigned begin_counting(struct worker *worker, unsigned number)
{
    const struct backend_shared *shared = worker->setup->shared;
    unsigned slot = backend_shared_enter(shared, number);

    if (shared->stats != NULL)
        worker->stats = stats_series(shared->stats, "", "", slot);
    stats_add(worker->stats, STATS_DAEMON_WORKERS_STARTED, 1);
    return slot;
}

/* Of all workers, the first tells what all meet. */
static void enter_sandbox(struct worker *worker, unsigned number)
{
    const char *why = "";

    if (worker->setup->config->sandbox && !sandbox_enter(&worker->loop, &why) && number == 0)
        log_warning("sandbox: workers go on without the filter of system calls: %s", why);
}

static bool begin(struct worker *worker, const struct worker_setup *setup, unsigned number)
{
    worker->setup = setup;
    unsigned slot = begin_counting(worker, number);
    worker->control.fd = worker->signals.fd = -1;
    if (!loop_open(&worker->loop) || !watch_signals(worker))
        return false;
    enter_sandbox(worker, number);
    worker->context = (struct worker_context){ .config = setup->config, .name = setup->name,
                                               .service = setup->service,
                                               .state_directory = setup->state_directory };
    worker->clients = (struct conn_set){ .loop = &worker->loop, .ops = setup->ops->conn, .context = &worker->context,
                                         .emptied = emptied, .count_event = count_event };
    worker->listen = (struct conn_listen){ .set = &worker->clients, .max_count = setup->max_connections };
    if (setup->config->debug_peer.count > 0)
        worker->clients.traces = traces;
    if (setup->ops->section == CONFIG_NO_SECTION)
        return true;
    worker->context.backend = backend_new(&worker->loop, setup->config, setup->shared, slot);
    return worker->context.backend != NULL;
}

static void end(struct worker *worker)
{
    worker->clients.ends_when_empty = false;
    conn_listen_close(&worker->listen);
    conn_set_close(&worker->clients);
    backend_free(&worker->context.backend);
    sandbox_leave(&worker->loop);
    if (worker->signals.fd >= 0)
        close(worker->signals.fd);
    if (worker->control.fd >= 0)
        close(worker->control.fd);
    loop_close(&worker->loop);
    mem_free(worker);
}

int worker_run(const struct worker_setup *setup, int control_fd, unsigned number)
{
    struct worker *worker = mem_alloc(sizeof(*worker));

    if (!begin(worker, setup, number)) {
        log_fatal("cannot begin: %s", strerror(errno));
        return 1;
    }
    worker->control = (struct loop_io){ .fd = control_fd, .events = EPOLLIN, .ready = hear_parent };
    worker->clients.served = first_served;
    if (!loop_add(&worker->loop, &worker->control)) {
        log_fatal("cannot begin: %s", strerror(errno));
        return 1;
    }
    conn_listen_open(&worker->listen, setup->listeners->fds, setup->listeners->count);
    loop_run(&worker->loop);
    end(worker);
    return 0;
}

int worker_serve_one(const struct worker_setup *setup, int fd)
{
    struct worker *worker = mem_alloc(sizeof(*worker));

    if (!begin(worker, setup, 0) || conn_open(&worker->clients, fd) == NULL) {
        log_fatal("cannot begin: %s", strerror(errno));
        return 1;
    }
    worker->clients.ends_when_empty = true;
    loop_run(&worker->loop);
    end(worker);
    return 0;
}
