/*
 * A worker of a daemon in this process, a client of it, and the HTTP service that it asks, all in one event loop: the
 * input is what the service answers.
 *
 * Shape:  the target includes the source of its daemon, whose main() is never called, for its `conn_ops`.
 *         fuzz_worker_begin() once, then fuzz_worker_ask() for each input. Time stands still, and moves when nothing
 *         else does, so that nothing waits.
 * Limits: FUZZ_TURNS_MAX turns of the loop for one answer.
 * Owner:  until the end of the process.
 */
#ifndef PFX_FUZZ_WORKER_H
#define PFX_FUZZ_WORKER_H

#include <errno.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "backend.h"
#include "backend_shared.h"
#include "clock.h"
#include "conn.h"
#include "fuzz.h"
#include "log.h"
#include "mem.h"
#include "worker.h"

#define FUZZ_TURNS_MAX   2000
#define FUZZ_IDLE_TURNS  8 /* without anything for the client; then time moves */
#define FUZZ_STEP_MS     250
#define FUZZ_PAUSE_MS    3600000 /* between inputs: a target that was down is up again */
#define FUZZ_PEERS_MAX   16
#define FUZZ_ANSWER_MAX_BYTES 65536

struct fuzz_peer {
    struct loop_io io;
    struct loop_timer rest; /* the second part of the answer */
};

static struct fuzz_worker {
    struct loop loop;
    struct loop_io listener, awake;
    struct fuzz_peer peers[FUZZ_PEERS_MAX];
    struct config *config;
    struct backend_shared shared;
    struct worker_context context;
    struct conn_set clients;
    int client;
    struct span answer; /* of the service to everybody, now */
    size_t cut;         /* how much of it comes first */
    bool hangs_up;      /* afterwards */
    int requests;
    char directory[sizeof("/dev/shm/pfx-fuzz-XXXXXX")];
    char *socket_path;
} fuzz_worker = { .client = -1, .directory = "/dev/shm/pfx-fuzz-XXXXXX" };

static int64_t fuzz_now_ms = 1000000;

static int64_t fuzz_clock(void)
{
    return fuzz_now_ms;
}

static void fuzz_peer_close(struct fuzz_peer *peer)
{
    loop_cancel(&fuzz_worker.loop, &peer->rest);
    loop_remove(&fuzz_worker.loop, &peer->io);
    close(peer->io.fd);
    peer->io.fd = 0;
}

