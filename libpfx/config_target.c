#include "config_target.h"

#include <string.h>
#include <sys/un.h>

#include "config_host.h"
#include "config_reader.h"
#include "config_template.h"
#include "config_value.h"
#include "mem.h"

#define HTTP_PORT 80u
#define HTTPS_PORT 443u
#define SOCKET_PATH_MAX_BYTES (sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1)

struct url {
    struct span socket_path; /* empty: TCP */
    struct span authority;
    struct span rest; /* path and query */
    bool tls;
};

static bool take(struct span *text, const char *prefix)
{
    bool yes = span_begins_nocase(*text, prefix);

    if (yes)
        *text = span_skip(*text, strlen(prefix));
    return yes;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool has_placeholder_sign(struct span text)
{
    return span_find(text, '%') < text.n || span_find(text, '{') < text.n;
}

static const char *split_socket(struct span text, struct url *url)
{
    url->socket_path = span_first(text, span_find(text, ':'));
    if (url->socket_path.n == 0 || text.p[0] != '/')
        return "must be unix:/path.sock:/url/path";
    if (url->socket_path.n > SOCKET_PATH_MAX_BYTES)
        return "the path of the socket is too long (at most 107 bytes)";
    url->authority = SPAN("localhost");
    url->rest = span_skip(text, url->socket_path.n == text.n ? text.n : url->socket_path.n + 1);
    if (url->rest.n > 0 && url->rest.p[0] != '/' && url->rest.p[0] != '?')
        return "must be unix:/path.sock:/url/path";
    return NULL;
}

static void split_authority(struct span text, struct url *url)
{
    size_t n = 0;

    while (n < text.n && strchr("/?#", text.p[n]) == NULL)
        n++;
    url->authority = span_first(text, n);
    url->rest = span_skip(text, n);
}

static bool is_encoded(struct span text)
{
    return text.n > 2 && text.p[0] == '%' && is_hex(text.p[1]) && is_hex(text.p[2]);
}

/* A percent-encoded byte would be read as a placeholder. */
static const char *check_encoded(struct span text, enum template_dialect dialect)
{
    for (size_t i = 0; i + 1 < text.n; i++) {
        if (text.p[i] != '%')
            continue;
        if (is_encoded(span_skip(text, i)))
            return dialect == TEMPLATE_OF_MAP
                       ? "a % before two hexadecimal digits: write %%41 for the byte %41 (and %{1} before a digit)"
                       : "a % before two hexadecimal digits: write %%41 for the byte %41";
        i++;
    }
    return NULL;
}

/* Of a URL that is a template. */
static const char *check_template(const struct url *url, enum template_dialect dialect)
{
    if (has_placeholder_sign(url->socket_path))
        return "placeholders may not stand in the path of the socket";
    if (span_find(url->authority, '@') < url->authority.n)
        return "must not hold a user: use http_auth_basic";
    if (has_placeholder_sign(url->authority))
        return "placeholders may not stand in the host or the port";
    return check_encoded(url->rest, dialect);
}

/* Of one that is none. */
static const char *check_plain(const struct url *url)
{
    if (span_find(url->authority, '@') < url->authority.n)
        return "must not hold a user";
    for (size_t i = 0; i < url->rest.n; i++)
        if (url->rest.p[i] == '%' && !is_encoded(span_skip(url->rest, i)))
            return "a % must stand before two hexadecimal digits";
    return NULL;
}

static const char *split(struct span text, struct url *url)
{
    const char *why = NULL;

    if (take(&text, "unix:"))
        why = split_socket(text, url);
    else if (take(&text, "http://"))
        split_authority(text, url);
    else if ((url->tls = take(&text, "https://")))
        split_authority(text, url);
    else
        return "must begin with http://, https:// or unix:/";
    if (why == NULL && span_find(url->rest, '#') < url->rest.n)
        why = "must not hold a fragment (#)";
    return why;
}

static const char *check_bytes(struct span text)
{
    return span_is_visible(text) ? NULL : "must not hold blanks or characters that are not ASCII";
}

/* Blanks are allowed in {{ .Key }} only, so this looks at what is left of the text after compiling. */
static const char *check_pieces(const struct config_template *url)
{
    const char *why = NULL;

    for (size_t i = 0; i < url->count && why == NULL; i++)
        if (url->pieces[i].what == TEMPLATE_TEXT)
            why = check_bytes(url->pieces[i].text);
    return why;
}

static char *lower_case(struct config_memory *memory, struct span text)
{
    char *copy = config_memory_text(memory, text);

    for (char *c = copy; *c != '\0'; c++) {
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    }
    return copy;
}

static char *make_url(const struct url *url, const struct config_host *host, const char *name)
{
    char port[16] = "";
    bool needs_slash = url->rest.n == 0 || url->rest.p[0] != '/';

    if (host->port != 0)
        snprintf(port, sizeof(port), ":%u", host->port);
    return mem_format("%s://%s%s%s%s%s%.*s", url->tls ? "https" : "http", host->is_bracketed ? "[" : "", name,
                      host->is_bracketed ? "]" : "", port, needs_slash ? "/" : "", (int)url->rest.n,
                      url->rest.n == 0 ? "" : url->rest.p);
}

static char *make_origin(const struct config_target *target, bool is_bracketed)
{
    if (target->socket_path != NULL)
        return mem_format("unix:%s", target->socket_path);
    return mem_format("%s://%s%s%s:%u", target->tls ? "https" : "http", is_bracketed ? "[" : "", target->host,
                      is_bracketed ? "]" : "", target->port);
}

/* All but target->url, whose text goes to *text. */
static const char *fill(struct config_memory *memory, const struct url *url, struct config_target *target, char **text)
{
    struct config_host host;
    const char *why;

    if (!config_host_parse(url->authority, &host, &why))
        return why;
    target->host = lower_case(memory, host.host);
    target->host_is_address = host.is_address;
    target->tls = url->tls;
    target->port = host.port != 0 ? host.port : url->tls ? HTTPS_PORT : HTTP_PORT;
    if (url->socket_path.n > 0)
        target->socket_path = config_memory_text(memory, url->socket_path);
    target->origin = config_memory_keep(memory, make_origin(target, host.is_bracketed));
    *text = config_memory_keep(memory, make_url(url, &host, target->host));
    return NULL;
}

bool config_target_of_url(struct span url, struct config_memory *memory, struct config_target *target,
                          const char **why)
{
    struct url parts = { .tls = false };
    char *text = NULL;

    *target = (struct config_target){ .port = 0 };
    *why = url.n > CONFIG_TARGET_MAX_BYTES ? "is too long" : check_bytes(url);
    if (*why == NULL)
        *why = split(url, &parts);
    if (*why == NULL)
        *why = check_plain(&parts);
    if (*why == NULL)
        *why = fill(memory, &parts, target, &text);
    if (*why != NULL)
        return false;
    struct template_piece *piece = config_memory_array(memory, 1, sizeof(*piece));
    *piece = (struct template_piece){ .what = TEMPLATE_TEXT, .text = span_text(text) };
    target->url = (struct config_template){ .text = text, .pieces = piece, .count = 1,
                                            .escape = TEMPLATE_ESCAPE_URL };
    return true;
}

static void read_one(struct config_reader *r, const config_setting_t *setting, struct config_target *target)
{
    struct url url = { .tls = false };
    struct span text = config_value_text(r, setting, 1, CONFIG_TARGET_MAX_BYTES);
    char *made = NULL;

    if (text.p == NULL)
        return;
    const char *why = split(text, &url);
    if (why == NULL)
        why = check_template(&url, r->dialect);
    if (why == NULL)
        why = fill(r->config->memory, &url, target, &made);
    if (why == NULL && config_template_compile(r, setting, made, r->dialect, TEMPLATE_ESCAPE_URL, &target->url))
        why = check_pieces(&target->url);
    if (why != NULL)
        config_reader_error(r, setting, "%s", why);
}

struct config_target *config_target_read(struct config_reader *r, const config_setting_t *setting, size_t *count)
{
    *count = config_value_count(setting);
    if (*count == 0 || *count > CONFIG_TARGETS_MAX) {
        config_reader_error(r, setting, "must be a URL, or a list of 1 to %d", CONFIG_TARGETS_MAX);
        *count = 0;
    }
    struct config_target *targets = config_memory_array(r->config->memory, *count, sizeof(*targets));
    for (size_t i = 0; i < *count; i++)
        read_one(r, config_value_item(setting, i), &targets[i]);
    return targets;
}

bool config_target_any_is_dynamic(const struct config_entry *entry)
{
    bool is_dynamic = false;

    for (size_t i = 0; i < entry->target_count; i++)
        is_dynamic |= config_template_is_dynamic(&entry->targets[i].url);
    return is_dynamic;
}
