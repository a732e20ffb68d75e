/*
 * target: one URL or several, taken apart.
 *
 * Shape:  http://HOST[:PORT][/PATH][?QUERY], https://..., unix:/SOCKET:[/PATH][?QUERY]; placeholders after the
 *         authority only; printable ASCII, no user, no fragment.
 * Limits: CONFIG_TARGET_MAX_BYTES; a socket's path 107 bytes (sockaddr_un).
 * Errors: told to the reader, without the URL.
 * Owner:  the configuration.
 * Source: RFC 3986.
 */
#ifndef PFX_CONFIG_TARGET_H
#define PFX_CONFIG_TARGET_H

#include "config_reader.h"

#define CONFIG_TARGET_MAX_BYTES 8192

/* Returns the targets, *count of them. */
struct config_target *config_target_read(struct config_reader *r, const config_setting_t *setting, size_t *count);

#endif
