#include "text.h"

#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define FIRST_ROOM_BYTES 512
#define FORMAT_FIRST_BYTES 128

void text_reserve(struct text *t, size_t more)
{
    size_t room = t->room == 0 ? FIRST_ROOM_BYTES : t->room;

    if (t->room - t->n >= more && t->p != NULL)
        return;
    while (room - t->n < more)
        room *= 2;
    char *p = realloc(t->p, room);
    if (p == NULL)
        err(1, "realloc");
    t->p = p;
    t->room = room;
}

void text_add(struct text *t, struct span s)
{
    if (s.n == 0)
        return;
    text_reserve(t, s.n);
    memcpy(t->p + t->n, s.p, s.n);
    t->n += s.n;
}

void text_fill(struct text *t, char c, size_t count)
{
    text_reserve(t, count);
    memset(t->p + t->n, c, count);
    t->n += count;
}

void text_format(struct text *t, const char *format, ...)
{
    size_t room = FORMAT_FIRST_BYTES;

    for (;;) {
        va_list ap;
        text_reserve(t, room);
        va_start(ap, format);
        int n = vsnprintf(t->p + t->n, room, format, ap);
        va_end(ap);
        if (n < 0)
            errx(1, "vsnprintf");
        if ((size_t)n < room) {
            t->n += (size_t)n;
            return;
        }
        room = (size_t)n + 1;
    }
}

void text_drop(struct text *t, size_t n)
{
    if (n < t->n)
        memmove(t->p, t->p + n, t->n - n);
    t->n -= n;
}

void text_free(struct text *t)
{
    free(t->p);
    *t = (struct text){ 0 };
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte that %XX at the front of s stands for; -1: no such thing there. */
static int decoded_byte(struct span s)
{
    if (s.n < 3 || s.p[0] != '%' || hex_value(s.p[1]) < 0 || hex_value(s.p[2]) < 0)
        return -1;
    return hex_value(s.p[1]) << 4 | hex_value(s.p[2]);
}

void text_add_decoded(struct text *t, struct span s)
{
    while (s.n > 0) {
        int byte = decoded_byte(s);
        text_fill(t, byte < 0 ? s.p[0] : (char)byte, 1);
        s = span_skip(s, byte < 0 ? 1 : 3);
    }
}

void text_add_json(struct text *t, struct span s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0x20)
            text_format(t, "\\u%04x", c);
        else if (c == '"' || c == '\\')
            text_format(t, "\\%c", c);
        else
            text_fill(t, s.p[i], 1);
    }
}
