#include "httpreq.h"

#include "utf8.h"

#define VERSION_BYTES 8 /* "HTTP/1.1" */

struct fields {
    unsigned hosts;
    bool wants_close;
    bool wants_more;
    bool has_body;
};

static bool is_token(char c)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    const char lower = span_lower(c);

    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || memchr(others, c, sizeof(others) - 1) != NULL;
}

static size_t token_length(struct span text)
{
    size_t n = 0;

    while (n < text.n && is_token(text.p[n]))
        n++;
    return n;
}

/* word is in lower case. */
static bool is_word(struct span text, struct span word)
{
    if (text.n != word.n)
        return false;
    for (size_t i = 0; i < text.n; i++)
        if (span_lower(text.p[i]) != word.p[i])
            return false;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct span trim(struct span text)
{
    while (text.n > 0 && is_blank(text.p[0]))
        text = span_skip(text, 1);
    while (text.n > 0 && is_blank(text.p[text.n - 1]))
        text.n--;
    return text;
}

/* Takes a line off, without its end; false: there is no whole one. */
static bool take_line(struct span *rest, struct span *line)
{
    const size_t end = span_find(*rest, '\n');

    if (end == rest->n)
        return false;
    *line = span_first(*rest, end > 0 && rest->p[end - 1] == '\r' ? end - 1 : end);
    *rest = span_skip(*rest, end + 1);
    return true;
}

/* The path of a target, which may be a URL as proxies are sent. */
static struct span path_of(struct span target)
{
    if (span_begins_nocase(target, "http://")) {
        target = span_skip(target, sizeof("http://") - 1);
        target = span_skip(target, span_find(target, '/'));
    }
    return target.n > 0 && target.p[0] == '/' ? span_first(target, span_find(target, '?')) : SPAN("");
}

static bool is_target(struct span text)
{
    return text.n > 0 && span_is_visible(text);
}

static enum httpreq_method method_of(struct span name)
{
    if (span_equal(name, SPAN("GET")))
        return HTTPREQ_GET;
    return span_equal(name, SPAN("HEAD")) ? HTTPREQ_HEAD : HTTPREQ_OTHER;
}

static bool is_version(struct span text)
{
    const char minor = text.n == VERSION_BYTES ? text.p[VERSION_BYTES - 1] : '\0';

    return minor >= '0' && minor <= '9' && span_equal(span_first(text, VERSION_BYTES - 1), SPAN("HTTP/1."));
}

static const char *read_request_line(struct span line, struct httpreq *request, bool *is_first_version)
{
    const size_t method = token_length(line);
    const size_t version = span_find_last(line, ' ');

    if (method == 0 || method > HTTPREQ_METHOD_MAX_BYTES || method == line.n || line.p[method] != ' ')
        return "it does not begin with a method";
    if (version <= method || !is_target(span_first(span_skip(line, method + 1), version - method - 1)))
        return "it has no target";
    if (!is_version(span_skip(line, version + 1)))
        return "it is not of HTTP/1";
    request->method = method_of(span_first(line, method));
    request->path = path_of(span_first(span_skip(line, method + 1), version - method - 1));
    *is_first_version = line.p[line.n - 1] == '0';
    return NULL;
}

static void read_connection(struct span value, struct fields *fields)
{
    while (value.n > 0) {
        const size_t end = span_find(value, ',');
        const struct span option = trim(span_first(value, end));
        fields->wants_close |= is_word(option, SPAN("close"));
        fields->wants_more |= is_word(option, SPAN("keep-alive"));
        value = span_skip(value, end < value.n ? end + 1 : end);
    }
}

static const char *read_length(struct span value, struct fields *fields)
{
    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] < '0' || value.p[i] > '9')
            return "Content-Length is no number";
        fields->has_body |= value.p[i] != '0';
    }
    return value.n == 0 ? "Content-Length is no number" : NULL;
}

static const char *read_field(struct span line, struct fields *fields)
{
    const size_t colon = token_length(line);

    if (colon == 0 || colon == line.n || line.p[colon] != ':')
        return "a line of its header has no name";
    const struct span name = span_first(line, colon);
    const struct span value = trim(span_skip(line, colon + 1));
    for (size_t i = 0; i < value.n; i++)
        if (utf8_is_control(value.p[i]) && value.p[i] != '\t')
            return "a line of its header has a control byte";
    if (is_word(name, SPAN("host")))
        fields->hosts++;
    else if (is_word(name, SPAN("connection")))
        read_connection(value, fields);
    else if (is_word(name, SPAN("transfer-encoding")))
        fields->has_body = true;
    else if (is_word(name, SPAN("content-length")))
        return read_length(value, fields);
    return NULL;
}

/* What is there of a first line that has no end yet. */
static const char *check_begin(struct span text)
{
    const size_t method = token_length(text);

    if (method > HTTPREQ_METHOD_MAX_BYTES || (method < text.n && (method == 0 || text.p[method] != ' ')))
        return text.p[0] == '\r' && text.n == 1 ? NULL : "it does not begin with a method";
    return NULL;
}

static enum codec_result bad(const char **why, const char *reason)
{
    *why = reason;
    return CODEC_BAD;
}

/* The lines behind the first; *rest is then behind the empty one. */
static enum codec_result read_fields(struct span *rest, struct fields *fields, const char **why)
{
    struct span line;

    while (take_line(rest, &line)) {
        const char *fault = line.n == 0 ? NULL : read_field(line, fields);
        if (fault != NULL)
            return bad(why, fault);
        if (line.n == 0)
            return CODEC_OK;
    }
    return CODEC_MORE;
}

enum codec_result httpreq_decode(struct span in, struct httpreq *request, size_t *used, const char **why)
{
    struct span rest = in, line = SPAN("");
    struct fields fields = { 0 };
    bool is_first_version = false;

    *used = 0;
    bool has_line = take_line(&rest, &line);
    if (has_line && line.n == 0)
        has_line = take_line(&rest, &line);
    const char *fault = has_line ? read_request_line(line, request, &is_first_version) : check_begin(rest);
    if (fault != NULL)
        return bad(why, fault);
    const enum codec_result result = has_line ? read_fields(&rest, &fields, why) : CODEC_MORE;
    if (result != CODEC_OK)
        return result;
    if (fields.hosts > 1 || (fields.hosts == 0 && !is_first_version))
        return bad(why, "Host is missing, or given twice");
    request->has_body = fields.has_body;
    request->keeps_alive = !fields.wants_close && (fields.wants_more || !is_first_version);
    *used = (size_t)(rest.p - in.p);
    return CODEC_OK;
}
