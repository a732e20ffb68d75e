/*
 * Who may read and write the files of the configuration and its secrets, and what is unwise in them.
 */
#include "check.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#include "config_file.h"
#include "config_load.h"
#include "config_reader.h"
#include "mask.h"
#include "mem.h"

#define GROUPS_MAX 64

static const char *const secret_keys[] = { "http_auth_basic", "http_auth_bearer", "client_secret" };

/* The files of one configuration. */
struct walk {
    struct check *check;
    struct config_reader reader;
    const struct passwd *owner; /* whom workers run as, NULL: root, or nobody knows */
    const config_setting_t *root;
    const char *source;         /* the file that was looked at last */
    const char *with_secret;    /* the one with a secret that was told last */
};

static bool is_in_group(const struct passwd *user, gid_t group)
{
    gid_t groups[GROUPS_MAX];
    int count = GROUPS_MAX;

    if (getgrouplist(user->pw_name, user->pw_gid, groups, &count) < 0)
        count = GROUPS_MAX;
    for (int i = 0; i < count; i++)
        if (groups[i] == group)
            return true;
    return false;
}

/* What is not there is told by whoever wants to read it. */
static void check_writers(struct walk *walk, const char *path, bool holds_secret)
{
    const struct passwd *owner = walk->owner;
    struct check_place place = { .file = span_text(path) };
    struct stat file;

    if (stat(path, &file) != 0)
        return;
    if (owner != NULL && file.st_uid == owner->pw_uid)
        check_mistake(walk->check, &place,
                      "belongs to %s, and so to what strangers talk to" CHECK_CURE
                      "chown root %s", owner->pw_name, path);
    if ((file.st_mode & S_IWOTH) != 0)
        check_mistake(walk->check, &place,
                      "can be written by everybody, who could change what your mail does" CHECK_CURE "chmod %s %s",
                      holds_secret ? "600" : "go-w", path);
    else if ((file.st_mode & S_IWGRP) != 0 && owner != NULL && is_in_group(owner, file.st_gid))
        check_mistake(walk->check, &place,
                      "can be written by %s, whom strangers talk to, through its group" CHECK_CURE "chmod g-w %s",
                      owner->pw_name, path);
    else if ((file.st_mode & S_IWGRP) != 0)
        check_warn(walk->check, &place,
                   "can be written by its group, which could change what your mail does" CHECK_CURE "chmod g-w %s",
                   path);
}

/* NULL, or who else than its owner may read a secret, and what to do. A block of mem.h. */
static char *find_reader(const struct walk *walk, const char *path)
{
    const struct passwd *owner = walk->owner;
    struct stat file;

    if (stat(path, &file) != 0)
        return NULL;
    if ((file.st_mode & S_IROTH) != 0)
        return mem_format("%s can be read by everybody" CHECK_CURE "chmod 600 %s", path, path);
    if ((file.st_mode & S_IRGRP) != 0 && owner != NULL && is_in_group(owner, file.st_gid))
        return mem_format("%s can be read by %s through its group" CHECK_CURE "chgrp root %s", path, owner->pw_name,
                          path);
    return NULL;
}

static void check_readers(struct walk *walk, const config_setting_t *setting, const char *path)
{
    char *text = find_reader(walk, path);

    if (text != NULL)
        config_reader_warn(&walk->reader, setting, text);
    mem_free(text);
}

static void check_secret_file(struct walk *walk, const config_setting_t *setting, const char *path)
{
    check_readers(walk, setting, path);
    check_writers(walk, path, true);
}

/* The first secret of a file stands for all. */
static void check_secret(struct walk *walk, const config_setting_t *setting)
{
    unsigned line;
    const char *path = config_file_where(setting, &line);

    if (walk->with_secret != NULL && strcmp(walk->with_secret, path) == 0)
        return;
    walk->with_secret = path;
    check_readers(walk, setting, path);
}

static bool is_secret(const char *name)
{
    for (size_t i = 0; i < sizeof(secret_keys) / sizeof(secret_keys[0]); i++)
        if (strcmp(name, secret_keys[i]) == 0)
            return true;
    return false;
}

static bool is_in(const config_setting_t *setting, const char *group)
{
    const config_setting_t *parent = config_setting_parent(setting);
    return parent != NULL && config_setting_name(parent) != NULL && strcmp(config_setting_name(parent), group) == 0;
}

/* A file of keys: key of a group tls, its cert where it has no key, and private_key_file. */
static bool names_key_file(const config_setting_t *setting, const char *name)
{
    if (strcmp(name, "private_key_file") == 0)
        return true;
    if (!is_in(setting, "tls"))
        return false;
    return strcmp(name, "key") == 0 || (strcmp(name, "cert") == 0 &&
                                        config_setting_get_member(config_setting_parent(setting), "key") == NULL);
}

/* "Name: value", in a list of headers. */
static bool is_secret_header(const config_setting_t *setting)
{
    struct span line = span_text(config_setting_get_string(setting));
    size_t colon = span_find(line, ':');
    struct span value = span_skip(line, colon < line.n ? colon + 1 : colon);

    return is_in(setting, "custom_headers") && mask_is_secret(span_first(line, colon)) && value.n > 0 &&
           strspn(value.p, " ") < value.n;
}

static bool holds_secret(const config_setting_t *setting, const char *name)
{
    if (name == NULL)
        return is_secret_header(setting);
    if (strcmp(name, "proxy") == 0)
        return strchr(config_setting_get_string(setting), '@') != NULL;
    return is_secret(name);
}

