/*
 * A client of pfx-saslbridge: its handshake, and the SASL exchanges that it has begun, by their id.
 *
 * Shape:  an exchange waits for the client (a challenge was sent) or for the backend (its answer is due), and ends with
 *         OK, FAIL or CANCEL. When a token is denied, a challenge says why (oauth.h), and FAIL comes after whatever
 *         answers it. A temporary failure ends the connection, once nothing else is due on it, when the client would
 *         take FAIL for a wrong password.
 * Units:  milliseconds.
 * Limits: SESSION_EXCHANGES_MAX at a time; SESSION_EXCHANGE_MAX_MS from AUTH to the client's last answer, and from a
 *         denial to its answer, then the exchange is forgotten. From a client of minor version 0, which has one at a
 *         time and never cancels, AUTH drops those that wait for it. SESSION_FIELD_MAX_BYTES of each parameter of AUTH;
 *         a longer one, an address that is none and a port that is no number are as if they were not there.
 * Errors: session_obey() returns what the client did wrong, a constant text, or NULL.
 * Owner:  the connection owns the session (conn->call). Passwords live in secret buffers, for as long as they are
 *         needed.
 * Source: Dovecot, auth client protocol 1.2 (MASTER_AUTH_SERVER_TIMEOUT_SECS); Postfix xsasl/xsasl_dovecot_server.c.
 */
#ifndef PFX_SASLBRIDGE_SESSION_H
#define PFX_SASLBRIDGE_SESSION_H

#include "authproto.h"
#include "config.h"
#include "conn.h"

#define SESSION_EXCHANGES_MAX 64
#define SESSION_EXCHANGE_MAX_MS 150000
#define SESSION_FIELD_MAX_BYTES 255

struct session;

/* entry: NULL: there is none to serve. */
struct session *session_new(struct conn *conn, const struct config_entry *entry);
void session_free(struct session *session); /* asks nothing any more */

/* What the client's VERSION said; 0 before. */
uint32_t session_minor(const struct session *session);

const char *session_obey(struct session *session, const struct authproto_request *request);

#endif
