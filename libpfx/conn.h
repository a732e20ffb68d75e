/*
 * Client connections of a worker: read, hand requests to a protocol, write answers.
 *
 * Shape:  a connection is
 *           READING   waits for bytes; conn_ops.feed gets all that has come, until it says CODEC_MORE;
 *           WAITING   conn->due answers will come by themselves, which the protocol counts. A serial protocol (its
 *                     answers carry no id) has one at a time, and nothing is read meanwhile; others go on reading. A
 *                     client that leaves is noticed (conn_ops.gone);
 *           FLUSHING  an answer is not written yet; nothing is read, so a client that does not read cannot make us
 *                     store more;
 *           ENDING    nothing is read any more: it is closed when no answer is due.
 *         An answer is encoded into conn_out(), then conn_send() is called, from inside feed or later. After
 *         conn_send(), conn_end() and conn_close() outside of feed the connection may be gone: do not touch it again.
 * Units:  bytes, milliseconds.
 * Limits: conn_ops.request_max_bytes of input and conn_ops.answer_max_bytes of output a connection;
 *         CONN_WRITE_TIMEOUT_MS for a client that does not take its answer. No idle limit, unless conn_ops has one:
 *         Postfix decides when to leave.
 * Errors: what a client does wrong costs it its connection and gives one log line.
 * Owner:  the set owns its connections. A half-closed client still gets its answers.
 */
#ifndef PFX_CONN_H
#define PFX_CONN_H

#include "buf.h"
#include "codec.h"
#include "log.h"
#include "loop.h"
#include "peer.h"

#define CONN_WRITE_TIMEOUT_MS 10000
#define CONN_READ_BYTES 4096    /* asked of one read(2) at first; a longer request gets more */
#define CONN_PEER_MAX_BYTES PEER_MAX_BYTES
#define CONN_LAST_READS 16      /* of what a client has still sent, before it is closed */

struct conn;

struct conn_ops {
    size_t request_max_bytes;
    size_t answer_max_bytes; /* of all that may be due at a time */
    bool is_serial;
    bool leaves_on_drain; /* close after the answer in progress; else serve until the client goes, or hurry */
    bool resets;          /* a TCP connection ends by a reset, whoever ends it: the client notices at its next write */
    bool is_secret;       /* what the client sends is wiped when it was read */
    int64_t idle_limit_ms; /* that it may take a client until its next request has come whole; 0: none */
    void (*opened)(struct conn *conn); /* may greet, by what it puts into conn_out(); NULL: does not */
    enum codec_result (*feed)(struct conn *conn, struct span in, size_t *used, const char **why);
    void (*gone)(struct conn *conn); /* before it is closed, if conn->call is set: cancel what is due */
};

/* What each request needs comes first: a worker may have more connections than its processor's cache has room for. */
struct conn {
    struct loop_io io;
    struct conn_set *set;
    struct buf in;
    struct buf out;
    void *call;      /* the protocol's */
    size_t due;      /* answers that will come without the client doing anything; the protocol counts */
    size_t begun;    /* exchanges not finished, also those in which the client has to go on; the protocol counts */
    bool was_served; /* at least one request was answered, or its handshake is complete */
    bool feeding;    /* feed is on the stack */
    bool ending;
    bool trace;     /* debug_peer names the client */
    struct loop_timer write_limit;
    struct loop_timer idle_limit;
    struct conn *next, *previous;
};

enum conn_event { CONN_OPENED, CONN_CLOSED, CONN_MALFORMED };

struct conn_set {
    struct loop *loop;
    const struct conn_ops *ops;
    void *context;                             /* the protocol's, for feed */
    bool (*traces)(void *context, const char *address); /* is that client address in debug_peer? NULL: none is */
    void (*served)(struct conn_set *set);      /* after each answer, and when conn_served() says so */
    void (*emptied)(struct conn_set *set);     /* see ends_when_empty */
    void (*count_event)(struct conn_set *set, enum conn_event event); /* NULL: nobody counts. set->count holds it */
    size_t count;
    uint32_t opened; /* so far, this one included when conn_ops.opened is called */
    struct conn *first;
    struct buf spare_in, spare_out; /* room to read into, and for answers, which nobody uses now */
    struct log_limit cut_off;
    bool draining;
    bool hurries;
    bool ends_when_empty;                      /* then emptied is called once the last connection has gone */
};

size_t conn_set_drain(struct conn_set *set);        /* connections leave as their protocol allows; how many did */
size_t conn_set_hurry(struct conn_set *set);        /* while it drains: all leave as soon as they are idle; as above */
void conn_set_close(struct conn_set *set);          /* closes everything at once */

/* A connection on a socket that was accepted; NULL: it is closed again. */
struct conn *conn_open(struct conn_set *set, int fd);
void conn_close(struct conn *conn);

struct buf *conn_out(struct conn *conn); /* where answers go; until the next call of this module */
void conn_send(struct conn *conn);   /* conn_out() holds one answer more */
void conn_end(struct conn *conn);    /* as soon as nothing is due; what the client still sends is not read */
void conn_served(struct conn *conn); /* without an answer: its handshake is complete */

/* Who it is, for the log: a process id on a UNIX socket, else address and port. */
const char *conn_peer(const struct conn *conn, char text[CONN_PEER_MAX_BYTES]);

#endif
