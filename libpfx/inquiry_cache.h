/*
 * What the cache knows of an inquiry, and gets from it.
 *
 * Shape:  each candidate's answer is kept by itself. Where another than the first was found, so is the answer to the
 *         whole question, only to stand in for a backend that fails: "nothing there" of the first ones is usually not
 *         kept, and without it the old answer of a later one would be of no use.
 * Errors: none; what is not kept is not found.
 * Owner:  texts of verdicts lie in value.
 */
#ifndef PFX_INQUIRY_CACHE_H
#define PFX_INQUIRY_CACHE_H

#include "backend_state.h"

/* Of use: fresh, or old but fit to stand in for a backend that fails. */
enum inquiry_cached { INQUIRY_CACHED_NOTHING, INQUIRY_CACHED_OLD, INQUIRY_CACHED_FRESH };

/* To be called when the candidate has changed. */
void inquiry_cache_take_key(struct inquiry *inquiry);

/* The candidate's answer. *stored_ms: of wall time. */
enum inquiry_cached inquiry_cache_find(const struct inquiry *inquiry, struct buf *value, struct verdict *verdict,
                                       int64_t *stored_ms);
bool inquiry_cache_find_whole(const struct inquiry *inquiry, struct buf *value, struct verdict *verdict);

/*
 * The newest answer counts: one that is not kept itself still makes the older one go, and what is as old as
 * asked_ms is kept as such. A failure is no answer.
 */
void inquiry_cache_keep(const struct inquiry *inquiry, const struct verdict *verdict);
void inquiry_cache_keep_whole(const struct inquiry *inquiry, const struct verdict *verdict);

#endif
