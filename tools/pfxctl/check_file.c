#include "check.h"

#include <errno.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "check_syntax.h"
#include "config_file.h"
#include "config_reader.h"
#include "mem.h"

#define GROUPS_MAX 64

static const char *const secret_keys[] = { "http_auth_basic", "http_auth_bearer", "client_secret" };

/* The files of one configuration, while something is done with each. */
struct walk {
    struct check *check;
    struct config_reader reader;
    const config_setting_t *inline_secret; /* the first of the file, NULL: none */
    bool ok;
};

typedef void file_user(struct walk *walk, const char *path, const char *directory);

static char *directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        return mem_string(".");
    return mem_copy(path, slash == path ? 1 : (size_t)(slash - path));
}

/* pfx.cfg, and pfx.d beside it. */
static void each_file(struct walk *walk, file_user *use)
{
    const char *path = walk->check->ctl->config_path;
    char *directory = directory_of(path);
    char *pattern = mem_format("%s/pfx.d/*.cfg", directory);
    glob_t found;

    use(walk, path, directory);
    if (glob(pattern, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++)
            use(walk, found.gl_pathv[i], directory);
        globfree(&found);
    }
    mem_free(pattern);
    mem_free(directory);
}

/* Of an error "FILE:LINE: WHAT" the length of FILE; 0: it is another. */
static size_t named_file(const char *error, const char *what)
{
    const char *end = strstr(error, what);

    while (end != NULL && end > error && end[-1] >= '0' && end[-1] <= '9')
        end--;
    return end != NULL && end > error && end[-1] == ':' ? (size_t)(end - 1 - error) : 0;
}

/* Says why a file, or one that it includes, is no libconfig; false: it does not know. */
static bool explain(struct check *check, const char *error)
{
    struct check_syntax_fault fault;
    struct buf text;
    const char *why;
    size_t n = named_file(error, ": syntax error");

    if (n == 0)
        n = named_file(error, ": the string that begins here");
    if (n == 0)
        return false;
    char *path = mem_copy(error, n);
    buf_init(&text, CONFIG_FILE_MAX_BYTES);
    bool found = config_file_read(path, &text, &why) && check_syntax(buf_span(&text), &fault);
    if (found)
        check_mistake(check, "%s:%u:%u: syntax error: %s", path, fault.line, fault.column, fault.cure);
    mem_wipe(text.p, text.n);
    buf_free(&text);
    mem_free(path);
    return found;
}

static void parse(struct walk *walk, const char *path, const char *directory)
{
    char *error;
    struct config_file *file = config_file_parse(path, directory, &error);

    walk->ok &= file != NULL;
    if (file == NULL && !explain(walk->check, error))
        check_mistake(walk->check, "%s", error);
    if (file == NULL)
        mem_free(error);
    config_file_free(&file);
}

bool check_files(struct check *check)
{
    struct walk walk = { .check = check, .ok = true };

    each_file(&walk, parse);
    return walk.ok;
}

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

/* NULL, or who may read a secret that should not, and what to do. A block of mem.h. */
static char *find_reader(const struct check *check, const char *path)
{
    const char *name = check->instance == NULL ? check->config->user : check->instance->mail_owner;
    struct stat file;

    if (stat(path, &file) != 0)
        return NULL; /* told by whoever wants to read it */
    if ((file.st_mode & (S_IROTH | S_IWOTH)) != 0)
        return mem_format("%s can be %s by everybody: chmod 600 %s", path,
                          (file.st_mode & S_IROTH) != 0 ? "read" : "written", path);
    const struct passwd *owner = name == NULL ? NULL : getpwnam(name);
    if (owner == NULL || owner->pw_uid == 0)
        return NULL;
    if (file.st_uid == owner->pw_uid)
        return mem_format("%s belongs to %s, and so to what strangers talk to: chown root %s", path, name, path);
    if ((file.st_mode & (S_IRGRP | S_IWGRP)) != 0 && is_in_group(owner, file.st_gid))
        return mem_format("%s can be read by %s through its group: chgrp root %s", path, name, path);
    return NULL;
}

static void check_secret(struct walk *walk, const config_setting_t *setting, const char *path)
{
    char *text = find_reader(walk->check, path);

    if (text != NULL)
        config_reader_warn(&walk->reader, setting, text);
    mem_free(text);
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

static void check_text(struct walk *walk, const config_setting_t *setting, const char *name)
{
    const char *text = config_setting_get_string(setting);
    const config_setting_t *parent = config_setting_parent(setting);
    const char *outer = parent == NULL ? NULL : config_setting_name(parent);

    if (outer != NULL && is_secret(outer) && strcmp(name, "file") == 0)
        check_secret(walk, setting, text);
    else if (names_key_file(setting, name) && text[0] != '\0')
        check_secret(walk, setting, text);
    else if (is_secret(name) && walk->inline_secret == NULL)
        walk->inline_secret = setting;
}

static void look_at(struct walk *walk, const config_setting_t *setting)
{
    const char *name = config_setting_name(setting);

    if (name != NULL && config_setting_type(setting) == CONFIG_TYPE_STRING)
        check_text(walk, setting, name);
    if (name != NULL && strcmp(name, "skip_verify") == 0 && config_setting_type(setting) == CONFIG_TYPE_BOOL &&
        config_setting_get_bool(setting))
        config_reader_warn(&walk->reader, setting, "certificates are not checked: whoever is on the way can answer, "
                                                   "and read secrets; name the CA in root_ca instead");
    if (!config_setting_is_aggregate(setting))
        return;
    for (int i = 0; i < config_setting_length(setting); i++)
        look_at(walk, config_setting_get_elem(setting, (unsigned)i));
}

static void look_into(struct walk *walk, const char *path, const char *directory)
{
    char *error;
    struct config_file *file = config_file_parse(path, directory, &error);
    unsigned line;

    if (file == NULL) { /* it has changed since it was parsed */
        mem_free(error);
        return;
    }
    walk->inline_secret = NULL;
    look_at(walk, config_file_root(file));
    if (walk->inline_secret != NULL)
        check_secret(walk, walk->inline_secret, config_file_where(walk->inline_secret, &line));
    config_file_free(&file);
}

void check_settings(struct check *check)
{
    struct walk walk = { .check = check,
                         .reader = { .config = check->config, .problem_room = check->config->problem_count } };

    each_file(&walk, look_into);
}
