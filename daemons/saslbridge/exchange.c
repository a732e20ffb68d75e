#include "exchange.h"

#include "base64.h"
#include "config_host.h"
#include "log.h"
#include "mem.h"
#include "oauth.h"
#include "worker.h"

#define FIELDS_MAX_BYTES    ((size_t)6 * SESSION_FIELD_MAX_BYTES)
#define PORT_MAX_BYTES      5
#define CHALLENGE_MAX_BYTES ((size_t)4096)
#define ENCODED_MAX_BYTES   ((CHALLENGE_MAX_BYTES + 2) / 3 * 4)

_Static_assert(ENCODED_MAX_BYTES + sizeof("CONT\t4294967295\t\n") <= AUTHPROTO_REPLY_MAX_BYTES, "room for a challenge");

void exchange_remove(struct exchange *exchange)
{
    struct session *session = exchange->session;
    struct exchange **at = &session->exchanges;

    while (*at != exchange)
        at = &(*at)->next;
    if (exchange->call != NULL) {
        backend_cancel(exchange->call);
        session->conn->due--;
    }
    *at = exchange->next;
    session->conn->begun--;
    loop_cancel(session->conn->set->loop, &exchange->expiry);
    buf_free(&exchange->fields);
    buf_free(&exchange->name);
    buf_free(&exchange->denial);
    mem_free(exchange);
}

static void expired(struct loop_timer *timer)
{
    struct exchange *exchange = LOOP_OWNER(timer, struct exchange, expiry);

    if (exchange->call == NULL)
        exchange_remove(exchange);
}

static struct span keep(struct exchange *exchange, struct span value)
{
    if (value.n > SESSION_FIELD_MAX_BYTES)
        return SPAN("");
    char *copy = buf_extend(&exchange->fields, value.n);
    if (value.n > 0)
        memcpy(copy, value.p, value.n);
    return span_make(copy, value.n);
}

static struct span keep_address(struct exchange *exchange, struct span value)
{
    return keep(exchange, config_host_is_address(value, NULL) ? value : SPAN(""));
}

static struct span keep_port(struct exchange *exchange, struct span value)
{
    for (size_t i = 0; i < value.n; i++)
        if (value.p[i] < '0' || value.p[i] > '9')
            return SPAN("");
    return keep(exchange, value.n <= PORT_MAX_BYTES ? value : SPAN(""));
}

struct exchange *exchange_add(struct session *session, const struct authproto_request *auth,
                              enum sasl_mechanism mechanism)
{
    struct loop *loop = session->conn->set->loop;
    struct exchange *exchange = mem_alloc(sizeof(*exchange));

    exchange->session = session;
    exchange->id = auth->id;
    exchange->mechanism = mechanism;
    buf_init(&exchange->fields, FIELDS_MAX_BYTES);
    buf_reserve(&exchange->fields, FIELDS_MAX_BYTES); /* the bytes must not move */
    exchange->login = (struct subject_login){
        .mechanism = span_text(sasl_name(mechanism)),
        .service = keep(exchange, auth->service),
        .rip = keep_address(exchange, auth->rip),
        .rport = keep_port(exchange, auth->rport),
        .lip = keep_address(exchange, auth->lip),
        .lport = keep_port(exchange, auth->lport),
        .session = keep(exchange, auth->session),
        .secured = auth->secured,
        .is_token = sasl_is_oauth(mechanism),
    };
    buf_init(&exchange->name, SASL_NAME_MAX_BYTES);
    buf_init(&exchange->denial, VERDICT_ERROR_MAX_BYTES);
    exchange->expiry.due = expired;
    loop_at(loop, &exchange->expiry, loop->now_ms + SESSION_EXCHANGE_MAX_MS);
    exchange->next = session->exchanges;
    session->exchanges = exchange;
    session->conn->begun++;
    return exchange;
}

void exchange_put_fail(struct session *session, uint32_t id, struct authproto_failure failure)
{
    size_t size = authproto_fail(NULL, 0, id, &failure);

    authproto_fail(buf_extend(conn_out(session->conn), size), size, id, &failure);
}

void exchange_challenge(struct exchange *exchange, struct span challenge)
{
    struct conn *conn = exchange->session->conn;
    char text[ENCODED_MAX_BYTES];
    struct span encoded = { text, base64_encode(text, sizeof(text), challenge) };
    size_t size = authproto_cont(NULL, 0, exchange->id, encoded);

    authproto_cont(buf_extend(conn_out(conn), size), size, exchange->id, encoded);
    conn_send(conn);
}

static void accept_as(struct exchange *exchange, struct span account)
{
    struct conn *conn = exchange->session->conn;
    size_t size = authproto_ok(NULL, 0, exchange->id, account);

    authproto_ok(buf_extend(conn_out(conn), size), size, exchange->id, account);
    exchange_remove(exchange);
    conn_send(conn);
}

static void refuse(struct exchange *exchange, struct authproto_failure failure)
{
    struct session *session = exchange->session;

    failure.user = buf_span(&exchange->name);
    exchange_put_fail(session, exchange->id, failure);
    exchange_remove(exchange);
    conn_send(session->conn);
}

