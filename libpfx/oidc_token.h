/*
 * Tokens for backends, by client credentials, as one worker gets them.
 *
 * Shape:  one struct oidc_token for each backend_oidc_auth. oidc_token_ask() gives the token of its slot
 *         (oidc_shared.h), or lets wait until this worker or another one has fetched it. Near its end it is renewed
 *         while it is used on.
 * Units:  milliseconds of loop->now_ms.
 * Limits: a token without expires_in is used for OIDC_TOKEN_DEFAULT_MS, any for OIDC_TOKEN_MIN_MS at least and
 *         OIDC_TOKEN_MAX_MS at most; it is renewed in the last tenth of its life, at most OIDC_TOKEN_RENEW_MS. Who
 *         waits for another worker looks every OIDC_TOKEN_LOOK_MS. While fetching fails, nobody waits for longer than
 *         OIDC_TOKEN_PATIENCE_MS.
 * Errors: OIDC_FAILED; why is logged.
 * Owner:  a waiter is the caller's, and so is the copy of the token, a secret.
 * Source: RFC 6749 sections 4.4, 5.1, RFC 6750 section 2.1.
 */
#ifndef PFX_OIDC_TOKEN_H
#define PFX_OIDC_TOKEN_H

#include "oidc_client.h"

#define OIDC_TOKEN_DEFAULT_MS (300 * 1000)
#define OIDC_TOKEN_MIN_MS 1000
#define OIDC_TOKEN_MAX_MS (24 * 60 * 60 * 1000)
#define OIDC_TOKEN_RENEW_MS 30000
#define OIDC_TOKEN_LOOK_MS 10
#define OIDC_TOKEN_PATIENCE_MS 1000

struct oidc_token;

struct oidc_token *oidc_token_new(struct loop *loop, const struct oidc_client *client);
void oidc_token_free(struct oidc_token **token); /* nobody waits any more */

/* READY: *text and *version. A waiter that is told so asks again. */
enum oidc_result oidc_token_ask(struct oidc_token *token, int64_t deadline_ms, struct buf *text, uint64_t *version,
                                struct oidc_waiter *waiter);

/* The backend refuses that version. False: no other one may be had now. */
bool oidc_token_refused(struct oidc_token *token, uint64_t version);

#endif
