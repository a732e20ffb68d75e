#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "config_key.h"
#include "pfxctl.h"
#include "show_value.h"
#include "state.h"
#include "textfile.h"

#define TEXT_MAX_BYTES (256L * 1024 * 1024)
#define INDENT 4

/* What is written of a key. */
enum show_what {
    SHOW_ALL,
    SHOW_CHANGED,   /* what differs from the defaults */
    SHOW_ESSENTIAL, /* what nothing can be derived from: its text, read again, gives the defaults of the rest */
};

struct show {
    enum show_what what;
    const struct config *config;
    const struct config *defaults; /* SHOW_CHANGED: the same entries with nothing but what is essential */
};

/* The same thing in the configuration and in the defaults; fallback is NULL where there is none. */
struct pair {
    const void *value;
    const void *fallback;
};

struct show_options {
    bool changed;
    bool hash;
};

pfxctl_command show_command;

static void add_line(struct buf *to, int depth, const char *name, struct span value)
{
    buf_format(to, "%*s%s = ", depth * INDENT, "", name);
    buf_add(to, value);
    buf_add(to, SPAN(";\n"));
}

/* A group, unless there is nothing in it. */
static void add_group(struct buf *to, int depth, const char *name, struct buf *inner)
{
    if (inner->n > 0) {
        buf_format(to, "%*s%s = {\n", depth * INDENT, "", name);
        buf_add(to, buf_span(inner));
        buf_format(to, "%*s};\n", depth * INDENT, "");
    }
    buf_free(inner);
}

static bool is_same_value(const struct config_key *key, const void *fallback, struct span text)
{
    struct buf other;

    buf_init(&other, TEXT_MAX_BYTES);
    bool same = fallback != NULL && show_value(&other, key, fallback) && span_equal(buf_span(&other), text);
    buf_free(&other);
    return same;
}

/* Others are derived from these. */
static bool is_essential(const struct config_key *key)
{
    return key->type == CONFIG_KEY_AUTH_STYLE || key->type == CONFIG_KEY_CONTENT_TYPE;
}

static bool is_wanted(const struct show *show, const struct config_key *key, const void *fallback, struct span text)
{
    switch (show->what) {
    case SHOW_ALL:
        return true;
    case SHOW_CHANGED:
        return is_essential(key) ? !span_equal(text, span_text(key->preset)) : !is_same_value(key, fallback, text);
    case SHOW_ESSENTIAL:
        break;
    }
    return is_essential(key);
}

static void add_key(const struct show *show, struct buf *to, int depth, const struct config_key *key, struct pair pair)
{
    struct buf text;

    buf_init(&text, TEXT_MAX_BYTES);
    if (show_value(&text, key, pair.value) && is_wanted(show, key, pair.fallback, buf_span(&text)))
        add_line(to, depth, key->name, buf_span(&text));
    buf_free(&text);
}

static bool is_simple(const struct config_key *key)
{
    return key->type >= CONFIG_KEY_INTEGER && key->type < CONFIG_KEY_TARGET;
}

static void add_keys(const struct show *show, struct buf *to, int depth, unsigned places, struct pair pair)
{
    for (size_t i = 0; i < config_key_count; i++)
        if ((config_key_at(i)->places & places) != 0 && is_simple(config_key_at(i)))
            add_key(show, to, depth, config_key_at(i), pair);
}

static void add_simple_group(const struct show *show, struct buf *to, int depth, const char *name, unsigned places,
                             struct pair pair)
{
    struct buf inner;

    buf_init(&inner, TEXT_MAX_BYTES);
    add_keys(show, &inner, depth + 1, places, pair);
    add_group(to, depth, name, &inner);
}

static void add_reach(const struct show *show, struct buf *to, int depth, struct pair http, struct pair tls)
{
    add_simple_group(show, to, depth, "http", CONFIG_PLACE_HTTP, http);
    add_simple_group(show, to, depth, "tls", CONFIG_PLACE_TLS, tls);
}

/* What is read with the whole; of what is essential only what cannot be left out. */
static void add_oidc_whole(const struct show *show, struct buf *to, int depth, const struct config_oidc *group)
{
    const bool is_shown = show->what != SHOW_ESSENTIAL; /* the essential is read again, as it is */

    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = config_key_at(i);
        bool is_here = (key->places & CONFIG_PLACE_OIDC_ANY) != 0 && key->type >= CONFIG_KEY_TARGET;
        bool is_secret = key->type == CONFIG_KEY_OIDC_SECRET || key->type == CONFIG_KEY_OIDC_KEY_FILE;
        struct buf text;
        buf_init(&text, TEXT_MAX_BYTES);
        if (is_here && (is_shown || !is_secret) && show_value_of_oidc(&text, key, group, is_shown))
            add_line(to, depth, key->name, buf_span(&text));
        buf_free(&text);
    }
}

static void add_oidc(const struct show *show, struct buf *to, const char *name, unsigned places,
                     const struct config_oidc *group, const struct config_oidc *fallback)
{
    const int depth = 2;
    char anybody[] = "any", *audience = anybody;
    struct config_oidc shown;
    struct buf inner;

    if (group == NULL)
        return;
    shown = *group;
    if (group->any_audience) /* which reading has turned into no audience */
        shown.audience = (struct config_strings){ &audience, 1 };
    buf_init(&inner, TEXT_MAX_BYTES);
    add_oidc_whole(show, &inner, depth + 1, group);
    add_keys(show, &inner, depth + 1, places, (struct pair){ &shown, fallback });
    add_reach(show, &inner, depth + 1, (struct pair){ &group->http, fallback == NULL ? NULL : &fallback->http },
              (struct pair){ &group->tls, fallback == NULL ? NULL : &fallback->tls });
    add_group(to, depth, name, &inner);
}

