#include "inquiry.h"

#include <stdio.h>
#include <string.h>

#include "action.h"
#include "backend_log.h"
#include "cache.h"
#include "cachekey.h"
#include "clock.h"
#include "mem.h"

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

static bool is_kept(const struct inquiry *inquiry)
{
    return inquiry->backend->shared->cache != NULL && inquiry->entry->section != CONFIG_DOVECOT_SASL &&
           inquiry->entry->cache.enabled;
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
    if (is_kept(inquiry) &&
        !cachekey_make(entry, backend_state_of(backend, entry)->fingerprint, &inquiry->subject, &inquiry->key)) {
        buf_clear(&inquiry->key);
        backend_log_warning(inquiry, NULL,
                            "cache_key names an attribute that the request lacks: its answer is not kept", "");
    }
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

static int64_t longer(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static enum cache_part part_of(const struct inquiry *inquiry)
{
    return inquiry->entry->section == CONFIG_POLICY_SERVICES ? CACHE_POLICIES : CACHE_MAPS;
}

/* The newest answer counts: what is not kept itself still makes the older one go. A failure is no answer. */
static void keep(const struct inquiry *inquiry, const struct verdict *verdict)
{
    const struct config_cache *rules = &inquiry->entry->cache;
    enum cache_part part = part_of(inquiry);
    struct cache *cache = inquiry->backend->shared->cache;
    bool is_value = verdict->kind == VERDICT_FOUND;
    bool is_lasting = (is_value && !(part == CACHE_POLICIES && action_is_temporary(verdict->text))) ||
                      verdict->kind == VERDICT_NOTFOUND;

    if (inquiry->key.n == 0 || verdict->is_failure)
        return;
    int64_t use_ms = is_value ? longer(rules->max_age_ms, rules->stale_if_error_ms)
                              : longer(rules->negative_max_age_ms, rules->negative_stale_if_error_ms);
    struct cache_answer answer = { .kind = is_value ? CACHE_VALUE : CACHE_NOTHING, .stored_ms = inquiry->asked_ms,
                                   .useless_ms = inquiry->asked_ms + use_ms };
    if (!is_lasting)
        use_ms = 0;
    if (use_ms > 0)
        cache_put(cache, part, buf_span(&inquiry->key), verdict->text, &answer);
    else
        cache_drop(cache, part, buf_span(&inquiry->key));
}

bool inquiry_find_answer(const struct inquiry *inquiry, struct buf *value, struct verdict *verdict, bool *is_fresh)
{
    const struct config_cache *rules = &inquiry->entry->cache;
    enum cache_part part = part_of(inquiry);
    int64_t now_ms = clock_wall_ms();
    struct cache_answer answer;

    if (inquiry->key.n == 0 ||
        !cache_get(inquiry->backend->shared->cache, part, buf_span(&inquiry->key), now_ms, value, &answer))
        return false;
    bool is_value = answer.kind == CACHE_VALUE;
    int64_t age_ms = now_ms - answer.stored_ms;
    *is_fresh = age_ms < (is_value ? rules->max_age_ms : rules->negative_max_age_ms);
    *verdict = (struct verdict){ .kind = is_value ? VERDICT_FOUND : VERDICT_NOTFOUND, .text = buf_span(value) };
    return *is_fresh || age_ms < (is_value ? rules->stale_if_error_ms : rules->negative_stale_if_error_ms);
}

static struct verdict judge(struct inquiry *inquiry, const struct http_answer *answer)
{
    const struct config_entry *entry = inquiry->entry;

    if (entry->section != CONFIG_DOVECOT_SASL)
        return verdict_of_answer(entry, answer->status, answer->body, &inquiry->value);
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

static void answered(void *arg, const struct http_answer *answer, const struct config_target *target)
{
    struct inquiry *inquiry = arg;
    struct verdict verdict = read_answer(inquiry, answer, target);

    unlist(inquiry);
    keep(inquiry, &verdict);
    inquiry->backend->background_count += !inquiry->is_background;
    inquiry->is_background = true; /* so that it stays until the last call has left */
    while (inquiry->calls != NULL)
        inquiry->calls->answered(inquiry->calls, answer->status, &verdict);
    inquiry->fetch = NULL;
    release(inquiry);
}

enum fetch_start inquiry_ask(struct inquiry *inquiry, int64_t deadline_ms)
{
    struct backend *backend = inquiry->backend;
    struct fetch_request request = { .entry = inquiry->entry, .subject = &inquiry->subject, .id = inquiry->request_id,
                                     .deadline_ms = deadline_ms,
                                     .stats = backend_state_of(backend, inquiry->entry)->stats };
    inquiry->asked_ms = clock_wall_ms();
    enum fetch_start start = fetch_start(backend->fetcher, &request, answered, inquiry, &inquiry->fetch);

    if (start == FETCH_STARTED)
        list(inquiry);
    return start;
}
