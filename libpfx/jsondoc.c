#include "jsondoc.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "json.h"
#include "mem.h"

#define DOUBLE_DIGITS_MAX 17 /* enough to tell any two numbers apart */
#define NUMBER_TEXT_BYTES 32

static const char too_long[] = "the value is longer than the limit";

struct jsondoc {
    cJSON *root;
};

static int compare_names(const void *a, const void *b)
{
    const cJSON *const *first = a;
    const cJSON *const *second = b;
    return strcmp((*first)->string, (*second)->string);
}

static bool has_doubled_member(const cJSON *object)
{
    const cJSON *member;
    size_t count = 0;
    size_t room = 0;
    const cJSON **members = NULL;
    bool doubled = false;

    cJSON_ArrayForEach(member, object)
    {
        members = mem_grow(members, count, &room, sizeof(*members));
        members[count++] = member;
    }
    if (count > 1)
        qsort(members, count, sizeof(*members), compare_names);
    for (size_t i = 1; i < count && !doubled; i++)
        doubled = strcmp(members[i - 1]->string, members[i]->string) == 0;
    mem_free(members);
    return doubled;
}

static size_t string_length(struct span text)
{
    size_t i = 1;
    while (text.p[i] != '"')
        i += text.p[i] == '\\' ? 2 : 1;
    return i + 1;
}

/* The next number in text that json_check() found good; there is one. */
static struct span next_number(struct span *text)
{
    while (*text->p != '-' && (*text->p < '0' || *text->p > '9'))
        *text = span_skip(*text, *text->p == '"' ? string_length(*text) : 1);
    size_t length = 0;
    while (length < text->n && text->p[length] != '\0' && strchr("+-.0123456789eE", text->p[length]) != NULL)
        length++;
    struct span number = span_first(*text, length);
    *text = span_skip(*text, length);
    return number;
}

/*
 * 2^53 is also what 2^53 + 1 reads as: only the text tells. A number of that size that is not written as 2^53 becomes
 * infinite, which is out of range.
 */
static void check_exact(cJSON *number, struct span *text)
{
    struct span written = next_number(text);
    if (fabs(number->valuedouble) != JSONDOC_INTEGER_MAX)
        return;
    if (written.p[0] == '-')
        written = span_skip(written, 1);
    if (!span_equal(written, SPAN("9007199254740992")))
        number->valuedouble = HUGE_VAL;
}

/* Goes through items and text side by side; nesting is bounded by json_check(). */
static bool check_items(cJSON *item, struct span *text)
{
    cJSON *child;

    if (cJSON_IsNumber(item))
        check_exact(item, text);
    if (cJSON_IsObject(item) && has_doubled_member(item))
        return false;
    cJSON_ArrayForEach(child, item)
    {
        if (!check_items(child, text))
            return false;
    }
    return true;
}

/* Not every cJSON reads on in a number of more than 63 characters; none says so. */
static bool is_read_whole(struct span body, const char *end)
{
    const char *last = body.p + body.n;
    while (end < last && memchr(" \t\r\n", *end, 4) != NULL)
        end++;
    return end == last;
}

struct jsondoc *jsondoc_parse(struct span body, const char **why)
{
    cJSON_Hooks hooks = { .malloc_fn = mem_alloc, .free_fn = mem_wiping_free };
    const char *end = NULL;
    struct span rest = body;

    if (!json_check(body, why))
        return NULL;
    cJSON_InitHooks(&hooks);
    struct jsondoc *doc = mem_alloc(sizeof(*doc));
    doc->root = cJSON_ParseWithLengthOpts(body.p, body.n, &end, false);
    if (doc->root == NULL || !is_read_whole(body, end)) {
        *why = "JSON: a number is too long";
        jsondoc_free(&doc);
    } else if (!check_items(doc->root, &rest)) {
        *why = "JSON: a member stands twice in one object";
        jsondoc_free(&doc);
    }
    return doc;
}

void jsondoc_free(struct jsondoc **doc)
{
    if (*doc == NULL)
        return;
    cJSON_Delete((*doc)->root);
    mem_free(*doc);
    *doc = NULL;
}

/* False: not an array index. One too big for any array ends up as SIZE_MAX. */
static bool read_index(struct span name, size_t *index)
{
    *index = 0;
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] < '0' || name.p[i] > '9')
            return false;
        size_t digit = (size_t)(name.p[i] - '0');
        *index = *index > (SIZE_MAX - digit) / 10 ? SIZE_MAX : *index * 10 + digit;
    }
    return name.n > 0;
}

static const cJSON *element_of(const cJSON *array, struct span name)
{
    const cJSON *element;
    size_t index;

    if (!read_index(name, &index))
        return NULL;
    cJSON_ArrayForEach(element, array)
    {
        if (index-- == 0)
            return element;
    }
    return NULL;
}

static const cJSON *member_of(const cJSON *object, struct span name)
{
    const cJSON *member;

    cJSON_ArrayForEach(member, object)
    {
        if (span_equal(span_text(member->string), name))
            return member;
    }
    return NULL;
}

