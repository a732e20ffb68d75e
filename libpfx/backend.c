#include "backend.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "backend_trust.h"
#include "log.h"
#include "mem.h"
#include "request.h"

#define CAUSES_MAX 8 /* different warnings that one entry can have at a time */

static const char unfit[] = "what is asked does not fit into the request";

struct cause {
    const char *text; /* constant: its address is its identity */
    struct log_limit limit;
};

struct entry_state {
    struct http_endpoint *endpoint; /* made at the first request */
    struct cause causes[CAUSES_MAX];
    unsigned answers; /* that lack value_field, counted up to BACKEND_FIRST_ANSWERS */
    bool had_value;
    bool trace; /* debug_entry names it */
};

struct backend {
    struct loop *loop;
    const struct config_section *section;
    const struct backend_trust *trust;
    struct http *http;
    struct entry_state *entries;
    uint64_t next_request_id;
};

struct backend_call {
    struct backend *backend;
    const struct config_entry *entry;
    const struct conn *client;
    struct subject subject;
    struct buf value;
    uint64_t request_id;
    int64_t start_ms;
    struct http_call *http; /* NULL: decided without a request */
    struct loop_timer soon; /* then the verdict comes in the next turn */
    struct verdict decided;
    void (*done)(void *arg, const struct verdict *verdict);
    void *arg;
};

static struct entry_state *state_of(const struct backend *backend, const struct config_entry *entry)
{
    return &backend->entries[entry - backend->section->entries];
}

static struct cause *find_cause(struct entry_state *state, const char *text)
{
    struct cause *oldest = &state->causes[0];

    for (size_t i = 0; i < CAUSES_MAX; i++) {
        if (state->causes[i].text == text)
            return &state->causes[i];
        if (state->causes[i].limit.next_ms < oldest->limit.next_ms)
            oldest = &state->causes[i];
    }
    *oldest = (struct cause){ .text = text };
    return oldest;
}

const struct config_entry *backend_entry(const struct backend_call *call)
{
    return call->entry;
}

void backend_describe(const struct backend_call *call, char text[LOG_LINE_MAX_BYTES])
{
    char peer[CONN_PEER_MAX_BYTES] = "none";

    subject_describe(&call->subject, call->entry, text, LOG_LINE_MAX_BYTES);
    if (call->client != NULL)
        conn_peer(call->client, peer);
    size_t n = strlen(text);
    snprintf(text + n, LOG_LINE_MAX_BYTES - n, ", peer=%s, request=%016" PRIx64, peer, call->request_id);
}

static void warn(struct backend_call *call, const char *cause_text, const char *detail)
{
    struct cause *cause = find_cause(state_of(call->backend, call->entry), cause_text);
    char what[LOG_LINE_MAX_BYTES];
    char more[LOG_MORE_BYTES];

    if (!log_may(&cause->limit, call->backend->loop->now_ms, more))
        return;
    backend_describe(call, what);
    bool bare = detail[0] == '\0';
    log_warning("%s: target=%s: %s%s%s%s%s", what, call->entry->target.origin, cause_text, bare ? "" : " (", detail,
                bare ? "" : ")", more);
}

static void trace(const struct backend_call *call, int status, const struct verdict *verdict)
{
    char what[LOG_LINE_MAX_BYTES];
    int64_t delay_ms = call->backend->loop->now_ms - call->start_ms;

    if (log_get_level() < LOG_LEVEL_DEBUG && !state_of(call->backend, call->entry)->trace &&
        !(call->client != NULL && call->client->trace))
        return;
    backend_describe(call, what);
    log_trace("%s, status=%d, result=%s, source=%s, delay=%" PRId64 ".%03d", what, status, verdict_word(verdict->kind),
              call->http == NULL && status == 0 ? "none" : "backend", delay_ms / 1000, (int)(delay_ms % 1000));
}

static void watch_for_typo(struct backend_call *call, const struct verdict *verdict)
{
    struct entry_state *state = state_of(call->backend, call->entry);

    state->had_value |= verdict->has_value;
    if (!verdict->lacks_value || state->had_value || state->answers >= BACKEND_FIRST_ANSWERS)
        return;
    if (++state->answers == BACKEND_FIRST_ANSWERS)
        warn(call, "none of the first answers has the member that value_field names", call->entry->value_field);
}

static void free_call(struct backend_call *call)
{
    loop_cancel(call->backend->loop, &call->soon);
    subject_free(&call->subject);
    buf_free(&call->value);
    mem_free(call);
}

static void deliver(struct backend_call *call, int status, const struct verdict *verdict)
{
    trace(call, status, verdict);
    call->done(call->arg, verdict);
    free_call(call);
}

static struct verdict judge(struct backend_call *call, const struct http_answer *answer)
{
    const struct config_entry *entry = call->entry;

    if (entry->section != CONFIG_DOVECOT_SASL)
        return verdict_of_answer(entry, answer->status, answer->body, &call->value);
    struct verdict_login login = { .user = attribute_value(call->subject.attributes, call->subject.attribute_count,
                                                           "user"),
                                   .status = answer->status,
                                   .account = http_header(answer, entry->username_header),
                                   .account_count = http_header_count(answer, entry->username_header),
                                   .reason = http_header(answer, entry->reason_header) };
    return verdict_of_login(entry, &login, &call->value);
}

