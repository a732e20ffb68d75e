/* Prints the counters below a state directory, for tests: a line for each daemon and entry, NAME=NUMBER. */
#include <inttypes.h>
#include <stdio.h>

#include "stats.h"

/* Those of a daemon itself have the entry "". */
static const char *const daemon_names[STATS_DAEMON_COUNTERS] = {
    [STATS_DAEMON_CONNECTIONS_OPEN] = "connections_open",
    [STATS_DAEMON_CONNECTIONS] = "connections",
    [STATS_DAEMON_WORKERS_STARTED] = "workers_started",
    [STATS_DAEMON_MALFORMED] = "malformed",
};

static void print_sum(void *arg, const struct stats_sum *sum)
{
    bool is_daemon = sum->entry[0] == '\0';
    unsigned counters = is_daemon ? (unsigned)STATS_DAEMON_COUNTERS : (unsigned)STATS_COUNTERS;
    uint64_t timed = 0;
    (void)arg;

    printf("%s/%s/%s", sum->daemon, sum->section, sum->entry);
    for (unsigned i = 0; i < counters; i++)
        printf(" %s=%" PRIu64, is_daemon ? daemon_names[i] : stats_counter_name(i), sum->counter[i]);
    for (unsigned i = 0; i < STATS_BUCKETS; i++)
        timed += sum->bucket[i];
    printf(" timed=%" PRIu64 " sum_ms=%" PRIu64 "\n", timed, sum->sum_ms);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: print_stats DIRECTORY\n", stderr);
        return 2;
    }
    return stats_read(argv[1], print_sum, NULL) ? 0 : 1;
}
