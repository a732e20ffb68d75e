#include "config_payload.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "config_memory.h"
#include "config_template.h"
#include "json.h"
#include "mem.h"
#include "utf8.h"

static const char json_type[] = "application/json";
static const char all_attributes[] = "{{ .Key }}";

/* What stands for a placeholder while the text is checked. */
static const char word[] = "x";
static const char word_of_whole[] = "{}";

static const char misplaced_object[] = "{{ .Key }} is a JSON object, and may stand outside JSON strings only, without "
                                       "quotes";
static const char misplaced_keys[] = "%{keys} is a JSON array, and may stand outside JSON strings only, without quotes";

static bool add_value(struct buf *b, const config_setting_t *setting, int depth, enum template_dialect dialect);

static bool add_string(struct buf *b, struct span text)
{
    size_t n = json_escape(NULL, 0, text);
    char *to = utf8_valid(text) ? buf_reserve(b, n + 2) : NULL;

    if (to == NULL)
        return false;
    to[0] = '"';
    json_escape(to + 1, n, text);
    to[n + 1] = '"';
    b->n += n + 2;
    return true;
}

/* A placeholder that is a JSON value by itself, and no part of a string. */
static bool is_whole(const struct template_piece *piece)
{
    return piece->what == TEMPLATE_ATTRIBUTES || piece->what == TEMPLATE_KEYS;
}

static bool is_whole_text(struct span text, enum template_dialect dialect)
{
    struct template_piece pieces[TEMPLATE_PIECES_MAX];
    size_t count;
    const char *why;

    return template_parse(text, dialect, pieces, &count, &why) && count == 1 && is_whole(&pieces[0]);
}

/* The shortest text that reads as the same number. */
static bool add_float(struct buf *b, double value)
{
    char text[32];

    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    return isfinite(value) && buf_add(b, span_text(text));
}

static bool add_members(struct buf *b, const config_setting_t *setting, int depth, enum template_dialect dialect)
{
    bool is_group = config_setting_type(setting) == CONFIG_TYPE_GROUP;
    bool ok = depth < JSON_DEPTH_MAX && buf_add(b, is_group ? SPAN("{") : SPAN("["));

    for (int i = 0; ok && i < config_setting_length(setting); i++) {
        const config_setting_t *member = config_setting_get_elem(setting, (unsigned)i);
        ok = i == 0 || buf_add(b, SPAN(","));
        if (is_group)
            ok = ok && add_string(b, span_text(config_setting_name(member))) && buf_add(b, SPAN(":"));
        ok = ok && add_value(b, member, depth + 1, dialect);
    }
    return ok && buf_add(b, is_group ? SPAN("}") : SPAN("]"));
}

static bool add_value(struct buf *b, const config_setting_t *setting, int depth, enum template_dialect dialect)
{
    struct span text = span_text(config_setting_get_string(setting));

    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_STRING:
        return is_whole_text(text, dialect) ? buf_add(b, text) : add_string(b, text);
    case CONFIG_TYPE_INT:
        return buf_format(b, "%d", config_setting_get_int(setting));
    case CONFIG_TYPE_INT64:
        return buf_format(b, "%lld", config_setting_get_int64(setting));
    case CONFIG_TYPE_FLOAT:
        return add_float(b, config_setting_get_float(setting));
    case CONFIG_TYPE_BOOL:
        return buf_add(b, config_setting_get_bool(setting) ? SPAN("true") : SPAN("false"));
    default:
        return add_members(b, setting, depth, dialect);
    }
}

/* A password may go into a payload, and nowhere else. */
static enum template_dialect payload_dialect(const struct config_reader *r)
{
    return r->dialect == TEMPLATE_OF_LOGIN ? TEMPLATE_OF_LOGIN_PAYLOAD : r->dialect;
}

/* Goes over literal text; are we inside a string literal behind it? */
static bool ends_in_string(struct span text, bool in_string)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"')
            in_string = !in_string;
        else if (text.p[i] == '\\' && in_string)
            i++;
    }
    return in_string;
}

