#include "config_header.h"

#include <string.h>
#include <strings.h>

#include "config_check.h"
#include "config_memory.h"
#include "config_template.h"
#include "config_value.h"

static const char authorization[] = "Authorization";

/* What pfx sets itself; two of them would make a request that servers read differently. */
static const char *const reserved[] = { "Content-Length", "Transfer-Encoding", "Connection", "Expect", "X-Request-Id" };

static bool is_reserved(const char *name)
{
    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
        if (strcasecmp(name, reserved[i]) == 0)
            return true;
    }
    return false;
}

static struct span trim(struct span text)
{
    while (text.n > 0 && text.p[0] == ' ')
        text = span_skip(text, 1);
    while (text.n > 0 && text.p[text.n - 1] == ' ')
        text.n--;
    return text;
}

/* One header; value.count is 0 when it only removes. */
static bool read_header(struct config_reader *r, const config_setting_t *setting, struct config_header *header)
{
    struct config_memory *memory = r->config->memory;
    struct span line = config_value_text(r, setting, 1, CONFIG_HEADER_MAX_BYTES);
    struct span name = span_first(line, span_find(line, ':'));

    if (line.p == NULL)
        return false;
    if (name.n == line.n || !config_check_is_token(name)) {
        config_reader_error(r, setting, "must be \"Name: value\", without blanks before the colon");
        return false;
    }
    *header = (struct config_header){ .name = config_memory_text(memory, name) };
    if (is_reserved(header->name)) {
        config_reader_error(r, setting, "%s is set by pfx itself", header->name);
        return false;
    }
    struct span value = trim(span_skip(line, name.n + 1));
    if (value.n == 0)
        return true;
    char *text = config_memory_text(memory, value);
    return config_template_compile(r, setting, text, r->dialect, TEMPLATE_ESCAPE_HEADER, &header->value);
}

static bool has_name(const struct config_headers *headers, const char *name)
{
    for (size_t i = 0; i < headers->count; i++) {
        if (strcasecmp(headers->item[i].name, name) == 0)
            return true;
    }
    return false;
}

/* Those of `from` that are not named in `names`, added to `to`. */
static void add_others(struct config_headers *to, const struct config_headers *from, const struct config_headers *names)
{
    for (size_t i = 0; i < from->count; i++) {
        if (!has_name(names, from->item[i].name))
            to->item[to->count++] = from->item[i];
    }
}

bool config_header_merge(struct config_reader *r, const config_setting_t *setting, struct config_headers *headers)
{
    struct config_memory *memory = r->config->memory;
    struct config_header items[CONFIG_HEADERS_MAX];
    struct config_headers level = { items, 0 }, merged = { NULL, 0 };
    size_t count = config_value_count(setting);

    if (count > CONFIG_HEADERS_MAX) {
        config_reader_error(r, setting, "must have 0 to %d elements", CONFIG_HEADERS_MAX);
        return false;
    }
    for (size_t i = 0; i < count; i++)
        level.count += read_header(r, config_value_item(setting, i), &items[level.count]);
    merged.item = config_memory_array(memory, headers->count + level.count, sizeof(*merged.item));
    add_others(&merged, headers, &level);
    for (size_t i = 0; i < level.count; i++) {
        if (items[i].value.count > 0)
            merged.item[merged.count++] = items[i];
    }
    *headers = merged;
    return has_name(&level, authorization);
}

void config_header_remove(struct config_reader *r, struct config_headers *headers, const char *name)
{
    struct config_header named = { .name = config_memory_text(r->config->memory, span_text(name)) };
    struct config_headers names = { &named, 1 }, others = { NULL, 0 };

    if (!has_name(headers, name))
        return;
    others.item = config_memory_array(r->config->memory, headers->count, sizeof(*others.item));
    add_others(&others, headers, &names);
    *headers = others;
}
