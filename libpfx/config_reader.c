#include "config_reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "config_file.h"
#include "config_memory.h"
#include "mem.h"

#define TEXT_MAX_BYTES 1024

static void add_problem(struct config_reader *r, const struct config_problem *problem)
{
    struct config *config = r->config;
    size_t count = config->problem_count;

    if (count > 0 && strcmp(config->problems[count - 1].text, problem->text) == 0)
        return; /* the same mistake, met again in all that inherits it */
    config->problems = mem_grow(config->problems, count, &r->problem_room, sizeof(*config->problems));
    config->problems[count] = *problem;
    config->problem_count++;
}

static void fail(struct config_reader *r, const struct config_problem *problem)
{
    if (*r->error == NULL)
        *r->error = problem->text;
    if (!r->foreign)
        add_problem(r, problem);
    else if (r->foreign_count++ == 0)
        r->foreign_first = problem->text;
}

void config_reader_fail(struct config_reader *r, char *text)
{
    fail(r, &(struct config_problem){ .is_error = true, .text = text, .what = text });
    config_memory_keep(r->config->memory, text);
}

/* The names of what a setting stands in, and its own. */
static void add_path(struct buf *b, const config_setting_t *setting)
{
    const config_setting_t *parent = config_setting_parent(setting);
    const char *name = config_setting_name(setting);

    if (parent == NULL)
        return;
    add_path(b, parent);
    if (name != NULL)
        buf_format(b, "%s%s", b->n == 0 ? "" : ".", name);
}

static struct config_problem make_problem(struct config_reader *r, bool is_error, const config_setting_t *at,
                                          const char *what)
{
    struct buf path;
    unsigned line;
    const char *file = config_file_where(at, &line);

    buf_init(&path, TEXT_MAX_BYTES);
    add_path(&path, at);
    char *text = mem_format("%s:%u: %.*s%s%s", file, line, (int)path.n, path.n == 0 ? "" : path.p,
                            path.n == 0 ? "" : ": ", what);
    const char *rest = text + strlen(text) - strlen(what);
    const char *key = path.n == 0 ? rest : rest - strlen(": ") - path.n;
    struct config_problem problem = { is_error, config_memory_keep(r->config->memory, text),
                                      span_make(text, strlen(file)), span_make(key, path.n), line, rest };
    buf_free(&path);
    return problem;
}

void config_reader_error(struct config_reader *r, const config_setting_t *at, const char *format, ...)
{
    char what[TEXT_MAX_BYTES];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    struct config_problem problem = make_problem(r, true, at, what);
    fail(r, &problem);
}

void config_reader_warn(struct config_reader *r, const config_setting_t *at, const char *text)
{
    if (r->foreign)
        return;
    struct config_problem problem = make_problem(r, false, at, text);
    add_problem(r, &problem);
}

void config_reader_begin_foreign(struct config_reader *r)
{
    r->foreign = true;
    r->foreign_count = 0;
}

void config_reader_end_foreign(struct config_reader *r)
{
    r->foreign = false;
    if (r->foreign_count == 0)
        return;
    char *text = r->foreign_first;
    if (r->foreign_count > 1)
        text = config_memory_keep(r->config->memory, mem_format("%s (and %zu more mistakes)", text,
                                                                r->foreign_count - 1));
    add_problem(r, &(struct config_problem){ .text = text, .what = text });
}
