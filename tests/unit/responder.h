/*
 * An HTTP server in the loop of the test: it keeps the last request and answers each with the same bytes.
 */
#ifndef PFX_RESPONDER_H
#define PFX_RESPONDER_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "buf.h"
#include "loop_fixture.h"
#include "mem.h"

#define RESPONDER_PEERS_MAX 16
#define RESPONDER_REQUEST_MAX_BYTES (4 * 1024 * 1024)

enum responder_end { RESPONDER_KEEPS, RESPONDER_CLOSES, RESPONDER_RESETS };

struct responder_peer {
    struct loop_io io; /* fd 0: free */
    struct buf in;
    struct responder *responder;
};

struct responder {
    struct loop_io listener;
    unsigned port;
    const char *answer; /* NULL: silence */
    const char *(*answer_to)(const char *request); /* NULL: answer, to each */
    size_t answer_bytes; /* 0: answer is a text */
    enum responder_end then;
    int accepted; /* connections */
    int requests;
    struct buf request; /* the last one, with a final NUL */
    struct responder_peer peers[RESPONDER_PEERS_MAX];
};

#define RESPONDER_OK(length, body) "HTTP/1.1 200 OK\r\nContent-Length: " length "\r\n\r\n" body

static inline void responder_hang_up(struct responder_peer *peer, enum responder_end how)
{
    struct linger at_once = { .l_onoff = 1 };

    if (how == RESPONDER_RESETS)
        setsockopt(peer->io.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    loop_remove(&fixture_loop, &peer->io);
    close(peer->io.fd);
    peer->io.fd = 0;
    buf_free(&peer->in);
}

/* The length of the first request in text, or 0 while it is not whole. */
static inline size_t responder_request_bytes(const struct buf *in)
{
    const char *end = memmem(in->p, in->n, "\r\n\r\n", 4);
    const char *length = memmem(in->p, in->n, "Content-Length: ", 16);

    if (end == NULL)
        return 0;
    size_t bytes = (size_t)(end - in->p) + 4;
    if (length != NULL && length < end)
        bytes += strtoul(length + 16, NULL, 10);
    return bytes <= in->n ? bytes : 0;
}

static inline void responder_answer(struct responder_peer *peer, size_t request_bytes)
{
    struct responder *responder = peer->responder;
    size_t n = responder->answer_bytes;
    const char *answer = responder->answer;

    buf_clear(&responder->request);
    buf_add(&responder->request, span_make(peer->in.p, request_bytes));
    buf_add(&responder->request, SPAN("\0"));
    buf_drop(&peer->in, request_bytes);
    responder->requests++;
    if (responder->answer_to != NULL)
        answer = responder->answer_to(responder->request.p);
    if (answer != NULL && n == 0)
        n = strlen(answer);
    if (n > 0)
        ck_assert_int_eq(send(peer->io.fd, answer, n, MSG_NOSIGNAL), (ssize_t)n);
    if (responder->then != RESPONDER_KEEPS)
        responder_hang_up(peer, responder->then);
}

static void responder_read(struct loop_io *io, uint32_t events)
{
    struct responder_peer *peer = LOOP_OWNER(io, struct responder_peer, io);
    const size_t most = 65536;
    size_t request_bytes;
    (void)events;

    ssize_t n = recv(io->fd, buf_reserve(&peer->in, most), most, MSG_DONTWAIT);
    if (n <= 0) {
        responder_hang_up(peer, RESPONDER_CLOSES);
        return;
    }
    peer->in.n += (size_t)n;
    while (peer->io.fd != 0 && peer->in.n > 0 && (request_bytes = responder_request_bytes(&peer->in)) > 0)
        responder_answer(peer, request_bytes);
}

static void responder_accept(struct loop_io *io, uint32_t events)
{
    struct responder *responder = LOOP_OWNER(io, struct responder, listener);
    struct responder_peer *peer = responder->peers;
    (void)events;

    while (peer->io.fd != 0)
        peer++;
    ck_assert(peer < responder->peers + RESPONDER_PEERS_MAX);
    *peer = (struct responder_peer){
        .io = { .fd = accept4(io->fd, NULL, NULL, SOCK_CLOEXEC), .events = EPOLLIN, .ready = responder_read },
        .responder = responder,
    };
    buf_init(&peer->in, RESPONDER_REQUEST_MAX_BYTES);
    ck_assert_int_gt(peer->io.fd, 0);
    ck_assert(loop_add(&fixture_loop, &peer->io));
    responder->accepted++;
}

static inline void responder_listen(struct responder *responder, int fd, const struct sockaddr *address, socklen_t size)
{
    *responder = (struct responder){ .listener = { .fd = fd, .events = EPOLLIN, .ready = responder_accept } };
    buf_init(&responder->request, RESPONDER_REQUEST_MAX_BYTES + 1);
    ck_assert_int_eq(bind(fd, address, size), 0);
    ck_assert_int_eq(listen(fd, RESPONDER_PEERS_MAX), 0);
    ck_assert(loop_add(&fixture_loop, &responder->listener));
}

static inline void responder_begin(struct responder *responder)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    responder_listen(responder, fd, (const struct sockaddr *)&address, size);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    responder->port = ntohs(address.sin_port);
}

static inline void responder_begin_unix(struct responder *responder, const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    responder_listen(responder, fd, (const struct sockaddr *)&address, sizeof(address));
}

static inline void responder_hang_up_all(struct responder *responder)
{
    for (struct responder_peer *peer = responder->peers; peer < responder->peers + RESPONDER_PEERS_MAX; peer++)
        if (peer->io.fd != 0)
            responder_hang_up(peer, RESPONDER_CLOSES);
}

static inline void responder_end(struct responder *responder)
{
    responder_hang_up_all(responder);
    loop_remove(&fixture_loop, &responder->listener);
    close(responder->listener.fd);
    buf_free(&responder->request);
}

/* Does the last request begin with, or hold, text? */
static inline void responder_expect_begin(const struct responder *responder, const char *text)
{
    ck_assert_msg(strncmp(responder->request.p, text, strlen(text)) == 0, "%s, expected %s", responder->request.p,
                  text);
}

static inline bool responder_got(const struct responder *responder, const char *text)
{
    return strstr(responder->request.p, text) != NULL;
}

static inline const char *responder_body(const struct responder *responder)
{
    return strstr(responder->request.p, "\r\n\r\n") + 4;
}

#endif
