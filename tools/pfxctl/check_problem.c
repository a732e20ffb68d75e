/*
 * What the library finds when it reads the configuration.
 */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "check_syntax.h"
#include "config_file.h"
#include "mem.h"

/* Of "FILE:LINE: WHAT" or "FILE: WHAT" the place; *what is the rest. */
static struct check_place place_of_text(const char *text, const char **what)
{
    const char *end = strstr(text, ": ");
    struct check_place place = { .line = 0 };

    *what = end == NULL ? text : end + strlen(": ");
    if (end == NULL)
        return place;
    const char *digits = end;
    while (digits > text && digits[-1] >= '0' && digits[-1] <= '9')
        digits--;
    bool has_line = digits < end && digits > text && digits[-1] == ':';
    if (has_line)
        place.line = (unsigned)strtoul(digits, NULL, 10);
    place.file = span_make(text, (size_t)((has_line ? digits - 1 : end) - text));
    return place;
}

static bool is_syntax(const char *what)
{
    static const char *const syntax[] = { "syntax error", "the string that begins here" };

    for (size_t i = 0; i < sizeof(syntax) / sizeof(syntax[0]); i++)
        if (strncmp(what, syntax[i], strlen(syntax[i])) == 0)
            return true;
    return false;
}

/* Says why a file, or one that it includes, is no libconfig; false: it does not know. */
static bool explain(struct check *check, struct check_place place)
{
    struct check_syntax_fault fault;
    struct buf text;
    const char *why;
    char *path = mem_copy(place.file.p, place.file.n);

    buf_init(&text, CONFIG_FILE_MAX_BYTES);
    text.secret = true;
    bool found = config_file_read(path, &text, &why) && check_syntax(buf_span(&text), &fault);
    if (found) {
        place.line = fault.line;
        place.column = fault.column;
        check_mistake(check, &place, "syntax error" CHECK_CURE "%s", fault.cure);
    }
    buf_free(&text);
    mem_free(path);
    return found;
}

static void tell_outside(struct check *check, const struct config_problem *problem)
{
    const char *what;
    struct check_place place = place_of_text(problem->what, &what);

    if (!is_syntax(what) || !explain(check, place))
        check_tell(check, problem->is_error, &place, what);
}

void check_problems(struct check *check)
{
    for (size_t i = 0; i < check->config->problem_count; i++) {
        const struct config_problem *problem = &check->config->problems[i];
        struct check_place place = { .file = problem->file, .line = problem->line, .name = problem->key };
        if (place.file.n == 0)
            tell_outside(check, problem);
        else
            check_tell(check, problem->is_error, &place, problem->what);
    }
}
