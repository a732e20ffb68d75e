#include "backend_log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void backend_log_describe(const struct inquiry *inquiry, const struct conn *client, char text[LOG_LINE_MAX_BYTES])
{
    char peer[CONN_PEER_MAX_BYTES] = "none";

    subject_describe(&inquiry->subject, inquiry->entry, text, LOG_LINE_MAX_BYTES);
    if (client != NULL)
        conn_peer(client, peer);
    size_t n = strlen(text);
    snprintf(text + n, LOG_LINE_MAX_BYTES - n, ", peer=%s, request=%016" PRIx64, peer, inquiry->request_id);
}

static struct cause *find_cause(struct entry_state *state, const char *text)
{
    struct cause *oldest = &state->causes[0];

    for (size_t i = 0; i < BACKEND_CAUSES_MAX; i++) {
        if (state->causes[i].text == text)
            return &state->causes[i];
        if (state->causes[i].limit.next_ms < oldest->limit.next_ms)
            oldest = &state->causes[i];
    }
    *oldest = (struct cause){ .text = text };
    return oldest;
}

void backend_log_warning(const struct inquiry *inquiry, const char *origin, const char *cause_text, const char *detail)
{
    struct cause *cause = find_cause(backend_state_of(inquiry->backend, inquiry->entry), cause_text);
    const struct conn *client = inquiry->calls == NULL ? NULL : inquiry->calls->client;
    char what[LOG_LINE_MAX_BYTES];
    char more[LOG_MORE_BYTES];

    if (!log_may(&cause->limit, inquiry->backend->loop->now_ms, more))
        return;
    backend_log_describe(inquiry, client, what);
    bool bare = detail[0] == '\0';
    log_warning("%s%s%s: %s%s%s%s%s", what, origin == NULL ? "" : ": target=", origin == NULL ? "" : origin, cause_text,
                bare ? "" : " (", detail, bare ? "" : ")", more);
}

void backend_log_request(const struct backend_call *call, int status, const struct verdict *verdict)
{
    static const char *const sources[] = { [SOURCE_NONE] = "none", [SOURCE_BACKEND] = "backend",
                                           [SOURCE_CACHE] = "cache", [SOURCE_STALE] = "stale",
                                           [SOURCE_COALESCED] = "coalesced" };
    const struct inquiry *inquiry = call->inquiry;
    char what[LOG_LINE_MAX_BYTES];
    int64_t delay_ms = inquiry->backend->loop->now_ms - call->start_ms;

    if (log_get_level() < LOG_LEVEL_DEBUG && !backend_state_of(inquiry->backend, inquiry->entry)->trace &&
        !(call->client != NULL && call->client->trace))
        return;
    backend_log_describe(inquiry, call->client, what);
    log_trace("%s, status=%d, result=%s, source=%s, delay=%" PRId64 ".%03d%s%s%s", what, status,
              verdict_word(verdict->kind), sources[call->source], delay_ms / 1000, (int)(delay_ms % 1000),
              verdict->lacks_value ? ", lacks=<" : "", verdict->lacks_value ? inquiry->entry->value_field : "",
              verdict->lacks_value ? ">" : "");
}

/* No warning: there are services that leave the member out for "nothing there". */
static void tell_doubt(const struct inquiry *inquiry)
{
    const struct conn *client = inquiry->calls == NULL ? NULL : inquiry->calls->client;
    char what[LOG_LINE_MAX_BYTES];

    backend_state_of(inquiry->backend, inquiry->entry)->told_doubt = true;
    backend_log_describe(inquiry, client, what);
    log_info("%s: " VERDICT_DOUBT_FORMAT, what, inquiry->entry->value_field);
}

void backend_log_typo(const struct inquiry *inquiry, const struct verdict *verdict)
{
    struct entry_state *state = backend_state_of(inquiry->backend, inquiry->entry);

    state->had_value |= verdict->has_value;
    if (!verdict->lacks_value || state->had_value || state->answers >= BACKEND_FIRST_ANSWERS)
        return;
    if (verdict->is_doubtful && !state->told_doubt)
        tell_doubt(inquiry);
    if (++state->answers == BACKEND_FIRST_ANSWERS)
        backend_log_warning(inquiry, NULL,
                            "none of the first answers has the member that value_field names: check its spelling",
                            inquiry->entry->value_field);
}
