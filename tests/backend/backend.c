/*
 * A scripted HTTP server for tests: what it answers, how and when stands in the URL (script.h, answer.h, record.h).
 *
 *   backend [-d DATAFILE] [-m FIELD] [-n USERSFILE -b USER:PASSWORD] [-P PORTFILE]
 *           [-T CERTIFICATE -K KEY [-A CLIENT_CA]] [-x PERMILLE] -l LISTENER...
 *
 * With -n and -b it also stands in for Nauthilus (nauthilus.h): its users, the credentials of its back channel.
 * With -x so many of a thousand requests fail at random (chaos.h).
 * listener.h tells what LISTENER is; PORTFILE appears when all of them listen. SIGTERM and SIGINT: closes all, exits 0.
 */
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "conn.h"
#include "listener.h"
#include "stream.h"

#define LISTENERS_MAX 16
#define EVENTS_MAX 256
#define ACCEPTS_MAX 64 /* in a row, before others have their turn */
#define DEFAULT_FIELD "result"

struct options {
    const char *data, *field, *ports;
    const char *users, *credentials;
    const char *certificate, *key, *client_ca;
    const char *chaos;
    const char *addresses[LISTENERS_MAX];
    int listeners;
};

static _Noreturn void usage(void)
{
    fputs("usage: backend [-d DATAFILE] [-m FIELD] [-n USERSFILE -b USER:PASSWORD] [-P PORTFILE] "
          "[-T CERTIFICATE -K KEY [-A CLIENT_CA]] [-x PERMILLE] "
          "-l inet:HOST:PORT | unix:PATH | tls:HOST:PORT | tlsbroken:HOST:PORT | silent:HOST:PORT | "
          "hasty:HOST:PORT ...\n",
          stderr);
    exit(2);
}

static void add_address(struct options *o, const char *address)
{
    if (o->listeners == LISTENERS_MAX)
        errx(1, "over %d listeners", LISTENERS_MAX);
    o->addresses[o->listeners++] = address;
}

static void set_option(struct options *o, int option, const char *value)
{
    switch (option) {
    case 'A':
        o->client_ca = value;
        break;
    case 'K':
        o->key = value;
        break;
    case 'P':
        o->ports = value;
        break;
    case 'T':
        o->certificate = value;
        break;
    case 'b':
        o->credentials = value;
        break;
    case 'd':
        o->data = value;
        break;
    case 'l':
        add_address(o, value);
        break;
    case 'm':
        o->field = value;
        break;
    case 'n':
        o->users = value;
        break;
    case 'x':
        o->chaos = value;
        break;
    default:
        usage();
    }
}

static void read_options(struct options *o, int argc, char **argv)
{
    int option;

    while ((option = getopt(argc, argv, "A:K:P:T:b:d:l:m:n:x:")) != -1)
        set_option(o, option, optarg);
    if (optind != argc || o->listeners == 0 || (o->certificate == NULL) != (o->key == NULL) ||
        (o->users == NULL) != (o->credentials == NULL))
        usage();
}

static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        err(1, "getrlimit");
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        err(1, "setrlimit");
}

static void watch(int epoll, int fd, void *what)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = what };

    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        err(1, "epoll_ctl");
}

static int open_signals(void)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN); /* TLS writes without MSG_NOSIGNAL */
    int fd = signalfd(-1, &signals, SFD_CLOEXEC);
    if (fd < 0)
        err(1, "signalfd");
    return fd;
}

static void open_listeners(const struct options *o, struct listener *listeners, int epoll)
{
    for (int i = 0; i < o->listeners; i++) {
        listener_open(&listeners[i], o->addresses[i]);
        if (listeners[i].kind == LISTENER_TLS && o->certificate == NULL)
            usage();
        watch(epoll, listeners[i].fd, &listeners[i]);
    }
    if (o->ports != NULL)
        listener_report(listeners, o->listeners, o->ports);
}

static void accept_some(struct conn_set *set, const struct listener *l)
{
    for (int i = 0; i < ACCEPTS_MAX; i++) {
        int fd = listener_accept(l);
        if (fd < 0)
            return;
        conn_add(set, fd, l->kind);
    }
}

static bool is_listener(const struct listener *listeners, int count, const void *what)
{
    for (int i = 0; i < count; i++) {
        if (what == &listeners[i])
            return true;
    }
    return false;
}

static void serve(struct conn_set *set, const struct listener *listeners, int count)
{
    struct epoll_event events[EVENTS_MAX];

    for (;;) {
        int n = epoll_wait(set->epoll, events, EVENTS_MAX, conn_wait_ms(set));
        for (int i = 0; i < n; i++) {
            void *what = events[i].data.ptr;
            if (what == NULL)
                return;
            if (is_listener(listeners, count, what))
                accept_some(set, what);
            else if (events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
                conn_hang_up(what);
            else
                conn_run(what);
        }
        conn_run_due(set);
    }
}

int main(int argc, char **argv)
{
    struct options o = { .field = DEFAULT_FIELD };
    struct listener listeners[LISTENERS_MAX];
    struct conn_set set = { .epoll = epoll_create1(EPOLL_CLOEXEC) };

    read_options(&o, argc, argv);
    raise_descriptor_limit();
    set.site.field = o.field;
    data_open(&set.site.data, o.data);
    nauthilus_open(&set.site.nauthilus, o.users, o.credentials);
    if (o.chaos != NULL)
        chaos_set(&set.site.chaos, o.chaos);
    if (o.certificate != NULL)
        set.tls = stream_context(o.certificate, o.key, o.client_ca);
    int signals = open_signals();
    watch(set.epoll, signals, NULL);
    open_listeners(&o, listeners, set.epoll);
    serve(&set, listeners, o.listeners);

    conn_close_all(&set);
    for (int i = 0; i < o.listeners; i++)
        listener_close(&listeners[i]);
    answer_site_free(&set.site);
    http_free(&set.request);
    SSL_CTX_free(set.tls);
    close(signals);
    close(set.epoll);
    return 0;
}
