#include "inquiry.h"

#include <stdio.h>
#include <string.h>

#include "backend_log.h"
#include "clock.h"
#include "inquiry_answer.h"
#include "inquiry_cache.h"
#include "inquiry_find.h"
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
    case CONFIG_NO_SECTION:
        subject_of_key(&inquiry->subject, entry, question->key);
        break;
    }
}

/* What comes of an answer may be longer than it. */
static size_t value_max_bytes(const struct config_entry *entry)
{
    int64_t answer = entry->http.max_response_bytes;
    return (size_t)(answer > entry->max_reply_bytes ? answer : entry->max_reply_bytes);
}

static void token_came(struct oidc_waiter *waiter, enum oidc_result result);

struct inquiry *inquiry_new(struct backend *backend, const struct backend_question *question)
{
    const struct config_entry *entry = question->entry;
    struct inquiry *inquiry = pool_take(&backend->idle_inquiries);

    *inquiry = (struct inquiry){ .backend = backend, .entry = entry, .request_id = backend->next_request_id++,
                                 .subject = inquiry->subject, .key = inquiry->key, .value = inquiry->value };
    inquiry->key.max = CACHE_KEY_MAX_BYTES;
    inquiry->value.max = value_max_bytes(entry);
    buf_init(&inquiry->token, OIDC_TOKEN_MAX_BYTES);
    inquiry->token.secret = true;
    inquiry->token_waiter.done = token_came;
    inquiry->is_token_login = question->login != NULL && question->login->is_token;
    take_subject(inquiry, question);
    inquiry->candidate_count = entry->asks_all || inquiry->subject.keys.count == 0 ? 1 : inquiry->subject.keys.count;
    inquiry_cache_take(inquiry, 0);
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

static size_t row_of(struct inquiry *inquiry)
{
    if (!inquiry->has_row)
        inquiry->row = siphash(&inquiry->backend->hash_key, buf_span(&inquiry->subject.bytes)) %
                       BACKEND_INQUIRIES_ROWS;
    inquiry->has_row = true;
    return inquiry->row;
}

static void list(struct inquiry *inquiry)
{
    struct backend *backend = inquiry->backend;

    if (!may_be_shared(inquiry))
        return;
    struct inquiry **first = &backend->inquiries[row_of(inquiry)];
    inquiry->next = *first;
    if (inquiry->next != NULL)
        inquiry->next->previous = inquiry;
    *first = inquiry;
    inquiry->is_listed = true;
}

struct inquiry *inquiry_twin(struct inquiry *inquiry)
{
    if (!may_be_shared(inquiry))
        return NULL;
    for (struct inquiry *other = inquiry->backend->inquiries[row_of(inquiry)]; other != NULL; other = other->next)
        if (other->entry == inquiry->entry && subject_equal(&other->subject, &inquiry->subject))
            return other;
    return NULL;
}

static bool is_asking(const struct inquiry *inquiry)
{
    return inquiry->fetch != NULL || inquiry->token_waiter.list != NULL || inquiry->token_login != NULL;
}

static void stop_asking(struct inquiry *inquiry)
{
    if (inquiry->fetch != NULL)
        fetch_cancel(inquiry->fetch);
    if (inquiry->token_login != NULL)
        oidc_login_cancel(inquiry->token_login);
    oidc_waiter_forget(&inquiry->token_waiter);
    inquiry->fetch = NULL;
    inquiry->token_login = NULL;
}

static void release(struct inquiry *inquiry)
{
    if (inquiry->calls != NULL || is_asking(inquiry) || inquiry->is_ending)
        return;
    unlist(inquiry);
    inquiry->backend->background_count -= inquiry->is_background;
    subject_clear(&inquiry->subject);
    buf_empty(&inquiry->key, BACKEND_IDLE_BYTES);
    buf_empty(&inquiry->value, BACKEND_IDLE_BYTES);
    buf_free(&inquiry->token);
    pool_give(&inquiry->backend->idle_inquiries, inquiry);
}

void inquiry_end(void *idle)
{
    struct inquiry *inquiry = idle;

    subject_free(&inquiry->subject);
    buf_free(&inquiry->key);
    buf_free(&inquiry->value);
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
    if (wants_answer && is_asking(inquiry) && !inquiry->is_background &&
        backend->background_count < backend->background_max) {
        inquiry->is_background = true;
        backend->background_count++;
    }
    if (inquiry->calls == NULL && !inquiry->is_background)
        stop_asking(inquiry);
    release(inquiry);
}

void inquiry_cancel(struct inquiry *inquiry)
{
    unlist(inquiry);
    stop_asking(inquiry);
    release(inquiry);
}

/* Goes on to the next candidate that has to be asked for. False: there is none, *verdict is what is known. */
static bool move_on(struct inquiry *inquiry, struct verdict *verdict)
{
    int64_t stored_ms;

    *verdict = inquiry_answer_nothing(inquiry->entry);
    while (inquiry->candidate + 1 < inquiry->candidate_count) {
        inquiry_cache_take(inquiry, inquiry->candidate + 1);
        if (inquiry_cache_find(inquiry, &inquiry->value, verdict, &stored_ms) != INQUIRY_CACHED_FRESH) {
            inquiry->request_id = inquiry->backend->next_request_id++;
            inquiry_find_renew(inquiry);
            return true;
        }
        inquiry->is_from_cache = true;
        inquiry->asked_ms = stored_ms;
        if (verdict->kind == VERDICT_FOUND)
            return false;
    }
    return false;
}

static enum oidc_result take_token(struct inquiry *inquiry)
{
    struct oidc_token *token = backend_state_of(inquiry->backend, inquiry->entry)->token;

