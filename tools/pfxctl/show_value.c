#include "show_value.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config_number.h"
#include "config_word.h"
#include "mask.h"
#include "mem.h"

#define SOCKET_ORIGIN "http://localhost" /* what the URL of a socket begins with */

static const char secret[] = "(secret)";
static const char basic_scheme[] = "Basic ";
static const char all_attributes[] = "{{ .Key }}";

/* Headers that hold no secret; nobody knows of others. */
static const char *const plain_headers[] = { "Accept", "Accept-Language", "Cache-Control", "Depth", "Host", "Prefer",
                                             "X-Forwarded-For", "X-Forwarded-Proto" };

/* With what libconfig's strings cannot hold as it is written as \x41. */
static void add_quoted(struct buf *to, struct span text)
{
    buf_add(to, SPAN("\""));
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c == '"' || c == '\\')
            buf_format(to, "\\%c", c);
        else if (c < ' ' || c == 0x7f)
            buf_format(to, "\\x%02x", c);
        else
            buf_add(to, span_make(text.p + i, 1));
    }
    buf_add(to, SPAN("\""));
}

static bool add_text(struct buf *to, const char *text)
{
    if (text != NULL)
        add_quoted(to, span_text(text));
    return text != NULL;
}

static void add_strings(struct buf *to, const struct config_strings *list)
{
    if (list->count != 1)
        buf_add(to, SPAN("["));
    for (size_t i = 0; i < list->count; i++) {
        buf_add(to, i == 0 ? SPAN("") : SPAN(", "));
        add_text(to, list->item[i]);
    }
    if (list->count != 1)
        buf_add(to, SPAN("]"));
}

static void add_statuses(struct buf *to, const struct config_statuses *list)
{
    if (list->count != 1)
        buf_add(to, SPAN("["));
    for (size_t i = 0; i < list->count; i++)
        buf_format(to, "%s%d", i == 0 ? "" : ", ", list->item[i]);
    if (list->count != 1)
        buf_add(to, SPAN("]"));
}

static void add_keys(struct buf *to, const struct config_keys *list)
{
    buf_add(to, SPAN("["));
    for (size_t i = 0; i < list->count; i++)
        buf_format(to, "%s\"%s\"", i == 0 ? "" : ", ", keys_form_name(list->item[i]));
    buf_add(to, SPAN("]"));
}

static void add_number(struct buf *to, enum config_unit unit, int64_t value)
{
    char text[CONFIG_NUMBER_TEXT_BYTES];

    config_number_format(text, unit, value);
    buf_format(to, "\"%s\"", text);
}

/* "http://user:password@host:port" */
static bool add_proxy(struct buf *to, const char *proxy)
{
    const char *host = proxy == NULL ? NULL : strrchr(proxy, '@');
    const char *user = host == NULL ? NULL : strstr(proxy, "//");

    if (user == NULL)
        return add_text(to, proxy);
    buf_format(to, "\"%.*s%s%s\"", (int)(user + 2 - proxy), proxy, secret, host);
    return true;
}

/* One of some words, by its number or as it is. */
static bool add_word(struct buf *to, const struct config_key *key, const void *value)
{
    switch (key->type) {
    case CONFIG_KEY_METHOD:
    case CONFIG_KEY_CONTENT_TYPE:
        return add_text(to, *(char *const *)value);
    case CONFIG_KEY_LOG_FORMAT:
        return add_text(to, config_word_text(key->type, *(const bool *)value));
    default:
        return add_text(to, config_word_text(key->type, *(const int *)value));
    }
}

static bool add_list(struct buf *to, const struct config_key *key, const void *value)
{
    if (key->type == CONFIG_KEY_STATUSES)
        add_statuses(to, value);
    else if (key->type == CONFIG_KEY_KEYS)
        add_keys(to, value);
    else
        add_strings(to, value);
    return true;
}

bool show_value(struct buf *to, const struct config_key *key, const void *base)
{
    const void *value = (const char *)base + key->member;

    switch (key->type) {
    case CONFIG_KEY_INTEGER:
        return buf_format(to, "%" PRId64, *(const int64_t *)value);
    case CONFIG_KEY_TIME:
        add_number(to, CONFIG_UNIT_TIME, *(const int64_t *)value);
        return true;
    case CONFIG_KEY_SIZE:
        add_number(to, CONFIG_UNIT_SIZE, *(const int64_t *)value);
        return true;
    case CONFIG_KEY_BOOLEAN:
        return buf_add(to, *(const bool *)value ? SPAN("true") : SPAN("false"));
    case CONFIG_KEY_PROXY:
        return add_proxy(to, *(char *const *)value);
    case CONFIG_KEY_STRING:
    case CONFIG_KEY_FIELD:
    case CONFIG_KEY_FILE_NAME:
    case CONFIG_KEY_HEADER_NAME:
    case CONFIG_KEY_RESULT_FORMAT:
    case CONFIG_KEY_DELIMITERS:
        return add_text(to, *(char *const *)value);
    default:
        return key->type < CONFIG_KEY_METHOD ? add_list(to, key, value) : add_word(to, key, value);
    }
}

