/*
 * A set of public keys, as a provider publishes it.
 *
 * Shape:  {"keys":[{"kty":"RSA","n":...,"e":...},{"kty":"EC","crv":...,"x":...,"y":...},{"kty":"OKP","crv":"Ed25519",
 *         "x":...}]} with "kid", "alg", "use" and "key_ops" where they are given. Keys that are of no use here are
 *         passed over, whatever is wrong with them: another kty or crv, "use" other than "sig", "key_ops" without
 *         "verify", "alg" that is unknown or does not fit, "kid" that is no string, numbers out of crypto.h's bounds.
 *         Leading zero bytes that are missing in x and y are tolerated. A member that is null is not given.
 * Limits: JWKS_MAX_BYTES, JWKS_KEYS_MAX keys; JWKS_TRIED_MAX that are tried for a token without kid.
 * Errors: NULL and a constant reason: not JSON, no "keys", too many. A set without any usable key is a set; what
 *         that means is for the caller to judge.
 * Owner:  the caller frees it; keys that jwks_find() gives borrow it.
 * Source: RFC 7517, RFC 7518 section 6, RFC 8037 section 2.
 */
#ifndef PFX_JWKS_H
#define PFX_JWKS_H

#include "crypto.h"

#define JWKS_MAX_BYTES (256 * 1024)
#define JWKS_KEYS_MAX 100
#define JWKS_TRIED_MAX 4

struct jwks;

struct jwks *jwks_parse(struct span body, const char **why);
void jwks_free(struct jwks **set);
size_t jwks_count(const struct jwks *set); /* of usable keys */

/*
 * The keys that may have made a signature by that algorithm: all that fit, with kid (p not NULL) those that have it.
 * Returns how many; more than JWKS_TRIED_MAX fill nothing.
 */
size_t jwks_find(const struct jwks *set, struct span kid, enum crypto_algorithm algorithm,
                 const struct crypto_key *keys[JWKS_TRIED_MAX]);

#endif
