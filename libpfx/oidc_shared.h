/*
 * What the workers of a daemon share about OpenID: private keys, and the tokens for backends.
 *
 * Shape:  one record for each enabled backend_oidc_auth and sasl_oidc_auth of the section. Groups of backend_oidc_auth
 *         that name the same provider and client share a slot (oidc_slot.h), in memory of the parent and its children.
 * Errors: a private key that cannot be used is the mistake of the entries that name it: oidc_shared_error().
 * Owner:  the parent makes it before it forks.
 */
#ifndef PFX_OIDC_SHARED_H
#define PFX_OIDC_SHARED_H

#include "config.h"
#include "crypto.h"
#include "oidc_slot.h"

struct oidc_shared;

struct oidc_record {
    const struct config_oidc *group;
    struct crypto_key *key; /* NULL none */
    bool shares_key;        /* with a record before */
    struct oidc_slot *slot; /* NULL: of sasl_oidc_auth */
    const char *error;      /* NULL: it can be used */
};

/* In the parent, while it may read what root may. */
struct oidc_shared *oidc_shared_load(const struct config *config, enum config_section_id section);
void oidc_shared_free(struct oidc_shared **shared);

size_t oidc_shared_count(const struct oidc_shared *shared);
const struct oidc_record *oidc_shared_record(const struct oidc_shared *shared, size_t i);
const char *oidc_shared_error(const struct oidc_shared *shared, const struct config_entry *entry);

#endif
