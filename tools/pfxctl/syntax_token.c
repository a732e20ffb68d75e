#include "syntax_token.h"

static const char signs[] = "=:;,{}[]()";
static const char include_word[] = "@include";

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '*';
}

static bool is_of_name(char c)
{
    return is_letter(c) || is_digit(c) || c == '-' || c == '_';
}

static char peek(const struct syntax_reader *r, size_t offset)
{
    return offset < r->text.n - r->at ? r->text.p[r->at + offset] : '\0';
}

static bool at_end(const struct syntax_reader *r)
{
    return r->at == r->text.n;
}

static void step(struct syntax_reader *r)
{
    bool ends_line = r->text.p[r->at++] == '\n';

    if (ends_line) {
        r->line++;
        r->line_begin = r->at;
    }
}

static void skip_line(struct syntax_reader *r)
{
    r->at += span_find(span_skip(r->text, r->at), '\n');
}

static void skip_comment(struct syntax_reader *r)
{
    r->at += 2;
    while (!at_end(r) && !(peek(r, 0) == '*' && peek(r, 1) == '/'))
        step(r);
    if (!at_end(r))
        r->at += 2;
}

static bool is_include(const struct syntax_reader *r)
{
    struct span rest = span_skip(r->text, r->at);
    size_t n = sizeof(include_word) - 1;
    return rest.n > n && span_equal(span_first(rest, n), span_text(include_word));
}

/* To the next token; true when a comment was passed. */
static bool skip_blanks(struct syntax_reader *r)
{
    bool comment = false;

    while (!at_end(r)) {
        char c = peek(r, 0), after = peek(r, 1);
        if (c == '#' || (c == '/' && after == '/')) {
            skip_line(r);
            comment = true;
        } else if (c == '/' && after == '*') {
            skip_comment(r);
            comment = true;
        } else if (c == '@' && is_include(r)) {
            skip_line(r);
        } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
            step(r);
        } else {
            break;
        }
    }
    return comment;
}

static int take_string(struct syntax_reader *r)
{
    r->at++;
    while (!at_end(r) && peek(r, 0) != '"') {
        if (peek(r, 0) == '\\' && (peek(r, 1) == '"' || peek(r, 1) == '\\'))
            r->at++;
        step(r);
    }
    if (at_end(r))
        return SYNTAX_OPEN;
    r->at++;
    return SYNTAX_STRING;
}

static void take_digits(struct syntax_reader *r)
{
    while (is_digit(peek(r, 0)))
        r->at++;
}

static void take_hex(struct syntax_reader *r)
{
    r->at += 2;
    while (is_digit(peek(r, 0)) || (span_lower(peek(r, 0)) >= 'a' && span_lower(peek(r, 0)) <= 'f'))
        r->at++;
}

static void take_exponent(struct syntax_reader *r)
{
    size_t sign = peek(r, 1) == '-' || peek(r, 1) == '+' ? 1 : 0;

    if (span_lower(peek(r, 0)) != 'e' || !is_digit(peek(r, 1 + sign)))
        return;
    r->at += 1 + sign;
    take_digits(r);
}

static int take_number(struct syntax_reader *r)
{
    if (peek(r, 0) == '-' || peek(r, 0) == '+')
        r->at++;
    if (peek(r, 0) == '0' && span_lower(peek(r, 1)) == 'x') {
        take_hex(r);
    } else {
        take_digits(r);
        if (peek(r, 0) == '.')
            r->at++;
        take_digits(r);
        take_exponent(r);
    }
    for (int i = 0; i < 2 && peek(r, 0) == 'L'; i++)
        r->at++;
    return SYNTAX_NUMBER;
}

static int take_name(struct syntax_reader *r)
{
    while (is_of_name(peek(r, 0)))
        r->at++;
    return SYNTAX_NAME;
}

static bool begins_number(const struct syntax_reader *r)
{
    char c = peek(r, 0), after = peek(r, 1);
    return is_digit(c) || ((c == '-' || c == '+' || c == '.') && is_digit(after));
}

static int take(struct syntax_reader *r)
{
    char c = peek(r, 0);

    if (at_end(r))
        return SYNTAX_END;
    if (c == '"')
        return take_string(r);
    if (is_letter(c))
        return take_name(r);
    if (begins_number(r))
        return take_number(r);
    r->at++;
    if (c == '\0' || strchr(signs, c) == NULL)
        return SYNTAX_OTHER;
    return c == ':' ? '=' : c;
}

void syntax_begin(struct syntax_reader *reader, struct span text)
{
    *reader = (struct syntax_reader){ .text = text, .line = 1 };
}

struct syntax_token syntax_next(struct syntax_reader *reader)
{
    struct syntax_token token = { .after_comment = skip_blanks(reader) };

    token.at = reader->at;
    token.line = reader->line;
    token.column = (unsigned)(reader->at - reader->line_begin) + 1;
    token.kind = take(reader);
    token.text = span_make(reader->text.p + token.at, reader->at - token.at);
    token.last_line = reader->line;
    return token;
}
