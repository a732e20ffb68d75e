#include "listener.h"

#include <err.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ADDRESS_MAX_BYTES 256
#define PATH_MAX_BYTES 4096
#define TEMPORARY_SUFFIX ".new"

static const char *const kinds[] = { "inet:", "unix:", "tls:", "tlsbroken:", "silent:", "hasty:" };

static const char *read_kind(struct listener *l, const char *address)
{
    for (int i = LISTENER_INET; i <= LISTENER_HASTY; i++) {
        size_t n = strlen(kinds[i]);
        if (strncmp(address, kinds[i], n) == 0) {
            l->kind = (enum listener_kind)i;
            return address + n;
        }
    }
    errx(1, "%s: no such kind of listener", address);
}

static int bind_unix(const char *path)
{
    struct sockaddr_un sun = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (strlen(path) >= sizeof(sun.sun_path))
        errx(1, "%s: path too long", path);
    memcpy(sun.sun_path, path, strlen(path) + 1);
    unlink(path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&sun, sizeof(sun)) < 0)
        err(1, "%s", path);
    return fd;
}

static int bind_inet(const char *host_port)
{
    struct addrinfo hints = { .ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM }, *found;
    char host[ADDRESS_MAX_BYTES];
    const char *colon = strrchr(host_port, ':');
    int on = 1;

    if (colon == NULL || colon == host_port || colon - host_port >= ADDRESS_MAX_BYTES)
        errx(1, "%s: not HOST:PORT", host_port);
    bool has_brackets = host_port[0] == '[' && colon[-1] == ']';
    snprintf(host, sizeof(host), "%.*s", (int)(colon - host_port) - 2 * has_brackets, host_port + has_brackets);
    int reason = getaddrinfo(host, colon + 1, &hints, &found);
    if (reason != 0)
        errx(1, "%s: %s", host_port, gai_strerror(reason));
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0 ||
        bind(fd, found->ai_addr, found->ai_addrlen) < 0)
        err(1, "%s", host_port);
    freeaddrinfo(found);
    return fd;
}

void listener_open(struct listener *l, const char *address)
{
    const char *rest = read_kind(l, address);

    l->address = address;
    l->fd = l->kind == LISTENER_UNIX ? bind_unix(rest) : bind_inet(rest);
    if (listen(l->fd, SOMAXCONN) < 0)
        err(1, "%s", address);
}

int listener_accept(const struct listener *l)
{
    return accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

void listener_close(struct listener *l)
{
    if (l->kind == LISTENER_UNIX)
        unlink(l->address + strlen(kinds[LISTENER_UNIX]));
    close(l->fd);
}

static void print_address(FILE *file, const struct listener *l)
{
    struct sockaddr_storage bound = { 0 };
    socklen_t n = sizeof(bound);
    char port[NI_MAXSERV];

    if (l->kind == LISTENER_UNIX) {
        fprintf(file, "%s\n", l->address);
        return;
    }
    if (getsockname(l->fd, (struct sockaddr *)&bound, &n) < 0 ||
        getnameinfo((struct sockaddr *)&bound, n, NULL, 0, port, sizeof(port), NI_NUMERICSERV) != 0)
        errx(1, "%s: no port", l->address);
    fprintf(file, "%.*s:%s\n", (int)(strrchr(l->address, ':') - l->address), l->address, port);
}

void listener_report(const struct listener *listeners, int count, const char *path)
{
    char temporary[PATH_MAX_BYTES];

    if ((size_t)snprintf(temporary, sizeof(temporary), "%s" TEMPORARY_SUFFIX, path) >= sizeof(temporary))
        errx(1, "%s: path too long", path);
    FILE *file = fopen(temporary, "we");
    if (file == NULL)
        err(1, "%s", temporary);
    for (int i = 0; i < count; i++)
        print_address(file, &listeners[i]);
    if (fclose(file) != 0 || rename(temporary, path) < 0)
        err(1, "%s", path);
}
