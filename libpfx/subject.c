#include "subject.h"

#include <stdio.h>
#include <string.h>

#include "address.h"
#include "authproto.h"
#include "mem.h"
#include "policy.h"
#include "sasl.h"
#include "utf8.h"

#define REPLACEMENT_BYTES 3
#define PORT_TEXT_BYTES   8
#define IDLE_MAX_BYTES    4096 /* kept for the next request */
#define LOGIN_MAX_BYTES                                                                                                \
    (REPLACEMENT_BYTES * (AUTHPROTO_LINE_MAX_BYTES + SASL_NAME_MAX_BYTES + SASL_PASSWORD_MAX_BYTES))

static const struct span replacement = { "\xEF\xBF\xBD", REPLACEMENT_BYTES }; /* U+FFFD */

/* As mysql_table(5): only addresses with a local part, in one of the domains. */
static bool is_in_domains(const struct config_strings *domains, struct span key)
{
    struct address address = address_split(key);

    if (domains->count == 0)
        return true;
    for (size_t i = 0; address.has_domain && address.local.n > 0 && i < domains->count; i++)
        if (address_name_equal(address.domain, span_text(domains->item[i])))
            return true;
    return false;
}

static bool lacks(const struct template_values *values, const struct config_template *needed)
{
    return template_is_suppressed(needed->pieces, needed->count, values);
}

/* Does a template need a part that the key lacks? Then nobody is asked for it, as in mysql_table(5). */
static bool is_suppressed(const struct config_entry *entry, struct span key)
{
    const struct template_values values = { .key = key };
    bool suppressed = lacks(&values, &entry->payload) || lacks(&values, &entry->result);

    for (size_t i = 0; !suppressed && i < entry->target_count; i++)
        suppressed = lacks(&values, &entry->targets[i].url);
    for (size_t i = 0; !suppressed && i < entry->header_count; i++)
        suppressed = lacks(&values, &entry->headers[i].value);
    return suppressed;
}

/* Leaves those that can be asked for: one by one, or all with the key itself in the templates. */
static void drop_suppressed(const struct config_entry *entry, struct span key, struct keys *keys)
{
    size_t count = 0;

    if (entry->asks_all)
        count = is_suppressed(entry, key) ? 0 : keys->count;
    for (size_t i = 0; !entry->asks_all && i < keys->count; i++)
        if (!is_suppressed(entry, keys->candidate[i].text))
            keys->candidate[count++] = keys->candidate[i];
    keys->count = count;
}

/* What is put back is as it was written; folding keeps the length. */
static void unfold_extension(struct span *extension, struct span key, struct span delimiters, char *memory)
{
    struct address_stripped stripped;

    if (extension->n > 0 && address_strip(key, delimiters, memory, &stripped) && stripped.extension.n == extension->n)
        *extension = stripped.extension;
}

/* Room for so many bytes, and the memory of the last request. */
static void begin(struct subject *subject, size_t max_bytes)
{
    *subject = (struct subject){ .bytes = subject->bytes, .memory = subject->memory, .room = subject->room };
    subject->bytes.max = max_bytes;
}

/* Room for count attributes, and as many that are chosen. */
static void make_room(struct subject *subject, size_t count)
{
    if (subject->memory == NULL || 2 * count > subject->room) {
        mem_free(subject->memory);
        subject->memory = mem_array(2 * count, sizeof(*subject->memory));
        subject->room = 2 * count;
    }
    subject->attributes = subject->memory;
    subject->chosen = subject->memory + count;
}

void subject_of_key(struct subject *subject, const struct config_entry *entry, struct span key)
{
    const struct keys_rules rules = { .forms = entry->keys.item, .form_count = entry->keys.count,
                                      .delimiters = span_text(entry->recipient_delimiter),
                                      .local_domains = entry->local_domains.item,
                                      .local_domain_count = entry->local_domains.count };
    size_t more = KEYS_MEMORY_BYTES(key.n) + (entry->propagate_extension ? ADDRESS_STRIP_BYTES(key.n) : 0);

    begin(subject, key.n + more);
    if (key.n == 0)
        return;
    buf_reserve(&subject->bytes, key.n + more); /* the candidates lie behind the key */
    buf_add(&subject->bytes, key);
    for (size_t i = 0; entry->fold_case && i < key.n; i++)
        subject->bytes.p[i] = span_lower(key.p[i]);
    subject->key = buf_span(&subject->bytes);
    if (is_in_domains(&entry->domains, subject->key))
        keys_expand(&rules, subject->key, subject->bytes.p + key.n, &subject->keys);
    if (entry->propagate_extension)
        unfold_extension(&subject->keys.extension, key, rules.delimiters,
                         subject->bytes.p + key.n + KEYS_MEMORY_BYTES(key.n));
    drop_suppressed(entry, subject->key, &subject->keys);
}

void subject_take(struct subject *subject, size_t i)
{
    subject->key = subject->keys.candidate[i].text;
}

