#include "mask.h"

struct output {
    char *p;
    size_t size;
    size_t n;
};

/* Arrays, because pointers would need relocation. */
static const char parts[][16] = { "authorization", "password", "passwd", "passphrase", "pwd",    "token",   "secret",
                                  "assertion",     "cookie",   "credential", "apikey", "api-key", "api_key" };

#define PARTS (sizeof(parts) / sizeof(parts[0]))

static void put(struct output *out, struct span text)
{
    size_t room = out->n < out->size ? out->size - out->n : 0;

    if (text.n > 0 && room > 0)
        memcpy(out->p + out->n, text.p, text.n < room ? text.n : room);
    out->n += text.n;
}

bool mask_is_secret(struct span name)
{
    for (size_t at = 0; at < name.n; at++)
        for (size_t i = 0; i < PARTS; i++)
            if (span_begins_nocase(span_skip(name, at), parts[i]))
                return true;
    return false;
}

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static size_t count_until(struct span text, const char *set)
{
    size_t n = 0;

    while (n < text.n && !is_one_of(text.p[n], set))
        n++;
    return n;
}

static size_t count_blanks(struct span text)
{
    size_t n = 0;

    while (n < text.n && is_one_of(text.p[n], " \t\r\n"))
        n++;
    return n;
}

/* NAME=VALUE, wherever it stands in a form, a URL or a line that holds one. */
static void put_form(struct output *out, struct span text)
{
    while (text.n > 0) {
        size_t n = count_until(text, "=?&; \t\r\n");
        bool is_name = n < text.n && text.p[n] == '=';
        struct span name = span_first(text, n);
        put(out, span_first(text, n < text.n ? n + 1 : n));
        text = span_skip(text, n < text.n ? n + 1 : n);
        if (!is_name || !mask_is_secret(name))
            continue;
        put(out, SPAN(MASK_TEXT));
        text = span_skip(text, count_until(text, "& \t\r\n"));
    }
}

/* With its quotes; one that does not end goes on to the end. */
static size_t count_string(struct span text)
{
    size_t n = 1;

    while (n < text.n && text.p[n] != '"')
        n += text.p[n] == '\\' ? 2 : 1;
    return n < text.n ? n + 1 : text.n;
}

/* Up to what follows the value, which may be an array or an object. */
static size_t count_value(struct span text)
{
    size_t n = 0, depth = 0;

    while (n < text.n) {
        char c = text.p[n];
        if (depth == 0 && is_one_of(c, ",}]"))
            break;
        depth += is_one_of(c, "{[");
        depth -= is_one_of(c, "}]");
        n += c == '"' ? count_string(span_skip(text, n)) : 1;
    }
    return n;
}

/* A string, and when it is the name of a secret, what stands in its value's place. Returns what was read. */
static size_t put_string(struct output *out, struct span text)
{
    struct span name = span_first(text, count_string(text));
    struct span rest = span_skip(text, name.n);
    size_t blanks = count_blanks(rest);
    size_t n = name.n + blanks + 1;

    put(out, name);
    if (blanks == rest.n || rest.p[blanks] != ':' || !mask_is_secret(name))
        return name.n;
    n += count_blanks(span_skip(text, n));
    put(out, span_make(text.p + name.n, n - name.n));
    put(out, SPAN("\"" MASK_TEXT "\""));
    return n + count_value(span_skip(text, n));
}

static void put_json(struct output *out, struct span text)
{
    while (text.n > 0) {
        size_t n = span_find(text, '"');
        put(out, span_first(text, n));
        text = span_skip(text, n);
        if (text.n > 0)
            text = span_skip(text, put_string(out, text));
    }
}

size_t mask_body(char *out, size_t size, struct span body)
{
    struct output output = { out, size, 0 };
    size_t blanks = count_blanks(body);

    if (blanks < body.n && is_one_of(body.p[blanks], "{["))
        put_json(&output, body);
    else
        put_form(&output, body);
    return output.n;
}

size_t mask_header(char *out, size_t size, struct span line)
{
    struct output output = { out, size, 0 };
    size_t colon = count_until(line, ": ");

    if (colon < line.n && line.p[colon] == ':' && mask_is_secret(span_first(line, colon))) {
        put(&output, span_first(line, colon));
        put(&output, SPAN(": " MASK_TEXT));
    } else {
        put_form(&output, line);
    }
    return output.n;
}

size_t mask_value(char *out, size_t size, struct span text, struct span value)
{
    struct output output = { out, size, 0 };

    while (text.n > 0) {
        const char *at = value.n == 0 ? NULL : memmem(text.p, text.n, value.p, value.n);
        size_t n = at == NULL ? text.n : (size_t)(at - text.p);
        put(&output, span_first(text, n));
        if (at != NULL)
            put(&output, SPAN(MASK_TEXT));
        text = span_skip(text, at == NULL ? n : n + value.n);
    }
    return output.n;
}
