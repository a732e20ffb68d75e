#include "config_value.h"

#include <arpa/inet.h>
#include <string.h>

#include "config_check.h"
#include "config_host.h"
#include "config_memory.h"
#include "config_number.h"
#include "config_word.h"
#include "mem.h"
#include "utf8.h"

#define ITEMS_MAX 1000
#define STATUS_MIN 100
#define STATUS_MAX 599

const struct config_key *config_value_key(struct config_reader *r, const config_setting_t *setting,
                                          enum config_place place)
{
    const struct config_key *key = config_key_find(place, config_setting_name(setting));

    if (key == NULL) {
        char *hint = config_key_nearest(place, config_setting_name(setting));
        config_reader_error(r, setting, "unknown key%s", hint[0] == '\0' ? "; see pfx.cfg(5)" : hint);
        mem_free(hint);
    }
    return key;
}

bool config_value_is_group(struct config_reader *r, const config_setting_t *setting)
{
    bool is_group = config_setting_type(setting) == CONFIG_TYPE_GROUP;

    if (!is_group)
        config_reader_error(r, setting, "must be a group, { ... }");
    return is_group;
}

const struct config_key *config_value_next(struct config_reader *r, const config_setting_t *group,
                                           enum config_place place, int *i, const config_setting_t **setting)
{
    const struct config_key *key = NULL;

    while (key == NULL && *i < config_setting_length(group)) {
        *setting = config_setting_get_elem(group, (unsigned)(*i)++);
        key = config_value_key(r, *setting, place);
    }
    return key;
}

static bool has_elements(const config_setting_t *setting)
{
    return config_setting_type(setting) == CONFIG_TYPE_ARRAY || config_setting_type(setting) == CONFIG_TYPE_LIST;
}

size_t config_value_count(const config_setting_t *setting)
{
    return has_elements(setting) ? (size_t)config_setting_length(setting) : 1;
}

const config_setting_t *config_value_item(const config_setting_t *setting, size_t i)
{
    return has_elements(setting) ? config_setting_get_elem(setting, (unsigned)i) : setting;
}

struct span config_value_text(struct config_reader *r, const config_setting_t *setting, int64_t min, int64_t max)
{
    struct span text = span_text(config_setting_get_string(setting));
    struct span no_text = { NULL, 0 };

    if (config_setting_type(setting) != CONFIG_TYPE_STRING)
        config_reader_error(r, setting, "must be a string in quotes");
    else if ((int64_t)text.n < min || (int64_t)text.n > max)
        config_reader_error(r, setting, "must have %lld to %lld bytes", (long long)min, (long long)max);
    else if (!utf8_valid(text))
        config_reader_error(r, setting, "must be UTF-8");
    else if (utf8_has_control(text))
        config_reader_error(r, setting, "must not hold control characters");
    else
        return text;
    return no_text;
}

static bool read_integer(const config_setting_t *setting, int64_t *value)
{
    if (config_setting_type(setting) == CONFIG_TYPE_INT)
        *value = config_setting_get_int(setting);
    else if (config_setting_type(setting) == CONFIG_TYPE_INT64)
        *value = config_setting_get_int64(setting);
    else
        return false;
    return true;
}

static void tell_number(struct config_reader *r, const config_setting_t *setting, const struct config_key *key,
                        enum config_unit unit)
{
    static const char *const kinds[] = {
        [CONFIG_UNIT_NONE] = "an integer",
        [CONFIG_UNIT_TIME] = "a time, as \"500ms\", \"10s\", \"5m\", \"1h\", \"1d\", \"1w\" or an integer, in seconds",
        [CONFIG_UNIT_SIZE] = "a size, as \"64K\", \"16M\", \"1G\" or an integer, in bytes",
    };
    char min[CONFIG_NUMBER_TEXT_BYTES], max[CONFIG_NUMBER_TEXT_BYTES];

    config_number_format(min, unit, key->min);
    config_number_format(max, unit, key->max);
    config_reader_error(r, setting, "must be %s (%s to %s)", kinds[unit], min, max);
}

