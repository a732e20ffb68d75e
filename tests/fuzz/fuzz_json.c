/*
 * The body of an answer: is it JSON, and what are the values in it; against cJSON, which is more lenient. The first
 * line is the path of a member, the rest the body; and it is text that goes into JSON.
 */
#include "fuzz.h"

#include <cjson/cJSON.h>
#include <math.h>

#include "json.h"
#include "jsondoc.h"
#include "utf8.h"

#define OUT_MAX_BYTES 1000
#define NAMES_MAX     4

/* Whatever is good to us is good to cJSON; a NUL would end its text. */
static void compare_parsers(struct span body, bool is_good)
{
    cJSON *theirs = cJSON_ParseWithLength(body.p, body.n);

    FUZZ_HOLDS(!is_good || theirs != NULL);
    cJSON_Delete(theirs);
}

static void check_number(const struct jsondoc *doc, const char *path, enum jsondoc_value value, struct span text)
{
    double number = jsondoc_number(doc, path);
    char copy[40];

    FUZZ_HOLDS(value == (fabs(number) <= JSONDOC_INTEGER_MAX ? JSONDOC_VALUE : JSONDOC_BAD));
    if (value == JSONDOC_BAD)
        return;
    FUZZ_HOLDS(text.n < sizeof(copy));
    snprintf(copy, sizeof(copy), "%.*s", (int)text.n, text.p);
    FUZZ_HOLDS(strtod(copy, NULL) == number);
    FUZZ_HOLDS(number != (double)(int64_t)number || strspn(copy, "-0123456789") == text.n);
}

static void check_value(const struct jsondoc *doc, const char *path)
{
    enum jsondoc_type type = jsondoc_type(doc, path);
    const char *why = NULL;
    struct buf out;

    buf_init(&out, OUT_MAX_BYTES);
    enum jsondoc_value value = jsondoc_get(doc, path, ',', &out, &why);
    FUZZ_HOLDS((value == JSONDOC_VALUE) == (out.n > 0) && (value == JSONDOC_BAD) == (why != NULL));
    FUZZ_HOLDS((value == JSONDOC_MISSING) == (type == JSONDOC_ABSENT));
    FUZZ_HOLDS(utf8_valid(buf_span(&out)) && span_find(buf_span(&out), '\0') == out.n);
    FUZZ_HOLDS(type != JSONDOC_OBJECT || value == JSONDOC_BAD);
    FUZZ_HOLDS(type != JSONDOC_NULL || value == JSONDOC_NOTHING);
    if (type == JSONDOC_NUMBER)
        check_number(doc, path, value, buf_span(&out));
    if (type == JSONDOC_STRING && value == JSONDOC_VALUE)
        FUZZ_HOLDS(span_equal(jsondoc_string(doc, path), buf_span(&out)));
    buf_free(&out);
}

static void check_members(const struct jsondoc *doc, const char *path)
{
    struct span names[NAMES_MAX];
    size_t count = jsondoc_names(doc, path, names, NAMES_MAX);
    const char *why;
    struct buf out;

    if (!jsondoc_is_object(doc, path))
        return;
    buf_init(&out, OUT_MAX_BYTES);
    for (size_t i = 0; i < count && i < NAMES_MAX; i++)
        FUZZ_HOLDS(jsondoc_get_member(doc, path, names[i], ',', &out, &why) != JSONDOC_MISSING);
    buf_free(&out);
}

static void check_document(struct span body, const char *path)
{
    const char *why;
    char *copy = fuzz_copy(body);
    bool is_good = json_check(span_make(copy, body.n), &why);
    struct jsondoc *doc = jsondoc_parse(span_make(copy, body.n), &why);

    compare_parsers(span_make(copy, body.n), is_good);
    FUZZ_HOLDS(doc == NULL || (is_good && utf8_valid(body)));
    if (doc != NULL) {
        check_value(doc, "");
        check_value(doc, path);
        check_members(doc, "");
        check_members(doc, path);
    }
    jsondoc_free(&doc);
    free(copy);
}

/* A text in quotes is JSON, and cJSON reads the same text in it. */
static void check_escape(struct span text)
{
    size_t size = json_escape(NULL, 0, text);
    char *out = fuzz_memory(size + 2);
    const char *why;

    FUZZ_HOLDS(json_escape(out + 1, size, text) == size);
    out[0] = out[size + 1] = '"';
    FUZZ_HOLDS(json_check(span_make(out, size + 2), &why));
    cJSON *theirs = cJSON_ParseWithLength(out, size + 2);
    FUZZ_HOLDS(cJSON_IsString(theirs) && span_equal(span_text(theirs->valuestring), text));
    cJSON_Delete(theirs);
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span body = span_make((const char *)data, size);
    struct span first = fuzz_take_until(&body, '\n');
    char *path = strndup(first.n == 0 ? "" : first.p, first.n);

    FUZZ_HOLDS(path != NULL);
    check_document(body, path);
    if (utf8_valid(body) && span_find(body, '\0') == body.n)
        check_escape(body);
    free(path);
    return 0;
}
