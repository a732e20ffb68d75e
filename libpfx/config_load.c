#include "config_load.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config_cache.h"
#include "config_entry.h"
#include "config_file.h"
#include "config_hash.h"
#include "config_key.h"
#include "config_memory.h"
#include "config_reader.h"
#include "config_section.h"
#include "config_value.h"
#include "mem.h"

static const char suffix[] = ".cfg";

struct loader {
    struct config_reader reader;
    enum config_section_id own; /* CONFIG_SECTIONS: all are */
    struct config_file **files;
    size_t file_count;
    size_t file_room;
    struct config_draft draft; /* what entries inherit from top level */
    const config_setting_t **given; /* by number of the key: where it stands at top level */
    struct config_section_parts sections[CONFIG_SECTIONS];
};

/* A program without a good table of keys is of no use: the unit tests see that this never happens. */
static void read_presets(struct loader *l, enum config_place place, void *base)
{
    char *error;
    char *text = config_key_presets(place);
    struct config_file *file = config_file_parse_text("defaults", span_text(text), &error);

    if (file == NULL)
        config_reader_fail(&l->reader, error);
    else if (place == CONFIG_PLACE_MAP || place == CONFIG_PLACE_POLICY || place == CONFIG_PLACE_LOGIN)
        config_entry_read(&l->reader, config_file_root(file), place, base);
    else
        config_value_read_group(&l->reader, config_file_root(file), place, base);
    config_file_free(&file);
    mem_free(text);
}

static void read_oidc_presets(struct loader *l, struct config_oidc *group)
{
    read_presets(l, CONFIG_PLACE_OIDC_ANY, group);
    read_presets(l, CONFIG_PLACE_HTTP, &group->http);
    read_presets(l, CONFIG_PLACE_TLS, &group->tls);
}

static void read_all_presets(struct loader *l)
{
    read_presets(l, CONFIG_PLACE_TOP, l->reader.config);
    read_presets(l, CONFIG_PLACE_HTTP, &l->draft.entry.http);
    read_presets(l, CONFIG_PLACE_TLS, &l->draft.entry.tls);
    read_presets(l, CONFIG_PLACE_CACHE, &l->draft.entry.cache);
    read_presets(l, CONFIG_PLACE_CACHE_TOP, l->reader.config);
    read_presets(l, CONFIG_PLACE_MAP, &l->draft);
    read_presets(l, CONFIG_PLACE_POLICY, &l->draft);
    read_presets(l, CONFIG_PLACE_LOGIN, &l->draft);
    read_oidc_presets(l, &l->draft.backend_oidc.group);
    read_oidc_presets(l, &l->draft.sasl_oidc.group);
}

static void add_file(void *loader, const char *path, const char *directory)
{
    struct loader *l = loader;
    char *error;
    struct config_file *file = config_file_parse(path, directory, &error);

    if (file == NULL) {
        l->reader.is_partial = true;
        config_reader_fail(&l->reader, error);
        return;
    }
    l->reader.config->hash = config_hash_setting(l->reader.config->hash, config_file_root(file));
    l->files = mem_grow(l->files, l->file_count, &l->file_room, sizeof(*l->files));
    l->files[l->file_count++] = file;
}

static int is_configuration(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name), end = sizeof(suffix) - 1;
    return entry->d_name[0] != '.' && n > end && strcmp(entry->d_name + n - end, suffix) == 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* The files of pfx.d; NULL, or why they cannot be known. */
static char *each_of_directory(const char *directory, config_load_visitor *visit, void *context)
{
    char *inner = mem_format("%s/pfx.d", directory), *error = NULL;
    struct dirent **entries = NULL;
    int count = scandir(inner, &entries, is_configuration, by_bytes);

    if (count < 0 && errno != ENOENT)
        error = mem_format("%s: %s", inner, strerror(errno));
    for (int i = 0; i < count; i++) {
        char *path = mem_format("%s/%s", inner, entries[i]->d_name);
        visit(context, path, directory);
        mem_free(path);
        free(entries[i]);
    }
    free(entries);
    mem_free(inner);
    return error;
}

static char *directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        return mem_string(".");
    return mem_copy(path, slash == path ? 1 : (size_t)(slash - path));
}

char *config_load_each(const char *path, config_load_visitor *visit, void *context)
{
    char *directory = directory_of(path);

    visit(context, path, directory);
    char *error = each_of_directory(directory, visit, context);
    mem_free(directory);
    return error;
}

static void add_section(struct loader *l, const config_setting_t *setting)
{
    enum config_section_id id = CONFIG_SOCKET_MAPS;

    while (strcmp(config_section_name(id), config_setting_name(setting)) != 0)
        id++;
    if (config_value_is_group(&l->reader, setting))
        config_section_add(&l->sections[id], setting);
}