/* Does a secret stand there, in that very file? */
static bool is_secret_in(const config_setting_t *setting, const char *path)
{
    unsigned line;

    if (config_setting_type(setting) == CONFIG_TYPE_STRING)
        return holds_secret(setting, config_setting_name(setting)) &&
               strcmp(config_file_where(setting, &line), path) == 0;
    for (int i = 0; config_setting_is_aggregate(setting) && i < config_setting_length(setting); i++)
        if (is_secret_in(config_setting_get_elem(setting, (unsigned)i), path))
            return true;
    return false;
}

/* pfx.cfg, one of pfx.d, or one that these include. */
static void check_source(struct walk *walk, const config_setting_t *setting)
{
    unsigned line;
    const char *path = config_file_where(setting, &line);

    if (walk->source == NULL || strcmp(walk->source, path) != 0)
        check_writers(walk, path, is_secret_in(walk->root, path));
    walk->source = path;
}

static bool can_write(const struct passwd *user, const struct stat *directory)
{
    if (directory->st_uid == user->pw_uid)
        return (directory->st_mode & S_IWUSR) != 0;
    return (directory->st_mode & (is_in_group(user, directory->st_gid) ? S_IWGRP : S_IWOTH)) != 0;
}

/* Where there is none, and where nothing can be written, answers and counters do not outlive the daemon. */
static void check_state(struct walk *walk, const config_setting_t *setting, const char *path)
{
    const struct passwd *owner = walk->owner;
    struct stat directory;
    char *text = NULL;

    if (path[0] == '\0' || owner == NULL)
        return;
    if (stat(path, &directory) != 0)
        text = mem_format("%s: %s" CHECK_CURE "install -d -o %s -m 700 %s", path, strerror(errno), owner->pw_name,
                          path);
    else if (!S_ISDIR(directory.st_mode))
        text = mem_format("%s is no directory", path);
    else if (!can_write(owner, &directory))
        text = mem_format("%s cannot be written by %s, whom the daemons run as: answers and counters are in memory only"
                          CHECK_CURE "name a directory of its own: install -d -o %s -m 700 DIRECTORY", path,
                          owner->pw_name, owner->pw_name);
    if (text != NULL)
        config_reader_warn(&walk->reader, setting, text);
    mem_free(text);
}

static void check_text(struct walk *walk, const config_setting_t *setting, const char *name)
{
    const char *text = config_setting_get_string(setting);
    const config_setting_t *parent = config_setting_parent(setting);
    const char *outer = parent == NULL ? NULL : config_setting_name(parent);

    if (name != NULL && outer != NULL && is_secret(outer) && strcmp(name, "file") == 0)
        check_secret_file(walk, setting, text);
    else if (name != NULL && names_key_file(setting, name) && text[0] != '\0')
        check_secret_file(walk, setting, text);
    else if (holds_secret(setting, name))
        check_secret(walk, setting);
    else if (name != NULL && strcmp(name, "state_directory") == 0)
        check_state(walk, setting, text);
}

static void look_at(struct walk *walk, const config_setting_t *setting)
{
    const char *name = config_setting_name(setting);

    check_source(walk, setting);
    if (config_setting_type(setting) == CONFIG_TYPE_STRING)
        check_text(walk, setting, name);
    if (name != NULL && strcmp(name, "skip_verify") == 0 && config_setting_type(setting) == CONFIG_TYPE_BOOL &&
        config_setting_get_bool(setting))
        config_reader_warn(&walk->reader, setting, "certificates are not checked: whoever is on the way can answer, "
                                                   "and read secrets" CHECK_CURE "name the CA in root_ca instead");
    if (!config_setting_is_aggregate(setting))
        return;
    for (int i = 0; i < config_setting_length(setting); i++)
        look_at(walk, config_setting_get_elem(setting, (unsigned)i));
}

static void look_into(void *context, const char *path, const char *directory)
{
    struct walk *walk = context;
    char *error;
    struct config_file *file = config_file_parse(path, directory, &error);

    if (file == NULL) { /* told by whoever loads it */
        check_writers(walk, path, false);
        mem_free(error);
        return;
    }
    walk->root = config_file_root(file);
    walk->source = walk->with_secret = NULL;
    check_writers(walk, path, is_secret_in(walk->root, path));
    look_at(walk, walk->root);
    config_file_free(&file);
}

static void check_directory(struct walk *walk)
{
    const char *path = walk->check->ctl->config_path;
    const char *slash = strrchr(path, '/');
    char *directory = mem_format("%.*spfx.d", slash == NULL ? 0 : (int)(slash + 1 - path), path);

    check_writers(walk, directory, false);
    mem_free(directory);
}

static const struct passwd *find_owner(const struct check *check)
{
    const char *name = check->instance == NULL ? check->config->user : check->instance->mail_owner;
    const struct passwd *owner = name == NULL ? NULL : getpwnam(name);

    return owner == NULL || owner->pw_uid == 0 ? NULL : owner;
}

void check_files(struct check *check)
{
    struct walk walk = { .check = check,
                         .reader = { .config = check->config, .problem_room = check->config->problem_count },
                         .owner = find_owner(check) };

    check_directory(&walk);
    mem_free(config_load_each(check->ctl->config_path, look_into, &walk));
}
