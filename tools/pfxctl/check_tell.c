/*
 * How findings are printed.
 */
#include "check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "member.h"

#define PREFIX_MAX_BYTES 32 /* of ":LINE:COLUMN" */

static const char red[] = "\033[31m";
static const char yellow[] = "\033[33m";
static const char plain[] = "\033[0m";

/* What is wrong; *cure is what to do, empty if that is not told apart. */
static struct span cut_cure(const char *text, struct span *cure)
{
    struct span whole = span_text(text);
    size_t n = span_find(whole, CHECK_CURE[0]);

    *cure = span_skip(whole, n < whole.n ? n + 1 : n);
    return span_first(whole, n);
}

static void print_text(const char *name, struct span text)
{
    putchar(',');
    if (text.n == 0)
        printf("\"%s\":null", name);
    else
        member_text(name, text);
}

static void print_number(const char *name, unsigned number)
{
    if (number == 0)
        printf(",\"%s\":null", name);
    else
        printf(",\"%s\":%u", name, number);
}

static void print_json(bool is_mistake, const struct check_place *place, const char *text)
{
    struct span cure, what = cut_cure(text, &cure);

    printf("{\"severity\":\"%s\"", is_mistake ? "mistake" : "warning");
    print_text("file", place->file);
    print_number("line", place->line);
    print_number("column", place->column);
    print_text("where", place->name);
    print_text("text", what);
    print_text("cure", cure);
    puts("}");
}

/* "FILE:LINE: NAME: TEXT: CURE", a block of mem.h. */
static char *line_of(const struct check_place *place, const char *text)
{
    struct span cure, what = cut_cure(text, &cure);
    char position[PREFIX_MAX_BYTES] = "";

    if (place->column > 0)
        snprintf(position, sizeof(position), ":%u:%u", place->line, place->column);
    else if (place->line > 0)
        snprintf(position, sizeof(position), ":%u", place->line);
    return mem_format("%.*s%s%s%.*s%s%.*s%s%.*s", (int)place->file.n, place->file.p, position,
                      place->file.n == 0 ? "" : ": ", (int)place->name.n, place->name.p,
                      place->name.n == 0 ? "" : ": ", (int)what.n, what.p, cure.n == 0 ? "" : ": ", (int)cure.n,
                      cure.p);
}

static void print_line(bool on_terminal, bool is_mistake, const char *line)
{
    fputs(!on_terminal ? "" : is_mistake ? red : yellow, stdout);
    fputs(is_mistake ? "" : "warning: ", stdout);
    pfxctl_print(span_text(line));
    puts(on_terminal ? plain : "");
}

static bool is_told(const struct check *check, const char *line)
{
    for (size_t i = 0; i < check->told_count; i++)
        if (strcmp(check->told[i], line) == 0)
            return true;
    return false;
}

/* What to do in main.cf and master.cf has no effect before Postfix reads them. A block of mem.h. */
static char *complete_cure(const struct check *check, const struct check_place *place, const char *text)
{
    bool is_postfix = place->file.p != NULL && (place->file.p == check->main_path ||
                                                place->file.p == check->master_path);
    bool has_cure = strchr(text, CHECK_CURE[0]) != NULL;

    return mem_format("%s%s", text, is_postfix && has_cure ? ", then postfix reload" : "");
}

static void tell(struct check *check, bool is_mistake, const struct check_place *place, const char *text)
{
    char *line = line_of(place, text);

    if (is_told(check, line)) {
        mem_free(line);
        return;
    }
    check->told = mem_grow(check->told, check->told_count, &check->told_room, sizeof(*check->told));
    check->told[check->told_count++] = line;
    check->mistakes += is_mistake;
    check->warnings += !is_mistake;
    if (check->as_json)
        print_json(is_mistake, place, text);
    else
        print_line(check->ctl->on_terminal, is_mistake, line);
}

void check_tell(struct check *check, bool is_mistake, const struct check_place *place, const char *text)
{
    char *whole = complete_cure(check, place, text);

    tell(check, is_mistake, place, whole);
    mem_free(whole);
}

__attribute__((format(printf, 4, 0)))
static void tell_format(struct check *check, bool is_mistake, const struct check_place *place, const char *format,
                        va_list arguments)
{
    char *text = NULL;

    if (vasprintf(&text, format, arguments) < 0)
        return;
    check_tell(check, is_mistake, place, text);
    free(text);
}

void check_mistake(struct check *check, const struct check_place *place, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    tell_format(check, true, place, format, arguments);
    va_end(arguments);
}

void check_warn(struct check *check, const struct check_place *place, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    tell_format(check, false, place, format, arguments);
    va_end(arguments);
}
