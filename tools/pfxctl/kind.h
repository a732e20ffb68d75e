/*
 * The kinds of entries by the words that people write: "map:NAME", "policy:NAME", "sasl:NAME".
 *
 * Owner:  all is constant; what is cut borrows the text.
 */
#ifndef PFX_KIND_H
#define PFX_KIND_H

#include "config.h"

/* "map", "policy" or "sasl". */
const char *kind_name(enum config_section_id section);

/* What follows the kind, and its section; all of it, and CONFIG_SECTIONS, when no kind stands there. */
const char *kind_cut(const char *text, enum config_section_id *section);

#endif