/* How many bytes at the start of text are one valid character; 0: none. */
static size_t character_bytes(struct span text)
{
    for (size_t n = 1; n <= 4 && n <= text.n; n++)
        if (utf8_valid(span_first(text, n)))
            return n;
    return 0;
}

/* Adds text, whose place in the buffer is returned as an offset: the buffer may still move. */
static struct span add_valid(struct buf *bytes, struct span text)
{
    size_t begin = bytes->n;

    if (utf8_valid(text)) {
        buf_add(bytes, text);
        return span_make(NULL, text.n);
    }
    while (text.n > 0) {
        size_t n = character_bytes(text);
        buf_add(bytes, n > 0 ? span_first(text, n) : replacement);
        text = span_skip(text, n > 0 ? n : 1);
    }
    return span_make(NULL, bytes->n - begin);
}

static void choose(struct subject *subject, const struct config_entry *entry)
{
    for (size_t i = 0; i < subject->attribute_count; i++)
        if (entry == NULL || entry->attributes.count == 0 ||
            config_has_string(&entry->attributes, subject->attributes[i].name))
            subject->chosen[subject->chosen_count++] = subject->attributes[i];
}

static void copy_attributes(struct subject *subject, const struct attribute *attributes, size_t count)
{
    make_room(subject, count);
    subject->attribute_count = count;
    for (size_t i = 0; i < count; i++) {
        subject->attributes[i].name = add_valid(&subject->bytes, attributes[i].name);
        subject->attributes[i].value = add_valid(&subject->bytes, attributes[i].value);
    }
    char *at = subject->bytes.p;
    for (size_t i = 0; i < count; i++) {
        subject->attributes[i].name.p = at;
        subject->attributes[i].value.p = at += subject->attributes[i].name.n;
        at += subject->attributes[i].value.n;
    }
}

void subject_of_policy(struct subject *subject, const struct config_entry *entry,
                       const struct attribute *attributes, size_t count)
{
    begin(subject, POLICY_REQUEST_MAX_BYTES * REPLACEMENT_BYTES);
    copy_attributes(subject, attributes, count);
    choose(subject, entry);
}

/* What is kept of a login: what templates name, then what only members of its body need. */
enum { USER, PASSWORD, SERVICE, MECHANISM, RIP, RPORT, LIP, LPORT, SESSION, METHOD, DEFAULT_PORT, FIELDS };

static void add_member(struct subject *subject, const char *name, struct span value)
{
    if (value.n > 0)
        subject->chosen[subject->chosen_count++] = (struct attribute){ span_text(name), value };
}

static void choose_members(struct subject *subject, const struct config_entry *entry, bool secured)
{
    const struct attribute *field = subject->attributes;
    struct span protocol = span_text(entry->protocol);

    add_member(subject, "username", field[USER].value);
    add_member(subject, "password", field[PASSWORD].value);
    add_member(subject, "protocol", protocol.n > 0 ? protocol : field[SERVICE].value);
    add_member(subject, "method", field[METHOD].value);
    add_member(subject, "client_ip", field[RIP].value);
    add_member(subject, "client_port", field[RPORT].value);
    add_member(subject, "local_ip", field[LIP].value);
    add_member(subject, "local_port", field[field[LPORT].value.n > 0 ? LPORT : DEFAULT_PORT].value);
    add_member(subject, "ssl", secured ? SPAN("on") : SPAN(""));
    add_member(subject, "external_session_id", field[SESSION].value);
}

static void clean(struct subject *subject, struct span value)
{
    char *bytes = subject->bytes.p + (value.p - subject->bytes.p);

    for (size_t i = 0; i < value.n; i++)
        if (utf8_is_control(bytes[i]))
            bytes[i] = '?';
}

/* The name has no control bytes, and a password may have some. */
static void clean_fields(struct subject *subject)
{
    for (size_t i = 0; i < FIELDS; i++)
        if (i != USER && i != PASSWORD)
            clean(subject, subject->attributes[i].value);
}

void subject_of_login(struct subject *subject, const struct config_entry *entry, const struct subject_login *login)
{
    char method[SASL_MECHANISM_MAX_BYTES];
    char port[PORT_TEXT_BYTES] = "";
    size_t n = login->mechanism.n < sizeof(method) ? login->mechanism.n : sizeof(method);

    for (size_t i = 0; i < n; i++)
        method[i] = span_lower(login->mechanism.p[i]);
    if (entry->default_local_port > 0)
        snprintf(port, sizeof(port), "%d", (int)entry->default_local_port);
    const struct attribute fields[FIELDS] = {
        [USER] = { SPAN("user"), login->user },
        [PASSWORD] = { SPAN("password"), login->password },
        [SERVICE] = { SPAN("service"), login->service },
        [MECHANISM] = { SPAN("mechanism"), login->mechanism },
        [RIP] = { SPAN("rip"), login->rip },
        [RPORT] = { SPAN("rport"), login->rport },
        [LIP] = { SPAN("lip"), login->lip },
        [LPORT] = { SPAN("lport"), login->lport },
        [SESSION] = { SPAN("session"), login->session },
        [METHOD] = { SPAN("method"), span_make(method, n) },
        [DEFAULT_PORT] = { SPAN("default_port"), span_text(port) },
    };
    begin(subject, LOGIN_MAX_BYTES);
    subject->bytes.secret = true;
    copy_attributes(subject, fields, FIELDS);
    clean_fields(subject);
    choose_members(subject, entry, login->secured);
}

