#include "template.h"

#include "json.h"
#include "utf8.h"

#define JSON_CHARACTER_MAX_BYTES 6 /* \u0000 */

/* needed counts all that was put; what would pass size is not written. */
struct output {
    char *p;
    size_t size;
    size_t needed;
};

static struct span domain_of(struct span key)
{
    size_t at = span_find_last(key, '@');
    return at == key.n ? span_first(key, 0) : span_skip(key, at + 1);
}

/* Empty labels do not count, as in Postfix. */
static struct span label_of(struct span domain, unsigned number)
{
    while (domain.n > 0) {
        size_t dot = span_find_last(domain, '.');
        struct span last = dot == domain.n ? domain : span_skip(domain, dot + 1);
        if (last.n > 0 && --number == 0)
            return last;
        domain = span_first(domain, dot == domain.n ? 0 : dot);
    }
    return domain;
}

static struct span attribute_of(const struct template_values *values, struct span name)
{
    const struct attribute *found = attribute_find(values->attributes, values->attribute_count, name);
    return found == NULL ? span_make(NULL, 0) : found->value;
}

static struct span local_part_of(struct span text)
{
    return span_first(text, span_find_last(text, '@'));
}

/* What is put in for a piece that stands for one text. */
static struct span value_of(const struct template_piece *piece, const struct template_values *values)
{
    switch (piece->what) {
    case TEMPLATE_LOCALPART:
        return local_part_of(values->key);
    case TEMPLATE_DOMAIN:
        return domain_of(values->key);
    case TEMPLATE_LABEL:
        return label_of(domain_of(values->key), piece->label);
    case TEMPLATE_VALUE:
        return values->value;
    case TEMPLATE_VALUE_LOCALPART:
        return local_part_of(values->value);
    case TEMPLATE_VALUE_DOMAIN:
        return domain_of(values->value);
    case TEMPLATE_ATTRIBUTE:
        return attribute_of(values, piece->text);
    case TEMPLATE_TEXT:
    case TEMPLATE_KEY:
    case TEMPLATE_KEYS:
    case TEMPLATE_ATTRIBUTES:
    case TEMPLATE_FORM:
        break;
    }
    return values->key;
}

