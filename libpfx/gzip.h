/*
 * Compresses a request body. The only module that knows zlib (answers are decompressed by libcurl).
 *
 * Errors: false when out's ceiling is too low.
 * Source: RFC 1952.
 */
#ifndef PFX_GZIP_H
#define PFX_GZIP_H

#include "buf.h"

bool gzip_pack(struct span plain, struct buf *out); /* out's content is replaced */

#endif
