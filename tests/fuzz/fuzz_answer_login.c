/*
 * Any answer of an HTTP service to a login, through the whole of pfx-saslbridge: the client gets one line that accepts
 * or refuses, or loses its connection. The first byte chooses the entry, the next two how the answer comes
 * (fuzz_worker.h).
 */
#include "fuzz.h"

int saslbridge_main(int argc, char **argv);
#define main saslbridge_main
#include "../../daemons/saslbridge/saslbridge.c"
#undef main

#include "fuzz_worker.h"
#include "utf8.h"

#define ENTRIES 3
#define HELLO   "VERSION\t1\t1\nCPID\t7\n"
#define LOGIN   "AUTH\t1\tPLAIN\tservice=smtp\trip=192.0.2.7\tlip=192.0.2.1\tresp=AGpvZQBzZWNyZXQ=\n" /* joe, secret */

static const char configuration[] =
    "dovecot_sasl = {"
    " l0 = { target = \"$SOCKET/\"; };"
    " l1 = { target = \"$SOCKET/\"; auth_style = \"basic\"; method = \"PROPFIND\"; status_code = 207; };"
    " l2 = { target = \"$SOCKET/\"; reason_to_client = true; failure_status = [ 401, 403 ]; tempfail = \"fail\"; };"
    " };";

static const char *const names[ENTRIES] = { "l0", "l1", "l2" };

/* The line that ends the exchange, after the handshake. */
static struct span last_line(struct span reply)
{
    struct span line = span_make("", 0);

    while (reply.n > 0 && span_find(reply, '\n') < reply.n)
        line = fuzz_take_until(&reply, '\n');
    return line;
}

static bool is_whole(struct span reply)
{
    struct span line = last_line(reply);

    return reply.n > 0 && reply.p[reply.n - 1] == '\n' &&
           (fuzz_begins_with(line, "OK\t1\t") || fuzz_begins_with(line, "FAIL\t1\t"));
}

/* Nobody comes in without a good status, and nobody's password is called wrong without one that says so. */
static void check_reply(struct span reply, unsigned choice)
{
    static const char *const good[ENTRIES][2] = { { " 200" }, { " 207" }, { " 200" } };
    static const char *const bad[ENTRIES][3] = { { " 403" }, { " 401" }, { " 401", " 403" } };
    struct span line = last_line(reply);

    FUZZ_HOLDS(utf8_valid(line) && span_find(line, '\0') == line.n && span_find(line, '\r') == line.n);
    if (fuzz_begins_with(line, "OK\t")) {
        FUZZ_HOLDS(fuzz_begins_with(line, "OK\t1\tuser=") && line.n > strlen("OK\t1\tuser="));
        FUZZ_HOLDS(fuzz_holds_any(fuzz_worker.answer, good[choice]) && fuzz_worker.requests > 0);
    } else if (fuzz_begins_with(line, "FAIL\t") && memmem(line.p, line.n, "\ttemp", 5) == NULL) {
        FUZZ_HOLDS(fuzz_holds_any(fuzz_worker.answer, bad[choice]) && fuzz_worker.requests > 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = span_make((const char *)data, size);
    unsigned choice = fuzz_take_byte(&in) % ENTRIES;
    struct buf reply;

    if (fuzz_worker.config == NULL)
        fuzz_worker_begin(&conn_ops, CONFIG_DOVECOT_SASL, NULL, configuration);
    fuzz_worker.context.name = names[choice];
    if (fuzz_worker.client >= 0)
        close(fuzz_worker.client); /* an entry belongs to a connection */
    fuzz_worker.client = -1;
    fuzz_worker_take_answer(in);
    buf_init(&reply, FUZZ_ANSWER_MAX_BYTES);
    fuzz_worker_ask(SPAN(HELLO LOGIN), is_whole, &reply);
    check_reply(buf_span(&reply), choice);
    buf_free(&reply);
    (void)ops;
    return 0;
}
