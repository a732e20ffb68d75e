#include "config_scan.h"

#include <stdint.h>

static const char include_word[] = "@include";

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '*';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The byte at an offset from here; NUL behind the end. */
static char peek(const struct config_scan *s, size_t offset)
{
    return offset < s->text.n - s->at ? s->text.p[s->at + offset] : '\0';
}

static bool at_end(const struct config_scan *s)
{
    return s->at == s->text.n;
}

static void step(struct config_scan *s)
{
    if (s->text.p[s->at] == '\n')
        s->line++;
    s->at++;
}

static void skip_line(struct config_scan *s)
{
    s->at += span_find(span_skip(s->text, s->at), '\n');
}

static enum config_scan_what skip_comment(struct config_scan *s)
{
    s->at += 2;
    while (!at_end(s) && !(peek(s, 0) == '*' && peek(s, 1) == '/'))
        step(s);
    if (at_end(s))
        return CONFIG_SCAN_OPEN_COMMENT;
    s->at += 2;
    return CONFIG_SCAN_END;
}

static bool is_nul_escape(const struct config_scan *s)
{
    return peek(s, 0) == '\\' && peek(s, 1) == 'x' && peek(s, 2) == '0' && peek(s, 3) == '0';
}

static enum config_scan_what skip_string(struct config_scan *s)
{
    enum config_scan_what what = CONFIG_SCAN_END;

    s->at++;
    while (!at_end(s) && peek(s, 0) != '"') {
        if (is_nul_escape(s) || s->text.p[s->at] == '\0')
            what = CONFIG_SCAN_NUL;
        if (peek(s, 0) == '\\' && (peek(s, 1) == '"' || peek(s, 1) == '\\'))
            s->at++;
        step(s);
    }
    if (at_end(s))
        return what == CONFIG_SCAN_NUL ? what : CONFIG_SCAN_OPEN_STRING;
    s->at++;
    return what;
}

static void skip_name(struct config_scan *s)
{
    while (is_letter(peek(s, 0)) || is_digit(peek(s, 0)) || peek(s, 0) == '-' || peek(s, 0) == '_')
        s->at++;
}

/* The value of a digit, or base when c is none. */
static unsigned digit_value(char c, unsigned base)
{
    unsigned value = base;
    if (is_digit(c))
        value = (unsigned)(c - '0');
    else if (c >= 'a' && c <= 'f')
        value = (unsigned)(c - 'a') + 10;
    else if (c >= 'A' && c <= 'F')
        value = (unsigned)(c - 'A') + 10;
    return value < base ? value : base;
}

/* Reads digits; false when they pass 64 bits. */
static bool read_digits(struct config_scan *s, unsigned base, uint64_t *value)
{
    bool fits = true;
    unsigned digit;

    *value = 0;
    while ((digit = digit_value(peek(s, 0), base)) < base) {
        if (*value > (UINT64_MAX - digit) / base)
            fits = false;
        *value = *value * base + digit;
        s->at++;
    }
    return fits;
}

static bool skip_fraction(struct config_scan *s)
{
    uint64_t ignored;
    bool is_float = peek(s, 0) == '.';

    if (is_float) {
        s->at++;
        read_digits(s, 10, &ignored);
    }
    if (peek(s, 0) == 'e' || peek(s, 0) == 'E') {
        is_float = true;
        s->at += peek(s, 1) == '-' || peek(s, 1) == '+' ? 2 : 1;
        read_digits(s, 10, &ignored);
    }
    return is_float;
}

static enum config_scan_what skip_number(struct config_scan *s)
{
    bool negative = peek(s, 0) == '-';
    uint64_t value, limit = INT32_MAX;

    if (negative || peek(s, 0) == '+')
        s->at++;
    bool is_hex = peek(s, 0) == '0' && (peek(s, 1) == 'x' || peek(s, 1) == 'X');
    if (is_hex)
        s->at += 2;
    bool fits = read_digits(s, is_hex ? 16 : 10, &value);
    if (!is_hex && skip_fraction(s))
        return CONFIG_SCAN_END;
    if (peek(s, 0) == 'L') {
        s->at += peek(s, 1) == 'L' ? 2 : 1;
        limit = INT64_MAX;
    }
    if (!fits || value > (uint64_t)INT64_MAX + negative)
        return CONFIG_SCAN_TOO_LONG;
    return value <= limit + negative ? CONFIG_SCAN_END : CONFIG_SCAN_LONG;
}

static bool is_line_start(const struct config_scan *s)
{
    size_t i = s->at;
    while (i > 0 && is_blank(s->text.p[i - 1]))
        i--;
    return i == 0 || s->text.p[i - 1] == '\n';
}

static bool read_include(struct config_scan *s, struct span *name)
{
    struct span rest = span_skip(s->text, s->at);

    if (!is_line_start(s) || !span_begins(rest, include_word))
        return false;
    rest = span_skip(rest, sizeof(include_word) - 1);
    if (rest.n == 0 || !is_blank(rest.p[0]))
        return false;
    while (rest.n > 0 && is_blank(rest.p[0]))
        rest = span_skip(rest, 1);
    if (rest.n == 0 || rest.p[0] != '"')
        return false;
    rest = span_skip(rest, 1);
    *name = span_first(rest, span_find(rest, '"'));
    if (name->n == rest.n || span_find(*name, '\n') < name->n)
        return false;
    s->at = s->text.n - (rest.n - name->n) + 1;
    return true;
}

/* Passes one token, comment or other byte. */
static enum config_scan_what skip_token(struct config_scan *s, struct span *name)
{
    char c = peek(s, 0), after = peek(s, 1);

    if (c == '#' || (c == '/' && after == '/'))
        skip_line(s);
    else if (c == '/' && after == '*')
        return skip_comment(s);
    else if (c == '"')
        return skip_string(s);
    else if (is_letter(c))
        skip_name(s);
    else if (is_digit(c) || ((c == '-' || c == '+') && is_digit(after)))
        return skip_number(s);
    else if (c == '.')
        skip_fraction(s);
    else if (c == '@' && read_include(s, name))
        return CONFIG_SCAN_INCLUDE;
    else
        step(s);
    return c == '\0' ? CONFIG_SCAN_NUL : CONFIG_SCAN_END;
}

void config_scan_begin(struct config_scan *scan, struct span text)
{
    *scan = (struct config_scan){ .text = text, .line = 1 };
}

struct config_scan_find config_scan_next(struct config_scan *scan)
{
    struct config_scan_find find = { .what = CONFIG_SCAN_END, .line = scan->line };

    while (!at_end(scan)) {
        find.begin = scan->at;
        find.line = scan->line;
        find.what = skip_token(scan, &find.name);
        if (find.what != CONFIG_SCAN_END)
            break;
    }
    find.end = scan->at;
    return find;
}