static void add_entry_whole(const struct show *show, struct buf *to, int depth, const struct config_entry *entry)
{
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = config_key_at(i);
        bool is_here = (key->places & (CONFIG_PLACE_MAP | CONFIG_PLACE_POLICY | CONFIG_PLACE_LOGIN)) != 0 &&
                       key->type >= CONFIG_KEY_TARGET;
        bool is_derived_from = key->type == CONFIG_KEY_TARGET || key->type == CONFIG_KEY_PAYLOAD;
        bool is_shown = show->what != SHOW_ESSENTIAL; /* the essential is read again, as it is */
        struct buf text;
        buf_init(&text, TEXT_MAX_BYTES);
        if (is_here && (is_derived_from || is_shown) && show_value_of_entry(&text, key, entry, is_shown))
            add_line(to, depth, key->name, buf_span(&text));
        buf_free(&text);
    }
}

static void add_entry(const struct show *show, struct buf *to, const struct config_entry *entry)
{
    static const enum config_place places[] = { CONFIG_PLACE_MAP, CONFIG_PLACE_POLICY, CONFIG_PLACE_LOGIN };
    const struct config_entry *base =
        show->defaults == NULL ? NULL : config_find(show->defaults, entry->section, span_text(entry->name));
    struct buf inner;

    buf_init(&inner, TEXT_MAX_BYTES);
    if (entry->error != NULL)
        buf_format(&inner, "%*s# cannot be used: %s\n", 2 * INDENT, "", entry->error);
    add_entry_whole(show, &inner, 2, entry);
    add_keys(show, &inner, 2, places[entry->section], (struct pair){ entry, base });
    add_reach(show, &inner, 2, (struct pair){ &entry->http, base == NULL ? NULL : &base->http },
              (struct pair){ &entry->tls, base == NULL ? NULL : &base->tls });
    if (entry->section != CONFIG_DOVECOT_SASL)
        add_simple_group(show, &inner, 2, "response_cache", CONFIG_PLACE_CACHE,
                         (struct pair){ &entry->cache, base == NULL ? NULL : &base->cache });
    add_oidc(show, &inner, "backend_oidc_auth", CONFIG_PLACE_OIDC, entry->backend_oidc,
             base == NULL ? NULL : base->backend_oidc);
    add_oidc(show, &inner, "sasl_oidc_auth", CONFIG_PLACE_OIDC_ANY, entry->sasl_oidc,
             base == NULL ? NULL : base->sasl_oidc);
    add_group(to, 1, entry->name, &inner);
}

static void add_all(const struct show *show, struct buf *to)
{
    struct pair top = { show->config, show->defaults };

    add_keys(show, to, 0, CONFIG_PLACE_TOP, top);
    add_simple_group(show, to, 0, "response_cache", CONFIG_PLACE_CACHE_TOP, top);
    for (enum config_section_id id = 0; id < CONFIG_SECTIONS; id++) {
        const struct config_section *section = &show->config->section[id];
        struct buf inner;
        buf_init(&inner, TEXT_MAX_BYTES);
        for (size_t i = 0; i < section->count; i++)
            add_entry(show, &inner, &section->entries[i]);
        add_group(to, 0, config_section_name(id), &inner);
    }
}

/* Reads a text as a configuration; NULL: there is no memory for the file that it has to be. */
static struct config *load_text(struct span text)
{
    struct textfile file;
    struct config *config = textfile_open(&file, text) ? config_load_all(file.path, false) : NULL;

    textfile_close(&file);
    return config;
}

/* What all keys would be if only those that are essential were given. */
static struct config *load_defaults(const struct config *config)
{
    struct show show = { .what = SHOW_ESSENTIAL, .config = config };
    struct buf text;

    buf_init(&text, TEXT_MAX_BYTES);
    add_all(&show, &text);
    buf_add(&text, SPAN("\n"));
    struct config *defaults = load_text(buf_span(&text));
    buf_free(&text);
    return defaults;
}

/* What Postfix says where an entry says nothing. */
static void take_delimiter(const struct pfxctl *ctl, struct config *config)
{
    struct master_settings postfix;

    state_read_postfix(&postfix, ctl, config);
    master_free_settings(&postfix);
}

static void print(const struct pfxctl *ctl, struct config *config, bool only_changed)
{
    struct show show = { .what = only_changed ? SHOW_CHANGED : SHOW_ALL, .config = config };
    struct config *defaults = only_changed ? load_defaults(config) : NULL;
    struct buf text;

    if (!only_changed)
        take_delimiter(ctl, config);
    show.defaults = defaults;
    buf_init(&text, TEXT_MAX_BYTES);
    add_all(&show, &text);
    fputs(buf_text(&text), stdout);
    buf_free(&text);
    if (defaults != NULL)
        config_free(&defaults);
}

static int show(const struct pfxctl *ctl, const struct show_options *options)
{
    if (pfxctl_read_permission(ctl) != PFXCTL_GOOD)
        return PFXCTL_NO_PERMISSION;
    struct config *config = config_load_all(ctl->config_path, false);
    int status = config->error == NULL ? PFXCTL_GOOD : PFXCTL_CONFIGURATION;

    if (config->error != NULL)
        pfxctl_complain("%s", config->error);
    else if (options->hash)
        printf("%016" PRIx64 "\n", config->hash);
    else
        print(ctl, config, options->changed);
    config_free(&config);
    return status;
}

int show_command(const struct pfxctl *ctl, int argc, char **argv)
{
    struct show_options options = { .hash = false };
    const struct pfxctl_flag flags[] = { { "-n", &options.changed }, { "--hash", &options.hash }, { NULL, NULL } };

    return pfxctl_flags(argc, argv, flags) ? show(ctl, &options) : pfxctl_usage();
}
