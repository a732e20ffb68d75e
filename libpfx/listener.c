#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "mem.h"
#include "options.h"

#define HANDED_OVER "PFX_LISTENERS" /* PID, then a line FD:PATH for each */
#define PORT_MAX    65535

struct unix_options {
    char *path;
    mode_t mode;
    uid_t user;
    gid_t group;
};

static bool failed(char *why, const char *spec, const char *what)
{
    snprintf(why, LISTENER_REASON_MAX_BYTES, "-L %s: %s", spec, what);
    return false;
}

static void add(struct listener_set *set, int fd, const char *path)
{
    size_t room = set->room;
    set->fds = mem_grow(set->fds, set->count, &set->room, sizeof(*set->fds));
    set->paths = mem_grow(set->paths, set->count, &room, sizeof(*set->paths));
    set->fds[set->count] = fd;
    set->paths[set->count++] = mem_string(path);
}

/* NULL, or what is wrong with "mode=0660", "user=U" or "group=G". */
static const char *read_unix_option(struct unix_options *options, const char *text)
{
    const struct passwd *user;
    const struct group *group;
    char *end;

    if (strncmp(text, "mode=", 5) == 0) {
        options->mode = (mode_t)strtoul(text + 5, &end, 8);
        return end == text + 5 || *end != '\0' || options->mode > 0777 ? "mode is not octal" : NULL;
    }
    if (strncmp(text, "user=", 5) == 0) {
        user = getpwnam(text + 5);
        if (user == NULL)
            return "no such user";
        options->user = user->pw_uid;
        return NULL;
    }
    if (strncmp(text, "group=", 6) == 0) {
        group = getgrnam(text + 6);
        if (group == NULL)
            return "no such group";
        options->group = group->gr_gid;
        return NULL;
    }
    return "unknown option";
}

static const char *read_unix_options(struct unix_options *options, char *text)
{
    char *rest = text;
    const char *why = NULL;

    options->path = strsep(&rest, ",");
    while (why == NULL && rest != NULL)
        why = read_unix_option(options, strsep(&rest, ","));
    return why;
}

/* A socket file that refuses connections was left behind by a process that is gone. */
static const char *remove_stale(const struct sockaddr_un *address)
{
    struct stat status;

    if (lstat(address->sun_path, &status) != 0)
        return NULL;
    if (!S_ISSOCK(status.st_mode))
        return "the file exists and is no socket";
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int error = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0 ? errno : 0;
    close(fd);
    if (error != ECONNREFUSED)
        return "the socket is in use";
    return unlink(address->sun_path) == 0 ? NULL : strerror(errno);
}

static const char *bind_unix(const struct unix_options *options, int *fd)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    size_t length = strlen(options->path);

    if (length == 0 || length >= sizeof(address.sun_path))
        return "the path is empty or too long";
    memcpy(address.sun_path, options->path, length + 1);
    const char *why = remove_stale(&address);
    if (why != NULL)
        return why;
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t saved = umask(0777); /* nobody connects before owner and mode are right */
    int bound = *fd < 0 ? -1 : bind(*fd, (const struct sockaddr *)&address, sizeof(address));
    umask(saved);
    if (bound != 0 || ((options->user != (uid_t)-1 || options->group != (gid_t)-1) &&
                       chown(options->path, options->user, options->group) != 0) ||
        chmod(options->path, options->mode) != 0 || listen(*fd, LISTENER_BACKLOG) != 0)
        return strerror(errno);
    return NULL;
}

static bool open_unix(struct listener_set *set, const char *spec, char *why)
{
    struct unix_options options = { .mode = 0660, .user = (uid_t)-1, .group = (gid_t)-1 };
    char *text = mem_string(spec + strlen("unix:"));
    int fd = -1;
    const char *wrong = read_unix_options(&options, text);

    if (wrong == NULL)
        wrong = bind_unix(&options, &fd);
    if (wrong == NULL)
        add(set, fd, options.path);
    else if (fd >= 0)
        close(fd);
    mem_free(text);
    return wrong == NULL ? true : failed(why, spec, wrong);
}

static const char *bind_inet(struct listener_set *set, const struct addrinfo *info)
{
    int on = 1;
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return errno == EAFNOSUPPORT ? NULL : strerror(errno); /* a kernel without IPv6 */
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (info->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    if (bind(fd, info->ai_addr, info->ai_addrlen) != 0 || listen(fd, LISTENER_BACKLOG) != 0) {
        const char *why = strerror(errno);
        close(fd);
        return why;
    }
    add(set, fd, NULL);
    return NULL;
}

/* getaddrinfo(3) takes "" for 0, and cuts what is too large to 16 bits. */
static bool is_port(const char *text)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && number <= PORT_MAX;
}

