#include "conn.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "mem.h"
#include "peer.h"

void conn_set_close(struct conn_set *set)
{
    while (set->first != NULL)
        conn_close(set->first);
    buf_free(&set->spare_in);
    buf_free(&set->spare_out);
}

static void move(struct buf *to, struct buf *from)
{
    *to = *from;
    buf_init(from, to->max);
    from->secret = to->secret;
}

/* A connection that waits keeps no memory: the one that reads, or is answered, next gets it. */
static void pass_on(struct buf *from, struct buf *spare)
{
    if (from->n > 0 || from->room == 0)
        return;
    if (from->room > CONN_READ_BYTES) {
        buf_free(from);
        return;
    }
    buf_free(spare);
    move(spare, from);
}

static void take_over(struct buf *to, struct buf *spare)
{
    if (to->room == 0 && spare->room > 0)
        move(to, spare);
}

struct buf *conn_out(struct conn *conn)
{
    take_over(&conn->out, &conn->set->spare_out);
    return &conn->out;
}

/* Would it take a request now? */
static bool is_open(const struct conn *conn)
{
    return !conn->ending && conn->out.n == 0 && (conn->due == 0 || !conn->set->ops->is_serial);
}

static bool may_leave(const struct conn *conn)
{
    bool is_idle = conn->due == 0 && conn->out.n == 0;
    bool leaves = conn->set->hurries || (conn->set->draining && conn->set->ops->leaves_on_drain);
    return is_idle && (conn->ending || (leaves && conn->was_served && conn->in.n == 0 && conn->begun == 0));
}

static void write_timed_out(struct loop_timer *timer)
{
    struct conn *conn = LOOP_OWNER(timer, struct conn, write_limit);
    char peer[CONN_PEER_MAX_BYTES];
    log_warning("peer=%s does not read its answer, closing", conn_peer(conn, peer));
    conn_close(conn);
}

static void idle_for_long(struct loop_timer *timer)
{
    struct conn *conn = LOOP_OWNER(timer, struct conn, idle_limit);

    if (conn->due == 0 && conn->out.n == 0)
        conn_close(conn);
}

