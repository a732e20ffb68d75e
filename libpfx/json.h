/*
 * JSON as text: is it strictly JSON, and how does a string go into it.
 *
 * Shape:  one value and white space around it, RFC 8259 to the letter: no trailing comma, no comment, no leading zero,
 *         valid UTF-8, no NUL byte, no \u0000 (it would cut the string in C), no half of a surrogate pair, no BOM.
 * Limits: JSON_DEPTH_MAX levels of arrays and objects.
 * Errors: a constant reason.
 * Source: RFC 8259, RFC 3629. Members that stand twice are found by jsondoc, which sees names unescaped.
 */
#ifndef PFX_JSON_H
#define PFX_JSON_H

#include "span.h"

#define JSON_DEPTH_MAX 64

bool json_check(struct span text, const char **why);

/*
 * The inside of a JSON string that stands for text (no quotes around it): '"', '\' and control characters escaped,
 * the rest as it is. text must be valid UTF-8. Returns the size needed; writes nothing unless size is enough.
 */
size_t json_escape(char *out, size_t size, struct span text);

/* How many bytes at the start of text stand for themselves there. */
size_t json_plain_bytes(struct span text);

#endif
