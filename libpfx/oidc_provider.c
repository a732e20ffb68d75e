#include "oidc_provider.h"

#include <stdio.h>
#include <string.h>

#include "mem.h"
#include "oidc_shared.h"

/* What is fetched from the provider, kept, and fetched anew. */
struct document {
    struct http_call *call;
    bool is_there;
    unsigned failures; /* in a row */
    int64_t renew_at_ms;
    int64_t stale_at_ms;
    int64_t useless_at_ms;
    int64_t retry_at_ms;
};

struct oidc_provider {
    struct loop *loop;
    const struct config_oidc *group;
    struct oidc_site site;
    struct document configuration;
    struct oidc_metadata *metadata;
    struct document key_set;
    struct jwks *keys;
    int64_t newer_keys_at_ms;
    struct oidc_waiters waiters;
};

static bool is_usable(const struct oidc_provider *provider, const struct document *document)
{
    return document->is_there && provider->loop->now_ms < document->useless_at_ms;
}

static struct document *document_of(struct oidc_provider *provider, enum oidc_wanted wanted)
{
    return wanted == OIDC_CONFIGURATION ? &provider->configuration : &provider->key_set;
}

/* What is old is better than nothing, unless something newer is wanted. */
static enum oidc_result late(const struct oidc_waiter *waiter)
{
    struct oidc_provider *provider = LOOP_OWNER(waiter->list, struct oidc_provider, waiters);
    bool will_do = waiter->wanted != OIDC_NEWER_KEYS && is_usable(provider, document_of(provider, waiter->wanted));

    return will_do ? OIDC_READY : OIDC_FAILED;
}

struct oidc_provider *oidc_provider_new(struct loop *loop, struct http *http, struct http *login_http,
                                        const struct config_oidc *group, const struct tls_profile *profile)
{
    struct oidc_provider *provider = mem_alloc(sizeof(*provider));

    provider->loop = loop;
    provider->waiters = (struct oidc_waiters){ .loop = loop, .late = late };
    provider->group = group;
    oidc_site_open(&provider->site, loop, http, login_http, group, profile);
    return provider;
}

static void cancel(struct document *document)
{
    if (document->call != NULL)
        http_cancel(document->call);
    document->call = NULL;
}

void oidc_provider_free(struct oidc_provider **provider)
{
    struct oidc_provider *p = *provider;

    *provider = NULL;
    if (p == NULL)
        return;
    cancel(&p->configuration);
    cancel(&p->key_set);
    oidc_metadata_free(&p->metadata);
    jwks_free(&p->keys);
    oidc_site_close(&p->site);
    mem_free(p);
}

static bool is_same_way(const struct config_http *a, const struct config_http *b)
{
    bool same = strcmp(a->proxy, b->proxy) == 0 && a->no_proxy.count == b->no_proxy.count &&
                a->ip_version == b->ip_version && a->timeout_ms == b->timeout_ms &&
                a->connect_timeout_ms == b->connect_timeout_ms && a->max_response_bytes == b->max_response_bytes &&
                a->idle_connection_timeout_ms == b->idle_connection_timeout_ms &&
                strcmp(a->user_agent, b->user_agent) == 0;

    for (size_t i = 0; same && i < a->no_proxy.count; i++)
        same = strcmp(a->no_proxy.item[i], b->no_proxy.item[i]) == 0;
    return same;
}

bool oidc_provider_is_of(const struct oidc_provider *provider, const struct config_oidc *group)
{
    const struct config_oidc *own = provider->group;

    return strcmp(own->configuration_uri, group->configuration_uri) == 0 && tls_is_same(&own->tls, &group->tls) &&
           is_same_way(&own->http, &group->http) && own->jwks_cache_ttl_ms == group->jwks_cache_ttl_ms;
}

static enum oidc_result wait_for(struct oidc_provider *provider, enum oidc_wanted wanted, int64_t deadline_ms,
                                 struct oidc_waiter *waiter)
{
    const struct document *document = document_of(provider, wanted);
    int64_t patience_ms = provider->loop->now_ms + OIDC_STALE_AFTER_MS;