static const cJSON *find_item(const cJSON *item, const char *path)
{
    if (path == NULL || *path == '\0')
        return item;
    struct span rest = span_text(path);
    for (;;) {
        size_t dot = span_find(rest, '.');
        struct span name = span_first(rest, dot);
        item = cJSON_IsArray(item) ? element_of(item, name) : member_of(item, name);
        if (item == NULL || dot == rest.n)
            return item;
        rest = span_skip(rest, dot + 1);
    }
}

static enum jsondoc_value bad(const char **why, const char *reason)
{
    *why = reason;
    return JSONDOC_BAD;
}

static enum jsondoc_value add_text(struct buf *out, struct span text, const char **why)
{
    return buf_add(out, text) ? JSONDOC_VALUE : bad(why, too_long);
}

static enum jsondoc_value add_number(struct buf *out, double value, const char **why)
{
    char text[NUMBER_TEXT_BYTES];

    if (fabs(value) > JSONDOC_INTEGER_MAX)
        return bad(why, "a number is out of range");
    if (value == (double)(int64_t)value) {
        snprintf(text, sizeof(text), "%lld", (long long)value);
        return add_text(out, span_text(text), why);
    }
    for (int digits = 1; digits <= DOUBLE_DIGITS_MAX; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    return add_text(out, span_text(text), why);
}

static bool is_nothing(const cJSON *item)
{
    return cJSON_IsNull(item) || (cJSON_IsString(item) && item->valuestring[0] == '\0');
}

static enum jsondoc_value add_scalar(struct buf *out, const cJSON *item, const char **why)
{
    if (cJSON_IsString(item))
        return add_text(out, span_text(item->valuestring), why);
    if (cJSON_IsNumber(item))
        return add_number(out, item->valuedouble, why);
    if (cJSON_IsBool(item))
        return add_text(out, cJSON_IsTrue(item) ? SPAN("true") : SPAN("false"), why);
    return bad(why, cJSON_IsArray(item) ? "the value is an array in an array" : "the value is an object");
}

static enum jsondoc_value add_array(struct buf *out, const cJSON *array, char separator, const char **why)
{
    const size_t start = out->n;
    const cJSON *element;

    cJSON_ArrayForEach(element, array)
    {
        if (is_nothing(element))
            continue;
        if (out->n > start && !buf_add(out, span_make(&separator, 1)))
            return bad(why, too_long);
        if (add_scalar(out, element, why) == JSONDOC_BAD)
            return JSONDOC_BAD;
    }
    return out->n > start ? JSONDOC_VALUE : JSONDOC_NOTHING;
}

static enum jsondoc_value add_item(struct buf *out, const cJSON *item, char separator, const char **why)
{
    const size_t start = out->n;

    if (item == NULL)
        return JSONDOC_MISSING;
    if (is_nothing(item))
        return JSONDOC_NOTHING;
    enum jsondoc_value value =
        cJSON_IsArray(item) ? add_array(out, item, separator, why) : add_scalar(out, item, why);
    if (value == JSONDOC_BAD)
        out->n = start;
    return value;
}

enum jsondoc_value jsondoc_get(const struct jsondoc *doc, const char *path, char separator, struct buf *out,
                               const char **why)
{
    return add_item(out, find_item(doc->root, path), separator, why);
}

enum jsondoc_type jsondoc_type(const struct jsondoc *doc, const char *path)
{
    const cJSON *item = find_item(doc->root, path);

    if (item == NULL)
        return JSONDOC_ABSENT;
    switch (item->type & 0xFF) {
    case cJSON_False:
        return JSONDOC_FALSE;
    case cJSON_True:
        return JSONDOC_TRUE;
    case cJSON_Number:
        return JSONDOC_NUMBER;
    case cJSON_String:
        return JSONDOC_STRING;
    case cJSON_Array:
        return JSONDOC_ARRAY;
    case cJSON_Object:
        return JSONDOC_OBJECT;
    default:
        return JSONDOC_NULL;
    }
}

struct span jsondoc_string(const struct jsondoc *doc, const char *path)
{
    const cJSON *item = find_item(doc->root, path);
    return span_text(cJSON_IsString(item) ? item->valuestring : NULL);
}

double jsondoc_number(const struct jsondoc *doc, const char *path)
{
    const cJSON *item = find_item(doc->root, path);
    return cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
}

size_t jsondoc_length(const struct jsondoc *doc, const char *path)
{
    const cJSON *item = find_item(doc->root, path);
    return cJSON_IsArray(item) ? (size_t)cJSON_GetArraySize(item) : 0;
}

bool jsondoc_is_object(const struct jsondoc *doc, const char *path)
{
    return cJSON_IsObject(find_item(doc->root, path));
}

size_t jsondoc_names(const struct jsondoc *doc, const char *path, struct span *names, size_t max)
{
    const cJSON *member;
    size_t count = 0;

    cJSON_ArrayForEach(member, find_item(doc->root, path))
    {
        if (count < max)
            names[count] = span_text(member->string);
        count++;
    }
    return count;
}

enum jsondoc_value jsondoc_get_member(const struct jsondoc *doc, const char *path, struct span name, char separator,
                                      struct buf *out, const char **why)
{
    return add_item(out, member_of(find_item(doc->root, path), name), separator, why);
}
