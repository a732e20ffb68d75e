#include "client.h"

#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../client/now.h"

#define READ_BYTES 4096
#define DEATH_US US_PER_S /* a process that is killed may take as long to close what it held */

static void finish_connection(struct client *c);

static void set_state(struct client *c, enum client_state state)
{
    if (c->state == CLIENT_RESTS && state != CLIENT_RESTS)
        c->team->busy++;
    if (c->state != CLIENT_RESTS && state == CLIENT_RESTS)
        c->team->busy--;
    c->state = state;
}

static void disconnect(struct client *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    c->has_greeted = false;
}

static void rest(struct client *c)
{
    struct team *team = c->team;
    uint64_t seconds = CLIENT_IDLE_MIN_S + random_below(team->random, CLIENT_IDLE_MAX_S - CLIENT_IDLE_MIN_S);
    int64_t pause_us = (int64_t)random_below(team->random, 2 * (uint64_t)team->pause_us);

    set_state(c, CLIENT_RESTS);
    c->due_us = now_us() + (c->is_idle ? (int64_t)seconds * US_PER_S : pause_us);
}

static bool was_killed(const struct client *c)
{
    int64_t killed_us = *c->team->killed_us;
    return killed_us != 0 && killed_us + DEATH_US >= c->started_us;
}

static void lose(struct client *c, const char *why)
{
    struct count *count = &c->team->count;
    char asked[QUESTION_TEXT_MAX_BYTES];

    disconnect(c);
    count->requests++;
    uint64_t *lost = was_killed(c) ? &count->lost_killed : &count->lost;
    c->team->protocol->describe(&c->question, asked);
    if ((*lost)++ < COUNT_SHOWN_MAX)
        fprintf(stderr, "lost%s: %s of %s after %" PRId64 " ms: %s\n", was_killed(c) ? " by a kill" : "", asked,
                c->team->protocol->name, (now_us() - c->started_us) / US_PER_MS, why);
    rest(c);
}

/* Also for a connection that was found closed when the question came up. */
static void retry(struct client *c, const char *why)
{
    disconnect(c);
    if (c->has_retried) {
        lose(c, why);
        return;
    }
    c->has_retried = true;
    c->team->count.retried++;
    finish_connection(c);
}

static bool transmit(struct client *c, size_t bytes)
{
    ssize_t n = send(c->fd, c->out.p, bytes, MSG_NOSIGNAL);

    if (n < 0) {
        retry(c, strerror(errno));
        return false;
    }
    if ((size_t)n != bytes)
        errx(1, "the server does not read");
    return true;
}

static void vanish(struct client *c)
{
    size_t bytes = random_one_in(c->team->random, 2) ? c->out.n / 2 : c->out.n;

    send(c->fd, c->out.p, bytes, MSG_NOSIGNAL);
    disconnect(c);
    c->team->count.vanished++;
    rest(c);
}

static void put_question(struct client *c)
{
    c->in.n = c->out.n = 0;
    c->question.id = ++c->id;
    c->team->protocol->ask(&c->out, &c->question);
    set_state(c, CLIENT_WAITS);
    if (!c->has_retried && random_one_in(c->team->random, CLIENT_VANISHES))
        vanish(c);
    else
        transmit(c, c->out.n);
}

static void greet(struct client *c)
{
    c->in.n = c->out.n = 0;
    protocol_greet(&c->out);
    set_state(c, CLIENT_GREETS);
    transmit(c, c->out.n);
}

/* Connects if need be. A UNIX socket is connected at once or not at all. */
static void finish_connection(struct client *c)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };

    if (c->fd < 0) {
        c->fd = address_connect(&c->team->address);
        if (c->fd < 0) {
            lose(c, strerror(errno));
            return;
        }
        if (epoll_ctl(c->team->epoll, EPOLL_CTL_ADD, c->fd, &event) < 0)
            err(1, "epoll_ctl");
    }
    if (c->team->protocol->greets && !c->has_greeted)
        greet(c);
    else
        put_question(c);
}