void subject_clear(struct subject *subject)
{
    buf_empty(&subject->bytes, subject->bytes.secret ? 0 : IDLE_MAX_BYTES);
    subject->bytes.secret = false;
    begin(subject, 0);
}

void subject_free(struct subject *subject)
{
    buf_free(&subject->bytes);
    mem_free(subject->memory);
    *subject = (struct subject){ .attributes = NULL };
}

bool subject_equal(const struct subject *a, const struct subject *b)
{
    if (a->attribute_count != b->attribute_count || !span_equal(buf_span(&a->bytes), buf_span(&b->bytes)) ||
        !span_equal(a->keys.extension, b->keys.extension))
        return false;
    for (size_t i = 0; i < a->attribute_count; i++)
        if (a->attributes[i].name.n != b->attributes[i].name.n ||
            a->attributes[i].value.n != b->attributes[i].value.n)
            return false;
    return true;
}

struct template_values subject_values(const struct subject *subject)
{
    return (struct template_values){ .key = subject->key, .keys = &subject->keys,
                                     .attributes = subject->attributes, .attribute_count = subject->attribute_count,
                                     .object = subject->chosen, .object_count = subject->chosen_count };
}

bool subject_is_askable(const struct subject *subject)
{
    return subject->attributes != NULL || (subject->keys.count > 0 && utf8_valid(buf_span(&subject->bytes)));
}

/* What stands between < and > ends there, so that nobody writes what seems to follow it. */
static const char *printable(struct span value, char text[SUBJECT_SHOWN_MAX_BYTES])
{
    utf8_printable(text, SUBJECT_SHOWN_MAX_BYTES, value);
    for (char *end = text; (end = strchr(end, '>')) != NULL;)
        *end = '?';
    return text;
}

static const char *shown(const struct subject *subject, const char *name, char text[SUBJECT_SHOWN_MAX_BYTES])
{
    return printable(attribute_value(subject->attributes, subject->attribute_count, name), text);
}

static void describe_policy(const struct subject *subject, const struct config_entry *entry, char *text, size_t size)
{
    char queue_id[SUBJECT_SHOWN_MAX_BYTES];
    char name[SUBJECT_SHOWN_MAX_BYTES], address[SUBJECT_SHOWN_MAX_BYTES];
    char client[2 * SUBJECT_SHOWN_MAX_BYTES + sizeof("client=[], ")] = "";
    char sender[SUBJECT_SHOWN_MAX_BYTES];
    char recipient[SUBJECT_SHOWN_MAX_BYTES];

    shown(subject, "queue_id", queue_id);
    shown(subject, "client_name", name);
    shown(subject, "client_address", address);
    if (name[0] != '\0' || address[0] != '\0')
        snprintf(client, sizeof(client), "client=%s[%s], ", name, address);
    snprintf(text, size, "%s: %s%s%s%ssender=<%s>, recipient=<%s>", queue_id[0] == '\0' ? "NOQUEUE" : queue_id,
             entry == NULL ? "" : "policy=", entry == NULL ? "" : entry->name, entry == NULL ? "" : ", ", client,
             shown(subject, "sender", sender), shown(subject, "recipient", recipient));
}

static void describe_login(const struct subject *subject, const struct config_entry *entry, char *text, size_t size)
{
    char user[SUBJECT_SHOWN_MAX_BYTES];
    char mechanism[SUBJECT_SHOWN_MAX_BYTES];
    char address[SUBJECT_SHOWN_MAX_BYTES];
    bool has_client = shown(subject, "rip", address)[0] != '\0';

    snprintf(text, size, "sasl=%s, user=<%s>, mechanism=%s%s%s%s", entry->name, shown(subject, "user", user),
             shown(subject, "mechanism", mechanism), has_client ? ", client=[" : "", address, has_client ? "]" : "");
}

void subject_describe(const struct subject *subject, const struct config_entry *entry, char *text, size_t size)
{
    char key[SUBJECT_SHOWN_MAX_BYTES];
    char candidate[SUBJECT_SHOWN_MAX_BYTES];

    if (subject->attributes == NULL) {
        bool is_whole = span_equal(subject->key, buf_span(&subject->bytes));
        snprintf(text, size, "map=%s, key=<%s>%s%s%s", entry->name, printable(buf_span(&subject->bytes), key),
                 is_whole ? "" : ", candidate=<", is_whole ? "" : printable(subject->key, candidate),
                 is_whole ? "" : ">");
    } else if (entry != NULL && entry->section == CONFIG_DOVECOT_SASL) {
        describe_login(subject, entry, text, size);
    } else {
        describe_policy(subject, entry, text, size);
    }
}
