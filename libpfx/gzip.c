#include "gzip.h"

#include <stdlib.h>
#include <zlib.h>

#include "mem.h"

#define GZIP_WINDOW_BITS (MAX_WBITS + 16) /* + 16: the gzip format, deflateInit2() in zlib.h */
#define GZIP_MEMORY_LEVEL 8               /* zlib's default */

static voidpf allocate(voidpf context, uInt count, uInt bytes)
{
    (void)context;
    return mem_array(count, bytes);
}

/* zlib keeps what it packs, which may be a secret, in its window. */
static void give_back(voidpf context, voidpf block)
{
    (void)context;
    mem_wiping_free(block);
}

/*
 * The first call of each function of a library may save the vector registers on the stack, where nobody wipes them, to
 * find the function: with what was copied last.
 */
void gzip_prepare(void)
{
    struct buf packed;

    buf_init(&packed, GZIP_ROOM_BYTES(1));
    gzip_pack(SPAN("-"), &packed);
    buf_free(&packed);
}

bool gzip_pack(struct span plain, struct buf *out)
{
    z_stream stream = { .zalloc = allocate, .zfree = give_back };

    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW_BITS, GZIP_MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        abort(); /* a zlib that does not fit its header */
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
