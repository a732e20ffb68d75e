/*
 * Templates, and hostile values in them: whatever is put in stays in its place.
 *
 * The first two bytes choose dialect and escape. Then come lines: the template, a key, a value, and attributes
 * NAME=VALUE.
 */
#include "fuzz.h"

#include "buf.h"
#include "json.h"
#include "template.h"

#define ATTRIBUTES_MAX 8
#define WORD           "w"

static struct span expand(const struct template_piece *pieces, size_t count, enum template_escape escape,
                          const struct template_values *values, enum template_outcome *outcome)
{
    size_t needed, again;

    *outcome = template_expand(pieces, count, escape, values, NULL, 0, &needed);
    char *out = fuzz_memory(needed);
    FUZZ_HOLDS(template_expand(pieces, count, escape, values, out, needed, &again) == *outcome && again == needed);
    FUZZ_HOLDS(*outcome == TEMPLATE_DONE || needed == 0);
    return span_make(out, needed);
}

static bool is_of_url(struct span text)
{
    static const char unreserved[] = "-._~%";

    for (size_t i = 0; i < text.n; i++) {
        char c = span_lower(text.p[i]);
        bool is_alphanumeric = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!is_alphanumeric && (c == '\0' || strchr(unreserved, c) == NULL))
            return false;
        if (c == '%' && (text.n - i < 3 || strspn(text.p + i + 1, "0123456789ABCDEF") < 2))
            return false;
    }
    return true;
}

static bool is_of_header(struct span text)
{
    return memchr(text.p, '\r', text.n) == NULL && memchr(text.p, '\n', text.n) == NULL &&
           memchr(text.p, '\0', text.n) == NULL;
}

/* What one piece becomes; a NUL behind it for is_of_url(). */
static void check_piece(const struct template_piece *piece, enum template_escape escape, struct span expanded)
{
    char *text = strndup(expanded.p, expanded.n);

    FUZZ_HOLDS(text != NULL);
    if (piece->what == TEMPLATE_TEXT)
        FUZZ_HOLDS(span_equal(piece->text, expanded));
    else if (escape == TEMPLATE_ESCAPE_URL)
        FUZZ_HOLDS(strlen(text) == expanded.n && is_of_url(span_make(text, expanded.n)));
    else if (escape == TEMPLATE_ESCAPE_HEADER && piece->what != TEMPLATE_ATTRIBUTES && piece->what != TEMPLATE_KEYS)
        FUZZ_HOLDS(is_of_header(expanded));
    free(text);
}

/* The whole is its pieces, one after the other. */
static void check_pieces(const struct template_piece *pieces, size_t count, enum template_escape escape,
                         const struct template_values *values, struct span whole)
{
    enum template_outcome outcome;

    for (size_t i = 0; i < count; i++) {
        struct span part = expand(&pieces[i], 1, escape, values, &outcome);
        FUZZ_HOLDS(outcome == TEMPLATE_DONE && part.n <= whole.n && span_equal(span_first(whole, part.n), part));
        check_piece(&pieces[i], escape, part);
        whole = span_skip(whole, part.n);
        free((char *)(size_t)part.p);
    }
    FUZZ_HOLDS(whole.n == 0);
}

/* No protocol lets a NUL come so far, and no JSON of ours may hold one. */
static bool has_nul(const struct template_values *values)
{
    bool has = span_find(values->key, '\0') < values->key.n;

    for (size_t i = 0; i < values->object_count; i++)
        has = has || span_find(values->object[i].name, '\0') < values->object[i].name.n ||
              span_find(values->object[i].value, '\0') < values->object[i].value.n;
    return has || span_find(values->value, '\0') < values->value.n;
}

/* JSON without what stands in its strings. */
static void add_skeleton(struct buf *skeleton, struct span json)
{
    bool is_inside = false;

    for (size_t i = 0; i < json.n; i++) {
        if (json.p[i] == '"')
            is_inside = !is_inside;
        if (!is_inside || json.p[i] == '"')
            buf_add(skeleton, span_make(&json.p[i], 1));
        if (is_inside && json.p[i] == '\\')
            i++;
    }
}

