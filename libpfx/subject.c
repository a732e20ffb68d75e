#include "subject.h"

#include <stdio.h>
#include <string.h>

#include "mem.h"
#include "utf8.h"

#define REPLACEMENT_BYTES 3

static const struct span replacement = { "\xEF\xBF\xBD", REPLACEMENT_BYTES }; /* U+FFFD */

void subject_of_key(struct subject *subject, const struct config_entry *entry, struct span key)
{
    *subject = (struct subject){ .attributes = NULL };
    buf_init(&subject->bytes, key.n);
    buf_add(&subject->bytes, key);
    for (size_t i = 0; entry->fold_case && i < key.n; i++)
        if (key.p[i] >= 'A' && key.p[i] <= 'Z')
            subject->bytes.p[i] = (char)(key.p[i] + ('a' - 'A'));
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
    subject->chosen = mem_array(subject->attribute_count, sizeof(*subject->chosen));
    for (size_t i = 0; i < subject->attribute_count; i++)
        if (entry == NULL || entry->attributes.count == 0 ||
            config_has_string(&entry->attributes, subject->attributes[i].name))
            subject->chosen[subject->chosen_count++] = subject->attributes[i];
}

void subject_of_policy(struct subject *subject, const struct config_entry *entry,
                       const struct policy_attribute *attributes, size_t count)
{
    *subject = (struct subject){ .attribute_count = count };
    buf_init(&subject->bytes, POLICY_REQUEST_MAX_BYTES * REPLACEMENT_BYTES);
    subject->attributes = mem_array(count, sizeof(*subject->attributes));
    for (size_t i = 0; i < count; i++) {
        subject->attributes[i].name = add_valid(&subject->bytes, attributes[i].name);
        subject->attributes[i].value = add_valid(&subject->bytes, attributes[i].value);
    }
    const char *at = subject->bytes.p;
    for (size_t i = 0; i < count; i++) {
        subject->attributes[i].name.p = at;
        subject->attributes[i].value.p = at += subject->attributes[i].name.n;
        at += subject->attributes[i].value.n;
    }
    choose(subject, entry);
}

void subject_free(struct subject *subject)
{
    buf_free(&subject->bytes);
    mem_free(subject->attributes);
    mem_free(subject->chosen);
    *subject = (struct subject){ .attributes = NULL };
}

struct template_values subject_values(const struct subject *subject)
{
    return (struct template_values){ .key = subject->attributes == NULL ? buf_span(&subject->bytes) : SPAN(""),
                                     .attributes = subject->attributes, .attribute_count = subject->attribute_count,
                                     .object = subject->chosen, .object_count = subject->chosen_count };
}

bool subject_is_askable(const struct subject *subject)
{
    return subject->attributes != NULL || (subject->bytes.n > 0 && utf8_valid(buf_span(&subject->bytes)));
}

static const char *shown(const struct subject *subject, const char *name, char text[SUBJECT_SHOWN_MAX_BYTES])
{
    utf8_printable(text, SUBJECT_SHOWN_MAX_BYTES, policy_find(subject->attributes, subject->attribute_count, name));
    return text;
}

static void describe_policy(const struct subject *subject, const struct config_entry *entry, char *text, size_t size)
{
    char queue_id[SUBJECT_SHOWN_MAX_BYTES];
    char name[SUBJECT_SHOWN_MAX_BYTES];
    char address[SUBJECT_SHOWN_MAX_BYTES];
    char sender[SUBJECT_SHOWN_MAX_BYTES];
    char recipient[SUBJECT_SHOWN_MAX_BYTES];

    shown(subject, "queue_id", queue_id);
    snprintf(text, size, "%s: %s%s%sclient=%s[%s], sender=<%s>, recipient=<%s>",
             queue_id[0] == '\0' ? "NOQUEUE" : queue_id, entry == NULL ? "" : "policy=",
             entry == NULL ? "" : entry->name, entry == NULL ? "" : ", ", shown(subject, "client_name", name),
             shown(subject, "client_address", address), shown(subject, "sender", sender),
             shown(subject, "recipient", recipient));
}

void subject_describe(const struct subject *subject, const struct config_entry *entry, char *text, size_t size)
{
    char key[SUBJECT_SHOWN_MAX_BYTES];

    if (subject->attributes != NULL) {
        describe_policy(subject, entry, text, size);
        return;
    }
    utf8_printable(key, sizeof(key), buf_span(&subject->bytes));
    snprintf(text, size, "map=%s, key=<%s>", entry->name, key);
}
