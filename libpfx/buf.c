#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "mem.h"

#define FIRST_ROOM_BYTES 256

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){ .max = max };
}

static void give_up(const struct buf *b)
{
    if (b->secret && b->p != NULL)
        mem_wipe(b->p, b->room + 1);
    mem_free(b->p);
}

void buf_free(struct buf *b)
{
    give_up(b);
    *b = (struct buf){ .max = b->max, .secret = b->secret };
}

/* Of a secret buffer the whole room: bytes may have been written past n that were then not kept. */
void buf_clear(struct buf *b)
{
    if (b->secret && b->p != NULL)
        mem_wipe(b->p, b->room + 1);
    b->n = 0;
}

void buf_empty(struct buf *b, size_t keep)
{
    if (b->room > keep)
        buf_free(b);
    else
        buf_clear(b);
}

/* Doubles, so that many small additions cost no more than one big one. */
static size_t next_room(const struct buf *b, size_t needed)
{
    size_t room = b->room < FIRST_ROOM_BYTES ? FIRST_ROOM_BYTES : b->room;
    while (room < needed && room <= b->max / 2)
        room *= 2;
    if (room < needed || room > b->max)
        room = b->max;
    return room;
}

/* One byte more is for the NUL of vsnprintf() and buf_text(). */
static void grow(struct buf *b, size_t needed)
{
    size_t room = next_room(b, needed);

    if (b->secret) { /* realloc(3) would leave a copy behind */
        char *p = mem_alloc(room + 1);
        if (b->p != NULL)
            memcpy(p, b->p, b->n);
        give_up(b);
        b->p = p;
    } else {
        b->p = mem_resize(b->p, room + 1);
    }
    b->room = room;
}

char *buf_reserve(struct buf *b, size_t n)
{
    if (n > b->max - b->n)
        return NULL;
    if (b->p == NULL || b->room - b->n < n)
        grow(b, b->n + n);
    return b->p + b->n;
}

char *buf_extend(struct buf *b, size_t n)
{
    char *at = buf_reserve(b, n);

    if (at == NULL)
        abort();
    b->n += n;
    return at;
}

bool buf_add(struct buf *b, struct span bytes)
{
    if (bytes.n == 0)
        return true;
    char *to = buf_reserve(b, bytes.n);
    if (to == NULL)
        return false;
    memcpy(to, bytes.p, bytes.n);
    b->n += bytes.n;
    return true;
}

bool buf_format(struct buf *b, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *to = length < 0 ? NULL : buf_reserve(b, (size_t)length);
    if (to == NULL)
        return false;

    va_start(args, format);
    vsnprintf(to, (size_t)length + 1, format, args);
    va_end(args);
    b->n += (size_t)length;
    return true;
}

const char *buf_text(struct buf *b)
{
    if (b->p == NULL)
        grow(b, 0);
    b->p[b->n] = '\0';
    return b->p;
}

void buf_drop(struct buf *b, size_t n)
{
    b->n -= n;
    if (n > 0 && b->n > 0)
        memmove(b->p, b->p + n, b->n);
    if (n > 0 && b->secret)
        mem_wipe(b->p + b->n, n);
}
