#include "backend_trust.h"

#include "log.h"
#include "mem.h"

struct trusted {
    const struct config_tls *tls;
    struct tls_profile *profile; /* NULL: error */
};

/* Places in distinct + 1; 0: no TLS. */
struct trusted_entry {
    size_t targets;
    size_t backend_oidc;
    size_t sasl_oidc;
};

struct backend_trust {
    const struct config_section *section;
    struct trusted *distinct;
    size_t count;
    size_t room;
    struct trusted_entry *of_entry;
};

static bool has_tls(const struct config_entry *entry)
{
    for (size_t i = 0; i < entry->target_count; i++)
        if (entry->targets[i].tls)
            return true;
    return false;
}

static size_t find(const struct backend_trust *trust, const struct config_tls *tls)
{
    for (size_t i = 0; i < trust->count; i++)
        if (tls_is_same(trust->distinct[i].tls, tls))
            return i + 1;
    return 0;
}

static size_t add(struct backend_trust *trust, const struct config_entry *entry, const struct config_tls *tls)
{
    char why[TLS_REASON_MAX_BYTES];
    size_t place = find(trust, tls);

    if (place != 0)
        return place;
    trust->distinct = mem_grow(trust->distinct, trust->count, &trust->room, sizeof(*trust->distinct));
    struct trusted *added = &trust->distinct[trust->count++];
    added->tls = tls;
    added->profile = tls_profile_new(tls, why);
    if (added->profile == NULL)
        log_error("%s: %s.%s.tls: %s", entry->where, config_section_name(entry->section), entry->name, why);
    return trust->count;
}

static void add_all(struct backend_trust *trust, const struct config_entry *entry, struct trusted_entry *of)
{
    if (has_tls(entry))
        of->targets = add(trust, entry, &entry->tls);
    if (entry->backend_oidc != NULL)
        of->backend_oidc = add(trust, entry, &entry->backend_oidc->tls);
    if (entry->sasl_oidc != NULL)
        of->sasl_oidc = add(trust, entry, &entry->sasl_oidc->tls);
}

struct backend_trust *backend_trust_load(const struct config *config, enum config_section_id section)
{
    struct backend_trust *trust = mem_alloc(sizeof(*trust));

    trust->section = &config->section[section];
    trust->of_entry = mem_array(trust->section->count, sizeof(*trust->of_entry));
    for (size_t i = 0; i < trust->section->count; i++) {
        const struct config_entry *entry = &trust->section->entries[i];
        if (entry->error == NULL)
            add_all(trust, entry, &trust->of_entry[i]);
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

static const struct tls_profile *profile_at(const struct backend_trust *trust, size_t place)
{
    return place == 0 ? NULL : trust->distinct[place - 1].profile;
}

const struct tls_profile *backend_trust_profile(const struct backend_trust *trust, const struct config_entry *entry)
{
    return profile_at(trust, trust->of_entry[entry - trust->section->entries].targets);
}

const struct tls_profile *backend_trust_profile_of(const struct backend_trust *trust, const struct config_tls *tls)
{
    return profile_at(trust, find(trust, tls));
}

const char *backend_trust_error(const struct backend_trust *trust, const struct config_entry *entry)
{
    const struct trusted_entry *of = &trust->of_entry[entry - trust->section->entries];
    const size_t places[] = { of->targets, of->backend_oidc, of->sasl_oidc };

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (places[i] != 0 && profile_at(trust, places[i]) == NULL)
            return "its TLS files cannot be used";
    return NULL;
}
