#include "config.h"

#include "config_memory.h"
#include "mem.h"

static const char *const section_names[CONFIG_SECTIONS] = { "socket_maps", "policy_services", "dovecot_sasl" };

const char *config_section_name(enum config_section_id section)
{
    return section_names[section];
}

static int compare_name(const char *name, struct span wanted)
{
    struct span text = span_text(name);
    size_t common = text.n < wanted.n ? text.n : wanted.n;
    int order = common == 0 ? 0 : memcmp(text.p, wanted.p, common);

    return order != 0 ? order : (text.n > wanted.n) - (text.n < wanted.n);
}

const struct config_entry *config_find(const struct config *config, enum config_section_id section, struct span name)
{
    const struct config_section *s = &config->section[section];
    size_t low = 0, high = s->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_name(s->entries[middle].name, name);
        if (order == 0)
            return &s->entries[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

void config_take_delimiter(struct config *config, const char *delimiter)
{
    struct config_section *maps = &config->section[CONFIG_SOCKET_MAPS];
    char *copy = config_memory_text(config->memory, span_text(delimiter));

    for (size_t i = 0; i < maps->count; i++)
        if (maps->entries[i].recipient_delimiter == NULL)
            maps->entries[i].recipient_delimiter = copy;
}

void config_free(struct config **config)
{
    struct config *c = *config;

    *config = NULL;
    if (c == NULL)
        return;
    config_memory_free(&c->memory);
    mem_free(c->problems);
    mem_free(c);
}

bool config_has_status(const struct config_statuses *list, int status)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->item[i] == status)
            return true;
    return false;
}

bool config_has_string(const struct config_strings *list, struct span text)
{
    for (size_t i = 0; i < list->count; i++)
        if (span_equal(span_text(list->item[i]), text))
            return true;
    return false;
}

struct span config_join(const struct config_strings *list, char separator, struct buf *memory)
{
    buf_clear(memory);
    for (size_t i = 0; i < list->count; i++) {
        const size_t n = memory->n;
        struct span between = span_make(&separator, n > 0 ? 1 : 0);
        if (!buf_add(memory, between) || !buf_add(memory, span_text(list->item[i])))
            memory->n = n;
    }
    return buf_span(memory);
}

bool config_has_header(const struct config_entry *entry, const char *name)
{
    for (size_t i = 0; i < entry->header_count; i++)
        if (strcasecmp(entry->headers[i].name, name) == 0)
            return true;
    return false;
}
