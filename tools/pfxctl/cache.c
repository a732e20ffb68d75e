/*
 * The kept answers: which there are, one of them, and making the daemons forget them, while they go on.
 */
#include "cache.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cache_question.h"
#include "clock.h"
#include "kind.h"
#include "mem.h"
#include "member.h"
#include "state.h"
#include "table.h"

#define SHOWN_MAX_BYTES 511 /* of a key, to a person */
#define MS_PER_S        1000

enum { JSON = PFXCTL_LONG_OPTIONS };

struct session {
    const struct pfxctl *ctl;
    struct state state;
    struct cache *cache;
    int64_t now_ms;
};

static const struct table_column columns[] = {
    { "NAME", false }, { "KEY", false }, { "AGE", true }, { "KIND", false }, { "STATE", false }, { "SIZE", true },
};

static const char *kind_of(const struct cachekey_parts *parts, enum cache_kind kind)
{
    if (parts->is_found_candidate)
        return "form";
    if (kind == CACHE_NOTHING)
        return "nothing";
    return parts->section == CONFIG_POLICY_SERVICES ? "action" : "value";
}

/* What the daemons make of it, if they have this configuration. */
static const char *state_of(const struct session *session, const struct config_entry *entry, bool is_same,
                            const struct cache_answer *answer)
{
    if (entry == NULL)
        return "no entry";
    if (!is_same)
        return "changed entry";
    const struct config_cache *rules = &entry->cache;
    const bool is_value = answer->kind == CACHE_VALUE;
    int64_t age_ms = session->now_ms - answer->stored_ms;

    if (!rules->enabled)
        return "not used";
    if (age_ms < (is_value ? rules->max_age_ms : rules->negative_max_age_ms))
        return "fresh";
    return age_ms < (is_value ? rules->stale_if_error_ms : rules->negative_stale_if_error_ms) ? "stale" : "too old";
}

/* Of a map the key; of a policy "NAME=VALUE NAME=VALUE ...". A block of mem.h. */
static char *asked_text(struct span asked)
{
    char *text = mem_copy(asked.p, asked.n);

    if (asked.n > 0 && asked.p[asked.n - 1] == '\0')
        asked.n--;
    for (size_t i = 0; i < asked.n; i++)
        text[i] = asked.p[i] == '\0' ? ' ' : asked.p[i];
    return text;
}

struct listing {
    const struct session *session;
    bool is_json;
    struct table table;
    uint64_t *fingerprints[CONFIG_SECTIONS]; /* in the order of the entries */
};

struct line {
    const struct cachekey_parts *parts;
    char *asked;
    int64_t age_s;
    const char *kind;
    const char *state;
    size_t bytes;
};

static void print_json(const struct line *line)
{
    putchar('{');
    member_text("section", span_text(config_section_name(line->parts->section)));
    putchar(',');
    member_text("entry", line->parts->entry);
    putchar(',');
    member_text("key", span_text(line->asked));
    printf(",\"age_s\":%" PRId64 ",\"kind\":\"%s\",\"state\":\"%s\",\"bytes\":%zu}\n", line->age_s, line->kind,
           line->state, line->bytes);
}

static void add_row(struct table *table, const struct line *line)
{
    const struct cachekey_parts *parts = line->parts;

    table_cell(table, TABLE_PLAIN, "%s:%.*s", kind_name(parts->section), (int)parts->entry.n, parts->entry.p);
    table_cell(table, TABLE_PLAIN, "%." SPAN_NUMBER_TEXT(SHOWN_MAX_BYTES) "s", line->asked);
    table_cell(table, TABLE_PLAIN, "%" PRId64 "s", line->age_s);
    table_cell(table, TABLE_PLAIN, "%s", line->kind);
    table_cell(table, TABLE_PLAIN, "%s", line->state);
    table_cell(table, TABLE_PLAIN, "%zu", line->bytes);
}

