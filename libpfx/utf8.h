/*
 * UTF-8: is it valid, does it hold control bytes, and how is hostile text shown in a log line.
 *
 * Errors: none; all functions take any bytes.
 * Source: RFC 3629 (no surrogates, nothing above U+10FFFF, no overlong forms); the replacement of
 *         what cannot be printed by '?' is Postfix's (printable(), util/printable.c).
 */
#ifndef PFX_UTF8_H
#define PFX_UTF8_H

#include "span.h"

bool utf8_valid(struct span text);

/* A control character of ASCII: C0 or DEL. */
static inline bool utf8_is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7F;
}

bool utf8_has_control(struct span text);

/*
 * Copies text into out (size bytes, always terminated when size > 0) with each control character
 * (C0, DEL, C1) and each byte that is not valid UTF-8 as '?'; cut at a character boundary when it
 * does not fit. Returns the length written, without the final NUL.
 */
size_t utf8_printable(char *out, size_t size, struct span text);

#endif