/* False: the client is gone and the connection was closed. */
static bool flush(struct conn *conn)
{
    while (conn->out.n > 0) {
        ssize_t n = send(conn->io.fd, conn->out.p, conn->out.n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            break;
        if (n < 0) {
            conn_close(conn);
            return false;
        }
        buf_drop(&conn->out, (size_t)n);
    }
    if (conn->out.n > 0) {
        loop_change(conn->set->loop, &conn->io, EPOLLOUT);
        if (!loop_is_armed(&conn->write_limit))
            loop_at(conn->set->loop, &conn->write_limit, conn->set->loop->now_ms + CONN_WRITE_TIMEOUT_MS);
        return true;
    }
    loop_cancel(conn->set->loop, &conn->write_limit);
    if (conn->set->ops->idle_limit_ms > 0)
        loop_at(conn->set->loop, &conn->idle_limit, conn->set->loop->now_ms + conn->set->ops->idle_limit_ms);
    pass_on(&conn->out, &conn->set->spare_out);
    return true;
}

static void count_event(struct conn_set *set, enum conn_event event)
{
    if (set->count_event != NULL)
        set->count_event(set, event);
}

static void refuse(struct conn *conn, const char *why)
{
    char peer[CONN_PEER_MAX_BYTES];

    count_event(conn->set, CONN_MALFORMED);
    log_warning("peer=%s: malformed request: %s, closing", conn_peer(conn, peer), why);
    conn_close(conn);
}

/* What nobody reads makes a reset of the close, and a reset may take the last answer away from the client. */
static void leave(struct conn *conn)
{
    char unread[CONN_READ_BYTES];

    for (unsigned i = 0; conn->ending && i < CONN_LAST_READS; i++)
        if (recv(conn->io.fd, unread, sizeof(unread), MSG_DONTWAIT) <= 0)
            break;
    if (conn->set->ops->is_secret)
        mem_wipe(unread, sizeof(unread));
    conn_close(conn);
}

/* Feeds what has come until the protocol wants more, is busy, or the client is slow to read. */
static void process(struct conn *conn)
{
    const struct conn_ops *ops = conn->set->ops;

    while (is_open(conn) && conn->in.n > 0) {
        size_t used = 0;
        const char *why = "request too long";
        conn->feeding = true;
        enum codec_result result = ops->feed(conn, buf_span(&conn->in), &used, &why);
        conn->feeding = false;
        if (result == CODEC_BAD || (result == CODEC_MORE && conn->in.n >= ops->request_max_bytes)) {
            refuse(conn, why);
            return;
        }
        if (result == CODEC_MORE)
            break;
        buf_drop(&conn->in, used);
        if (!flush(conn))
            return;
    }
    pass_on(&conn->in, &conn->set->spare_in);
    if (may_leave(conn))
        leave(conn);
    else if (is_open(conn))
        loop_change(conn->set->loop, &conn->io, EPOLLIN);
}

/* A client that has closed its side, or is gone. */
static void end_of_input(struct conn *conn, bool is_half_closed)
{
    char peer[CONN_PEER_MAX_BYTES];
    char more[LOG_MORE_BYTES];

    if (conn->in.n > 0 && log_may(&conn->set->cut_off, conn->set->loop->now_ms, more))
        log_info("peer=%s left in the middle of a request%s", conn_peer(conn, peer), more);
    conn->ending = true;
    if (!is_half_closed || conn->due == 0)
        conn_close(conn);
}

/* Reads once. A client that has closed its side is closed when nothing is left to answer. */
static void receive(struct conn *conn)
{
    size_t left = conn->in.max - conn->in.n;
    size_t want = conn->in.n < CONN_READ_BYTES ? CONN_READ_BYTES : conn->in.n;
    if (want > left)
        want = left;
    take_over(&conn->in, &conn->set->spare_in);
    ssize_t n = recv(conn->io.fd, buf_reserve(&conn->in, want), want, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        if (may_leave(conn))
            conn_close(conn);
        return;
    }
    if (n <= 0) {
        end_of_input(conn, n == 0);
        return;
    }
    conn->in.n += (size_t)n;
    process(conn);
}

static void ready(struct loop_io *io, uint32_t events)
{
    struct conn *conn = LOOP_OWNER(io, struct conn, io);

    if (events & (EPOLLHUP | EPOLLERR)) {
        conn_close(conn);
    } else if (conn->out.n > 0) {
        if ((events & EPOLLOUT) && flush(conn) && conn->out.n == 0)
            process(conn);
    } else if (!is_open(conn)) {
        loop_change(conn->set->loop, io, 0); /* pipelined, or half closed: it has to wait */
    } else {
        receive(conn);
    }
}

void conn_served(struct conn *conn)
{
    conn->was_served = true;
    if (conn->set->served != NULL)
        conn->set->served(conn->set);
}

void conn_send(struct conn *conn)
{
    conn_served(conn);
    if (!conn->feeding && flush(conn))
        process(conn);
}

void conn_end(struct conn *conn)
{
    conn->ending = true;
    if (!conn->feeding)
        process(conn);
}

static bool is_traced(const struct conn_set *set, int fd)
{
    char text[PEER_MAX_BYTES];
    unsigned port;

    return set->traces != NULL && peer_address(fd, text, &port) != NULL && set->traces(set->context, text);
}

/* Those of TCP fail on a UNIX socket, which needs none. */
static void set_options(const struct conn_set *set, int fd)
{
    const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
    int on = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    if (set->ops->resets)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

struct conn *conn_open(struct conn_set *set, int fd)
{
    struct conn *conn = mem_alloc(sizeof(*conn));
    conn->io = (struct loop_io){ .fd = fd, .events = EPOLLIN, .ready = ready };
    conn->write_limit.due = write_timed_out;
    conn->idle_limit.due = idle_for_long;
    conn->set = set;
    buf_init(&conn->in, set->ops->request_max_bytes);
    conn->in.secret = set->ops->is_secret;
    buf_init(&conn->out, set->ops->answer_max_bytes);
    conn->trace = is_traced(set, fd);
    set_options(set, fd);
    if (!loop_add(set->loop, &conn->io)) {
        log_warning("epoll_ctl: %s", strerror(errno));
        close(fd);
        mem_free(conn);
        return NULL;
    }
    conn->next = set->first;
    if (set->first != NULL)
        set->first->previous = conn;
    set->first = conn;
    set->count++;
    set->opened++;
    count_event(set, CONN_OPENED);
    if (set->ops->opened != NULL)
        set->ops->opened(conn);
    return flush(conn) ? conn : NULL;
}

void conn_close(struct conn *conn)
{
    struct conn_set *set = conn->set;

    if (conn->call != NULL)
        set->ops->gone(conn);
    loop_cancel(set->loop, &conn->write_limit);
    loop_cancel(set->loop, &conn->idle_limit);
    loop_remove(set->loop, &conn->io);
    close(conn->io.fd);
    if (conn->next != NULL)
        conn->next->previous = conn->previous;
    if (conn->previous != NULL)
        conn->previous->next = conn->next;
    else
        set->first = conn->next;
    buf_free(&conn->in);
    buf_free(&conn->out);
    mem_free(conn);
    set->count--;
    count_event(set, CONN_CLOSED);
    if (set->ends_when_empty && set->count == 0)
        set->emptied(set);
}

/*
 * A client whose first question is still on its way has spent its one retry to get here: it is answered. On a UNIX
 * socket nothing comes after the shutdown: who writes then learns it, and asks again, and no question is lost unread.
 */
size_t conn_set_drain(struct conn_set *set)
{
    size_t before = set->count; /* the last one that is closed tells emptied(), if there is one */

    set->draining = set->ends_when_empty = true;
    for (struct conn *conn = set->first, *next; conn != NULL; conn = next) {
        next = conn->next;
        if (!may_leave(conn))
            continue;
        shutdown(conn->io.fd, SHUT_RD);
        receive(conn); /* what it has already asked is answered first */
    }
    if (before == 0)
        set->emptied(set);
    return before - set->count;
}

size_t conn_set_hurry(struct conn_set *set)
{
    set->hurries = true;
    return conn_set_drain(set);
}

const char *conn_peer(const struct conn *conn, char text[CONN_PEER_MAX_BYTES])
{
    return peer_describe(conn->io.fd, text);
}
