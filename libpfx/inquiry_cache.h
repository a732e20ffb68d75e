/*
 * What the cache knows of an inquiry, and gets from it.
 *
 * Shape:  each candidate's answer is kept by itself. Where another than the first was found, it is also kept which:
 *         that there is nothing for those before it is usually not kept, and while the backend fails its old answer
 *         would be of no use without.
 * Errors: none; what is not kept is not found.
 * Owner:  texts of verdicts lie in value.
 */
#ifndef PFX_INQUIRY_CACHE_H
#define PFX_INQUIRY_CACHE_H

#include "backend_state.h"

/* Of use: fresh, or old but fit to stand in for a backend that fails. */
enum inquiry_cached { INQUIRY_CACHED_NOTHING, INQUIRY_CACHED_OLD, INQUIRY_CACHED_FRESH };

/* The inquiry is about candidate i from now on. */
void inquiry_cache_take(struct inquiry *inquiry, size_t i);

/* The candidate's answer. *stored_ms: of wall time. */
enum inquiry_cached inquiry_cache_find(const struct inquiry *inquiry, struct buf *value, struct verdict *verdict,
                                       int64_t *stored_ms);

/* The candidate that was found the last time; 0: not known, or the first one. */
size_t inquiry_cache_find_found(const struct inquiry *inquiry);

/*
 * The newest answer counts: one that is not kept itself still makes the older one go, and what is as old as
 * asked_ms is kept as such. A failure is no answer.
 */
void inquiry_cache_keep(const struct inquiry *inquiry, const struct verdict *verdict);

/* The verdict ends the inquiry: its candidate is the one that was found, or nothing is there for any. */
void inquiry_cache_keep_found(const struct inquiry *inquiry, const struct verdict *verdict);

#endif
