#include "conn.h"

#include <err.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>

#define READ_BYTES 16384
#define MS_PER_S 1000
#define NS_PER_MS 1000000

enum phase { READING, ANSWERING, SILENT };
enum step { AGAIN, WAIT, GONE };
enum end { KEEP, CLOSE, RESET };

struct conn {
    struct conn_set *set;
    struct conn *next, *previous;                 /* of all */
    struct conn *next_pausing, *previous_pausing; /* while due_ms is not 0 */
    struct stream stream;
    enum listener_kind kind;
    enum phase phase;
    enum end end; /* what follows the answer */
    struct text in;
    struct answer answer;
    size_t sent, allowed; /* bytes of the answer; the pauses raise allowed */
    int bodydelay_ms, drip_ms;
    int64_t due_ms; /* 0: no pause */
    bool close_on_reuse, had_request, has_continued, has_news, has_peer_ended;
};

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * MS_PER_S + now.tv_nsec / NS_PER_MS;
}

static void start_pause(struct conn *c, int ms)
{
    struct conn_set *set = c->set;

    c->due_ms = now_ms() + ms + 1; /* the clock is cut to whole milliseconds: never too early */
    if (set->pausing == NULL || c->due_ms < set->next_due_ms)
        set->next_due_ms = c->due_ms;
    c->previous_pausing = NULL;
    c->next_pausing = set->pausing;
    if (set->pausing != NULL)
        set->pausing->previous_pausing = c;
    set->pausing = c;
}

static void end_pause(struct conn *c)
{
    if (c->due_ms == 0)
        return;
    c->due_ms = 0;
    if (c->previous_pausing != NULL)
        c->previous_pausing->next_pausing = c->next_pausing;
    else
        c->set->pausing = c->next_pausing;
    if (c->next_pausing != NULL)
        c->next_pausing->previous_pausing = c->previous_pausing;
}

static void remove_conn(struct conn *c)
{
    end_pause(c);
    if (c->previous != NULL)
        c->previous->next = c->next;
    else
        c->set->all = c->next;
    if (c->next != NULL)
        c->next->previous = c->previous;
    if (c->end == RESET)
        stream_reset(&c->stream);
    else
        stream_close(&c->stream);
    text_free(&c->in);
    answer_free(&c->answer);
    free(c);
}

/* Cuts the answer where the reset is to come. */
static void plan_reset(struct conn *c, struct span where)
{
    size_t head_bytes = c->answer.head_bytes;
    struct text *out = &c->answer.out;

    if (where.p == NULL)
        return;
    c->end = RESET;
    if (span_equal(where, SPAN("now")))
        out->n = 0;
    else if (span_equal(where, SPAN("headers")))
        out->n = head_bytes;
    else
        out->n = head_bytes + (out->n - head_bytes) / 2;
}

/* Frees the next part of the answer: the header alone when a pause follows it, one byte at a time when it drips. */
static void allow_more(struct conn *c)
{
    size_t total = c->answer.out.n;

    if (c->allowed == 0 && (c->bodydelay_ms > 0 || c->drip_ms > 0) && c->answer.head_bytes < total)
        c->allowed = c->answer.head_bytes;
    else
        c->allowed = c->drip_ms > 0 && c->allowed > 0 ? c->allowed + 1 : total;
}

static void start_answer(struct conn *c, int delay_ms)
{
    c->phase = ANSWERING;
    c->sent = 0;
    c->allowed = 0;
    if (delay_ms > 0)
        start_pause(c, delay_ms);
    else
        allow_more(c);
}

static void answer_script(struct conn *c, const struct http_request *r)
{
    struct script s;

    script_parse(&s, r->query);
    chaos_disturb(&c->set->site.chaos, &s);
    answer_make(&c->answer, &c->set->site, r, &s);
    c->end = c->answer.close ? CLOSE : KEEP;
    c->bodydelay_ms = s.bodydelay;
    c->drip_ms = s.drip;
    plan_reset(c, s.reset);
    if (s.hang)
        c->phase = SILENT;
    else
        start_answer(c, s.delay);
    c->close_on_reuse = s.closeonreuse;
}

static enum step answer_request(struct conn *c, const struct http_request *r)
{
    bool is_control = record_is_control(r);
    bool closes = c->close_on_reuse;

    if (is_control && !c->had_request && c->set->site.record.connections > 0)
        c->set->site.record.connections--;
    c->had_request = true;
    c->has_continued = false;
    c->bodydelay_ms = 0;
    c->drip_ms = 0;
    if (is_control) {
        answer_control(&c->answer, &c->set->site, r);
        c->end = c->answer.close ? CLOSE : KEEP;
        start_answer(c, 0);
    } else {
        answer_script(c, r);
    }
    if (!closes)
        return AGAIN;
    c->end = CLOSE;
    return GONE;
}

