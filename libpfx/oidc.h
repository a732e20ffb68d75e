/*
 * OpenID Connect, as one worker does it: its providers, the tokens for its backends, the tokens of mail users.
 *
 * Owner:  the caller frees it, after everything that it asked for was told or forgotten.
 */
#ifndef PFX_OIDC_H
#define PFX_OIDC_H

#include "backend_trust.h"
#include "oidc_token.h"

struct oidc;

/* It has connections of its own: a provider that is slow takes none from backends. NULL: no descriptor left. */
struct oidc *oidc_open(struct loop *loop, const struct config *config, const struct oidc_shared *shared,
                       const struct backend_trust *trust);
void oidc_close(struct oidc **oidc);

/* Of an enabled group of an entry that can be used. */
const struct oidc_client *oidc_client_of(const struct oidc *oidc, const struct config_oidc *group);
struct oidc_token *oidc_token_of(const struct oidc *oidc, const struct config_oidc *group);

#endif
