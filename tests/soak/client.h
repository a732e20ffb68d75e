/*
 * One process of Postfix: a connection, and a question on it now and then.
 *
 * Shape:  client_run() goes on after an event of the socket (level-triggered, with the client as its data), or when
 *         something is due; client_is_due() says so. Busy clients ask every pause_us on average, and make their
 *         connection anew after one question in CLIENT_QUESTIONS; idle ones ask, and rest for the time that
 *         CLIENT_IDLE_* give. One question in CLIENT_VANISHES is not waited for: the client leaves after the first half
 *         of it, or after all of it.
 * Errors: a connection that breaks before the answer is made anew once, at once, and so is one that was found closed;
 *         a question that breaks again, or that cannot connect, is lost, as it is after limit_us without an answer.
 *         With team->killed_us within its life, or shortly before, it is lost_killed. With end_is_temp the end in
 *         the place of an answer is a temporary failure, but not in the place of the greeting.
 * Owner:  the team is the caller's; client_close() closes the socket and gives the buffers back.
 * Source: Postfix util/dict_sockmap.c, util/attr_clnt.c, xsasl/xsasl_dovecot_server.c.
 */
#ifndef SOAK_CLIENT_H
#define SOAK_CLIENT_H

#include "../client/address.h"
#include "count.h"
#include "protocol.h"
#include "random.h"

#define CLIENT_QUESTIONS 100 /* max_use of a process of Postfix */
#define CLIENT_VANISHES 200
#define CLIENT_IDLE_MIN_S 30
#define CLIENT_IDLE_MAX_S 300 /* smtpd_policy_service_max_idle */

/* What the clients of one protocol have in common. */
struct team {
    const struct protocol *protocol;
    struct address address;
    struct count count;
    struct random *random;
    const int64_t *killed_us; /* when a worker was killed last; 0: never */
    int epoll;
    int64_t pause_us;
    size_t busy; /* clients that wait for an answer */
};

enum client_state { CLIENT_RESTS, CLIENT_GREETS, CLIENT_WAITS };

struct client {
    struct team *team;
    enum client_state state;
    bool is_idle;
    bool was_closed; /* by the server, between two questions */
    bool has_greeted;
    bool has_retried; /* this question */
    int fd;           /* -1: not connected */
    unsigned id;      /* of the last question */
    int64_t due_us;   /* of the next question, while it rests */
    int64_t started_us;
    struct question question;
    struct bytes in, out;
};

void client_init(struct client *c, struct team *team, bool is_idle, int64_t now_us);
void client_ask(struct client *c);
void client_run(struct client *c); /* after an event */
void client_check_time(struct client *c, int64_t now_us);
void client_close(struct client *c); /* of a client that rests; it may ask again */

static inline bool client_is_due(const struct client *c, int64_t now_us)
{
    return c->state == CLIENT_RESTS && now_us >= c->due_us;
}

#endif
