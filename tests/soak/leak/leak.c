/*
 * Leaks for the test of the soak itself: preloaded into the daemons of pfx, one accepted connection in LEAK_EVERY costs
 * what PFX_TEST_LEAK says, "memory" or "descriptor", for ever.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LEAK_EVERY 2
#define LEAK_BYTES (1024 * 1024)

static int (*real_accept4)(int fd, __SOCKADDR_ARG address, socklen_t *bytes, int flags);
static void *volatile lost;

static void leak(int fd)
{
    const char *what = getenv("PFX_TEST_LEAK");
    static unsigned count;

    if (what == NULL || strncmp(program_invocation_short_name, "pfx-", 4) != 0 || ++count % LEAK_EVERY != 0)
        return;
    if (strcmp(what, "memory") == 0) {
        lost = malloc(LEAK_BYTES);
        if (lost != NULL)
            memset(lost, 1, LEAK_BYTES);
    } else if (strcmp(what, "descriptor") == 0 && dup(fd) < 0) {
        abort();
    }
}

int accept4(int fd, __SOCKADDR_ARG address, socklen_t *bytes, int flags)
{
    if (real_accept4 == NULL)
        *(void **)&real_accept4 = dlsym(RTLD_NEXT, "accept4");
    int accepted = real_accept4(fd, address, bytes, flags);
    if (accepted >= 0)
        leak(STDERR_FILENO);
    return accepted;
}
