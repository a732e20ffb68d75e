#include "check.h"

#include <string.h>

#include "crypto.h"
#include "mem.h"
#include "tls.h"

struct profiles {
    const struct config_tls **seen;
    size_t count;
    size_t room;
};

static bool is_this_machine(const struct config_target *target)
{
    return target->socket_path != NULL || strcmp(target->host, "localhost") == 0 ||
           (target->host_is_address && strncmp(target->host, "127.", 4) == 0) || strcmp(target->host, "::1") == 0;
}

static const char *what_is_read(const struct config_entry *entry)
{
    if (entry->section == CONFIG_DOVECOT_SASL)
        return "the passwords of users";
    return entry->authorization != NULL || entry->backend_oidc != NULL ? "the credentials of pfx" : "what is asked";
}

static void check_targets(struct check *check, const struct config_entry *entry)
{
    for (size_t i = 0; i < entry->target_count; i++) {
        const struct config_target *target = &entry->targets[i];
        if (!target->tls && !is_this_machine(target))
            check_warn(check, "%s: %s.%s: target %s: without https:// everybody on the way can read %s, and give false "
                              "answers", entry->where, config_section_name(entry->section), entry->name,
                       target->origin, what_is_read(entry));
    }
}

static void check_cache(struct check *check, const struct config_entry *entry)
{
    bool keeps = entry->cache.enabled && (entry->cache.max_age_ms > 0 || entry->cache.negative_max_age_ms > 0);

    if (entry->section == CONFIG_POLICY_SERVICES && keeps && entry->cache_key.count == 0)
        check_warn(check, "%s: policy_services.%s: response_cache: answers are kept for nearly all attributes "
                          "together, and will hardly be used again: name in cache_key those that decide",
                   entry->where, entry->name);
}

static bool is_seen(struct profiles *profiles, const struct config_tls *tls)
{
    for (size_t i = 0; i < profiles->count; i++)
        if (tls_is_same(profiles->seen[i], tls))
            return true;
    profiles->seen = mem_grow(profiles->seen, profiles->count, &profiles->room, sizeof(struct config_tls *));
    profiles->seen[profiles->count++] = tls;
    return false;
}

static void check_tls(struct check *check, const struct config_entry *entry, const char *group,
                      const struct config_tls *tls, struct profiles *profiles)
{
    char why[TLS_REASON_MAX_BYTES];

    if (is_seen(profiles, tls))
        return;
    struct tls_profile *profile = tls_profile_new(tls, why);
    if (profile == NULL)
        check_mistake(check, "%s: %s.%s.%s: %s", entry->where, config_section_name(entry->section), entry->name, group,
                      why);
    tls_profile_free(&profile);
}

static void check_oidc(struct check *check, const struct config_entry *entry, const char *group,
                       const struct config_oidc *oidc, struct profiles *profiles)
{
    const char *why;

    if (oidc == NULL)
        return;
    char *name = mem_format("%s.tls", group);
    check_tls(check, entry, name, &oidc->tls, profiles);
    mem_free(name);
    if (oidc->private_key == NULL)
        return;
    struct crypto_key *key = crypto_key_of_pem(span_text(oidc->private_key), &why);
    if (key == NULL)
        check_mistake(check, "%s: %s.%s.%s.private_key_file: %s: %s", entry->where, config_section_name(entry->section),
                      entry->name, group, oidc->private_key_file, why);
    crypto_key_free(&key);
}

static void check_entry(struct check *check, const struct config_entry *entry, bool with_files,
                        struct profiles *profiles)
{
    if (entry->error == NULL) {
        check_targets(check, entry);
        check_cache(check, entry);
    }
    if (!with_files)
        return;
    check_tls(check, entry, "tls", &entry->tls, profiles);
    check_oidc(check, entry, "backend_oidc_auth", entry->backend_oidc, profiles);
    check_oidc(check, entry, "sasl_oidc_auth", entry->sasl_oidc, profiles);
}

void check_entries(struct check *check, bool with_files)
{
    struct profiles profiles = { .count = 0 };

    for (enum config_section_id id = 0; id < CONFIG_SECTIONS; id++)
        for (size_t i = 0; i < check->config->section[id].count; i++)
            check_entry(check, &check->config->section[id].entries[i], with_files, &profiles);
    mem_free(profiles.seen);
}
