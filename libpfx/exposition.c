#include "exposition.h"

#include <inttypes.h>
#include <stdio.h>

#include "mem.h"
#include "utf8.h"

#define LABEL_MAX_BYTES  (2 * STATS_NAME_MAX_BYTES) /* a name with every byte escaped, and a NUL */
#define LABELS_MAX_BYTES (3 * LABEL_MAX_BYTES + 100)
#define NUMBER_MAX_BYTES 32
#define MS_PER_S         1000

/* Counters with one name: those from first to last, which differ in a label, or one alone. */
struct family {
    const char *name;
    const char *help; /* NULL: that of the counter */
    const char *label;
    const char *prefix; /* which the label's value lacks of the counter's name */
    enum stats_counter first, last;
};

static const struct family entry_families[] = {
    { "pfx_requests_total", "requests answered, by result", "result", "", STATS_found, STATS_perm },
    { "pfx_requests_in_flight", NULL, NULL, NULL, STATS_in_flight, STATS_in_flight },
    { "pfx_cache_answers_total", "requests answered from the cache: fresh, or stale in the place of a failing backend",
      "kind", "cache_", STATS_cache_fresh, STATS_cache_stale },
    { "pfx_coalesced_requests_total", NULL, NULL, NULL, STATS_coalesced, STATS_coalesced },
    { "pfx_backend_requests_total", NULL, NULL, NULL, STATS_backend_requests, STATS_backend_requests },
    { "pfx_backend_failures_total", "backend requests that failed, by cause", "cause", "backend_",
      STATS_backend_not_resolved, STATS_backend_unexpected },
    { "pfx_backend_down_total", NULL, NULL, NULL, STATS_backend_down, STATS_backend_down },
};

static const struct {
    const char *name;
    const char *help;
    enum stats_daemon_counter counter;
} daemon_families[] = {
    { "pfx_connections_open", "connections of clients that are open", STATS_DAEMON_CONNECTIONS_OPEN },
    { "pfx_connections_total", "connections of clients that were accepted", STATS_DAEMON_CONNECTIONS },
    { "pfx_workers_started_total", "workers that were started", STATS_DAEMON_WORKERS_STARTED },
    { "pfx_malformed_requests_total", "requests that broke the protocol", STATS_DAEMON_MALFORMED },
    { "pfx_generations_total", "starts and reloads", STATS_DAEMON_GENERATIONS },
};

struct writer {
    struct buf *out;
    bool fits;
};

