#include "utf8.h"

#include <stdint.h>

#define SEQUENCE_MAX_BYTES 4
#define CODE_POINT_MAX 0x10FFFF
#define SURROGATE_FIRST 0xD800
#define SURROGATE_LAST 0xDFFF

/* The smallest code point that needs a sequence of that many bytes. */
static const uint32_t smallest[SEQUENCE_MAX_BYTES + 1] = { 0, 0, 0x80, 0x800, 0x10000 };

static size_t sequence_length(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xC0 && first < 0xE0)
        return 2;
    if (first >= 0xE0 && first < 0xF0)
        return 3;
    return first >= 0xF0 && first < 0xF8 ? 4 : 0;
}

/* Length of the character at the start of text (n > 0), 0 when it is not valid. */
static size_t read_character(struct span text, uint32_t *code)
{
    unsigned char first = (unsigned char)text.p[0];
    size_t length = sequence_length(first);

    if (length == 0 || length > text.n)
        return 0;
    *code = length == 1 ? first : first & (0x7FU >> length);
    for (size_t i = 1; i < length; i++) {
        unsigned char next = (unsigned char)text.p[i];
        if ((next & 0xC0) != 0x80)
            return 0;
        *code = *code << 6 | (next & 0x3FU);
    }
    if (*code < smallest[length] || *code > CODE_POINT_MAX || (*code >= SURROGATE_FIRST && *code <= SURROGATE_LAST))
        return 0;
    return length;
}

/* How many bytes at the start are ASCII; eight at a time. */
static size_t ascii_bytes(struct span text)
{
    size_t n = 0;

    for (uint64_t eight; n + sizeof(eight) <= text.n; n += sizeof(eight)) {
        memcpy(&eight, text.p + n, sizeof(eight));
        if ((eight & 0x8080808080808080U) != 0)
            break;
    }
    while (n < text.n && (unsigned char)text.p[n] < 0x80)
        n++;
    return n;
}

bool utf8_valid(struct span text)
{
    for (text = span_skip(text, ascii_bytes(text)); text.n > 0; text = span_skip(text, ascii_bytes(text))) {
        uint32_t code;
        size_t length = read_character(text, &code);
        if (length == 0)
            return false;
        text = span_skip(text, length);
    }
    return true;
}

bool utf8_has_control(struct span text)
{
    size_t i = 0;
    while (i < text.n && !utf8_is_control(text.p[i]))
        i++;
    return i < text.n;
}

static bool is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0);
}

size_t utf8_printable(char *out, size_t size, struct span text)
{
    size_t written = 0;

    if (size == 0)
        return 0;
    while (text.n > 0) {
        uint32_t code = 0;
        size_t length = read_character(text, &code);
        bool show = length > 0 && !is_control(code);
        if (written + (show ? length : 1) >= size)
            break;
        if (show)
            memcpy(out + written, text.p, length);
        else
            out[written] = '?';
        written += show ? length : 1;
        text = span_skip(text, length == 0 ? 1 : length);
    }
    out[written] = '\0';
    return written;
}
