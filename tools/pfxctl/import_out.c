#include "import_out.h"

#include <stdarg.h>
#include <string.h>

#include "mem.h"
#include "utf8.h"

#define INDENT 4
#define TEXT_MAX_BYTES 4096

static void add(struct import *im, struct span text)
{
    if (!buf_add(im->out, text))
        im->is_full = true;
}

static void indent(struct import *im)
{
    for (unsigned i = 0; i < im->depth; i++)
        add(im, SPAN("    "));
}

void import_out_line(struct import *im, const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    int n = vasprintf(&text, format, args);
    va_end(args);
    if (n < 0) {
        im->is_full = true;
        return;
    }
    indent(im);
    add(im, span_make(text, (size_t)n));
    add(im, SPAN("\n"));
    mem_wiping_free(text);
}

static bool ends_with(const struct buf *b, struct span end)
{
    return b->n >= end.n && memcmp(b->p + b->n - end.n, end.p, end.n) == 0;
}

void import_out_blank(struct import *im)
{
    if (!ends_with(im->out, SPAN("\n\n")) && !ends_with(im->out, SPAN("{\n")))
        add(im, SPAN("\n"));
}

void import_out_open(struct import *im, const char *name)
{
    import_out_line(im, "%s = {", name);
    im->depth++;
}

void import_out_close(struct import *im)
{
    im->depth--;
    import_out_line(im, "};");
}

void import_out_quote(struct buf *b, const char *text)
{
    static const char escaped[] = "\"\\\n\r\t\f", letters[] = "\"\\nrtf";

    buf_add(b, SPAN("\""));
    for (; *text != '\0'; text++) {
        const char *at = strchr(escaped, *text);
        if (at != NULL)
            buf_format(b, "\\%c", letters[at - escaped]);
        else if (utf8_is_control(*text))
            buf_format(b, "\\x%02x", (unsigned char)*text);
        else
            buf_add(b, span_make(text, 1));
    }
    buf_add(b, SPAN("\""));
}

void import_out_string(struct import *im, const char *name, const char *text)
{
    struct buf quoted;

    buf_init(&quoted, IMPORT_PART_MAX_BYTES);
    quoted.secret = true;
    import_out_quote(&quoted, text);
    indent(im);
    add(im, span_text(name));
    add(im, SPAN(" = "));
    add(im, buf_span(&quoted));
    add(im, SPAN(";\n"));
    buf_free(&quoted);
}

/* How much of the text fits in a line of that many columns, whole words if there is more than one. */
static size_t fit(struct span text, size_t columns)
{
    size_t n = text.n;

    if (n <= columns)
        return n;
    for (n = columns; n > 0 && text.p[n] != ' '; n--)
        ;
    return n > 0 ? n : span_find(text, ' ');
}

static void add_comment(struct import *im, struct span text)
{
    size_t columns = IMPORT_OUT_COLUMNS - im->depth * INDENT - 2;

    while (text.n > 0) {
        size_t n = fit(text, columns);
        indent(im);
        add(im, SPAN("# "));
        add(im, span_first(text, n));
        add(im, SPAN("\n"));
        text = span_skip(text, n < text.n ? n + 1 : n);
    }
}

void import_out_comment(struct import *im, const char *format, ...)
{
    char text[TEXT_MAX_BYTES], shown[TEXT_MAX_BYTES];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    size_t n = utf8_printable(shown, sizeof(shown), span_text(text));
    add_comment(im, span_make(shown, n));
}

static void log_path(struct import *im, struct buf *b, const char *key)
{
    for (size_t i = 0; i < sizeof(im->path) / sizeof(im->path[0]); i++)
        if (im->path[i] != NULL)
            buf_format(b, "%s.", im->path[i]);
    buf_format(b, "%s", key);
}

void import_out_note(struct import *im, unsigned line, const char *key, const char *format, ...)
{
    char text[TEXT_MAX_BYTES], shown[TEXT_MAX_BYTES];
    struct buf path;
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    buf_init(&path, TEXT_MAX_BYTES);
    log_path(im, &path, key);
    import_out_comment(im, "%s: %s", buf_text(&path), text);
    utf8_printable(shown, sizeof(shown), buf_span(&path));
    buf_free(&path);
    fprintf(im->log, "pfxctl: warning: %s:%u: %s: ", im->source, line, shown);
    utf8_printable(shown, sizeof(shown), span_text(text));
    fprintf(im->log, "%s\n", shown);
}

char *import_out_percent(const char *text)
{
    size_t n = strlen(text), at = 0;
    char *doubled = mem_alloc(n * 2 + 1);

    for (size_t i = 0; i < n; i++) {
        doubled[at++] = text[i];
        if (text[i] == '%')
            doubled[at++] = '%';
    }
    return doubled;
}
