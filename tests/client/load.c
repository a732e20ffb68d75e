#include "load.h"

#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "now.h"
#include "peer.h"

#define EXIT_USAGE 2
#define EVENTS_MAX 256
#define TURN_MS 50 /* how often time limits are looked at */
#define DEFAULT_KEYS 1000
#define DEFAULT_PREFIX "key"
#define NUMBER_MAX 1000000000

enum stage { OPENING_IDLE, ASKING, ASKING_IDLE, OVER };

struct load {
    struct peer_team team;
    struct peer *peers; /* the idle ones first */
    uint64_t connections, idle, requests, keys;
    int64_t duration_ms;
    const char *prefix;
    bool asks_idle, prints_rate;
    uint64_t quota; /* questions of one connection */
    uint64_t asked;
    enum stage stage;
    int64_t end_us; /* of the asking; 0: when all requests are asked */
    int64_t checked_us;
    int64_t part_us; /* when the part began that the tally is of */
    int status;      /* of the parts before */
};

static volatile sig_atomic_t part_is_over;

static _Noreturn void usage(void)
{
    errx(EXIT_USAGE, "usage: client load ADDRESS NAME (-n REQUESTS | -t MS) [-c CONNECTIONS] [-i IDLE] [-k KEYS] "
                     "[-p PREFIX] [-e EXPECT] [-a] [-r]\n"
                     "       client storm ADDRESS NAME -c CONNECTIONS [-k KEYS] [-p PREFIX] [-e EXPECT] [-r]");
}

static uint64_t read_number(const char *text)
{
    char *end;

    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value > NUMBER_MAX)
        errx(EXIT_USAGE, "%s: not a number", text);
    return value;
}

static void set_option(struct load *l, int option, const char *value)
{
    switch (option) {
    case 'a':
        l->asks_idle = true;
        break;
    case 'c':
        l->connections = read_number(value);
        break;
    case 'e':
        l->team.expect = value;
        break;
    case 'i':
        l->idle = read_number(value);
        break;
    case 'k':
        l->keys = read_number(value);
        break;
    case 'n':
        l->requests = read_number(value);
        break;
    case 'p':
        l->prefix = value;
        break;
    case 'r':
        l->prints_rate = true;
        break;
    case 't':
        l->duration_ms = (int64_t)read_number(value);
        break;
    default:
        usage();
    }
}

static void read_command(struct load *l, int argc, char **argv, const char *letters)
{
    int option;

    *l = (struct load){ .connections = 1, .keys = DEFAULT_KEYS, .prefix = DEFAULT_PREFIX, .quota = UINT64_MAX };
    while ((option = getopt(argc, argv, letters)) != -1)
        set_option(l, option, optarg);
    if (argc - optind != 2 || l->keys == 0)
        usage();
    address_parse(&l->team.address, argv[optind]);
    l->team.name = argv[optind + 1];
}

static void create_peers(struct load *l)
{
    l->team.epoll = epoll_create1(EPOLL_CLOEXEC);
    l->peers = calloc(l->idle + l->connections + 1, sizeof(*l->peers));
    if (l->team.epoll < 0 || l->peers == NULL)
        err(1, "connections");
    for (uint64_t i = 0; i < l->idle + l->connections; i++)
        peer_init(&l->peers[i], &l->team, i < l->idle);
}

static bool may_ask(const struct load *l, const struct peer *p)
{
    if (p->state != PEER_RESTING || p->is_idle != (l->stage == ASKING_IDLE))
        return false;
    if (l->stage == ASKING_IDLE)
        return p->asked == 0;
    if (l->stage != ASKING || p->asked >= l->quota)
        return false;
    return l->end_us != 0 ? now_us() < l->end_us : l->asked < l->requests;
}

static void drive(struct load *l, struct peer *p)
{
    while (may_ask(l, p))
        peer_ask(p, l->prefix, l->asked++ % l->keys);
}

static void drive_all(struct load *l)
{
    for (uint64_t i = 0; i < l->idle + l->connections; i++)
        drive(l, &l->peers[i]);
}

static void check_times(struct load *l)
{
    int64_t now = now_us();

    if (now - l->checked_us < (int64_t)TURN_MS * US_PER_MS)
        return;
    l->checked_us = now;
    for (uint64_t i = 0; i < l->idle + l->connections; i++) {
        peer_check_time(&l->peers[i], now);
        drive(l, &l->peers[i]);
    }
}

static void note_end_of_part(int number)
{
    (void)number;
    part_is_over = 1;
}

static void print_part(struct load *l)
{
    int64_t now = now_us();

    part_is_over = 0;
    tally_stop(&l->team.tally, now - l->part_us);
    tally_print(&l->team.tally);
    fflush(stdout);
    l->status |= tally_exit_status(&l->team.tally);
    tally_free(&l->team.tally);
    l->team.tally = (struct tally){ 0 };
    l->part_us = now;
}

static int take_turn(struct load *l, int wait_ms)
{
    struct epoll_event events[EVENTS_MAX];
    int n = epoll_wait(l->team.epoll, events, EVENTS_MAX, wait_ms);

    for (int i = 0; i < n; i++) {
        peer_run(events[i].data.ptr, events[i].events);
        drive(l, events[i].data.ptr);
    }
    check_times(l);
    if (part_is_over)
        print_part(l);
    return n;
}

static void finish_stage(struct load *l)
{
    while (l->team.busy > 0 || (l->stage == ASKING && l->end_us != 0 && now_us() < l->end_us))
        take_turn(l, TURN_MS);
}

static int run(struct load *l)
{
    create_peers(l);
    for (uint64_t i = 0; i < l->idle; i++)
        peer_connect(&l->peers[i]);
    finish_stage(l);

    l->part_us = now_us();
    l->stage = ASKING;
    l->end_us = l->duration_ms > 0 ? l->part_us + l->duration_ms * US_PER_MS : 0;
    drive_all(l);
    finish_stage(l);
    tally_stop(&l->team.tally, now_us() - l->part_us);

    l->stage = l->asks_idle ? ASKING_IDLE : OVER;
    while (take_turn(l, 0) > 0)
        continue; /* idle connections that were closed meanwhile */
    drive_all(l);
    finish_stage(l);
    return l->status | tally_exit_status(&l->team.tally);
}

static int report(struct load *l, int status)
{
    if (l->prints_rate)
        tally_print_rate(&l->team.tally);
    else
        tally_print(&l->team.tally);
    for (uint64_t i = 0; i < l->idle + l->connections; i++)
        peer_free(&l->peers[i]);
    free(l->peers);
    tally_free(&l->team.tally);
    close(l->team.epoll);
    return status;
}

int load_main(int argc, char **argv)
{
    struct load l;

    read_command(&l, argc, argv, "ac:e:i:k:n:p:rt:");
    if ((l.requests == 0) == (l.duration_ms == 0) && l.connections > 0)
        usage();
    signal(SIGUSR1, note_end_of_part);
    return report(&l, run(&l));
}

int load_storm_main(int argc, char **argv)
{
    struct load l;

    read_command(&l, argc, argv, "c:e:k:p:r");
    l.requests = l.connections;
    l.quota = 1;
    return report(&l, run(&l));
}
