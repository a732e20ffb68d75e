#include "http.h"

#include <ctype.h>
#include <strings.h>

#include "gzip.h"

#define CHUNK_LINE_MAX_BYTES 64

struct framing {
    size_t length;
    bool chunked;
    bool gzip;
};

static struct span trim(struct span s)
{
    while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
        s = span_skip(s, 1);
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    return s;
}

static bool same_word(struct span s, struct span word)
{
    return s.n == word.n && strncasecmp(s.p, word.p, s.n) == 0;
}

/* Digits of a base up to 16; false without digits, with other bytes, or over the limit of a body. */
static bool read_number(struct span s, unsigned base, size_t *value)
{
    static const char digits[] = "0123456789abcdef";

    *value = 0;
    for (size_t i = 0; i < s.n; i++) {
        const char *at = memchr(digits, tolower((unsigned char)s.p[i]), base);
        if (at == NULL || *value > HTTP_BODY_MAX_BYTES)
            return false;
        *value = *value * base + (size_t)(at - digits);
    }
    return s.n > 0 && *value <= HTTP_BODY_MAX_BYTES;
}

/* The length of the head with its blank line; 0: not there yet. */
static size_t find_head(struct span in)
{
    const char *end = in.n == 0 ? NULL : memmem(in.p, in.n, "\r\n\r\n", 4);
    return end == NULL ? 0 : (size_t)(end - in.p) + 4;
}

static bool parse_line(struct http_request *r, struct span line)
{
    size_t first = span_find(line, ' ');
    size_t last = span_find_last(line, ' ');

    if (first == 0 || last >= line.n || last <= first + 1)
        return false;
    struct span version = span_skip(line, last + 1);
    r->method = span_first(line, first);
    r->url = span_make(line.p + first + 1, last - first - 1);
    if (version.n != 8 || memcmp(version.p, "HTTP/1.", 7) != 0 || r->url.p[0] != '/')
        return false;
    size_t mark = span_find(r->url, '?');
    r->path = span_first(r->url, mark);
    r->query = span_skip(r->url, mark < r->url.n ? mark + 1 : mark);
    r->keepalive = version.p[7] != '0';
    return true;
}

static bool parse_header(struct http_request *r, struct framing *f, struct span line)
{
    size_t colon = span_find(line, ':');

    if (colon == 0 || colon == line.n)
        return false;
    struct span name = span_first(line, colon);
    struct span value = trim(span_skip(line, colon + 1));
    if (same_word(name, SPAN("Content-Length")))
        return read_number(value, 10, &f->length);
    if (same_word(name, SPAN("Transfer-Encoding")))
        return f->chunked = same_word(value, SPAN("chunked"));
    if (same_word(name, SPAN("Content-Encoding")))
        f->gzip = same_word(value, SPAN("gzip"));
    else if (same_word(name, SPAN("Expect")))
        r->expects = same_word(value, SPAN("100-continue"));
    else if (same_word(name, SPAN("Connection")))
        r->keepalive = !same_word(value, SPAN("close"));
    return true;
}

static bool parse_head(struct http_request *r, struct framing *f)
{
    struct span rest = r->head;

    for (bool first = true;; first = false) {
        struct span line = span_first(rest, span_find(rest, '\n'));
        rest = span_skip(rest, line.n + 1);
        if (line.n == 0 || line.p[line.n - 1] != '\r')
            return false;
        line.n--;
        if (line.n == 0)
            return rest.n == 0 && !first;
        if (first ? !parse_line(r, line) : !parse_header(r, f, line))
            return false;
    }
}

/* One chunk off the front of *in; its size goes to *size. */
static enum http_result take_chunk(struct span *in, struct text *out, size_t *size)
{
    size_t end = span_find(*in, '\n');

    if (end == in->n)
        return end > CHUNK_LINE_MAX_BYTES ? HTTP_BAD : HTTP_MORE;
    if (end == 0 || in->p[end - 1] != '\r' || !read_number(span_first(*in, end - 1), 16, size))
        return HTTP_BAD;
    struct span data = span_skip(*in, end + 1);
    if (data.n < *size + 2)
        return HTTP_MORE;
    if (memcmp(data.p + *size, "\r\n", 2) != 0 || out->n + *size > HTTP_BODY_MAX_BYTES)
        return HTTP_BAD;
    text_add(out, span_first(data, *size));
    *in = span_skip(data, *size + 2);
    return HTTP_OK;
}

static enum http_result read_chunks(struct http_request *r, struct span in, size_t *used)
{
    struct span rest = in;
    size_t size = 0;

    r->unchunked.n = 0;
    do {
        enum http_result result = take_chunk(&rest, &r->unchunked, &size);
        if (result != HTTP_OK)
            return result;
    } while (size > 0);
    r->body = text_span(&r->unchunked);
    *used = in.n - rest.n;
    return HTTP_OK;
}

static enum http_result read_body(struct http_request *r, const struct framing *f, struct span in, size_t *used)
{
    if (f->chunked)
        return read_chunks(r, in, used);
    if (in.n < f->length)
        return HTTP_MORE;
    r->body = span_first(in, f->length);
    *used = f->length;
    return HTTP_OK;
}

enum http_result http_parse(struct span in, struct http_request *r, size_t *used)
{
    struct framing f = { 0 };
    size_t head_bytes = find_head(in);
    size_t body_bytes = 0;

    r->expects = false;
    if (head_bytes == 0)
        return in.n > HTTP_HEAD_MAX_BYTES ? HTTP_BAD : HTTP_MORE;
    r->head = span_first(in, head_bytes);
    if (!parse_head(r, &f))
        return HTTP_BAD;
    enum http_result result = read_body(r, &f, span_skip(in, head_bytes), &body_bytes);
    if (result != HTTP_OK)
        return result;
    if (f.gzip) {
        r->unpacked.n = 0;
        if (!gzip_unpack(&r->unpacked, r->body, HTTP_BODY_MAX_BYTES))
            return HTTP_BAD;
        r->body = text_span(&r->unpacked);
    }
    *used = head_bytes + body_bytes;
    return HTTP_OK;
}

bool http_find_header(const struct http_request *r, struct span name, struct span *value)
{
    for (struct span rest = r->head; rest.n > 0;) {
        struct span line = span_first(rest, span_find(rest, '\r'));
        size_t colon = span_find(line, ':');
        if (colon < line.n && same_word(span_first(line, colon), name)) {
            *value = trim(span_skip(line, colon + 1));
            return true;
        }
        rest = span_skip(rest, line.n + 2);
    }
    return false;
}

void http_free(struct http_request *r)
{
    text_free(&r->unchunked);
    text_free(&r->unpacked);
}
