/*
 * Which files make up a configuration.
 *
 * Shape:  pfx.cfg, then pfx.d/NAME.cfg beside it in byte order of the names; none whose name begins with a dot.
 * Errors: NULL, or why pfx.d cannot be read (a block of mem.h, the caller's). No pfx.d is no error.
 */
#ifndef PFX_CONFIG_LOAD_H
#define PFX_CONFIG_LOAD_H

#include "config.h"

/* directory: of pfx.cfg. Both last as long as the call. */
typedef void config_load_visitor(void *context, const char *path, const char *directory);

/* Calls it for each file, whether it is there or not in the case of pfx.cfg. */
char *config_load_each(const char *path, config_load_visitor *visit, void *context);

#endif
