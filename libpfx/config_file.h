/*
 * One configuration file and what it includes, read once: the text that was looked at is the text that is parsed.
 *
 * Shape:  @include "FILE" lines are replaced by that file before libconfig sees the text; FILE is relative to the
 *         directory of pfx.cfg.
 * Limits: CONFIG_FILE_MAX_BYTES for a file with all that it includes; CONFIG_FILE_DEPTH_MAX files inside each other.
 * Errors: NULL, and *error is "FILE:LINE: what is wrong" (a block of mem.h, the caller's): cannot be read, NUL bytes,
 *         an integer that libconfig would cut, a syntax error.
 * Owner:  the caller, config_file_free(), which wipes the text and the strings of settings; settings and names borrow.
 */
#ifndef PFX_CONFIG_FILE_H
#define PFX_CONFIG_FILE_H

#include <libconfig.h>

#include "buf.h"

#define CONFIG_FILE_DEPTH_MAX 10

struct config_file;

struct config_file *config_file_parse(const char *path, const char *include_dir, char **error);
struct config_file *config_file_parse_text(const char *name, struct span text, char **error);
void config_file_free(struct config_file **file);

config_setting_t *config_file_root(const struct config_file *file);

/* Where a setting stands. */
const char *config_file_where(const config_setting_t *setting, unsigned *line);

/* Adds the bytes of a file to a secret buffer, at most its ceiling. False: *why is a constant text or strerror()'s. */
bool config_file_read(const char *path, struct buf *bytes, const char **why);

#endif
