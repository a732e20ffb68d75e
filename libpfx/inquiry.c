#include "inquiry.h"

#include <stdio.h>
#include <string.h>

#include "backend_log.h"
#include "clock.h"
#include "inquiry_cache.h"
#include "mem.h"

static const char unfit[] = "what is asked does not fit into the request";

static void take_subject(struct inquiry *inquiry, const struct backend_question *question)
{
    const struct config_entry *entry = question->entry;

    switch (entry->section) {
    case CONFIG_POLICY_SERVICES:
        subject_of_policy(&inquiry->subject, entry, question->attributes, question->attribute_count);
        break;
    case CONFIG_DOVECOT_SASL:
        subject_of_login(&inquiry->subject, entry, question->login);
        break;
    case CONFIG_SOCKET_MAPS:
    case CONFIG_SECTIONS:
        subject_of_key(&inquiry->subject, entry, question->key);
        break;
    }
}

/* What is asked from now on, and where the cache has it. */
static void take_candidate(struct inquiry *inquiry, size_t i)
{
    inquiry->candidate = i;
    if (i < inquiry->subject.keys.count && !inquiry->entry->asks_all)
        subject_take(&inquiry->subject, i);
    inquiry_cache_take_key(inquiry);
}

struct inquiry *inquiry_new(struct backend *backend, const struct backend_question *question)
{
    const struct config_entry *entry = question->entry;
    struct inquiry *inquiry = mem_alloc(sizeof(*inquiry));

    inquiry->backend = backend;
    inquiry->entry = entry;
    inquiry->request_id = backend->next_request_id++;
    buf_init(&inquiry->key, CACHE_KEY_MAX_BYTES);
    buf_init(&inquiry->value, (size_t)entry->http.max_response_bytes);
    take_subject(inquiry, question);
    inquiry->candidate_count = entry->asks_all || inquiry->subject.keys.count == 0 ? 1 : inquiry->subject.keys.count;
    take_candidate(inquiry, 0);
    return inquiry;
}

static void unlist(struct inquiry *inquiry)
{
    if (!inquiry->is_listed)
        return;
    if (inquiry->next != NULL)
        inquiry->next->previous = inquiry->previous;
    if (inquiry->previous != NULL)
        inquiry->previous->next = inquiry->next;
    else
        inquiry->backend->inquiries[inquiry->row] = inquiry->next;
    inquiry->is_listed = false;
}

static bool may_be_shared(const struct inquiry *inquiry)
{
    return inquiry->entry->section != CONFIG_DOVECOT_SASL;
}

static size_t row_of(const struct inquiry *inquiry)
{
    return siphash(&inquiry->backend->hash_key, buf_span(&inquiry->subject.bytes)) % BACKEND_INQUIRIES_ROWS;
}

static void list(struct inquiry *inquiry)
{
    struct backend *backend = inquiry->backend;

    if (!may_be_shared(inquiry))
        return;
    inquiry->row = row_of(inquiry);
    inquiry->next = backend->inquiries[inquiry->row];
    if (inquiry->next != NULL)
        inquiry->next->previous = inquiry;
    backend->inquiries[inquiry->row] = inquiry;
    inquiry->is_listed = true;
}

struct inquiry *inquiry_twin(const struct inquiry *inquiry)
{
    if (!may_be_shared(inquiry))
        return NULL;
    for (struct inquiry *other = inquiry->backend->inquiries[row_of(inquiry)]; other != NULL; other = other->next)
        if (other->entry == inquiry->entry && subject_equal(&other->subject, &inquiry->subject))
            return other;
    return NULL;
}

static void release(struct inquiry *inquiry)
{
    if (inquiry->calls != NULL || inquiry->fetch != NULL)
        return;
    unlist(inquiry);
    inquiry->backend->background_count -= inquiry->is_background;
    subject_free(&inquiry->subject);
    buf_free(&inquiry->key);
    buf_free(&inquiry->value);
    mem_free(inquiry);
}

void inquiry_add(struct inquiry *inquiry, struct backend_call *call)
{
    call->inquiry = inquiry;
    call->next = inquiry->calls;
    inquiry->calls = call;
}

void inquiry_remove(struct inquiry *inquiry, struct backend_call *call, bool wants_answer)
{
    struct backend *backend = inquiry->backend;
    struct backend_call **at = &inquiry->calls;

    while (*at != call)
        at = &(*at)->next;
    *at = call->next;
    if (wants_answer && inquiry->fetch != NULL && !inquiry->is_background &&
        backend->background_count < backend->background_max) {
        inquiry->is_background = true;
        backend->background_count++;
    }
    if (inquiry->calls == NULL && inquiry->fetch != NULL && !inquiry->is_background) {
        fetch_cancel(inquiry->fetch);
        inquiry->fetch = NULL;
    }
    release(inquiry);
}

