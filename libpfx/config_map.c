#include "config_map.h"

#include <string.h>

#include "config_memory.h"
#include "config_target.h"
#include "config_template.h"

#define NOTFOUND_STATUS 404

static const char as_it_is[] = "%s";

/* A URL that names what is asked for may be of nothing. */
static void take_notfound_status(struct config_reader *r, struct config_entry *entry)
{
    bool is_given = entry->notfound_status.item != NULL; /* an empty list has an address too */

    if (is_given || !config_target_any_is_dynamic(entry))
        return;
    int *status = config_memory_array(r->config->memory, 1, sizeof(*status));
    *status = NOTFOUND_STATUS;
    entry->notfound_status = (struct config_statuses){ status, 1 };
}

static bool has_all_keys(const struct config_entry *entry)
{
    bool has = config_template_has(&entry->payload, TEMPLATE_KEYS);

    for (size_t i = 0; i < entry->target_count; i++)
        has |= config_template_has(&entry->targets[i].url, TEMPLATE_KEYS);
    for (size_t i = 0; i < entry->header_count; i++)
        has |= config_template_has(&entry->headers[i].value, TEMPLATE_KEYS);
    return has;
}

void config_map_finish(struct config_reader *r, const config_setting_t *group, struct config_entry *entry)
{
    take_notfound_status(r, entry);
    entry->asks_all = has_all_keys(entry);
    if (strcmp(entry->result_format, as_it_is) != 0)
        config_template_compile(r, group, entry->result_format, TEMPLATE_OF_RESULT, TEMPLATE_ESCAPE_NONE,
                                &entry->result);
}
