/*
 * How pfx proves to a provider who it is.
 *
 * Shape:  one method, never two: client_secret_basic (an Authorization header; basic_encoding says whether id and
 *         secret are form-encoded first), client_secret_post (members of the form), private_key_jwt (an assertion: iss
 *         and sub the client, aud the endpoint's URL or assertion_audience, a random jti, exp OIDC_ASSERTION_S seconds
 *         ahead), none (only client_id). "auto" is private_key_jwt with a key, none without a secret, else
 *         client_secret_basic, unless the provider says that it knows client_secret_post only.
 *         The algorithm follows from the key; of the six for RSA it is the first that the provider says it knows, RS256
 *         if it says nothing.
 *         A request with an assertion has a connection of its own: libcurl may repeat one that a kept connection lost,
 *         and an assertion counts once.
 * Errors: a constant reason.
 * Source: RFC 6749 section 2.3.1, RFC 7523 section 2.2, OpenID Connect Core 1.0 section 9.
 */
#ifndef PFX_OIDC_CLIENT_H
#define PFX_OIDC_CLIENT_H

#include "oidc_provider.h"
#include "oidc_shared.h"

#define OIDC_ASSERTION_S 60

struct oidc_client {
    const struct oidc_record *record;
    struct oidc_provider *provider;
};

/* Adds NAME=VALUE to a form. */
void oidc_client_add(struct buf *form, const char *name, struct span value);

/*
 * A POST to the endpoint that tells who asks, for more members of its form. The provider's configuration is READY.
 * NULL: it cannot be made, which is logged.
 */
struct http_call *oidc_client_post(const struct oidc_client *client, enum oidc_endpoint endpoint);

#endif
