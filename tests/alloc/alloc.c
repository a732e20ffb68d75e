/*
 * Memory that runs out when tests say so. The file that PFX_TEST_ALLOC names holds two int64_t: a process, and how many
 * allocations that process gets until one fails, once; 0: none fails. Of the program that this library is preloaded
 * into, and of whoever inherits the mapping.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct plan {
    _Atomic int64_t pid;
    _Atomic int64_t left;
};

/* What glibc offers to those who replace its functions. */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *block, size_t bytes);

static struct plan *plan; /* NULL: nothing fails */

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("PFX_TEST_ALLOC");

    if (path == NULL)
        return;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        err(1, "%s", path);
    close(fd);
    plan = map;
}

static bool fails(void)
{
    if (plan == NULL || atomic_load(&plan->left) <= 0 || atomic_load(&plan->pid) != getpid())
        return false;
    if (atomic_fetch_sub(&plan->left, 1) != 1)
        return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t bytes)
{
    return fails() ? NULL : __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes)
{
    return fails() ? NULL : __libc_calloc(count, bytes);
}

void *realloc(void *block, size_t bytes)
{
    return fails() ? NULL : __libc_realloc(block, bytes);
}
