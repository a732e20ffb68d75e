#include "session.h"

#include "exchange.h"
#include "log.h"
#include "mem.h"

static struct exchange *find(struct session *session, uint32_t id)
{
    struct exchange *exchange = session->exchanges;

    while (exchange != NULL && exchange->id != id)
        exchange = exchange->next;
    return exchange;
}

static void drop_waiting(struct session *session)
{
    for (struct exchange *exchange = session->exchanges, *next; exchange != NULL; exchange = next) {
        next = exchange->next;
        if (exchange->call == NULL)
            exchange_remove(exchange);
    }
}

/* Without an exchange. */
static void refuse_request(struct session *session, const struct authproto_request *request, const char *why)
{
    char peer[CONN_PEER_MAX_BYTES];

    log_info("peer=%s: login refused: %s", conn_peer(session->conn, peer), why);
    exchange_put_fail(session, request->id, (struct authproto_failure){ .reason = span_text(why) });
    conn_send(session->conn);
}

/* Does the entry offer the mechanism? Without an entry the usual ones were offered. */
static bool is_offered(const struct session *session, struct span name, enum sasl_mechanism *mechanism)
{
    return sasl_find(name, mechanism) &&
           (session->entry == NULL
                ? !sasl_is_oauth(*mechanism)
                : config_has_string(&session->entry->mechanisms, span_text(sasl_name(*mechanism))));
}

static const char *begin(struct session *session, const struct authproto_request *request)
{
    enum sasl_mechanism mechanism;

    if (session->minor == 0)
        drop_waiting(session);
    if (find(session, request->id) != NULL)
        return "AUTH has an ID that is in use";
    if (session->conn->begun == SESSION_EXCHANGES_MAX)
        return "AUTH while " SPAN_NUMBER_TEXT(SESSION_EXCHANGES_MAX) " others are not finished";
    if (!is_offered(session, request->mechanism, &mechanism)) {
        refuse_request(session, request, "mechanism not offered");
        return NULL;
    }
    struct exchange *exchange = exchange_add(session, request, mechanism);
    if (request->has_response && sasl_begins_with(mechanism, request->response))
        exchange_take(exchange, request->response);
    else
        exchange_challenge(exchange, sasl_challenge(mechanism));
    return NULL;
}

static const char *go_on(struct session *session, const struct authproto_request *request)
{
    struct exchange *exchange = find(session, request->id);

    if (exchange == NULL)
        refuse_request(session, request, "authentication request timed out");
    else if (exchange->call != NULL)
        exchange_refuse(exchange, "", "unexpected continuation");
    else
        exchange_take(exchange, request->response);
    return NULL;
}

static const char *cancel(struct session *session, const struct authproto_request *request)
{
    struct exchange *exchange = find(session, request->id);

    if (exchange != NULL)
        exchange_remove(exchange);
    return NULL;
}

static const char *greet(struct session *session, const struct authproto_request *request)
{
    if (session->stage == SESSION_EXPECTS_VERSION && request->command == AUTHPROTO_VERSION) {
        session->stage = SESSION_EXPECTS_CPID;
        session->minor = request->minor;
        return request->major == AUTHPROTO_MAJOR ? NULL : "unknown major version";
    }
    if (session->stage == SESSION_EXPECTS_CPID && request->command == AUTHPROTO_CPID) {
        session->stage = SESSION_READY;
        conn_served(session->conn);
        return NULL;
    }
    return session->stage == SESSION_EXPECTS_VERSION ? "VERSION must come first" : "CPID must follow VERSION";
}

const char *session_obey(struct session *session, const struct authproto_request *request)
{
    if (session->stage != SESSION_READY)
        return greet(session, request);
    switch (request->command) {
    case AUTHPROTO_AUTH:
        return begin(session, request);
    case AUTHPROTO_CONT:
        return go_on(session, request);
    case AUTHPROTO_CANCEL:
        return cancel(session, request);
    case AUTHPROTO_VERSION:
    case AUTHPROTO_CPID:
        return "a second handshake";
    case AUTHPROTO_EMPTY:
        return "an empty line";
    case AUTHPROTO_UNKNOWN:
        break;
    }
    return "unknown command";
}

uint32_t session_minor(const struct session *session)
{
    return session->minor;
}

struct session *session_new(struct conn *conn, const struct config_entry *entry)
{
    struct session *session = mem_alloc(sizeof(*session));

    session->conn = conn;
    session->entry = entry;
    return session;
}

void session_free(struct session *session)
{
    while (session->exchanges != NULL)
        exchange_remove(session->exchanges);
    mem_free(session);
}