static bool open_inet(struct listener_set *set, const char *spec, char *why)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
    struct addrinfo *list = NULL;
    char *text = mem_string(spec + strlen("inet:"));
    char *host = text;
    char *port = strrchr(text, ':');
    const char *wrong = NULL;
    size_t before = set->count;

    if (port == NULL) {
        port = text;
        host = NULL;
    } else {
        *port++ = '\0';
    }
    if (host != NULL && host[0] == '[' && host[strlen(host) - 1] == ']') {
        host[strlen(host) - 1] = '\0';
        host++;
    }
    int error = 0;
    if (!is_port(port))
        wrong = "the port is missing or no number (0 to 65535)";
    else if ((error = getaddrinfo(host, port, &hints, &list)) != 0)
        wrong = gai_strerror(error);
    for (const struct addrinfo *info = list; wrong == NULL && info != NULL; info = info->ai_next)
        wrong = bind_inet(set, info);
    if (list != NULL)
        freeaddrinfo(list);
    if (wrong == NULL && set->count == before)
        wrong = "no address to listen on";
    mem_free(text);
    return wrong == NULL ? true : failed(why, spec, wrong);
}

bool listener_open(struct listener_set *set, const char *spec, char why[LISTENER_REASON_MAX_BYTES])
{
    if (strncmp(spec, "unix:", 5) == 0)
        return open_unix(set, spec, why);
    if (strncmp(spec, "inet:", 5) == 0)
        return open_inet(set, spec, why);
    return failed(why, spec, "neither unix:PATH nor inet:HOST:PORT");
}

void listener_inherit(struct listener_set *set, int first_fd, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int fd = first_fd + (int)i;
        fcntl(fd, F_SETFD, FD_CLOEXEC);
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
        listen(fd, LISTENER_BACKLOG);
        add(set, fd, NULL);
    }
}

void listener_close(struct listener_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        close(set->fds[i]);
        mem_free(set->paths[i]);
    }
    mem_free(set->fds);
    mem_free(set->paths);
    *set = (struct listener_set){ 0 };
}

void listener_unlink(const struct listener_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->paths[i] != NULL)
            unlink(set->paths[i]);
}

size_t listener_systemd_count(void)
{
    const char *pid = getenv("LISTEN_PID");
    const char *count = getenv("LISTEN_FDS");

    if (pid == NULL || count == NULL || strtol(pid, NULL, 10) != (long)getpid())
        return 0;
    long n = strtol(count, NULL, 10);
    return n > 0 && n <= OPTIONS_INHERITED_MAX ? (size_t)n : 0;
}

void listener_hand_over(const struct listener_set *set, bool by_name)
{
    char *text = mem_format("%ld", (long)getpid());

    for (size_t i = 0; i < set->count; i++) {
        const char *path = set->paths[i] == NULL ? "" : set->paths[i];
        char *longer = mem_format("%s\n%d:%s", text, set->fds[i], path);
        mem_free(text);
        text = longer;
        fcntl(set->fds[i], F_SETFD, 0);
    }
    if (by_name)
        setenv(HANDED_OVER, text, 1);
    mem_free(text);
}

bool listener_take_over(struct listener_set *set)
{
    const char *given = getenv(HANDED_OVER);
    if (given == NULL)
        return false;
    char *text = mem_string(given);
    char *rest = text;
    bool ours = strtol(strsep(&rest, "\n"), NULL, 10) == (long)getpid();

    unsetenv(HANDED_OVER);
    while (ours && rest != NULL) {
        char *path = strsep(&rest, "\n");
        int fd = (int)strtol(path, &path, 10);
        fcntl(fd, F_SETFD, FD_CLOEXEC);
        add(set, fd, path[0] == ':' && path[1] != '\0' ? path + 1 : NULL);
    }
    mem_free(text);
    return ours && set->count > 0;
}

void listener_notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    if (path == NULL || strlen(path) >= sizeof(address.sun_path))
        return;
    memcpy(address.sun_path, path, strlen(path) + 1);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    if (path[0] == '@')
        address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT, (const struct sockaddr *)&address, size);
    close(fd);
}
