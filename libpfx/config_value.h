/*
 * Values of one key: read, checked against its row of config_keys.def, put into the struct of its place.
 *
 * Shape:  times "500ms" "10s" "5m" "1h" "1d" "1w", without suffix or as an integer: seconds; sizes "64K" "16M" "1G",
 *         without suffix or as an integer: bytes; where several values are allowed, [ ], ( ) or one value.
 * Errors: told to the reader; the member is then as it was.
 * Owner:  the configuration owns what is allocated.
 */
#ifndef PFX_CONFIG_VALUE_H
#define PFX_CONFIG_VALUE_H

#include "config_key.h"
#include "config_reader.h"

/* The row of a setting, or NULL: not known there, or not supported yet. */
const struct config_key *config_value_key(struct config_reader *r, const config_setting_t *setting,
                                          enum config_place place);

/* False, which is told: it is none. */
bool config_value_is_group(struct config_reader *r, const config_setting_t *setting);

/* The next member of a group, from *i on, that is a key there; NULL: there is none left. */
const struct config_key *config_value_next(struct config_reader *r, const config_setting_t *group,
                                           enum config_place place, int *i, const config_setting_t **setting);

/* A key of any type before CONFIG_KEY_TARGET. */
void config_value_read(struct config_reader *r, const struct config_key *key, const config_setting_t *setting,
                       void *base);

/* All keys of a group whose place has such types only. */
void config_value_read_group(struct config_reader *r, const config_setting_t *group, enum config_place place,
                             void *base);

/* The elements of [ ] and ( ), or the one value itself. */
size_t config_value_count(const config_setting_t *setting);
const config_setting_t *config_value_item(const config_setting_t *setting, size_t i);

/* A string of min to max bytes, UTF-8 without control characters; p is NULL when it is none. */
struct span config_value_text(struct config_reader *r, const config_setting_t *setting, int64_t min, int64_t max);

#endif
