/*
 * A closed loop, as Postfix asks: each connection has one question in flight and asks the next when it was answered.
 *
 *   load [-c CONNECTIONS] [-i IDLE] [-k KEYS] [-m MAP] [-n QUESTIONS | -s WARM-UP-MS -t MS] [-p PID,...]
 *        PROTOCOL ADDRESS
 *
 * Shape:  PROTOCOL is one of question.h, ADDRESS unix:PATH or inet:HOST:PORT. IDLE connections are made first; each
 *         asks once and then stays. Questions go round over KEYS users, in no order. What is counted begins after the
 *         warm-up; with -n, nothing is: it ends, and prints nothing, when so many were answered.
 *         Prints one line: rate= a second, p50_us= p99_us= of the time of an answer, user_us= system_us= of CPU time a
 *         question of the processes PID, all threads together.
 * Errors: a wrong answer, or a connection that ends, ends the program with status 1.
 * Units:  milliseconds, microseconds.
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../client/address.h"
#include "../client/now.h"
#include "latency.h"
#include "question.h"

#define EVENTS_MAX 256
#define STRIDE 7368787 /* a prime: keys come in no order, and each of them once before any comes again */
#define REPLY_MAX_BYTES 2048
#define PIDS_MAX 16
#define CONNECT_LIMIT_US (10 * US_PER_S)
#define EXIT_USAGE 2

struct client {
    int fd;
    bool is_idle;   /* rests for good after its first answer */
    bool has_begun; /* the handshake is over */
    int64_t asked_us;
    size_t n;
    char reply[REPLY_MAX_BYTES];
};

struct load {
    const struct question_protocol *protocol;
    struct address address;
    const char *map;
    uint64_t connections, idle, keys, questions, warm_up_ms, duration_ms;
    long pids[PIDS_MAX];
    size_t pid_count;
    int epoll;
    uint64_t asked, answered;
    uint64_t resting;
    int64_t begin_us, end_us; /* of what is counted; 0: not yet */
    struct latency latency;
};

struct cpu {
    uint64_t user_ticks, system_ticks;
};

static struct load load = { .connections = 1, .keys = 1000, .map = "bench", .warm_up_ms = 300, .duration_ms = 1000 };

static struct cpu read_cpu(void)
{
    struct cpu sum = { 0, 0 };

    for (size_t i = 0; i < load.pid_count; i++) {
        char path[64], line[1024];
        uint64_t user, system;
        snprintf(path, sizeof(path), "/proc/%ld/stat", load.pids[i]);
        FILE *file = fopen(path, "re");
        if (file == NULL || fgets(line, sizeof(line), file) == NULL)
            err(1, "%s", path);
        fclose(file);
        const char *rest = strrchr(line, ')');
        if (rest == NULL || sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64, &user,
                                   &system) != 2)
            errx(1, "%s: unexpected", path);
        sum.user_ticks += user;
        sum.system_ticks += system;
    }
    return sum;
}

static void send_all(const struct client *c, const char *text, size_t n)
{
    if (send(c->fd, text, n, MSG_NOSIGNAL) != (ssize_t)n)
        err(1, "send");
}

static void ask(struct client *c)
{
    char text[QUESTION_MAX_BYTES];
    size_t n = load.protocol->ask(text, load.map, load.asked * STRIDE % load.keys, load.asked);

    load.asked++;
    c->n = 0;
    c->asked_us = now_us();
    send_all(c, text, n);
}

static void begin(struct client *c)
{
    char text[QUESTION_MAX_BYTES];

    c->has_begun = load.protocol->begin == NULL;
    if (c->has_begun)
        ask(c);
    else
        send_all(c, text, load.protocol->begin(text));
}

static void count(const struct client *c)
{
    int64_t now = now_us();

    load.answered++;
    if (load.begin_us == 0 || now < load.begin_us || now >= load.end_us)
        return;
    latency_add(&load.latency, now - c->asked_us);
}

static void receive(struct client *c)
{
    ssize_t n = recv(c->fd, c->reply + c->n, sizeof(c->reply) - c->n, MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0)
        errx(1, "connection lost: %s", n == 0 ? "end of file" : strerror(errno));
    c->n += (size_t)n;
    enum question_reply reply = (c->has_begun ? load.protocol->answered : load.protocol->begun)(c->reply, c->n);
    if (reply == QUESTION_WRONG || (reply == QUESTION_MORE && c->n == sizeof(c->reply)))
        errx(1, "wrong answer: %.*s", (int)c->n, c->reply);
    if (reply == QUESTION_MORE)
        return;
    if (c->has_begun)
        count(c);
    if (c->has_begun && c->is_idle) {
        load.resting++;
        return;
    }
    c->has_begun = true;
    ask(c);
}