static struct question choose(const struct team *team)
{
    size_t entries = 1;

    while (entries < PROTOCOL_ENTRIES_MAX && team->protocol->entries[entries] != NULL)
        entries++;
    return (struct question){ .number = (unsigned)random_below(team->random, QUESTION_COUNT),
                              .entry = team->protocol->entries[random_below(team->random, entries)],
                              .wrong_password = random_one_in(team->random, 4),
                              .by_login = random_one_in(team->random, 3) };
}

void client_ask(struct client *c)
{
    c->question = choose(c->team);
    c->started_us = now_us();
    c->has_retried = c->was_closed;
    c->was_closed = false;
    finish_connection(c);
}

static void end_question(struct client *c, enum answer answer)
{
    struct count *count = &c->team->count;
    char asked[QUESTION_TEXT_MAX_BYTES];

    count->requests++;
    count_time(count, now_us() - c->started_us);
    count->found += answer == ANSWER_FOUND;
    count->nothing += answer == ANSWER_NOTHING;
    count->denied += answer == ANSWER_DENIED;
    count->temp += answer == ANSWER_TEMP;
    if (answer == ANSWER_WRONG) {
        c->team->protocol->describe(&c->question, asked);
        count_wrong(count, asked, &c->in);
    }
    if (answer == ANSWER_WRONG || (!c->is_idle && random_one_in(c->team->random, CLIENT_QUESTIONS)))
        disconnect(c);
    rest(c);
}

static void hear(struct client *c)
{
    enum answer answer;

    if (c->state == CLIENT_GREETS) {
        c->has_greeted = protocol_has_greeting(&c->in);
        if (c->has_greeted)
            put_question(c);
        return;
    }
    c->out.n = 0;
    answer = c->team->protocol->hear(&c->in, &c->out, &c->question);
    if (answer == ANSWER_SAID)
        transmit(c, c->out.n);
    else if (answer != ANSWER_MORE)
        end_question(c, answer);
}

/* What comes without a question is an answer to another one. */
static void hear_uncalled(struct client *c, ssize_t n)
{
    disconnect(c);
    c->team->count.idle_closed += n <= 0;
    c->was_closed = n <= 0;
    if (n > 0)
        count_wrong(&c->team->count, "nothing", &c->in);
}

static void notice_end(struct client *c, const char *why)
{
    if (c->state == CLIENT_GREETS) {
        lose(c, "the connection was closed before the greeting");
    } else if (c->team->protocol->end_is_temp) {
        disconnect(c);
        end_question(c, ANSWER_TEMP);
    } else {
        retry(c, why);
    }
}

void client_run(struct client *c)
{
    if (c->fd < 0)
        return; /* closed in the same turn */
    bytes_reserve(&c->in, READ_BYTES);
    ssize_t n = recv(c->fd, c->in.p + c->in.n, READ_BYTES, MSG_DONTWAIT);

    if (n < 0 && errno == EAGAIN)
        return;
    c->in.n += n > 0 ? (size_t)n : 0;
    if (c->state == CLIENT_RESTS)
        hear_uncalled(c, n);
    else if (n > 0)
        hear(c);
    else
        notice_end(c, n == 0 ? "the connection was closed twice" : strerror(errno));
}

void client_check_time(struct client *c, int64_t now_us)
{
    if (c->state != CLIENT_RESTS && now_us - c->started_us > c->team->protocol->limit_us)
        lose(c, "no answer in time");
}

void client_init(struct client *c, struct team *team, bool is_idle, int64_t now_us)
{
    *c = (struct client){ .team = team, .fd = -1, .is_idle = is_idle };
    c->due_us = now_us + (int64_t)random_below(team->random, US_PER_S); /* all of them connect in the first second */
}

void client_close(struct client *c)
{
    disconnect(c);
    bytes_free(&c->in);
    bytes_free(&c->out);
}
