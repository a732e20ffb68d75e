#include "backend_trust.h"

#include "log.h"
#include "mem.h"

struct trusted {
    const struct config_tls *tls;
    struct tls_profile *profile; /* NULL: error */
};

struct backend_trust {
    const struct config_section *section;
    struct trusted *distinct;
    size_t count;
    size_t room;
    size_t *of_entry; /* place in distinct + 1; 0: no TLS */
};

static bool has_tls(const struct config_entry *entry)
{
    for (size_t i = 0; i < entry->target_count; i++)
        if (entry->targets[i].tls)
            return true;
    return false;
}

static size_t find(struct backend_trust *trust, const struct config_entry *entry, const char *section_name)
{
    char why[TLS_REASON_MAX_BYTES];

    for (size_t i = 0; i < trust->count; i++)
        if (tls_is_same(trust->distinct[i].tls, &entry->tls))
            return i + 1;
    trust->distinct = mem_grow(trust->distinct, trust->count, &trust->room, sizeof(*trust->distinct));
    struct trusted *added = &trust->distinct[trust->count++];
    added->tls = &entry->tls;
    added->profile = tls_profile_new(&entry->tls, why);
    if (added->profile == NULL)
        log_error("%s: %s.%s.tls: %s", entry->where, section_name, entry->name, why);
    return trust->count;
}

struct backend_trust *backend_trust_load(const struct config *config, enum config_section_id section)
{
    struct backend_trust *trust = mem_alloc(sizeof(*trust));

    trust->section = &config->section[section];
    trust->of_entry = mem_array(trust->section->count, sizeof(*trust->of_entry));
    for (size_t i = 0; i < trust->section->count; i++) {
        const struct config_entry *entry = &trust->section->entries[i];
        if (entry->error == NULL && has_tls(entry))
            trust->of_entry[i] = find(trust, entry, config_section_name(section));
    }
    return trust;
}

void backend_trust_free(struct backend_trust **trust)
{
    if (*trust == NULL)
        return;
    for (size_t i = 0; i < (*trust)->count; i++)
        tls_profile_free(&(*trust)->distinct[i].profile);
    mem_free((*trust)->distinct);
    mem_free((*trust)->of_entry);
    mem_free(*trust);
    *trust = NULL;
}

const struct tls_profile *backend_trust_profile(const struct backend_trust *trust, const struct config_entry *entry)
{
    size_t place = trust->of_entry[entry - trust->section->entries];
    return place == 0 ? NULL : trust->distinct[place - 1].profile;
}

const char *backend_trust_error(const struct backend_trust *trust, const struct config_entry *entry)
{
    size_t place = trust->of_entry[entry - trust->section->entries];
    return place != 0 && trust->distinct[place - 1].profile == NULL ? "its TLS files cannot be used" : NULL;
}
