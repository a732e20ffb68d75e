#include "check.h"

#include <stdlib.h>

#include "config_host.h"
#include "config_target.h"
#include "config_template.h"
#include "crypto.h"
#include "mem.h"
#include "nearest.h"
#include "tls.h"

struct profiles {
    const struct config_tls **seen;
    size_t count;
    size_t room;
};

static bool is_this_machine(const struct config_target *target)
{
    return target->socket_path != NULL || config_host_is_loopback(span_text(target->host));
}

static const char *what_is_read(const struct config_entry *entry)
{
    if (entry->section == CONFIG_DOVECOT_SASL)
        return "the passwords of users";
    return entry->authorization != NULL || entry->backend_oidc != NULL ? "the credentials of pfx" : "what is asked";
}

/* The name, "SECTION.ENTRY" and what follows, is a block of mem.h. */
static struct check_place place_of(const struct config_entry *entry, char *name)
{
    struct span where = span_text(entry->where);
    size_t colon = span_find_last(where, ':');

    return (struct check_place){ .file = span_first(where, colon),
                                 .line = (unsigned)strtoul(entry->where + colon + 1, NULL, 10),
                                 .name = span_text(name) };
}

static char *name_of(const struct config_entry *entry, const char *rest)
{
    return mem_format("%s.%s%s%s", config_section_name(entry->section), entry->name, rest[0] == '\0' ? "" : ".", rest);
}

static void check_targets(struct check *check, const struct config_entry *entry)
{
    char *name = name_of(entry, "");
    struct check_place place = place_of(entry, name);

    for (size_t i = 0; i < entry->target_count; i++) {
        const struct config_target *target = &entry->targets[i];
        if (!target->tls && !is_this_machine(target))
            check_warn(check, &place,
                       "target %s: everybody on the way can read %s, and give false answers" CHECK_CURE "use https://",
                       target->origin, what_is_read(entry));
    }
    mem_free(name);
}

static bool sends_key(const struct config_entry *entry)
{
    bool sends = config_target_any_is_dynamic(entry) || config_template_is_dynamic(&entry->payload);

    for (size_t i = 0; i < entry->header_count; i++)
        sends |= config_template_is_dynamic(&entry->headers[i].value);
    return sends;
}

static void check_question(struct check *check, const struct config_entry *entry)
{
    char *name = name_of(entry, "target");
    struct check_place place = place_of(entry, name);

    if (entry->section == CONFIG_SOCKET_MAPS && !sends_key(entry))
        check_warn(check, &place, "nobody tells the backend which key is asked for: there is no placeholder in target, "
                                  "payload and custom_headers" CHECK_CURE "write %%s where the key belongs");
    mem_free(name);
}

static void check_cache(struct check *check, const struct config_entry *entry)
{
    bool keeps = entry->cache.enabled && (entry->cache.max_age_ms > 0 || entry->cache.negative_max_age_ms > 0);
    char *name = name_of(entry, "response_cache");
    struct check_place place = place_of(entry, name);

    if (entry->section == CONFIG_POLICY_SERVICES && keeps && entry->cache_key.count == 0)
        check_warn(check, &place, "answers are kept for nearly all attributes together, and will hardly be used "
                                  "again" CHECK_CURE "name in cache_key those that decide");
    mem_free(name);
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
    char *name = name_of(entry, group);
    struct check_place place = place_of(entry, name);
    if (profile == NULL)
        check_mistake(check, &place, "%s", why);
    mem_free(name);
    tls_profile_free(&profile);
}

static void check_private_key(struct check *check, const struct config_entry *entry, const char *group,
                              const struct config_oidc *oidc)
{
    const char *why;
    struct crypto_key *key = crypto_key_of_pem(span_text(oidc->private_key), &why);
    char *key_name = mem_format("%s.private_key_file", group);
    char *name = name_of(entry, key_name);
    struct check_place place = place_of(entry, name);

    if (key == NULL)
        check_mistake(check, &place, "%s: %s", oidc->private_key_file, why);
    mem_free(name);
    mem_free(key_name);
    crypto_key_free(&key);
}

static void check_oidc(struct check *check, const struct config_entry *entry, const char *group,
                       const struct config_oidc *oidc, struct profiles *profiles)
{
    if (oidc == NULL)
        return;
    char *name = mem_format("%s.tls", group);
    check_tls(check, entry, name, &oidc->tls, profiles);
    mem_free(name);
    if (oidc->private_key != NULL)
        check_private_key(check, entry, group, oidc);
}

static void check_entry(struct check *check, const struct config_entry *entry, bool with_files,
                        struct profiles *profiles)
{
    if (entry->error == NULL) {
        check_targets(check, entry);
        check_question(check, entry);
        check_cache(check, entry);
    }
    if (!with_files)
        return;
    check_tls(check, entry, "tls", &entry->tls, profiles);
    check_oidc(check, entry, "backend_oidc_auth", entry->backend_oidc, profiles);
    check_oidc(check, entry, "sasl_oidc_auth", entry->sasl_oidc, profiles);
}

static bool is_entry(const struct config *config, const char *name, struct nearest *nearest)
{
    for (enum config_section_id id = 0; id < CONFIG_SECTIONS; id++) {
        if (config_find(config, id, span_text(name)) != NULL)
            return true;
        for (size_t i = 0; i < config->section[id].count; i++)
            nearest_try(nearest, config->section[id].entries[i].name);
    }
    return false;
}

/* Nothing is logged of an entry that is not there. */
static void check_debug(struct check *check)
{
    struct check_place place = { .file = span_text(check->ctl->config_path), .name = SPAN("debug_entry") };

    for (size_t i = 0; check->config->error == NULL && i < check->config->debug_entry.count; i++) {
        const char *name = check->config->debug_entry.item[i];
        struct nearest nearest = nearest_of(name);
        if (is_entry(check->config, name, &nearest))
            continue;
        if (nearest.best == NULL)
            check_warn(check, &place, "there is no entry \"%s\"", name);
        else
            check_warn(check, &place, "there is no entry \"%s\"" CHECK_CURE "did you mean \"%s\"? Write that", name,
                       nearest.best);
    }
}

void check_entries(struct check *check, bool with_files)
{
    struct profiles profiles = { .count = 0 };

    check_debug(check);
    for (enum config_section_id id = 0; id < CONFIG_SECTIONS; id++)
        for (size_t i = 0; i < check->config->section[id].count; i++)
            check_entry(check, &check->config->section[id].entries[i], with_files, &profiles);
    mem_free(profiles.seen);
}
