/*
 * What the text of a key may be, by its type.
 *
 * Errors: constant texts that say what is allowed.
 * Source: pfx.cfg(5); for names of headers RFC 9110, section 5.6.2; for scopes RFC 6749, section 3.3.
 */
#ifndef PFX_CONFIG_CHECK_H
#define PFX_CONFIG_CHECK_H

#include "config_key.h"
#include "span.h"

/* NULL: it is good. */
const char *config_check_text(enum config_type type, struct span text);

/* A token: the name of a header. */
bool config_check_is_token(struct span text);

#endif
