/*
 * Load for the soak: clients of all three protocols that judge each answer.
 *
 *   soak load [-c CLIENTS] [-r RATE] [-s SEED] SOCKETMAP POLICY AUTH
 *   soak data|users [-w] FILE
 *
 * load   half of the clients are of SOCKETMAP, a quarter each of POLICY and AUTH (addresses as in address.h); a third
 *        of each rests for minutes between two questions (client.h), the others ask RATE times a second together.
 *        It does what stdin says, a line at a time:
 *          begin      the clients ask from now on, and are counted from zero
 *          end        no new question; when the last is answered, prints a line of count.h for each protocol, and
 *                     "end SECONDS"
 *          last       as "end", but each client asks once more before
 *          kill PID   SIGKILL: what is lost from now on, for a moment, may be due to that
 *          leave      after the end: all clients close their connections
 *          quit       exit status 0 if no answer was wrong and none lost without a kill; the end of stdin does the same
 * data, users   files for tests/backend, see question.h; -w: with lies in them
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../client/now.h"
#include "client.h"

#define EXIT_USAGE 2
#define TEAMS 3
#define IDLE_EVERY 3
#define EVENTS_MAX 256
#define TURN_MS 10
#define LINE_MAX_BYTES 128
#define NUMBER_MAX 1000000

enum stage { PAUSED, ASKING, ENDING };

struct load {
    struct team teams[TEAMS];
    struct client *clients;
    size_t count;
    struct random random;
    enum stage stage;
    int64_t begun_us, ended_us, killed_us, checked_us;
    char line[LINE_MAX_BYTES]; /* of stdin, as far as it has come */
    size_t line_bytes;
    bool is_over;
    int status;
};

static _Noreturn void usage(void)
{
    errx(EXIT_USAGE, "usage: soak load [-c CLIENTS] [-r RATE] [-s SEED] SOCKETMAP POLICY AUTH\n"
                     "       soak data|users [-w] FILE");
}

static uint64_t read_number(const char *text)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end != '\0' || value == 0 || value > NUMBER_MAX)
        errx(EXIT_USAGE, "%s: not a number", text);
    return value;
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

static void open_teams(struct load *l, char **addresses, int64_t pause_us)
{
    static const struct protocol *const protocols[TEAMS] = { &protocol_map, &protocol_policy, &protocol_login };
    struct epoll_event event = { .events = EPOLLIN };
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event) < 0)
        err(1, "epoll");
    for (size_t i = 0; i < TEAMS; i++) {
        l->teams[i] = (struct team){ .protocol = protocols[i], .random = &l->random, .killed_us = &l->killed_us,
                                     .epoll = epoll, .pause_us = pause_us };
        address_parse(&l->teams[i].address, addresses[i]);
    }
}

static void open_clients(struct load *l, size_t count)
{
    static const size_t team_of[] = { 0, 1, 0, 2 };

    l->count = count;
    l->clients = calloc(count, sizeof(*l->clients));
    if (l->clients == NULL)
        err(1, "calloc");
    for (size_t i = 0; i < count; i++)
        client_init(&l->clients[i], &l->teams[team_of[i % 4]], i % IDLE_EVERY == 0, now_us());
}

static bool is_quiet(const struct load *l)
{
    for (size_t i = 0; i < TEAMS; i++)
        if (l->teams[i].busy > 0)
            return false;
    return true;
}

static void print_end(struct load *l)
{
    for (size_t i = 0; i < TEAMS; i++) {
        const struct count *count = &l->teams[i].count;
        count_print(count, l->teams[i].protocol->name);
        if (count->wrong > 0 || count->lost > 0)
            l->status = 1;
    }
    printf("end %.1f\n", (double)(l->ended_us - l->begun_us) / US_PER_S);
    fflush(stdout);
    l->stage = PAUSED;
}

static void begin(struct load *l)
{
    l->stage = ASKING;
    l->begun_us = now_us();
    for (size_t i = 0; i < TEAMS; i++)
        l->teams[i].count = (struct count){ 0 };
}

static void end(struct load *l, bool asks_once_more)
{
    l->stage = ENDING;
    l->ended_us = now_us();
    for (size_t i = 0; asks_once_more && i < l->count; i++)
        if (l->clients[i].state == CLIENT_RESTS)
            client_ask(&l->clients[i]);
}

