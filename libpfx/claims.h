/*
 * What a token says, checked: the payload of a JSON Web Token, or the answer of an introspection.
 *
 * Shape:  of a JWT: iss is the issuer, exp is there and not over, nbf and iat are not to come, aud holds one of the
 *         configured audiences, required scopes (scope or scp: words in a string, or an array) and required claims are
 *         there; without require_typ and required_claims nothing that looks like an ID token (nonce, at_hash).
 *         Of an introspection: active is true; iss, exp and nbf as above where they are there, aud as above when an
 *         audience is configured; token_type is not "refresh_token"; required scopes and claims are there.
 *         Then the account: the first of account_claim that is a string and not empty.
 * Units:  seconds of wall time; clock_skew_ms of the configuration is tolerated.
 * Limits: the first CLAIMS_LIST_MAX elements of an array count. Of an account SASL_NAME_MAX_BYTES without control
 *         characters, else it is refused.
 * Errors: CLAIMS_INVALID and CLAIMS_LACKS_SCOPE are the client's fault, with a constant reason for the log.
 *         CLAIMS_MALFORMED: an introspection that is no such answer (active is no boolean): the provider's.
 * Owner:  the account is added to the caller's buffer.
 * Source: RFC 7519 section 4.1, RFC 7662 section 2.2, RFC 9068 section 4.
 */
#ifndef PFX_CLAIMS_H
#define PFX_CLAIMS_H

#include "config.h"
#include "jsondoc.h"

#define CLAIMS_LIST_MAX 256

enum claims { CLAIMS_GOOD, CLAIMS_INVALID, CLAIMS_LACKS_SCOPE, CLAIMS_MALFORMED };

struct claims_context {
    const struct config_oidc *oidc;
    struct span issuer; /* as discovery has it */
    int64_t now_ms;     /* wall time */
};

enum claims claims_of_jwt(const struct claims_context *context, const struct jsondoc *payload, struct buf *account,
                          const char **why);
enum claims claims_of_introspection(const struct claims_context *context, const struct jsondoc *answer,
                                    struct buf *account, const char **why);

#endif
