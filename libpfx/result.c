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
    const size_t begin = out->n;
    size_t needed = 0;

    if (*count > 0 && !buf_add(out, SPAN(",")))
        return false;
    size_t room = out->room - out->n;
    enum template_outcome outcome = template_expand(format->pieces, format->count, format->escape, values,
                                                    room == 0 ? NULL : out->p + out->n, room, &needed);
    if (outcome != TEMPLATE_DONE || needed == 0) {
        out->n = begin;
        return true;
    }
    if (needed > room) {
        char *to = buf_reserve(out, needed);
        if (to == NULL)
            return false;
        template_expand(format->pieces, format->count, format->escape, values, to, needed, &needed);
    }
    out->n += needed;
    (*count)++;
    return true;
}

static enum result format_all(const struct config_entry *entry, const struct template_values *asked,
                              struct buf *values, size_t *count)
{
    struct template_values each = *asked;
    struct span rest = buf_span(values);
    enum result result = RESULT_MADE;
    struct buf out;

    buf_init(&out, (size_t)entry->max_reply_bytes);
    while (result == RESULT_MADE && rest.n > 0) {
        each.value = next_value(&rest);
        if (!add_formatted(&entry->result, &each, &out, count))
            result = RESULT_TOO_LONG;
        else if (entry->expansion_limit > 0 && *count > (size_t)entry->expansion_limit)
            result = RESULT_TOO_MANY;
    }
    if (out.max < values->max) /* what is read into it next is no reply yet */
        out.max = values->max;
    buf_free(values);
    *values = out;
    return result;
}

enum result result_make(const struct config_entry *entry, const struct template_values *asked, struct buf *values)
{
    enum result result = RESULT_MADE;
    size_t count = 0;

    if (entry->result.count > 0)
        result = format_all(entry, asked, values, &count);
    else
        count = join(values);
    if (result == RESULT_MADE && entry->expansion_limit > 0 && count > (size_t)entry->expansion_limit)
        result = RESULT_TOO_MANY;
    return result == RESULT_MADE && count == 0 ? RESULT_NOTHING : result;
}

/* Of a list of addresses: this many, or fewer. */
static size_t count_items(struct span list)
{
    size_t count = 1;

    for (size_t i = 0; i < list.n; i++)
        count += list.p[i] == ',' || list.p[i] == ' ';
    return count;
}

bool result_extend(const struct config_entry *entry, struct buf *text, struct span extension)
{
    const size_t max = (size_t)entry->max_reply_bytes;
    struct buf out;

    if (text->n > max || count_items(buf_span(text)) > max / extension.n)
        return false;
    size_t needed = address_extend(NULL, 0, buf_span(text), extension);
    buf_init(&out, text->max > needed ? text->max : needed);
    char *to = buf_extend(&out, needed);
    address_extend(to, needed, buf_span(text), extension);
    buf_free(text);
    *text = out;
    return true;
}