static bool is_allowed(enum template_escape escape, struct span value)
{
    switch (escape) {
    case TEMPLATE_ESCAPE_JSON:
        return utf8_valid(value);
    case TEMPLATE_ESCAPE_HEADER:
        return span_find(value, '\r') == value.n && span_find(value, '\n') == value.n &&
               span_find(value, '\0') == value.n;
    case TEMPLATE_ESCAPE_URL:
    case TEMPLATE_ESCAPE_NONE:
        break;
    }
    return true;
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

static void put(struct output *out, struct span bytes)
{
    if (bytes.n > 0 && out->needed + bytes.n <= out->size)
        memcpy(out->p + out->needed, bytes.p, bytes.n);
    out->needed += bytes.n;
}

static void put_percent_encoded(struct output *out, struct span bytes)
{
    static const char hex[] = "0123456789ABCDEF";

    for (size_t i = 0; i < bytes.n; i++) {
        unsigned char c = (unsigned char)bytes.p[i];
        const char encoded[] = { '%', hex[c >> 4], hex[c & 15] };
        bool as_it_is = is_unreserved(bytes.p[i]);
        put(out, as_it_is ? span_make(&bytes.p[i], 1) : span_make(encoded, sizeof(encoded)));
    }
}

/* Bytes that are JSON already where JSON is wanted. */
static void put_ready(struct output *out, enum template_escape escape, struct span bytes)
{
    if (escape == TEMPLATE_ESCAPE_URL)
        put_percent_encoded(out, bytes);
    else
        put(out, bytes);
}

/* The inside of a JSON string, part by part: it may be percent-encoded on its way, and needs no memory. */
static void put_json(struct output *out, enum template_escape escape, struct span text)
{
    char escaped[JSON_CHARACTER_MAX_BYTES];

    while (text.n > 0) {
        size_t plain = json_plain_bytes(text);
        if (plain > 0)
            put_ready(out, escape, span_first(text, plain));
        else
            put_ready(out, escape, span_make(escaped, json_escape(escaped, sizeof(escaped), span_first(text, 1))));
        text = span_skip(text, plain > 0 ? plain : 1);
    }
}

static enum template_outcome put_object(struct output *out, enum template_escape escape,
                                        const struct template_values *values)
{
    put_ready(out, escape, SPAN("{"));
    for (size_t i = 0; i < values->object_count; i++) {
        const struct attribute *attribute = &values->object[i];
        if (!utf8_valid(attribute->name) || !utf8_valid(attribute->value))
            return TEMPLATE_REFUSED;
        put_ready(out, escape, i == 0 ? SPAN("\"") : SPAN(",\""));
        put_json(out, escape, attribute->name);
        put_ready(out, escape, SPAN("\":\""));
        put_json(out, escape, attribute->value);
        put_ready(out, escape, SPAN("\""));
    }
    put_ready(out, escape, SPAN("}"));
    return TEMPLATE_DONE;
}

/* No candidate at all: there is nothing to ask for. */
static enum template_outcome put_keys(struct output *out, enum template_escape escape, const struct keys *keys)
{
    put_ready(out, escape, SPAN("["));
    for (size_t i = 0; i < keys->count; i++) {
        if (!utf8_valid(keys->candidate[i].text))
            return TEMPLATE_REFUSED;
        put_ready(out, escape, i == 0 ? SPAN("\"") : SPAN(",\""));
        put_json(out, escape, keys->candidate[i].text);
        put_ready(out, escape, SPAN("\""));
    }
    put_ready(out, escape, SPAN("]"));
    return keys->count > 0 ? TEMPLATE_DONE : TEMPLATE_SUPPRESSED;
}

static void put_form(struct output *out, const struct template_values *values)
{
    for (size_t i = 0; i < values->object_count; i++) {
        if (i > 0)
            put(out, SPAN("&"));
        put_percent_encoded(out, values->object[i].name);
        put(out, SPAN("="));
        put_percent_encoded(out, values->object[i].value);
    }
}

static enum template_outcome put_piece(struct output *out, const struct template_piece *piece,
                                       enum template_escape escape, const struct template_values *values)
{
    if (piece->what == TEMPLATE_TEXT) {
        put(out, piece->text);
        return TEMPLATE_DONE;
    }
    if (piece->what == TEMPLATE_ATTRIBUTES)
        return put_object(out, escape, values);
    if (piece->what == TEMPLATE_KEYS)
        return put_keys(out, escape, values->keys);
    if (piece->what == TEMPLATE_FORM) {
        put_form(out, values);
        return TEMPLATE_DONE;
    }

    struct span value = value_of(piece, values);
    if (value.n == 0)
        return piece->what == TEMPLATE_ATTRIBUTE ? TEMPLATE_DONE : TEMPLATE_SUPPRESSED;
    if (!is_allowed(escape, value))
        return TEMPLATE_REFUSED;
    if (escape == TEMPLATE_ESCAPE_JSON)
        put_json(out, escape, value);
    else
        put_ready(out, escape, value);
    return TEMPLATE_DONE;
}

bool template_is_suppressed(const struct template_piece *pieces, size_t count, const struct template_values *values)
{
    for (size_t i = 0; i < count; i++) {
        enum template_what what = pieces[i].what;
        bool is_of_key = what == TEMPLATE_KEY || what == TEMPLATE_LOCALPART || what == TEMPLATE_DOMAIN ||
                         what == TEMPLATE_LABEL;
        if (is_of_key && value_of(&pieces[i], values).n == 0)
            return true;
    }
    return false;
}

enum template_outcome template_expand(const struct template_piece *pieces, size_t count, enum template_escape escape,
                                      const struct template_values *values, char *out, size_t size, size_t *needed)
{
    struct output output = { .p = out, .size = size };
    enum template_outcome outcome = TEMPLATE_DONE;

    for (size_t i = 0; i < count && outcome == TEMPLATE_DONE; i++)
        outcome = put_piece(&output, &pieces[i], escape, values);
    *needed = outcome == TEMPLATE_DONE ? output.needed : 0;
    return outcome;
}
