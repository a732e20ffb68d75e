#include "backend.h"

#include <sys/random.h>

#include "backend_log.h"
#include "cachekey.h"
#include "inquiry.h"
#include "inquiry_find.h"
#include "mem.h"

static const enum stats_counter result_counters[VERDICT_KINDS] = {
    [VERDICT_FOUND] = STATS_found, [VERDICT_NOTFOUND] = STATS_notfound, [VERDICT_DENIED] = STATS_denied,
    [VERDICT_TEMP] = STATS_temp,   [VERDICT_TIMEOUT] = STATS_timeout,   [VERDICT_PERM] = STATS_perm,
};

const struct config_entry *backend_entry(const struct backend_call *call)
{
    return call->inquiry->entry;
}

void backend_describe(const struct backend_call *call, char text[LOG_LINE_MAX_BYTES])
{
    backend_log_describe(call->inquiry, call->client, text);
}

static void count(const struct backend_call *call, const struct verdict *verdict)
{
    const struct backend *backend = call->inquiry->backend;
    struct stats_series *stats = backend_state_of(backend, call->inquiry->entry)->stats;

    stats_add(stats, result_counters[verdict->kind], 1);
    if (call->source == SOURCE_CACHE)
        stats_add(stats, STATS_cache_fresh, 1);
    else if (call->source == SOURCE_STALE)
        stats_add(stats, STATS_cache_stale, 1);
    else if (call->source == SOURCE_COALESCED)
        stats_add(stats, STATS_coalesced, 1);
    stats_add(stats, STATS_in_flight, -1);
    stats_time(stats, backend->loop->now_ms - call->start_ms);
}

/* wants_answer: the inquiry goes on although the call has what it needs. */
static void leave(struct backend_call *call, bool wants_answer)
{
    struct backend *backend = call->inquiry->backend;

    loop_cancel(backend->loop, &call->timer);
    inquiry_remove(call->inquiry, call, wants_answer);
    buf_empty(&call->value, BACKEND_IDLE_BYTES);
    pool_give(&backend->idle_calls, call);
}

/* The end of the call. It still has its inquiry while done runs, which may ask about it. */
static void give(struct backend_call *call, int status, const struct verdict *verdict, enum answer_source source)
{
    call->source = source;
    backend_log_request(call, status, verdict);
    count(call, verdict);
    call->done(call->arg, call, verdict);
    leave(call, true);
}

static void answered(struct backend_call *call, int status, const struct verdict *verdict)
{
    bool takes_old = verdict->is_failure && call->has_old;
    enum answer_source source = takes_old                      ? SOURCE_STALE
                                : call->has_joined             ? SOURCE_COALESCED
                                : call->inquiry->is_from_cache ? SOURCE_CACHE
                                                               : SOURCE_BACKEND;

    give(call, status, takes_old ? &call->old : verdict, source);
}

/* The backend has had its time, and an old answer will do. */
static void timer_due(struct loop_timer *timer)
{
    struct backend_call *call = LOOP_OWNER(timer, struct backend_call, timer);

    give(call, 0, &call->old, SOURCE_STALE);
}

/* While a target is down nobody waits for it who has an old answer. */
static void allow_old(struct backend_call *call)
{
    const struct backend *backend = call->inquiry->backend;
    const struct config_entry *entry = call->inquiry->entry;

    inquiry_find_limit_wait(call);
    if (!call->has_old || fetch_has_target_up(backend->fetcher, entry))
        return;
    loop_at(backend->loop, &call->timer, backend->loop->now_ms);
    fetch_spared(backend->fetcher, entry, true);
}

/* False: nobody could be asked, and the call is over. */
static bool ask(struct backend_call *call)
{
    struct inquiry *inquiry = call->inquiry;
    struct verdict verdict;

    if (inquiry_ask(inquiry, call->start_ms + inquiry->entry->http.timeout_ms, &verdict)) {
        allow_old(call);
        return true;
    }
    if (verdict.is_failure && call->has_old)
        give(call, 0, &call->old, SOURCE_STALE);
    else
        give(call, 0, &verdict, inquiry->is_from_cache ? SOURCE_CACHE : SOURCE_NONE);
    return false;
}

/* True: somebody asks the same already. What is on its way to a target that is down is a probe: nobody waits for it. */
static bool join(struct backend_call *call, struct inquiry *inquiry)
{
    bool is_up = fetch_has_target_up(inquiry->backend->fetcher, inquiry->entry);
    struct inquiry *twin = is_up ? inquiry_twin(inquiry) : NULL;

    if (twin == NULL)
        return false;
    inquiry_remove(inquiry, call, false);
    inquiry_add(twin, call);
    call->has_joined = true;
    allow_old(call);
    return true;
}

