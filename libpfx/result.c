#include "result.h"

#include "address.h"
#include "template.h"

/* The next value of those that are left. */
static struct span next_value(struct span *rest)
{
    size_t end = span_find(*rest, '\0');
    struct span value = span_first(*rest, end);

    *rest = span_skip(*rest, end < rest->n ? end + 1 : end);
    return value;
}

static size_t join(struct buf *values)
{
    size_t count = 1;

    for (size_t i = 0; i < values->n; i++) {
        if (values->p[i] != '\0')
            continue;
        values->p[i] = ',';
        count++;
    }
    return count;
}

/* False: it does not fit. *count: of the values that are there. */
static bool add_formatted(const struct config_template *format, const struct template_values *values, struct buf *out,
                          size_t *count)
{
    size_t needed;
    enum template_outcome outcome =
        template_expand(format->pieces, format->count, format->escape, values, NULL, 0, &needed);

    if (outcome != TEMPLATE_DONE || needed == 0)
        return true;
    if (*count > 0 && !buf_add(out, SPAN(",")))
        return false;
    char *to = buf_reserve(out, needed);
    if (to == NULL)
        return false;
    template_expand(format->pieces, format->count, format->escape, values, to, needed, &needed);
    out->n += needed;
    (*count)++;
    return true;
}

static bool format_all(const struct config_template *format, const struct template_values *asked, struct buf *values,
                       size_t *count)
{
    struct template_values each = *asked;
    struct span rest = buf_span(values);
    struct buf out;
    bool fits = true;

    buf_init(&out, values->max);
    while (fits && rest.n > 0) {
        each.value = next_value(&rest);
        fits = add_formatted(format, &each, &out, count);
    }
    buf_free(values);
    *values = out;
    return fits;
}

enum result result_make(const struct config_entry *entry, const struct template_values *asked, struct buf *values)
{
    size_t count = 0;

    if (entry->result.count == 0)
        count = join(values);
    else if (!format_all(&entry->result, asked, values, &count))
        return RESULT_TOO_LONG;
    if (entry->expansion_limit > 0 && count > (size_t)entry->expansion_limit)
        return RESULT_TOO_MANY;
    return count > 0 ? RESULT_MADE : RESULT_NOTHING;
}

bool result_extend(struct buf *text, struct span extension)
{
    size_t needed = address_extend(NULL, 0, buf_span(text), extension);
    struct buf out;

    buf_init(&out, text->max);
    char *to = buf_reserve(&out, needed);
    if (to == NULL)
        return false;
    out.n = address_extend(to, needed, buf_span(text), extension);
    buf_free(text);
    *text = out;
    return true;
}
