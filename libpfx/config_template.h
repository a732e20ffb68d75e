/*
 * Templates of the configuration: compiled once, when they are read. reader->dialect is that of the section; a payload
 * may have its own.
 *
 * Errors: told to the reader; *to is then as it was.
 * Owner:  the configuration; text must be its own already.
 */
#ifndef PFX_CONFIG_TEMPLATE_H
#define PFX_CONFIG_TEMPLATE_H

#include "config_reader.h"

bool config_template_compile(struct config_reader *r, const config_setting_t *at, char *text,
                             enum template_dialect dialect, enum template_escape escape, struct config_template *to);

/* Has it placeholders? One of that kind? */
bool config_template_is_dynamic(const struct config_template *template);
bool config_template_has(const struct config_template *template, enum template_what what);

#endif
