/*
 * The file of the counters, damaged: patches on a good one (fuzz_file.h). Whatever lies in it, what Prometheus gets is
 * lines of its format, and a daemon that opens it can count.
 */
#include "fuzz.h"

#include "exposition.h"
#include "fuzz_file.h"
#include "log.h"
#include "stats.h"
#include "utf8.h"

#define TEXT_MAX_BYTES ((size_t)16 * 1024 * 1024)
#define DAEMON         "pfx-socketmap"

static void make_file(void)
{
    struct stats *stats = stats_open(fuzz_directory, DAEMON, 4);
    struct stats_series *series = stats_series(stats, "socket_maps", "users", 0);

    stats_add(series, 0, 7);
    stats_time(series, 12);
    stats_add(stats_series(stats, "", "", 0), STATS_DAEMON_CONNECTIONS_OPEN, 3);
    stats_series(stats, "socket_maps", "other", 2);
    stats_close(&stats);
}

/* "# HELP ..." or NAME{LABELS} VALUE: one blank outside of quotes, and all quotes are closed. */
static void check_line(struct span line)
{
    size_t blanks = 0;
    bool is_quoted = false;

    FUZZ_HOLDS(utf8_valid(line) && !utf8_has_control(line) && line.n > 0);
    if (line.p[0] == '#')
        return;
    FUZZ_HOLDS(line.n > 4 && memcmp(line.p, "pfx_", 4) == 0);
    for (size_t i = 0; i < line.n; i++) {
        if (line.p[i] == '\\')
            i++;
        else if (line.p[i] == '"')
            is_quoted = !is_quoted;
        else
            blanks += !is_quoted && line.p[i] == ' ';
    }
    FUZZ_HOLDS(!is_quoted && blanks == 1);
}

static void expose(void)
{
    struct exposition exposition;
    struct buf text;

    buf_init(&text, TEXT_MAX_BYTES);
    exposition_read(&exposition, fuzz_directory);
    FUZZ_HOLDS(exposition_write(&exposition, &text));
    for (struct span rest = buf_span(&text); rest.n > 0;)
        check_line(fuzz_take_until(&rest, '\n'));
    exposition_free(&exposition);
    buf_free(&text);
}

static void ours(void *arg, const struct stats_sum *sum)
{
    if (strcmp(sum->daemon, DAEMON) == 0 && strcmp(sum->section, "socket_maps") == 0 && strcmp(sum->entry, "new") == 0)
        *(uint64_t *)arg += sum->counter[0];
}

/* An entry that is not in the good file: what is counted is what is read. */
static void use(void)
{
    uint64_t before = 0, after = 0;

    stats_read(fuzz_directory, ours, &before);
    struct stats *stats = stats_open(fuzz_directory, DAEMON, 4);
    struct stats_series *series = stats_series(stats, "socket_maps", "new", 1);
    FUZZ_HOLDS(series != NULL);
    stats_add(series, 0, 5);
    stats_close(&stats);
    FUZZ_HOLDS(stats_read(fuzz_directory, ours, &after));
    FUZZ_HOLDS(before != 0 || after == 5);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (fuzz_path == NULL)
        fuzz_file_begin(STATS_FILE, make_file);
    log_set_level(LOG_LEVEL_ERROR);
    fuzz_file_make(span_make((const char *)data, size));
    expose();
    use();
    expose();
    return 0;
}
