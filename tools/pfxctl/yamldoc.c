#include "yamldoc.h"

#include <stdlib.h>
#include <strings.h>
#include <yaml.h>

#include "mem.h"

static const char merge_name[] = "<<";
static const char string_tag[] = YAML_STR_TAG;

struct anchor {
    char *name;
    const struct yamldoc_node *node;
};

struct yamldoc {
    const struct yamldoc_node *root;
    struct yamldoc_node **nodes;
    size_t count;
    size_t room;
};

struct reader {
    yaml_parser_t parser;
    struct yamldoc *doc;
    struct anchor *anchors;
    size_t anchor_count;
    size_t anchor_room;
    size_t weight; /* nodes and members so far */
    char *error;
};

static const struct yamldoc_node *read_node(struct reader *r, const yaml_event_t *event, int depth);

/* Only the first mistake is told. */
static bool fail(struct reader *r, yaml_mark_t mark, const char *why)
{
    if (r->error == NULL)
        r->error = mem_format("%zu:%zu: %s", mark.line + 1, mark.column + 1, why);
    return false;
}

static bool next_event(struct reader *r, yaml_event_t *event)
{
    if (yaml_parser_parse(&r->parser, event))
        return true;
    yaml_mark_t mark = r->parser.problem_mark;
    if (r->parser.error == YAML_READER_ERROR)
        mark = r->parser.mark;
    return fail(r, mark, r->parser.problem != NULL ? r->parser.problem : "is no YAML");
}

static bool add_weight(struct reader *r, yaml_mark_t mark)
{
    return r->weight++ < YAMLDOC_NODES_MAX ||
           fail(r, mark, "more than " SPAN_NUMBER_TEXT(YAMLDOC_NODES_MAX) " values");
}

static struct yamldoc_node *add_node(struct reader *r, enum yamldoc_kind kind, yaml_mark_t mark)
{
    struct yamldoc *doc = r->doc;

    if (!add_weight(r, mark))
        return NULL;
    struct yamldoc_node *node = mem_alloc(sizeof(*node));
    node->kind = kind;
    node->line = (unsigned)mark.line + 1;
    doc->nodes = mem_grow(doc->nodes, doc->count, &doc->room, sizeof(struct yamldoc_node *));
    doc->nodes[doc->count++] = node;
    return node;
}

static bool add_member(struct reader *r, struct yamldoc_node *node, struct yamldoc_member member, yaml_mark_t mark)
{
    if (!add_weight(r, mark))
        return false;
    node->members = mem_grow(node->members, node->count, &node->room, sizeof(struct yamldoc_member));
    node->members[node->count++] = member;
    return true;
}

static void add_anchor(struct reader *r, const yaml_char_t *name, const struct yamldoc_node *node)
{
    if (name == NULL || node == NULL)
        return;
    r->anchors = mem_grow(r->anchors, r->anchor_count, &r->anchor_room, sizeof(struct anchor));
    r->anchors[r->anchor_count++] = (struct anchor){ mem_string((const char *)name), node };
}

/* The last one of that name that is complete, so that nothing holds itself. */
static const struct yamldoc_node *find_anchor(struct reader *r, const yaml_event_t *event)
{
    for (size_t i = r->anchor_count; i > 0; i--)
        if (strcmp(r->anchors[i - 1].name, (const char *)event->data.alias.anchor) == 0)
            return r->anchors[i - 1].node;
    fail(r, event->start_mark, "an alias without an anchor that is complete before it");
    return NULL;
}

static bool check_tag(struct reader *r, const yaml_char_t *tag, yaml_mark_t mark)
{
    static const char *const known[] = { string_tag, YAML_INT_TAG, YAML_FLOAT_TAG, YAML_BOOL_TAG, YAML_NULL_TAG,
                                         YAML_MAP_TAG, YAML_SEQ_TAG };

    for (size_t i = 0; tag != NULL && i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp((const char *)tag, known[i]) == 0)
            return true;
    return tag == NULL || fail(r, mark, "a tag that is not known");
}

