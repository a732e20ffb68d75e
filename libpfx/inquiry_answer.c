#include "inquiry_answer.h"

#include <stdio.h>
#include <string.h>

#include "backend_log.h"
#include "http_header.h"

static const char unfit[] = "what is asked does not fit into the request";

static struct verdict judge(struct inquiry *inquiry, const struct http_answer *answer)
{
    const struct config_entry *entry = inquiry->entry;
    struct template_values asked = subject_values(&inquiry->subject);

    if (entry->section != CONFIG_DOVECOT_SASL)
        return verdict_of_answer(entry, &asked, answer->status, answer->body, &inquiry->value);
    struct verdict_login login = { .user = attribute_value(inquiry->subject.attributes,
                                                           inquiry->subject.attribute_count, "user"),
                                   .status = answer->status,
                                   .account = http_header(answer, entry->username_header),
                                   .account_count = http_header_count(answer, entry->username_header),
                                   .reason = http_header(answer, entry->reason_header) };
    return verdict_of_login(entry, &login, &inquiry->value);
}

/* What the log tells besides the warning. */
static void warn(const struct inquiry *inquiry, const struct http_answer *answer, const struct config_target *target,
                 const struct verdict *verdict)
{
    bool stands_in = verdict->is_failure && inquiry->calls != NULL && inquiry->calls->has_old;
    const char *old = stands_in ? "; an old answer stands in" : "";
    char detail[HTTP_DETAIL_MAX_BYTES];

    if (answer->failure != HTTP_ANSWERED)
        snprintf(detail, sizeof(detail), "%s%s", answer->detail, old);
    else
        snprintf(detail, sizeof(detail), "%s%sstatus %d%s", verdict->detail == NULL ? "" : verdict->detail,
                 verdict->detail == NULL ? "" : "; ", answer->status, old);
    backend_log_warning(inquiry, target->origin, verdict->warning, detail);
}

struct verdict inquiry_answer_read(struct inquiry *inquiry, const struct http_answer *answer,
                                   const struct config_target *target)
{
    struct entry_state *state = backend_state_of(inquiry->backend, inquiry->entry);
    struct verdict verdict;

    if (answer->failure == HTTP_ANSWERED) {
        verdict = judge(inquiry, answer);
        backend_log_typo(inquiry, &verdict);
        stats_add(state->stats, STATS_backend_unexpected, verdict.is_failure);
    } else {
        verdict = verdict_of_failure(answer->failure, answer->reason);
    }
    if (verdict.warning != NULL)
        warn(inquiry, answer, target, &verdict);
    return verdict;
}

struct verdict inquiry_answer_nothing(const struct config_entry *entry)
{
    if (entry->section == CONFIG_DOVECOT_SASL)
        return (struct verdict){ .kind = VERDICT_DENIED, .text = SPAN(VERDICT_DENIED_TEXT), .detail = unfit };
    return (struct verdict){ .kind = VERDICT_NOTFOUND };
}

struct verdict inquiry_answer_down(const struct inquiry *inquiry)
{
    const struct backend *backend = inquiry->backend;

    fetch_spared(backend->fetcher, inquiry->entry, inquiry->calls != NULL && inquiry->calls->has_old);
    stats_add(backend_state_of(backend, inquiry->entry)->stats, STATS_backend_down, 1);
    return (struct verdict){ .kind = VERDICT_TEMP, .text = SPAN("the backend is down"), .is_failure = true,
                             .is_unanswered = true };
}

struct verdict inquiry_answer_no_token(void)
{
    return (struct verdict){ .kind = VERDICT_TEMP, .text = SPAN("there is no token for the backend"),
                             .is_failure = true };
}

struct verdict inquiry_answer_unfit(const struct inquiry *inquiry)
{
    backend_log_warning(inquiry, NULL, unfit, "");
    return (struct verdict){ .kind = VERDICT_PERM, .text = { unfit, sizeof(unfit) - 1 } };
}

struct verdict inquiry_answer_extend(const struct inquiry *inquiry, struct verdict verdict, struct buf *value)
{
    const struct config_entry *entry = inquiry->entry;
    const struct keys *keys = &inquiry->subject.keys;

    if (verdict.kind != VERDICT_FOUND || !entry->propagate_extension || entry->asks_all ||
        !keys->candidate[inquiry->candidate].lacks_extension)
        return verdict;
    return verdict_extend(entry, keys->extension, value);
}
