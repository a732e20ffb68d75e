#include "parent.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "mem.h"

struct slot {
    struct parent *parent;
    pid_t pid; /* 0: none */
    struct loop_io control;
    struct loop_timer restart;
    int64_t started_ms;
    unsigned early_deaths;
    bool listens;
};

struct parent {
    const struct parent_setup *setup;
    struct loop loop;
    struct loop_io signals;
    struct loop_io status;
    struct loop_timer limit; /* while it ends */
    struct slot *slots;
    bool served;
    bool master_left; /* end of file on its channel */
    bool ending;
    enum parent_end end;
};

static void start_worker(struct slot *slot);

/* What the parent holds and a worker must not: the other workers' channels, the loop, master's channel. */
static void become_worker(struct parent *parent, struct slot *own, int control_fd)
{
    const struct parent_setup *setup = parent->setup;
    int status = 1;

    for (size_t i = 0; i < setup->workers; i++)
        if (parent->slots[i].pid > 0 && &parent->slots[i] != own)
            close(parent->slots[i].control.fd);
    close(parent->signals.fd);
    if (setup->status_fd >= 0)
        close(setup->status_fd);
    loop_close(&parent->loop);
    if (setup->forget_privileges != NULL && !setup->forget_privileges())
        log_fatal("cannot give up privileges: %s", strerror(errno));
    else
        status = worker_run(&setup->worker, control_fd, (unsigned)(own - parent->slots));
    mem_free(parent->slots);
    mem_free(parent);
    exit(status);
}

static void lost_worker(struct slot *slot)
{
    loop_remove(&slot->parent->loop, &slot->control);
    close(slot->control.fd);
    slot->pid = 0;
    slot->listens = false;
}

/* A standalone stop: it ends when the last worker does, not when the last listener is closed. */
static bool waits_for_drain(const struct parent *parent)
{
    return parent->setup->standalone && parent->end == PARENT_LEAVES;
}

static void check_all_stopped(struct parent *parent)
{
    for (size_t i = 0; i < parent->setup->workers; i++)
        if (parent->slots[i].listens)
            return;
    if (!parent->ending || waits_for_drain(parent))
        return;
    if (parent->master_left)
        loop_at(&parent->loop, &parent->limit, parent->loop.now_ms + PARENT_TERM_WAIT_MS);
    else
        loop_stop(&parent->loop);
}

static void hear_worker(struct loop_io *io, uint32_t events)
{
    struct slot *slot = LOOP_OWNER(io, struct slot, control);
    struct parent *parent = slot->parent;
    char what;
    (void)events;

    ssize_t n = read(io->fd, &what, 1);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n != 1) {
        loop_remove(&parent->loop, io); /* it has ended; SIGCHLD brings the rest */
        return;
    }
    if (what == WORKER_STOPPED) {
        slot->listens = false;
        check_all_stopped(parent);
    } else if (what == WORKER_SERVED && !parent->served) {
        parent->served = true;
        if (parent->setup->served != NULL)
            parent->setup->served();
    }
}

static void restart_later(struct slot *slot, int64_t pause_ms)
{
    loop_at(&slot->parent->loop, &slot->restart, slot->parent->loop.now_ms + pause_ms);
}

static void restart_now(struct loop_timer *timer)
{
    start_worker(LOOP_OWNER(timer, struct slot, restart));
}

static void start_worker(struct slot *slot)
{
    struct parent *parent = slot->parent;
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
        log_warning("socketpair: %s", strerror(errno));
        restart_later(slot, PARENT_FORK_RETRY_MS);
        return;
    }
    pid_t pid = fork();
    if (pid < 0) {
        log_warning("fork: %s", strerror(errno));
        close(ends[0]);
        close(ends[1]);
        restart_later(slot, PARENT_FORK_RETRY_MS);
        return;
    }
    if (pid == 0) {
        close(ends[0]);
        become_worker(parent, slot, ends[1]);
    }
    close(ends[1]);
    slot->pid = pid;
    slot->started_ms = parent->loop.now_ms;
    slot->listens = true;
    slot->control = (struct loop_io){ .fd = ends[0], .events = EPOLLIN, .ready = hear_worker };
    loop_add(&parent->loop, &slot->control);
}

