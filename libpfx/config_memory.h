/*
 * The heap of a configuration: blocks that live and end together, so that entries may share what they point to.
 *
 * Errors: none (mem.h).
 * Owner:  config_memory_free() wipes all texts, for any may be a secret, and gives all blocks back.
 */
#ifndef PFX_CONFIG_MEMORY_H
#define PFX_CONFIG_MEMORY_H

#include "span.h"

struct config_memory;

struct config_memory *config_memory_new(void);
void config_memory_free(struct config_memory **memory);

void *config_memory_array(struct config_memory *memory, size_t count, size_t bytes);
char *config_memory_text(struct config_memory *memory, struct span text); /* with a final NUL */
char *config_memory_keep(struct config_memory *memory, char *text);       /* takes over a block of mem.h */

#endif
