/*
 * Failures at random: of a thousand requests some are answered as if their URL asked for one.
 *
 * Shape:  chaos_disturb() adds a failure, drawn from the list in chaos.c, to what the URL says. None of them makes a
 *         right answer into another one that could be meant: no 404, no 401 and no 403, and no other value.
 * Units:  permille, 0 to CHAOS_PERMILLE_MAX of the requests.
 * Errors: chaos_set() ends the program for what is no such number.
 */
#ifndef BACKEND_CHAOS_H
#define BACKEND_CHAOS_H

#include <stdint.h>

#include "script.h"

#define CHAOS_PERMILLE_MAX 1000

struct chaos {
    unsigned permille;
    uint64_t state; /* of the random numbers */
};

void chaos_set(struct chaos *c, const char *permille);
void chaos_disturb(struct chaos *c, struct script *s);

#endif
