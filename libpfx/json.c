#include "json.h"

#include <stdint.h>

#include "utf8.h"

static const char escaped[] = "\"\\\b\f\n\r\t";
static const char escape_letters[] = "\"\\bfnrt";
static const char hex_digits[] = "0123456789abcdef";

struct reader {
    const char *at;
    const char *end;
    unsigned depth;
    const char *why;
};

static bool read_value(struct reader *r);

static bool fail(struct reader *r, const char *why)
{
    r->why = why;
    return false;
}

static bool take(struct reader *r, char c)
{
    if (r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

static bool take_any(struct reader *r, const char *set)
{
    if (r->at == r->end || *r->at == '\0' || strchr(set, *r->at) == NULL)
        return false;
    r->at++;
    return true;
}

static void skip_space(struct reader *r)
{
    while (take_any(r, " \t\n\r"))
        continue;
}

static bool take_digits(struct reader *r)
{
    const char *first = r->at;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9')
        r->at++;
    return r->at > first;
}

static bool take_word(struct reader *r, struct span word)
{
    if ((size_t)(r->end - r->at) < word.n || memcmp(r->at, word.p, word.n) != 0)
        return false;
    r->at += word.n;
    return true;
}

static bool read_number(struct reader *r)
{
    take(r, '-');
    if (!take(r, '0') && !take_digits(r))
        return fail(r, "JSON: a value is expected");
    if (take(r, '.') && !take_digits(r))
        return fail(r, "JSON: a number has no digit after its point");
    if (take_any(r, "eE")) {
        take_any(r, "+-");
        if (!take_digits(r))
            return fail(r, "JSON: a number has no digit in its exponent");
    }
    return true;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool take_hex4(struct reader *r, uint32_t *code)
{
    *code = 0;
    for (int i = 0; i < 4; i++, r->at++) {
        int value = r->at == r->end ? -1 : hex_value(*r->at);
        if (value < 0)
            return fail(r, "JSON: \\u is not followed by four hexadecimal digits");
        *code = *code << 4 | (uint32_t)value;
    }
    return true;
}

static bool read_code_point(struct reader *r)
{
    uint32_t high;
    uint32_t low;

    if (!take_hex4(r, &high))
        return false;
    if (high == 0)
        return fail(r, "JSON: \\u0000 is not accepted");
    if (high < 0xD800 || high > 0xDFFF)
        return true;
    if (high > 0xDBFF || !take_word(r, SPAN("\\u")))
        return fail(r, "JSON: half of a surrogate pair");
    if (!take_hex4(r, &low))
        return false;
    return (low >= 0xDC00 && low <= 0xDFFF) || fail(r, "JSON: half of a surrogate pair");
}

static bool read_escape(struct reader *r)
{
    if (take(r, 'u'))
        return read_code_point(r);
    return take_any(r, "\"\\/bfnrt") || fail(r, "JSON: unknown escape in a string");
}

static bool read_string(struct reader *r)
{
    if (!take(r, '"'))
        return fail(r, "JSON: a member name in quotes is expected");
    while (!take(r, '"')) {
        if (r->at == r->end)
            return fail(r, "JSON: a string does not end");
        unsigned char c = (unsigned char)*r->at++;
        if (c < 0x20)
            return fail(r, "JSON: control character in a string");
        if (c == '\\' && !read_escape(r))
            return false;
    }
    return true;
}

static bool read_name(struct reader *r)
{
    skip_space(r);
    if (!read_string(r))
        return false;
    skip_space(r);
    return take(r, ':') || fail(r, "JSON: ':' is expected after a member name");
}

static bool read_list(struct reader *r, char close)
{
    if (++r->depth > JSON_DEPTH_MAX)
        return fail(r, "JSON: more than " SPAN_NUMBER_TEXT(JSON_DEPTH_MAX) " levels of arrays and objects");
    skip_space(r);
    if (!take(r, close)) {
        do {
            if ((close == '}' && !read_name(r)) || !read_value(r))
                return false;
        } while (take(r, ','));
        if (!take(r, close))
            return fail(r, "JSON: ',' or the end of an array or object is expected");
    }
    r->depth--;
    return true;
}

/* A value and the white space around it. Recursion ends at JSON_DEPTH_MAX, see read_list(). */
static bool read_value(struct reader *r)
{
    bool good;

    skip_space(r);
    if (r->at == r->end)
        return fail(r, "JSON: the text ends where a value is expected");
    if (take(r, '{'))
        good = read_list(r, '}');
    else if (take(r, '['))
        good = read_list(r, ']');
    else if (*r->at == '"')
        good = read_string(r);
    else
        good = take_word(r, SPAN("true")) || take_word(r, SPAN("false")) || take_word(r, SPAN("null")) ||
               read_number(r);
    skip_space(r);
    return good;
}

static bool read_document(struct reader *r)
{
    if (take_word(r, SPAN("\xEF\xBB\xBF")))
        return fail(r, "JSON: a byte order mark is not accepted");
    if (!read_value(r))
        return false;
    return r->at == r->end || fail(r, "JSON: more text after the value");
}

bool json_check(struct span text, const char **why)
{
    if (text.n == 0) {
        *why = "JSON: the text is empty";
        return false;
    }
    if (!utf8_valid(text)) {
        *why = "JSON: not valid UTF-8";
        return false;
    }
    struct reader r = { .at = text.p, .end = text.p + text.n };
    if (read_document(&r))
        return true;
    *why = r.why;
    return false;
}

/* '\0' when c has no escape of one letter. */
static char escape_letter(char c)
{
    const char *at = c == '\0' ? NULL : strchr(escaped, c);
    return at == NULL ? '\0' : escape_letters[at - escaped];
}

static size_t escaped_bytes(char c)
{
    if (escape_letter(c) != '\0')
        return 2;
    return (unsigned char)c < 0x20 ? sizeof("\\u0000") - 1 : 1;
}

static void put_escaped(char *out, char c)
{
    char letter = escape_letter(c);

    if (letter == '\0') {
        memcpy(out, "\\u00", 4);
        out[4] = hex_digits[(unsigned char)c >> 4];
        out[5] = hex_digits[(unsigned char)c & 15];
        return;
    }
    out[0] = '\\';
    out[1] = letter;
}

size_t json_plain_bytes(struct span text)
{
    size_t n = 0;

    while (n < text.n && (unsigned char)text.p[n] >= 0x20 && text.p[n] != '"' && text.p[n] != '\\')
        n++;
    return n;
}

size_t json_escape(char *out, size_t size, struct span text)
{
    size_t needed = 0;

    for (size_t i = 0; i < text.n; i++)
        needed += escaped_bytes(text.p[i]);
    if (needed > size)
        return needed;
    while (text.n > 0) {
        size_t plain = json_plain_bytes(text);
        if (plain > 0) {
            memcpy(out, text.p, plain);
            out += plain;
        } else {
            put_escaped(out, text.p[0]);
            out += escaped_bytes(text.p[0]);
        }
        text = span_skip(text, plain > 0 ? plain : 1);
    }
    return needed;
}
