/*
 * One entry: what it inherits, with its own keys over it.
 *
 * Shape:  a draft holds the values of all levels read so far; an entry begins as a copy of its section's draft, so that
 *         the nearest level wins, key by key. What depends on several keys is settled by config_entry_finish().
 * Errors: told to the reader.
 * Owner:  the configuration; drafts borrow settings of its files.
 */
#ifndef PFX_CONFIG_ENTRY_H
#define PFX_CONFIG_ENTRY_H

#include "config_header.h"
#include "config_key.h"
#include "config_oidc.h"
#include "config_reader.h"

struct config_draft {
    struct config_entry entry;
    struct config_headers headers;
    struct config_oidc_draft backend_oidc;
    struct config_oidc_draft sasl_oidc;
    const config_setting_t *target; /* the nearest, NULL: none */
    const config_setting_t *payload;
    const config_setting_t *timing; /* the nearest group http or response_cache, NULL: none */
};

/* Reads one level, a group of such a place, over the draft. */
void config_entry_read(struct config_reader *r, const config_setting_t *group, enum config_place place,
                       struct config_draft *draft);

/* Of a section's defaults: the mistakes that hurt all entries. */
void config_entry_check_defaults(struct config_reader *r, const struct config_draft *draft);

/* Makes draft->entry complete, as far as a group that is none allows it. */
void config_entry_finish(struct config_reader *r, const config_setting_t *group, struct config_draft *draft);

#endif