static void list_one(void *arg, enum cache_part part, struct span key, struct span value,
                     const struct cache_answer *answer)
{
    struct listing *listing = arg;
    const struct session *session = listing->session;
    struct cachekey_parts parts;
    (void)part;

    if (!cachekey_read(key, &parts))
        return;
    const struct config_entry *entry = config_find(session->state.config, parts.section, parts.entry);
    const struct config_section *section = &session->state.config->section[parts.section];
    bool is_same = entry != NULL && parts.fingerprint == listing->fingerprints[parts.section][entry - section->entries];
    struct line line = { .parts = &parts,
                         .asked = asked_text(parts.asked),
                         .age_s = (session->now_ms - answer->stored_ms) / MS_PER_S,
                         .kind = kind_of(&parts, answer->kind),
                         .state = state_of(session, entry, is_same, answer),
                         .bytes = value.n };
    if (listing->is_json)
        print_json(&line);
    else
        add_row(&listing->table, &line);
    mem_free(line.asked);
}

static int list(struct session *session, bool is_json)
{
    struct listing listing = { .session = session, .is_json = is_json };
    const struct config *config = session->state.config;

    for (int i = 0; i < CONFIG_SECTIONS; i++) {
        listing.fingerprints[i] = mem_array(config->section[i].count, sizeof(*listing.fingerprints[i]));
        for (size_t j = 0; j < config->section[i].count; j++)
            listing.fingerprints[i][j] = cachekey_fingerprint(&config->section[i].entries[j]);
    }
    if (!is_json)
        table_begin(&listing.table, columns, sizeof(columns) / sizeof(columns[0]), session->ctl->on_terminal);
    cache_each(session->cache, session->now_ms, list_one, &listing);
    if (!is_json)
        table_end(&listing.table);
    for (int i = 0; i < CONFIG_SECTIONS; i++)
        mem_free(listing.fingerprints[i]);
    return PFXCTL_GOOD;
}

static const struct config_entry *find_entry(const struct session *session, const char *text)
{
    const struct config *config = session->state.config;
    const struct config_entry *entry = NULL;
    enum config_section_id section;
    struct span name = span_text(kind_cut(text, &section));

    if (config->error != NULL) {
        pfxctl_complain("%s", config->error);
        return NULL;
    }
    for (enum config_section_id id = CONFIG_SOCKET_MAPS; entry == NULL && id <= CONFIG_POLICY_SERVICES; id++)
        if (section == id || section == CONFIG_SECTIONS)
            entry = config_find(config, id, name);
    if (entry == NULL)
        pfxctl_complain("%s: no entry %s that keeps answers", session->ctl->config_path, text);
    return entry;
}

static void tell(const struct session *session, const struct config_entry *entry, struct span key,
                 const struct cache_answer *answer)
{
    struct cachekey_parts parts;

    if (!cachekey_read(key, &parts) || (session->ctl->verbose == 0 && answer->kind == CACHE_VALUE))
        return;
    char *asked = asked_text(parts.asked);
    pfxctl_complain("%." SPAN_NUMBER_TEXT(SHOWN_MAX_BYTES) "s: %s, %" PRId64 " s old, %s", asked,
                    kind_of(&parts, answer->kind), (session->now_ms - answer->stored_ms) / MS_PER_S,
                    state_of(session, entry, true, answer));
    mem_free(asked);
}

/* The first candidate that has a value; that there is nothing for one is told. */
static int get_value(const struct session *session, const struct cache_question *question)
{
    enum cache_part part = question->entry->section == CONFIG_SOCKET_MAPS ? CACHE_MAPS : CACHE_POLICIES;
    struct cache_answer answer;
    struct buf value;
    bool is_there = false, is_value = false;

    buf_init(&value, cache_record_max_bytes(session->cache));
    for (size_t i = 0; !is_value && i < question->candidates; i++) {
        struct span key = buf_span(&question->keys[i]);
        if (!cache_get(session->cache, part, key, session->now_ms, &value, &answer))
            continue;
        is_there = true;
        is_value = answer.kind == CACHE_VALUE;
        tell(session, question->entry, key, &answer);
    }
    if (is_value) {
        pfxctl_print(buf_span(&value));
        putchar('\n');
    } else if (!is_there)
        pfxctl_complain("no answer is kept for it");
    buf_free(&value);
    return is_value ? PFXCTL_GOOD : PFXCTL_NOT;
}

static int get(const struct session *session, const char *name, char *const *words)
{
    const struct config_entry *entry = find_entry(session, name);
    struct cache_question question;

    if (entry == NULL)
        return PFXCTL_CONFIGURATION;
    int status = cache_question_make(&question, entry, words) ? get_value(session, &question) : pfxctl_usage();
    cache_question_free(&question);
    return status;
}

