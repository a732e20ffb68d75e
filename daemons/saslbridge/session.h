/*
 * A client of pfx-saslbridge: the SASL exchanges that it has begun, by their id.
 *
 * Shape:  an exchange waits for the client (a challenge was sent) or for the backend (its answer is due), and ends with
 *         OK, FAIL or CANCEL. A temporary failure ends the connection, once nothing else is due on it, when the client
 *         would take FAIL for a wrong password.
 * Units:  milliseconds.
 * Limits: SESSION_EXCHANGES_MAX at a time; SESSION_EXCHANGE_MAX_MS for the client's answers, then the exchange is
 *         forgotten. From a client of minor version 0, which has one at a time and never cancels, AUTH drops those that
 *         wait for it.
 * Errors: session_auth() and session_cont() return what the client did wrong, a constant text, or NULL.
 * Owner:  the connection owns the session (conn->call). Passwords live in secret buffers for as long as they are needed.
 * Source: Dovecot, auth client protocol 1.2 (MASTER_AUTH_SERVER_TIMEOUT_SECS); Postfix xsasl/xsasl_dovecot_server.c.
 */
#ifndef PFX_SASLBRIDGE_SESSION_H
#define PFX_SASLBRIDGE_SESSION_H

#include "authproto.h"
#include "conn.h"
#include "worker.h"

#define SESSION_EXCHANGES_MAX 64
#define SESSION_EXCHANGE_MAX_MS 150000

enum session_stage { SESSION_EXPECTS_VERSION, SESSION_EXPECTS_CPID, SESSION_READY };

struct exchange;

struct session {
    struct conn *conn;
    const struct config_entry *entry; /* NULL: there is none to serve */
    enum session_stage stage;
    uint32_t minor; /* of the client's VERSION */
    struct exchange *exchanges;
    size_t exchange_count;
};

struct session *session_new(struct conn *conn, const struct config_entry *entry);
void session_free(struct session *session); /* asks nothing any more */

/* line is the whole of AUTH, from which request was decoded. */
const char *session_auth(struct session *session, const struct authproto_request *request, struct span line);
const char *session_cont(struct session *session, const struct authproto_request *request);
void session_cancel(struct session *session, uint32_t id);

#endif
