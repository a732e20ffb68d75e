#include "answer.h"

#include <cjson/cJSON.h>
#include <strings.h>

#include "basic.h"
#include "gzip.h"

#define GZIP_HEADER_BYTES 10
#define CHUNKS 3 /* at least, of a body that has as many bytes */

static bool add_json_key(struct text *key, struct span body, struct span member)
{
    cJSON *json = body.n == 0 ? NULL : cJSON_ParseWithLength(body.p, body.n);
    struct text name = { 0 };

    text_add_decoded(&name, member.p == NULL ? SPAN("key") : member);
    text_add(&name, SPAN("\0"));
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name.p));

    if (value != NULL)
        text_add(key, span_text(value));
    cJSON_Delete(json);
    text_free(&name);
    return value != NULL;
}

/* The array "keys" of a JSON body, in *json, which the caller deletes. NULL: there is none. */
static const cJSON *find_keys(const struct http_request *r, cJSON **json)
{
    *json = r->body.n == 0 ? NULL : cJSON_ParseWithLength(r->body.p, r->body.n);
    const cJSON *keys = cJSON_GetObjectItemCaseSensitive(*json, "keys");
    return cJSON_IsArray(keys) ? keys : NULL;
}

static void find_key(struct text *key, const struct http_request *r, const struct script *s)
{
    struct span get = SPAN("/get/");

    key->n = 0;
    if (add_json_key(key, r->body, s->member))
        return;
    if (s->key.p != NULL)
        text_add_decoded(key, s->key);
    else if (r->path.n > get.n && memcmp(r->path.p, get.p, get.n) == 0)
        text_add_decoded(key, span_skip(r->path, span_find_last(r->path, '/') + 1));
}

static void open_member(struct site *site)
{
    text_add(&site->body, SPAN("{\""));
    text_add_json(&site->body, span_text(site->field));
    text_add(&site->body, SPAN("\":"));
}

static void add_given_body(struct site *site, struct span encoded)
{
    struct span mark = SPAN("{key}");
    struct text decoded = { 0 };

    text_add_decoded(&decoded, encoded);
    for (struct span rest = text_span(&decoded); rest.n > 0;) {
        const char *at = memmem(rest.p, rest.n, mark.p, mark.n);
        size_t before = at == NULL ? rest.n : (size_t)(at - rest.p);
        text_add(&site->body, span_first(rest, before));
        if (at != NULL)
            text_add_json(&site->body, text_span(&site->key));
        rest = span_skip(rest, at == NULL ? before : before + mark.n);
    }
    text_free(&decoded);
}

static void add_member(struct site *site, struct span prefix, struct span value)
{
    open_member(site);
    text_add(&site->body, SPAN("\""));
    text_add_json(&site->body, prefix);
    text_add_json(&site->body, value);
    text_add(&site->body, SPAN("\"}"));
}

static void add_known_members(struct site *site, const cJSON *keys)
{
    const cJSON *item;
    const char *separator = "";

    open_member(site);
    text_add(&site->body, SPAN("{"));
    cJSON_ArrayForEach(item, keys) {
        const char *key = cJSON_GetStringValue(item);
        struct span value;
        if (key == NULL || !data_find(&site->data, span_text(key), &value))
            continue;
        text_format(&site->body, "%s\"", separator);
        text_add_json(&site->body, span_text(key));
        text_add(&site->body, SPAN("\":\""));
        text_add_json(&site->body, value);
        text_add(&site->body, SPAN("\""));
        separator = ",";
    }
    text_add(&site->body, SPAN("}}"));
}

static void add_long_member(struct site *site, size_t bytes)
{
    open_member(site);
    text_add(&site->body, SPAN("\""));
    text_fill(&site->body, 'x', bytes);
    text_add(&site->body, SPAN("\"}"));
}

static int add_value_body(struct site *site, const struct script *s)
{
    struct span value;

    if (site->data.path == NULL) {
        add_member(site, SPAN("value-of-"), text_span(&site->key));
    } else if (data_find(&site->data, text_span(&site->key), &value)) {
        add_member(site, SPAN(""), value);
    } else if (s->miss >= 0) {
        text_add(&site->body, SPAN("{\"error\":\"not-found\"}"));
        return s->miss;
    } else {
        open_member(site);
        text_add(&site->body, SPAN("null}"));
    }
    return STATUS_OK;
}

static int add_data_body(struct site *site, const struct http_request *r, const struct script *s)
{
    int status = STATUS_OK;
    cJSON *json = NULL;
    const cJSON *keys = site->data.path == NULL ? NULL : find_keys(r, &json);

    if (keys != NULL)
        add_known_members(site, keys);
    else
        status = add_value_body(site, s);
    cJSON_Delete(json);
    return status;
}

