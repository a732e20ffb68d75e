#include "base64.h"

#include <stdint.h>

#define QUARTET 4

size_t base64_encode(char *out, size_t size, struct span bytes)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t needed = (bytes.n / 3 + (bytes.n % 3 != 0)) * 4;

    if (needed > size)
        return needed;
    for (size_t i = 0; i < bytes.n; i += 3) {
        size_t left = bytes.n - i;
        uint32_t group = (uint32_t)(unsigned char)bytes.p[i] << 16;
        group |= left > 1 ? (uint32_t)(unsigned char)bytes.p[i + 1] << 8 : 0;
        group |= left > 2 ? (uint32_t)(unsigned char)bytes.p[i + 2] : 0;
        *out++ = alphabet[group >> 18];
        *out++ = alphabet[group >> 12 & 63];
        *out++ = left > 1 ? alphabet[group >> 6 & 63] : '=';
        *out++ = left > 2 ? alphabet[group & 63] : '=';
    }
    return needed;
}

/* -1: not of the alphabet. */
static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
}

static size_t count_padding(struct span text)
{
    size_t i = text.n;
    while (i > 0 && text.n - i < 2 && text.p[i - 1] == '=')
        i--;
    return text.n - i;
}

/* Without padding. The last of its letters has bits that no byte needs: they are zero. */
static bool is_canonical(struct span letters)
{
    static const int unneeded_bits[QUARTET] = { 0, 0, 15, 3 };
    int last = 0;

    for (size_t i = 0; i < letters.n; i++) {
        last = value_of(letters.p[i]);
        if (last < 0)
            return false;
    }
    return (last & unneeded_bits[letters.n % QUARTET]) == 0;
}

bool base64_decode(char *out, size_t size, struct span text, size_t *needed)
{
    struct span letters = span_first(text, text.n - count_padding(text));
    uint32_t bits = 0;

    if (text.n % QUARTET != 0 || !is_canonical(letters))
        return false;
    *needed = letters.n / QUARTET * 3 + letters.n % QUARTET * 3 / QUARTET;
    if (*needed > size)
        return true;
    for (size_t i = 0; i < letters.n; i++) {
        bits = bits << 6 | (uint32_t)value_of(letters.p[i]);
        if (i % QUARTET > 0)
            *out++ = (char)(bits >> (6 - 2 * (i % QUARTET)) & 0xFF);
    }
    return true;
}
