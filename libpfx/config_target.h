/*
 * target: one URL or several, taken apart; and any other URL, also one that is learned at run time.
 *
 * Shape:  http://HOST[:PORT][/PATH][?QUERY], https://..., unix:/SOCKET:[/PATH][?QUERY]; placeholders after the
 *         authority only; printable ASCII, no user, no fragment.
 * Limits: CONFIG_TARGET_MAX_BYTES; a socket's path 107 bytes (sockaddr_un).
 * Errors: told to the reader, or as a constant reason, without the URL.
 * Owner:  the configuration, or the memory given.
 * Source: RFC 3986.
 */
#ifndef PFX_CONFIG_TARGET_H
#define PFX_CONFIG_TARGET_H

#include "config.h"
#include "config_memory.h"

#define CONFIG_TARGET_MAX_BYTES 8192

/* config_reader.h would bring libconfig along, to those who have a URL only. */
struct config_reader;
struct config_setting_t;

/* Returns the targets, *count of them. */
struct config_target *config_target_read(struct config_reader *r, const struct config_setting_t *setting,
                                         size_t *count);

/* A URL without placeholders: %XX in it is what it is. */
bool config_target_of_url(struct span url, struct config_memory *memory, struct config_target *target,
                          const char **why);

/* Has any target of the entry a placeholder? */
bool config_target_any_is_dynamic(const struct config_entry *entry);

#endif
