#include "state.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "instance.h"
#include "log.h"
#include "mem.h"
#include "privileges.h"

#define RUN_DIRECTORY "/run/pfx" /* of daemons without Postfix */

/* Zero, or errno. */
static int find(const char *directory, const char *file, struct stat *status)
{
    char *path = mem_format("%s/%s", directory, file);
    int error = lstat(path, status) == 0 ? 0 : errno;

    mem_free(path);
    return error;
}

void state_read_postfix(struct master_settings *postfix, const struct pfxctl *ctl, struct config *config)
{
    *postfix = (struct master_settings){ .mail_owner = NULL };
    if (instance_exists(ctl->config_directory)) {
        const char *why = master_read_settings(postfix, ctl->config_directory);
        if (why != NULL)
            pfxctl_complain("warning: %s: %s", PFX_POSTCONF, why);
    }
    config_take_delimiter(config, postfix->recipient_delimiter == NULL ? "" : postfix->recipient_delimiter);
}

const char *state_directory(const struct config *config, const struct master_settings *postfix, const char *file)
{
    struct stat status;

    if (config->state_directory[0] != '\0')
        return config->state_directory;
    if (postfix->data_directory == NULL)
        return RUN_DIRECTORY;
    bool is_elsewhere =
        find(postfix->data_directory, file, &status) == ENOENT && find(RUN_DIRECTORY, file, &status) == 0;
    return is_elsewhere ? RUN_DIRECTORY : postfix->data_directory;
}

int state_open(struct state *state, const struct pfxctl *ctl)
{
    *state = (struct state){ .config = NULL };
    log_open(&(struct log_options){ .sink = LOG_TO_PERSON, .ident = "pfxctl" });
    if (pfxctl_read_permission(ctl) != PFXCTL_GOOD)
        return PFXCTL_NO_PERMISSION;
    *state = (struct state){ .config = config_load_all(ctl->config_path, false) };
    state_read_postfix(&state->postfix, ctl, state->config);
    return PFXCTL_GOOD;
}

void state_close(struct state *state)
{
    config_free(&state->config);
    master_free_settings(&state->postfix);
    log_close();
}

static int cannot(const char *directory, const char *file, const char *why, int status)
{
    pfxctl_complain("%s/%s: %s", directory, file, why);
    return status;
}

int state_enter(struct state *state, const char *file)
{
    char why[PRIVILEGES_REASON_MAX_BYTES];
    struct stat status;

    state->directory = state_directory(state->config, &state->postfix, file);
    int error = find(state->directory, file, &status);
    if (error == ENOENT)
        return cannot(state->directory, file, "not there yet: a daemon that needs it makes it when it starts",
                      PFXCTL_UNAVAILABLE);
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
