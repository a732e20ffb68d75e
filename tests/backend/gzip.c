#include "gzip.h"

#include <err.h>

#define ZLIB_CONST
#include <zlib.h>

#define GZIP_WINDOW (MAX_WBITS + 16) /* zlib's way to ask for gzip framing */
#define MEMORY_LEVEL 8
#define STEP_BYTES 4096

/* Offers a step of room to zlib, and takes over what it wrote. */
static int run_step(struct text *out, z_stream *z, int (*step)(z_stream *, int), int flush)
{
    text_reserve(out, STEP_BYTES);
    z->next_out = (Bytef *)out->p + out->n;
    z->avail_out = STEP_BYTES;
    int result = step(z, flush);
    out->n += STEP_BYTES - z->avail_out;
    return result;
}

void gzip_pack(struct text *out, struct span in)
{
    z_stream z = { .next_in = (const Bytef *)in.p, .avail_in = (uInt)in.n };

    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
        errx(1, "deflateInit2");
    while (run_step(out, &z, deflate, Z_FINISH) != Z_STREAM_END)
        continue;
    deflateEnd(&z);
}

bool gzip_unpack(struct text *out, struct span in, size_t max)
{
    z_stream z = { .next_in = (const Bytef *)in.p, .avail_in = (uInt)in.n };
    int result = Z_OK;

    if (inflateInit2(&z, GZIP_WINDOW) != Z_OK)
        errx(1, "inflateInit2");
    while (result == Z_OK && out->n <= max)
        result = run_step(out, &z, inflate, Z_NO_FLUSH);
    bool whole = result == Z_STREAM_END && z.avail_in == 0 && out->n <= max;
    inflateEnd(&z);
    return whole;
}
