#include "cache_question.h"

#include "attribute.h"
#include "cache.h"
#include "policy.h"

static bool make_subject(struct subject *subject, const struct config_entry *entry, char *const *words)
{
    struct attribute attributes[POLICY_ATTRIBUTES_MAX];
    size_t n = 0;

    if (entry->section == CONFIG_SOCKET_MAPS) {
        subject_of_key(subject, entry, span_text(words[0]));
        return words[1] == NULL;
    }
    for (; n < POLICY_ATTRIBUTES_MAX && words[n] != NULL; n++) {
        struct span text = span_text(words[n]);
        size_t sign = span_find(text, '=');
        if (sign == text.n || sign == 0)
            break;
        attributes[n] = (struct attribute){ span_first(text, sign), span_skip(text, sign + 1) };
    }
    subject_of_policy(subject, entry, attributes, n);
    return words[n] == NULL;
}

/* The next key is the caller's to make. */
static struct buf *next_key(struct cache_question *question)
{
    struct buf *key = &question->keys[question->count++];

    buf_init(key, CACHE_KEY_MAX_BYTES);
    return key;
}

static void take_back(struct cache_question *question)
{
    buf_free(&question->keys[--question->count]);
}

static void make_keys(struct cache_question *question, struct subject *subject)
{
    const struct config_entry *entry = question->entry;
    const uint64_t fingerprint = cachekey_fingerprint(entry);
    const bool is_map = entry->section == CONFIG_SOCKET_MAPS;
    const bool one_by_one = is_map && !entry->asks_all;
    const size_t candidates = one_by_one ? subject->keys.count : 1;

    for (size_t i = 0; i < candidates; i++) {
        if (one_by_one)
            subject_take(subject, i);
        if (!cachekey_make(entry, fingerprint, subject, next_key(question)))
            take_back(question);
    }
    question->candidates = question->count;
    if (is_map && !cachekey_make_found(entry, fingerprint, subject, next_key(question)))
        take_back(question);
}

bool cache_question_make(struct cache_question *question, const struct config_entry *entry, char *const *words)
{
    struct subject subject = { .attributes = NULL };

    *question = (struct cache_question){ .entry = entry };
    bool is_good = make_subject(&subject, entry, words);
    if (is_good && subject_is_askable(&subject))
        make_keys(question, &subject);
    subject_free(&subject);
    return is_good;
}

void cache_question_free(struct cache_question *question)
{
    while (question->count > 0)
        take_back(question);
}

bool cache_question_has(const struct cache_question *question, const struct cachekey_parts *parts)
{
    struct cachekey_parts own;

    for (size_t i = 0; i < question->count; i++)
        if (cachekey_read(buf_span(&question->keys[i]), &own) && own.is_found_candidate == parts->is_found_candidate &&
            own.section == parts->section && span_equal(own.entry, parts->entry) &&
            span_equal(own.asked, parts->asked))
            return true;
    return false;
}
