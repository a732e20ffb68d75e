#include "cachekey.h"

#include <inttypes.h>
#include <strings.h>

#include "siphash.h"

/* Of an answer to smtpd(8), whatever it asks about, they tell nothing that a policy decides by more than once. */
static const char *const volatile_names[] = {
    "instance",      "queue_id",    "client_port",         "server_port", "size", "recipient_count", "stress",
    "etrn_domain",   "mail_version", "compatibility_level",
};

static const char *const volatile_prefixes[] = { "ccert_", "encryption_" };

static bool is_volatile(struct span name)
{
    for (size_t i = 0; i < sizeof(volatile_names) / sizeof(volatile_names[0]); i++)
        if (span_equal(name, span_text(volatile_names[i])))
            return true;
    for (size_t i = 0; i < sizeof(volatile_prefixes) / sizeof(volatile_prefixes[0]); i++)
        if (span_begins(name, volatile_prefixes[i]))
            return true;
    return false;
}

static void add_text(struct buf *b, const char *text)
{
    if (text != NULL)
        buf_add(b, span_text(text));
    buf_add(b, SPAN("\0"));
}

static void add_texts(struct buf *b, const struct config_strings *list)
{
    buf_format(b, "%zu:", list->count);
    for (size_t i = 0; i < list->count; i++)
        add_text(b, list->item[i]);
}

static void add_statuses(struct buf *b, const struct config_statuses *list)
{
    for (size_t i = 0; i < list->count; i++)
        buf_format(b, "%d,", list->item[i]);
    buf_add(b, SPAN("\0"));
}

static void add_request(struct buf *b, const struct config_entry *entry)
{
    for (size_t i = 0; i < entry->target_count; i++) {
        add_text(b, entry->targets[i].origin);
        add_text(b, entry->targets[i].url.text);
    }
    add_text(b, entry->method);
    add_text(b, entry->payload.text);
    add_text(b, entry->content_type);
    for (size_t i = 0; i < entry->header_count; i++) {
        bool is_secret = strcasecmp(entry->headers[i].name, "Authorization") == 0;
        add_text(b, entry->headers[i].name);
        add_text(b, is_secret ? "" : entry->headers[i].value.text);
    }
    add_texts(b, &entry->attributes);
}

/* An answer of somebody who did not have to prove who he is must not outlive that. */
static void add_trust(struct buf *b, const struct config_entry *entry)
{
    add_text(b, entry->http.proxy_host);
    add_texts(b, &entry->tls.root_ca);
    buf_format(b, "%u,%d", entry->http.proxy_port, entry->tls.skip_verify);
}

static void add_reading(struct buf *b, const struct config_entry *entry)
{
    add_statuses(b, &entry->status_code);
    add_statuses(b, &entry->notfound_status);
    add_text(b, entry->value_field);
    add_text(b, entry->error_field);
    add_text(b, entry->no_error_value);
    buf_format(b, "%d,%d,%d,%d,%" PRId64, entry->value_required, entry->error_result, entry->fold_case,
               entry->restrictions, entry->max_reply_bytes);
    add_texts(b, &entry->cache_key);
}

/* Which keys a map asks for, and what becomes of the values. */
static void add_keys(struct buf *b, const struct config_entry *entry)
{
    for (size_t i = 0; i < entry->keys.count; i++)
        buf_format(b, "%d,", (int)entry->keys.item[i]);
    add_text(b, entry->recipient_delimiter);
    add_texts(b, &entry->local_domains);
    add_text(b, entry->result_format);
    buf_format(b, "%d,%" PRId64, entry->propagate_extension, entry->expansion_limit);
}

uint64_t cachekey_fingerprint(const struct config_entry *entry)
{
    static const struct siphash_key known = { 0, 0 };
    struct buf text;

    buf_init(&text, CACHEKEY_FINGERPRINT_MAX_BYTES);
    add_request(&text, entry);
    add_trust(&text, entry);
    add_reading(&text, entry);
    add_keys(&text, entry);
    uint64_t fingerprint = siphash(&known, buf_span(&text));
    buf_free(&text);
    return fingerprint;
}

