#include "inquiry_cache.h"

#include "action.h"
#include "backend_log.h"
#include "cache.h"
#include "cachekey.h"
#include "clock.h"

static bool is_kept(const struct inquiry *inquiry)
{
    return inquiry->backend->shared->cache != NULL && inquiry->entry->section != CONFIG_DOVECOT_SASL &&
           inquiry->entry->cache.enabled;
}

static uint64_t fingerprint_of(const struct inquiry *inquiry)
{
    return backend_state_of(inquiry->backend, inquiry->entry)->fingerprint;
}

void inquiry_cache_take(struct inquiry *inquiry, size_t i)
{
    inquiry->candidate = i;
    if (i < inquiry->subject.keys.count && !inquiry->entry->asks_all)
        subject_take(&inquiry->subject, i);
    buf_clear(&inquiry->key);
    if (!is_kept(inquiry) || !subject_is_askable(&inquiry->subject) ||
        cachekey_make(inquiry->entry, fingerprint_of(inquiry), &inquiry->subject, &inquiry->key))
        return;
    buf_clear(&inquiry->key);
    backend_log_warning(inquiry, NULL,
                        "cache_key names an attribute that the request lacks: its answer is not kept", "");
}

static int64_t longer(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static enum cache_part part_of(const struct inquiry *inquiry)
{
    return inquiry->entry->section == CONFIG_POLICY_SERVICES ? CACHE_POLICIES : CACHE_MAPS;
}

enum inquiry_cached inquiry_cache_find(const struct inquiry *inquiry, struct buf *value, struct verdict *verdict,
                                       int64_t *stored_ms)
{
    const struct config_cache *rules = &inquiry->entry->cache;
    int64_t now_ms = clock_wall_ms();
    struct cache_answer answer;

    buf_clear(value);
    if (inquiry->key.n == 0 || !cache_get(inquiry->backend->shared->cache, part_of(inquiry), buf_span(&inquiry->key),
                                          now_ms, value, &answer))
        return INQUIRY_CACHED_NOTHING;
    bool is_value = answer.kind == CACHE_VALUE;
    int64_t age_ms = now_ms - answer.stored_ms;
    *stored_ms = answer.stored_ms;
    *verdict = (struct verdict){ .kind = is_value ? VERDICT_FOUND : VERDICT_NOTFOUND, .text = buf_span(value) };
    if (age_ms < (is_value ? rules->max_age_ms : rules->negative_max_age_ms))
        return INQUIRY_CACHED_FRESH;
    return age_ms < (is_value ? rules->stale_if_error_ms : rules->negative_stale_if_error_ms) ? INQUIRY_CACHED_OLD
                                                                                              : INQUIRY_CACHED_NOTHING;
}

static bool is_lasting(const struct inquiry *inquiry, const struct verdict *verdict)
{
    bool is_policy = inquiry->entry->section == CONFIG_POLICY_SERVICES;

    return verdict->kind == VERDICT_NOTFOUND ||
           (verdict->kind == VERDICT_FOUND && !(is_policy && action_is_temporary(verdict->text)));
}

static void put_or_drop(const struct inquiry *inquiry, struct span key, const struct verdict *verdict, int64_t use_ms)
{
    struct cache *cache = inquiry->backend->shared->cache;
    struct cache_answer answer = { .kind = verdict->kind == VERDICT_FOUND ? CACHE_VALUE : CACHE_NOTHING,
                                   .stored_ms = inquiry->asked_ms, .useless_ms = inquiry->asked_ms + use_ms };

    if (use_ms > 0)
        cache_put(cache, part_of(inquiry), key, verdict->text, &answer);
    else
        cache_drop(cache, part_of(inquiry), key);
}

void inquiry_cache_keep(const struct inquiry *inquiry, const struct verdict *verdict)
{
    const struct config_cache *rules = &inquiry->entry->cache;
    int64_t use_ms = verdict->kind == VERDICT_FOUND ? longer(rules->max_age_ms, rules->stale_if_error_ms)
                                                    : longer(rules->negative_max_age_ms,
                                                             rules->negative_stale_if_error_ms);

    if (inquiry->key.n > 0 && !verdict->is_failure)
        put_or_drop(inquiry, buf_span(&inquiry->key), verdict, is_lasting(inquiry, verdict) ? use_ms : 0);
}

/* Empty: there is one candidate, or nothing is kept. */
static void make_found_key(const struct inquiry *inquiry, struct buf *key)
{
    buf_init(key, CACHE_KEY_MAX_BYTES);
    if (inquiry->candidate_count > 1 && is_kept(inquiry) &&
        !cachekey_make_found(inquiry->entry, fingerprint_of(inquiry), &inquiry->subject, key))
        buf_clear(key);
}

size_t inquiry_cache_find_found(const struct inquiry *inquiry)
{
    const struct keys *keys = &inquiry->subject.keys;
    struct cache_answer answer;
    struct buf key, text;
    size_t i = 0;

    make_found_key(inquiry, &key);
    buf_init(&text, CACHE_KEY_MAX_BYTES);
    if (key.n > 0 && cache_get(inquiry->backend->shared->cache, part_of(inquiry), buf_span(&key), clock_wall_ms(),
                               &text, &answer))
        while (i < keys->count && !span_equal(keys->candidate[i].text, buf_span(&text)))
            i++;
    buf_free(&key);
    buf_free(&text);
    return i < keys->count ? i : 0;
}

void inquiry_cache_keep_found(const struct inquiry *inquiry, const struct verdict *verdict)
{
    bool is_later = verdict->kind == VERDICT_FOUND && inquiry->candidate > 0;
    struct verdict candidate = { .kind = VERDICT_FOUND, .text = inquiry->subject.key };
    struct buf key;

    if (verdict->is_failure)
        return;
    make_found_key(inquiry, &key);
    if (key.n > 0)
        put_or_drop(inquiry, buf_span(&key), &candidate, is_later ? inquiry->entry->cache.stale_if_error_ms : 0);
    buf_free(&key);
}