    if (token == NULL || !subject_is_askable(&inquiry->subject))
        return OIDC_READY;
    return oidc_token_ask(token, inquiry->deadline_ms, &inquiry->token, &inquiry->token_version,
                          &inquiry->token_waiter);
}

static void answered(void *arg, const struct http_answer *answer, const struct config_target *target);

/* Asks for the candidate, or for the next one that can be asked for. False: nobody is asked, *verdict is known. */
static bool fetch(struct inquiry *inquiry, struct verdict *verdict)
{
    struct backend *backend = inquiry->backend;
    struct fetch_request request = { .entry = inquiry->entry, .subject = &inquiry->subject,
                                     .first = inquiry->answering_target, .token = buf_span(&inquiry->token),
                                     .deadline_ms = inquiry->deadline_ms,
                                     .stats = backend_state_of(backend, inquiry->entry)->stats };
    enum fetch_start start;

    do {
        inquiry->is_from_cache = false;
        inquiry->asked_ms = clock_wall_ms();
        request.id = inquiry->request_id;
        start = fetch_start(backend->fetcher, &request, answered, inquiry, &inquiry->fetch);
    } while (start == FETCH_SUPPRESSED && move_on(inquiry, verdict));
    if (start == FETCH_ALL_DOWN)
        *verdict = inquiry_answer_down(inquiry);
    if (start == FETCH_REFUSED)
        *verdict = inquiry_answer_unfit(inquiry);
    return start == FETCH_STARTED;
}

/* The same, once there is a token where one is needed. */
static bool ask(struct inquiry *inquiry, struct verdict *verdict)
{
    switch (take_token(inquiry)) {
    case OIDC_READY:
        return fetch(inquiry, verdict);
    case OIDC_WAITING:
        return true;
    case OIDC_FAILED:
        break;
    }
    *verdict = inquiry_answer_no_token();
    return false;
}

static struct verdict conclude(struct inquiry *inquiry, struct verdict verdict)
{
    struct verdict whole = inquiry_answer_extend(inquiry, verdict, &inquiry->value);

    inquiry_cache_keep_found(inquiry, &whole);
    return whole;
}

/* It stays until the last call has left. */
static void finish(struct inquiry *inquiry, int status, struct verdict verdict)
{
    unlist(inquiry);
    verdict = conclude(inquiry, verdict);
    inquiry->is_ending = true;
    while (inquiry->calls != NULL)
        inquiry->calls->answered(inquiry->calls, inquiry->is_from_cache ? 0 : status, &verdict);
    inquiry->is_ending = false;
    release(inquiry);
}

static void token_came(struct oidc_waiter *waiter, enum oidc_result result)
{
    struct inquiry *inquiry = LOOP_OWNER(waiter, struct inquiry, token_waiter);
    struct verdict verdict = inquiry_answer_no_token();

    if (result != OIDC_READY || !ask(inquiry, &verdict))
        finish(inquiry, 0, verdict);
}

/* Once for each inquiry: a token may have been revoked. */
static bool wants_new_token(struct inquiry *inquiry, const struct http_answer *answer)
{
    struct oidc_token *token = backend_state_of(inquiry->backend, inquiry->entry)->token;

    if (token == NULL || inquiry->has_new_token || answer->failure != HTTP_ANSWERED || answer->status != 401)
        return false;
    inquiry->has_new_token = true;
    return oidc_token_refused(token, inquiry->token_version);
}

static void answered(void *arg, const struct http_answer *answer, const struct config_target *target)
{
    struct inquiry *inquiry = arg;
    struct verdict verdict;
    bool goes_on;

    inquiry->fetch = NULL;
    if (wants_new_token(inquiry, answer)) {
        goes_on = ask(inquiry, &verdict);
    } else {
        verdict = inquiry_answer_read(inquiry, answer, target);
        inquiry_cache_keep(inquiry, &verdict);
        inquiry->answering_target = target;
        bool is_last = inquiry->candidate + 1 == inquiry->candidate_count;
        goes_on = verdict.kind == VERDICT_NOTFOUND && !is_last && move_on(inquiry, &verdict) &&
                  ask(inquiry, &verdict);
    }
    if (!goes_on)
        finish(inquiry, answer->status, verdict);
}

static void token_checked(void *arg, int status, const struct verdict *verdict)
{
    struct inquiry *inquiry = arg;

    inquiry->token_login = NULL;
    if (verdict->warning != NULL)
        backend_log_warning(inquiry, NULL, verdict->warning, "");
    finish(inquiry, status, *verdict);
}

/* A mail user's token is nothing for the backend. */
static void check_token(struct inquiry *inquiry)
{
    const struct subject *subject = &inquiry->subject;
    struct oidc_login_question question = {
        .client = backend_state_of(inquiry->backend, inquiry->entry)->token_client,
        .deadline_ms = inquiry->deadline_ms,
        .token = attribute_value(subject->attributes, subject->attribute_count, "password"),
        .name = attribute_value(subject->attributes, subject->attribute_count, "user"),
    };

    inquiry->token_login = oidc_login_start(inquiry->backend->loop, &question, token_checked, inquiry);
}

bool inquiry_ask(struct inquiry *inquiry, int64_t deadline_ms, struct verdict *verdict)
{
    inquiry->deadline_ms = deadline_ms;
    if (inquiry->is_token_login) {
        check_token(inquiry);
        return true;
    }
    if (ask(inquiry, verdict)) {
        list(inquiry);
        return true;
    }
    *verdict = conclude(inquiry, *verdict);
    return false;
}