/* A key may stand in any of the files, but in one only: which should win? */
static bool is_first(struct loader *l, const struct config_key *key, const config_setting_t *setting)
{
    const config_setting_t **given = &l->given[config_key_number(key)];
    unsigned line;

    if (*given != NULL) {
        const char *file = config_file_where(*given, &line);
        config_reader_error(&l->reader, setting, "given twice, first in %s:%u", file, line);
        return false;
    }
    *given = setting;
    return true;
}

static void read_top_value(struct loader *l, const struct config_key *key, const config_setting_t *setting)
{
    struct config_draft *draft = &l->draft;

    switch (key->type) {
    case CONFIG_KEY_HTTP_GROUP:
        config_value_read_group(&l->reader, setting, CONFIG_PLACE_HTTP, &draft->entry.http);
        draft->timing = setting;
        break;
    case CONFIG_KEY_TLS_GROUP:
        config_value_read_group(&l->reader, setting, CONFIG_PLACE_TLS, &draft->entry.tls);
        break;
    case CONFIG_KEY_CACHE_GROUP:
        config_cache_read(&l->reader, setting, true, &draft->entry.cache);
        draft->timing = setting;
        break;
    default:
        config_value_read(&l->reader, key, setting, l->reader.config);
        break;
    }
}

static void read_top_key(struct loader *l, const config_setting_t *setting)
{
    const struct config_key *key = config_value_key(&l->reader, setting, CONFIG_PLACE_TOP);

    if (key == NULL)
        return;
    if (key->type == CONFIG_KEY_SECTION)
        add_section(l, setting);
    else if (is_first(l, key, setting))
        read_top_value(l, key, setting);
}

static void read_top(struct loader *l)
{
    for (size_t i = 0; i < l->file_count; i++) {
        const config_setting_t *root = config_file_root(l->files[i]);
        for (int j = 0; j < config_setting_length(root); j++)
            read_top_key(l, config_setting_get_elem(root, (unsigned)j));
    }
}

/* What stands under that name at top level, or NULL. */
static const config_setting_t *given(const struct loader *l, const char *name)
{
    return l->given[config_key_number(config_key_find(CONFIG_PLACE_TOP, name))];
}

/* A login has longer than other questions, unless somebody has said how long those have. */
static struct config_draft draft_of_section(const struct loader *l, enum config_section_id id)
{
    const config_setting_t *http = given(l, "http");
    struct config_draft draft = l->draft;

    config_cache_begin(id, given(l, "response_cache"), &draft.entry.cache);
    if (id == CONFIG_DOVECOT_SASL && (http == NULL || config_setting_get_member(http, "timeout") == NULL))
        draft.entry.http.timeout_ms = CONFIG_LOGIN_TIMEOUT_MS;
    return draft;
}

static void read_sections(struct loader *l)
{
    for (enum config_section_id id = 0; id < CONFIG_SECTIONS; id++) {
        bool is_foreign = l->own != CONFIG_SECTIONS && id != l->own;
        struct config_draft draft = draft_of_section(l, id);
        if (is_foreign)
            config_reader_begin_foreign(&l->reader);
        config_section_read(&l->reader, id, &l->sections[id], &draft);
        if (is_foreign)
            config_reader_end_foreign(&l->reader);
    }
}

static void finish(struct loader *l)
{
    for (enum config_section_id id = 0; id < CONFIG_SECTIONS; id++)
        config_section_free(&l->sections[id]);
    for (size_t i = 0; i < l->file_count; i++)
        config_file_free(&l->files[i]);
    mem_free(l->files);
    mem_free(l->given);
}

static struct config *load(const char *path, enum config_section_id own, bool with_secrets)
{
    struct config *config = mem_alloc(sizeof(*config));
    struct loader l = { .reader = { .config = config, .error = &config->error, .without_secrets = !with_secrets },
                        .own = own };

    config->memory = config_memory_new();
    config->hash = CONFIG_HASH_BEGIN;
    l.given = mem_array(config_key_count, sizeof(*l.given));
    read_all_presets(&l);
    char *error = config_load_each(path, add_file, &l);
    if (error != NULL) {
        l.reader.is_partial = true;
        config_reader_fail(&l.reader, error);
    }
    if (config->error == NULL || own == CONFIG_SECTIONS) { /* else a daemon answers nothing; a person wants the rest */
        read_top(&l);
        read_sections(&l);
    }
    finish(&l);
    return config;
}

struct config *config_load(const char *path, enum config_section_id own)
{
    return load(path, own, true);
}

struct config *config_load_all(const char *path, bool with_secrets)
{
    return load(path, CONFIG_SECTIONS, with_secrets);
}
