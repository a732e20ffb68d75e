/*
 * A byte buffer that grows up to a ceiling.
 *
 * Shape:  n bytes at p; p is NULL while nothing was ever stored. There is no final NUL, but see buf_text().
 *         A secret buffer wipes whatever it gives up: what is cleared or dropped, and memory that it grows out of.
 * Units:  bytes.
 * Limits: max, given at buf_init(): the buffer never holds more.
 * Errors: false (or NULL) when the content would pass max; the content is then as before.
 * Owner:  the struct is the caller's; buf_free() gives the bytes back and leaves an empty buffer of the same ceiling.
 */
#ifndef PFX_BUF_H
#define PFX_BUF_H

#include "span.h"

struct buf {
    char *p;
    size_t n;
    size_t room; /* allocated */
    size_t max;
    bool secret; /* to be set after buf_init() */
};

void buf_init(struct buf *b, size_t max);
void buf_free(struct buf *b);
void buf_clear(struct buf *b); /* no content, memory kept */
void buf_empty(struct buf *b, size_t keep); /* no content; memory is kept if it is no more than that */

/* Makes room for n more bytes and returns where they go (then add what was written to b->n). */
char *buf_reserve(struct buf *b, size_t n);
char *buf_extend(struct buf *b, size_t n); /* n bytes more, to be written by the caller; the ceiling cannot be met */
bool  buf_add(struct buf *b, struct span bytes);
bool  buf_format(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void  buf_drop(struct buf *b, size_t n); /* removes the first n bytes, n <= b->n */

/* The content with a NUL behind it, which does not count: there is always room for it. Until the next change. */
const char *buf_text(struct buf *b);

static inline struct span buf_span(const struct buf *b)
{
    return span_make(b->p, b->n);
}

#endif
