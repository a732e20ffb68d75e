/*
 * A name and its value: what a request of Postfix consists of, and what templates put in.
 *
 * Owner:  spans borrow.
 */
#ifndef PFX_ATTRIBUTE_H
#define PFX_ATTRIBUTE_H

#include "span.h"

struct attribute {
    struct span name;
    struct span value;
};

/* The one of that name, or NULL. */
static inline const struct attribute *attribute_find(const struct attribute *attributes, size_t count, struct span name)
{
    for (size_t i = 0; i < count; i++)
        if (span_equal(attributes[i].name, name))
            return &attributes[i];
    return NULL;
}

/* Its value; an empty span when it is not there. */
static inline struct span attribute_value(const struct attribute *attributes, size_t count, const char *name)
{
    const struct attribute *found = attribute_find(attributes, count, span_text(name));
    return found == NULL ? span_make(NULL, 0) : found->value;
}

#endif