static const struct yamldoc_node *read_scalar(struct reader *r, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t n = event->data.scalar.length;
    const char *tag = (const char *)event->data.scalar.tag;

    if (!check_tag(r, event->data.scalar.tag, event->start_mark))
        return NULL;
    if (memchr(text, '\0', n) != NULL) {
        fail(r, event->start_mark, "a NUL byte");
        return NULL;
    }
    struct yamldoc_node *node = add_node(r, YAMLDOC_SCALAR, event->start_mark);
    if (node == NULL)
        return NULL;
    node->text = mem_copy(text, n);
    node->is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
                     (tag == NULL || strcmp(tag, string_tag) != 0);
    add_anchor(r, event->data.scalar.anchor, node);
    return node;
}

static bool merge_map(struct reader *r, struct yamldoc_node *map, const struct yamldoc_node *from, yaml_mark_t mark)
{
    if (from->kind != YAMLDOC_MAP)
        return fail(r, mark, "\"<<\" needs a map, or a list of them");
    for (size_t i = 0; i < from->count; i++) {
        struct yamldoc_member member = from->members[i];
        if (yamldoc_find(map, member.name) != NULL)
            continue;
        member.name = mem_string(member.name);
        if (!add_member(r, map, member, mark)) {
            mem_free(member.name);
            return false;
        }
    }
    return true;
}

/* What stands in the map itself comes first, so it wins; of several maps the first does. */
static bool merge(struct reader *r, struct yamldoc_node *map, const struct yamldoc_node *from, yaml_mark_t mark)
{
    if (from->kind != YAMLDOC_LIST)
        return merge_map(r, map, from, mark);
    for (size_t i = 0; i < from->count; i++)
        if (!merge_map(r, map, from->members[i].value, mark))
            return false;
    return true;
}

static const struct yamldoc_node *read_value(struct reader *r, int depth)
{
    yaml_event_t event;
    const struct yamldoc_node *node;

    if (!next_event(r, &event))
        return NULL;
    node = read_node(r, &event, depth);
    yaml_event_delete(&event);
    return node;
}

/* A name and its value; those of "<<" wait in *merged for the end of the map. */
static bool read_member(struct reader *r, struct yamldoc_node *map, const yaml_event_t *name, int depth,
                        const struct yamldoc_node **merged)
{
    struct yamldoc_member member = { .line = (unsigned)name->start_mark.line + 1 };

    if (name->type != YAML_SCALAR_EVENT)
        return fail(r, name->start_mark, "the name of a member must be a scalar");
    const char *text = (const char *)name->data.scalar.value;
    bool is_merge = name->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && strcmp(text, merge_name) == 0;
    if (memchr(text, '\0', name->data.scalar.length) != NULL)
        return fail(r, name->start_mark, "a NUL byte");
    if (yamldoc_find(map, text) != NULL || (is_merge && *merged != NULL))
        return fail(r, name->start_mark, "a name that stands twice in its map");
    member.value = read_value(r, depth);
    if (member.value == NULL)
        return false;
    if (is_merge) {
        *merged = member.value;
        return true;
    }
    member.name = mem_string(text);
    if (add_member(r, map, member, name->start_mark))
        return true;
    mem_free(member.name);
    return false;
}

static bool read_members(struct reader *r, struct yamldoc_node *map, int depth)
{
    const struct yamldoc_node *merged = NULL;
    yaml_event_t event;
    bool ok = true, is_end = false;

    while (ok && !is_end) {
        if (!next_event(r, &event))
            return false;
        is_end = event.type == YAML_MAPPING_END_EVENT;
        if (!is_end)
            ok = read_member(r, map, &event, depth, &merged);
        else if (merged != NULL)
            ok = merge(r, map, merged, event.start_mark);
        yaml_event_delete(&event);
    }
    return ok;
}

static bool read_items(struct reader *r, struct yamldoc_node *list, int depth)
{
    yaml_event_t event;
    bool ok = true, is_end = false;

    while (ok && !is_end) {
        if (!next_event(r, &event))
            return false;
        is_end = event.type == YAML_SEQUENCE_END_EVENT;
        if (!is_end) {
            struct yamldoc_member item = { .line = (unsigned)event.start_mark.line + 1 };
            item.value = read_node(r, &event, depth);
            ok = item.value != NULL && add_member(r, list, item, event.start_mark);
        }
        yaml_event_delete(&event);
    }
    return ok;
}

