#include "master.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "mem.h"

enum { TAKEN = 0, AVAIL = 1 };

struct status {
    int pid;
    unsigned generation;
    int available;
};

static unsigned generation;

const char *master_begin(void)
{
    const char *text = getenv("GENERATION");
    struct stat status;
    char *end = NULL;

    if (text == NULL || fstat(MASTER_STATUS_FD, &status) != 0 || fstat(MASTER_LISTEN_FD, &status) != 0)
        return "option -t is for master(8) only: there is no status channel";
    generation = (unsigned)strtoul(text, &end, 8);
    if (end == text || *end != '\0')
        return "GENERATION in the environment is not an octal number";
    fcntl(MASTER_STATUS_FD, F_SETFD, FD_CLOEXEC);
    close(MASTER_FLOW_READ_FD);
    close(MASTER_FLOW_WRITE_FD);
    return NULL;
}

static void report(int available)
{
    struct status status = { .pid = (int)getpid(), .generation = generation, .available = available };

    if (send(MASTER_STATUS_FD, &status, sizeof(status), MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)sizeof(status))
        log_debug("status message to master: %s", strerror(errno));
}

void master_report_served(void)
{
    report(TAKEN);
    report(AVAIL);
}

/* Starts postconf with its output in a pipe, its complaints nowhere. */
static FILE *start_postconf(const char *config_directory, pid_t *pid, const char **why)
{
    char *arguments[] = { (char *)(size_t) "postconf", (char *)(size_t) "-c", (char *)(size_t)config_directory,
                          (char *)(size_t) "-xh", (char *)(size_t) "mail_owner", (char *)(size_t) "syslog_facility",
                          (char *)(size_t) "data_directory", (char *)(size_t) "recipient_delimiter", NULL };
    posix_spawn_file_actions_t actions;
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0) {
        *why = strerror(errno);
        return NULL;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    int error = posix_spawn(pid, PFX_POSTCONF, &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (error != 0) {
        *why = strerror(error);
        close(ends[0]);
        return NULL;
    }
    return fdopen(ends[0], "r");
}

static void read_line(FILE *file, char **setting)
{
    char line[PATH_MAX + 1];
    size_t n;

    if (fgets(line, sizeof(line), file) == NULL || (n = strcspn(line, "\n")) == 0)
        return;
    mem_free(*setting);
    *setting = mem_copy(line, n);
}

const char *master_read_settings(struct master_settings *settings, const char *config_directory)
{
    const char *why = NULL;
    pid_t pid;

    *settings = (struct master_settings){ .mail_owner = mem_string("postfix"), .syslog_facility = mem_string("mail"),
                                          .data_directory = mem_string("/var/lib/postfix"),
                                          .recipient_delimiter = mem_string("") };
    FILE *output = start_postconf(config_directory, &pid, &why);
    if (output == NULL)
        return why;
    read_line(output, &settings->mail_owner);
    read_line(output, &settings->syslog_facility);
    read_line(output, &settings->data_directory);
    read_line(output, &settings->recipient_delimiter);
    fclose(output);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    return NULL;
}

void master_free_settings(struct master_settings *settings)
{
    mem_free(settings->mail_owner);
    mem_free(settings->syslog_facility);
    mem_free(settings->data_directory);
    mem_free(settings->recipient_delimiter);
}
