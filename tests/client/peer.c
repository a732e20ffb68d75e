#include "peer.h"

#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "now.h"

#define READ_BYTES 4096
#define FIRST_ATTEMPT 1
#define LAST_ATTEMPT 2

static void set_state(struct peer *p, enum peer_state state)
{
    if (p->state == PEER_RESTING && state != PEER_RESTING)
        p->team->busy++;
    if (p->state != PEER_RESTING && state == PEER_RESTING)
        p->team->busy--;
    p->state = state;
}

static void disconnect(struct peer *p)
{
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
    p->has_peer_ended = false;
}

static void lose(struct peer *p)
{
    disconnect(p);
    set_state(p, PEER_RESTING);
    p->team->tally.lost++;
    if (p->attempt > 0)
        p->team->tally.requests++;
    p->attempt = 0;
}

static void open_socket(struct peer *p)
{
    struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = p };

    p->fd = address_connect(&p->team->address);
    if (p->fd < 0) {
        lose(p);
        return;
    }
    if (epoll_ctl(p->team->epoll, EPOLL_CTL_ADD, p->fd, &event) < 0)
        err(1, "epoll_ctl");
    set_state(p, PEER_CONNECTING);
}

/* For a question that broke: once more, or lost. Nothing is sent before the event that tells of the new connection. */
static void retry(struct peer *p)
{
    disconnect(p);
    if (p->attempt >= LAST_ATTEMPT) {
        lose(p);
        return;
    }
    p->attempt = LAST_ATTEMPT;
    p->team->tally.reconnects++;
    open_socket(p);
}

static void end_question(struct peer *p)
{
    p->attempt = 0;
    p->reply.n = 0;
    set_state(p, PEER_RESTING);
}

/* True when the question has its end. */
static bool take_reply(struct peer *p)
{
    struct tally *tally = &p->team->tally;
    struct span reply;
    size_t used = 0;
    enum bytes_result result = bytes_get_reply(&p->reply, &reply, &used);

    if (result == BYTES_MORE)
        return false;
    if (result == BYTES_OK && used == p->reply.n) {
        tally_reply(tally, reply, p->team->expect, p->key, now_us() - p->started_us);
    } else {
        tally_bad_reply(tally, span_make(p->reply.p, p->reply.n), p->key);
        disconnect(p);
    }
    end_question(p);
    return true;
}

static void receive(struct peer *p)
{
    ssize_t n;

    do {
        bytes_reserve(&p->reply, READ_BYTES);
        n = recv(p->fd, p->reply.p + p->reply.n, READ_BYTES, 0);
        p->reply.n += n > 0 ? (size_t)n : 0;
    } while (n > 0 && !take_reply(p));
    if (n == 0 || (n < 0 && errno != EAGAIN))
        retry(p);
}

static void transmit(struct peer *p)
{
    while (p->sent < p->request.n) {
        ssize_t n = send(p->fd, p->request.p + p->sent, p->request.n - p->sent, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno != EAGAIN)
                retry(p);
            return;
        }
        p->sent += (size_t)n;
    }
    set_state(p, PEER_WAITING);
    if (p->has_peer_ended) /* that event came already, and comes no more */
        receive(p);
}

static void start_sending(struct peer *p)
{
    p->sent = 0;
    p->reply.n = 0;
    set_state(p, PEER_SENDING);
    transmit(p);
}

static void finish_connect(struct peer *p)
{
    int reason = address_error(p->fd);

    if (reason == ECONNRESET && p->attempt > 0)
        retry(p); /* it was made, and broke at once */
    else if (reason != 0)
        lose(p);
    else if (p->attempt > 0)
        start_sending(p);
    else
        set_state(p, PEER_RESTING);
}

static void notice_end(struct peer *p)
{
    if (!p->is_idle)
        return; /* found when the next question is sent, as Postfix does */
    p->team->tally.idle_closed++;
    disconnect(p);
}

void peer_init(struct peer *p, struct peer_team *team, bool is_idle)
{
    *p = (struct peer){ .team = team, .fd = -1, .is_idle = is_idle };
}

void peer_connect(struct peer *p)
{
    p->started_us = now_us();
    open_socket(p);
}

void peer_ask(struct peer *p, const char *prefix, uint64_t number)
{
    if ((size_t)snprintf(p->key, sizeof(p->key), "%s%" PRIu64, prefix, number) >= sizeof(p->key))
        errx(1, "%s: prefix too long", prefix);
    bytes_set_request(&p->request, p->team->name, p->key);
    p->asked++;
    p->attempt = FIRST_ATTEMPT;
    p->started_us = now_us();
    if (p->fd >= 0)
        start_sending(p);
    else if (p->is_idle)
        retry(p); /* Postfix would have found out only now */
    else
        open_socket(p);
}

void peer_run(struct peer *p, uint32_t events)
{
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        p->has_peer_ended = true;
    switch (p->state) {
    case PEER_CONNECTING:
        finish_connect(p);
        break;
    case PEER_SENDING:
        transmit(p);
        break;
    case PEER_WAITING:
        receive(p);
        break;
    case PEER_RESTING:
        if (p->has_peer_ended && p->fd >= 0)
            notice_end(p);
        break;
    }
}

void peer_check_time(struct peer *p, int64_t time_us)
{
    if (p->state != PEER_RESTING && time_us - p->started_us >= (int64_t)PEER_LIMIT_MS * US_PER_MS)
        lose(p);
}

void peer_free(struct peer *p)
{
    disconnect(p);
    bytes_free(&p->request);
    bytes_free(&p->reply);
}
