/*
 * A JSON answer: parsed strictly, and one value of it as text. The only module that knows cJSON.
 *
 * Shape:  a path is member names and array indexes joined by dots ("data.result", "aliases.0"); "" or NULL is the
 *         whole document.
 *         As text: a string as it is; an integral number without point or exponent (5000 and 5e3 are "5000"); another
 *         number as the shortest text that reads back the same; true and false as words; an array of those one after
 *         the other with a separator between them, its nulls and empty strings left out. No string holds a NUL.
 * Limits: integral numbers up to JSONDOC_INTEGER_MAX in size, beyond that an error (that number itself must be written
 *         without point or exponent: 2^53 + 1 would read as the same); nesting as json_check(). A number of more than
 *         63 characters is refused where cJSON cannot read it (not every 1.7.15 can).
 * Errors: constant reasons.
 * Owner:  the document is the caller's, freed by jsondoc_free(), and wiped: it may hold a token.
 * Source: RFC 8259. A document with a member that stands twice in one object is refused.
 */
#ifndef PFX_JSONDOC_H
#define PFX_JSONDOC_H

#include "buf.h"

#define JSONDOC_INTEGER_MAX 9007199254740992.0 /* 2^53 */

struct jsondoc;

enum jsondoc_value {
    JSONDOC_MISSING, /* no such member */
    JSONDOC_NOTHING, /* null, an empty string, an empty array */
    JSONDOC_VALUE,   /* its text was added to *out */
    JSONDOC_BAD,     /* an object, an array in an array, a number out of range, text over out's ceiling: *why */
};

struct jsondoc *jsondoc_parse(struct span body, const char **why); /* NULL: not strictly JSON */
void jsondoc_free(struct jsondoc **doc);
enum jsondoc_value jsondoc_get(const struct jsondoc *doc, const char *path, char separator, struct buf *out,
                               const char **why);

/* What it is in JSON, for what must not be taken for something else. */
enum jsondoc_type {
    JSONDOC_ABSENT,
    JSONDOC_NULL,
    JSONDOC_FALSE,
    JSONDOC_TRUE,
    JSONDOC_NUMBER,
    JSONDOC_STRING,
    JSONDOC_ARRAY,
    JSONDOC_OBJECT
};
enum jsondoc_type jsondoc_type(const struct jsondoc *doc, const char *path);
struct span jsondoc_string(const struct jsondoc *doc, const char *path); /* p NULL: it is none; borrowed */
double jsondoc_number(const struct jsondoc *doc, const char *path);      /* NAN: it is none */
size_t jsondoc_length(const struct jsondoc *doc, const char *path);      /* of an array; 0: it is none */

/* Is it an object? Then its member of that name, dots and all. */
bool jsondoc_is_object(const struct jsondoc *doc, const char *path);
size_t jsondoc_names(const struct jsondoc *doc, const char *path, struct span *names, size_t max); /* how many it has */
enum jsondoc_value jsondoc_get_member(const struct jsondoc *doc, const char *path, struct span name, char separator,
                                      struct buf *out, const char **why);

#endif
