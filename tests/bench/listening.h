/* A UNIX socket that clients connect to; it ends the program when that cannot be had. */
#ifndef BENCH_LISTENING_H
#define BENCH_LISTENING_H

#include <err.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#define LISTENING_BACKLOG 4096

static inline int listening_open(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, LISTENING_BACKLOG) != 0)
        err(1, "%s", path);
    return fd;
}

#endif
