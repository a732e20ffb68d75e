#include "exchange.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "netstring.h"

#define READ_BYTES 16384

static bool failed(struct exchange *exchange, const char *why)
{
    exchange->why = why;
    return false;
}

static bool failed_with(struct exchange *exchange, int error)
{
    exchange->error = error;
    return failed(exchange, strerror(error));
}

static bool wait_for(struct exchange *exchange, short events)
{
    struct pollfd one = { .fd = exchange->fd, .events = events };

    for (;;) {
        int64_t left_ms = exchange->end_ms - clock_monotonic_ms();
        if (left_ms <= 0)
            return failed(exchange, "no answer in time");
        int n = poll(&one, 1, (int)left_ms);
        if (n > 0)
            return true;
        if (n < 0 && errno != EINTR)
            return failed(exchange, strerror(errno));
    }
}

static bool connect_to(struct exchange *exchange, const struct sockaddr *address, socklen_t bytes)
{
    int reason = 0;
    socklen_t size = sizeof(reason);

    exchange->fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (exchange->fd < 0)
        return failed_with(exchange, errno);
    if (connect(exchange->fd, address, bytes) == 0)
        return true;
    if (errno != EINPROGRESS)
        return failed_with(exchange, errno);
    if (!wait_for(exchange, POLLOUT))
        return false;
    getsockopt(exchange->fd, SOL_SOCKET, SO_ERROR, &reason, &size);
    return reason == 0 || failed_with(exchange, reason);
}

static bool connect_unix(struct exchange *exchange, const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    if (strlen(path) >= sizeof(address.sun_path))
        return failed(exchange, "the path of the socket is too long");
    memcpy(address.sun_path, path, strlen(path) + 1);
    return connect_to(exchange, (const struct sockaddr *)&address, sizeof(address));
}

static bool connect_inet(struct exchange *exchange, const char *host, const char *port)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *list = NULL;
    bool is_connected = false;

    int error = getaddrinfo(host, port, &hints, &list);
    if (error != 0)
        return failed(exchange, gai_strerror(error));
    for (struct addrinfo *info = list; info != NULL && !is_connected; info = info->ai_next) {
        exchange_close(exchange);
        is_connected = connect_to(exchange, info->ai_addr, info->ai_addrlen);
    }
    freeaddrinfo(list);
    return is_connected;
}

bool exchange_open(struct exchange *exchange, const struct service *service, int64_t limit_ms)
{
    *exchange = (struct exchange){ .fd = -1, .end_ms = clock_monotonic_ms() + limit_ms, .why = "no address" };
    return service->path != NULL ? connect_unix(exchange, service->path)
                                 : connect_inet(exchange, service->host, service->port);
}

int exchange_status(const struct exchange *exchange)
{
    return exchange->error == EACCES || exchange->error == EPERM ? PFXCTL_NO_PERMISSION : PFXCTL_UNAVAILABLE;
}

static bool send_all(struct exchange *exchange, struct span bytes)
{
    while (bytes.n > 0) {
        if (!wait_for(exchange, POLLOUT))
            return false;
        ssize_t n = send(exchange->fd, bytes.p, bytes.n, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN)
            return failed(exchange, strerror(errno));
        bytes = span_skip(bytes, n < 0 ? 0 : (size_t)n);
    }
    return true;
}

static bool read_once(struct exchange *exchange, struct buf *reply)
{
    if (!wait_for(exchange, POLLIN))
        return false;
    char *at = buf_reserve(reply, READ_BYTES);
    if (at == NULL)
        return failed(exchange, "the answer is too long");
    ssize_t n = recv(exchange->fd, at, READ_BYTES, 0);
    exchange->is_closed = n == 0 || (n < 0 && errno == ECONNRESET);
    if (n == 0)
        return failed(exchange, "the connection was closed");
    if (n < 0 && errno != EAGAIN)
        return failed(exchange, strerror(errno));
    reply->n += n < 0 ? 0 : (size_t)n;
    return true;
}

bool exchange_ask(struct exchange *exchange, struct span request, struct buf *reply,
                  bool (*is_whole)(struct span reply))
{
    if (!send_all(exchange, request))
        return false;
    while (!is_whole(buf_span(reply)))
        if (!read_once(exchange, reply))
            return false;
    return true;
}

bool exchange_is_netstring(struct span reply)
{
    struct span body;
    size_t used;
    const char *why;

    return netstring_decode(reply, EXCHANGE_REPLY_MAX_BYTES, &body, &used, &why) != CODEC_MORE;
}

void exchange_close(struct exchange *exchange)
{
    if (exchange->fd >= 0)
        close(exchange->fd);
    exchange->fd = -1;
}

pid_t exchange_listener(const struct exchange *exchange)
{
    struct ucred peer = { .pid = 0 };
    socklen_t size = sizeof(peer);

    return getsockopt(exchange->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.pid : 0;
}