/* NULL, or what is wrong with the places of placeholders. */
static const char *fill_words(const struct config_template *payload, struct buf *text)
{
    bool in_string = false;

    for (size_t i = 0; i < payload->count; i++) {
        const struct template_piece *piece = &payload->pieces[i];
        bool is_value = piece->what != TEMPLATE_TEXT && !is_whole(piece);
        if (is_value && !in_string)
            return "placeholders may stand inside JSON strings only, between quotes";
        if (is_whole(piece) && in_string)
            return piece->what == TEMPLATE_KEYS ? misplaced_keys : misplaced_object;
        if (piece->what == TEMPLATE_TEXT) {
            in_string = ends_in_string(piece->text, in_string);
            buf_add(text, piece->text);
        } else {
            buf_add(text, span_text(is_value ? word : word_of_whole));
        }
    }
    return NULL;
}

static void check_json(struct config_reader *r, const config_setting_t *at, const struct config_template *payload)
{
    struct buf text;
    const char *why;

    buf_init(&text, CONFIG_PAYLOAD_MAX_BYTES * 2);
    const char *misplaced = fill_words(payload, &text);
    if (misplaced != NULL)
        config_reader_error(r, at, "%s", misplaced);
    else if (!json_check(buf_span(&text), &why))
        config_reader_error(r, at, "is not JSON: %s", why);
    buf_free(&text);
}

/* The text of the payload, of the configuration; NULL after a mistake. */
static char *make_text(struct config_reader *r, const config_setting_t *setting)
{
    struct span text = span_text(config_setting_get_string(setting));
    struct buf object;
    char *copy = NULL;

    buf_init(&object, CONFIG_PAYLOAD_MAX_BYTES);
    if (config_setting_type(setting) == CONFIG_TYPE_STRING && utf8_valid(text) && text.n <= CONFIG_PAYLOAD_MAX_BYTES)
        copy = config_memory_text(r->config->memory, text);
    else if (config_setting_type(setting) == CONFIG_TYPE_GROUP && add_members(&object, setting, 0, payload_dialect(r)))
        copy = config_memory_text(r->config->memory, buf_span(&object));
    else
        config_reader_error(r, setting, "must be a string or a group, UTF-8, at most %d bytes and %d levels",
                            CONFIG_PAYLOAD_MAX_BYTES, JSON_DEPTH_MAX);
    buf_free(&object);
    return copy;
}

void config_payload_read(struct config_reader *r, const config_setting_t *setting, const char *content_type,
                         struct config_template *payload)
{
    bool is_json = strcmp(content_type, json_type) == 0;
    char *text = make_text(r, setting);

    if (text == NULL)
        return;
    if (!is_json && config_setting_type(setting) == CONFIG_TYPE_GROUP) {
        config_reader_error(r, setting, "must be a string with content_type \"%s\"", content_type);
        return;
    }
    enum template_escape escape = is_json ? TEMPLATE_ESCAPE_JSON : TEMPLATE_ESCAPE_URL;
    if (config_template_compile(r, setting, text, payload_dialect(r), escape, payload) && is_json && payload->count > 0)
        check_json(r, setting, payload);
}

void config_payload_default(struct config_reader *r, const config_setting_t *at, const char *content_type,
                            struct config_template *payload)
{
    char *text = config_memory_text(r->config->memory, span_text(all_attributes));

    if (strcmp(content_type, json_type) != 0)
        config_reader_error(r, at, "content_type \"%s\" needs a payload: the default is JSON", content_type);
    else
        config_template_compile(r, at, text, r->dialect, TEMPLATE_ESCAPE_JSON, payload);
}

void config_payload_check(struct config_reader *r, const config_setting_t *setting)
{
    struct config_template payload;
    char *text = make_text(r, setting);

    if (text != NULL)
        config_template_compile(r, setting, text, payload_dialect(r), TEMPLATE_ESCAPE_URL, &payload);
}