static bool add_attribute(struct buf *key, const struct attribute *attribute)
{
    return attribute != NULL && buf_add(key, attribute->name) && buf_add(key, SPAN("=")) &&
           buf_add(key, attribute->value) && buf_add(key, SPAN("\0"));
}

static bool add_named(struct buf *key, const struct config_strings *names, const struct subject *subject)
{
    for (size_t i = 0; i < names->count; i++)
        if (!add_attribute(key, attribute_find(subject->attributes, subject->attribute_count,
                                               span_text(names->item[i]))))
            return false;
    return true;
}

static bool add_lasting(struct buf *key, const struct subject *subject)
{
    for (size_t i = 0; i < subject->attribute_count; i++)
        if (!is_volatile(subject->attributes[i].name) && !add_attribute(key, &subject->attributes[i]))
            return false;
    return true;
}

/* The first byte of a key; the fingerprint follows. */
#define KIND_OF_ANSWER 'a' /* and those that follow, one for each section */
#define KIND_OF_FOUND_CANDIDATE 'w'
#define FINGERPRINT_BYTES SPAN_HEX_BYTES

static void add_entry(struct buf *key, char kind, const struct config_entry *entry, uint64_t fingerprint)
{
    char head[1 + FINGERPRINT_BYTES] = { kind };

    span_write_hex(head + 1, fingerprint);
    buf_add(key, span_make(head, sizeof(head)));
    add_text(key, entry->name);
}

/* Where the value has it already, its case counts. */
static bool add_extension(struct buf *key, const struct config_entry *entry, const struct subject *subject)
{
    if (!entry->asks_all || !entry->propagate_extension || subject->keys.extension.n == 0)
        return true;
    return buf_add(key, SPAN("\0")) && buf_add(key, subject->keys.extension);
}

bool cachekey_make(const struct config_entry *entry, uint64_t fingerprint, const struct subject *subject,
                   struct buf *key)
{
    add_entry(key, (char)(KIND_OF_ANSWER + (int)entry->section), entry, fingerprint);
    if (entry->section == CONFIG_SOCKET_MAPS)
        return buf_add(key, subject->key) && add_extension(key, entry, subject);
    return entry->cache_key.count > 0 ? add_named(key, &entry->cache_key, subject) : add_lasting(key, subject);
}

bool cachekey_make_found(const struct config_entry *entry, uint64_t fingerprint, const struct subject *subject,
                         struct buf *key)
{
    add_entry(key, KIND_OF_FOUND_CANDIDATE, entry, fingerprint);
    return buf_add(key, buf_span(&subject->bytes));
}

static bool read_kind(char kind, struct cachekey_parts *parts)
{
    parts->is_found_candidate = kind == KIND_OF_FOUND_CANDIDATE;
    if (!parts->is_found_candidate && (kind < KIND_OF_ANSWER || kind >= KIND_OF_ANSWER + CONFIG_SECTIONS))
        return false;
    parts->section = parts->is_found_candidate ? CONFIG_SOCKET_MAPS
                                               : (enum config_section_id)(kind - KIND_OF_ANSWER);
    return true;
}

static bool read_fingerprint(struct span digits, uint64_t *fingerprint)
{
    *fingerprint = 0;
    for (size_t i = 0; i < digits.n; i++) {
        char c = digits.p[i];
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
            return false;
        *fingerprint = *fingerprint << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return true;
}

bool cachekey_read(struct span key, struct cachekey_parts *parts)
{
    if (key.n < 1 + FINGERPRINT_BYTES || !read_kind(key.p[0], parts) ||
        !read_fingerprint(span_make(key.p + 1, FINGERPRINT_BYTES), &parts->fingerprint))
        return false;
    struct span rest = span_skip(key, 1 + FINGERPRINT_BYTES);
    size_t end = span_find(rest, '\0');
    if (end == rest.n)
        return false;
    parts->entry = span_first(rest, end);
    parts->asked = span_skip(rest, end + 1);
    return true;
}
