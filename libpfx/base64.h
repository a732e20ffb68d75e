/*
 * Base64 with padding.
 *
 * Source: RFC 4648 section 4.
 */
#ifndef PFX_BASE64_H
#define PFX_BASE64_H

#include "span.h"

/* Returns the size needed, without a final NUL; writes nothing unless size is enough. */
size_t base64_encode(char *out, size_t size, struct span bytes);

/*
 * Strict: whole quartets, padding at the end only, no bits set that the padding drops, no white space. *needed is the
 * size; nothing is written unless size is enough. False: not base64.
 */
bool base64_decode(char *out, size_t size, struct span text, size_t *needed);

#endif