static void read_number(struct config_reader *r, const struct config_key *key, const config_setting_t *setting,
                        enum config_unit unit, int64_t *to)
{
    int64_t value;
    bool ok;

    if (config_setting_type(setting) == CONFIG_TYPE_STRING && unit != CONFIG_UNIT_NONE)
        ok = config_number_parse(span_text(config_setting_get_string(setting)), unit, &value);
    else
        ok = read_integer(setting, &value) && config_number_scale(value, unit, &value);
    if (ok && value >= key->min && value <= key->max)
        *to = value;
    else
        tell_number(r, setting, key, unit);
}

static void read_boolean(struct config_reader *r, const config_setting_t *setting, bool *to)
{
    if (config_setting_type(setting) == CONFIG_TYPE_BOOL)
        *to = config_setting_get_bool(setting);
    else
        config_reader_error(r, setting, "must be true or false");
}

static bool read_word(struct config_reader *r, const struct config_key *key, const config_setting_t *setting, int *to)
{
    bool is_string = config_setting_type(setting) == CONFIG_TYPE_STRING;

    if (is_string && config_word_find(key->type, span_text(config_setting_get_string(setting)), to))
        return true;
    char *list = config_word_list(key->type);
    config_reader_error(r, setting, "must be %s", list);
    mem_free(list);
    return false;
}

/* A checked text of the configuration, or NULL. */
static char *read_text(struct config_reader *r, const struct config_key *key, const config_setting_t *setting)
{
    struct config_memory *memory = r->config->memory;
    char address[INET6_ADDRSTRLEN];
    struct span text = config_value_text(r, setting, key->min, key->max);
    const char *why = text.p == NULL ? NULL : config_check_text(key->type, text);

    if (why != NULL)
        config_reader_error(r, setting, "%s", why);
    if (text.p == NULL || why != NULL)
        return NULL;
    if (key->type == CONFIG_KEY_ADDRESSES && config_host_is_address(text, address))
        return config_memory_text(memory, span_text(address));
    return config_memory_text(memory, text);
}

static bool check_count(struct config_reader *r, const config_setting_t *setting, size_t min, size_t max)
{
    size_t count = config_value_count(setting);
    if (count >= min && count <= max)
        return true;
    config_reader_error(r, setting, "must have %zu to %zu elements", min, max);
    return false;
}

static void read_texts(struct config_reader *r, const struct config_key *key, const config_setting_t *setting,
                       struct config_strings *to)
{
    size_t count = config_value_count(setting), good = 0;

    size_t least = key->type == CONFIG_KEY_MECHANISMS ? 1 : 0;

    if (!check_count(r, setting, least, ITEMS_MAX))
        return;
    char **items = config_memory_array(r->config->memory, count, sizeof(*items));
    for (size_t i = 0; i < count; i++) {
        items[good] = read_text(r, key, config_value_item(setting, i));
        good += items[good] != NULL;
    }
    if (good == count)
        *to = (struct config_strings){ items, count };
}

static void read_statuses(struct config_reader *r, const struct config_key *key, const config_setting_t *setting,
                          struct config_statuses *to)
{
    size_t count = config_value_count(setting);
    int64_t value;

    if (!check_count(r, setting, (size_t)key->min, (size_t)key->max))
        return;
    int *items = config_memory_array(r->config->memory, count, sizeof(*items));
    for (size_t i = 0; i < count; i++) {
        const config_setting_t *item = config_value_item(setting, i);
        if (!read_integer(item, &value) || value < STATUS_MIN || value > STATUS_MAX) {
            config_reader_error(r, item, "must be an HTTP status, an integer, or a list of them (%d to %d)", STATUS_MIN,
                                STATUS_MAX);
            return;
        }
        items[i] = (int)value;
    }
    *to = (struct config_statuses){ items, count };
}

/* The forms that one word names, added to those before. */
static bool add_forms(struct config_reader *r, const config_setting_t *item, struct config_keys *keys)
{
    size_t more = 0;
    const enum keys_form *named = keys_of_word(span_text(config_setting_get_string(item)), &more);

    if (named == NULL)
        config_reader_error(r, item, "must be one of %s, or a list of them", keys_words);
    else if (keys->count + more > KEYS_FORMS_MAX)
        config_reader_error(r, item, "names more than %d forms together", KEYS_FORMS_MAX);
    else
        memcpy(keys->item + keys->count, named, more * sizeof(*named));
    keys->count += more;
    return named != NULL && keys->count <= KEYS_FORMS_MAX;
}