static bool all_die_early(const struct parent *parent)
{
    for (size_t i = 0; i < parent->setup->workers; i++)
        if (parent->slots[i].early_deaths < PARENT_EARLY_DEATHS)
            return false;
    return !parent->served;
}

static int64_t pause_after(unsigned early_deaths)
{
    int64_t pause_ms = PARENT_FIRST_PAUSE_MS;

    if (early_deaths == 0)
        return 0;
    while (--early_deaths > 0 && pause_ms < PARENT_PAUSE_MAX_MS)
        pause_ms *= 2;
    return pause_ms < PARENT_PAUSE_MAX_MS ? pause_ms : PARENT_PAUSE_MAX_MS;
}

static void log_death(pid_t pid, int status)
{
    if (WIFSIGNALED(status))
        log_warning("worker %d killed by signal %d", (int)pid, WTERMSIG(status));
    else
        log_warning("worker %d exit status %d", (int)pid, WEXITSTATUS(status));
}

static void bury(struct slot *slot, int status)
{
    struct parent *parent = slot->parent;
    bool early = parent->loop.now_ms - slot->started_ms < PARENT_EARLY_MS;
    pid_t pid = slot->pid;

    lost_worker(slot);
    if (parent->ending) {
        check_all_stopped(parent);
        return;
    }
    log_death(pid, status);
    slot->early_deaths = early ? slot->early_deaths + 1 : 0;
    if (all_die_early(parent)) {
        log_fatal("all workers die as soon as they start");
        parent->end = PARENT_FAILED;
        loop_stop(&parent->loop);
        return;
    }
    restart_later(slot, pause_after(slot->early_deaths));
}

