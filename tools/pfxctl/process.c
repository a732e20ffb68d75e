#include "process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"

#define COMMAND_MAX_BYTES 4096
#define STAT_MAX_BYTES    512
#define STATUS_MAX_BYTES  4096
#define LISTENS           0x10000UL /* of the flags in /proc/net/unix: __SO_ACCEPTCON */

/* The first bytes of a file; a NUL follows. How many there were. */
static size_t read_file(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, size - 1);

    if (fd >= 0)
        close(fd);
    text[n < 0 ? 0 : n] = '\0';
    return n < 0 ? 0 : (size_t)n;
}

static size_t read_of(pid_t pid, const char *name, char *text, size_t size)
{
    char *path = mem_format("/proc/%d/%s", (int)pid, name);
    size_t n = read_file(path, text, size);

    mem_free(path);
    return n;
}

pid_t process_master(const char *queue_directory)
{
    char *path = mem_format("%s/pid/master.pid", queue_directory);
    char text[STAT_MAX_BYTES], name[STAT_MAX_BYTES];

    bool is_hidden = access(path, R_OK) != 0 && errno == EACCES;
    read_file(path, text, sizeof(text));
    mem_free(path);
    long pid = strtol(text, NULL, 10);
    errno = is_hidden ? EACCES : ESRCH;
    if (pid <= 0 || read_of((pid_t)pid, "comm", name, sizeof(name)) == 0 || strcmp(name, "master\n") != 0)
        return 0;
    return (pid_t)pid;
}

/* The name of a process, which stands in parentheses before it, may hold anything. */
static pid_t parent_of(pid_t pid)
{
    char text[STAT_MAX_BYTES];
    int parent = 0;

    read_of(pid, "stat", text, sizeof(text));
    const char *end = strrchr(text, ')');
    return end != NULL && sscanf(end, ") %*c %d", &parent) == 1 ? parent : 0;
}

void process_children(pid_t parent, struct process_list *children)
{
    DIR *directory = opendir("/proc");
    const struct dirent *one;

    children->count = 0;
    if (directory == NULL)
        return;
    while ((one = readdir(directory)) != NULL && children->count < PROCESS_MAX) {
        pid_t pid = isdigit((unsigned char)one->d_name[0]) ? (pid_t)strtol(one->d_name, NULL, 10) : 0;
        if (pid > 0 && parent_of(pid) == parent)
            children->pid[children->count++] = pid;
    }
    closedir(directory);
}

/* The argument that follows an option; what it is when there is none. */
static const char *value_of(const char *command, size_t n, const char *option, const char *otherwise)
{
    for (const char *at = command; at < command + n; at += strlen(at) + 1)
        if (strcmp(at, option) == 0)
            return at + strlen(at) + 1;
    return otherwise;
}

/* master(8) passes a name only where it is not that of the command. */
static bool is_parent_of(pid_t pid, const struct service *service)
{
    char command[COMMAND_MAX_BYTES];
    size_t n = read_of(pid, "cmdline", command, sizeof(command));

    if (n == 0 || strcmp(command, service->command) != 0)
        return false;
    const char *type = service->path == NULL ? "inet" : "unix";
    return strcmp(value_of(command, n, "-n", basename(service->command)), service->name) == 0 &&
           strcmp(value_of(command, n, "-t", ""), type) == 0;
}

void process_parents(pid_t master, const struct service *service, struct process_list *parents)
{
    struct process_list children;

    parents->count = 0;
    if (master == 0)
        return;
    process_children(master, &children);
    for (size_t i = 0; i < children.count; i++)
        if (is_parent_of(children.pid[i], service))
            parents->pid[parents->count++] = children.pid[i];
}

enum service_protocol process_protocol(pid_t pid)
{
    char command[COMMAND_MAX_BYTES];

    return read_of(pid, "cmdline", command, sizeof(command)) == 0 ? SERVICE_UNKNOWN : service_protocol_of(command);
}

bool process_holds_hangup(pid_t pid)
{
    static const char name[] = "\nSigBlk:\t";
    char text[STATUS_MAX_BYTES];

    read_of(pid, "status", text, sizeof(text));
    const char *blocked = strstr(text, name);
    return blocked != NULL && (strtoull(blocked + sizeof(name) - 1, NULL, 16) & 1ULL << (SIGHUP - 1)) != 0;
}

bool process_changes_root(pid_t pid)
{
    char command[COMMAND_MAX_BYTES];

    return value_of(command, read_of(pid, "cmdline", command, sizeof(command)), "-c", NULL) != NULL;
}

static bool holds_socket(pid_t pid, unsigned long inode)
{
    char *path = mem_format("/proc/%d/fd", (int)pid), *wanted = mem_format("socket:[%lu]", inode);
    DIR *directory = opendir(path);
    const struct dirent *one;
    char target[STAT_MAX_BYTES];
    bool holds = false;

    while (directory != NULL && !holds && (one = readdir(directory)) != NULL) {
        ssize_t n = readlinkat(dirfd(directory), one->d_name, target, sizeof(target));
        holds = n == (ssize_t)strlen(wanted) && memcmp(target, wanted, (size_t)n) == 0;
    }
    if (directory != NULL)
        closedir(directory);
    mem_free(path);
    mem_free(wanted);
    return holds;
}

/* Other instances may have the same path, from other directories; and so have connections. */
static bool is_at_path(const char *line, const void *path, unsigned long *inode)
{
    unsigned long flags;
    int n = 0;

    return sscanf(line, "%*s %*s %*s %lx %*s %*s %lu %n", &flags, inode, &n) == 2 && n > 0 &&
           (flags & LISTENS) != 0 && strcmp(line + n, path) == 0;
}

static bool is_on_port(const char *line, const void *port, unsigned long *inode)
{
    unsigned local, state;

    return sscanf(line, "%*s %*[^:]:%x %*s %x %*s %*s %*s %*s %*s %lu", &local, &state, inode) == 3 &&
           local == *(const unsigned *)port && state == TCP_LISTEN;
}

/* One of the sockets that the file lists, of those that are meant. */
static bool holds_one_of(pid_t pid, const char *file,
                         bool (*is)(const char *line, const void *wanted, unsigned long *inode), const void *wanted)
{
    FILE *list = pid == 0 ? NULL : fopen(file, "re");
    char line[STAT_MAX_BYTES];
    unsigned long inode;
    bool holds = false;

    while (list != NULL && !holds && fgets(line, sizeof(line), list) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        holds = is(line, wanted, &inode) && holds_socket(pid, inode);
    }
    if (list != NULL)
        fclose(list);
    return holds;
}

bool process_listens(pid_t pid, const char *path)
{
    return holds_one_of(pid, "/proc/net/unix", is_at_path, path);
}

bool process_listens_on(pid_t pid, unsigned port)
{
    return holds_one_of(pid, "/proc/net/tcp", is_on_port, &port) ||
           holds_one_of(pid, "/proc/net/tcp6", is_on_port, &port);
}

bool process_is_in(const struct process_list *list, pid_t pid)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->pid[i] == pid)
            return true;
    return false;
}