/* Fills site->body; returns the status without a scripted one. */
static int make_body(struct site *site, const struct http_request *r, const struct script *s, bool is_scripted)
{
    int status = NAUTHILUS_ELSEWHERE;

    site->body.n = 0;
    if (!is_scripted)
        status = nauthilus_answer(&site->nauthilus, r, s->mode, &site->headers, &site->body);
    if (s->body.p != NULL || s->bytes >= 0)
        site->body.n = 0;
    if (s->body.p != NULL)
        add_given_body(site, s->body);
    else if (s->bytes >= 0)
        add_long_member(site, (size_t)s->bytes);
    else if (status == NAUTHILUS_ELSEWHERE)
        return add_data_body(site, r, s);
    return status == NAUTHILUS_ELSEWHERE ? STATUS_OK : status;
}

static bool is_denied(const struct http_request *r, const struct script *s)
{
    bool matches = false;
    struct text decoded = { 0 };

    for (size_t i = 0; i < SCRIPT_AUTHS_MAX && s->auth[i].p != NULL && !matches; i++) {
        decoded.n = 0;
        text_add_decoded(&decoded, s->auth[i]);
        matches = basic_matches(r, text_span(&decoded));
    }
    text_free(&decoded);
    return s->auth[0].p != NULL && !matches;
}

/* SCRIPT_NONE: the script leaves it to what is asked for. */
static int scripted_status(struct site *site, const struct http_request *r, const struct script *s, bool is_first)
{
    if (is_first && s->once >= 0)
        return s->once;
    if (!is_denied(r, s))
        return s->status;
    text_add(&site->headers, SPAN(BASIC_CHALLENGE));
    return s->denied >= 0 ? s->denied : STATUS_UNAUTHORIZED;
}

static struct span pack_body(struct site *site, const struct script *s)
{
    if (!s->gzip && !s->badgzip)
        return text_span(&site->body);
    site->packed.n = 0;
    gzip_pack(&site->packed, text_span(&site->body));
    for (size_t i = GZIP_HEADER_BYTES; s->badgzip && i < site->packed.n; i++)
        site->packed.p[i] = (char)~site->packed.p[i];
    return text_span(&site->packed);
}

static void start_head(struct answer *a, int status, int interims)
{
    a->out.n = 0;
    for (int i = 0; i < interims; i++)
        text_add(&a->out, SPAN("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"));
    text_format(&a->out, "HTTP/1.1 %d %s\r\n", status, status == STATUS_OK ? "OK" : "Scripted");
}

static void add_first_line(struct answer *a, struct span encoded)
{
    if (encoded.n == 0)
        return;
    text_add_decoded(&a->out, encoded);
    text_add(&a->out, SPAN("\r\n"));
}

static void end_head(struct answer *a)
{
    text_add(&a->out, SPAN("\r\n"));
    a->head_bytes = a->out.n;
}

static void add_encoded_header(struct site *site, struct span name, struct span encoded)
{
    if (encoded.p == NULL)
        return;
    text_add(&site->headers, name);
    text_add(&site->headers, SPAN(": "));
    text_add_decoded(&site->headers, encoded);
    text_add(&site->headers, SPAN("\r\n"));
}

static bool is_replaced(struct span line, struct span given)
{
    size_t n = span_find(given, ':');
    return n == span_find(line, ':') && strncasecmp(line.p, given.p, n) == 0;
}

static void drop_header(struct text *headers, struct span given)
{
    struct text kept = { 0 };

    for (struct span rest = text_span(headers); rest.n > 0;) {
        struct span line = span_first(rest, span_find(rest, '\n') + 1);
        if (!is_replaced(line, given))
            text_add(&kept, line);
        rest = span_skip(rest, line.n);
    }
    text_free(headers);
    *headers = kept;
}

static void add_given_headers(struct site *site, const struct script *s)
{
    struct text given = { 0 }, lines = { 0 };

    for (size_t i = 0; i < SCRIPT_HEADERS_MAX && s->header[i].p != NULL; i++) {
        given.n = 0;
        text_add_decoded(&given, s->header[i]);
        drop_header(&site->headers, text_span(&given));
        if (span_find(text_span(&given), ':') == given.n)
            continue;
        text_add(&lines, text_span(&given));
        text_add(&lines, SPAN("\r\n"));
    }
    text_add(&site->headers, text_span(&lines));
    text_free(&given);
    text_free(&lines);
}