static void compare_shapes(struct span a, struct span b)
{
    struct buf of_a, of_b;
    const char *why;

    buf_init(&of_a, a.n);
    buf_init(&of_b, b.n);
    add_skeleton(&of_a, a);
    add_skeleton(&of_b, b);
    FUZZ_HOLDS(json_check(b, &why) && span_equal(buf_span(&of_a), buf_span(&of_b)));
    buf_free(&of_a);
    buf_free(&of_b);
}

/* As many values, and all of them a word: what is JSON with them is JSON of that shape with any. */
static void check_json(const struct template_piece *pieces, size_t count, const struct template_values *values,
                       struct span expanded)
{
    struct attribute attributes[ATTRIBUTES_MAX];
    struct template_values tame = { .key = SPAN(WORD "@" WORD "." WORD "." WORD "." WORD "." WORD "." WORD "." WORD "."
                                                WORD "." WORD), .value = SPAN(WORD "@" WORD) };
    static struct keys keys;
    enum template_outcome outcome;
    const char *why;

    for (size_t i = 0; i < values->object_count; i++)
        attributes[i] = (struct attribute){ values->object[i].name, SPAN(WORD) };
    for (keys.count = 0; keys.count < values->keys->count; keys.count++)
        keys.candidate[keys.count].text = SPAN(WORD);
    tame.keys = &keys;
    tame.attributes = tame.object = attributes;
    tame.attribute_count = tame.object_count = values->object_count;
    struct span words = expand(pieces, count, TEMPLATE_ESCAPE_JSON, &tame, &outcome);
    if (outcome == TEMPLATE_DONE && json_check(words, &why))
        compare_shapes(words, expanded);
    free((char *)(size_t)words.p);
}

static void check_values(const struct template_piece *pieces, size_t count, enum template_escape escape,
                         const struct template_values *values)
{
    enum template_outcome outcome;
    struct span expanded = expand(pieces, count, escape, values, &outcome);

    if (template_is_suppressed(pieces, count, values))
        FUZZ_HOLDS(outcome != TEMPLATE_DONE);
    if (outcome == TEMPLATE_DONE) {
        check_pieces(pieces, count, escape, values, expanded);
        if (escape == TEMPLATE_ESCAPE_JSON && !has_nul(values))
            check_json(pieces, count, values, expanded);
    }
    free((char *)(size_t)expanded.p);
}

static size_t take_attributes(struct span *rest, struct attribute *attributes)
{
    size_t count = 0;

    while (rest->n > 0 && count < ATTRIBUTES_MAX) {
        struct span value = fuzz_take_until(rest, '\n');
        struct span name = fuzz_take_until(&value, '=');
        attributes[count++] = (struct attribute){ name, value };
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = span_make((const char *)data, size);
    enum template_dialect dialect = (enum template_dialect)(fuzz_take_byte(&in) % (TEMPLATE_OF_LOGIN_PAYLOAD + 1));
    enum template_escape escape = (enum template_escape)(fuzz_take_byte(&in) % (TEMPLATE_ESCAPE_NONE + 1));
    struct span text = fuzz_take_until(&in, '\n');
    struct template_values values = { .key = fuzz_take_until(&in, '\n') };
    struct template_piece pieces[TEMPLATE_PIECES_MAX];
    struct attribute attributes[ATTRIBUTES_MAX];
    struct keys_rules rules = { .delimiters = SPAN("+") };
    static struct keys keys;
    const char *why;
    size_t count;

    values.value = fuzz_take_until(&in, '\n');
    values.attribute_count = values.object_count = take_attributes(&in, attributes);
    values.attributes = values.object = attributes;
    if (!template_parse(text, dialect, pieces, &count, &why)) {
        FUZZ_HOLDS(why != NULL);
        return 0;
    }
    FUZZ_HOLDS(count <= TEMPLATE_PIECES_MAX);
    char *memory = fuzz_memory(KEYS_MEMORY_BYTES(values.key.n));
    rules.forms = keys_of_word(SPAN("virtual"), &rules.form_count);
    keys_expand(&rules, values.key, memory, &keys);
    values.keys = &keys;
    check_values(pieces, count, escape, &values);
    free(memory);
    return 0;
}
