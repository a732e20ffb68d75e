#include "requests.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../client/now.h"

#define EVENTS_MAX 64

static struct {
    CURLM *multi;
    int epoll;
    int64_t timer_us; /* 0: none */
    void (*finished)(struct request *request);
    void (*ready[REQUESTS_FD_MAX])(int fd); /* NULL: libcurl's */
    uint32_t events[REQUESTS_FD_MAX];       /* for which it is registered; 0: it is not */
} all;

/* A socket stays registered: the next request on its connection then costs nothing. */
static int want(CURL *easy, curl_socket_t fd, int what, void *context, void *known)
{
    struct epoll_event event = { .data.fd = fd };
    (void)easy;
    (void)context;
    (void)known;

    event.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
    if (what == CURL_POLL_REMOVE || event.events == all.events[fd])
        return 0;
    if (epoll_ctl(all.epoll, all.events[fd] == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) != 0)
        err(1, "epoll_ctl");
    all.events[fd] = event.events;
    return 0;
}

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    (void)context;
    (void)purpose;

    if (fd < 0 || fd >= REQUESTS_FD_MAX)
        err(1, "socket");
    all.events[fd] = 0; /* epoll(7) has forgotten a descriptor that was closed */
    return fd;
}

static int set_timer(CURLM *multi, long after_ms, void *context)
{
    (void)multi;
    (void)context;
    all.timer_us = after_ms < 0 ? 0 : now_us() + after_ms * US_PER_MS;
    return 0;
}

static size_t take_body(char *bytes, size_t one, size_t n, void *context)
{
    struct request *request = context;

    if (request->n + n > sizeof(request->body))
        return 0;
    memcpy(request->body + request->n, bytes, n);
    request->n += n;
    return one * n;
}

static void end(CURL *easy, CURLcode result)
{
    struct request *request = NULL;
    long status = 0;

    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&request);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (result != CURLE_OK || status != 200)
        errx(1, "%s, status %ld", curl_easy_strerror(result), status);
    curl_multi_remove_handle(all.multi, easy);
    all.finished(request);
}

static void act(curl_socket_t fd, int flags)
{
    CURLMsg *message;
    int running, left;

    curl_multi_socket_action(all.multi, fd, flags, &running);
    while ((message = curl_multi_info_read(all.multi, &left)) != NULL)
        if (message->msg == CURLMSG_DONE)
            end(message->easy_handle, message->data.result);
}

static void run_timer(void)
{
    if (all.timer_us == 0 || now_us() < all.timer_us)
        return;
    all.timer_us = 0;
    act(CURL_SOCKET_TIMEOUT, 0);
}

static void handle(const struct epoll_event *event)
{
    int fd = event->data.fd;

    if (all.ready[fd] != NULL) {
        all.ready[fd](fd);
        return;
    }
    act(fd, (event->events & EPOLLIN ? CURL_CSELECT_IN : 0) | (event->events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                (event->events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0));
}

static int until_timer_ms(void)
{
    int64_t left_us = all.timer_us - now_us();
    return left_us <= 0 ? 0 : (int)((left_us + US_PER_MS - 1) / US_PER_MS);
}

void requests_turn(int most_ms)
{
    struct epoll_event events[EVENTS_MAX];
    int wait_ms = all.timer_us == 0 ? most_ms : until_timer_ms();

    int n = epoll_wait(all.epoll, events, EVENTS_MAX, most_ms >= 0 && wait_ms > most_ms ? most_ms : wait_ms);
    for (int i = 0; i < n; i++)
        handle(&events[i]);
    run_timer();
}

void requests_watch(int fd, void (*ready)(int fd))
{
    struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

    if (fd >= REQUESTS_FD_MAX || epoll_ctl(all.epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        err(1, "epoll_ctl");
    all.ready[fd] = ready;
}

void requests_close(int fd)
{
    all.ready[fd] = NULL;
    close(fd);
}

void requests_open(uint64_t connections, void (*finished)(struct request *request))
{
    all.finished = finished;
    all.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (all.epoll < 0)
        err(1, "epoll_create1");
    curl_global_init(CURL_GLOBAL_DEFAULT);
    all.multi = curl_multi_init();
    curl_multi_setopt(all.multi, CURLMOPT_SOCKETFUNCTION, want);
    curl_multi_setopt(all.multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(all.multi, CURLMOPT_MAXCONNECTS, 2L * (long)connections);
}

void request_open(struct request *request)
{
    request->easy = curl_easy_init();
    request->headers = curl_slist_append(NULL, "X-Request-Id: 0123456789abcdef");
    curl_easy_setopt(request->easy, CURLOPT_HTTPHEADER, request->headers);
    curl_easy_setopt(request->easy, CURLOPT_USERAGENT, "pfx/" PFX_VERSION);
    curl_easy_setopt(request->easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(request->easy, CURLOPT_WRITEDATA, request);
    curl_easy_setopt(request->easy, CURLOPT_PRIVATE, request);
    curl_easy_setopt(request->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(request->easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
}

void request_ask(struct request *request, const char *url)
{
    curl_easy_setopt(request->easy, CURLOPT_URL, url);
    request->n = 0;
    curl_multi_add_handle(all.multi, request->easy);
}
