/*
 * The counters as a table, as JSON or as Prometheus reads them; with --watch again each second, what was counted since.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "exposition.h"
#include "figures.h"
#include "member.h"
#include "state.h"
#include "table.h"

#define WATCH_MS       1000
#define TEXT_MAX_BYTES (256L * 1024 * 1024)
#define BYTES_PER_MB   (1024.0 * 1024)
#define CLEAR_SCREEN   "\033[H\033[2J"

enum { JSON = PFXCTL_LONG_OPTIONS, PROMETHEUS, WATCH };

enum form { FORM_TABLE, FORM_JSON, FORM_PROMETHEUS };

struct watch {
    const struct pfxctl *ctl;
    const char *directory;
    enum form form;
    struct exposition now, before;
};

static const struct table_column entry_columns[] = {
    { "ENTRY", false }, { "FOUND", true }, { "NONE", true },    { "DENIED", true },  { "TEMP", true },
    { "TIMEOUT", true }, { "PERM", true },  { "FRESH", true },   { "STALE", true },   { "SHARED", true },
    { "BACKEND", true }, { "FAILED", true }, { "DOWN", true },   { "FLIGHT", true },  { "P50", true },
    { "P99", true },
};

static const struct table_column daemon_columns[] = {
    { "DAEMON", false }, { "OPEN", true }, { "CONNECTIONS", true }, { "WORKERS", true }, { "MALFORMED", true },
    { "GENERATIONS", true },
};

static const char *const daemon_names[STATS_DAEMON_COUNTERS] = {
    [STATS_DAEMON_CONNECTIONS_OPEN] = "connections_open", [STATS_DAEMON_CONNECTIONS] = "connections",
    [STATS_DAEMON_WORKERS_STARTED] = "workers_started",   [STATS_DAEMON_MALFORMED] = "malformed",
    [STATS_DAEMON_GENERATIONS] = "generations",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void add_counter(struct table *table, const struct stats_sum *sum, enum stats_counter counter,
                        enum table_mark mark)
{
    table_cell(table, sum->counter[counter] == 0 ? TABLE_PLAIN : mark, "%" PRIu64, sum->counter[counter]);
}

static void add_quantile(struct table *table, const struct stats_sum *sum, unsigned percent)
{
    int ms = figures_quantile_ms(sum, percent);

    if (ms == FIGURES_NONE)
        table_cell(table, TABLE_PLAIN, "-");
    else if (ms == FIGURES_ABOVE)
        table_cell(table, TABLE_BAD, ">%ums", stats_bounds_ms[STATS_BUCKETS - 2]);
    else
        table_cell(table, TABLE_PLAIN, "%dms", ms);
}

static void add_entry(struct table *table, const struct stats_sum *sum)
{
    uint64_t failures = figures_failures(sum);

    table_cell(table, TABLE_PLAIN, "%s:%s", figures_kind(sum->section), sum->entry);
    add_counter(table, sum, STATS_found, TABLE_PLAIN);
    add_counter(table, sum, STATS_notfound, TABLE_PLAIN);
    add_counter(table, sum, STATS_denied, TABLE_PLAIN);
    add_counter(table, sum, STATS_temp, TABLE_BAD);
    add_counter(table, sum, STATS_timeout, TABLE_BAD);
    add_counter(table, sum, STATS_perm, TABLE_BAD);
    add_counter(table, sum, STATS_cache_fresh, TABLE_PLAIN);
    add_counter(table, sum, STATS_cache_stale, TABLE_ODD);
    add_counter(table, sum, STATS_coalesced, TABLE_PLAIN);
    add_counter(table, sum, STATS_backend_requests, TABLE_PLAIN);
    table_cell(table, failures == 0 ? TABLE_PLAIN : TABLE_BAD, "%" PRIu64, failures);
    add_counter(table, sum, STATS_backend_down, TABLE_BAD);
    add_counter(table, sum, STATS_in_flight, TABLE_PLAIN);
    add_quantile(table, sum, 50);
    add_quantile(table, sum, 99);
}

static void add_daemon(struct table *table, const struct stats_sum *sum)
{
    table_cell(table, TABLE_PLAIN, "%s", sum->daemon);
    for (unsigned i = 0; i < STATS_DAEMON_COUNTERS; i++)
        table_cell(table, TABLE_PLAIN, "%" PRIu64, sum->counter[i]);
}

static void print_rows(const struct watch *watch, bool of_daemons)
{
    const struct table_column *columns = of_daemons ? daemon_columns : entry_columns;
    struct table table;

    table_begin(&table, columns, of_daemons ? COUNT(daemon_columns) : COUNT(entry_columns), watch->ctl->on_terminal);
    for (size_t i = 0; i < watch->now.count; i++) {
        const struct stats_sum *sum = &watch->now.sums[i];
        struct stats_sum since = figures_since(sum, figures_find(&watch->before, sum));
        if (figures_is_daemon(sum) != of_daemons)
            continue;
        if (of_daemons)
            add_daemon(&table, &since);
        else
            add_entry(&table, &since);
    }
    table_end(&table);
}

static void print_table(const struct watch *watch)
{
    const struct cache_state *cache = &watch->now.cache;

    print_rows(watch, false);
    putchar('\n');
    print_rows(watch, true);
    if (watch->now.has_cache)
        printf("\ncache: %" PRIu64 " answers, %.1f of %.1f MB, %" PRIu64 " evictions, %" PRIu64 " repairs, %" PRIu64
               " clears\n",
               cache->records, (double)cache->used_bytes / BYTES_PER_MB, (double)cache->bytes / BYTES_PER_MB,
               cache->evictions, cache->repairs, cache->clears);
}

static void print_quantile(const char *name, const struct stats_sum *sum, unsigned percent)
{
    int ms = figures_quantile_ms(sum, percent);

    if (ms > 0)
        printf("\"%s\":%d,", name, ms);
    else
        printf("\"%s\":null,", name);
}

static void print_buckets(const struct stats_sum *sum)
{
    print_quantile("p50_ms", sum, 50);
    print_quantile("p99_ms", sum, 99);
    printf("\"sum_ms\":%" PRIu64 ",\"took_ms\":{", sum->sum_ms);
    for (unsigned i = 0; i < STATS_BUCKETS - 1; i++)
        printf("\"%u\":%" PRIu64 ",", stats_bounds_ms[i], sum->bucket[i]);
    printf("\"more\":%" PRIu64 "}", sum->bucket[STATS_BUCKETS - 1]);
}

static void print_json_sum(const struct stats_sum *sum)
{
    const bool is_daemon = figures_is_daemon(sum);
    const unsigned count = is_daemon ? (unsigned)STATS_DAEMON_COUNTERS : (unsigned)STATS_COUNTERS;

    putchar('{');
    member_text("daemon", span_text(sum->daemon));
    putchar(',');
    if (!is_daemon) {
        member_text("section", span_text(sum->section));
        putchar(',');
        member_text("entry", span_text(sum->entry));
        putchar(',');
    }
    for (unsigned i = 0; i < count; i++)
        printf("\"%s\":%" PRIu64 "%s", is_daemon ? daemon_names[i] : stats_counter_name((enum stats_counter)i),
               sum->counter[i], is_daemon && i + 1 == count ? "" : ",");
    if (!is_daemon)
        print_buckets(sum);
    putchar('}');
}

static void print_json_sums(const struct watch *watch, const char *name, bool of_daemons)
{
    const char *comma = "";

    printf("\"%s\":[", name);
    for (size_t i = 0; i < watch->now.count; i++) {
        const struct stats_sum *sum = &watch->now.sums[i];
        if (figures_is_daemon(sum) != of_daemons)
            continue;
        struct stats_sum since = figures_since(sum, figures_find(&watch->before, sum));
        fputs(comma, stdout);
        print_json_sum(&since);
        comma = ",";
    }
    putchar(']');
}

static void print_json(const struct watch *watch)
{
    const struct cache_state *cache = &watch->now.cache;

    putchar('{');
    print_json_sums(watch, "entries", false);
    putchar(',');
    print_json_sums(watch, "daemons", true);
    if (watch->now.has_cache)
        printf(",\"cache\":{\"bytes\":%" PRIu64 ",\"used_bytes\":%" PRIu64 ",\"records\":%" PRIu64
               ",\"evictions\":%" PRIu64 ",\"repairs\":%" PRIu64 ",\"clears\":%" PRIu64 "}",
               cache->bytes, cache->used_bytes, cache->records, cache->evictions, cache->repairs, cache->clears);
    puts("}");
}

static void print_prometheus(const struct watch *watch)
{
    struct buf text;

    buf_init(&text, TEXT_MAX_BYTES);
    if (exposition_write(&watch->now, &text))
        fwrite(text.p, 1, text.n, stdout);
    buf_free(&text);
}

static bool print(struct watch *watch)
{
    exposition_read(&watch->now, watch->directory);
    if (!watch->now.is_up) {
        pfxctl_complain("%s/" STATS_FILE " is not of this version", watch->directory);
        return false;
    }
    switch (watch->form) {
    case FORM_TABLE:
        print_table(watch);
        break;
    case FORM_JSON:
        print_json(watch);
        break;
    case FORM_PROMETHEUS:
        print_prometheus(watch);
        break;
    }
    return fflush(stdout) == 0 && !ferror(stdout);
}

static int run(struct watch *watch, bool goes_on)
{
    const char *between = watch->form != FORM_TABLE ? "" : watch->ctl->on_terminal ? CLEAR_SCREEN : "\n";
    bool is_good = print(watch);

    while (is_good && goes_on) {
        poll(NULL, 0, WATCH_MS);
        exposition_free(&watch->before);
        watch->before = watch->now;
        fputs(between, stdout);
        is_good = print(watch);
    }
    exposition_free(&watch->before);
    exposition_free(&watch->now);
    return is_good ? PFXCTL_GOOD : PFXCTL_DATA;
}

int stat_command(const struct pfxctl *ctl, int argc, char **argv)
{
    struct watch watch = { .ctl = ctl, .form = FORM_TABLE };
    static const struct option options[] = { { "json", no_argument, NULL, JSON },
                                             { "prometheus", no_argument, NULL, PROMETHEUS },
                                             { "watch", no_argument, NULL, WATCH },
                                             { NULL, 0, NULL, 0 } };
    bool goes_on = false;
    struct state state;
    int option;

    while ((option = pfxctl_option(argc, argv, ":", options)) != -1)
        if ((option == JSON || option == PROMETHEUS) && watch.form == FORM_TABLE)
            watch.form = option == JSON ? FORM_JSON : FORM_PROMETHEUS;
        else if (option == WATCH)
            goes_on = true;
        else
            return pfxctl_usage();
    if (optind < argc || (goes_on && watch.form == FORM_PROMETHEUS))
        return pfxctl_usage();
    int status = state_open(&state, ctl);
    if (status == PFXCTL_GOOD)
        status = state_enter(&state, STATS_FILE);
    watch.directory = state.directory;
    if (status == PFXCTL_GOOD)
        status = run(&watch, goes_on);
    state_close(&state);
    return status;
}