void exchange_refuse(struct exchange *exchange, const char *code, const char *why)
{
    const struct session *session = exchange->session;
    char peer[CONN_PEER_MAX_BYTES];

    log_info("sasl=%s, mechanism=%s, client=[%.*s], peer=%s: refused: %s",
             session->entry == NULL ? "" : session->entry->name, sasl_name(exchange->mechanism),
             (int)exchange->login.rip.n, exchange->login.rip.p, conn_peer(session->conn, peer), why);
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
        exchange_remove(exchange);
        conn_end(session->conn);
    }
}

/* A mail program may be told where its provider is, but nothing about the inside of a network. */
static bool is_public(const struct config_oidc *oidc)
{
    struct span uri = span_text(oidc->configuration_uri);
    return oidc->configuration.tls && span_find(uri, '?') == uri.n;
}

/* A challenge that is too long goes without what may be left out. */
static size_t write_denial(const struct exchange *exchange, const struct verdict *verdict,
                           char text[CHALLENGE_MAX_BYTES])
{
    const struct config_oidc *oidc = exchange->session->entry->sasl_oidc;
    const struct config_strings *scopes = oidc->required_scopes.count > 0 ? &oidc->required_scopes : &oidc->scopes;
    struct buf memory;

    buf_init(&memory, CHALLENGE_MAX_BYTES);
    struct oauth_challenge challenge = {
        .is_xoauth2 = exchange->mechanism == SASL_XOAUTH2,
        .error = verdict->lacks_scope ? OAUTH_INSUFFICIENT_SCOPE : OAUTH_INVALID_TOKEN,
        .scope = config_join(scopes, ' ', &memory),
        .configuration = is_public(oidc) ? span_text(oidc->configuration_uri) : SPAN(""),
    };
    size_t n = oauth_challenge(text, CHALLENGE_MAX_BYTES, &challenge);
    if (n > CHALLENGE_MAX_BYTES) {
        challenge.scope = challenge.configuration = SPAN("");
        n = oauth_challenge(text, CHALLENGE_MAX_BYTES, &challenge);
    }
    buf_free(&memory);
    return n;
}

/* The client has to answer before it is refused; what it answers does not matter. */
static void explain(struct exchange *exchange, const struct verdict *verdict)
{
    struct loop *loop = exchange->session->conn->set->loop;
    char text[CHALLENGE_MAX_BYTES];

    exchange->is_denied = true;
    buf_add(&exchange->denial, verdict->text);
    loop_at(loop, &exchange->expiry, loop->now_ms + SESSION_EXCHANGE_MAX_MS);
    exchange_challenge(exchange, span_make(text, write_denial(exchange, verdict, text)));
}

static void deny(struct exchange *exchange, const struct verdict *verdict)
{
    if (verdict->is_other_name)
        refuse(exchange, (struct authproto_failure){ .code = SPAN("authz_fail"), .reason = verdict->text });
    else if (sasl_is_oauth(exchange->mechanism))
        explain(exchange, verdict);
    else
        refuse(exchange, (struct authproto_failure){ .reason = verdict->text });
}

static void answered(void *arg, const struct backend_call *call, const struct verdict *verdict)
{
    struct exchange *exchange = arg;
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
        deny(exchange, verdict);
        break;
    default:
        fail_temporarily(exchange);
        break;
    }
}

static void tell_no_entry(const struct session *session)
{
    struct worker_context *context = session->conn->set->context;
    char more[LOG_MORE_BYTES];

    if (session->entry != NULL || context->config->error != NULL ||
        !log_may(&context->no_entry, session->conn->set->loop->now_ms, more))
        return;
    if (context->name != NULL)
        log_warning("no entry %s in dovecot_sasl%s", context->name, more);
    else
        log_warning("no entry of dovecot_sasl to serve: give its name in master.cf, or name it like the service%s",
                    more);
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
    struct subject_login login = exchange->login;
    struct backend_question question = { .entry = session->entry, .login = &login, .client = session->conn };

    if (!is_usable(session)) {
        tell_no_entry(session);
        fail_temporarily(exchange);
        return;
    }
    login.user = buf_span(&exchange->name);
    login.password = password;
    session->conn->due++;
    struct backend_call *call = backend_ask(context->backend, &question, answered, exchange);
    if (call != NULL) /* else the exchange may be gone */
        exchange->call = call;
}

/* The client's message, decoded, and memory of the same size. */
static void take_message(struct exchange *exchange, struct span message, char *memory)
{
    struct sasl_step step;
    enum sasl_next next = sasl_step(exchange->mechanism, buf_span(&exchange->name), message, memory, &step);

    if (exchange->name.n == 0)
        buf_add(&exchange->name, step.credentials.name);
    switch (next) {
    case SASL_CHECK:
        ask(exchange, step.credentials.password);
        break;
    case SASL_GO_ON:
        exchange_challenge(exchange, step.challenge);
        break;
    case SASL_REFUSED:
        exchange_refuse(exchange, step.code, step.why);
        break;
    }
}

void exchange_take(struct exchange *exchange, struct span response)
{
    struct buf message;
    size_t n;

    if (exchange->is_denied) {
        refuse(exchange, (struct authproto_failure){ .reason = buf_span(&exchange->denial) });
        return;
    }
    buf_init(&message, 2 * AUTHPROTO_LINE_MAX_BYTES);
    message.secret = true;
    char *to = buf_reserve(&message, 2 * response.n);
    if (base64_decode(to, response.n, response, &n))
        take_message(exchange, span_make(to, n), to + response.n);
    else
        exchange_refuse(exchange, "invalid_base64", "invalid base64 data");
    buf_free(&message);
}
