#include "oidc_token.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "jsondoc.h"
#include "mem.h"

#define LEASE_SLACK_MS 1000 /* beyond the time of configuration and token, before others think the holder is stuck */
#define SCOPES_MAX_BYTES 65536

struct oidc_token {
    struct loop *loop;
    struct oidc_client client;
    struct oidc_slot *slot;
    struct oidc_waiter configuration; /* the lease is ours while it waits, or call is on its way */
    struct http_call *call;
    struct loop_timer look; /* at what another worker does */
    struct buf seen;        /* scratch */
    struct oidc_waiters waiters;
};

static enum oidc_result same_for_all(const struct oidc_waiter *waiter, const void *result)
{
    (void)waiter;
    return *(const enum oidc_result *)result;
}

static void tell_all(struct oidc_token *token, enum oidc_result result)
{
    oidc_waiters_tell(&token->waiters, same_for_all, &result);
}

static bool has_lease(const struct oidc_token *token)
{
    return token->call != NULL || token->configuration.list != NULL;
}

/* NULL: the cause was told already. */
static void note_failure(struct oidc_token *token, const char *cause, const char *detail)
{
    if (cause != NULL)
        oidc_site_warn(oidc_provider_site(token->client.provider), cause, detail);
    oidc_slot_fail(token->slot, token->loop->now_ms);
}

static void failed(struct oidc_token *token, const char *cause, const char *detail)
{
    note_failure(token, cause, detail);
    tell_all(token, OIDC_FAILED);
}

static bool is_token_text(struct span text)
{
    return text.n > 0 && text.n <= OIDC_TOKEN_MAX_BYTES && span_is_visible(text);
}

/* A number, or one in a string. */
static int64_t life_ms(const struct jsondoc *doc)
{
    struct span text = jsondoc_string(doc, "expires_in");
    double seconds = text.p == NULL ? jsondoc_number(doc, "expires_in") : strtod(text.p, NULL);

    if (isnan(seconds))
        return OIDC_TOKEN_DEFAULT_MS;
    if (seconds * 1000 < OIDC_TOKEN_MIN_MS)
        return OIDC_TOKEN_MIN_MS;
    return seconds * 1000 > OIDC_TOKEN_MAX_MS ? OIDC_TOKEN_MAX_MS : (int64_t)(seconds * 1000);
}

/* NULL, or why the answer holds no token that can be used. */
static const char *take(struct oidc_token *token, const struct jsondoc *doc)
{
    struct span text = jsondoc_string(doc, "access_token");
    struct span type = jsondoc_string(doc, "token_type");
    int64_t life = life_ms(doc);
    int64_t renew = life / 10 < OIDC_TOKEN_RENEW_MS ? life / 10 : OIDC_TOKEN_RENEW_MS;

    if (!is_token_text(text))
        return "the provider gives no access_token that can be used";
    if (type.p != NULL && strcasecmp(type.p, "bearer") != 0)
        return "the provider gives a token that is no bearer token";
    oidc_slot_put(token->slot, token->loop->now_ms, text, life, renew);
    return NULL;
}

static void answered(void *arg, const struct http_answer *answer)
{
    struct oidc_token *token = arg;
    char detail[HTTP_DETAIL_MAX_BYTES];
    const char *why = oidc_site_check(answer, detail);
    struct jsondoc *doc = why != NULL ? NULL : jsondoc_parse(answer->body, &why);

    token->call = NULL;
    if (doc != NULL)
        why = take(token, doc);
    jsondoc_free(&doc);
    if (why != NULL)
        failed(token, why, detail);
    else
        tell_all(token, OIDC_READY);
}

static void add_scopes(struct buf *form, const struct config_strings *scopes)
{
    struct buf text;

    buf_init(&text, SCOPES_MAX_BYTES);
    if (scopes->count > 0)
        oidc_client_add(form, "scope", config_join(scopes, ' ', &text));
    buf_free(&text);
}

/* False: it cannot be made, which was logged. */
static bool post(struct oidc_token *token)
{
    const struct config_oidc *group = token->client.record->group;

    token->call = oidc_client_post(&token->client, OIDC_TOKEN_ENDPOINT);
    if (token->call == NULL)
        return false;
    oidc_client_add(http_body(token->call), "grant_type", SPAN("client_credentials"));
    add_scopes(http_body(token->call), &group->scopes);
    http_start(token->call, token->loop->now_ms + group->http.timeout_ms, answered, token);
    return true;
}

