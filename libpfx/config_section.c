#include "config_section.h"

#include <stdlib.h>
#include <string.h>

#include "config_file.h"
#include "config_memory.h"
#include "mem.h"

static const char defaults_name[] = "defaults";

/* What an entry may hold. */
static const enum config_place places[CONFIG_SECTIONS] = {
    [CONFIG_SOCKET_MAPS] = CONFIG_PLACE_MAP,
    [CONFIG_POLICY_SERVICES] = CONFIG_PLACE_POLICY,
    [CONFIG_DOVECOT_SASL] = CONFIG_PLACE_LOGIN,
};

static const enum template_dialect dialects[CONFIG_SECTIONS] = {
    [CONFIG_SOCKET_MAPS] = TEMPLATE_OF_MAP,
    [CONFIG_POLICY_SERVICES] = TEMPLATE_OF_POLICY,
    [CONFIG_DOVECOT_SASL] = TEMPLATE_OF_LOGIN,
};

/* An entry as it stands in a file. */
struct found {
    const config_setting_t *group;
    size_t order;
};

void config_section_add(struct config_section_parts *parts, const config_setting_t *group)
{
    parts->groups = mem_grow(parts->groups, parts->count, &parts->room, sizeof(*parts->groups));
    parts->groups[parts->count++] = group;
}

void config_section_free(struct config_section_parts *parts)
{
    mem_free(parts->groups);
    *parts = (struct config_section_parts){ .count = 0 };
}

static bool is_defaults(const config_setting_t *setting)
{
    return strcmp(config_setting_name(setting), defaults_name) == 0;
}

static void tell_twice(struct config_reader *r, const config_setting_t *first, const config_setting_t *again)
{
    unsigned line;
    const char *file = config_file_where(first, &line);
    config_reader_error(r, again, "given twice, first in %s:%u", file, line);
}

static void read_defaults(struct config_reader *r, const struct config_section_parts *parts, struct config_draft *draft)
{
    const config_setting_t *first = NULL;

    for (size_t i = 0; i < parts->count; i++) {
        const config_setting_t *defaults = config_setting_get_member(parts->groups[i], defaults_name);
        if (defaults == NULL)
            continue;
        if (first != NULL)
            tell_twice(r, first, defaults);
        else
            config_entry_read(r, defaults, places[draft->entry.section], draft);
        first = first == NULL ? defaults : first;
    }
    config_entry_check_defaults(r, draft);
}

static int compare_found(const void *left, const void *right)
{
    const struct found *a = left, *b = right;
    int order = strcmp(config_setting_name(a->group), config_setting_name(b->group));
    return order != 0 ? order : (a->order > b->order) - (a->order < b->order);
}

/* All entries of all files, by name, and for the same name as they come. */
static struct found *find_entries(const struct config_section_parts *parts, size_t *count)
{
    struct found *found = NULL;
    size_t room = 0;

    *count = 0;
    for (size_t i = 0; i < parts->count; i++) {
        for (int j = 0; j < config_setting_length(parts->groups[i]); j++) {
            const config_setting_t *group = config_setting_get_elem(parts->groups[i], (unsigned)j);
            if (is_defaults(group))
                continue;
            found = mem_grow(found, *count, &room, sizeof(*found));
            found[*count] = (struct found){ group, *count };
            (*count)++;
        }
    }
    if (found != NULL)
        qsort(found, *count, sizeof(*found), compare_found);
    return found;
}

static char *where(struct config_reader *r, const config_setting_t *group)
{
    unsigned line;
    const char *file = config_file_where(group, &line);
    char *text = mem_format("%s:%u", file, line);
    char *kept = config_memory_text(r->config->memory, span_text(text));

    mem_free(text);
    return kept;
}

static void read_entry(struct config_reader *r, const config_setting_t *group, const char *section_error,
                       struct config_draft *draft, struct config_entry *entry)
{
    r->error = &draft->entry.error;
    draft->entry.error = section_error;
    draft->entry.name = config_memory_text(r->config->memory, span_text(config_setting_name(group)));
    draft->entry.where = where(r, group);
    config_entry_read(r, group, places[draft->entry.section], draft);
    config_entry_finish(r, group, draft);
    *entry = draft->entry;
}

static bool have_same_name(const config_setting_t *a, const config_setting_t *b)
{
    return strcmp(config_setting_name(a), config_setting_name(b)) == 0;
}

static void read_entries(struct config_reader *r, struct config_section *section, const struct found *found,
                         size_t count, const struct config_draft *base)
{
    section->entries = config_memory_array(r->config->memory, count, sizeof(*section->entries));
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && have_same_name(found[i].group, found[i - 1].group)) {
            r->error = &section->entries[section->count - 1].error;
            tell_twice(r, found[i - 1].group, found[i].group);
            continue;
        }
        struct config_draft draft = *base;
        read_entry(r, found[i].group, section->error, &draft, &section->entries[section->count++]);
    }
}

void config_section_read(struct config_reader *r, enum config_section_id id, const struct config_section_parts *parts,
                         const struct config_draft *top)
{
    struct config_section *section = &r->config->section[id];
    struct config_draft base = *top;
    size_t count;

    if (parts->count == 0)
        return;
    base.entry.section = id;
    r->dialect = dialects[id];
    r->error = &section->error;
    read_defaults(r, parts, &base);
    struct found *found = find_entries(parts, &count);
    if (found != NULL)
        read_entries(r, section, found, count, &base);
    mem_free(found);
    r->error = &r->config->error;
}
