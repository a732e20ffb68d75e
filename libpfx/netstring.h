/*
 * Netstrings.
 *
 * Shape:  LENGTH ":" BYTES ","   LENGTH is decimal without sign or leading zero ("0:," is the empty one).
 * Limits: max, given by the caller, of BYTES; refused as soon as the digits tell, before the bytes arrive.
 * Errors: BAD: not a digit, a leading zero, over the limit, no comma. The peer is to be closed.
 * Owner:  body borrows the input.
 * Source: D. J. Bernstein, "Netstrings" (1997); Postfix netstring(3), whose leniencies (":,", "007:") are refused.
 */
#ifndef PFX_NETSTRING_H
#define PFX_NETSTRING_H

#include "codec.h"
#include "span.h"

#define NETSTRING_OVERHEAD_BYTES 22 /* 20 digits of a 64-bit length, ':' and ',' */

enum codec_result netstring_decode(struct span in, size_t max, struct span *body, size_t *used, const char **why);

/*
 * "LENGTH:" HEAD BODY ",", the two being one string. Returns the size needed; writes nothing unless size is enough.
 * Neither may overlap out.
 */
size_t netstring_encode(char *out, size_t size, struct span head, struct span body);

#endif
