/*
 * Values of a configuration that was read, as they are written in pfx.cfg.
 *
 * Shape:  secrets are "(secret)", and so is the value of a header that may be one.
 * Errors: false: the key is not set; nothing is written.
 */
#ifndef PFX_SHOW_VALUE_H
#define PFX_SHOW_VALUE_H

#include "buf.h"
#include "config.h"
#include "config_key.h"

/* Of a key that stands in the struct of its place. */
bool show_value(struct buf *to, const struct config_key *key, const void *base);

/* Of a key that is read with the whole entry, or group of OpenID Connect. Masked: secrets are "***". */
bool show_value_of_entry(struct buf *to, const struct config_key *key, const struct config_entry *entry,
                         bool is_masked);
bool show_value_of_oidc(struct buf *to, const struct config_key *key, const struct config_oidc *group,
                        bool is_masked);

#endif
