/*
 * Any answer of an HTTP service to a policy request, through the whole of pfx-policyd: the client gets one action that
 * Postfix takes for what it says. The first byte chooses the policy, the next two how the answer comes (fuzz_worker.h).
 */
#include "fuzz.h"

int policyd_main(int argc, char **argv);
#define main policyd_main
#include "../../daemons/policyd/policyd.c"
#undef main

#include "fuzz_worker.h"

#define POLICIES 4
#define HEAD     "action="
#define TAIL     "\n\n"

static const char configuration[] =
    "policy_services = {"
    " p0 = { target = \"$SOCKET/\"; value_field = \"action\"; };"
    " p1 = { target = \"$SOCKET/%{sender}\"; method = \"GET\"; };"
    " p2 = { target = \"$SOCKET/\"; value_field = \"v\"; restrictions = true; error_field = \"e\";"
    "        on_error = \"DEFER 4.3.0 later\"; no_value_action = \"OK\"; };"
    " p3 = { target = \"$SOCKET/\"; value_field = \"v\"; dry_run = true; };"
    " };";

static bool is_whole(struct span reply)
{
    return reply.n > strlen(TAIL) && memcmp(reply.p + reply.n - strlen(TAIL), TAIL, strlen(TAIL)) == 0;
}

static void check_reply(struct span reply, bool is_dry)
{
    FUZZ_HOLDS(reply.n > strlen(HEAD TAIL) && memcmp(reply.p, HEAD, strlen(HEAD)) == 0);
    struct span action = span_skip(span_first(reply, reply.n - strlen(TAIL)), strlen(HEAD));
    FUZZ_HOLDS(action_check(action, true) == NULL);
    FUZZ_HOLDS(!is_dry || span_equal(action, SPAN("DUNNO")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = span_make((const char *)data, size);
    char request[] = "request=smtpd_access_policy\npolicy_context=p0\nsender=joe@example.com\n\n";
    unsigned choice = fuzz_take_byte(&in) % POLICIES;
    struct buf reply;

    if (fuzz_worker.config == NULL)
        fuzz_worker_begin(&conn_ops, CONFIG_POLICY_SERVICES, NULL, configuration);
    *(strstr(request, "p0") + 1) = (char)('0' + choice);
    fuzz_worker_take_answer(in);
    buf_init(&reply, FUZZ_ANSWER_MAX_BYTES);
    fuzz_worker_ask(span_text(request), is_whole, &reply);
    check_reply(buf_span(&reply), choice == 3);
    buf_free(&reply);
    (void)ops;
    return 0;
}
