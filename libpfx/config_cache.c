#include "config_cache.h"

#include "config_value.h"

void config_cache_read(struct config_reader *r, const config_setting_t *group, bool is_top, struct config_cache *cache)
{
    enum config_place place = is_top ? CONFIG_PLACE_CACHE_ANY : CONFIG_PLACE_CACHE;
    const struct config_key *key;
    const config_setting_t *setting;

    if (!config_value_is_group(r, group))
        return;
    for (int i = 0; (key = config_value_next(r, group, place, &i, &setting)) != NULL;) {
        bool is_of_table = key->places == CONFIG_PLACE_CACHE_TOP;
        config_value_read(r, key, setting, is_of_table ? (void *)r->config : cache);
    }
}

static bool has(const config_setting_t *group, const char *name)
{
    return group != NULL && config_setting_get_member(group, name) != NULL;
}

void config_cache_begin(enum config_section_id section, const config_setting_t *top, struct config_cache *cache)
{
    if (section == CONFIG_SOCKET_MAPS)
        return;
    cache->enabled = false; /* whatever the top level says: whoever wants actions to be kept says so in this section */
    if (!has(top, "max_age"))
        cache->max_age_ms = CONFIG_POLICY_MAX_AGE_MS;
    if (!has(top, "stale_if_error"))
        cache->stale_if_error_ms = CONFIG_POLICY_STALE_IF_ERROR_MS;
}

void config_cache_check(struct config_reader *r, const config_setting_t *timing, const struct config_entry *entry)
{
    const struct config_cache *cache = &entry->cache;
    bool may_be_old = cache->stale_if_error_ms > 0 || cache->negative_stale_if_error_ms > 0;

    if (timing != NULL && cache->enabled && may_be_old && cache->stale_after_ms >= entry->http.timeout_ms)
        config_reader_warn(r, timing, "response_cache.stale_after is not less than http.timeout: an old answer stands "
                                      "in for a slow backend only when the time is over");
}
