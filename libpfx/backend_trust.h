/*
 * The TLS profile of each entry of a section: read by the parent before it gives up its privileges, inherited by
 * workers.
 *
 * Shape:  entries with the same `tls` group share a profile, as do their OpenID providers; entries without TLS have
 *         none.
 * Errors: a file that cannot be read is the mistake of the entries that name it: one log line, and
 *         backend_trust_error().
 * Owner:  the caller frees it, after every struct backend that uses it.
 */
#ifndef PFX_BACKEND_TRUST_H
#define PFX_BACKEND_TRUST_H

#include "config.h"
#include "tls.h"

struct backend_trust;

struct backend_trust *backend_trust_load(const struct config *config, enum config_section_id section);
void backend_trust_free(struct backend_trust **trust);

/* Of a group of an OpenID provider. */
const struct tls_profile *backend_trust_profile_of(const struct backend_trust *trust, const struct config_tls *tls);
const struct tls_profile *backend_trust_profile(const struct backend_trust *trust, const struct config_entry *entry);
const char *backend_trust_error(const struct backend_trust *trust, const struct config_entry *entry);

#endif
