/*
 * The group response_cache, which stands at top level, in a section's defaults and in an entry.
 *
 * Shape:  its defaults are those of socket maps; config_cache_begin() makes them those of another section, where the
 *         top level does not say otherwise.
 * Errors: told to the reader.
 * Owner:  nothing.
 */
#ifndef PFX_CONFIG_CACHE_H
#define PFX_CONFIG_CACHE_H

#include "config_reader.h"

/* Reads the group of one level over the values inherited; at top level it also holds the size of the table. */
void config_cache_read(struct config_reader *r, const config_setting_t *group, bool is_top, struct config_cache *cache);

/* top: the group of the top level, or NULL. */
void config_cache_begin(enum config_section_id section, const config_setting_t *top, struct config_cache *cache);

/* timing: what a warning is about, the nearest group that has a say in it, or NULL. */
void config_cache_check(struct config_reader *r, const config_setting_t *timing, const struct config_entry *entry);

#endif
