/*
 * The floor: the least that a server of netstrings can do. It reads one, checks its length, and sends it back.
 *
 *   echo PATH [WORK-NS]     on the UNIX socket PATH, one process, until it is ended; each question costs WORK-NS more
 */
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "listening.h"
#include "netstring.h"

#define EVENTS_MAX 64
#define REQUEST_MAX_BYTES 4096

static int64_t work_ns;

struct client {
    int fd;
    size_t n;
    char bytes[REQUEST_MAX_BYTES];
};

static void add(int epoll, int fd, struct client *client)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = client };

    client->fd = fd;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        err(1, "epoll_ctl");
}

static void accept_one(int epoll, const struct client *listener)
{
    int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct client *client = fd < 0 ? NULL : malloc(sizeof(*client));

    if (client == NULL)
        return;
    client->n = 0;
    add(epoll, fd, client);
}

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void work(void)
{
    if (work_ns > 0)
        for (int64_t end_ns = now_ns() + work_ns; now_ns() < end_ns;)
            continue;
}

static void serve(struct client *client)
{
    ssize_t n = recv(client->fd, client->bytes + client->n, sizeof(client->bytes) - client->n, 0);
    struct span content;
    size_t used;
    const char *why;

    if (n < 0 && errno == EAGAIN)
        return;
    if (n > 0) {
        client->n += (size_t)n;
        enum codec_result result = netstring_decode((struct span){ client->bytes, client->n }, REQUEST_MAX_BYTES,
                                                    &content, &used, &why);
        if (result == CODEC_MORE)
            return;
        work();
        if (result == CODEC_OK && send(client->fd, client->bytes, used, MSG_NOSIGNAL) == (ssize_t)used) {
            client->n = 0;
            return;
        }
    }
    close(client->fd);
    free(client);
}

int main(int argc, char **argv)
{
    struct epoll_event events[EVENTS_MAX];
    struct client listener = { .fd = -1 };

    if (argc != 2 && argc != 3)
        errx(2, "usage: echo PATH [WORK-NS]");
    work_ns = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    add(epoll, listening_open(argv[1]), &listener);
    for (;;) {
        int n = epoll_wait(epoll, events, EVENTS_MAX, -1);
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr == &listener)
                accept_one(epoll, &listener);
            else
                serve(events[i].data.ptr);
        }
    }
}
