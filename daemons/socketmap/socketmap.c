/*
 * pfx-socketmap: netstring -> question -> verdict -> netstring.
 *
 * One request in flight a connection; Postfix's client asks again, once, when a connection breaks, so a lookup that the
 * daemon cannot answer because it leaves is not lost.
 */
#include <stdio.h>

#include "conn.h"
#include "daemon.h"
#include "log.h"
#include "netstring.h"
#include "socketmap.h"
#include "worker.h"

static const enum socketmap_status status_of[VERDICT_KINDS] = {
    [VERDICT_FOUND] = SOCKETMAP_OK,        [VERDICT_NOTFOUND] = SOCKETMAP_NOTFOUND, [VERDICT_TEMP] = SOCKETMAP_TEMP,
    [VERDICT_TIMEOUT] = SOCKETMAP_TIMEOUT, [VERDICT_PERM] = SOCKETMAP_PERM,         [VERDICT_DENIED] = SOCKETMAP_PERM,
};

static void reply(struct conn *conn, enum socketmap_status status, struct span text)
{
    size_t size = socketmap_encode(NULL, 0, status, text);
    socketmap_encode(buf_extend(conn_out(conn), size), size, status, text);
    conn_send(conn);
}

static void answered(void *arg, const struct backend_call *call, const struct verdict *verdict)
{
    struct conn *conn = arg;
    (void)call;

    conn->call = NULL;
    conn->due = 0;
    reply(conn, status_of[verdict->kind], verdict->text);
}

static void gone(struct conn *conn)
{
    backend_cancel(conn->call);
}

static void ask(struct conn *conn, const struct socketmap_request *request)
{
    struct worker_context *context = conn->set->context;
    const struct config_entry *entry = config_find(context->config, CONFIG_SOCKET_MAPS, request->name);
    struct backend_question question = { .entry = entry, .key = request->key, .client = conn };
    char more[LOG_MORE_BYTES];

    if (context->config->error != NULL || (entry != NULL && backend_error(context->backend, entry) != NULL)) {
        reply(conn, SOCKETMAP_TEMP, SPAN("configuration error, the log of pfx-socketmap tells which"));
    } else if (entry == NULL) {
        bool is_ping = span_equal(request->name, SPAN(SOCKETMAP_PING_NAME));
        if (!is_ping && log_may(&context->no_entry, conn->set->loop->now_ms, more))
            log_warning("no socket map \"%.*s\" in the configuration%s", (int)request->name.n, request->name.p, more);
        reply(conn, SOCKETMAP_PERM, SPAN("no such socket map"));
    } else {
        conn->due = 1;
        conn->call = backend_ask(context->backend, &question, answered, conn);
    }
}

static enum codec_result feed(struct conn *conn, struct span in, size_t *used, const char **why)
{
    struct socketmap_request request;
    enum codec_result result = socketmap_decode(in, &request, used, why);

    if (result == CODEC_OK)
        ask(conn, &request);
    return result;
}

static const struct conn_ops conn_ops = {
    .request_max_bytes = SOCKETMAP_REQUEST_MAX_BYTES + NETSTRING_OVERHEAD_BYTES,
    .answer_max_bytes = CONFIG_REPLY_MAX_BYTES + NETSTRING_OVERHEAD_BYTES,
    .is_serial = true,
    .leaves_on_drain = true,
    .feed = feed,
    .gone = gone,
};

static const struct daemon_ops ops = {
    .name = "pfx-socketmap",
    .section = CONFIG_SOCKET_MAPS,
    .conn = &conn_ops,
};

int main(int argc, char **argv)
{
    return daemon_main(argc, argv, &ops);
}
