#include "session.h"

#include "backend.h"
#include "base64.h"
#include "mem.h"
#include "sasl.h"

struct exchange {
    struct session *session;
    struct exchange *next;
    uint32_t id;
    enum sasl_mechanism mechanism;
    struct buf line; /* the AUTH that began it */
    struct buf name; /* empty: not known yet */
    struct backend_call *call; /* NULL: the client has to answer */
    struct loop_timer expiry;
};

static struct exchange **find(struct session *session, uint32_t id)
{
    struct exchange **at = &session->exchanges;

    while (*at != NULL && (*at)->id != id)
        at = &(*at)->next;
    return at;
}

static void remove_exchange(struct exchange *exchange)
{
    struct session *session = exchange->session;
    struct exchange **at = find(session, exchange->id);

    if (exchange->call != NULL) {
        backend_cancel(exchange->call);
        session->conn->due--;
    }
    *at = exchange->next;
    session->exchange_count--;
    loop_cancel(session->conn->set->loop, &exchange->expiry);
    buf_free(&exchange->line);
    buf_free(&exchange->name);
    mem_free(exchange);
}

static void expired(struct loop_timer *timer)
{
    struct exchange *exchange = LOOP_OWNER(timer, struct exchange, expiry);

    if (exchange->call == NULL)
        remove_exchange(exchange);
}

static struct exchange *add_exchange(struct session *session, uint32_t id, struct span line)
{
    struct loop *loop = session->conn->set->loop;
    struct exchange *exchange = mem_alloc(sizeof(*exchange));

    exchange->session = session;
    exchange->id = id;
    buf_init(&exchange->line, AUTHPROTO_LINE_MAX_BYTES);
    exchange->line.secret = true; /* may hold an initial response */
    buf_add(&exchange->line, line);
    buf_init(&exchange->name, SASL_NAME_MAX_BYTES);
    exchange->expiry.due = expired;
    loop_at(loop, &exchange->expiry, loop->now_ms + SESSION_EXCHANGE_MAX_MS);
    exchange->next = session->exchanges;
    session->exchanges = exchange;
    session->exchange_count++;
    return exchange;
}

static void drop_waiting(struct session *session)
{
    for (struct exchange *exchange = session->exchanges, *next; exchange != NULL; exchange = next) {
        next = exchange->next;
        if (exchange->call == NULL)
            remove_exchange(exchange);
    }
}

static void put_fail(struct session *session, uint32_t id, struct authproto_failure failure)
{
    struct buf *out = &session->conn->out;
    size_t size = authproto_fail(NULL, 0, id, &failure);

    authproto_fail(buf_reserve(out, size), size, id, &failure);
    out->n += size;
}

static void send_challenge(struct exchange *exchange, struct span challenge)
{
    char text[64];
    struct buf *out = &exchange->session->conn->out;
    struct span encoded = { text, base64_encode(text, sizeof(text), challenge) };
    size_t size = authproto_cont(NULL, 0, exchange->id, encoded);

    authproto_cont(buf_reserve(out, size), size, exchange->id, encoded);
    out->n += size;
    conn_send(exchange->session->conn);
}

static void accept_as(struct exchange *exchange, struct span account)
{
    struct conn *conn = exchange->session->conn;
    size_t size = authproto_ok(NULL, 0, exchange->id, account);

    authproto_ok(buf_reserve(&conn->out, size), size, exchange->id, account);
    conn->out.n += size;
    remove_exchange(exchange);
    conn_send(conn);
}

static void refuse(struct exchange *exchange, struct authproto_failure failure)
{
    struct session *session = exchange->session;

    failure.user = buf_span(&exchange->name);
    put_fail(session, exchange->id, failure);
    remove_exchange(exchange);
    conn_send(session->conn);
}

/* There is no exchange of that id. */
static void refuse_id(struct session *session, uint32_t id, const char *why)
{
    put_fail(session, id, (struct authproto_failure){ .reason = span_text(why) });
    conn_send(session->conn);
}

/* Without a backend having been asked. */
static void refuse_message(struct exchange *exchange, const char *code, const char *why)
{
    char peer[CONN_PEER_MAX_BYTES];

    log_info("peer=%s: login by %s refused: %s", conn_peer(exchange->session->conn, peer),
             sasl_name(exchange->mechanism), why);
    refuse(exchange, (struct authproto_failure){ .code = span_text(code), .reason = span_text(why) });
}

/* Postfix and Exim take any FAIL for wrong credentials, but a lost connection for what it is. */
static bool is_told_by_fail(const struct session *session)
{
    int way = session->entry == NULL ? CONFIG_TEMPFAIL_AUTO : session->entry->tempfail;
    return way == CONFIG_TEMPFAIL_FAIL || (way == CONFIG_TEMPFAIL_AUTO && session->minor > 0);
}

static void fail_temporarily(struct exchange *exchange)
{
    struct session *session = exchange->session;

    if (is_told_by_fail(session)) {
        refuse(exchange, (struct authproto_failure){ .code = SPAN("temp_fail"), .temporary = true,
                                                      .reason = SPAN("temporary authentication failure") });
    } else {
        remove_exchange(exchange);
        conn_end(session->conn);
    }
}

