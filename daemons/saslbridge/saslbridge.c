/*
 * pfx-saslbridge: handshake, then AUTH and CONT by id -> credentials -> verdict -> OK, CONT or FAIL.
 *
 * smtpd(8) connects before it greets its client and keeps the connection for its whole life, so the handshake is sent
 * at once, whatever the state of configuration and backend, and an idle connection is left open.
 */
#include <sys/random.h>
#include <unistd.h>

#include "authproto.h"
#include "conn.h"
#include "daemon.h"
#include "log.h"
#include "mem.h"
#include "sasl.h"
#include "session.h"
#include "worker.h"

#define MECHANISMS_MAX       8
#define PROPERTIES_MAX_BYTES 1024

static const struct config_entry *choose(const struct worker_context *context)
{
    const struct config_section *section = &context->config->section[CONFIG_DOVECOT_SASL];
    const struct config_entry *entry = NULL;

    if (context->name != NULL)
        return config_find(context->config, CONFIG_DOVECOT_SASL, span_text(context->name));
    if (context->service != NULL)
        entry = config_find(context->config, CONFIG_DOVECOT_SASL, span_text(context->service));
    return entry == NULL && section->count == 1 ? &section->entries[0] : entry;
}

static bool is_oauth(const char *name)
{
    enum sasl_mechanism mechanism;
    return sasl_find(span_text(name), &mechanism) && sasl_is_oauth(mechanism);
}

/* Those of the entry, even one that cannot be used: without a mechanism smtpd(8) ends before its banner. */
static size_t list_mechanisms(const struct config_entry *entry, struct authproto_mechanism mechanisms[MECHANISMS_MAX],
                              struct buf *memory)
{
    static const char *const usual[] = { "PLAIN", "LOGIN" };
    const char *const *names = entry == NULL ? usual : (const char *const *)entry->mechanisms.item;
    size_t count = entry == NULL ? sizeof(usual) / sizeof(usual[0]) : entry->mechanisms.count;
    size_t n = count < MECHANISMS_MAX ? count : MECHANISMS_MAX;
    struct span of_oauth = entry == NULL ? SPAN("") : config_join(&entry->oauth_properties, '\t', memory);

    for (size_t i = 0; i < n; i++)
        mechanisms[i] = (struct authproto_mechanism){ span_text(names[i]),
                                                      is_oauth(names[i]) ? of_oauth : SPAN("plaintext") };
    return n;
}

static void opened(struct conn *conn)
{
    const struct config_entry *entry = choose(conn->set->context);
    struct authproto_mechanism mechanisms[MECHANISMS_MAX];
    unsigned char cookie[AUTHPROTO_COOKIE_BYTES] = { 0 };
    uint32_t pid = (uint32_t)getpid();
    struct buf properties;

    buf_init(&properties, PROPERTIES_MAX_BYTES);
    size_t count = list_mechanisms(entry, mechanisms, &properties);
    if (getrandom(cookie, sizeof(cookie), 0) < 0)
        log_debug("no random cookie");
    conn->call = session_new(conn, entry);
    size_t size = authproto_handshake(NULL, 0, mechanisms, count, pid, conn->set->opened, cookie);
    authproto_handshake(buf_extend(conn_out(conn), size), size, mechanisms, count, pid, conn->set->opened, cookie);
    buf_free(&properties);
}

static void gone(struct conn *conn)
{
    session_free(conn->call);
}

static enum codec_result feed(struct conn *conn, struct span in, size_t *used, const char **why)
{
    struct session *session = conn->call;
    char memory[AUTHPROTO_LINE_MAX_BYTES];
    struct authproto_request request;
    enum codec_result result = authproto_decode(in, session_minor(session), memory, &request, used, why);
    const char *fault = result == CODEC_OK ? session_obey(session, &request) : NULL;

    mem_wipe(memory, in.n < sizeof(memory) ? in.n : sizeof(memory));
    if (fault == NULL)
        return result;
    *why = fault;
    return CODEC_BAD;
}

static const struct conn_ops conn_ops = {
    .request_max_bytes = AUTHPROTO_LINE_MAX_BYTES,
    .answer_max_bytes = SESSION_EXCHANGES_MAX * AUTHPROTO_REPLY_MAX_BYTES,
    .resets = true,
    .is_secret = true,
    .opened = opened,
    .feed = feed,
    .gone = gone,
};

static const struct daemon_ops ops = {
    .name = "pfx-saslbridge",
    .section = CONFIG_DOVECOT_SASL,
    .takes_name = true,
    .conn = &conn_ops,
};

int main(int argc, char **argv)
{
    return daemon_main(argc, argv, &ops);
}
