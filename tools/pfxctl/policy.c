/*
 * policy: what a policy service answers to a request.
 *
 * The request goes through the protocol's codec here, too, so that it is refused where the daemon would.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "action.h"
#include "ask.h"
#include "lines.h"
#include "policy.h"
#include "trace.h"
#include "via.h"

#define ACTION_PREFIX "action="

struct policy {
    struct ask ask;
    struct buf request;
    bool has_request; /* what Postfix always sends */
    bool has_context;
    int status;
};

static bool add(struct policy *policy, struct span attribute)
{
    policy->has_request |= span_begins(attribute, "request=");
    policy->has_context |= span_begins(attribute, "policy_context=");
    return buf_add(&policy->request, attribute) && buf_add(&policy->request, SPAN("\n"));
}

/* Up to an empty line, as a request ends. */
static bool add_lines(struct policy *policy)
{
    struct lines lines;
    struct span line;
    bool fits = true;

    lines_open(&lines, STDIN_FILENO);
    while (fits && lines_take(&lines, &line) && line.n > 0)
        fits = add(policy, line);
    lines_close(&lines);
    return fits && !lines.is_too_long;
}

static bool add_all(struct policy *policy, const char *name, char **arguments)
{
    bool fits = true;

    for (; fits && *arguments != NULL; arguments++)
        fits = strcmp(*arguments, "-") == 0 ? add_lines(policy) : add(policy, span_text(*arguments));
    if (fits && !policy->has_request)
        fits = add(policy, SPAN("request=smtpd_access_policy"));
    if (fits && !policy->has_context)
        fits = buf_format(&policy->request, "policy_context=%s\n", name);
    return fits && buf_add(&policy->request, SPAN("\n"));
}

static int status_of_action(struct span action)
{
    return action_stops_mail(action) ? PFXCTL_NOT : PFXCTL_GOOD;
}

static void print(struct span action)
{
    fputs(ACTION_PREFIX, stdout);
    pfxctl_print(action);
    putchar('\n');
}

static void answered(void *arg, const struct backend_call *call, const struct verdict *verdict)
{
    struct policy *policy = arg;
    const struct config_entry *entry = policy->ask.entry;
    struct span action = verdict_action(entry, verdict);
    bool is_answer = verdict->kind == VERDICT_FOUND || verdict->kind == VERDICT_NOTFOUND;
    (void)call;

    ask_wake(&policy->ask);
    ask_tell_doubt(&policy->ask, verdict);
    if (!is_answer)
        pfxctl_complain("%s: %.*s", verdict->kind == VERDICT_PERM ? "unusable answer" : "temporary error",
                        (int)verdict->text.n, verdict->text.p);
    if (entry->dry_run) {
        pfxctl_complain("would: %.*s", (int)action.n, action.p);
        action = SPAN("DUNNO");
    }
    policy->status = is_answer ? status_of_action(action) : ask_failure(verdict);
    print(action);
}

static int ask_here(const struct pfxctl *ctl, const char *name, struct policy *policy)
{
    struct attribute attributes[POLICY_ATTRIBUTES_MAX];
    struct backend_question question = { .attributes = attributes };
    size_t used;
    const char *why = "it does not end";

    if (policy_decode(buf_span(&policy->request), attributes, &question.attribute_count, &used, &why) != CODEC_OK ||
        used != policy->request.n) {
        pfxctl_complain("no policy request: %s", why);
        return PFXCTL_USAGE;
    }
    if (ctl->verbose > 0)
        trace_requests(SPAN(""));
    policy->status = ask_open(&policy->ask, ctl, CONFIG_POLICY_SERVICES, name);
    question.entry = policy->ask.entry;
    if (policy->status == PFXCTL_GOOD) {
        ask_begin(&policy->ask, &question, answered, policy);
        ask_wait(&policy->ask);
    }
    ask_close(&policy->ask);
    return policy->status;
}

static bool is_whole(struct span reply)
{
    return reply.n >= 2 && reply.p[reply.n - 1] == '\n' && reply.p[reply.n - 2] == '\n';
}

static int read_reply(struct span reply)
{
    const size_t prefix = sizeof(ACTION_PREFIX) - 1;

    if (!span_begins(reply, ACTION_PREFIX) || span_find(reply, '\n') != reply.n - 2) {
        pfxctl_complain("no reply of a policy service");
        return PFXCTL_DATA;
    }
    struct span action = span_skip(span_first(reply, reply.n - 2), prefix);
    print(action);
    return span_equal(action, SPAN(CONFIG_ON_ERROR)) ? PFXCTL_TEMPORARY : status_of_action(action);
}

static int ask_daemon(const struct pfxctl *ctl, const char *where, const struct policy *policy)
{
    struct span request = buf_span(&policy->request);
    struct via via;

    int status = via_open(&via, ctl, SERVICE_POLICY, where);
    if (status == PFXCTL_GOOD)
        status = via_ask(&via, request, request, is_whole);
    if (status == PFXCTL_GOOD)
        status = read_reply(buf_span(&via.reply));
    via_close(&via);
    return status;
}

int policy_command(const struct pfxctl *ctl, int argc, char **argv)
{
    struct policy policy = { .has_request = false };
    const char *via;
    int status = PFXCTL_USAGE;

    int first = ask_options(argc, argv, &via);
    if (first == 0 || argc - first < 1)
        return pfxctl_usage();
    const char *name = ask_name(CONFIG_POLICY_SERVICES, argv[first]);
    if (name == NULL)
        return PFXCTL_USAGE;
    buf_init(&policy.request, POLICY_REQUEST_MAX_BYTES);
    if (!add_all(&policy, name, argv + first + 1))
        pfxctl_complain("a request of more than " SPAN_NUMBER_TEXT(POLICY_REQUEST_MAX_BYTES) " bytes");
    else
        status = via == NULL ? ask_here(ctl, name, &policy) : ask_daemon(ctl, via, &policy);
    buf_free(&policy.request);
    return status;
}