/* JSON, a form or a query, without what has the name of a secret. A block of mem.h. */
static char *copy_masked(const char *text)
{
    size_t n = mask_body(NULL, 0, span_text(text));
    char *masked = mem_alloc(n + 1);

    mask_body(masked, n, span_text(text));
    masked[n] = '\0';
    return masked;
}

static bool add_masked(struct buf *to, const char *text, bool is_masked)
{
    char *copy = is_masked ? copy_masked(text) : mem_string(text);

    add_text(to, copy);
    mem_free(copy);
    return true;
}

static void add_target(struct buf *to, const struct config_target *target, bool is_masked)
{
    const char *url = target->url.text == NULL ? "" : target->url.text;
    size_t origin = target->socket_path == NULL || strlen(url) < sizeof(SOCKET_ORIGIN) ? 0 : sizeof(SOCKET_ORIGIN) - 1;
    size_t path = origin + strcspn(url + origin, "?");
    char *query = is_masked ? copy_masked(url + path) : mem_string(url + path);
    char *text = mem_format("%s%s%s%.*s%s", target->socket_path == NULL ? "" : "unix:",
                            target->socket_path == NULL ? "" : target->socket_path,
                            target->socket_path == NULL ? "" : ":", (int)(path - origin), url + origin, query);

    add_text(to, text);
    mem_free(query);
    mem_free(text);
}

static bool add_targets(struct buf *to, const struct config_entry *entry, bool is_masked)
{
    if (entry->target_count > 1)
        buf_add(to, SPAN("["));
    for (size_t i = 0; i < entry->target_count; i++) {
        buf_add(to, i == 0 ? SPAN("") : SPAN(", "));
        add_target(to, &entry->targets[i], is_masked);
    }
    if (entry->target_count > 1)
        buf_add(to, SPAN("]"));
    return entry->target_count > 0;
}

/* One that pfx makes by itself is not written. */
static bool add_payload(struct buf *to, const struct config_entry *entry, bool is_masked)
{
    bool is_login = entry->section == CONFIG_DOVECOT_SASL;
    bool is_made = is_login ? entry->auth_style == CONFIG_AUTH_JSON || entry->auth_style == CONFIG_AUTH_FORM
                            : entry->section == CONFIG_POLICY_SERVICES && entry->payload.text != NULL &&
                                  strcmp(entry->payload.text, all_attributes) == 0;

    if (is_made || entry->payload.count == 0)
        return false;
    return add_masked(to, entry->payload.text, is_masked);
}

static bool is_plain(const char *name)
{
    for (size_t i = 0; i < sizeof(plain_headers) / sizeof(plain_headers[0]); i++)
        if (strcasecmp(name, plain_headers[i]) == 0)
            return true;
    return false;
}

static void add_header(struct buf *to, const struct config_header *header)
{
    const char *value = is_plain(header->name) ? header->value.text : secret;
    char *line = mem_format("%s: %s", header->name, value);

    add_text(to, line);
    mem_free(line);
}

static bool add_headers(struct buf *to, const struct config_entry *entry)
{
    for (size_t i = 0; i < entry->header_count; i++) {
        buf_add(to, i == 0 ? SPAN("[") : SPAN(", "));
        add_header(to, &entry->headers[i]);
    }
    return entry->header_count > 0 && buf_add(to, SPAN("]"));
}

static bool add_authorization(struct buf *to, const struct config_key *key, const struct config_entry *entry)
{
    bool is_basic = entry->authorization != NULL &&
                    strncmp(entry->authorization, basic_scheme, sizeof(basic_scheme) - 1) == 0;

    return entry->authorization != NULL && is_basic == (key->type == CONFIG_KEY_BASIC) && add_text(to, secret);
}

bool show_value_of_entry(struct buf *to, const struct config_key *key, const struct config_entry *entry,
                         bool is_masked)
{
    switch (key->type) {
    case CONFIG_KEY_TARGET:
        return add_targets(to, entry, is_masked);
    case CONFIG_KEY_PAYLOAD:
        return add_payload(to, entry, is_masked);
    case CONFIG_KEY_HEADERS:
        return add_headers(to, entry);
    default:
        return add_authorization(to, key, entry);
    }
}

bool show_value_of_oidc(struct buf *to, const struct config_key *key, const struct config_oidc *group,
                        bool is_masked)
{
    switch (key->type) {
    case CONFIG_KEY_OIDC_URI:
        return add_masked(to, group->configuration_uri, is_masked);
    case CONFIG_KEY_OIDC_CLIENT:
        return add_text(to, group->client_id);
    case CONFIG_KEY_OIDC_SECRET:
        return group->client_secret != NULL && add_text(to, secret);
    default:
        return group->private_key != NULL && add_text(to, group->private_key_file);
    }
}
