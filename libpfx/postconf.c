#include "postconf.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Without a PATH it is found all the same. */
static int spawn(const char *config_directory, const char *const *arguments, int output, pid_t *pid)
{
    const char *all[POSTCONF_ARGUMENTS_MAX + 4] = { "postconf", "-c", config_directory };
    posix_spawn_file_actions_t actions;

    for (size_t i = 0; i < POSTCONF_ARGUMENTS_MAX && arguments[i] != NULL; i++)
        all[i + 3] = arguments[i];
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    int error = posix_spawn(pid, PFX_POSTCONF, &actions, NULL, (char *const *)(size_t)all, environ);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static int wait_for(pid_t pid)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

const char *postconf_start(struct postconf *postconf, const char *config_directory, const char *const *arguments)
{
    int ends[2];

    *postconf = (struct postconf){ .output = NULL };
    if (pipe2(ends, O_CLOEXEC) != 0)
        return strerror(errno);
    int error = spawn(config_directory, arguments, ends[1], &postconf->pid);
    close(ends[1]);
    if (error != 0) {
        close(ends[0]);
        return strerror(error);
    }
    postconf->output = fdopen(ends[0], "r");
    if (postconf->output == NULL) {
        error = errno;
        close(ends[0]);
        wait_for(postconf->pid);
        return strerror(error);
    }
    return NULL;
}

bool postconf_end(struct postconf *postconf)
{
    fclose(postconf->output);
    int status = wait_for(postconf->pid);
    *postconf = (struct postconf){ .output = NULL };
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
