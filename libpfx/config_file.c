#include "config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "config_scan.h"
#include "mem.h"

#define READ_BYTES 65536
#define LOOK_CLOSER "; \"pfxctl check\" looks closer"

/* From this line of the whole text on, lines are those of that file. */
struct part {
    unsigned line;
    unsigned file_line;
    size_t name;
};

struct config_file {
    config_t parsed;
    struct buf text;
    unsigned lines; /* in text so far */
    char **names;
    size_t name_count;
    size_t name_room;
    struct part *parts;
    size_t part_count;
    size_t part_room;
    const char *include_dir;
    char *error;
};

static bool read_all(int fd, struct buf *bytes, const char **why)
{
    char chunk[READ_BYTES];
    ssize_t n;
    bool fits = true;

    while (fits && (n = read(fd, chunk, sizeof(chunk))) != 0) {
        if (n > 0)
            fits = buf_add(bytes, span_make(chunk, (size_t)n));
        else if (errno != EINTR)
            break;
    }
    mem_wipe(chunk, sizeof(chunk));
    if (!fits || n < 0)
        *why = fits ? strerror(errno) : "is too large";
    return fits && n == 0;
}

bool config_file_read(const char *path, struct buf *bytes, const char **why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        *why = strerror(errno);
        return false;
    }
    bool ok = read_all(fd, bytes, why);
    close(fd);
    return ok;
}

static bool add_text(struct config_file *f, struct span text)
{
    for (size_t i = 0; i < text.n; i++)
        f->lines += text.p[i] == '\n';
    return buf_add(&f->text, text);
}

static void add_part(struct config_file *f, size_t name, unsigned file_line)
{
    f->parts = mem_grow(f->parts, f->part_count, &f->part_room, sizeof(*f->parts));
    f->parts[f->part_count++] = (struct part){ .line = f->lines, .file_line = file_line, .name = name };
}

static size_t add_name(struct config_file *f, char *name)
{
    f->names = mem_grow(f->names, f->name_count, &f->name_room, sizeof(*f->names));
    f->names[f->name_count] = name;
    return f->name_count++;
}

static bool fail(struct config_file *f, const char *name, unsigned line, const char *why)
{
    f->error = line == 0 ? mem_format("%s: %s", name, why) : mem_format("%s:%u: %s", name, line, why);
    return false;
}

static const char *explain_find(enum config_scan_what what)
{
    switch (what) {
    case CONFIG_SCAN_NUL:
        return "a NUL byte";
    case CONFIG_SCAN_OPEN_STRING:
        return "the string that begins here has no end: a quote is missing, here or above" LOOK_CLOSER;
    case CONFIG_SCAN_OPEN_COMMENT:
        return "the comment that begins here has no end";
    default:
        return "not understood";
    }
}

static bool add_file(struct config_file *f, size_t name, int depth);

static bool add_included(struct config_file *f, struct span path, int depth)
{
    bool is_absolute = path.n > 0 && path.p[0] == '/';
    char *name = is_absolute ? mem_copy(path.p, path.n)
                             : mem_format("%s/%.*s", f->include_dir, (int)path.n, path.p);
    return add_file(f, add_name(f, name), depth);
}

static bool include(struct config_file *f, size_t name, const struct config_scan_find *find, int depth)
{
    if (depth == CONFIG_FILE_DEPTH_MAX)
        return fail(f, f->names[name], find->line, "too many files that include each other");
    if (!add_included(f, find->name, depth + 1))
        return false;
    add_part(f, name, find->line);
    return true;
}

/*
 * Adds what libconfig is to read in the place of a find. It would cut an integer without L to 32 bits; one that even 64
 * bits cannot hold becomes a number that no key takes, so that the mistake is that key's alone.
 */
static bool add_found(struct config_file *f, size_t name, const struct config_scan_find *find, struct span found,
                      int depth)
{
    switch (find->what) {
    case CONFIG_SCAN_INCLUDE:
        return include(f, name, find, depth);
    case CONFIG_SCAN_LONG:
        return add_text(f, found) && add_text(f, SPAN("L"));
    case CONFIG_SCAN_TOO_LONG:
        return add_text(f, SPAN("1e999"));
    default:
        return fail(f, f->names[name], find->line, explain_find(find->what));
    }
}