struct flushing {
    struct cache *cache;
    enum config_section_id section; /* CONFIG_SECTIONS: any */
    struct span name;
    const struct cache_question *question; /* NULL: all of the name */
    uint64_t flushed;
};

static void flush_one(void *arg, enum cache_part part, struct span key, struct span value,
                      const struct cache_answer *answer)
{
    struct flushing *flushing = arg;
    struct cachekey_parts parts;
    (void)value;
    (void)answer;

    if (!cachekey_read(key, &parts))
        return;
    bool is_meant = flushing->question != NULL
                        ? cache_question_has(flushing->question, &parts)
                        : span_equal(parts.entry, flushing->name) &&
                              (flushing->section == CONFIG_SECTIONS || parts.section == flushing->section);
    if (is_meant)
        flushing->flushed += cache_drop(flushing->cache, part, key);
}

static uint64_t flush(const struct session *session, struct flushing *flushing)
{
    flushing->cache = session->cache;
    cache_each(session->cache, session->now_ms, flush_one, flushing);
    printf("flushed: %" PRIu64 "\n", flushing->flushed);
    return flushing->flushed;
}

/* An entry that is no more may have left answers, too. */
static int flush_name(const struct session *session, const char *name)
{
    struct flushing flushing = { .question = NULL };

    flushing.name = span_text(kind_cut(name, &flushing.section));
    flush(session, &flushing);
    return PFXCTL_GOOD;
}

static int flush_key(const struct session *session, const char *name, char *const *words)
{
    const struct config_entry *entry = find_entry(session, name);
    struct cache_question question;
    struct flushing flushing = { .question = &question };
    int status = PFXCTL_CONFIGURATION;

    if (entry == NULL)
        return status;
    if (!cache_question_make(&question, entry, words))
        status = pfxctl_usage();
    else
        status = flush(session, &flushing) > 0 ? PFXCTL_GOOD : PFXCTL_NOT;
    cache_question_free(&question);
    return status;
}

static int flush_all(const struct session *session)
{
    struct cache_state before;

    cache_describe(session->cache, &before);
    cache_clear(session->cache);
    printf("flushed: %" PRIu64 "\n", before.records);
    return PFXCTL_GOOD;
}

static bool is_command(int count, char *const *words)
{
    return (count == 1 && strcmp(words[0], "list") == 0) || (count >= 3 && strcmp(words[0], "get") == 0) ||
           (count >= 1 && strcmp(words[0], "flush") == 0);
}

static int obey(struct session *session, int count, char *const *words, bool is_json)
{
    if (strcmp(words[0], "list") == 0)
        return list(session, is_json);
    if (strcmp(words[0], "get") == 0)
        return get(session, words[1], words + 2);
    if (count > 2)
        return flush_key(session, words[1], words + 2);
    return count == 2 ? flush_name(session, words[1]) : flush_all(session);
}

static int run(struct session *session, int count, char *const *words, bool is_json)
{
    char why[SHM_REASON_MAX_BYTES];

    int status = state_open(&session->state, session->ctl);
    if (status == PFXCTL_GOOD)
        status = state_enter(&session->state, CACHE_FILE);
    if (status == PFXCTL_GOOD && (session->cache = cache_open_existing(session->state.directory, why)) == NULL) {
        pfxctl_complain("%s", why);
        status = PFXCTL_DATA;
    }
    if (status == PFXCTL_GOOD)
        status = obey(session, count, words, is_json);
    cache_close(&session->cache);
    state_close(&session->state);
    return status;
}

/* Only list has an option: names and keys may begin with '-'. */
int cache_command(const struct pfxctl *ctl, int argc, char **argv)
{
    static const struct option options[] = { { "json", no_argument, NULL, JSON }, { NULL, 0, NULL, 0 } };
    struct session session = { .ctl = ctl, .now_ms = clock_wall_ms() };
    bool is_json = false;
    int count = argc - 1;
    int option;

    if (count > 0 && strcmp(argv[1], "list") == 0) {
        while ((option = pfxctl_option(count, argv + 1, ":", options)) != -1) {
            if (option != JSON)
                return pfxctl_usage();
            is_json = true;
        }
        count -= optind - 1;
    }
    return is_command(count, argv + 1) ? run(&session, count, argv + 1, is_json) : pfxctl_usage();
}