static void turn(int timeout_ms)
{
    struct epoll_event events[EVENTS_MAX];

    int n = epoll_wait(load.epoll, events, EVENTS_MAX, timeout_ms);
    for (int i = 0; i < n; i++)
        receive(events[i].data.ptr);
}

static int connect_to_server(void)
{
    int64_t end_us = now_us() + CONNECT_LIMIT_US;
    int fd = address_connect(&load.address);

    if (fd < 0 || address_wait(fd, EPOLLOUT, end_us) == 0 || address_error(fd) != 0)
        err(1, "connect");
    return fd;
}

static void open_clients(struct client *clients, uint64_t n, bool are_idle)
{
    for (uint64_t i = 0; i < n; i++) {
        struct client *c = &clients[i];
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };
        *c = (struct client){ .fd = connect_to_server(), .is_idle = are_idle };
        if (epoll_ctl(load.epoll, EPOLL_CTL_ADD, c->fd, &event) != 0)
            err(1, "epoll_ctl");
        begin(c);
    }
}

static void report(const struct cpu *before, const struct cpu *after)
{
    double tick_us = (double)US_PER_S / (double)sysconf(_SC_CLK_TCK);
    double n = (double)load.latency.answers;

    if (load.latency.answers == 0)
        errx(1, "no answer");
    printf("rate=%.0f p50_us=%u p99_us=%u user_us=%.2f system_us=%.2f\n",
           n * US_PER_S / (double)(load.end_us - load.begin_us), latency_percentile_us(&load.latency, 50),
           latency_percentile_us(&load.latency, 99),
           (double)(after->user_ticks - before->user_ticks) * tick_us / n,
           (double)(after->system_ticks - before->system_ticks) * tick_us / n);
}

static void read_pids(char *list)
{
    for (char *pid = strtok(list, ","); pid != NULL; pid = strtok(NULL, ",")) {
        if (load.pid_count == PIDS_MAX)
            errx(EXIT_USAGE, "more than %d processes", PIDS_MAX);
        load.pids[load.pid_count++] = strtol(pid, NULL, 10);
    }
}

static void read_command(int argc, char **argv)
{
    int option;

    while ((option = getopt(argc, argv, "c:i:k:m:n:s:t:p:")) != -1) {
        if (option == 'c')
            load.connections = strtoul(optarg, NULL, 10);
        else if (option == 'i')
            load.idle = strtoul(optarg, NULL, 10);
        else if (option == 'k')
            load.keys = strtoul(optarg, NULL, 10);
        else if (option == 'm')
            load.map = optarg;
        else if (option == 'n')
            load.questions = strtoul(optarg, NULL, 10);
        else if (option == 's')
            load.warm_up_ms = strtoul(optarg, NULL, 10);
        else if (option == 't')
            load.duration_ms = strtoul(optarg, NULL, 10);
        else if (option == 'p')
            read_pids(optarg);
        else
            exit(EXIT_USAGE);
    }
    load.protocol = argc - optind == 2 ? question_protocol(argv[optind]) : NULL;
    if (load.protocol == NULL || load.connections == 0 || load.keys == 0 || load.duration_ms == 0)
        errx(EXIT_USAGE, "usage: load [-c CONNECTIONS] [-i IDLE] [-k KEYS] [-m MAP] "
                         "[-n QUESTIONS | -s WARM-UP-MS -t MS] [-p PID,...] socketmap|policy|sasl|echo ADDRESS");
    address_parse(&load.address, argv[optind + 1]);
}

static void measure(void)
{
    for (int64_t end_us = now_us() + (int64_t)load.warm_up_ms * US_PER_MS; now_us() < end_us;)
        turn(1);
    struct cpu before = read_cpu();
    load.begin_us = now_us();
    load.end_us = load.begin_us + (int64_t)load.duration_ms * US_PER_MS;
    while (now_us() < load.end_us)
        turn(1);
    struct cpu after = read_cpu();
    report(&before, &after);
}

int main(int argc, char **argv)
{
    read_command(argc, argv);
    struct client *clients = calloc(load.idle + load.connections, sizeof(*clients));
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (clients == NULL || load.epoll < 0)
        err(1, "cannot begin");
    open_clients(clients, load.idle, true);
    while (load.resting < load.idle)
        turn(-1);
    open_clients(clients + load.idle, load.connections, false);
    if (load.questions == 0)
        measure();
    while (load.answered < load.questions)
        turn(-1);
    free(clients);
    return 0;
}