static void write_head(struct writer *w, const char *name, const char *help, const char *type)
{
    w->fits = w->fits && buf_format(w->out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* labels without braces, "" none. */
static void write_text(struct writer *w, const char *name, const char *labels, const char *value)
{
    const bool has_labels = labels[0] != '\0';

    w->fits = w->fits && buf_format(w->out, "%s%s%s%s %s\n", name, has_labels ? "{" : "", labels,
                                    has_labels ? "}" : "", value);
}

static void write_number(struct writer *w, const char *name, const char *labels, uint64_t number)
{
    char value[NUMBER_MAX_BYTES];

    snprintf(value, sizeof(value), "%" PRIu64, number);
    write_text(w, name, labels, value);
}

/* "0.005", "1.5", "10". */
static void seconds_text(char text[NUMBER_MAX_BYTES], uint64_t ms)
{
    size_t n = (size_t)snprintf(text, NUMBER_MAX_BYTES, "%" PRIu64 ".%03u", ms / MS_PER_S, (unsigned)(ms % MS_PER_S));

    while (text[n - 1] == '0')
        n--;
    text[text[n - 1] == '.' ? n - 1 : n] = '\0';
}

/* Names that are no UTF-8 are none of ours, and must not cost the scrape. */
static void escape(char escaped[LABEL_MAX_BYTES], const char *name)
{
    char printable[STATS_NAME_MAX_BYTES];
    size_t n = 0;

    if (!utf8_valid(span_text(name))) {
        utf8_printable(printable, sizeof(printable), span_text(name));
        name = printable;
    }
    for (; *name != '\0' && n + 2 < LABEL_MAX_BYTES; name++) {
        if (*name == '\\' || *name == '"' || *name == '\n')
            escaped[n++] = '\\';
        escaped[n++] = *name == '\n' ? 'n' : *name;
    }
    escaped[n] = '\0';
}

static bool is_daemon(const struct stats_sum *sum)
{
    return sum->entry[0] == '\0';
}

static void label_sum(char labels[LABELS_MAX_BYTES], const struct stats_sum *sum)
{
    char daemon[LABEL_MAX_BYTES], section[LABEL_MAX_BYTES], entry[LABEL_MAX_BYTES];

    escape(daemon, sum->daemon);
    escape(section, sum->section);
    escape(entry, sum->entry);
    if (is_daemon(sum))
        snprintf(labels, LABELS_MAX_BYTES, "daemon=\"%s\"", daemon);
    else
        snprintf(labels, LABELS_MAX_BYTES, "daemon=\"%s\",section=\"%s\",entry=\"%s\"", daemon, section, entry);
}

/* labels of the entry, with one more behind them. */
static void write_with(struct writer *w, const char *name, const char *labels, const char *label, const char *text,
                       uint64_t number)
{
    char all[LABELS_MAX_BYTES + LABEL_MAX_BYTES];

    snprintf(all, sizeof(all), "%s,%s=\"%s\"", labels, label, text);
    write_number(w, name, all, number);
}

static void write_counters(struct writer *w, const struct family *family, const struct stats_sum *sum)
{
    char labels[LABELS_MAX_BYTES];

    label_sum(labels, sum);
    for (unsigned i = family->first; i <= family->last; i++)
        if (family->label == NULL)
            write_number(w, family->name, labels, sum->counter[i]);
        else
            write_with(w, family->name, labels, family->label,
                       stats_counter_name((enum stats_counter)i) + strlen(family->prefix), sum->counter[i]);
}

static void write_entries(struct writer *w, const struct exposition *exposition, const struct family *family)
{
    write_head(w, family->name, family->help != NULL ? family->help : stats_counter_help(family->first),
               stats_counter_is_gauge(family->first) ? "gauge" : "counter");
    for (size_t i = 0; i < exposition->count; i++)
        if (!is_daemon(&exposition->sums[i]))
            write_counters(w, family, &exposition->sums[i]);
}

static void write_histogram(struct writer *w, const struct stats_sum *sum)
{
    char labels[LABELS_MAX_BYTES], seconds[NUMBER_MAX_BYTES];
    uint64_t total = 0;

    label_sum(labels, sum);
    for (unsigned i = 0; i < STATS_BUCKETS - 1; i++) {
        total += sum->bucket[i];
        seconds_text(seconds, stats_bounds_ms[i]);
        write_with(w, "pfx_request_duration_seconds_bucket", labels, "le", seconds, total);
    }
    total += sum->bucket[STATS_BUCKETS - 1];
    write_with(w, "pfx_request_duration_seconds_bucket", labels, "le", "+Inf", total);
    seconds_text(seconds, sum->sum_ms);
    write_text(w, "pfx_request_duration_seconds_sum", labels, seconds);
    write_number(w, "pfx_request_duration_seconds_count", labels, total);
}

static void write_durations(struct writer *w, const struct exposition *exposition)
{
    write_head(w, "pfx_request_duration_seconds", "time from request to answer", "histogram");
    for (size_t i = 0; i < exposition->count; i++)
        if (!is_daemon(&exposition->sums[i]))
            write_histogram(w, &exposition->sums[i]);
}

static void write_daemons(struct writer *w, const struct exposition *exposition, const char *name, const char *help,
                          enum stats_daemon_counter counter)
{
    char labels[LABELS_MAX_BYTES];

    write_head(w, name, help, counter == STATS_DAEMON_CONNECTIONS_OPEN ? "gauge" : "counter");
    for (size_t i = 0; i < exposition->count; i++) {
        if (!is_daemon(&exposition->sums[i]))
            continue;
        label_sum(labels, &exposition->sums[i]);
        write_number(w, name, labels, exposition->sums[i].counter[counter]);
    }
}

static void write_one(struct writer *w, const char *name, const char *help, const char *type, uint64_t number)
{
    write_head(w, name, help, type);
    write_number(w, name, "", number);
}

static void write_cache(struct writer *w, const struct cache_state *cache)
{
    write_one(w, "pfx_cache_size_bytes", "room for answers in the cache", "gauge", cache->bytes);
    write_one(w, "pfx_cache_used_bytes", "room in the cache that answers take", "gauge", cache->used_bytes);
    write_one(w, "pfx_cache_records", "answers in the cache", "gauge", cache->records);
    write_one(w, "pfx_cache_evictions_total", "answers that made room although they were still of use", "counter",
              cache->evictions);
    write_one(w, "pfx_cache_repairs_total", "repairs of the cache after the death of a process", "counter",
              cache->repairs);
    write_one(w, "pfx_cache_clears_total", "times that the cache was cleared because it was damaged", "counter",
              cache->clears);
}

bool exposition_write(const struct exposition *exposition, struct buf *out)
{
    struct writer w = { out, true };

    write_head(&w, "pfx_build_info", "version of pfx that tells this", "gauge");
    write_number(&w, "pfx_build_info", "version=\"" PFX_VERSION "\"", 1);
    write_one(&w, "pfx_up", "whether the counters can be read", "gauge", exposition->is_up);
    if (exposition->has_cache)
        write_cache(&w, &exposition->cache);
    if (!exposition->is_up)
        return w.fits;
    for (size_t i = 0; i < sizeof(daemon_families) / sizeof(daemon_families[0]); i++)
        write_daemons(&w, exposition, daemon_families[i].name, daemon_families[i].help, daemon_families[i].counter);
    for (size_t i = 0; i < sizeof(entry_families) / sizeof(entry_families[0]); i++)
        write_entries(&w, exposition, &entry_families[i]);
    write_durations(&w, exposition);
    return w.fits;
}

void exposition_add(struct exposition *exposition, const struct stats_sum *sum)
{
    exposition->sums = mem_grow(exposition->sums, exposition->count, &exposition->room, sizeof(*exposition->sums));
    struct stats_sum *copy = &exposition->sums[exposition->count++];
    *copy = *sum;
    copy->daemon = mem_string(sum->daemon);
    copy->section = mem_string(sum->section);
    copy->entry = mem_string(sum->entry);
}

static void add_to(void *exposition, const struct stats_sum *sum)
{
    exposition_add(exposition, sum);
}

void exposition_read(struct exposition *exposition, const char *directory)
{
    *exposition = (struct exposition){ 0 };
    exposition->is_up = stats_read(directory, add_to, exposition);
    exposition->has_cache = cache_peek(directory, &exposition->cache);
}

static void free_name(const char *name)
{
    mem_free((char *)(size_t)name);
}

void exposition_free(struct exposition *exposition)
{
    for (size_t i = 0; i < exposition->count; i++) {
        free_name(exposition->sums[i].daemon);
        free_name(exposition->sums[i].section);
        free_name(exposition->sums[i].entry);
    }
    mem_free(exposition->sums);
    *exposition = (struct exposition){ 0 };
}
