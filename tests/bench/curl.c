/*
 * What libcurl alone gives: requests.h in a closed loop. No client, no check of the answer but its status.
 *
 *   curl [-c CONNECTIONS] [-k KEYS] [-s WARM-UP-MS] [-t MS] URL
 *   curl -V     the version of libcurl
 *
 * Shape:  GET URL/userI@example.com, one request in flight a connection. Prints rate= p50_us= p99_us= user_us=
 *         system_us= as load.c does, of itself.
 */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../client/now.h"
#include "latency.h"
#include "requests.h"

#define URL_MAX_BYTES 512
#define EXIT_USAGE 2

struct asker {
    struct request request;
    int64_t asked_us;
};

static struct {
    const char *url;
    uint64_t connections, keys, warm_up_ms, duration_ms;
    uint64_t asked;
    int64_t begin_us, end_us;
    struct latency latency;
} all = { .connections = 1, .keys = 1000, .warm_up_ms = 300, .duration_ms = 1000 };

static void ask(struct asker *asker)
{
    char url[URL_MAX_BYTES];

    snprintf(url, sizeof(url), "%s/user%" PRIu64 "%%40example.com", all.url, all.asked++ % all.keys);
    asker->asked_us = now_us();
    request_ask(&asker->request, url);
}

static void finished(struct request *request)
{
    struct asker *asker = request->arg;
    int64_t now = now_us();

    if (all.begin_us != 0 && now >= all.begin_us && now < all.end_us)
        latency_add(&all.latency, now - asker->asked_us);
    ask(asker);
}

static void run_for(uint64_t ms)
{
    for (int64_t end_us = now_us() + (int64_t)ms * US_PER_MS; now_us() < end_us;)
        requests_turn(1);
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
    requests_open(all.connections, finished);
    struct asker *askers = calloc(all.connections, sizeof(*askers));
    if (askers == NULL)
        err(1, "cannot begin");
    for (uint64_t i = 0; i < all.connections; i++) {
        askers[i].request.arg = &askers[i];
        request_open(&askers[i].request);
        ask(&askers[i]);
    }
    measure();
    return 0;
}
