/*
 * Secrets: written into pfx.cfg, or { file = "/path"; }; and keys, which stand in files only.
 *
 * Limits: CONFIG_SECRET_MAX_BYTES; not empty; no control characters, after one newline at the end of a file is removed.
 *         A key is PEM, of any lines.
 * Errors: told to the reader, without the secret.
 * Owner:  the configuration, which wipes them at its end; what the file's parser still holds is wiped here.
 */
#ifndef PFX_CONFIG_SECRET_H
#define PFX_CONFIG_SECRET_H

#include "config_key.h"
#include "config_reader.h"

/*
 * The value of the Authorization header for http_auth_basic (CONFIG_KEY_BASIC) or http_auth_bearer (CONFIG_KEY_BEARER);
 * a client_secret (CONFIG_KEY_OIDC_SECRET) as it is. NULL after a mistake, and for another daemon's section, whose
 * secrets are not read.
 */
char *config_secret_read(struct config_reader *r, const config_setting_t *setting, enum config_type type);

/* The same for what stands in the file of a key. */
char *config_secret_key(struct config_reader *r, const config_setting_t *setting, const char *path);

#endif
