/*
 * custom_headers: "Name: value", where they add up from level to level.
 *
 * Shape:  a header replaces those of the same name (case does not matter) from further away; "Name:" removes them.
 * Limits: CONFIG_HEADERS_MAX headers of one level, CONFIG_HEADER_MAX_BYTES each.
 * Errors: told to the reader: no token, a name that pfx sets itself, control characters, a bad template.
 * Owner:  the configuration.
 * Source: RFC 9110 section 5.
 */
#ifndef PFX_CONFIG_HEADER_H
#define PFX_CONFIG_HEADER_H

#include "config_reader.h"

#define CONFIG_HEADERS_MAX 64
#define CONFIG_HEADER_MAX_BYTES 8192

struct config_headers {
    struct config_header *item;
    size_t count;
};

/* Puts those of one level to the inherited ones. True: Authorization was among them. */
bool config_header_merge(struct config_reader *r, const config_setting_t *setting, struct config_headers *headers);

void config_header_remove(struct config_reader *r, struct config_headers *headers, const char *name);

#endif
