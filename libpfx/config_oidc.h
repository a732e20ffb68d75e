/*
 * The groups backend_oidc_auth and sasl_oidc_auth: how pfx and a provider of OpenID Connect know each other.
 *
 * Shape:  a draft holds the values of all levels read so far, as that of an entry does; so do its groups http and tls,
 *         which inherit nothing from the entry's.
 * Errors: told to the reader; secrets are not in them, and are not read for another daemon's section.
 * Owner:  the configuration; drafts borrow settings of its files.
 */
#ifndef PFX_CONFIG_OIDC_H
#define PFX_CONFIG_OIDC_H

#include "config_key.h"
#include "config_reader.h"

struct config_oidc_draft {
    struct config_oidc group;
    const config_setting_t *nearest; /* the group, NULL: it stands nowhere */
    const config_setting_t *uri;     /* the nearest, NULL: none; like what follows, with a mistake in it or not */
    const config_setting_t *client_id;
    const config_setting_t *secret;
    const config_setting_t *key;
};

/* Reads one level over the draft; place: CONFIG_PLACE_OIDC for a backend_oidc_auth, else CONFIG_PLACE_OIDC_ANY. */
void config_oidc_read(struct config_reader *r, const config_setting_t *group, enum config_place place,
                      struct config_oidc_draft *draft);

/* Does it stand anywhere, and is not switched off? */
bool config_oidc_is_enabled(const struct config_oidc_draft *draft);

/* The group, complete; NULL when it is not enabled, or lacks what nobody can do without. */
const struct config_oidc *config_oidc_finish(struct config_reader *r, enum config_place place,
                                             struct config_oidc_draft *draft);

#endif