static void configured(struct oidc_waiter *waiter, enum oidc_result result)
{
    struct oidc_token *token = LOOP_OWNER(waiter, struct oidc_token, configuration);

    if (result != OIDC_READY || !post(token))
        failed(token, NULL, "");
}

static void look_soon(struct oidc_token *token)
{
    if (!loop_is_armed(&token->look))
        loop_at(token->loop, &token->look, token->loop->now_ms + OIDC_TOKEN_LOOK_MS);
}

/* The lease is ours. What fails at once is told to those who wait when they look, never from within a question. */
static void fetch(struct oidc_token *token)
{
    int64_t deadline_ms = token->loop->now_ms + token->client.record->group->http.timeout_ms;
    enum oidc_result result = oidc_provider_ask(token->client.provider, OIDC_CONFIGURATION, deadline_ms,
                                                &token->configuration);

    if (result == OIDC_WAITING || (result == OIDC_READY && post(token)))
        return;
    note_failure(token, NULL, "");
    if (token->waiters.first != NULL)
        look_soon(token);
}

static enum oidc_result look_at_slot(struct oidc_token *token, struct buf *text, uint64_t *version)
{
    int64_t lease_ms = 2 * token->client.record->group->http.timeout_ms + LEASE_SLACK_MS;
    enum oidc_slot_state state = oidc_slot_get(token->slot, token->loop->now_ms, lease_ms, text, version);

    if ((state == OIDC_SLOT_RENEW || state == OIDC_SLOT_EMPTY) && !has_lease(token))
        fetch(token);
    switch (state) {
    case OIDC_SLOT_READY:
    case OIDC_SLOT_RENEW:
        return OIDC_READY;
    case OIDC_SLOT_EMPTY:
        return has_lease(token) ? OIDC_WAITING : OIDC_FAILED;
    case OIDC_SLOT_LEASED:
        return OIDC_WAITING;
    case OIDC_SLOT_FAILED:
        break;
    }
    return OIDC_FAILED;
}

static void look_due(struct loop_timer *timer)
{
    struct oidc_token *token = LOOP_OWNER(timer, struct oidc_token, look);
    uint64_t version;
    enum oidc_result result = OIDC_WAITING;

    if (token->waiters.first == NULL)
        return;
    if (!has_lease(token))
        result = look_at_slot(token, &token->seen, &version);
    buf_clear(&token->seen);
    if (result == OIDC_WAITING)
        look_soon(token);
    else
        tell_all(token, result);
}

enum oidc_result oidc_token_ask(struct oidc_token *token, int64_t deadline_ms, struct buf *text, uint64_t *version,
                                struct oidc_waiter *waiter)
{
    enum oidc_result result = look_at_slot(token, text, version);

    if (result != OIDC_WAITING)
        return result;
    if (oidc_slot_is_failing(token->slot) && deadline_ms > token->loop->now_ms + OIDC_TOKEN_PATIENCE_MS)
        deadline_ms = token->loop->now_ms + OIDC_TOKEN_PATIENCE_MS;
    oidc_waiters_add(&token->waiters, waiter, 0, deadline_ms);
    if (!has_lease(token))
        look_soon(token);
    return OIDC_WAITING;
}

bool oidc_token_refused(struct oidc_token *token, uint64_t version)
{
    return oidc_slot_drop(token->slot, token->loop->now_ms, version);
}

struct oidc_token *oidc_token_new(struct loop *loop, const struct oidc_client *client)
{
    struct oidc_token *token = mem_alloc(sizeof(*token));

    token->loop = token->waiters.loop = loop;
    token->client = *client;
    token->slot = client->record->slot;
    token->configuration.done = configured;
    token->look.due = look_due;
    buf_init(&token->seen, OIDC_TOKEN_MAX_BYTES);
    token->seen.secret = true;
    return token;
}

void oidc_token_free(struct oidc_token **token)
{
    struct oidc_token *t = *token;

    *token = NULL;
    if (t == NULL)
        return;
    if (has_lease(t))
        oidc_slot_give_back(t->slot);
    oidc_waiter_forget(&t->configuration);
    if (t->call != NULL)
        http_cancel(t->call);
    loop_cancel(t->loop, &t->look);
    buf_free(&t->seen);
    mem_free(t);
}
