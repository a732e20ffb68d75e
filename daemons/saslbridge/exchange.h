/*
 * One SASL exchange, and the session that it is part of: the inside of session.h.
 *
 * Shape:  exchange_add() keeps what AUTH tells about the client; exchange_challenge() asks the client, exchange_take()
 *         takes its answer; then the backend is asked, and its verdict ends the exchange, as exchange_refuse() does. A
 *         token that is denied makes one challenge more, and its answer ends the exchange.
 *         After any of these but exchange_add() the exchange may be gone, and outside of feed the session, too
 *         (conn.h).
 * Limits: those of session.h.
 * Owner:  the session's list owns its exchanges.
 */
#ifndef PFX_SASLBRIDGE_EXCHANGE_H
#define PFX_SASLBRIDGE_EXCHANGE_H

#include "backend.h"
#include "buf.h"
#include "loop.h"
#include "sasl.h"
#include "session.h"
#include "subject.h"

enum session_stage { SESSION_EXPECTS_VERSION, SESSION_EXPECTS_CPID, SESSION_READY };

struct session {
    struct conn *conn;
    const struct config_entry *entry;
    enum session_stage stage;
    uint32_t minor;
    struct exchange *exchanges; /* conn->begun of them */
};

struct exchange {
    struct session *session;
    struct exchange *next;
    uint32_t id;
    enum sasl_mechanism mechanism;
    struct subject_login login; /* without user and password */
    struct buf fields;          /* the bytes of login */
    struct buf name;            /* empty: not known yet */
    struct backend_call *call;  /* NULL: the client has to answer */
    bool is_denied;             /* the client was told why */
    struct buf denial;          /* the reason of its FAIL */
    struct loop_timer expiry;
};

struct exchange *exchange_add(struct session *session, const struct authproto_request *auth,
                              enum sasl_mechanism mechanism);
void exchange_remove(struct exchange *exchange); /* asks nothing any more, and says nothing */

void exchange_challenge(struct exchange *exchange, struct span challenge);
void exchange_take(struct exchange *exchange, struct span response_base64);

/* Without a backend having been asked; code as in authproto_failure. */
void exchange_refuse(struct exchange *exchange, const char *code, const char *why);

/* FAIL into conn_out(), of an exchange or of none. */
void exchange_put_fail(struct session *session, uint32_t id, struct authproto_failure failure);

#endif