static void read_keys(struct config_reader *r, const config_setting_t *setting, struct config_keys *to)
{
    size_t words = config_value_count(setting);
    struct config_keys keys = { .item = config_memory_array(r->config->memory, KEYS_FORMS_MAX, sizeof(*keys.item)) };

    for (size_t i = 0; i < words; i++)
        if (!add_forms(r, config_value_item(setting, i), &keys))
            return;
    if (keys.count == 0)
        config_reader_error(r, setting, "must not be an empty list");
    else
        *to = keys;
}

static void read_word_text(struct config_reader *r, const struct config_key *key, const config_setting_t *setting,
                           char **to)
{
    int number;
    if (read_word(r, key, setting, &number))
        *to = config_memory_text(r->config->memory, span_text(config_word_text(key->type, number)));
}

static void read_simple(struct config_reader *r, const struct config_key *key, const config_setting_t *setting,
                        void *to)
{
    int number;

    switch (key->type) {
    case CONFIG_KEY_INTEGER:
        read_number(r, key, setting, CONFIG_UNIT_NONE, to);
        break;
    case CONFIG_KEY_TIME:
        read_number(r, key, setting, CONFIG_UNIT_TIME, to);
        break;
    case CONFIG_KEY_SIZE:
        read_number(r, key, setting, CONFIG_UNIT_SIZE, to);
        break;
    case CONFIG_KEY_BOOLEAN:
        read_boolean(r, setting, to);
        break;
    case CONFIG_KEY_LOG_FORMAT:
    case CONFIG_KEY_SANDBOX:
        if (read_word(r, key, setting, &number))
            *(bool *)to = number != 0;
        break;
    case CONFIG_KEY_METHOD:
    case CONFIG_KEY_CONTENT_TYPE:
        read_word_text(r, key, setting, to);
        break;
    default:
        read_word(r, key, setting, to);
        break;
    }
}

void config_value_read(struct config_reader *r, const struct config_key *key, const config_setting_t *setting,
                       void *base)
{
    void *to = (char *)base + key->member;
    char *text;

    switch (key->type) {
    case CONFIG_KEY_STRING:
    case CONFIG_KEY_FIELD:
    case CONFIG_KEY_FILE_NAME:
    case CONFIG_KEY_HEADER_NAME:
    case CONFIG_KEY_PROXY:
    case CONFIG_KEY_RESULT_FORMAT:
    case CONFIG_KEY_DELIMITERS:
        text = read_text(r, key, setting);
        if (text != NULL)
            *(char **)to = text;
        break;
    case CONFIG_KEY_STRINGS:
    case CONFIG_KEY_ADDRESSES:
    case CONFIG_KEY_HOSTS:
    case CONFIG_KEY_CA_FILES:
    case CONFIG_KEY_ATTRIBUTES:
    case CONFIG_KEY_MECHANISMS:
    case CONFIG_KEY_PROPERTIES:
    case CONFIG_KEY_FIELDS:
    case CONFIG_KEY_SCOPES:
    case CONFIG_KEY_CLAIMS:
    case CONFIG_KEY_DOMAINS:
        read_texts(r, key, setting, to);
        break;
    case CONFIG_KEY_KEYS:
        read_keys(r, setting, to);
        break;
    case CONFIG_KEY_STATUSES:
        read_statuses(r, key, setting, to);
        break;
    default:
        read_simple(r, key, setting, to);
        break;
    }
}

void config_value_read_group(struct config_reader *r, const config_setting_t *group, enum config_place place,
                             void *base)
{
    const struct config_key *key;
    const config_setting_t *setting;

    if (!config_value_is_group(r, group))
        return;
    for (int i = 0; (key = config_value_next(r, group, place, &i, &setting)) != NULL;)
        config_value_read(r, key, setting, base);
}
