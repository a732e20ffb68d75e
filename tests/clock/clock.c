/*
 * Clocks that tests move. The file that PFX_TEST_CLOCK names holds one or two int64_t, milliseconds: so far is
 * CLOCK_MONOTONIC ahead, and CLOCK_REALTIME with all that tells the time of day, of the program that this library is
 * preloaded into. Whoever inherits the mapping sees them move.
 */
#include <dlfcn.h>
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define MS_PER_S 1000
#define NS_PER_MS 1000000
#define NS_PER_S 1000000000
#define NS_PER_US 1000

enum clock { MONOTONIC, WALL, CLOCKS };

static int (*real_clock_gettime)(clockid_t id, struct timespec *now);
static const volatile int64_t *offsets_ms; /* NULL: nothing is moved */

static void *map_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        err(1, "%s", path);
    void *map = mmap(NULL, CLOCKS * sizeof(*offsets_ms), PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        err(1, "mmap: %s", path);
    close(fd);
    return map;
}

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("PFX_TEST_CLOCK");
    if (path != NULL)
        offsets_ms = map_file(path);
}

static int64_t ahead_ms(clockid_t id)
{
    if (offsets_ms == NULL || (id != CLOCK_MONOTONIC && id != CLOCK_REALTIME))
        return 0;
    return offsets_ms[id == CLOCK_MONOTONIC ? MONOTONIC : WALL];
}

/* Called before begin() by libraries that are made ready earlier. */
int clock_gettime(clockid_t id, struct timespec *now)
{
    if (real_clock_gettime == NULL)
        *(void **)&real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real_clock_gettime(id, now);
    if (result != 0)
        return result;
    int64_t moved_ms = ahead_ms(id);
    now->tv_sec += moved_ms / MS_PER_S;
    now->tv_nsec += moved_ms % MS_PER_S * NS_PER_MS;
    if (now->tv_nsec >= NS_PER_S) {
        now->tv_nsec -= NS_PER_S;
        now->tv_sec++;
    } else if (now->tv_nsec < 0) {
        now->tv_nsec += NS_PER_S;
        now->tv_sec--;
    }
    return 0;
}

time_t time(time_t *out)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL)
        *out = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec wall;
    (void)zone;

    clock_gettime(CLOCK_REALTIME, &wall);
    *now = (struct timeval){ .tv_sec = wall.tv_sec, .tv_usec = wall.tv_nsec / NS_PER_US };
    return 0;
}
