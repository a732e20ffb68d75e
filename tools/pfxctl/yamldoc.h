/*
 * A YAML document as a tree. The only module that knows libyaml.
 *
 * Shape:  scalars, lists and maps; what a scalar means (a number, a word) is for the reader to say. An alias is the
 *         node that its anchor stands for, the same one and no copy; a map's "<<" adds the members of another map, or
 *         of several, that it does not have itself.
 * Units:  lines from 1.
 * Limits: YAMLDOC_MAX_BYTES of text, YAMLDOC_DEPTH_MAX levels, YAMLDOC_NODES_MAX nodes and members.
 * Errors: yamldoc_parse() gives NULL, and *error is "LINE:COLUMN: what is wrong", a block of mem.h, the caller's.
 *         Refused beside what is no YAML: a second document, a name that stands twice in a map or is no scalar, an
 *         alias of something that is not complete before it, tags but those of the core schema, a NUL.
 * Owner:  the document owns its nodes; yamldoc_free() wipes their texts, which may be secrets.
 * Source: YAML 1.1 as libyaml reads it; the merge key of yaml.org/type/merge.html.
 */
#ifndef PFX_YAMLDOC_H
#define PFX_YAMLDOC_H

#include "span.h"

#define YAMLDOC_MAX_BYTES (1024L * 1024)
#define YAMLDOC_DEPTH_MAX 32
#define YAMLDOC_NODES_MAX 20000

enum yamldoc_kind { YAMLDOC_SCALAR, YAMLDOC_LIST, YAMLDOC_MAP };

struct yamldoc_member {
    char *name; /* NULL in a list */
    unsigned line;
    const struct yamldoc_node *value;
};

struct yamldoc_node {
    enum yamldoc_kind kind;
    unsigned line;
    bool is_plain; /* a scalar without quotes and without tag */
    char *text;    /* of a scalar */
    struct yamldoc_member *members;
    size_t count;
    size_t room;
};

struct yamldoc;

struct yamldoc *yamldoc_parse(struct span text, char **error);
void yamldoc_free(struct yamldoc **doc);
const struct yamldoc_node *yamldoc_root(const struct yamldoc *doc);

/* The member of a map, in any case of ASCII letters; NULL: none, or no map. */
const struct yamldoc_member *yamldoc_find(const struct yamldoc_node *map, const char *name);

/* Nothing at all, "~" or "null". */
bool yamldoc_is_null(const struct yamldoc_node *node);

#endif