static void add_headers(struct site *site, const struct script *s)
{
    add_encoded_header(site, SPAN("Content-Type"), s->type.p == NULL ? SPAN("application/json") : s->type);
    add_encoded_header(site, SPAN("Location"), s->location);
    add_encoded_header(site, SPAN("Retry-After"), s->retryafter);
    if (s->gzip || s->badgzip)
        text_add(&site->headers, SPAN("Content-Encoding: gzip\r\n"));
    for (int i = 0; i < s->headers; i++)
        text_format(&site->headers, "X-Extra-%d: an extra header, number %d\r\n", i, i);
    if (s->headerbytes > 0) {
        text_add(&site->headers, SPAN("X-Long: "));
        text_fill(&site->headers, 'x', (size_t)s->headerbytes);
        text_add(&site->headers, SPAN("\r\n"));
    }
    add_given_headers(site, s);
}

static void add_framing_headers(struct answer *a, const struct script *s, size_t body_bytes)
{
    if (s->chunked || s->badchunk)
        text_add(&a->out, SPAN("Transfer-Encoding: chunked\r\n"));
    else if (!s->nolength)
        text_format(&a->out, "Content-Length: %zu\r\n", s->length >= 0 ? (size_t)s->length : body_bytes);
}

static void add_chunks(struct answer *a, struct span body, bool is_bad)
{
    size_t piece = body.n < CHUNKS ? 1 : body.n / CHUNKS;

    while (body.n > 0) {
        size_t n = body.n < piece ? body.n : piece;
        text_format(&a->out, "%zx\r\n", n);
        text_add(&a->out, span_first(body, n));
        text_add(&a->out, is_bad ? SPAN("\r\nsize\r\n") : SPAN("\r\n"));
        body = span_skip(body, n);
    }
    text_add(&a->out, SPAN("0\r\n\r\n"));
}

static void add_body(struct answer *a, const struct script *s, struct span body)
{
    if (s->chunked || s->badchunk)
        add_chunks(a, body, s->badchunk);
    else
        text_add(&a->out, body);
}

static void repeat(struct answer *a)
{
    size_t n = a->out.n;

    text_reserve(&a->out, n);
    memcpy(a->out.p + n, a->out.p, n);
    a->out.n += n;
}

void answer_make(struct answer *a, struct site *site, const struct http_request *r, const struct script *s)
{
    bool is_first = record_add(&site->record, r) == 0;

    site->headers.n = 0;
    find_key(&site->key, r, s);
    int scripted = scripted_status(site, r, s, is_first);
    int status = make_body(site, r, s, scripted != SCRIPT_NONE);
    if (scripted != SCRIPT_NONE)
        status = scripted;
    bool has_body = status >= STATUS_OK && status != STATUS_NO_CONTENT && status != STATUS_NOT_MODIFIED;
    struct span body = pack_body(site, s);
    bool announces_close = s->close || s->nolength || !r->keepalive;
    bool is_short = s->length >= 0 && (size_t)s->length > body.n;

    a->close = announces_close || s->sneakyclose || s->badchunk || is_short;
    start_head(a, status, s->interim);
    add_first_line(a, s->first);
    add_headers(site, s);
    text_add(&a->out, text_span(&site->headers));
    if (has_body)
        add_framing_headers(a, s, body.n);
    if (announces_close)
        text_add(&a->out, SPAN("Connection: close\r\n"));
    end_head(a);
    if (has_body && !span_equal(r->method, SPAN("HEAD")))
        add_body(a, s, body);
    if (s->twice)
        repeat(a);
}

static void add_plain(struct answer *a, int status, struct span body)
{
    start_head(a, status, 0);
    text_format(&a->out, "Content-Type: text/plain\r\nContent-Length: %zu\r\n", body.n);
    if (a->close)
        text_add(&a->out, SPAN("Connection: close\r\n"));
    end_head(a);
    text_add(&a->out, body);
}

void answer_control(struct answer *a, struct site *site, const struct http_request *r)
{
    site->body.n = 0;
    bool is_known = record_control(&site->record, r, &site->body);
    a->close = !r->keepalive;
    add_plain(a, is_known ? STATUS_OK : STATUS_NOT_FOUND, text_span(&site->body));
}

void answer_refuse(struct answer *a)
{
    a->close = true;
    add_plain(a, STATUS_BAD_REQUEST, SPAN("not a request\n"));
}

void answer_hasty(struct answer *a)
{
    a->close = true;
    add_plain(a, STATUS_REQUEST_TIMEOUT, SPAN("nothing was asked\n"));
}

void answer_free(struct answer *a)
{
    text_free(&a->out);
}

void answer_site_free(struct site *site)
{
    data_close(&site->data);
    nauthilus_close(&site->nauthilus);
    record_free(&site->record);
    text_free(&site->key);
    text_free(&site->headers);
    text_free(&site->body);
    text_free(&site->packed);
}