static const struct yamldoc_node *read_group(struct reader *r, const yaml_event_t *event, int depth)
{
    bool is_map = event->type == YAML_MAPPING_START_EVENT;
    const yaml_char_t *tag = is_map ? event->data.mapping_start.tag : event->data.sequence_start.tag;
    const yaml_char_t *anchor = is_map ? event->data.mapping_start.anchor : event->data.sequence_start.anchor;

    if (depth == YAMLDOC_DEPTH_MAX) {
        fail(r, event->start_mark, "more than " SPAN_NUMBER_TEXT(YAMLDOC_DEPTH_MAX) " levels");
        return NULL;
    }
    if (!check_tag(r, tag, event->start_mark))
        return NULL;
    struct yamldoc_node *node = add_node(r, is_map ? YAMLDOC_MAP : YAMLDOC_LIST, event->start_mark);
    if (node == NULL || !(is_map ? read_members : read_items)(r, node, depth + 1))
        return NULL;
    add_anchor(r, anchor, node);
    return node;
}

static const struct yamldoc_node *read_node(struct reader *r, const yaml_event_t *event, int depth)
{
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return find_anchor(r, event);
    case YAML_SCALAR_EVENT:
        return read_scalar(r, event);
    case YAML_MAPPING_START_EVENT:
    case YAML_SEQUENCE_START_EVENT:
        return read_group(r, event, depth);
    default:
        fail(r, event->start_mark, "a value is missing");
        return NULL;
    }
}

/* The stream, its one document and the ends of both. */
static bool read_stream(struct reader *r)
{
    yaml_event_t event;
    bool ok = true, is_end = false;

    while (ok && !is_end) {
        if (!next_event(r, &event))
            return false;
        is_end = event.type == YAML_STREAM_END_EVENT;
        if (event.type == YAML_DOCUMENT_START_EVENT) {
            ok = r->doc->root == NULL || fail(r, event.start_mark, "a second document begins here");
            r->doc->root = ok ? read_value(r, 0) : NULL;
            ok = r->doc->root != NULL;
        }
        yaml_event_delete(&event);
    }
    if (ok && r->doc->root == NULL)
        return fail(r, (yaml_mark_t){ .line = 0 }, "there is nothing in it");
    return ok;
}

static void free_anchors(struct reader *r)
{
    for (size_t i = 0; i < r->anchor_count; i++)
        mem_free(r->anchors[i].name);
    mem_free(r->anchors);
}

struct yamldoc *yamldoc_parse(struct span text, char **error)
{
    struct yamldoc *doc = mem_alloc(sizeof(*doc));
    struct reader r = { .doc = doc };
    bool ok;

    if ((long)text.n > YAMLDOC_MAX_BYTES) {
        ok = fail(&r, (yaml_mark_t){ .line = 0 }, "is larger than 1M");
    } else if (!yaml_parser_initialize(&r.parser)) {
        ok = fail(&r, (yaml_mark_t){ .line = 0 }, "no memory for it");
    } else {
        yaml_parser_set_input_string(&r.parser, (const unsigned char *)(text.n == 0 ? "" : text.p), text.n);
        ok = read_stream(&r);
        yaml_parser_delete(&r.parser);
    }
    free_anchors(&r);
    if (!ok)
        yamldoc_free(&doc);
    *error = r.error;
    return doc;
}

static void free_node(struct yamldoc_node *node)
{
    if (node->text != NULL)
        mem_wipe(node->text, strlen(node->text));
    mem_free(node->text);
    for (size_t i = 0; i < node->count; i++)
        mem_free(node->members[i].name);
    mem_free(node->members);
    mem_free(node);
}

void yamldoc_free(struct yamldoc **doc)
{
    if (*doc == NULL)
        return;
    for (size_t i = 0; i < (*doc)->count; i++)
        free_node((*doc)->nodes[i]);
    mem_free((*doc)->nodes);
    mem_free(*doc);
    *doc = NULL;
}

const struct yamldoc_node *yamldoc_root(const struct yamldoc *doc)
{
    return doc->root;
}

const struct yamldoc_member *yamldoc_find(const struct yamldoc_node *map, const char *name)
{
    if (map == NULL || map->kind != YAMLDOC_MAP)
        return NULL;
    for (size_t i = 0; i < map->count; i++)
        if (strcasecmp(map->members[i].name, name) == 0)
            return &map->members[i];
    return NULL;
}

bool yamldoc_is_null(const struct yamldoc_node *node)
{
    return node->kind == YAMLDOC_SCALAR && node->is_plain &&
           (node->text[0] == '\0' || strcmp(node->text, "~") == 0 || strcasecmp(node->text, "null") == 0);
}