static void answered(void *arg, const struct verdict *verdict)
{
    struct exchange *exchange = arg;
    const struct backend_call *call = exchange->call;
    char what[LOG_LINE_MAX_BYTES];

    exchange->call = NULL;
    exchange->session->conn->due--;
    switch (verdict->kind) {
    case VERDICT_FOUND:
        accept_as(exchange, verdict->text);
        break;
    case VERDICT_DENIED:
        backend_describe(call, what);
        log_info("%s: denied: %s", what, verdict->detail != NULL ? verdict->detail : VERDICT_DENIED_TEXT);
        refuse(exchange, (struct authproto_failure){ .reason = verdict->text });
        break;
    default:
        fail_temporarily(exchange);
        break;
    }
}

static bool is_usable(const struct session *session)
{
    const struct worker_context *context = session->conn->set->context;

    return context->config->error == NULL && session->entry != NULL &&
           backend_error(context->backend, session->entry) == NULL;
}

static void ask(struct exchange *exchange, struct span password)
{
    struct session *session = exchange->session;
    const struct worker_context *context = session->conn->set->context;
    char memory[AUTHPROTO_LINE_MAX_BYTES];
    struct authproto_request auth;
    size_t used;
    const char *why;

    if (!is_usable(session)) {
        fail_temporarily(exchange);
        return;
    }
    authproto_decode(buf_span(&exchange->line), session->minor, memory, &auth, &used, &why); /* not for the first time */
    struct subject_login login = { .user = buf_span(&exchange->name), .password = password,
                                   .mechanism = span_text(sasl_name(exchange->mechanism)), .service = auth.service,
                                   .rip = auth.rip, .rport = auth.rport, .lip = auth.lip, .lport = auth.lport,
                                   .session = auth.session, .secured = auth.secured };
    struct backend_question question = { .entry = session->entry, .login = &login, .client = session->conn };
    session->conn->due++;
    exchange->call = backend_ask(context->backend, &question, answered, exchange);
}

/* The client's message, decoded. */
static void take_message(struct exchange *exchange, struct span message)
{
    struct sasl_step step;
    enum sasl_next next = sasl_step(exchange->mechanism, buf_span(&exchange->name), message, &step);

    if (exchange->name.n == 0)
        buf_add(&exchange->name, step.credentials.name);
    switch (next) {
    case SASL_CHECK:
        ask(exchange, step.credentials.password);
        break;
    case SASL_GO_ON:
        send_challenge(exchange, step.challenge);
        break;
    case SASL_REFUSED:
        refuse_message(exchange, step.code, step.why);
        break;
    }
}

static void take(struct exchange *exchange, struct span response)
{
    struct buf message;
    size_t n;

    buf_init(&message, AUTHPROTO_LINE_MAX_BYTES);
    message.secret = true;
    char *to = buf_reserve(&message, response.n);
    if (base64_decode(to, response.n, response, &n))
        take_message(exchange, span_make(to, n));
    else
        refuse_message(exchange, "invalid_base64", "invalid base64 data");
    buf_free(&message);
}

/* Does the entry offer the mechanism? Without an entry the usual ones were offered. */
static bool is_offered(const struct session *session, struct span name, enum sasl_mechanism *mechanism)
{
    return sasl_find(name, mechanism) &&
           (session->entry == NULL ||
            config_has_string(&session->entry->mechanisms, span_text(sasl_name(*mechanism))));
}

const char *session_auth(struct session *session, const struct authproto_request *request, struct span line)
{
    enum sasl_mechanism mechanism;

    if (*find(session, request->id) != NULL)
        return "AUTH has an ID that is in use";
    if (session->minor == 0)
        drop_waiting(session);
    if (session->exchange_count == SESSION_EXCHANGES_MAX)
        return "AUTH while " SPAN_NUMBER_TEXT(SESSION_EXCHANGES_MAX) " others are not finished";
    if (!is_offered(session, request->mechanism, &mechanism)) {
        refuse_id(session, request->id, "mechanism not offered");
        return NULL;
    }
    struct exchange *exchange = add_exchange(session, request->id, line);
    exchange->mechanism = mechanism;
    if (request->has_response && sasl_begins_with(mechanism, request->response))
        take(exchange, request->response);
    else
        send_challenge(exchange, sasl_challenge(mechanism));
    return NULL;
}

const char *session_cont(struct session *session, const struct authproto_request *request)
{
    struct exchange *exchange = *find(session, request->id);

    if (exchange == NULL)
        refuse_id(session, request->id, "authentication request timed out");
    else if (exchange->call != NULL)
        refuse_message(exchange, "", "unexpected continuation");
    else
        take(exchange, request->response);
    return NULL;
}

void session_cancel(struct session *session, uint32_t id)
{
    struct exchange *exchange = *find(session, id);

    if (exchange != NULL)
        remove_exchange(exchange);
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
        remove_exchange(session->exchanges);
    mem_free(session);
}
