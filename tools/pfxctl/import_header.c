#include "import_write.h"

#include <string.h>
#include <strings.h>

#include "config_check.h"
#include "mem.h"

static const char authorization[] = "Authorization";
static const char content_type[] = "Content-Type";
static const char form_type[] = "application/x-www-form-urlencoded";

struct header {
    struct span name;
    struct span value;
};

static struct span trim(struct span text)
{
    while (text.n > 0 && strchr(" \t\r\n", text.p[0]) != NULL)
        text = span_skip(text, 1);
    while (text.n > 0 && strchr(" \t\r\n", text.p[text.n - 1]) != NULL)
        text.n--;
    return text;
}

/* pfxhttp sends what has a name and a value, and nothing else. */
static bool split(const struct yamldoc_node *node, struct header *header)
{
    struct span line = span_text(node->kind == YAMLDOC_SCALAR ? node->text : "");
    size_t colon = span_find(line, ':');

    if (colon == line.n)
        return false;
    header->name = trim(span_first(line, colon));
    header->value = trim(span_skip(line, colon + 1));
    return header->name.n > 0 && header->value.n > 0;
}

static bool is_named(const struct header *header, const char *name)
{
    return header->name.n == strlen(name) && strncasecmp(header->name.p, name, header->name.n) == 0;
}

/* A list, or a single one. */
static size_t count_of(const struct yamldoc_node *node)
{
    return node->kind == YAMLDOC_LIST ? node->count : 1;
}

static const struct yamldoc_node *item_of(const struct yamldoc_node *node, size_t i)
{
    return node->kind == YAMLDOC_LIST ? node->members[i].value : node;
}

bool import_header_has(const struct yamldoc_node *entry, const char *name)
{
    const struct yamldoc_member *list = yamldoc_find(entry, "custom_headers");
    struct header header;

    for (size_t i = 0; list != NULL && i < count_of(list->value); i++)
        if (split(item_of(list->value, i), &header) && is_named(&header, name))
            return true;
    return false;
}

/* Of two with one name pfxhttp sends the last. */
static bool comes_again(const struct yamldoc_node *list, size_t i, const struct header *header)
{
    struct header other;

    for (i++; i < count_of(list); i++)
        if (split(item_of(list, i), &other) && other.name.n == header->name.n &&
            strncasecmp(other.name.p, header->name.p, other.name.n) == 0)
            return true;
    return false;
}

static bool is_reserved(const struct header *header)
{
    static const char *const names[] = { "Content-Length", "Transfer-Encoding", "Connection", "Expect",
                                         "X-Request-Id" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (is_named(header, names[i]))
            return true;
    return false;
}

static bool is_form_type(const struct header *header)
{
    return is_named(header, content_type) && span_begins_nocase(header->value, form_type);
}

/* Why it is left out, or NULL. */
static const char *judge(const struct import *im, const struct yamldoc_node *list, size_t i, struct header *header)
{
    if (!split(item_of(list, i), header) || !config_check_is_token(header->name))
        return "one of them is no \"Name: value\", and left out, as pfxhttp does";
    if (comes_again(list, i, header))
        return "a header stands twice: the last one counts, and the other is left out";
    if (is_reserved(header))
        return "one of them is set by pfx itself, and left out";
    if (im->drops_header && is_named(header, authorization))
        return "Authorization is left out: pfxhttp puts the token of backend_oidc_auth in its place";
    return NULL;
}

/* The elements of the list, each on a line; returns whether one is a secret. */
static bool write_items(struct import *im, const struct yamldoc_member *member, struct buf *items)
{
    const struct yamldoc_node *list = member->value;
    bool has_secret = false;

    for (size_t i = 0; i < count_of(list); i++) {
        struct header header;
        const char *why = judge(im, list, i, &header);
        if (why != NULL)
            import_out_note(im, item_of(list, i)->line, "custom_headers", "%s", why);
        if (why != NULL || (is_form_type(&header) && im->section != CONFIG_DOVECOT_SASL))
            continue;
        char *line = mem_format("%.*s: %.*s", (int)header.name.n, header.name.p, (int)header.value.n, header.value.p);
        char *doubled = import_out_percent(line);
        buf_format(items, "%s\n%*s", items->n == 0 ? "" : ",", (int)(im->depth + 1) * 4, "");
        import_out_quote(items, doubled);
        has_secret = has_secret || is_named(&header, authorization);
        mem_wiping_free(doubled);
        mem_wiping_free(line);
    }
    return has_secret;
}

/* What the payload is, for pfx which looks at it. */
static void write_type(struct import *im, const struct yamldoc_node *list)
{
    struct header header;

    for (size_t i = 0; im->section != CONFIG_DOVECOT_SASL && i < count_of(list); i++)
        if (split(item_of(list, i), &header) && !comes_again(list, i, &header) && is_form_type(&header))
            import_out_string(im, "content_type", form_type);
}

static void tell_secret(struct import *im)
{
    import_out_comment(im, "Instead of \"Authorization: Bearer TOKEN\", in a file that only root can read:");
    import_out_comment(im, "http_auth_bearer = { file = \"/etc/postfix/%s.secret\"; };",
                       im->entry == im->defaults ? im->path[0] : im->path[1]);
}

void import_header_write(struct import *im, const struct yamldoc_member *member)
{
    struct buf items;

    if (member->value->kind == YAMLDOC_MAP) {
        import_out_note(im, member->line, "custom_headers", "must be a list of \"Name: value\"; left out");
        return;
    }
    if (!import_value_counts(member->value))
        return;
    buf_init(&items, IMPORT_PART_MAX_BYTES);
    items.secret = true;
    write_type(im, member->value);
    if (write_items(im, member, &items))
        tell_secret(im);
    if (items.n > 0)
        import_out_line(im, "custom_headers = [%.*s\n%*s];", (int)items.n, items.p, (int)im->depth * 4, "");
    buf_free(&items);
}
