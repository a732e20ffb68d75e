#include "import_value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NS_PER_MS 1000000

static const char *const truths[] = { "true", "t", "yes", "y", "on", "1" };
static const char *const lies[] = { "false", "f", "no", "n", "off", "0" };

static bool is_one_of(const char *text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(text, words[i]) == 0)
            return true;
    return false;
}

static bool is_true(const char *text)
{
    return is_one_of(text, truths, sizeof(truths) / sizeof(truths[0]));
}

static bool is_false(const char *text)
{
    return is_one_of(text, lies, sizeof(lies) / sizeof(lies[0]));
}

static bool is_empty(const struct yamldoc_node *node)
{
    if (node->kind != YAMLDOC_SCALAR)
        return node->count == 0;
    return yamldoc_is_null(node) || node->text[0] == '\0';
}

bool import_value_counts(const struct yamldoc_node *node)
{
    return !is_empty(node) && (node->kind != YAMLDOC_SCALAR || !is_false(node->text));
}

static void take(struct import *im, const struct yamldoc_member *member, const struct import_key *keys, size_t count,
                 unsigned place)
{
    bool is_known = false;

    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(keys[i].name, member->name) != 0)
            continue;
        is_known = true;
        if ((keys[i].places & place) == 0)
            continue;
        if (keys[i].take != NULL)
            keys[i].take(im, member);
        else if (keys[i].note != NULL && import_value_counts(member->value))
            import_out_note(im, member->line, keys[i].name, "%s", keys[i].note);
        return;
    }
    if (!is_known && (place & IMPORT_VALUE_AGAIN) == 0)
        import_out_note(im, member->line, member->name, "no key of pfxhttp that is known here; left out");
}

void import_value_members(struct import *im, const struct yamldoc_node *map, const struct import_key *keys,
                          size_t count, unsigned place)
{
    for (size_t i = 0; map != NULL && map->kind == YAMLDOC_MAP && i < map->count; i++)
        if (!yamldoc_is_null(map->members[i].value))
            take(im, &map->members[i], keys, count, place);
}

const struct yamldoc_node *import_value_map(struct import *im, const struct yamldoc_member *member)
{
    if (member->value->kind == YAMLDOC_MAP)
        return member->value;
    if (!is_empty(member->value))
        import_out_note(im, member->line, member->name, "must be a map; left out");
    return NULL;
}

const char *import_value_text(struct import *im, const struct yamldoc_member *member)
{
    if (is_empty(member->value))
        return NULL;
    if (member->value->kind == YAMLDOC_SCALAR)
        return member->value->text;
    import_out_note(im, member->line, member->name, "must be a single value; left out");
    return NULL;
}

bool import_value_boolean(struct import *im, const struct yamldoc_member *member, bool *value)
{
    const char *text = import_value_text(im, member);

    if (text == NULL)
        return false;
    *value = is_true(text);
    if (*value || is_false(text))
        return true;
    import_out_note(im, member->line, member->name, "must be true or false; left out");
    return false;
}

bool import_value_integer(struct import *im, const struct yamldoc_member *member, int64_t min, int64_t max,
                          int64_t *value)
{
    const char *text = import_value_text(im, member);
    char *end;

    if (text == NULL)
        return false;
    errno = 0;
    *value = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0') {
        import_out_note(im, member->line, member->name, "must be an integer; left out");
        return false;
    }
    if (*value >= min && *value <= max)
        return true;
    *value = *value < min ? min : max;
    import_out_note(im, member->line, member->name, "%" PRId64 " is the nearest that pfx takes", *value);
    return true;
}

/* A number with its unit, in nanoseconds, added to *sum. NULL: it is none. */
static const char *parse_term(const char *at, int64_t *sum)
{
    static const struct {
        const char *name;
        int64_t ns;
    } units[] = { { "ns", 1 }, { "us", 1000 }, { "\xC2\xB5s", 1000 }, { "\xCE\xBCs", 1000 }, { "ms", NS_PER_MS },
                  { "s", 1000000000 }, { "m", 60000000000 }, { "h", 3600000000000 } };
    int64_t whole = 0, part = 0, scale = 1, ns;
    const char *begin = at;

    for (; *at >= '0' && *at <= '9'; at++)
        if (__builtin_mul_overflow(whole, 10, &whole) || __builtin_add_overflow(whole, *at - '0', &whole))
            return NULL;
    if (*at == '.')
        for (at++; *at >= '0' && *at <= '9'; at++)
            if (scale < 1000000) { /* what is less than a millionth of a unit counts for nothing */
                part = part * 10 + (*at - '0');
                scale *= 10;
            }
    if (at == begin)
        return NULL;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        size_t n = strlen(units[i].name);
        if (strncmp(at, units[i].name, n) != 0 || (at[n] != '\0' && at[n] != '.' && (at[n] < '0' || at[n] > '9')))
            continue;
        bool too_large = __builtin_mul_overflow(whole, units[i].ns, &ns) ||
                         __builtin_add_overflow(ns, units[i].ns / scale * part, &ns) ||
                         __builtin_add_overflow(*sum, ns, sum);
        return too_large ? NULL : at + n;
    }
    return NULL;
}

bool import_value_parse_time(const char *text, int64_t *ms)
{
    int64_t ns = 0;
    char *end;

    errno = 0;
    int64_t seconds = strtoll(text, &end, 10);
    if (end != text && *end == '\0')
        return errno == 0 && seconds >= 0 && !__builtin_mul_overflow(seconds, 1000, ms);
    if (*text == '\0')
        return false;
    while (text != NULL && *text != '\0')
        text = parse_term(text, &ns);
    *ms = ns / NS_PER_MS + (ns % NS_PER_MS != 0);
    return text != NULL;
}

bool import_value_time(struct import *im, const struct yamldoc_member *member, int64_t *ms)
{
    const char *text = import_value_text(im, member);

    if (text == NULL)
        return false;
    if (!import_value_parse_time(text, ms)) {
        import_out_note(im, member->line, member->name, "must be a time, as 500ms, 30s or 1m30s; left out");
        return false;
    }
    if (strspn(text, "0123456789") == strlen(text) && *ms != 0)
        import_out_note(im, member->line, member->name, "has no unit: taken for seconds");
    return true;
}

bool import_value_is_true(const struct yamldoc_node *map, const char *name)
{
    const char *text = import_value_find(map, name);
    return text != NULL && is_true(text);
}

const char *import_value_find(const struct yamldoc_node *map, const char *name)
{
    const struct yamldoc_member *member = yamldoc_find(map, name);
    bool has_text = member != NULL && member->value->kind == YAMLDOC_SCALAR && !is_empty(member->value);

    return has_text ? member->value->text : NULL;
}
