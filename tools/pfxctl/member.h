/*
 * Members of a JSON object, to standard output: "name":"text".
 *
 * Shape:  control bytes in the text, and what is no UTF-8, are shown as '?'. Commas are the caller's.
 */
#ifndef PFX_MEMBER_H
#define PFX_MEMBER_H

#include "span.h"

void member_text(const char *name, struct span text);

#endif
