/*
 * A section: its parts from all files, its defaults, its entries.
 *
 * Errors: of a section's defaults hurt the section, of an entry that entry; so does a name given twice.
 * Owner:  parts are the caller's, config_section_free(); the section read is the configuration's.
 */
#ifndef PFX_CONFIG_SECTION_H
#define PFX_CONFIG_SECTION_H

#include "config_entry.h"

struct config_section_parts {
    const config_setting_t **groups;
    size_t count;
    size_t room;
};

void config_section_add(struct config_section_parts *parts, const config_setting_t *group);
void config_section_free(struct config_section_parts *parts);

/* top: what stands at top level. */
void config_section_read(struct config_reader *r, enum config_section_id id, const struct config_section_parts *parts,
                         const struct config_draft *top);

#endif
