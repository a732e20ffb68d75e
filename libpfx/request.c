#include "request.h"

#include <string.h>
#include <strings.h>

#include "base64.h"
#include "sasl.h"

#define HEADER_LINE_MAX_BYTES (128 * 1024)

static enum template_outcome render(const struct config_template *template, const struct template_values *values,
                                    struct buf *out)
{
    size_t needed = 0;
    size_t free_bytes = out->room - out->n;
    enum template_outcome outcome = template_expand(template->pieces, template->count, template->escape, values,
                                                    free_bytes == 0 ? NULL : out->p + out->n, free_bytes, &needed);
    if (outcome != TEMPLATE_DONE)
        return outcome;
    if (needed > free_bytes) {
        char *room = buf_reserve(out, needed);
        if (room == NULL)
            return TEMPLATE_REFUSED;
        template_expand(template->pieces, template->count, template->escape, values, room, needed, &needed);
    }
    out->n += needed;
    return TEMPLATE_DONE;
}

static struct span path_of(struct span url)
{
    size_t scheme = span_find(url, ':');
    struct span path = scheme + sizeof("//") > url.n ? span_first(url, 0) : span_skip(url, scheme + sizeof("//"));
    return span_first(path, span_find(path, '?'));
}

static struct span next_segment(struct span *path)
{
    size_t end = span_find(*path, '/');
    struct span segment = span_first(*path, end);
    *path = span_skip(*path, end < path->n ? end + 1 : end);
    return segment;
}

/* The byte at i as a server takes it that decodes dots and slashes before it looks at segments. */
static char decoded(struct span text, size_t i, size_t *length)
{
    bool is_escape = text.n - i >= 3 && text.p[i] == '%';

    *length = is_escape ? 3 : 1;
    if (is_escape && strncasecmp(text.p + i, "%2E", 3) == 0)
        return '.';
    if (is_escape && (strncasecmp(text.p + i, "%2F", 3) == 0 || strncasecmp(text.p + i, "%5C", 3) == 0))
        return '/';
    return text.p[i];
}

/* Is there a "." or ".." in the segment? */
static bool has_dots(struct span segment)
{
    size_t dots = 0;
    size_t others = 0;
    size_t length;

    for (size_t i = 0; i < segment.n; i += length) {
        char c = decoded(segment, i, &length);
        if (c == '/' && others == 0 && (dots == 1 || dots == 2))
            return true;
        dots = c == '/' ? 0 : dots + (c == '.');
        others = c == '/' ? 0 : others + (c != '.');
    }
    return others == 0 && (dots == 1 || dots == 2);
}

enum leaving { STAYS, LEAVES_A_GAP, CLIMBS };

/*
 * A value with "." or ".." between slashes would climb out of the path that the administrator wrote, and one that
 * leaves a segment empty names something else. No value adds a segment, as its slashes are escaped, so the segments
 * of both go together, and what is the same in both is the administrator's own.
 */
static enum leaving leaves_path(struct span written, struct span url)
{
    enum leaving leaving = STAYS;
    struct span path = path_of(url);

    written = path_of(written);
    while (path.n > 0 || written.n > 0) {
        struct span segment = next_segment(&path);
        struct span own = next_segment(&written);
        if (has_dots(segment) && !span_equal(segment, own))
            return CLIMBS;
        if (segment.n == 0 && own.n > 0)
            leaving = LEAVES_A_GAP;
    }
    return leaving;
}

/*
 * A map's key is not there then. Nobody talks his way around a policy by leaving its path. A login has a name, so the
 * gap is of something that its client never tells, and no wrong password; dots are the name's.
 */
static enum template_outcome check_path(const struct config_entry *entry, enum leaving leaving)
{
    if (leaving == STAYS)
        return TEMPLATE_DONE;
    bool is_refused = entry->section == CONFIG_POLICY_SERVICES ||
                      (entry->section == CONFIG_DOVECOT_SASL && leaving == LEAVES_A_GAP);
    return is_refused ? TEMPLATE_REFUSED : TEMPLATE_SUPPRESSED;
}

