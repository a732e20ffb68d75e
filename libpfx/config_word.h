/*
 * Keys whose value is one of some words.
 *
 * Errors: false: not one of them.
 */
#ifndef PFX_CONFIG_WORD_H
#define PFX_CONFIG_WORD_H

#include "config_key.h"
#include "span.h"

/* The number of a word in the list of its type, in the order of the enum that it stands for. */
bool config_word_find(enum config_type type, struct span text, int *number);
const char *config_word_text(enum config_type type, int number);

/* All of them: "\"any\", \"4\" or \"6\"". A block of mem.h, the caller's. */
char *config_word_list(enum config_type type);

#endif
