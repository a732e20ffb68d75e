#include "bytes.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#define FIRST_ROOM_BYTES 256
#define NETSTRING_OVERHEAD_BYTES 24

void bytes_reserve(struct bytes *b, size_t more)
{
    size_t room = b->room == 0 ? FIRST_ROOM_BYTES : b->room;

    if (b->room - b->n >= more && b->p != NULL)
        return;
    while (room - b->n < more)
        room *= 2;
    char *p = realloc(b->p, room);
    if (p == NULL)
        err(1, "realloc");
    b->p = p;
    b->room = room;
}

void bytes_free(struct bytes *b)
{
    free(b->p);
    *b = (struct bytes){ 0 };
}

void bytes_set_request(struct bytes *b, const char *name, const char *key)
{
    size_t n = strlen(name) + 1 + strlen(key);

    b->n = 0;
    bytes_reserve(b, n + NETSTRING_OVERHEAD_BYTES);
    b->n = (size_t)snprintf(b->p, b->room, "%zu:%s %s,", n, name, key);
}

enum bytes_result bytes_get_reply(const struct bytes *b, struct span *reply, size_t *used)
{
    size_t length = 0;
    size_t i = 0;

    for (; i < b->n && b->p[i] >= '0' && b->p[i] <= '9'; i++) {
        length = length * 10 + (size_t)(b->p[i] - '0');
        if (length > BYTES_REPLY_MAX || (i > 0 && b->p[0] == '0'))
            return BYTES_BAD;
    }
    if (i == b->n)
        return BYTES_MORE;
    if (i == 0 || b->p[i] != ':')
        return BYTES_BAD;
    if (b->n - i - 1 <= length)
        return BYTES_MORE;
    if (b->p[i + 1 + length] != ',')
        return BYTES_BAD;
    *reply = span_make(b->p + i + 1, length);
    *used = i + length + 2;
    return BYTES_OK;
}