struct backend_call *backend_ask(struct backend *backend, const struct backend_question *question, backend_done *done,
                                 void *arg)
{
    struct backend_call *call = pool_take(&backend->idle_calls);
    struct inquiry *inquiry = inquiry_new(backend, question);

    *call = (struct backend_call){ .client = question->client, .start_ms = backend->loop->now_ms,
                                   .timer.due = timer_due, .answered = answered, .done = done, .arg = arg,
                                   .value = call->value };
    call->value.max = inquiry->value.max;
    inquiry_add(inquiry, call);
    stats_add(backend_state_of(backend, question->entry)->stats, STATS_in_flight, 1);
    if (inquiry_find_answer(inquiry, call)) {
        give(call, 0, &call->old, SOURCE_CACHE);
        return NULL;
    }
    return join(call, inquiry) || ask(call) ? call : NULL;
}

void backend_cancel(struct backend_call *call)
{
    struct inquiry *inquiry = call->inquiry;

    stats_add(backend_state_of(inquiry->backend, inquiry->entry)->stats, STATS_in_flight, -1);
    leave(call, false);
}

const char *backend_error(const struct backend *backend, const struct config_entry *entry)
{
    const char *error = entry->error;

    if (error == NULL)
        error = backend_trust_error(backend->shared->trust, entry);
    return error != NULL ? error : oidc_shared_error(backend->shared->oidc, entry);
}

static void take_entry(const struct backend *backend, const struct config_entry *entry, struct entry_state *state)
{
    state->fingerprint = cachekey_fingerprint(entry);
    if (entry->backend_oidc != NULL)
        state->token = oidc_token_of(backend->oidc, entry->backend_oidc);
    if (entry->sasl_oidc != NULL)
        state->token_client = oidc_client_of(backend->oidc, entry->sasl_oidc);
}

static void end_call(void *idle)
{
    struct backend_call *call = idle;

    buf_free(&call->value);
}

struct backend *backend_new(struct loop *loop, const struct config *config, const struct backend_shared *shared,
                            unsigned slot)
{
    struct backend *backend = mem_alloc(sizeof(*backend));
    const struct config_section *section = &config->section[shared->section];

    backend->loop = loop;
    backend->section = section;
    backend->shared = shared;
    backend->idle_inquiries = (struct pool){ .bytes = sizeof(struct inquiry), .end = inquiry_end };
    backend->idle_calls = (struct pool){ .bytes = sizeof(struct backend_call), .end = end_call };
    backend->background_max = (size_t)(config->max_connections_per_host + 1) / 2;
    backend->fetcher = fetch_open(loop, config, shared->section, shared->trust, shared->health);
    backend->oidc = backend->fetcher == NULL ? NULL : oidc_open(loop, config, shared->oidc, shared->trust);
    if (backend->oidc == NULL) {
        fetch_close(&backend->fetcher);
        mem_free(backend);
        return NULL;
    }
    backend->entries = mem_array(section->count, sizeof(*backend->entries));
    for (size_t i = 0; i < section->count; i++) {
        const struct config_entry *entry = &section->entries[i];
        struct entry_state *state = &backend->entries[i];
        state->trace = config_has_string(&config->debug_entry, span_text(entry->name));
        if (entry->error == NULL)
            take_entry(backend, entry, state);
        if (shared->stats != NULL)
            state->stats = stats_series(shared->stats, config_section_name(shared->section), entry->name, slot);
    }
    if (getrandom(&backend->next_request_id, sizeof(backend->next_request_id), 0) < 0)
        backend->next_request_id = (uint64_t)loop->now_ms << 20; /* ids need to differ, not to be secret */
    if (getrandom(&backend->hash_key, sizeof(backend->hash_key), 0) < 0)
        backend->hash_key.k0 = backend->next_request_id;
    return backend;
}

/* Inquiries that nobody waits for may be left: connections were closed first. */
static void cancel_background(struct backend *backend)
{
    for (size_t i = 0; i < BACKEND_INQUIRIES_ROWS; i++)
        while (backend->inquiries[i] != NULL)
            inquiry_cancel(backend->inquiries[i]);
}

void backend_free(struct backend **backend)
{
    if (*backend == NULL)
        return;
    cancel_background(*backend);
    pool_free(&(*backend)->idle_inquiries);
    pool_free(&(*backend)->idle_calls);
    oidc_close(&(*backend)->oidc);
    fetch_close(&(*backend)->fetcher);
    mem_free((*backend)->entries);
    mem_free(*backend);
    *backend = NULL;
}
