/*
 * A growing string of bytes.
 *
 * Shape:  p and n; not terminated.
 * Limits: none here; whoever fills a text from a socket sets the bound.
 * Errors: none are returned; without memory the program ends.
 * Owner:  a text owns p; text_free() leaves it empty and usable. A span of it lives until the next change.
 */
#ifndef BACKEND_TEXT_H
#define BACKEND_TEXT_H

#include "span.h"

struct text {
    char  *p;
    size_t n;
    size_t room;
};

void text_reserve(struct text *t, size_t more);
void text_add(struct text *t, struct span s);
void text_fill(struct text *t, char c, size_t count);
void text_format(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_drop(struct text *t, size_t n); /* the first n bytes */
void text_free(struct text *t);

/* Appends s with %XX decoded ("%" without two digits stays); as the inside of a JSON string. */
void text_add_decoded(struct text *t, struct span s);
void text_add_json(struct text *t, struct span s);

static inline struct span text_span(const struct text *t)
{
    return span_make(t->p, t->n);
}

#endif
