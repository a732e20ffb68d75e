/*
 * A mail user's token, verified against the keys of its issuer.
 *
 * Shape:  header, then key, then signature, then claims (claims.h). The header's alg is a known one and, with "crit" or
 *         "b64", the token is refused; "jku", "x5u", "jwk" and "x5c" are never looked at. typ counts where require_typ
 *         is set: "at+jwt" or "application/at+jwt", in letters of any case.
 * Limits: JWT_MAX_BYTES; header and payload are objects without doubled members.
 * Errors: TOKEN_REFUSED and TOKEN_LACKS_SCOPE with a constant reason for the log. TOKEN_UNKNOWN_KEY: no key of the set
 *         can be meant; a newer set may have it.
 * Owner:  the account is added to the caller's buffer.
 * Source: RFC 7515 section 5.2, RFC 7519 section 7.2, RFC 8725, RFC 9068 section 4.
 */
#ifndef PFX_TOKEN_H
#define PFX_TOKEN_H

#include "claims.h"
#include "jwks.h"

enum token { TOKEN_GOOD, TOKEN_REFUSED, TOKEN_LACKS_SCOPE, TOKEN_UNKNOWN_KEY };

enum token token_verify(const struct claims_context *context, const struct jwks *keys, struct span token,
                        struct buf *account, const char **why);

#endif
