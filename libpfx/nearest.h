/*
 * The name that somebody has probably meant.
 *
 * Shape:  nearest_of() what is written, nearest_try() each name that there is; best is the one that takes the fewest
 *         letters to add, drop or change, NULL: they are all other words (more than a third of the letters differ).
 * Limits: names of up to NEAREST_NAME_MAX_BYTES; longer ones are like none.
 * Errors: none.
 * Owner:  names are the caller's.
 */
#ifndef PFX_NEAREST_H
#define PFX_NEAREST_H

#include <stddef.h>

#define NEAREST_NAME_MAX_BYTES 64

struct nearest {
    const char *written;
    const char *best;
    size_t distance; /* at most, so far */
};

struct nearest nearest_of(const char *written);
void nearest_try(struct nearest *nearest, const char *name);

#endif
