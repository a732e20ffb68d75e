/*
 * pfx-policyd: attributes -> question -> verdict -> action.
 *
 * One request in flight a connection. smtpd(8) keeps its connection between sessions and asks again, after a pause of a
 * second, when it is closed; so it is left open until smtpd leaves, even while the daemon drains.
 */
#include "action.h"
#include "conn.h"
#include "daemon.h"
#include "log.h"
#include "policy.h"
#include "worker.h"

static void reply(struct conn *conn, struct span action)
{
    size_t size = policy_encode(NULL, 0, action);
    policy_encode(buf_extend(conn_out(conn), size), size, action);
    conn_send(conn);
}

static void answered(void *arg, const struct backend_call *call, const struct verdict *verdict)
{
    struct conn *conn = arg;
    const struct config_entry *entry = backend_entry(call);
    struct span action = verdict_action(entry, verdict);
    char what[LOG_LINE_MAX_BYTES];

    if (entry->dry_run) {
        backend_describe(call, what);
        log_trace("%s: would: %.*s", what, (int)action.n, action.p);
        action = SPAN("DUNNO");
    }
    conn->call = NULL;
    conn->due = 0;
    reply(conn, action);
}

static void gone(struct conn *conn)
{
    backend_cancel(conn->call);
}

/* What the command line says, else policy_context; empty: the only entry. */
static struct span wanted_name(const struct worker_context *context, const struct attribute *attributes,
                               size_t count)
{
    return context->name != NULL ? span_text(context->name) : attribute_value(attributes, count, "policy_context");
}

static const struct config_entry *choose(const struct worker_context *context, struct span name)
{
    const struct config_section *section = &context->config->section[CONFIG_POLICY_SERVICES];

    if (name.n > 0)
        return config_find(context->config, CONFIG_POLICY_SERVICES, name);
    return section->count == 1 ? &section->entries[0] : NULL;
}

static void tell_no_entry(struct conn *conn, const struct attribute *attributes, size_t count, struct span name)
{
    struct worker_context *context = conn->set->context;
    struct subject subject = { .attributes = NULL };
    char what[LOG_LINE_MAX_BYTES];
    char peer[CONN_PEER_MAX_BYTES];
    char more[LOG_MORE_BYTES];

    if (!log_may(&context->no_entry, conn->set->loop->now_ms, more))
        return;
    subject_of_policy(&subject, NULL, attributes, count);
    subject_describe(&subject, NULL, what, sizeof(what));
    log_warning("%s, peer=%s: no policy service \"%.*s\" in the configuration%s", what, conn_peer(conn, peer),
                (int)name.n, name.p, more);
    subject_free(&subject);
}

static bool is_ping(const struct attribute *attributes, size_t count)
{
    return span_equal(attribute_value(attributes, count, "policy_context"), SPAN(POLICY_PING_CONTEXT));
}

static void ask(struct conn *conn, const struct attribute *attributes, size_t count)
{
    const struct worker_context *context = conn->set->context;
    struct span name = wanted_name(context, attributes, count);
    const struct config_entry *entry = choose(context, name);
    struct backend_question question = { .entry = entry, .attributes = attributes, .attribute_count = count,
                                         .client = conn };

    if (context->config->error == NULL && is_ping(attributes, count)) {
        reply(conn, SPAN("DUNNO"));
        return;
    }
    if (entry != NULL && context->config->error == NULL && backend_error(context->backend, entry) == NULL) {
        conn->due = 1;
        conn->call = backend_ask(context->backend, &question, answered, conn);
        return;
    }
    if (entry == NULL && context->config->error == NULL)
        tell_no_entry(conn, attributes, count, name);
    reply(conn, SPAN(CONFIG_ON_ERROR));
}

static enum codec_result feed(struct conn *conn, struct span in, size_t *used, const char **why)
{
    struct attribute attributes[POLICY_ATTRIBUTES_MAX];
    size_t count;
    enum codec_result result = policy_decode(in, attributes, &count, used, why);

    if (result == CODEC_OK)
        ask(conn, attributes, count);
    return result;
}

static const struct conn_ops conn_ops = {
    .request_max_bytes = POLICY_REQUEST_MAX_BYTES,
    .answer_max_bytes = ACTION_MAX_BYTES + POLICY_REPLY_OVERHEAD_BYTES,
    .is_serial = true,
    .leaves_on_drain = false,
    .feed = feed,
    .gone = gone,
};

static const struct daemon_ops ops = {
    .name = "pfx-policyd",
    .section = CONFIG_POLICY_SERVICES,
    .takes_name = true,
    .conn = &conn_ops,
};

int main(int argc, char **argv)
{
    return daemon_main(argc, argv, &ops);
}
