/*
 * Values of pfxhttp.yml, as pfxhttp takes them: a number may stand in quotes, a time is one of Go ("1m30s").
 *
 * Errors: false or NULL; a value that says nothing (null, "") is silently left out, as pfxhttp does, another mistake is
 *         told by import_out_note().
 */
#ifndef PFX_IMPORT_VALUE_H
#define PFX_IMPORT_VALUE_H

#include <stdint.h>

#include "import_out.h"

/* What to do with the keys of a map. */
struct import_key {
    const char *name;
    unsigned places; /* where it counts, bits of the caller */
    void (*take)(struct import *im, const struct yamldoc_member *member); /* NULL: nothing is written for it */
    const char *note; /* in that case: what to say unless it is false, 0 or empty; NULL: nothing */
};

#define IMPORT_VALUE_AGAIN 0x80 /* with a place: the map was read before, and what is unknown was told */

/* Each member of the map, in its order; one that no place knows is told. NULL is an empty map. */
void import_value_members(struct import *im, const struct yamldoc_node *map, const struct import_key *keys,
                          size_t count, unsigned place);

/* The map that the member holds. */
const struct yamldoc_node *import_value_map(struct import *im, const struct yamldoc_member *member);

/* The text of a scalar. */
const char *import_value_text(struct import *im, const struct yamldoc_member *member);

bool import_value_boolean(struct import *im, const struct yamldoc_member *member, bool *value);
bool import_value_integer(struct import *im, const struct yamldoc_member *member, int64_t min, int64_t max,
                          int64_t *value);
bool import_value_time(struct import *im, const struct yamldoc_member *member, int64_t *ms);

/* Neither null nor empty, and no false and no 0: it stands for something in pfxhttp. */
bool import_value_counts(const struct yamldoc_node *node);

/* Of a map's member, silently: is it true? Its text, NULL: it has none. */
bool import_value_is_true(const struct yamldoc_node *map, const char *name);
const char *import_value_find(const struct yamldoc_node *map, const char *name);

/* A Go duration in milliseconds, parts of one rounded up; an integer is seconds. False: it is none. */
bool import_value_parse_time(const char *text, int64_t *ms);

#endif
