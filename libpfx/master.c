#include "master.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "mem.h"
#include "postconf.h"

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
    static const char *const arguments[] = { "-xh", "mail_owner", "syslog_facility", "data_directory",
                                             "recipient_delimiter", "queue_directory", NULL };
    struct postconf postconf;

    *settings = (struct master_settings){ .mail_owner = mem_string("postfix"), .syslog_facility = mem_string("mail"),
                                          .data_directory = mem_string("/var/lib/postfix"),
                                          .recipient_delimiter = mem_string(""),
                                          .queue_directory = mem_string("/var/spool/postfix") };
    const char *why = postconf_start(&postconf, config_directory, arguments);
    if (why != NULL)
        return why;
    read_line(postconf.output, &settings->mail_owner);
    read_line(postconf.output, &settings->syslog_facility);
    read_line(postconf.output, &settings->data_directory);
    read_line(postconf.output, &settings->recipient_delimiter);
    read_line(postconf.output, &settings->queue_directory);
    postconf_end(&postconf);
    return NULL;
}

void master_free_settings(struct master_settings *settings)
{
    mem_free(settings->mail_owner);
    mem_free(settings->syslog_facility);
    mem_free(settings->data_directory);
    mem_free(settings->recipient_delimiter);
    mem_free(settings->queue_directory);
}
