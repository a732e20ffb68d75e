/*
 * One connection of a Postfix process: a question at a time, its own reply.
 *
 * Shape:  peer_connect() and peer_ask() start something, peer_run() goes on with it after an event of the socket
 *         (registered once, edge-triggered, with the peer as its data). A question that ends is in the tally.
 * Limits: PEER_LIMIT_MS for an answer, reconnect included.
 * Errors: a connection that breaks while a question is sent or awaited: one immediate reconnect and resend. A second
 *         break, a failed connect (a full backlog of a UNIX socket is one), or no answer in time: lost.
 * Owner:  peer_free() closes the socket and gives the buffers back.
 */
#ifndef CLIENT_PEER_H
#define CLIENT_PEER_H

#include <stdint.h>

#include "address.h"
#include "bytes.h"
#include "tally.h"

#define PEER_LIMIT_MS 10000
#define PEER_KEY_MAX_BYTES 256

enum peer_state { PEER_RESTING, PEER_CONNECTING, PEER_SENDING, PEER_WAITING };

/* What the peers have in common. */
struct peer_team {
    struct address address;
    const char *name;
    const char *expect; /* as tally_reply() takes it */
    struct tally tally;
    size_t busy; /* peers that do not rest */
    int epoll;
};

struct peer {
    struct peer_team *team;
    int fd; /* -1: not connected */
    enum peer_state state;
    int attempt; /* 0: no question */
    uint64_t asked;
    bool is_idle; /* a connection kept without questions */
    bool has_peer_ended;
    int64_t started_us;
    size_t sent;
    char key[PEER_KEY_MAX_BYTES];
    struct bytes request, reply;
};

void peer_init(struct peer *p, struct peer_team *team, bool is_idle);
void peer_connect(struct peer *p); /* no question yet */
void peer_ask(struct peer *p, const char *prefix, uint64_t number); /* of a peer that rests */
void peer_run(struct peer *p, uint32_t events);
void peer_check_time(struct peer *p, int64_t time_us);
void peer_free(struct peer *p);

#endif
