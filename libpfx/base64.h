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

#endif