/* Adds the text of one file, with what it includes in the place of the lines that say so. */
static bool add_scanned(struct config_file *f, size_t name, struct span text, int depth)
{
    struct config_scan scan;
    struct config_scan_find find;
    size_t done = 0;
    bool fits = true;

    config_scan_begin(&scan, text);
    add_part(f, name, 1);
    while (fits && (find = config_scan_next(&scan)).what != CONFIG_SCAN_END) {
        struct span found = span_make(text.p + find.begin, find.end - find.begin);
        fits = add_text(f, span_make(text.p + done, find.begin - done)) && add_found(f, name, &find, found, depth);
        done = find.end;
    }
    fits = fits && add_text(f, span_skip(text, done));
    if (fits && depth > 0 && text.n > 0 && text.p[text.n - 1] != '\n')
        fits = add_text(f, SPAN("\n"));
    return fits || (f->error == NULL && fail(f, f->names[name], 0, "is too large with the files that it includes"));
}

static bool add_file(struct config_file *f, size_t name, int depth)
{
    const char *why;
    struct buf bytes;

    buf_init(&bytes, CONFIG_FILE_MAX_BYTES);
    bytes.secret = true;
    bool ok = config_file_read(f->names[name], &bytes, &why);
    if (ok)
        ok = add_scanned(f, name, buf_span(&bytes), depth);
    else
        fail(f, f->names[name], 0, why);
    buf_free(&bytes);
    return ok;
}

static const char *find_where(const struct config_file *f, unsigned line, unsigned *file_line)
{
    const struct part *part = &f->parts[0];

    for (size_t i = 1; i < f->part_count && f->parts[i].line <= line; i++)
        part = &f->parts[i];
    *file_line = part->file_line + (line < part->line ? 0 : line - part->line);
    return f->names[part->name];
}

const char *config_file_where(const config_setting_t *setting, unsigned *line)
{
    const struct config_file *f = config_setting_get_hook(config_root_setting(setting->config));
    return find_where(f, config_setting_source_line(setting), line);
}

/* What libconfig says, which names neither the setting nor a cure. Its line of a syntax error may be too late. */
static const char *explain_error(const char *text)
{
    if (strcmp(text, "duplicate setting name") == 0)
        return "a name stands for the second time in its group: remove one of the two";
    if (strcmp(text, "syntax error") == 0)
        return "syntax error (usual causes, here or in the line above: a missing quote, semicolon or brace; a comma "
               "after the last element; yes or no instead of true or false; a name in quotes)" LOOK_CLOSER;
    return text;
}

static bool parse_text(struct config_file *f)
{
    unsigned line;

    if (!buf_add(&f->text, SPAN("\0")))
        return fail(f, f->names[0], 0, "is too large");
    if (config_read_string(&f->parsed, f->text.p)) {
        config_setting_set_hook(config_root_setting(&f->parsed), f);
        return true;
    }
    const char *name = find_where(f, (unsigned)config_error_line(&f->parsed), &line);
    return fail(f, name, line, explain_error(config_error_text(&f->parsed)));
}

static struct config_file *make(const char *name, const char *include_dir)
{
    struct config_file *f = mem_alloc(sizeof(*f));

    f->include_dir = include_dir;
    f->lines = 1;
    buf_init(&f->text, CONFIG_FILE_MAX_BYTES);
    f->text.secret = true;
    add_name(f, mem_string(name));
    config_init(&f->parsed);
    return f;
}

/* The file, or its error. */
static struct config_file *finish(struct config_file *f, bool ok, char **error)
{
    *error = f->error;
    if (!ok)
        config_file_free(&f);
    return f;
}

struct config_file *config_file_parse(const char *path, const char *include_dir, char **error)
{
    struct config_file *f = make(path, include_dir);
    return finish(f, add_file(f, 0, 0) && parse_text(f), error);
}

struct config_file *config_file_parse_text(const char *name, struct span text, char **error)
{
    struct config_file *f = make(name, ".");
    bool ok = add_scanned(f, 0, text, 0) && parse_text(f);

    return finish(f, ok, error);
}

/* Any string may be a secret. */
static void wipe_strings(config_setting_t *setting)
{
    if (config_setting_type(setting) == CONFIG_TYPE_STRING && setting->value.sval != NULL)
        mem_wipe(setting->value.sval, strlen(setting->value.sval));
    if (config_setting_is_aggregate(setting))
        for (int i = 0; i < config_setting_length(setting); i++)
            wipe_strings(config_setting_get_elem(setting, (unsigned)i));
}

void config_file_free(struct config_file **file)
{
    struct config_file *f = *file;

    *file = NULL;
    if (f == NULL)
        return;
    wipe_strings(config_root_setting(&f->parsed));
    config_destroy(&f->parsed);
    buf_free(&f->text);
    for (size_t i = 0; i < f->name_count; i++)
        mem_free(f->names[i]);
    mem_free(f->names);
    mem_free(f->parts);
    mem_free(f);
}

config_setting_t *config_file_root(const struct config_file *file)
{
    return config_root_setting(&file->parsed);
}
