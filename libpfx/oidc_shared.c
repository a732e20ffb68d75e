#include "oidc_shared.h"

#include <string.h>

#include "log.h"
#include "mem.h"
#include "shm.h"
#include "tls.h"

struct region {
    struct shm_head head;
    struct oidc_slot slots[];
};

struct oidc_shared {
    struct oidc_record *records;
    size_t *slot_of; /* each record: which slot + 1; 0: none */
    size_t count;
    size_t room;
    struct shm shm;
};

static bool is_same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool is_same_list(const struct config_strings *a, const struct config_strings *b)
{
    bool same = a->count == b->count;

    for (size_t i = 0; same && i < a->count; i++)
        same = strcmp(a->item[i], b->item[i]) == 0;
    return same;
}

/* Whoever differs in any of these may get another token. */
static bool is_same_client(const struct config_oidc *a, const struct config_oidc *b)
{
    return is_same_text(a->configuration_uri, b->configuration_uri) && is_same_text(a->client_id, b->client_id) &&
           is_same_text(a->client_secret, b->client_secret) && is_same_text(a->private_key, b->private_key) &&
           is_same_text(a->key_id, b->key_id) && is_same_text(a->assertion_audience, b->assertion_audience) &&
           is_same_list(&a->scopes, &b->scopes) && a->auth_method == b->auth_method &&
           a->basic_encoding == b->basic_encoding && tls_is_same(&a->tls, &b->tls);
}

/* Reading a key takes a while, and many entries may have the same. */
static const struct oidc_record *find_key(const struct oidc_shared *shared, const char *pem)
{
    for (size_t i = 0; i < shared->count; i++)
        if (shared->records[i].group->private_key != NULL && strcmp(shared->records[i].group->private_key, pem) == 0)
            return &shared->records[i];
    return NULL;
}

static void take_key(const struct oidc_shared *shared, const struct config_entry *entry, struct oidc_record *record)
{
    const struct oidc_record *same = find_key(shared, record->group->private_key);

    if (same != NULL) {
        record->key = same->key;
        record->error = same->error;
        record->shares_key = true;
    } else {
        record->key = crypto_key_of_pem(span_text(record->group->private_key), &record->error);
    }
    if (record->key != NULL)
        record->error = NULL;
    else
        log_error("%s: %s.%s: private_key_file: %s", entry->where, config_section_name(entry->section), entry->name,
                  record->error);
}

static void add_record(struct oidc_shared *shared, const struct config_oidc *group, const struct config_entry *entry)
{
    struct oidc_record record = { .group = group };

    if (group->private_key != NULL)
        take_key(shared, entry, &record);
    shared->records = mem_grow(shared->records, shared->count, &shared->room, sizeof(*shared->records));
    shared->records[shared->count++] = record;
}

static bool is_backend_group(const struct config_section *section, const struct config_oidc *group)
{
    for (size_t i = 0; i < section->count; i++)
        if (section->entries[i].backend_oidc == group)
            return true;
    return false;
}

/* Which slot each record has, and how many there are. */
static size_t choose_slots(struct oidc_shared *shared, const struct config_section *section)
{
    size_t slots = 0;

    shared->slot_of = mem_array(shared->count, sizeof(*shared->slot_of));
    for (size_t i = 0; i < shared->count; i++) {
        size_t j = 0;
        if (!is_backend_group(section, shared->records[i].group))
            continue;
        while (j < i && !(shared->slot_of[j] > 0 &&
                          is_same_client(shared->records[j].group, shared->records[i].group)))
            j++;
        shared->slot_of[i] = j < i ? shared->slot_of[j] : ++slots;
    }
    return slots;
}

static void make_nothing(void *region, size_t bytes)
{
    (void)region;
    (void)bytes;
}

static void make_slots(struct oidc_shared *shared, size_t slots)
{
    struct shm_kind kind = { .name = "pfx-oidc", .make = make_nothing,
                             .bytes = sizeof(struct region) + (slots + 1) * sizeof(struct oidc_slot) };

    shm_open_anonymous(&shared->shm, &kind);
    struct oidc_slot *first = ((struct region *)shared->shm.p)->slots;
    for (size_t i = 0; i < slots; i++)
        oidc_slot_make(&first[i]);
    for (size_t i = 0; i < shared->count; i++)
        if (shared->slot_of[i] > 0)
            shared->records[i].slot = &first[shared->slot_of[i] - 1];
}

struct oidc_shared *oidc_shared_load(const struct config *config, enum config_section_id section)
{
    struct oidc_shared *shared = mem_alloc(sizeof(*shared));
    const struct config_section *entries = &config->section[section];

    for (size_t i = 0; i < entries->count; i++) {
        const struct config_entry *entry = &entries->entries[i];
        if (entry->error == NULL && entry->backend_oidc != NULL)
            add_record(shared, entry->backend_oidc, entry);
        if (entry->error == NULL && entry->sasl_oidc != NULL)
            add_record(shared, entry->sasl_oidc, entry);
    }
    if (shared->count > 0)
        make_slots(shared, choose_slots(shared, entries));
    return shared;
}

void oidc_shared_free(struct oidc_shared **shared)
{
    if (*shared == NULL)
        return;
    for (size_t i = 0; i < (*shared)->count; i++)
        if (!(*shared)->records[i].shares_key)
            crypto_key_free(&(*shared)->records[i].key);
    if ((*shared)->count > 0)
        shm_close(&(*shared)->shm);
    mem_free((*shared)->records);
    mem_free((*shared)->slot_of);
    mem_free(*shared);
    *shared = NULL;
}

size_t oidc_shared_count(const struct oidc_shared *shared)
{
    return shared->count;
}

const struct oidc_record *oidc_shared_record(const struct oidc_shared *shared, size_t i)
{
    return &shared->records[i];
}

const char *oidc_shared_error(const struct oidc_shared *shared, const struct config_entry *entry)
{
    for (size_t i = 0; i < shared->count; i++) {
        const struct oidc_record *record = &shared->records[i];
        if (record->error != NULL && (record->group == entry->backend_oidc || record->group == entry->sasl_oidc))
            return "its private_key_file cannot be used";
    }
    return NULL;
}
