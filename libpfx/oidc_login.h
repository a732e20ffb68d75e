/*
 * The login of a mail user by a token.
 *
 * Shape:  introspection  the provider is asked about each token;
 *         jwks           it is verified here (token.h); for a key that is not known keys are fetched anew, once in a
 *                        while;
 *         auto           what is meant as a JWT is verified here; what cannot be, because it is opaque or there are no
 *                        keys, is introspected; what was found bad here stays bad.
 *         The account is the token's; a name that the client claims must be the same, in letters of any case, unless
 *         claimed_name is "ignore".
 * Units:  milliseconds of loop->now_ms.
 * Errors: verdicts: VERDICT_FOUND, text is the account; VERDICT_DENIED, with lacks_scope or is_other_name where it is
 *         that; anything else is a temporary failure of the provider, or of its configuration.
 * Owner:  a login is over when done was called, or it was cancelled. text lives until done returns.
 * Source: RFC 7662, RFC 7628 section 3.2.
 */
#ifndef PFX_OIDC_LOGIN_H
#define PFX_OIDC_LOGIN_H

#include "oidc_client.h"
#include "verdict.h"

struct oidc_login;

struct oidc_login_question {
    const struct oidc_client *client; /* outlives the login */
    struct span token; /* both are copied */
    struct span name;  /* claimed; empty: none */
    int64_t deadline_ms;
};

/* done comes later, once. */
struct oidc_login *oidc_login_start(struct loop *loop, const struct oidc_login_question *question,
                                    void (*done)(void *arg, int status, const struct verdict *verdict), void *arg);
void oidc_login_cancel(struct oidc_login *login);

#endif