static void answered(void *arg, const struct http_answer *answer)
{
    struct backend_call *call = arg;
    struct verdict verdict;
    char detail[HTTP_DETAIL_MAX_BYTES] = "";

    if (answer->failure == HTTP_ANSWERED) {
        verdict = judge(call, answer);
        snprintf(detail, sizeof(detail), "%s%sstatus %d", verdict.detail == NULL ? "" : verdict.detail,
                 verdict.detail == NULL ? "" : "; ", answer->status);
        watch_for_typo(call, &verdict);
    } else {
        verdict = verdict_of_failure(answer->failure, answer->reason);
        snprintf(detail, sizeof(detail), "%s", answer->detail);
    }
    if (verdict.warning != NULL)
        warn(call, verdict.warning, detail);
    deliver(call, answer->status, &verdict);
}

static void decided(struct loop_timer *timer)
{
    struct backend_call *call = LOOP_OWNER(timer, struct backend_call, soon);
    deliver(call, 0, &call->decided);
}

static void decide(struct backend_call *call, struct verdict verdict)
{
    call->decided = verdict;
    call->soon.due = decided;
    loop_at(call->backend->loop, &call->soon, call->backend->loop->now_ms);
}

static struct http_endpoint *endpoint_of(struct backend *backend, const struct config_entry *entry)
{
    struct entry_state *state = state_of(backend, entry);

    if (state->endpoint == NULL)
        state->endpoint = http_endpoint_new(backend->http, entry, backend_trust_profile(backend->trust, entry));
    return state->endpoint;
}

static void take_subject(struct backend_call *call, const struct backend_question *question)
{
    const struct config_entry *entry = question->entry;

    switch (entry->section) {
    case CONFIG_POLICY_SERVICES:
        subject_of_policy(&call->subject, entry, question->attributes, question->attribute_count);
        break;
    case CONFIG_DOVECOT_SASL:
        subject_of_login(&call->subject, entry, question->login);
        break;
    case CONFIG_SOCKET_MAPS:
    case CONFIG_SECTIONS:
        subject_of_key(&call->subject, entry, question->key);
        break;
    }
}

/* What nobody could be asked about. */
static struct verdict nothing_there(const struct config_entry *entry)
{
    if (entry->section == CONFIG_DOVECOT_SASL)
        return (struct verdict){ .kind = VERDICT_DENIED, .text = SPAN(VERDICT_DENIED_TEXT), .detail = unfit };
    return (struct verdict){ .kind = VERDICT_NOTFOUND };
}

struct backend_call *backend_ask(struct backend *backend, const struct backend_question *question,
                                 void (*done)(void *arg, const struct verdict *verdict), void *arg)
{
    const struct config_entry *entry = question->entry;
    struct backend_call *call = mem_alloc(sizeof(*call));

    *call = (struct backend_call){ .backend = backend, .entry = entry, .client = question->client,
                                   .start_ms = backend->loop->now_ms, .request_id = backend->next_request_id++,
                                   .done = done, .arg = arg };
    buf_init(&call->value, (size_t)entry->http.max_response_bytes);
    take_subject(call, question);
    struct http_call *http = http_prepare(endpoint_of(backend, entry));
    switch (request_render(entry, &call->subject, call->request_id, http)) {
    case TEMPLATE_DONE:
        call->http = http;
        http_start(http, call->start_ms + entry->http.timeout_ms, answered, call);
        return call;
    case TEMPLATE_SUPPRESSED:
        decide(call, nothing_there(entry));
        break;
    case TEMPLATE_REFUSED:
        warn(call, unfit, "");
        decide(call, (struct verdict){ .kind = VERDICT_PERM, .text = span_text(unfit) });
        break;
    }
    http_cancel(http);
    return call;
}

void backend_cancel(struct backend_call *call)
{
    if (call->http != NULL)
        http_cancel(call->http);
    free_call(call);
}

const char *backend_error(const struct backend *backend, const struct config_entry *entry)
{
    return entry->error != NULL ? entry->error : backend_trust_error(backend->trust, entry);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t count_hosts(const struct config_section *section)
{
    const char **origins = mem_array(section->count, sizeof(*origins));
    size_t used = 0;
    size_t hosts = 0;

    for (size_t i = 0; i < section->count; i++)
        if (section->entries[i].error == NULL)
            origins[used++] = section->entries[i].target.origin;
    qsort(origins, used, sizeof(*origins), compare_texts);
    for (size_t i = 0; i < used; i++)
        if (i == 0 || strcmp(origins[i], origins[i - 1]) != 0)
            hosts++;
    mem_free(origins);
    return hosts;
}

struct backend *backend_new(struct loop *loop, const struct config *config, enum config_section_id section,
                            const struct backend_trust *trust)
{
    struct backend *backend = mem_alloc(sizeof(*backend));
    const struct config_section *entries = &config->section[section];
    int64_t kept = config->max_idle_connections > 0
                       ? config->max_idle_connections
                       : config->max_connections_per_host * (int64_t)count_hosts(entries);

    backend->loop = loop;
    backend->section = entries;
    backend->trust = trust;
    backend->http = http_new(loop, config->max_connections_per_host, kept);
    if (backend->http == NULL) {
        mem_free(backend);
        return NULL;
    }
    backend->entries = mem_array(entries->count, sizeof(*backend->entries));
    for (size_t i = 0; i < entries->count; i++)
        backend->entries[i].trace = config_has_string(&config->debug_entry, span_text(entries->entries[i].name));
    if (getrandom(&backend->next_request_id, sizeof(backend->next_request_id), 0) < 0)
        backend->next_request_id = (uint64_t)loop->now_ms << 20; /* ids need to differ, not to be secret */
    return backend;
}

/* Every call was delivered or cancelled before: connections are closed first. */
void backend_free(struct backend **backend)
{
    if (*backend == NULL)
        return;
    http_free(&(*backend)->http);
    mem_free((*backend)->entries);
    mem_free(*backend);
    *backend = NULL;
}