    bool is_impatient = document->failures > 0 || (is_usable(provider, document) && wanted != OIDC_NEWER_KEYS);
    if (is_impatient && deadline_ms > patience_ms)
        deadline_ms = patience_ms;
    oidc_waiters_add(&provider->waiters, waiter, wanted, deadline_ms);
    return OIDC_WAITING;
}

/* Whoever waits for the other document waits on. */
static enum oidc_result judge(const struct oidc_waiter *waiter, const void *arg)
{
    struct oidc_provider *provider = LOOP_OWNER(waiter->list, struct oidc_provider, waiters);
    const struct document *document = arg;
    bool is_keys = document == &provider->key_set;

    if ((waiter->wanted != OIDC_CONFIGURATION) != is_keys)
        return OIDC_WAITING;
    bool good = is_usable(provider, document) && !(waiter->wanted == OIDC_NEWER_KEYS && document->failures > 0);
    return good ? OIDC_READY : OIDC_FAILED;
}

static void tell_all(struct oidc_provider *provider, const struct document *document)
{
    oidc_waiters_tell(&provider->waiters, judge, document);
}

static void start_keys(struct oidc_provider *provider);

static void failed(struct oidc_provider *provider, struct document *document, const char *cause, const char *detail)
{
    oidc_site_warn(&provider->site, cause, detail);
    document->retry_at_ms = provider->loop->now_ms + oidc_slot_pause_ms(document->failures++);
    tell_all(provider, document);
    if (document == &provider->configuration && !is_usable(provider, document)) {
        provider->key_set.failures++;
        tell_all(provider, &provider->key_set);
    }
}

static void succeeded(struct oidc_provider *provider, struct document *document, int64_t keep_ms, int64_t use_ms)
{
    int64_t now_ms = provider->loop->now_ms;

    document->is_there = true;
    document->failures = 0;
    document->renew_at_ms = now_ms + keep_ms / 2;
    document->stale_at_ms = now_ms + keep_ms;
    document->useless_at_ms = now_ms + use_ms;
    tell_all(provider, document);
}

static void take_configuration(void *arg, const struct http_answer *answer)
{
    struct oidc_provider *provider = arg;
    struct document *document = &provider->configuration;
    char detail[HTTP_DETAIL_MAX_BYTES];
    const char *why = oidc_site_check(answer, detail);
    bool wants_keys = false;

    document->call = NULL;
    struct oidc_metadata *metadata =
        why != NULL ? NULL : oidc_metadata_parse(provider->group, answer->body, &why);
    if (metadata == NULL) {
        failed(provider, document, why, detail);
        return;
    }
    oidc_metadata_free(&provider->metadata);
    provider->metadata = metadata;
    for (const struct oidc_waiter *waiter = provider->waiters.first; waiter != NULL; waiter = waiter->next)
        wants_keys |= waiter->wanted != OIDC_CONFIGURATION;
    succeeded(provider, document, OIDC_CONFIGURATION_KEEP_MS, INT64_MAX / 2);
    if (wants_keys && provider->key_set.call == NULL)
        start_keys(provider);
}

static void take_keys(void *arg, const struct http_answer *answer)
{
    struct oidc_provider *provider = arg;
    struct document *document = &provider->key_set;
    char detail[HTTP_DETAIL_MAX_BYTES];
    const char *why = oidc_site_check(answer, detail);
    struct jwks *keys = why != NULL ? NULL : jwks_parse(answer->body, &why);

    document->call = NULL;
    if (keys != NULL && jwks_count(keys) == 0) {
        why = "the provider publishes no key that can be used";
        detail[0] = '\0';
        jwks_free(&keys);
    }
    if (keys == NULL) {
        failed(provider, document, why, detail);
        return;
    }
    jwks_free(&provider->keys);
    provider->keys = keys;
    succeeded(provider, document, provider->group->jwks_cache_ttl_ms,
              provider->group->jwks_cache_ttl_ms + OIDC_KEYS_STALE_MS);
}