void inquiry_cancel(struct inquiry *inquiry)
{
    unlist(inquiry);
    fetch_cancel(inquiry->fetch);
    inquiry->fetch = NULL;
    release(inquiry);
}

/* A candidate without the extension was found: the value may get it back. */
static struct verdict extend(const struct inquiry *inquiry, struct verdict verdict, struct buf *value)
{
    const struct config_entry *entry = inquiry->entry;
    const struct keys *keys = &inquiry->subject.keys;

    if (verdict.kind != VERDICT_FOUND || !entry->propagate_extension || entry->asks_all ||
        !keys->candidate[inquiry->candidate].lacks_extension)
        return verdict;
    return verdict_extend(entry, keys->extension, value);
}

/* The candidate's answer; nothing of the call is touched when there is none. */
static enum inquiry_cached find(struct inquiry *inquiry, struct backend_call *call)
{
    struct verdict verdict;
    int64_t stored_ms;
    enum inquiry_cached found = inquiry_cache_find(inquiry, &call->value, &verdict, &stored_ms);

    if (found == INQUIRY_CACHED_NOTHING)
        return found;
    call->old = extend(inquiry, verdict, &call->value);
    call->old_candidate = inquiry->candidate;
    return found;
}

/* The candidates one by one, as long as what is kept and fresh tells that there is nothing. */
static enum inquiry_cached find_fresh(struct inquiry *inquiry, struct backend_call *call)
{
    enum inquiry_cached found = find(inquiry, call);

    while (found == INQUIRY_CACHED_FRESH && call->old.kind == VERDICT_NOTFOUND &&
           inquiry->candidate + 1 < inquiry->candidate_count) {
        take_candidate(inquiry, inquiry->candidate + 1);
        found = find(inquiry, call);
    }
    return found;
}

/*
 * The same with old answers. A candidate that nothing is known of may be passed over up to the one that was found the
 * last time: then it was not there.
 */
static bool find_old(struct inquiry *inquiry, struct backend_call *call)
{
    size_t found_before = inquiry_cache_find_found(inquiry);
    bool has_old = false;

    for (size_t i = inquiry->candidate; i < inquiry->candidate_count; i++) {
        take_candidate(inquiry, i);
        has_old = find(inquiry, call) != INQUIRY_CACHED_NOTHING;
        if (has_old ? call->old.kind == VERDICT_FOUND : i >= found_before)
            break;
    }
    return has_old;
}

bool inquiry_find_answer(struct inquiry *inquiry, struct backend_call *call)
{
    bool is_fresh = find_fresh(inquiry, call) == INQUIRY_CACHED_FRESH;
    size_t first = inquiry->candidate;

    call->has_old = is_fresh || find_old(inquiry, call);
    if (!is_fresh && inquiry->candidate != first)
        take_candidate(inquiry, first);
    return is_fresh;
}

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

static struct verdict read_answer(struct inquiry *inquiry, const struct http_answer *answer,
                                  const struct config_target *target)
{
    struct entry_state *state = backend_state_of(inquiry->backend, inquiry->entry);
    struct verdict verdict;
    char detail[HTTP_DETAIL_MAX_BYTES] = "";

    if (answer->failure == HTTP_ANSWERED) {
        verdict = judge(inquiry, answer);
        snprintf(detail, sizeof(detail), "%s%sstatus %d", verdict.detail == NULL ? "" : verdict.detail,
                 verdict.detail == NULL ? "" : "; ", answer->status);
        backend_log_typo(inquiry, &verdict);
        stats_add(state->stats, STATS_backend_unexpected, verdict.is_failure);
    } else {
        verdict = verdict_of_failure(answer->failure, answer->reason);
        snprintf(detail, sizeof(detail), "%s", answer->detail);
    }
    size_t n = strlen(detail);
    if (verdict.is_failure && inquiry->calls != NULL && inquiry->calls->has_old)
        snprintf(detail + n, sizeof(detail) - n, "; an old answer stands in");
    if (verdict.warning != NULL)
        backend_log_warning(inquiry, target->origin, verdict.warning, detail);
    return verdict;
}

/* What nobody can be asked about. */
static struct verdict nothing_there(const struct config_entry *entry)
{
    if (entry->section == CONFIG_DOVECOT_SASL)
        return (struct verdict){ .kind = VERDICT_DENIED, .text = SPAN(VERDICT_DENIED_TEXT), .detail = unfit };
    return (struct verdict){ .kind = VERDICT_NOTFOUND };
}

