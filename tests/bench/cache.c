/*
 * Hits per second of the response cache: 1, 2 and 4 processes that read, alone and with 10 that write besides.
 *
 * Usage: cache [SECONDS]
 * Writers that pause put WRITES_PER_S each, which is what fast backends answer: the rate of the readers by the clock
 * on the wall. Fails when it falls below RATIO_MIN of that without writers. Eager writers, without a pause, take the
 * processors away from the readers: the rate by the time that the readers had one. That is for comparison only, since
 * writers that outnumber the processors are mostly interrupted while they hold a lock.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cache.h"
#include "clock.h"

#define TABLE_BYTES      (64L * 1024 * 1024)
#define KEYS             1000
#define WRITTEN_KEYS     1000000
#define VALUE_BYTES      100
#define READERS_MAX      4
#define WRITERS          10
#define WRITES_PER_S     1000
#define ROUNDS           3 /* the best counts: other work on the machine only takes away */
#define BATCH            64 /* hits between two looks at the clock */
#define SECONDS          1
#define RATIO_MIN        0.5
#define NANOSECONDS      1000000000L
#define MS_PER_S         1000

enum writers { NONE, PAUSING, EAGER };

struct reader {
    _Alignas(64) uint64_t hits;
    double cpu_s;
};

struct rate {
    double wall, cpu; /* hits per second of either */
};

static struct cache *cache;
static struct reader *readers; /* shared */

static struct span key_of(unsigned number, char key[64])
{
    return span_make(key, (size_t)snprintf(key, 64, "socket_maps\nusers\nuser%u@example.com", number));
}

static void put(unsigned number)
{
    static const char value[VALUE_BYTES] = "value";
    char key[64];
    int64_t now_ms = clock_wall_ms();
    struct cache_answer answer = { .stored_ms = now_ms, .useless_ms = now_ms + 3600L * MS_PER_S };

    cache_put(cache, CACHE_MAPS, key_of(number, key), span_make(value, sizeof(value)), &answer);
}

static void write_for_ever(bool pauses, unsigned seed)
{
    const struct timespec pause = { .tv_nsec = NANOSECONDS / WRITES_PER_S };

    for (;;) {
        put(KEYS + (unsigned)rand_r(&seed) % WRITTEN_KEYS);
        if (pauses)
            nanosleep(&pause, NULL);
    }
}

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / NANOSECONDS;
}

static bool read_batch(unsigned *seed, struct buf *value, uint64_t *hits)
{
    static char keys[KEYS][64];
    static struct span spans[KEYS];
    struct cache_answer answer;
    int64_t now_ms = clock_wall_ms();

    for (unsigned i = 0; spans[KEYS - 1].n == 0; i++)
        spans[i] = key_of(i, keys[i]);
    for (int i = 0; i < BATCH; i++) {
        buf_clear(value);
        *hits += cache_get(cache, CACHE_MAPS, spans[(unsigned)rand_r(seed) % KEYS], now_ms, value, &answer);
    }
    return *hits > 0;
}

static void read_until(int64_t end_ms, struct reader *reader, unsigned seed)
{
    uint64_t hits = 0;
    double start_s = cpu_seconds();
    struct buf value;

    buf_init(&value, VALUE_BYTES);
    while (clock_monotonic_ms() < end_ms && read_batch(&seed, &value, &hits))
        continue;
    reader->hits = hits;
    reader->cpu_s = cpu_seconds() - start_s;
    _exit(0);
}

static pid_t start(void)
{
    pid_t child = fork();
    if (child < 0) {
        perror("fork");
        exit(EXIT_FAILURE);
    }
    if (child == 0)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    return child;
}

static void start_writers(enum writers kind, pid_t writers[WRITERS])
{
    for (unsigned i = 0; i < WRITERS; i++) {
        writers[i] = kind == NONE ? 0 : start();
        if (kind != NONE && writers[i] == 0)
            write_for_ever(kind == PAUSING, i + 1);
    }
}

static void stop_writers(const pid_t writers[WRITERS])
{
    for (unsigned i = 0; i < WRITERS; i++) {
        if (writers[i] == 0)
            continue;
        kill(writers[i], SIGKILL);
        waitpid(writers[i], NULL, 0);
    }
}

static struct rate measure_once(unsigned count, enum writers kind, int seconds)
{
    pid_t writers[WRITERS], children[READERS_MAX];
    struct rate rate = { 0, 0 };

    for (unsigned i = 0; i < KEYS; i++)
        put(i);
    start_writers(kind, writers);
    int64_t end_ms = clock_monotonic_ms() + (int64_t)seconds * MS_PER_S;
    for (unsigned i = 0; i < count; i++) {
        children[i] = start();
        if (children[i] == 0)
            read_until(end_ms, &readers[i], i + 1);
    }
    for (unsigned i = 0; i < count; i++) {
        waitpid(children[i], NULL, 0);
        rate.wall += (double)readers[i].hits / seconds;
        rate.cpu += (double)readers[i].hits / readers[i].cpu_s / count;
    }
    stop_writers(writers);
    return rate;
}

static struct rate measure(unsigned count, enum writers kind, int seconds)
{
    struct rate best = { 0, 0 };

    for (int round = 0; round < ROUNDS; round++) {
        struct rate rate = measure_once(count, kind, seconds);
        best.wall = rate.wall > best.wall ? rate.wall : best.wall;
        best.cpu = rate.cpu > best.cpu ? rate.cpu : best.cpu;
    }
    return best;
}

int main(int argc, char **argv)
{
    const int seconds = argc > 1 ? atoi(argv[1]) : SECONDS;
    bool is_good = seconds > 0;

    readers = mmap(NULL, READERS_MAX * sizeof(*readers), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (readers == MAP_FAILED || !is_good)
        return EXIT_FAILURE;
    cache = cache_open(NULL, TABLE_BYTES);
    printf("processes      hits/s   with %d writers (%d puts/s each)   per CPU second   with %d eager writers\n",
           WRITERS, WRITES_PER_S, WRITERS);
    for (unsigned count = 1; count <= READERS_MAX; count *= 2) {
        struct rate alone = measure(count, NONE, seconds);
        struct rate pausing = measure(count, PAUSING, seconds);
        struct rate eager = measure(count, EAGER, seconds);
        printf("%9u  %10.0f   %20.0f (ratio %.2f)   %14.0f   %13.0f (ratio %.2f)\n", count, alone.wall, pausing.wall,
               pausing.wall / alone.wall, alone.cpu, eager.cpu, eager.cpu / alone.cpu);
        is_good = is_good && pausing.wall >= RATIO_MIN * alone.wall;
    }
    cache_close(&cache);
    return is_good ? EXIT_SUCCESS : EXIT_FAILURE;
}
