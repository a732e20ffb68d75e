/*
 * Compresses a request body. The only module that knows zlib (answers are decompressed by libcurl).
 *
 * Errors: false when out's ceiling is too low.
 * Source: RFC 1952.
 */
#ifndef PFX_GZIP_H
#define PFX_GZIP_H

#include "buf.h"

/* The room that any text of so many bytes needs at most: deflateBound() of zlib 1.2.13, and the header. */
#define GZIP_ROOM_BYTES(bytes) ((bytes) + (bytes) / 1000 + 64)

void gzip_prepare(void); /* before the first secret: no copy of it stays on the stack */
bool gzip_pack(struct span plain, struct buf *out); /* out's content is replaced */

#endif