static void fuzz_peer_send(struct fuzz_peer *peer, struct span bytes)
{
    if (bytes.n > 0 && send(peer->io.fd, bytes.p, bytes.n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        fuzz_peer_close(peer);
}

static void fuzz_peer_rest(struct loop_timer *timer)
{
    struct fuzz_peer *peer = LOOP_OWNER(timer, struct fuzz_peer, rest);

    fuzz_peer_send(peer, span_skip(fuzz_worker.answer, fuzz_worker.cut));
    if (peer->io.fd != 0 && fuzz_worker.hangs_up)
        fuzz_peer_close(peer);
}

/* A request is small and comes at once. */
static void fuzz_peer_ready(struct loop_io *io, uint32_t events)
{
    struct fuzz_peer *peer = LOOP_OWNER(io, struct fuzz_peer, io);
    char request[FUZZ_ANSWER_MAX_BYTES];
    ssize_t n = recv(io->fd, request, sizeof(request), MSG_DONTWAIT);
    (void)events;

    if (n <= 0) {
        fuzz_peer_close(peer);
        return;
    }
    if (memmem(request, (size_t)n, "\r\n\r\n", 4) == NULL)
        return;
    fuzz_worker.requests++;
    fuzz_peer_send(peer, span_first(fuzz_worker.answer, fuzz_worker.cut));
    if (peer->io.fd != 0)
        loop_at(&fuzz_worker.loop, &peer->rest, fuzz_worker.loop.now_ms);
}

static void fuzz_peer_accept(struct loop_io *io, uint32_t events)
{
    struct fuzz_peer *peer = fuzz_worker.peers;
    (void)events;

    while (peer->io.fd != 0)
        peer++;
    FUZZ_HOLDS(peer < fuzz_worker.peers + FUZZ_PEERS_MAX);
    peer->io = (struct loop_io){ .fd = accept4(io->fd, NULL, NULL, SOCK_CLOEXEC), .events = EPOLLIN,
                                 .ready = fuzz_peer_ready };
    peer->rest.due = fuzz_peer_rest;
    FUZZ_HOLDS(peer->io.fd > 0 && loop_add(&fuzz_worker.loop, &peer->io));
}

static void fuzz_worker_awake(struct loop_io *io, uint32_t events)
{
    (void)io;
    (void)events;
}

static void fuzz_worker_listen(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct fuzz_worker *w = &fuzz_worker;

    w->listener = (struct loop_io){ .fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), .events = EPOLLIN,
                                    .ready = fuzz_peer_accept };
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", w->socket_path);
    FUZZ_HOLDS(bind(w->listener.fd, (const struct sockaddr *)&address, sizeof(address)) == 0);
    FUZZ_HOLDS(listen(w->listener.fd, FUZZ_PEERS_MAX) == 0 && loop_add(&w->loop, &w->listener));
    w->awake = (struct loop_io){ .fd = eventfd(1, EFD_CLOEXEC), .events = EPOLLIN, .ready = fuzz_worker_awake };
    FUZZ_HOLDS(loop_add(&w->loop, &w->awake)); /* so that no turn waits */
}

/* Each "$SOCKET" of the text becomes a target's beginning. */
static void fuzz_worker_load(const char *text, enum config_section_id section)
{
    struct fuzz_worker *w = &fuzz_worker;
    char path[sizeof("/proc/self/fd/2147483647")];
    int fd = memfd_create("pfx.cfg", MFD_CLOEXEC);

    FUZZ_HOLDS(fd >= 0);
    for (const char *at; (at = strstr(text, "$SOCKET")) != NULL; text = at + strlen("$SOCKET"))
        dprintf(fd, "%.*sunix:%s:", (int)(at - text), text, w->socket_path);
    dprintf(fd, "%s", text);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    w->config = config_load(path, section);
    close(fd);
    if (w->config->problem_count > 0)
        fprintf(stderr, "%s\n", w->config->problems[0].text);
    FUZZ_HOLDS(w->config->problem_count == 0);
    backend_shared_load(&w->shared, w->config, section);
}

static void fuzz_worker_end(void)
{
    struct fuzz_worker *w = &fuzz_worker;

    conn_set_close(&w->clients);
    backend_free(&w->context.backend);
    backend_shared_close(&w->shared);
    config_free(&w->config);
    loop_close(&w->loop);
    close(w->client);
    unlink(w->socket_path);
    rmdir(w->directory);
    mem_free(w->socket_path);
}

/* Lines of the log are made, but go nowhere. */
static void fuzz_worker_log(void)
{
    log_open(&(struct log_options){ .sink = LOG_TO_POSTLOG, .ident = "fuzz", .socket_path = "/nonexistent",
                                    .host = "localhost" });
    log_set_level(LOG_LEVEL_DEBUG);
}

static void fuzz_worker_begin(const struct conn_ops *protocol, enum config_section_id section, const char *name,
                              const char *text)
{
    struct fuzz_worker *w = &fuzz_worker;

    clock_set_monotonic(fuzz_clock);
    fuzz_worker_log();
    FUZZ_HOLDS(mkdtemp(w->directory) != NULL && loop_open(&w->loop));
    w->socket_path = mem_format("%s/socket", w->directory);
    fuzz_worker_listen();
    fuzz_worker_load(text, section);
    w->context = (struct worker_context){ .config = w->config, .name = name, .state_directory = "" };
    w->context.backend = backend_new(&w->loop, w->config, &w->shared, 0);
    FUZZ_HOLDS(w->context.backend != NULL);
    w->clients = (struct conn_set){ .loop = &w->loop, .ops = protocol, .context = &w->context };
    atexit(fuzz_worker_end);
}

static void fuzz_worker_hang_up(void)
{
    for (struct fuzz_peer *peer = fuzz_worker.peers; peer < fuzz_worker.peers + FUZZ_PEERS_MAX; peer++)
        if (peer->io.fd != 0)
            fuzz_peer_close(peer);
}

static void fuzz_worker_connect(void)
{
    int ends[2];

    FUZZ_HOLDS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
    fuzz_worker.client = ends[0];
    FUZZ_HOLDS(conn_open(&fuzz_worker.clients, ends[1]) != NULL);
}

/* Adds what has come for the client; false: its connection is at an end, and closed. */
static bool fuzz_worker_hear(struct buf *heard)
{
    char bytes[FUZZ_ANSWER_MAX_BYTES];
    ssize_t n = recv(fuzz_worker.client, bytes, sizeof(bytes), MSG_DONTWAIT);

    if (n > 0)
        FUZZ_HOLDS(buf_add(heard, span_make(bytes, (size_t)n)));
    if (n > 0 || (n < 0 && errno == EAGAIN))
        return true;
    close(fuzz_worker.client);
    fuzz_worker.client = -1;
    return false;
}

/*
 * Sends the request; what comes until is_whole() says so, or the end of the connection, is added to *reply. Then there
 * is not a byte more.
 */
static void fuzz_worker_ask(struct span request, bool (*is_whole)(struct span reply), struct buf *reply)
{
    struct fuzz_worker *w = &fuzz_worker;
    int turns = 0;

    fuzz_now_ms += FUZZ_PAUSE_MS;
    w->requests = 0;
    loop_turn(&w->loop);
    if (w->client < 0)
        fuzz_worker_connect();
    FUZZ_HOLDS(send(w->client, request.p, request.n, MSG_NOSIGNAL) == (ssize_t)request.n);
    while (!is_whole(buf_span(reply)) && fuzz_worker_hear(reply)) {
        loop_turn(&w->loop);
        FUZZ_HOLDS(++turns < FUZZ_TURNS_MAX);
        fuzz_now_ms += turns % FUZZ_IDLE_TURNS == 0 ? FUZZ_STEP_MS : 0;
    }
    size_t whole = reply->n;
    loop_turn(&w->loop);
    if (w->client >= 0)
        fuzz_worker_hear(reply);
    FUZZ_HOLDS(reply->n == whole);
    fuzz_worker_hang_up();
}

/* How the service answers: two bytes of the input, then what it says. */
static inline void fuzz_worker_take_answer(struct span in)
{
    unsigned how = fuzz_take_byte(&in);
    size_t cut = fuzz_take_byte(&in);

    fuzz_worker.hangs_up = how % 2 == 0;
    fuzz_worker.cut = cut < in.n ? cut : in.n;
    fuzz_worker.answer = in;
}

#endif
