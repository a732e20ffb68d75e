#include "netstring.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static enum codec_result bad(const char **why, const char *reason)
{
    *why = reason;
    return CODEC_BAD;
}

/* Reads the digits up to the ':'; *at is where they end. */
static enum codec_result read_length(struct span in, size_t max, size_t *length, size_t *at, const char **why)
{
    size_t value = 0;
    size_t i = 0;

    for (; i < in.n && is_digit(in.p[i]); i++) {
        size_t digit = (size_t)(in.p[i] - '0');
        if (i == 1 && in.p[0] == '0')
            return bad(why, "netstring length has a leading zero");
        if (digit > max || value > (max - digit) / 10)
            return bad(why, "netstring is longer than the limit");
        value = value * 10 + digit;
    }
    if (i == in.n)
        return CODEC_MORE;
    if (i == 0 || in.p[i] != ':')
        return bad(why, "netstring does not begin with a length and ':'");
    *length = value;
    *at = i;
    return CODEC_OK;
}

enum codec_result netstring_decode(struct span in, size_t max, struct span *body, size_t *used, const char **why)
{
    size_t length;
    size_t colon;

    *used = 0;
    enum codec_result result = read_length(in, max, &length, &colon, why);
    if (result != CODEC_OK)
        return result;
    struct span rest = span_skip(in, colon + 1);
    if (rest.n <= length)
        return CODEC_MORE;
    if (rest.p[length] != ',')
        return bad(why, "netstring does not end in ','");
    *body = span_first(rest, length);
    *used = colon + 1 + length + 1;
    return CODEC_OK;
}

static char *put(char *to, struct span bytes)
{
    if (bytes.n > 0)
        memcpy(to, bytes.p, bytes.n);
    return to + bytes.n;
}

/* "LENGTH:", at the end of text. */
static struct span write_length(char text[NETSTRING_OVERHEAD_BYTES], size_t length)
{
    size_t at = NETSTRING_OVERHEAD_BYTES;

    text[--at] = ':';
    do
        text[--at] = (char)('0' + length % 10);
    while ((length /= 10) > 0);
    return span_make(text + at, NETSTRING_OVERHEAD_BYTES - at);
}

size_t netstring_encode(char *out, size_t size, struct span head, struct span body)
{
    char digits[NETSTRING_OVERHEAD_BYTES];
    struct span length = write_length(digits, head.n + body.n);
    size_t needed = length.n + head.n + body.n + 1;

    if (needed <= size)
        *put(put(put(out, length), head), body) = ',';
    return needed;
}
