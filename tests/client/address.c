#include "address.h"

#include <err.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "now.h"

#define EXIT_USAGE 2
#define HOST_MAX_BYTES 256

static void parse_unix(struct address *a, const char *path)
{
    struct sockaddr_un sun = { .sun_family = AF_UNIX };

    if (strlen(path) >= sizeof(sun.sun_path))
        errx(EXIT_USAGE, "%s: path too long", path);
    memcpy(sun.sun_path, path, strlen(path) + 1);
    memcpy(&a->socket, &sun, sizeof(sun));
    a->bytes = sizeof(sun);
}

static void parse_inet(struct address *a, const char *host_port)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found;
    const char *colon = strrchr(host_port, ':');
    char host[HOST_MAX_BYTES];

    if (colon == NULL || colon == host_port || colon - host_port >= HOST_MAX_BYTES)
        errx(EXIT_USAGE, "%s: not HOST:PORT", host_port);
    bool has_brackets = host_port[0] == '[' && colon[-1] == ']';
    snprintf(host, sizeof(host), "%.*s", (int)(colon - host_port) - 2 * has_brackets, host_port + has_brackets);
    int reason = getaddrinfo(host, colon + 1, &hints, &found);
    if (reason != 0)
        errx(EXIT_USAGE, "%s: %s", host_port, gai_strerror(reason));
    memcpy(&a->socket, found->ai_addr, found->ai_addrlen);
    a->bytes = found->ai_addrlen;
    freeaddrinfo(found);
}

void address_parse(struct address *a, const char *text)
{
    if (strncmp(text, "unix:", 5) == 0)
        parse_unix(a, text + 5);
    else if (strncmp(text, "inet:", 5) == 0)
        parse_inet(a, text + 5);
    else
        errx(EXIT_USAGE, "%s: neither unix:PATH nor inet:HOST:PORT", text);
}

int address_connect(const struct address *a)
{
    int fd = socket(a->socket.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;

    if (fd < 0)
        return -1;
    if (a->socket.ss_family != AF_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (connect(fd, (const struct sockaddr *)&a->socket, a->bytes) == 0 || errno == EINPROGRESS)
        return fd;
    int reason = errno;
    close(fd);
    errno = reason;
    return -1;
}

int address_error(int fd)
{
    int reason = 0;
    socklen_t bytes = sizeof(reason);

    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &reason, &bytes) < 0 ? errno : reason;
}

short address_wait(int fd, short events, int64_t end_us)
{
    struct pollfd one = { .fd = fd, .events = events };

    for (;;) {
        int64_t left_us = end_us - now_us();
        if (left_us <= 0)
            return 0;
        int n = poll(&one, 1, (int)(left_us / US_PER_MS) + 1);
        if (n > 0)
            return one.revents;
        if (n < 0 && errno != EINTR)
            err(1, "poll");
    }
}