static void leave(struct load *l)
{
    for (size_t i = 0; i < l->count; i++)
        client_close(&l->clients[i]);
    puts("left");
    fflush(stdout);
}

static void kill_worker(struct load *l, const char *pid)
{
    l->killed_us = now_us();
    if (kill((pid_t)read_number(pid), SIGKILL) < 0 && errno != ESRCH)
        err(1, "kill %s", pid);
}

static void obey(struct load *l, const char *line)
{
    if (strcmp(line, "begin") == 0)
        begin(l);
    else if (strcmp(line, "end") == 0)
        end(l, false);
    else if (strcmp(line, "last") == 0)
        end(l, true);
    else if (strncmp(line, "kill ", 5) == 0)
        kill_worker(l, line + 5);
    else if (strcmp(line, "leave") == 0)
        leave(l);
    else if (strcmp(line, "quit") == 0)
        l->is_over = true;
    else
        errx(EXIT_USAGE, "%s: no such command", line);
}

static void read_commands(struct load *l)
{
    ssize_t n = read(STDIN_FILENO, l->line + l->line_bytes, sizeof(l->line) - l->line_bytes);
    char *end;

    if (n <= 0) {
        l->is_over = true;
        return;
    }
    l->line_bytes += (size_t)n;
    while ((end = memchr(l->line, '\n', l->line_bytes)) != NULL) {
        *end++ = '\0';
        obey(l, l->line);
        l->line_bytes -= (size_t)(end - l->line);
        memmove(l->line, end, l->line_bytes);
    }
    if (l->line_bytes == sizeof(l->line))
        errx(EXIT_USAGE, "a line of stdin is too long");
}

static void check_times(struct load *l)
{
    int64_t now = now_us();

    if (now - l->checked_us < (int64_t)TURN_MS * US_PER_MS)
        return;
    l->checked_us = now;
    for (size_t i = 0; i < l->count; i++) {
        client_check_time(&l->clients[i], now);
        if (l->stage == ASKING && client_is_due(&l->clients[i], now))
            client_ask(&l->clients[i]);
    }
}

static void take_turn(struct load *l)
{
    struct epoll_event events[EVENTS_MAX];
    int n = epoll_wait(l->teams[0].epoll, events, EVENTS_MAX, TURN_MS);

    for (int i = 0; i < n; i++) {
        if (events[i].data.ptr == NULL)
            read_commands(l);
        else
            client_run(events[i].data.ptr);
    }
    check_times(l);
    if (l->stage == ENDING && is_quiet(l))
        print_end(l);
}

static int load_main(int argc, char **argv)
{
    struct load l = { .random.state = 1 };
    uint64_t clients = 500, rate = 1000;
    int option;

    while ((option = getopt(argc, argv, "c:r:s:")) != -1) {
        if (option == 'c')
            clients = read_number(optarg);
        else if (option == 'r')
            rate = read_number(optarg);
        else if (option == 's')
            l.random.state = read_number(optarg);
        else
            usage();
    }
    if (argc - optind != TEAMS)
        usage();
    raise_descriptor_limit();
    open_teams(&l, argv + optind, (int64_t)((clients - clients / IDLE_EVERY) * US_PER_S / rate) + 1);
    open_clients(&l, clients);
    while (!l.is_over)
        take_turn(&l);
    for (size_t i = 0; i < l.count; i++)
        client_close(&l.clients[i]);
    free(l.clients);
    return l.status;
}

static int file_main(int argc, char **argv)
{
    bool lies = false;
    int option;

    while ((option = getopt(argc, argv, "w")) != -1) {
        if (option != 'w')
            usage();
        lies = true;
    }
    if (argc - optind != 1)
        usage();
    if (strcmp(argv[0], "data") == 0)
        question_write_data(argv[optind], lies);
    else
        question_write_users(argv[optind], lies);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        usage();
    if (strcmp(argv[1], "load") == 0)
        return load_main(argc - 1, argv + 1);
    if (strcmp(argv[1], "data") == 0 || strcmp(argv[1], "users") == 0)
        return file_main(argc - 1, argv + 1);
    usage();
}
