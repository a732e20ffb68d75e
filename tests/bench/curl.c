/*
 * What libcurl alone gives: its multi interface over epoll(7), and nothing else. No client, no check of the answer
 * but its status, each easy handle used again for the next request.
 *
 *   curl [-c CONNECTIONS] [-k KEYS] [-s WARM-UP-MS] [-t MS] URL
 *   curl -V     the version of libcurl
 *
 * Shape:  GET URL/userI@example.com, one request in flight a connection. Prints rate= p50_us= p99_us= user_us=
 *         system_us= as load.c does, of itself.
 * Source: libcurl-multi(3), curl_multi_socket_action(3).
 */
#include <curl/curl.h>
#include <err.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../client/now.h"
#include "latency.h"

#define EVENTS_MAX 64
#define URL_MAX_BYTES 512
#define BODY_MAX_BYTES 4096
#define EXIT_USAGE 2

struct request {
    CURL *easy;
    int64_t asked_us;
    size_t n;
    char body[BODY_MAX_BYTES];
};

static struct {
    CURLM *multi;
    int epoll;
    const char *url;
    uint64_t connections, keys, warm_up_ms, duration_ms;
    uint64_t asked;
    int64_t begin_us, end_us;
    int64_t timer_us; /* 0: none */
    struct latency latency;
} all = { .connections = 1, .keys = 1000, .warm_up_ms = 300, .duration_ms = 1000 };

static int want(CURL *easy, curl_socket_t fd, int what, void *context, void *known)
{
    struct epoll_event event = { .data.fd = fd };
    (void)easy;
    (void)context;

    if (what == CURL_POLL_REMOVE) /* it stays registered: the next request on this connection then costs nothing */
        return 0;
    event.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
    if (known != NULL || epoll_ctl(all.epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        epoll_ctl(all.epoll, EPOLL_CTL_MOD, fd, &event);
    curl_multi_assign(all.multi, fd, &all);
    return 0;
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

static void ask(struct request *request)
{
    char url[URL_MAX_BYTES];

    snprintf(url, sizeof(url), "%s/user%" PRIu64 "%%40example.com", all.url, all.asked++ % all.keys);
    curl_easy_setopt(request->easy, CURLOPT_URL, url);
    request->n = 0;
    request->asked_us = now_us();
    curl_multi_add_handle(all.multi, request->easy);
}

static void open_request(struct request *request)
{
    request->easy = curl_easy_init();
    curl_easy_setopt(request->easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(request->easy, CURLOPT_WRITEDATA, request);
    curl_easy_setopt(request->easy, CURLOPT_PRIVATE, request);
    curl_easy_setopt(request->easy, CURLOPT_NOSIGNAL, 1L);
    ask(request);
}

static void finished(CURL *easy, CURLcode result)
{
    struct request *request = NULL;
    long status = 0;
    int64_t now = now_us();

    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&request);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (result != CURLE_OK || status != 200)
        errx(1, "%s, status %ld", curl_easy_strerror(result), status);
    if (all.begin_us != 0 && now >= all.begin_us && now < all.end_us)
        latency_add(&all.latency, now - request->asked_us);
    curl_multi_remove_handle(all.multi, easy);
    ask(request);
}

static void act(curl_socket_t fd, int flags)
{
    CURLMsg *message;
    int running, left;

    curl_multi_socket_action(all.multi, fd, flags, &running);
    while ((message = curl_multi_info_read(all.multi, &left)) != NULL)
        if (message->msg == CURLMSG_DONE)
            finished(message->easy_handle, message->data.result);
}

static void run_timer(void)
{
    if (all.timer_us == 0 || now_us() < all.timer_us)
        return;
    all.timer_us = 0;
    act(CURL_SOCKET_TIMEOUT, 0);
}

static void turn(void)
{
    struct epoll_event events[EVENTS_MAX];
    int64_t left_us = all.timer_us == 0 ? US_PER_MS : all.timer_us - now_us();

    int n = epoll_wait(all.epoll, events, EVENTS_MAX, left_us <= 0 ? 0 : 1);
    for (int i = 0; i < n; i++) {
        int flags = (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                    (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                    (events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
        act(events[i].data.fd, flags);
    }
    run_timer();
}

static void run_for(uint64_t ms)
{
    for (int64_t end_us = now_us() + (int64_t)ms * US_PER_MS; now_us() < end_us;)
        turn();
}

static double spent_us(struct timeval before, struct timeval after)
{
    return (double)(after.tv_sec - before.tv_sec) * US_PER_S + (double)(after.tv_usec - before.tv_usec);
}

static void measure(void)
{
    struct rusage before, after;

    run_for(all.warm_up_ms);
    getrusage(RUSAGE_SELF, &before);
    all.begin_us = now_us();
    all.end_us = all.begin_us + (int64_t)all.duration_ms * US_PER_MS;
    run_for(all.duration_ms);
    getrusage(RUSAGE_SELF, &after);
    double n = (double)all.latency.answers;
    if (all.latency.answers == 0)
        errx(1, "no answer");
    printf("rate=%.0f p50_us=%u p99_us=%u user_us=%.2f system_us=%.2f\n", n * 1000 / (double)all.duration_ms,
           latency_percentile_us(&all.latency, 50), latency_percentile_us(&all.latency, 99),
           spent_us(before.ru_utime, after.ru_utime) / n, spent_us(before.ru_stime, after.ru_stime) / n);
}

int main(int argc, char **argv)
{
    int option;

    while ((option = getopt(argc, argv, "c:k:s:t:V")) != -1) {
        if (option == 'V') {
            puts(curl_version());
            return 0;
        }
        uint64_t *value = option == 'c'   ? &all.connections
                          : option == 'k' ? &all.keys
                          : option == 's' ? &all.warm_up_ms
                          : option == 't' ? &all.duration_ms
                                          : NULL;
        if (value == NULL)
            return EXIT_USAGE;
        *value = strtoul(optarg, NULL, 10);
    }
    if (argc - optind != 1 || all.keys == 0 || all.connections == 0)
        errx(EXIT_USAGE, "usage: curl [-c CONNECTIONS] [-k KEYS] [-s WARM-UP-MS] [-t MS] URL");
    all.url = argv[optind];
    all.epoll = epoll_create1(EPOLL_CLOEXEC);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    all.multi = curl_multi_init();
    curl_multi_setopt(all.multi, CURLMOPT_SOCKETFUNCTION, want);
    curl_multi_setopt(all.multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(all.multi, CURLMOPT_MAXCONNECTS, 2L * (long)all.connections);
    struct request *requests = calloc(all.connections, sizeof(*requests));
    if (requests == NULL || all.epoll < 0)
        err(1, "cannot begin");
    for (uint64_t i = 0; i < all.connections; i++)
        open_request(&requests[i]);
    measure();
    return 0;
}
