#include "template.h"

#include "json.h"
#include "utf8.h"

#define TEXT_OF(number) #number
#define NUMBER_TEXT(number) TEXT_OF(number)

static const char key_word[] = "Key";

/* The template being read: [at, end) is still to come, [text, at) is literal text not yet in a piece. */
struct reader {
    const char *text;
    const char *at;
    const char *end;
    struct template_piece *pieces;
    size_t count;
    const char *why;
};

static bool add_piece(struct reader *r, struct template_piece piece)
{
    if (r->count == TEMPLATE_PIECES_MAX) {
        r->why = "more than " NUMBER_TEXT(TEMPLATE_PIECES_MAX) " pieces of text and placeholders";
        return false;
    }
    r->pieces[r->count++] = piece;
    return true;
}

static bool add_text(struct reader *r, const char *end)
{
    struct span text = span_make(r->text, (size_t)(end - r->text));
    return text.n == 0 || add_piece(r, (struct template_piece){ .what = TEMPLATE_TEXT, .text = text });
}

/* Ends the literal text before a placeholder of `length` bytes, and adds that. */
static bool add_placeholder(struct reader *r, size_t length, struct template_piece piece)
{
    if (!add_text(r, r->at) || !add_piece(r, piece))
        return false;
    r->at += length;
    r->text = r->at;
    return true;
}

static bool is_label(char c)
{
    return c >= '1' && c <= '9';
}

static struct template_piece label_piece(char digit)
{
    return (struct template_piece){ .what = TEMPLATE_LABEL, .label = (unsigned char)(digit - '0') };
}

/* The first of the two percent signs becomes the last byte of the literal text before it. */
static bool read_percent_sign(struct reader *r)
{
    if (!add_text(r, r->at + 1))
        return false;
    r->at += 2;
    r->text = r->at;
    return true;
}

static bool read_braced(struct reader *r)
{
    struct span rest = span_make(r->at, (size_t)(r->end - r->at));
    if (rest.n >= 4 && is_label(rest.p[2]) && rest.p[3] == '}')
        return add_placeholder(r, 4, label_piece(rest.p[2]));
    if (rest.n >= 7 && span_equal(span_first(rest, 7), SPAN("%{keys}")))
        r->why = "%{keys} is not yet supported";
    else
        r->why = "unknown placeholder %{...} (%{1} to %{9} are known; a percent sign is written %%)";
    return false;
}

static bool read_percent(struct reader *r)
{
    char c = r->end - r->at > 1 ? r->at[1] : '\0';

    if (is_label(c))
        return add_placeholder(r, 2, label_piece(c));
    switch (c) {
    case '%':
        return read_percent_sign(r);
    case 's':
        return add_placeholder(r, 2, (struct template_piece){ .what = TEMPLATE_KEY });
    case 'u':
        return add_placeholder(r, 2, (struct template_piece){ .what = TEMPLATE_LOCALPART });
    case 'd':
        return add_placeholder(r, 2, (struct template_piece){ .what = TEMPLATE_DOMAIN });
    case '{':
        return read_braced(r);
    default:
        r->why = "unknown placeholder (%s, %u, %d and %1 to %9 are known; a percent sign is written %%)";
        return false;
    }
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n'))
        at++;
    return at;
}

/* "{{" begins a placeholder only when a dot follows: JSON may hold two braces in a row, but no dot after them. */
static bool read_braces(struct reader *r)
{
    const size_t length = sizeof(key_word) - 1;
    const char *at = r->at + 1;

    if (at == r->end || *at != '{' || (at = skip_blanks(at + 1, r->end)) == r->end || *at != '.') {
        r->at++;
        return true;
    }
    at++;
    if ((size_t)(r->end - at) >= length && memcmp(at, key_word, length) == 0) {
        at = skip_blanks(at + length, r->end);
        if (r->end - at >= 2 && at[0] == '}' && at[1] == '}')
            return add_placeholder(r, (size_t)(at + 2 - r->at), (struct template_piece){ .what = TEMPLATE_KEY });
    }
    r->why = "unknown placeholder {{ ... }} ({{ .Key }} is known)";
    return false;
}

static bool read_next(struct reader *r)
{
    if (*r->at == '%')
        return read_percent(r);
    if (*r->at == '{')
        return read_braces(r);
    r->at++;
    return true;
}