static void send_continue(struct conn *c)
{
    struct span go_on = SPAN("HTTP/1.1 100 Continue\r\n\r\n");

    if (!c->has_continued)
        stream_write(&c->stream, go_on.p, go_on.n);
    c->has_continued = true;
}

static enum step take_request(struct conn *c)
{
    struct http_request *r = &c->set->request;
    size_t used = 0;
    enum http_result result = c->in.n == 0 ? HTTP_MORE : http_parse(text_span(&c->in), r, &used);

    if (result == HTTP_OK) {
        enum step step = answer_request(c, r);
        text_drop(&c->in, used);
        return step;
    }
    if (result == HTTP_BAD) {
        answer_refuse(&c->answer);
        c->end = CLOSE;
        start_answer(c, 0);
        return AGAIN;
    }
    if (c->in.n > 0 && r->expects)
        send_continue(c);
    return WAIT;
}

static enum step read_more(struct conn *c)
{
    text_reserve(&c->in, READ_BYTES);
    ssize_t n = stream_read(&c->stream, c->in.p + c->in.n, READ_BYTES);

    if (n <= 0)
        return n == STREAM_WAIT ? WAIT : GONE;
    c->in.n += (size_t)n;
    c->has_news = true;
    return c->kind == LISTENER_TLSBROKEN ? GONE : AGAIN;
}

static enum step read_request(struct conn *c)
{
    enum step step = c->has_news ? take_request(c) : WAIT;

    c->has_news = false;
    return step == WAIT ? read_more(c) : step;
}

static enum step end_answer(struct conn *c)
{
    c->phase = READING;
    c->has_news = c->in.n > 0;
    return c->end == KEEP ? AGAIN : GONE;
}

static enum step write_answer(struct conn *c)
{
    if (c->due_ms != 0)
        return WAIT;
    while (c->sent < c->allowed) {
        ssize_t n = stream_write(&c->stream, c->answer.out.p + c->sent, c->allowed - c->sent);
        if (n <= 0)
            return n == STREAM_WAIT ? WAIT : GONE;
        c->sent += (size_t)n;
    }
    if (c->sent == c->answer.out.n)
        return end_answer(c);
    start_pause(c, c->sent == c->answer.head_bytes && c->bodydelay_ms > 0 ? c->bodydelay_ms : c->drip_ms);
    return WAIT;
}

static enum step run_phase(struct conn *c)
{
    switch (c->phase) {
    case READING:
        return read_request(c);
    case ANSWERING:
        return write_answer(c);
    case SILENT:
        break;
    }
    return c->has_peer_ended ? GONE : WAIT;
}

void conn_run(struct conn *c)
{
    enum step step;

    do
        step = run_phase(c);
    while (step == AGAIN);
    if (step == GONE)
        remove_conn(c);
}

void conn_hang_up(struct conn *c)
{
    c->has_peer_ended = true;
    conn_run(c);
}

void conn_add(struct conn_set *set, int fd, enum listener_kind kind)
{
    struct conn *c = calloc(1, sizeof(*c));
    struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c };
    int on = 1;

    if (c == NULL)
        err(1, "calloc");
    c->set = set;
    c->kind = kind;
    c->phase = kind == LISTENER_SILENT ? SILENT : READING;
    if (kind != LISTENER_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    stream_open(&c->stream, fd, kind == LISTENER_TLS ? set->tls : NULL);
    c->next = set->all;
    if (set->all != NULL)
        set->all->previous = c;
    set->all = c;
    set->site.record.connections++;
    if (kind == LISTENER_HASTY) {
        answer_hasty(&c->answer);
        c->end = CLOSE;
        start_answer(c, 0);
    }
    if (epoll_ctl(set->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        err(1, "epoll_ctl");
}

int conn_wait_ms(const struct conn_set *set)
{
    if (set->pausing == NULL)
        return -1;
    int64_t wait = set->next_due_ms - now_ms();
    if (wait <= 0)
        return 0;
    return wait > INT_MAX ? INT_MAX : (int)wait;
}

void conn_run_due(struct conn_set *set)
{
    int64_t now = now_ms();
    struct conn *next;

    if (set->pausing == NULL || now < set->next_due_ms)
        return;
    set->next_due_ms = INT64_MAX;
    for (struct conn *c = set->pausing; c != NULL; c = next) {
        next = c->next_pausing;
        if (c->due_ms > now) {
            set->next_due_ms = c->due_ms < set->next_due_ms ? c->due_ms : set->next_due_ms;
            continue;
        }
        end_pause(c);
        allow_more(c);
        conn_run(c);
    }
}

void conn_close_all(struct conn_set *set)
{
    while (set->all != NULL)
        remove_conn(set->all);
}
