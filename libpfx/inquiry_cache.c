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

void inquiry_cache_take_key(struct inquiry *inquiry)
{
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

static enum inquiry_cached find(const struct inquiry *inquiry, struct span key, struct buf *value,
                                struct verdict *verdict, int64_t *stored_ms)
{
    const struct config_cache *rules = &inquiry->entry->cache;
    int64_t now_ms = clock_wall_ms();
    struct cache_answer answer;

    if (key.n == 0 || !cache_get(inquiry->backend->shared->cache, part_of(inquiry), key, now_ms, value, &answer))
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

enum inquiry_cached inquiry_cache_find(const struct inquiry *inquiry, struct buf *value, struct verdict *verdict,
                                       int64_t *stored_ms)
{
    return find(inquiry, buf_span(&inquiry->key), value, verdict, stored_ms);
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

/* Empty: the question has one candidate, and that is the whole. */
static void make_whole_key(const struct inquiry *inquiry, struct buf *key)
{
    buf_init(key, CACHE_KEY_MAX_BYTES);
    if (inquiry->candidate_count > 1 && is_kept(inquiry) &&
        !cachekey_make_whole(inquiry->entry, fingerprint_of(inquiry), &inquiry->subject, key))
        buf_clear(key);
}

bool inquiry_cache_find_whole(const struct inquiry *inquiry, struct buf *value, struct verdict *verdict)
{
    int64_t stored_ms;
    struct buf key;

    make_whole_key(inquiry, &key);
    bool found = find(inquiry, buf_span(&key), value, verdict, &stored_ms) != INQUIRY_CACHED_NOTHING;
    buf_free(&key);
    return found;
}

void inquiry_cache_keep_whole(const struct inquiry *inquiry, const struct verdict *verdict)
{
    bool is_value = verdict->kind == VERDICT_FOUND;
    struct buf key;

    if (verdict->is_failure || (is_value && inquiry->candidate == 0))
        return;
    make_whole_key(inquiry, &key);
    if (key.n > 0)
        put_or_drop(inquiry, buf_span(&key), verdict, is_value ? inquiry->entry->cache.stale_if_error_ms : 0);
    buf_free(&key);
}