bool template_parse(struct span text, struct template_piece *pieces, size_t *count, const char **why)
{
    *count = 0;
    if (text.n == 0)
        return true;

    struct reader r = { .text = text.p, .at = text.p, .end = text.p + text.n, .pieces = pieces };
    while (r.at < r.end && r.why == NULL)
        read_next(&r);
    if (r.why != NULL || !add_text(&r, r.end)) {
        *why = r.why;
        return false;
    }
    *count = r.count;
    return true;
}

bool template_is_dynamic(const struct template_piece *pieces, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (pieces[i].what != TEMPLATE_TEXT)
            return true;
    }
    return false;
}

static struct span domain_of(struct span key)
{
    size_t at = span_find_last(key, '@');
    return at == key.n ? span_first(key, 0) : span_skip(key, at + 1);
}

/* Empty labels do not count, as in Postfix. */
static struct span label_of(struct span domain, unsigned number)
{
    while (domain.n > 0) {
        size_t dot = span_find_last(domain, '.');
        struct span last = dot == domain.n ? domain : span_skip(domain, dot + 1);
        if (last.n > 0 && --number == 0)
            return last;
        domain = span_first(domain, dot == domain.n ? 0 : dot);
    }
    return domain;
}

/* Empty: the key lacks it. */
static struct span value_of(const struct template_piece *piece, struct span key)
{
    switch (piece->what) {
    case TEMPLATE_LOCALPART:
        return span_first(key, span_find_last(key, '@'));
    case TEMPLATE_DOMAIN:
        return domain_of(key);
    case TEMPLATE_LABEL:
        return label_of(domain_of(key), piece->label);
    case TEMPLATE_TEXT:
    case TEMPLATE_KEY:
        break;
    }
    return key;
}

static bool is_allowed(enum template_escape escape, struct span value)
{
    switch (escape) {
    case TEMPLATE_ESCAPE_JSON:
        return utf8_valid(value);
    case TEMPLATE_ESCAPE_HEADER:
        return span_find(value, '\r') == value.n && span_find(value, '\n') == value.n &&
               span_find(value, '\0') == value.n;
    case TEMPLATE_ESCAPE_URL:
        break;
    }
    return true;
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

static size_t escape_url(char *out, size_t size, struct span value)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t needed = 0;

    for (size_t i = 0; i < value.n; i++)
        needed += is_unreserved(value.p[i]) ? 1 : 3;
    if (needed > size)
        return needed;
    for (size_t i = 0; i < value.n; i++) {
        unsigned char c = (unsigned char)value.p[i];
        if (is_unreserved(value.p[i])) {
            *out++ = value.p[i];
            continue;
        }
        *out++ = '%';
        *out++ = hex[c >> 4];
        *out++ = hex[c & 15];
    }
    return needed;
}

static size_t copy(char *out, size_t size, struct span value)
{
    if (value.n > 0 && value.n <= size)
        memcpy(out, value.p, value.n);
    return value.n;
}

static size_t put_value(char *out, size_t size, enum template_escape escape, struct span value)
{
    switch (escape) {
    case TEMPLATE_ESCAPE_JSON:
        return json_escape(out, size, value);
    case TEMPLATE_ESCAPE_URL:
        return escape_url(out, size, value);
    case TEMPLATE_ESCAPE_HEADER:
        break;
    }
    return copy(out, size, value);
}

enum template_outcome template_expand(const struct template_piece *pieces, size_t count, enum template_escape escape,
                                      struct span key, char *out, size_t size, size_t *needed)
{
    size_t n = 0;

    *needed = 0;
    for (size_t i = 0; i < count; i++) {
        size_t room = n < size ? size - n : 0;
        char *to = room > 0 ? out + n : NULL;
        if (pieces[i].what == TEMPLATE_TEXT) {
            n += copy(to, room, pieces[i].text);
            continue;
        }
        struct span value = value_of(&pieces[i], key);
        if (value.n == 0)
            return TEMPLATE_SUPPRESSED;
        if (!is_allowed(escape, value))
            return TEMPLATE_REFUSED;
        n += put_value(to, room, escape, value);
    }
    *needed = n;
    return TEMPLATE_DONE;
}