static struct verdict down(const struct inquiry *inquiry)
{
    const struct backend *backend = inquiry->backend;

    fetch_spared(backend->fetcher, inquiry->entry, inquiry->calls != NULL && inquiry->calls->has_old);
    stats_add(backend_state_of(backend, inquiry->entry)->stats, STATS_backend_down, 1);
    return (struct verdict){ .kind = VERDICT_TEMP, .text = SPAN("the backend is down"), .is_failure = true };
}

/*
 * All candidates before this one are known not to be there: what is old and of one of them stands in for nobody any
 * more, but what is of this one or a later one may.
 */
static void renew_old(struct inquiry *inquiry)
{
    size_t candidate = inquiry->candidate;

    for (struct backend_call *call = inquiry->calls; call != NULL; call = call->next) {
        if (call->has_old && call->old_candidate >= candidate)
            continue;
        loop_cancel(inquiry->backend->loop, &call->timer);
        call->has_old = find_old(inquiry, call);
        if (inquiry->candidate != candidate)
            take_candidate(inquiry, candidate);
    }
}

/* Goes on to the next candidate that has to be asked for. False: there is none, *verdict is what is known. */
static bool move_on(struct inquiry *inquiry, struct verdict *verdict)
{
    int64_t stored_ms;

    *verdict = nothing_there(inquiry->entry);
    while (inquiry->candidate + 1 < inquiry->candidate_count) {
        take_candidate(inquiry, inquiry->candidate + 1);
        if (inquiry_cache_find(inquiry, &inquiry->value, verdict, &stored_ms) != INQUIRY_CACHED_FRESH) {
            inquiry->request_id = inquiry->backend->next_request_id++;
            renew_old(inquiry);
            return true;
        }
        inquiry->is_from_cache = true;
        inquiry->asked_ms = stored_ms;
        if (verdict->kind == VERDICT_FOUND)
            return false;
    }
    return false;
}

static void answered(void *arg, const struct http_answer *answer, const struct config_target *target);

/* Asks for the candidate, or for the next one that can be asked for. False: nobody is asked, *verdict is known. */
static bool ask(struct inquiry *inquiry, struct verdict *verdict)
{
    struct backend *backend = inquiry->backend;
    struct fetch_request request = { .entry = inquiry->entry, .subject = &inquiry->subject,
                                     .first = inquiry->answering_target, .deadline_ms = inquiry->deadline_ms,
                                     .stats = backend_state_of(backend, inquiry->entry)->stats };
    enum fetch_start start;

    do {
        inquiry->is_from_cache = false;
        inquiry->asked_ms = clock_wall_ms();
        request.id = inquiry->request_id;
        start = fetch_start(backend->fetcher, &request, answered, inquiry, &inquiry->fetch);
    } while (start == FETCH_SUPPRESSED && move_on(inquiry, verdict));
    if (start == FETCH_ALL_DOWN)
        *verdict = down(inquiry);
    if (start == FETCH_REFUSED) {
        *verdict = (struct verdict){ .kind = VERDICT_PERM, .text = { unfit, sizeof(unfit) - 1 } };
        backend_log_warning(inquiry, NULL, unfit, "");
    }
    return start == FETCH_STARTED;
}

static struct verdict conclude(struct inquiry *inquiry, struct verdict verdict)
{
    struct verdict whole = extend(inquiry, verdict, &inquiry->value);

    inquiry_cache_keep_found(inquiry, &whole);
    return whole;
}

static void answered(void *arg, const struct http_answer *answer, const struct config_target *target)
{
    struct inquiry *inquiry = arg;
    struct verdict verdict = read_answer(inquiry, answer, target);

    inquiry_cache_keep(inquiry, &verdict);
    inquiry->answering_target = target;
    if (verdict.kind == VERDICT_NOTFOUND && move_on(inquiry, &verdict) && ask(inquiry, &verdict))
        return;
    unlist(inquiry);
    verdict = conclude(inquiry, verdict);
    inquiry->backend->background_count += !inquiry->is_background;
    inquiry->is_background = true; /* so that it stays until the last call has left */
    while (inquiry->calls != NULL)
        inquiry->calls->answered(inquiry->calls, inquiry->is_from_cache ? 0 : answer->status, &verdict);
    inquiry->fetch = NULL;
    release(inquiry);
}

bool inquiry_ask(struct inquiry *inquiry, int64_t deadline_ms, struct verdict *verdict)
{
    inquiry->deadline_ms = deadline_ms;
    if (ask(inquiry, verdict)) {
        list(inquiry);
        return true;
    }
    *verdict = conclude(inquiry, *verdict);
    return false;
}
