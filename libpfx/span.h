/*
 * A span: bytes that somebody else owns.
 *
 * Shape:  pointer and length; the bytes may hold NUL and are not terminated. p may be NULL when n is 0.
 * Units:  bytes.
 * Owner:  a span borrows; it is valid as long as the memory that it was taken from.
 */
#ifndef PFX_SPAN_H
#define PFX_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
    const char *p;
    size_t n;
};

#define SPAN(literal) ((struct span){ "" literal, sizeof(literal) - 1 })

/* The digits of a constant, for a text that names a limit. */
#define SPAN_TEXT_OF(number) #number
#define SPAN_NUMBER_TEXT(number) SPAN_TEXT_OF(number)

static inline struct span span_make(const char *p, size_t n)
{
    return (struct span){ p, n };
}

static inline struct span span_text(const char *text)
{
    return (struct span){ text, text == NULL ? 0 : strlen(text) };
}

static inline bool span_equal(struct span a, struct span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* The offset of the first (last) byte c, or s.n when there is none. */
static inline size_t span_find(struct span s, char c)
{
    const char *at = s.n == 0 ? NULL : memchr(s.p, c, s.n);
    return at == NULL ? s.n : (size_t)(at - s.p);
}

static inline size_t span_find_last(struct span s, char c)
{
    const char *at = s.n == 0 ? NULL : memrchr(s.p, c, s.n);
    return at == NULL ? s.n : (size_t)(at - s.p);
}

/* An ASCII letter in lower case. */
static inline char span_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Is that how it begins? The second in any case of ASCII letters. */
static inline bool span_begins(struct span s, const char *start)
{
    size_t n = strlen(start);
    return s.n >= n && (n == 0 || memcmp(s.p, start, n) == 0);
}

static inline bool span_begins_nocase(struct span s, const char *start)
{
    size_t i = 0;

    while (i < s.n && start[i] != '\0' && span_lower(s.p[i]) == span_lower(start[i]))
        i++;
    return start[i] == '\0';
}

/* Only visible characters, which are those of ASCII without blanks (VCHAR of RFC 5234); true of an empty span. */
static inline bool span_is_visible(struct span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] > '~')
            return false;
    return true;
}

/* Without the first n bytes (n <= s.n); only the first n bytes. */
static inline struct span span_skip(struct span s, size_t n)
{
    return n == 0 ? s : (struct span){ s.p + n, s.n - n };
}

static inline struct span span_first(struct span s, size_t n)
{
    return (struct span){ s.p, n };
}

#define SPAN_HEX_BYTES 16 /* of 64 bits */

/* All digits of value, in lower case, without a NUL. */
static inline void span_write_hex(char digits[SPAN_HEX_BYTES], uint64_t value)
{
    for (size_t i = SPAN_HEX_BYTES; i > 0; value >>= 4)
        digits[--i] = "0123456789abcdef"[value & 15];
}

#endif
