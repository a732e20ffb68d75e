#include "base64.h"

#include <stdint.h>

#define TRIPLET 3
#define QUARTET 4

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static char *encode(char *out, struct span bytes, const char *alphabet)
{
    uint32_t bits = 0;

    for (size_t i = 0; i < bytes.n; i++) {
        bits = bits << 8 | (unsigned char)bytes.p[i];
        *out++ = alphabet[bits >> (2 + 2 * (i % TRIPLET)) & 63];
        if (i % TRIPLET == TRIPLET - 1)
            *out++ = alphabet[bits & 63];
    }
    if (bytes.n % TRIPLET == 1)
        *out++ = alphabet[bits << 4 & 63];
    if (bytes.n % TRIPLET == 2)
        *out++ = alphabet[bits << 2 & 63];
    return out;
}

size_t base64_encode(char *out, size_t size, struct span bytes)
{
    size_t needed = (bytes.n / TRIPLET + (bytes.n % TRIPLET != 0)) * QUARTET;

    if (needed > size)
        return needed;
    out = encode(out, bytes, standard);
    for (size_t n = bytes.n; n % TRIPLET != 0; n++)
        *out++ = '=';
    return needed;
}

size_t base64_url_encode(char *out, size_t size, struct span bytes)
{
    static const size_t letters_of_rest[TRIPLET] = { 0, 2, 3 };
    size_t needed = bytes.n / TRIPLET * QUARTET + letters_of_rest[bytes.n % TRIPLET];

    if (needed <= size)
        encode(out, bytes, url);
    return needed;
}

/* -1: not of the alphabet. */
static int value_of(char c, const char *alphabet)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == alphabet[62])
        return 62;
    return c == alphabet[63] ? 63 : -1;
}

static size_t count_padding(struct span text)
{
    size_t i = text.n;
    while (i > 0 && text.n - i < 2 && text.p[i - 1] == '=')
        i--;
    return text.n - i;
}

/* Without padding. The last of its letters has bits that no byte needs: they are zero. One letter is no byte. */
static bool is_canonical(struct span letters, const char *alphabet)
{
    static const int unneeded_bits[QUARTET] = { 0, 0, 15, 3 };
    int last = 0;

    for (size_t i = 0; i < letters.n; i++) {
        last = value_of(letters.p[i], alphabet);
        if (last < 0)
            return false;
    }
    return letters.n % QUARTET != 1 && (last & unneeded_bits[letters.n % QUARTET]) == 0;
}

static bool decode(char *out, size_t size, struct span letters, const char *alphabet, size_t *needed)
{
    uint32_t bits = 0;

    if (!is_canonical(letters, alphabet))
        return false;
    *needed = letters.n / QUARTET * TRIPLET + letters.n % QUARTET * TRIPLET / QUARTET;
    if (*needed > size)
        return true;
    for (size_t i = 0; i < letters.n; i++) {
        bits = bits << 6 | (uint32_t)value_of(letters.p[i], alphabet);
        if (i % QUARTET > 0)
            *out++ = (char)(bits >> (6 - 2 * (i % QUARTET)) & 0xFF);
    }
    return true;
}

bool base64_decode(char *out, size_t size, struct span text, size_t *needed)
{
    struct span letters = span_first(text, text.n - count_padding(text));
    return text.n % QUARTET == 0 && decode(out, size, letters, standard, needed);
}

bool base64_url_decode(char *out, size_t size, struct span text, size_t *needed)
{
    return decode(out, size, text, url, needed);
}