/* Workers, and those of the program that this process was before it executed anew, which may still drain. */
static bool has_children(void)
{
    siginfo_t info;
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

static void stop_when_alone(struct parent *parent)
{
    if (parent->ending && !has_children())
        loop_stop(&parent->loop);
}

/* Also children of the program that this process was before it executed anew, and, as process 1, anybody's. */
static void reap(struct parent *parent)
{
    pid_t pid;
    int status;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        for (size_t i = 0; i < parent->setup->workers; i++)
            if (parent->slots[i].pid == pid) {
                bury(&parent->slots[i], status);
                break;
            }
    stop_when_alone(parent);
}

static void signal_workers(const struct parent *parent, int number)
{
    for (size_t i = 0; i < parent->setup->workers; i++)
        if (parent->slots[i].pid > 0)
            kill(parent->slots[i].pid, number);
}

static void limit_over(struct loop_timer *timer)
{
    struct parent *parent = LOOP_OWNER(timer, struct parent, limit);

    if (waits_for_drain(parent))
        signal_workers(parent, SIGKILL);
    loop_stop(&parent->loop);
}

/* The first half of a reload or a standalone stop; when no worker listens any more, the loop ends or they drain. */
static void wind_down(struct parent *parent, enum parent_end end)
{
    static const char stop = WORKER_STOP_LISTENING;
    int64_t wait_ms = PARENT_STOP_WAIT_MS;

    if (parent->ending)
        return;
    parent->ending = true;
    parent->end = end;
    for (size_t i = 0; i < parent->setup->workers; i++) {
        struct slot *slot = &parent->slots[i];
        loop_cancel(&parent->loop, &slot->restart);
        if (slot->pid <= 0)
            continue;
        if (write(slot->control.fd, &stop, 1) != 1)
            slot->listens = false;
        if (waits_for_drain(parent))
            shutdown(slot->control.fd, SHUT_WR);
    }
    if (waits_for_drain(parent))
        wait_ms = parent->setup->worker.config->drain_time_ms + PARENT_EARLY_MS;
    parent->limit.due = limit_over;
    loop_at(&parent->loop, &parent->limit, parent->loop.now_ms + wait_ms);
    check_all_stopped(parent);
    stop_when_alone(parent);
}

static void leave_at_once(struct parent *parent)
{
    log_info("stopping");
    signal_workers(parent, SIGTERM);
    parent->end = PARENT_LEAVES;
    loop_stop(&parent->loop);
}

static void terminate(struct parent *parent)
{
    if (!parent->setup->standalone) {
        leave_at_once(parent);
    } else if (parent->ending && parent->end == PARENT_LEAVES) { /* asked twice: at once */
        signal_workers(parent, SIGKILL);
    } else {
        log_info("stopping");
        listener_notify("STOPPING=1");
        parent->ending = parent->loop.stopped = false; /* a reload that has just begun becomes a stop */
        wind_down(parent, PARENT_LEAVES);
    }
}

/* Postfix reloads or stops, or somebody wants the same of us alone: a successor may begin as soon as we are gone. */
static void hand_over(struct parent *parent, const char *why)
{
    if (!parent->ending)
        log_info("%s: leaving, workers finish within drain_time", why);
    wind_down(parent, PARENT_LEAVES);
}

static void hang_up(struct parent *parent)
{
    if (!parent->setup->standalone)
        hand_over(parent, "reload");
    else if (!parent->ending && parent->setup->may_reload())
        wind_down(parent, PARENT_RELOADS);
}

static void take_signal(struct loop_io *io, uint32_t events)
{
    struct parent *parent = LOOP_OWNER(io, struct parent, signals);
    struct signalfd_siginfo info;
    (void)events;

    if (read(io->fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
        return;
    if (info.ssi_signo == SIGCHLD)
        reap(parent);
    else if (info.ssi_signo == SIGHUP)
        hang_up(parent);
    else
        terminate(parent);
}

/* master never writes: whatever makes its channel readable is the end of file. */
static void master_left(struct loop_io *io, uint32_t events)
{
    struct parent *parent = LOOP_OWNER(io, struct parent, status);
    (void)events;

    loop_remove(&parent->loop, io);
    parent->master_left = true;
    hand_over(parent, "reload or stop of Postfix");
}

static sigset_t handled_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    return set;
}

void parent_hold_signals(void)
{
    sigset_t set = handled_signals();
    sigprocmask(SIG_SETMASK, &set, NULL);
}

static bool begin(struct parent *parent, const struct parent_setup *setup)
{
    sigset_t set = handled_signals();

    parent->setup = setup;
    parent_hold_signals();
    parent->signals = (struct loop_io){ .fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), .events = EPOLLIN,
                                        .ready = take_signal };
    if (!loop_open(&parent->loop) || parent->signals.fd < 0 || !loop_add(&parent->loop, &parent->signals))
        return false;
    if (setup->status_fd >= 0) {
        parent->status = (struct loop_io){ .fd = setup->status_fd, .events = EPOLLIN, .ready = master_left };
        if (!loop_add(&parent->loop, &parent->status))
            return false;
    }
    parent->slots = mem_array(setup->workers, sizeof(*parent->slots));
    for (size_t i = 0; i < setup->workers; i++)
        parent->slots[i] = (struct slot){ .parent = parent, .restart.due = restart_now };
    return true;
}

enum parent_end parent_run(const struct parent_setup *setup)
{
    struct parent *parent = mem_alloc(sizeof(*parent));

    parent->end = PARENT_FAILED;
    if (begin(parent, setup)) {
        for (size_t i = 0; i < setup->workers; i++)
            start_worker(&parent->slots[i]);
        loop_run(&parent->loop);
        for (size_t i = 0; i < setup->workers; i++)
            if (parent->slots[i].pid > 0)
                lost_worker(&parent->slots[i]);
        loop_close(&parent->loop);
        close(parent->signals.fd);
    } else {
        log_fatal("cannot begin: %s", strerror(errno));
    }
    enum parent_end end = parent->end;
    mem_free(parent->slots);
    mem_free(parent);
    return end;
}
