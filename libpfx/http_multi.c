#include "http_multi.h"

#include <sys/socket.h>
#include <unistd.h>

#include "mem.h"

struct http_socket {
    struct loop_io io;
    struct http_multi *multi;
    uint32_t wanted; /* by libcurl, now */
    bool registered; /* with the loop */
};

static void collect_finished(struct http_multi *multi)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(multi->curl, &left)) != NULL)
        if (message->msg == CURLMSG_DONE)
            multi->finished(message->easy_handle, message->data.result);
}

static void act(struct http_multi *multi, curl_socket_t fd, int flags)
{
    int running;
    curl_multi_socket_action(multi->curl, fd, flags, &running);
    collect_finished(multi);
}

static void time_over(struct loop_timer *timer)
{
    struct http_multi *multi = LOOP_OWNER(timer, struct http_multi, timer);

    act(multi, CURL_SOCKET_TIMEOUT, 0);
    multi->begun(multi);
}

static int set_timer(CURLM *curl, long after_ms, void *context)
{
    struct http_multi *multi = context;
    (void)curl;

    if (after_ms < 0)
        loop_cancel(multi->loop, &multi->timer);
    else
        loop_at(multi->loop, &multi->timer, multi->loop->now_ms + after_ms);
    return 0;
}

static void unregister(struct http_socket *socket)
{
    if (socket->registered)
        loop_remove(socket->multi->loop, &socket->io);
    socket->registered = false;
}

static void socket_ready(struct loop_io *io, uint32_t events)
{
    struct http_socket *socket = LOOP_OWNER(io, struct http_socket, io);

    if (socket->wanted == 0) { /* the server ended an idle connection; libcurl sees it when it next looks for one */
        unregister(socket);
        return;
    }
    int flags = (events & EPOLLIN ? CURL_CSELECT_IN : 0) | (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                (events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
    act(socket->multi, io->fd, flags);
}

static struct http_socket *socket_of(struct http_sockets *sockets, curl_socket_t fd)
{
    size_t place = (size_t)fd;

    while (place >= sockets->room)
        sockets->of_fd = mem_grow(sockets->of_fd, sockets->room, &sockets->room, sizeof(*sockets->of_fd));
    if (sockets->of_fd[place] == NULL) {
        struct http_socket *socket = mem_alloc(sizeof(*socket));
        socket->io = (struct loop_io){ .fd = fd, .ready = socket_ready };
        sockets->of_fd[place] = socket;
    }
    return sockets->of_fd[place];
}

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct http_multi *multi = context;
    (void)purpose;

    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0)
        return CURL_SOCKET_BAD;
    struct http_socket *known = socket_of(multi->sockets, fd);
    loop_skip(multi->loop, &known->io);
    known->registered = false; /* epoll(7) has forgotten a descriptor that was closed */
    known->wanted = 0;
    known->multi = multi;
    return fd;
}

static int want(CURL *easy, curl_socket_t fd, int what, void *context, void *unused)
{
    struct http_multi *multi = context;
    struct http_socket *socket = socket_of(multi->sockets, fd);
    (void)easy;
    (void)unused;

    socket->multi = multi;
    socket->wanted = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
    if (what == CURL_POLL_REMOVE)
        socket->wanted = 0;
    if (socket->wanted == 0) { /* it may be closed without a word, and the number be used again within this turn */
        loop_skip(multi->loop, &socket->io);
        return 0;
    }
    if (socket->registered) {
        loop_change(socket->multi->loop, &socket->io, socket->wanted);
    } else {
        socket->io.events = socket->wanted;
        socket->registered = loop_add(socket->multi->loop, &socket->io);
    }
    return 0;
}

static int close_socket(void *context, curl_socket_t fd)
{
    struct http_multi *multi = context;

    unregister(socket_of(multi->sockets, fd));
    return close(fd);
}

void http_multi_open(struct http_multi *multi, struct loop *loop, struct http_sockets *sockets,
                     void (*finished)(CURL *easy, CURLcode result), void (*begun)(struct http_multi *multi))
{
    *multi = (struct http_multi){ .loop = loop, .sockets = sockets, .finished = finished, .begun = begun,
                                  .curl = curl_multi_init() };
    multi->timer.due = time_over;
    curl_multi_setopt(multi->curl, CURLMOPT_SOCKETFUNCTION, want);
    curl_multi_setopt(multi->curl, CURLMOPT_SOCKETDATA, multi);
    curl_multi_setopt(multi->curl, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(multi->curl, CURLMOPT_TIMERDATA, multi);
}

void http_multi_close(struct http_multi *multi)
{
    curl_multi_cleanup(multi->curl); /* closes the connections that are left */
    loop_cancel(multi->loop, &multi->timer);
}

void http_multi_free_sockets(struct http_sockets *sockets)
{
    for (size_t i = 0; i < sockets->room; i++)
        mem_free(sockets->of_fd[i]);
    mem_free(sockets->of_fd);
    *sockets = (struct http_sockets){ .room = 0 };
}

void http_multi_adopt(struct http_multi *multi, CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, multi);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, multi);
}
