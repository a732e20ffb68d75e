/*
 * What an OpenID provider publishes: its configuration (discovery) and its keys, as one worker knows them.
 *
 * Shape:  oidc_provider_ask() says whether what is wanted is there; if it has to be fetched, the waiter is told later,
 *         once, unless oidc_waiter_forget() comes first. All who wait share one request.
 *         URLs are used as they are published, and must be https unless the configuration's own is not.
 * Units:  milliseconds of loop->now_ms.
 * Limits: the configuration is fetched anew after OIDC_CONFIGURATION_KEEP_MS, keys after jwks_cache_ttl, both a little
 *         earlier while somebody asks; while that fails, the old configuration is used on, old keys for
 *         OIDC_KEYS_STALE_MS, and also when the new ones do not come within OIDC_STALE_AFTER_MS. After a failure nobody
 *         is asked for OIDC_RETRY_MS, after more in a row for longer, up to OIDC_RETRY_MAX_MS, and nobody waits for
 *         longer than OIDC_STALE_AFTER_MS. For an unknown kid keys are fetched once in OIDC_UNKNOWN_KEY_MS.
 * Errors: OIDC_FAILED; why is logged, each cause once in LOG_LIMIT_MS. A set without a key that can be used is the
 *         provider's failure: no token is wrong because of it.
 * Owner:  struct oidc (oidc.h) owns providers. A waiter is the caller's.
 * Source: OpenID Connect Discovery 1.0, RFC 8414, RFC 7517.
 */
#ifndef PFX_OIDC_PROVIDER_H
#define PFX_OIDC_PROVIDER_H

#include "http.h"
#include "jwks.h"
#include "loop.h"
#include "oidc_metadata.h"
#include "oidc_site.h"
#include "oidc_waiter.h"
#include "tls.h"

#define OIDC_CONFIGURATION_KEEP_MS (60 * 60 * 1000)
#define OIDC_KEYS_STALE_MS (24 * 60 * 60 * 1000)
#define OIDC_UNKNOWN_KEY_MS 30000
#define OIDC_STALE_AFTER_MS 1000

struct oidc_provider;

/* group is the one with these settings that was seen first; login_http is for introspection. */
struct oidc_provider *oidc_provider_new(struct loop *loop, struct http *http, struct http *login_http,
                                        const struct config_oidc *group, const struct tls_profile *profile);
void oidc_provider_free(struct oidc_provider **provider); /* nobody waits any more */

/* Do both groups name the same provider, reached in the same way? */
bool oidc_provider_is_of(const struct oidc_provider *provider, const struct config_oidc *group);

enum oidc_wanted {
    OIDC_CONFIGURATION,
    OIDC_KEYS,
    OIDC_NEWER_KEYS, /* than those that oidc_provider_keys() gives now, if they may be fetched; FAILED: they cannot */
};

enum oidc_result oidc_provider_ask(struct oidc_provider *provider, enum oidc_wanted wanted, int64_t deadline_ms,
                                   struct oidc_waiter *waiter);

/* Once the configuration is READY. */
const struct oidc_metadata *oidc_provider_metadata(const struct oidc_provider *provider);

/* Once keys are READY; they stay until the loop's next turn. */
const struct jwks *oidc_provider_keys(const struct oidc_provider *provider);

/* A POST of a form to that endpoint, with its URL and Accept header set. NULL: there is none that can be used. */
struct http_call *oidc_provider_prepare(struct oidc_provider *provider, enum oidc_endpoint endpoint);

/* For warnings about the provider. */
struct oidc_site *oidc_provider_site(struct oidc_provider *provider);

#endif
