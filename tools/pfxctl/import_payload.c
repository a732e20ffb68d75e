#include "import_write.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "jsondoc.h"
#include "mem.h"

#define MEMBERS_MAX 64

/* A group that stands for a JSON object; it is given up when libconfig cannot say the same. */
struct group {
    const struct jsondoc *doc;
    struct buf *out;
    unsigned depth;
    bool is_flat; /* on one line */
};

static bool add_members(struct group *g, const char *path);

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_of_name(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static bool is_name(struct span name)
{
    for (size_t i = 0; i < name.n; i++)
        if (!is_of_name(name.p[i]))
            return false;
    return name.n > 0 && is_letter(name.p[0]);
}

/* A blank, or the next line with its indentation. */
static void add_break(struct group *g)
{
    if (g->is_flat)
        buf_add(g->out, SPAN(" "));
    else
        buf_format(g->out, "\n%*s", (int)g->depth * 4, "");
}

static bool add_number(struct group *g, double number)
{
    return fabs(number) <= INT32_MAX && number == (int32_t)number && buf_format(g->out, "%" PRId32, (int32_t)number);
}

static bool add_string(struct group *g, struct span text)
{
    char *copy = mem_copy(text.p, text.n);

    import_out_quote(g->out, copy);
    mem_wipe(copy, text.n);
    mem_free(copy);
    return true;
}

static bool add_value(struct group *g, const char *path)
{
    switch (jsondoc_type(g->doc, path)) {
    case JSONDOC_STRING:
        return add_string(g, jsondoc_string(g->doc, path));
    case JSONDOC_TRUE:
        return buf_add(g->out, SPAN("true"));
    case JSONDOC_FALSE:
        return buf_add(g->out, SPAN("false"));
    case JSONDOC_NUMBER:
        return add_number(g, jsondoc_number(g->doc, path));
    case JSONDOC_OBJECT:
        return add_members(g, path);
    default: /* null; an array would be a list, whose strings stand for other strings */
        return false;
    }
}

static bool add_member(struct group *g, const char *path, struct span name)
{
    if (!is_name(name))
        return false;
    add_break(g);
    buf_format(g->out, "%.*s = ", (int)name.n, name.p);
    char *below = mem_format("%s%s%.*s", path, path[0] == '\0' ? "" : ".", (int)name.n, name.p);
    bool ok = add_value(g, below) && buf_add(g->out, SPAN(";"));
    mem_free(below);
    return ok;
}

static bool add_members(struct group *g, const char *path)
{
    struct span names[MEMBERS_MAX];
    size_t count = jsondoc_names(g->doc, path, names, MEMBERS_MAX);
    bool ok = count <= MEMBERS_MAX && buf_add(g->out, SPAN("{"));

    g->depth++;
    for (size_t i = 0; ok && i < count; i++)
        ok = add_member(g, path, names[i]);
    g->depth--;
    if (ok)
        add_break(g);
    return ok && buf_add(g->out, SPAN("}"));
}

static bool make_group(const struct jsondoc *doc, struct buf *out, unsigned depth, bool is_flat)
{
    struct group g = { .doc = doc, .out = out, .depth = depth, .is_flat = is_flat };

    buf_clear(out);
    return add_members(&g, "");
}

/* As a group, which needs no quotes in quotes. */
static bool write_group(struct import *im, const char *text)
{
    const char *why;
    struct jsondoc *doc = jsondoc_parse(span_text(text), &why);
    struct buf group;

    if (doc == NULL)
        return false;
    buf_init(&group, IMPORT_PART_MAX_BYTES);
    group.secret = true;
    bool ok = jsondoc_is_object(doc, "") && make_group(doc, &group, im->depth, true);
    if (ok && group.n + im->depth * 4 + sizeof("payload = ;") > IMPORT_OUT_COLUMNS)
        ok = make_group(doc, &group, im->depth, false);
    if (ok)
        import_out_line(im, "payload = %.*s;", (int)group.n, group.p);
    buf_free(&group);
    jsondoc_free(&doc);
    return ok;
}

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t\r\n");
}

/* Does a template of Go begin here that is not {{ .Key }}? */
static bool is_foreign(const char *at)
{
    at = skip_blanks(at + 2);
    if (strncmp(at, ".Key", 4) != 0)
        return true;
    return strncmp(skip_blanks(at + 4), "}}", 2) != 0;
}

static void check_template(struct import *im, const struct yamldoc_member *member, const char *text)
{
    for (const char *at = strstr(text, "{{"); at != NULL; at = strstr(at + 2, "{{")) {
        if (!is_foreign(at))
            continue;
        import_out_note(im, member->line, "payload", "holds a template of Go that pfx does not know; of those it knows "
                        "{{ .Key }}, and others of its own, see TEMPLATES in pfx.cfg(5)");
        return;
    }
}

void import_payload_write(struct import *im, const struct yamldoc_member *member)
{
    const char *text = import_value_text(im, member);

    if (text == NULL)
        return;
    text = skip_blanks(text);
    size_t n = strlen(text);
    while (n > 0 && strchr(" \t\r\n", text[n - 1]) != NULL)
        n--;
    char *trimmed = mem_copy(text, n);
    char *doubled = import_out_percent(trimmed);
    check_template(im, member, trimmed);
    if (!write_group(im, doubled))
        import_out_string(im, "payload", doubled);
    mem_wiping_free(doubled);
    mem_wiping_free(trimmed);
}
