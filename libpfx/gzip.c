#include "gzip.h"

#include <stdlib.h>
#include <zlib.h>

#define GZIP_WINDOW_BITS (MAX_WBITS + 16) /* + 16: the gzip format, deflateInit2() in zlib.h */
#define GZIP_MEMORY_LEVEL 8               /* zlib's default */

bool gzip_pack(struct span plain, struct buf *out)
{
    z_stream stream = { 0 };

    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW_BITS, GZIP_MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        abort(); /* out of memory, or a zlib that does not fit its header */
    buf_clear(out);
    size_t bound = deflateBound(&stream, plain.n);
    char *room = buf_reserve(out, bound);
    bool done = false;
    if (room != NULL) {
        stream.next_in = (Bytef *)(size_t)plain.p;
        stream.avail_in = (uInt)plain.n;
        stream.next_out = (Bytef *)room;
        stream.avail_out = (uInt)bound;
        done = deflate(&stream, Z_FINISH) == Z_STREAM_END;
        out->n = done ? stream.total_out : 0;
    }
    deflateEnd(&stream);
    return done;
}
