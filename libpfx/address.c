#include "address.h"

#include "utf8.h"

#define END (-1)

/* The bytes of a local part without its quoting, and then those of an extension. */
struct cursor {
    struct span local;
    bool is_quoted;
    struct span extension;
};

/* Where text goes; without memory it is only measured. */
struct sink {
    char *p;
    size_t n;
};

static void put(struct sink *out, char c)
{
    if (out->p != NULL)
        out->p[out->n] = c;
    out->n++;
}

static void put_span(struct sink *out, struct span text)
{
    if (out->p != NULL && text.n > 0)
        memcpy(out->p + out->n, text.p, text.n);
    out->n += text.n;
}

/* What no atom holds. '.' stands between atoms. */
static bool is_special(char c)
{
    return c == ' ' || utf8_is_control(c) || strchr("()<>@,;:\\\"[]", c) != NULL;
}

/* The offset behind the '"' that closes the one at i; beyond the text when it stays open. */
static size_t after_quote(struct span text, size_t i)
{
    for (i++; i < text.n && text.p[i] != '"'; i++) {
        if (text.p[i] == '\\')
            i++;
    }
    return i + 1;
}

/*
 * In external form, with some quoting at least; anything else is taken as it is. Postfix also asks for keys in internal
 * form, in which a backslash outside of quotes is itself; in a result it escapes.
 */
static bool is_quoted(struct span local, bool is_result)
{
    bool has_quoting = false;
    size_t i = 0;

    while (i < local.n) {
        char c = local.p[i];
        bool is_escape = c == '\\' && is_result;
        has_quoting = has_quoting || c == '"' || is_escape;
        if (c != '"' && !is_escape && is_special(c))
            return false;
        if (c == '"')
            i = after_quote(local, i);
        else
            i += is_escape ? 2 : 1;
    }
    return has_quoting && i == local.n;
}

static char take(struct span *text)
{
    char c = *text->p;
    *text = span_skip(*text, 1);
    return c;
}

static int next_byte(struct cursor *cursor)
{
    while (cursor->local.n > 0) {
        char c = take(&cursor->local);
        if (cursor->is_quoted && c == '"')
            continue;
        if (cursor->is_quoted && c == '\\')
            c = take(&cursor->local);
        return (unsigned char)c;
    }
    return cursor->extension.n > 0 ? (unsigned char)take(&cursor->extension) : END;
}

/* Atoms joined by single dots. */
static bool is_dot_string(struct cursor cursor)
{
    int before = '.';

    for (int c; (c = next_byte(&cursor)) != END; before = c) {
        if (is_special((char)c) || (c == '.' && before == '.'))
            return false;
    }
    return before != '.';
}

static void put_plain(struct sink *out, struct cursor cursor)
{
    for (int c; (c = next_byte(&cursor)) != END;)
        put(out, (char)c);
}

/* CR is escaped as Postfix does. */
static void put_external(struct sink *out, struct cursor cursor, bool must_quote)
{
    if (!must_quote && is_dot_string(cursor)) {
        put_plain(out, cursor);
        return;
    }
    put(out, '"');
    for (int c; (c = next_byte(&cursor)) != END;) {
        if (c == '"' || c == '\\' || c == '\r')
            put(out, '\\');
        put(out, (char)c);
    }
    put(out, '"');
}

bool address_name_equal(struct span a, struct span b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++) {
        if (span_lower(a.p[i]) != span_lower(b.p[i]))
            return false;
    }
    return true;
}

struct address address_split(struct span text)
{
    size_t at = span_find_last(text, '@');
    bool has_domain = at < text.n;

    return (struct address){ span_first(text, at), span_skip(text, has_domain ? at + 1 : at), has_domain };
}

/* NAME-request needs a name, owner-NAME does not: so it is in Postfix. */
static bool is_reserved(struct span local, struct span delimiters)
{
    const struct span owner = SPAN("owner-");
    const struct span request = SPAN("-request");

    if (address_name_equal(local, SPAN("postmaster")) || address_name_equal(local, SPAN("mailer-daemon")) ||
        address_name_equal(local, SPAN("double-bounce")))
        return true;
    if (span_find(delimiters, '-') == delimiters.n)
        return false;
    if (local.n >= owner.n && address_name_equal(span_first(local, owner.n), owner))
        return true;
    return local.n > request.n && address_name_equal(span_skip(local, local.n - request.n), request);
}

/* The length of a local part without its extension. */
static size_t bare_length(struct span local, struct span delimiters)
{
    size_t i = 0;

    if (is_reserved(local, delimiters))
        return local.n;
    while (i < local.n && span_find(delimiters, local.p[i]) == delimiters.n)
        i++;
    return i == 0 ? local.n : i;
}

