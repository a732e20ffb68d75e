/*
 * What is settled about an entry of socket_maps once all of its keys are read.
 *
 * Errors: none are left: each key was checked where it stands; what is a template is compiled here.
 * Owner:  the configuration.
 */
#ifndef PFX_CONFIG_MAP_H
#define PFX_CONFIG_MAP_H

#include "config_reader.h"

/* targets, payload and headers are read. */
void config_map_finish(struct config_reader *r, const config_setting_t *group, struct config_entry *entry);

#endif
