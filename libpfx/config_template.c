#include "config_template.h"

#include <string.h>

#include "config_memory.h"

bool config_template_compile(struct config_reader *r, const config_setting_t *at, char *text,
                             enum template_dialect dialect, enum template_escape escape, struct config_template *to)
{
    struct template_piece pieces[TEMPLATE_PIECES_MAX];
    size_t count;
    const char *why;

    if (!template_parse(span_text(text), dialect, pieces, &count, &why)) {
        config_reader_error(r, at, "%s", why);
        return false;
    }
    struct template_piece *copy = config_memory_array(r->config->memory, count, sizeof(*copy));
    memcpy(copy, pieces, count * sizeof(*copy));
    *to = (struct config_template){ .text = text, .pieces = copy, .count = count, .escape = escape };
    return true;
}

bool config_template_is_dynamic(const struct config_template *template)
{
    return template_is_dynamic(template->pieces, template->count);
}

bool config_template_has(const struct config_template *template, enum template_what what)
{
    return template_has(template->pieces, template->count, what);
}