/*
 * The unquoted local part goes to the end of the memory, where the extension stays. The text is written from the
 * beginning, a byte that is read gives at most two, so it never overtakes what is still to be read.
 */
bool address_strip(struct span text, struct span delimiters, char *memory, struct address_stripped *stripped)
{
    const struct address address = address_split(text);
    const bool was_quoted = is_quoted(address.local, false);
    struct sink out = { memory, 0 };

    if (address.local.n == 0)
        return false;
    put_plain(&out, (struct cursor){ .local = address.local, .is_quoted = was_quoted });
    char *end = memory + ADDRESS_STRIP_BYTES(text.n);
    memmove(end - out.n, memory, out.n);
    struct span local = span_make(end - out.n, out.n);
    struct cursor bare = { .local = span_first(local, bare_length(local, delimiters)) };
    if (bare.local.n == local.n)
        return false;

    out.n = 0;
    if (was_quoted)
        put_external(&out, bare, false);
    else
        put_plain(&out, bare);
    put_span(&out, span_skip(text, address.local.n));
    stripped->text = span_make(memory, out.n);
    stripped->extension = span_skip(local, bare.local.n);
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_separator(char c)
{
    return c == ',' || is_blank(c);
}

/* The length of the address, or of the separators, that the list begins with. */
static size_t item_length(struct span list, bool is_address)
{
    size_t i = 0;

    while (i < list.n && is_separator(list.p[i]) == !is_address) {
        if (list.p[i] == '"')
            i = after_quote(list, i);
        else
            i += list.p[i] == '\\' ? 2 : 1;
    }
    return i < list.n ? i : list.n;
}

/* To Postfix, HOST!USER and USER%HOST without a domain are addresses elsewhere. */
static bool has_route(struct span local)
{
    return span_find(local, '!') < local.n || span_find(local, '%') < local.n;
}

static void put_extended(struct sink *out, struct span item, struct span extension)
{
    const struct address address = address_split(item);
    struct cursor local = { address.local, is_quoted(address.local, true), extension };
    bool names_host = !address.has_domain && has_route(address.local) && !local.is_quoted;

    if (address.local.n > 0 && !names_host)
        put_external(out, local, !address.has_domain && has_route(extension));
    else
        put_span(out, address.local);
    put_span(out, span_skip(item, address.local.n));
}

/* Of <user@example.com> the address is what stands between the brackets. */
static void put_item(struct sink *out, struct span item, struct span extension)
{
    size_t open = 0;

    while (open < item.n && item.p[open] != '<')
        open = item.p[open] == '"' ? after_quote(item, open) : open + (item.p[open] == '\\' ? 2 : 1);
    if (open >= item.n || item.p[item.n - 1] != '>') {
        put_extended(out, item, extension);
        return;
    }
    put_span(out, span_first(item, open + 1));
    put_extended(out, span_make(item.p + open + 1, item.n - open - 2), extension);
    put(out, '>');
}

/* Nothing but addresses: no comments, groups or routes, no blanks around '@'. */
static bool is_plain(struct span list)
{
    bool in_literal = false;

    for (size_t i = 0; i < list.n;) {
        char c = list.p[i];
        if (c == '"') {
            i = after_quote(list, i);
            continue;
        }
        in_literal = c == '[' || (in_literal && c != ']');
        if (c == '(' || c == ')' || c == ';' || (c == ':' && !in_literal))
            return false;
        if (c == '@' && ((i > 0 && is_blank(list.p[i - 1])) || (i + 1 < list.n && is_blank(list.p[i + 1]))))
            return false;
        i += c == '\\' ? 2 : 1;
    }
    return true;
}

static size_t extend(char *out, struct span list, struct span extension)
{
    struct sink sink = { out, 0 };

    while (list.n > 0) {
        size_t separators = item_length(list, false);
        put_span(&sink, span_first(list, separators));
        list = span_skip(list, separators);
        size_t item = item_length(list, true);
        if (item > 0)
            put_item(&sink, span_first(list, item), extension);
        list = span_skip(list, item);
    }
    return sink.n;
}

size_t address_extend(char *out, size_t size, struct span list, struct span extension)
{
    bool plain = is_plain(list);
    size_t needed = plain ? extend(NULL, list, extension) : list.n;

    if (needed == 0 || needed > size)
        return needed;
    if (plain)
        extend(out, list, extension);
    else
        memcpy(out, list.p, list.n);
    return needed;
}
