/*
 * Base64 with padding, and base64url without.
 *
 * Source: RFC 4648 sections 4 and 5; RFC 7515 section 2.
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

/* The same with '-' and '_', and no padding at all. */
size_t base64_url_encode(char *out, size_t size, struct span bytes);
bool base64_url_decode(char *out, size_t size, struct span text, size_t *needed);

#endif
