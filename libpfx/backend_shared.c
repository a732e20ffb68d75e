#include "backend_shared.h"

#include <errno.h>
#include <unistd.h>

#include "log.h"
#include "mem.h"

void backend_shared_load(struct backend_shared *shared, const struct config *config, enum config_section_id section)
{
    *shared = (struct backend_shared){ .section = section, .trust = backend_trust_load(config, section),
                                       .health = health_new(config, section),
                                       .oidc = oidc_shared_load(config, section) };
}

static bool keeps_answers(const struct config *config, enum config_section_id section)
{
    const struct config_section *entries = &config->section[section];

    for (size_t i = 0; section != CONFIG_DOVECOT_SASL && i < entries->count; i++)
        if (entries->entries[i].cache.enabled)
            return true;
    return false;
}

void backend_shared_open_state(struct backend_shared *shared, const struct config *config, const char *directory,
                               const char *daemon, size_t workers)
{
    size_t series = 2 * (config->section[shared->section].count + 1) * workers; /* the last one may still drain */

    if (keeps_answers(config, shared->section))
        shared->cache = cache_open(directory, (size_t)config->cache_bytes);
    if (shared->cache != NULL && directory[0] == '\0')
        log_info("no state_directory: answers are kept until the daemon leaves");
    shared->stats = stats_open(directory, daemon, series);
    stats_add(stats_series(shared->stats, "", "", STATS_GENERATIONS_SLOT), STATS_DAEMON_GENERATIONS, 1);
}

static bool has_cache(const char *directory)
{
    char *path = mem_format("%s/%s", directory, CACHE_FILE);
    bool is_there = access(path, F_OK) == 0 || errno != ENOENT;

    mem_free(path);
    return is_there;
}

void backend_shared_open_existing(struct backend_shared *shared, const struct config *config, const char *directory)
{
    char why[SHM_REASON_MAX_BYTES];

    if (!keeps_answers(config, shared->section))
        return;
    if (!has_cache(directory)) {
        log_debug("no answers are kept yet: the daemon makes " CACHE_FILE " when it starts");
        return;
    }
    shared->cache = cache_open_existing(directory, why);
    if (shared->cache == NULL)
        log_debug("no cache: %s", why);
}

unsigned backend_shared_enter(const struct backend_shared *shared, unsigned worker)
{
    if (shared->cache != NULL)
        cache_enter(shared->cache);
    if (shared->stats == NULL)
        return worker;
    stats_enter(shared->stats);
    return stats_claim_slot(shared->stats, worker);
}

void backend_shared_close(struct backend_shared *shared)
{
    backend_trust_free(&shared->trust);
    health_free(&shared->health);
    oidc_shared_free(&shared->oidc);
    cache_close(&shared->cache);
    stats_close(&shared->stats);
}
