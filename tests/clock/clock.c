/*
 * A clock that tests move: CLOCK_MONOTONIC of the program that this library is preloaded into is ahead by as many
 * milliseconds as the file holds that PFX_TEST_CLOCK names, an int64_t. Whoever inherits the mapping sees it move.
 */
#include <dlfcn.h>
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define MS_PER_S 1000
#define NS_PER_MS 1000000
#define NS_PER_S 1000000000

static int (*real_clock_gettime)(clockid_t id, struct timespec *now);
static const volatile int64_t *offset_ms; /* NULL: nothing is moved */

static void *map_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        err(1, "%s", path);
    void *map = mmap(NULL, sizeof(*offset_ms), PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        err(1, "mmap: %s", path);
    close(fd);
    return map;
}

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("PFX_TEST_CLOCK");
    if (path != NULL)
        offset_ms = map_file(path);
}

/* Called before begin() by libraries that are made ready earlier. */
int clock_gettime(clockid_t id, struct timespec *now)
{
    if (real_clock_gettime == NULL)
        *(void **)&real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real_clock_gettime(id, now);
    if (result != 0 || id != CLOCK_MONOTONIC || offset_ms == NULL)
        return result;
    now->tv_sec += *offset_ms / MS_PER_S;
    now->tv_nsec += *offset_ms % MS_PER_S * NS_PER_MS;
    if (now->tv_nsec >= NS_PER_S) {
        now->tv_nsec -= NS_PER_S;
        now->tv_sec++;
    }
    return 0;
}
