/*
 * pfxctl import: the configuration of pfxhttp, 1.x or 2.x, as a pfx.cfg and lines for master.cf and main.cf that do the
 * same.
 *
 * Shape:  import_text() makes three texts of one. What a choice was made for, and what has no counterpart, is told in a
 *         comment at its place; the latter also on `log`, "pfxctl: warning: FILE:LINE: KEY: text". Secrets are written
 *         as they stand to pfx.cfg, and nowhere else.
 * Limits: YAMLDOC_MAX_BYTES of input, IMPORT_PART_MAX_BYTES of each text.
 * Errors: import_text(): false, told on `log`: no YAML, no configuration of pfxhttp, a text that would be too large.
 * Owner:  the caller, import_free_parts(), which wipes.
 * Source: README and pfxhttp.yml(5) of pfxhttp; names are in any case there, and entries have names in lower case.
 */
#ifndef PFX_IMPORT_H
#define PFX_IMPORT_H

#include <stdio.h>

#include "buf.h"

#define IMPORT_PART_MAX_BYTES (16L * 1024 * 1024)

enum import_part { IMPORT_CFG, IMPORT_MASTER, IMPORT_MAIN, IMPORT_PARTS };

/* `source` is the name of the file, for messages. */
bool import_text(const char *source, struct span text, FILE *log, struct buf parts[IMPORT_PARTS]);
void import_free_parts(struct buf parts[IMPORT_PARTS]);

#endif