/* RFC 7617: the name ends at the first colon. */
static enum template_outcome add_credentials(const struct template_values *values, struct http_call *http)
{
    struct span user = attribute_value(values->attributes, values->attribute_count, "user");
    struct span password = attribute_value(values->attributes, values->attribute_count, "password");
    struct buf plain;
    struct buf line;

    if (span_find(user, ':') < user.n)
        return TEMPLATE_SUPPRESSED;
    buf_init(&plain, SASL_NAME_MAX_BYTES + 1 + SASL_PASSWORD_MAX_BYTES);
    buf_init(&line, HEADER_LINE_MAX_BYTES);
    plain.secret = line.secret = true;
    buf_add(&plain, user);
    buf_add(&plain, SPAN(":"));
    buf_add(&plain, password);
    size_t n = base64_encode(NULL, 0, buf_span(&plain));
    buf_add(&line, SPAN("Authorization: Basic "));
    base64_encode(buf_reserve(&line, n), n, buf_span(&plain));
    line.n += n;
    http_add_header(http, buf_text(&line));
    buf_free(&plain);
    buf_free(&line);
    return TEMPLATE_DONE;
}

static void add_token(struct span token, struct http_call *http)
{
    struct buf line;

    buf_init(&line, HEADER_LINE_MAX_BYTES);
    line.secret = true;
    buf_format(&line, "Authorization: Bearer %.*s", (int)token.n, token.p);
    http_add_header(http, buf_text(&line));
    buf_free(&line);
}

static enum template_outcome render_headers(const struct config_entry *entry, const struct template_values *values,
                                            uint64_t request_id, struct http_call *http)
{
    enum template_outcome outcome = TEMPLATE_DONE;
    struct buf line;
    char id[] = "X-Request-Id: 0123456789abcdef";

    buf_init(&line, HEADER_LINE_MAX_BYTES);
    line.secret = entry->section == CONFIG_DOVECOT_SASL; /* a header may hold the password */
    for (size_t i = 0; i < entry->header_count && outcome == TEMPLATE_DONE; i++) {
        const struct config_header *header = &entry->headers[i];
        if (!template_is_dynamic(header->value.pieces, header->value.count))
            continue;
        buf_clear(&line);
        buf_format(&line, "%s: ", header->name);
        outcome = render(&header->value, values, &line);
        if (outcome == TEMPLATE_DONE)
            http_add_header(http, buf_text(&line));
    }
    buf_free(&line);
    span_write_hex(id + sizeof(id) - 1 - SPAN_HEX_BYTES, request_id);
    http_add_header(http, id);
    return outcome;
}

enum template_outcome request_render(const struct config_entry *entry, const struct config_target *target,
                                     const struct subject *subject, struct span token, uint64_t request_id,
                                     struct http_call *http)
{
    struct template_values values = subject_values(subject);

    if (!subject_is_askable(subject))
        return TEMPLATE_SUPPRESSED;
    enum template_outcome outcome = render(&target->url, &values, http_url(http));
    if (outcome == TEMPLATE_DONE)
        outcome = check_path(entry, leaves_path(span_text(target->url.text), buf_span(http_url(http))));
    if (outcome == TEMPLATE_DONE && entry->payload.count > 0)
        outcome = render(&entry->payload, &values, http_body(http));
    if (outcome == TEMPLATE_DONE)
        outcome = render_headers(entry, &values, request_id, http);
    if (outcome == TEMPLATE_DONE && entry->section == CONFIG_DOVECOT_SASL && entry->auth_style == CONFIG_AUTH_BASIC)
        outcome = add_credentials(&values, http);
    if (outcome == TEMPLATE_DONE && token.n > 0)
        add_token(token, http);
    return outcome;
}
