/*
 * A configuration of pfxhttp, imported: its parts, and what was said about it.
 */
#ifndef PFX_IMPORT_FIXTURE_H
#define PFX_IMPORT_FIXTURE_H

#include "../../tools/pfxctl/import.h"

#include "unit.h"

/* An entry that gives nothing to complain about, and a listener for maps; in flow style. */
#define FIXTURE_LISTEN "listen: [{kind: socket_map, type: tcp, address: 127.0.0.1, port: 1}]"
#define FIXTURE_MAP(more) \
    "m: {target: 'http://127.0.0.1/', payload: '{\"key\": \"{{ .Key }}\"}', value_field: r" more "}"
#define FIXTURE_IN_SERVER(text) "server: {" FIXTURE_LISTEN ", " text "}\nsocket_maps: {" FIXTURE_MAP("") "}\n"
#define FIXTURE_IN_MAP(more) "server: {" FIXTURE_LISTEN "}\nsocket_maps: {" FIXTURE_MAP(more) "}\n"

struct import_fixture {
    bool ok;
    struct buf parts[IMPORT_PARTS];
    char *log;
    size_t log_bytes;
};

static inline void import_fixture_make(struct import_fixture *f, const char *text)
{
    FILE *log = open_memstream(&f->log, &f->log_bytes);

    ck_assert_ptr_nonnull(log);
    f->ok = import_text("p.yml", unit_guarded_span(span_text(text)), log, f->parts);
    ck_assert_int_eq(fclose(log), 0);
}

static inline void import_fixture_free(struct import_fixture *f)
{
    import_free_parts(f->parts);
    free(f->log);
}

/* Text without the line ends and marks at which a comment may be wrapped; a line that is a comment keeps its mark. */
static inline char *import_fixture_unwrapped(const char *text)
{
    char *out = malloc(strlen(text) + 1);
    size_t n = 0;

    ck_assert_ptr_nonnull(out);
    for (; *text != '\0'; text++) {
        bool is_blank = *text == ' ' || *text == '\n' || (*text == '#' && text[1] == ' ');
        if (!is_blank)
            out[n++] = *text;
        else if (n == 0 || out[n - 1] != ' ')
            out[n++] = ' ';
    }
    out[n] = '\0';
    return out;
}

/* The part holds the expected text, whatever its indentation and where it is wrapped; NULL: nothing is expected. */
static inline bool import_fixture_holds(const char *part, const char *expected)
{
    char *text, *wanted;

    if (expected == NULL)
        return true;
    text = import_fixture_unwrapped(part);
    wanted = import_fixture_unwrapped(expected);
    bool holds = strstr(text, wanted) != NULL;
    free(text);
    free(wanted);
    return holds;
}

static inline void import_fixture_expect(struct import_fixture *f, const char *name, enum import_part part,
                                         const char *expected, const char *log)
{
    const char *text = buf_text(&f->parts[part]);

    ck_assert_msg(f->ok, "%s: %s", name, f->log);
    ck_assert_msg(strcmp(f->log, log) == 0, "%s: says \"%s\"", name, f->log);
    ck_assert_msg(import_fixture_holds(text, expected), "%s: got %s", name, text);
}

#endif
