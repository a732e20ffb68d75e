/*
 * gzip of whole texts.
 *
 * Errors: gzip_unpack() is false when the bytes are no gzip stream from first to last or unpack to more than max.
 * Owner:  the result is appended to out, which must not hold the input.
 * Source: RFC 1952.
 */
#ifndef BACKEND_GZIP_H
#define BACKEND_GZIP_H

#include "text.h"

void gzip_pack(struct text *out, struct span in);
bool gzip_unpack(struct text *out, struct span in, size_t max);

#endif