static void start(struct oidc_provider *provider, struct document *document, const char *url,
                  void (*done)(void *arg, const struct http_answer *answer))
{
    document->call = oidc_site_get(&provider->site, url);
    if (document->call != NULL)
        http_start(document->call, provider->loop->now_ms + provider->group->http.timeout_ms, done, provider);
}

static void start_configuration(struct oidc_provider *provider)
{
    start(provider, &provider->configuration, provider->group->configuration_uri, take_configuration);
}

static void start_keys(struct oidc_provider *provider)
{
    struct span url = oidc_metadata_jwks_uri(provider->metadata);

    if (url.p != NULL)
        start(provider, &provider->key_set, url.p, take_keys);
    if (provider->key_set.call == NULL)
        failed(provider, &provider->key_set, "the provider publishes no jwks_uri that can be used", "");
}

static bool is_busy(const struct oidc_provider *provider, const struct document *document)
{
    return document->call != NULL || (document == &provider->key_set && provider->metadata == NULL &&
                                      provider->configuration.call != NULL);
}

/* False: nobody may be asked now, or not with any hope. */
static bool fetch(struct oidc_provider *provider, struct document *document)
{
    int64_t now_ms = provider->loop->now_ms;

    if (is_busy(provider, document))
        return true;
    if (now_ms < document->retry_at_ms)
        return false;
    if (document == &provider->key_set && provider->metadata != NULL)
        start_keys(provider);
    else if (now_ms >= provider->configuration.retry_at_ms)
        start_configuration(provider);
    return is_busy(provider, document);
}

enum oidc_result oidc_provider_ask(struct oidc_provider *provider, enum oidc_wanted wanted, int64_t deadline_ms,
                                   struct oidc_waiter *waiter)
{
    struct document *document = document_of(provider, wanted);
    int64_t now_ms = provider->loop->now_ms;
    bool usable = is_usable(provider, document);
    bool is_fresh = usable && now_ms < document->stale_at_ms;

    if (wanted == OIDC_NEWER_KEYS && !is_busy(provider, document) && now_ms < provider->newer_keys_at_ms)
        return usable && document->failures == 0 ? OIDC_READY : OIDC_FAILED;
    if (wanted != OIDC_CONFIGURATION && provider->metadata != NULL && now_ms >= provider->configuration.renew_at_ms)
        fetch(provider, &provider->configuration); /* where the keys are may change */
    if (wanted != OIDC_NEWER_KEYS && (is_fresh || (usable && document->failures > 0))) {
        if (!is_fresh || now_ms >= document->renew_at_ms)
            fetch(provider, document);
        return OIDC_READY;
    }
    if (fetch(provider, document)) {
        if (wanted == OIDC_NEWER_KEYS)
            provider->newer_keys_at_ms = now_ms + OIDC_UNKNOWN_KEY_MS;
        return wait_for(provider, wanted, deadline_ms, waiter);
    }
    return usable && wanted != OIDC_NEWER_KEYS ? OIDC_READY : OIDC_FAILED;
}

const struct oidc_metadata *oidc_provider_metadata(const struct oidc_provider *provider)
{
    return provider->metadata;
}

struct oidc_site *oidc_provider_site(struct oidc_provider *provider)
{
    return &provider->site;
}

const struct jwks *oidc_provider_keys(const struct oidc_provider *provider)
{
    return provider->keys;
}

struct http_call *oidc_provider_prepare(struct oidc_provider *provider, enum oidc_endpoint endpoint)
{
    struct span url = oidc_metadata_url(provider->metadata, endpoint);

    if (url.p == NULL)
        return NULL;
    return endpoint == OIDC_INTROSPECTION_ENDPOINT ? oidc_site_post_login(&provider->site, url.p)
                                                   : oidc_site_post(&provider->site, url.p);
}
