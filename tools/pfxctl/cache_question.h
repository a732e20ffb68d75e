/*
 * What somebody asks about, as the keys that its answers have in the cache.
 *
 * Shape:  of a map one key for each candidate, in the order in which the daemon asks, then that of which one was found;
 *         of a policy one.
 * Errors: false: an argument is no attribute, or there is one too many. A question without keys is one that no
 *         answer is kept for.
 * Owner:  cache_question_free().
 */
#ifndef PFX_CACHE_QUESTION_H
#define PFX_CACHE_QUESTION_H

#include "cachekey.h"

struct cache_question {
    const struct config_entry *entry;
    struct buf keys[KEYS_MAX + 1];
    size_t count;
    size_t candidates; /* the first ones */
};

/* words, which end with NULL: the key; of a policy its attributes. */
bool cache_question_make(struct cache_question *question, const struct config_entry *entry, char *const *words);
void cache_question_free(struct cache_question *question);

/* Is it one of the keys, whatever the entry was like when the answer came? */
bool cache_question_has(const struct cache_question *question, const struct cachekey_parts *parts);

#endif
