#include "state.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "master.h"
#include "mem.h"
#include "privileges.h"

#define RUN_DIRECTORY "/run/pfx" /* of daemons without Postfix */

static bool has_postfix(const struct pfxctl *ctl)
{
    char *path = mem_format("%s/main.cf", ctl->config_directory);
    bool has = access(path, F_OK) == 0;

    mem_free(path);
    return has;
}

static void ask_postfix(struct state *state, const struct pfxctl *ctl)
{
    struct master_settings settings;
    const char *why = master_read_settings(&settings, ctl->config_directory);

    if (why != NULL)
        pfxctl_complain("warning: %s: %s", PFX_POSTCONF, why);
    config_take_delimiter(state->config, settings.recipient_delimiter);
    state->directory = mem_string(settings.data_directory);
    master_free_settings(&settings);
}

void state_open(struct state *state, const struct pfxctl *ctl)
{
    log_open(&(struct log_options){ .sink = LOG_TO_PERSON, .ident = "pfxctl" });
    *state = (struct state){ .config = config_load_all(ctl->config_path, false) };
    if (has_postfix(ctl))
        ask_postfix(state, ctl);
    else
        state->directory = mem_string(RUN_DIRECTORY);
    if (state->config->state_directory[0] == '\0')
        return;
    mem_free(state->directory);
    state->directory = mem_string(state->config->state_directory);
}

void state_close(struct state *state)
{
    config_free(&state->config);
    mem_free(state->directory);
    log_close();
}

static int cannot(const char *directory, const char *file, const char *why, int status)
{
    pfxctl_complain("%s/%s: %s", directory, file, why);
    return status;
}

static int find(const char *directory, const char *file, struct stat *status)
{
    char *path = mem_format("%s/%s", directory, file);
    int error = lstat(path, status) == 0 ? 0 : errno;

    mem_free(path);
    return error;
}

int state_enter(struct state *state, const char *file)
{
    char why[PRIVILEGES_REASON_MAX_BYTES];
    struct stat status;
    int error = find(state->directory, file, &status);

    if (error == ENOENT && state->config->state_directory[0] == '\0' && find(RUN_DIRECTORY, file, &status) == 0) {
        mem_free(state->directory);
        state->directory = mem_string(RUN_DIRECTORY);
        error = 0;
    }
    if (error != 0)
        return cannot(state->directory, file, strerror(error),
                      error == EACCES ? PFXCTL_NO_PERMISSION : PFXCTL_UNAVAILABLE);
    if (geteuid() == status.st_uid)
        return PFXCTL_GOOD;
    if (geteuid() != 0)
        return cannot(state->directory, file, strerror(EACCES), PFXCTL_NO_PERMISSION);
    const struct passwd *owner = getpwuid(status.st_uid);
    if (owner == NULL)
        return cannot(state->directory, file, "its owner is nobody of this system", PFXCTL_NO_PERMISSION);
    if (!privileges_drop(owner->pw_name, false, false, why))
        return cannot(state->directory, file, why, PFXCTL_NO_PERMISSION);
    return PFXCTL_GOOD;
}
