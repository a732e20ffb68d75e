#include "shm_view.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mem.h"
#include "shm.h"

static bool map(struct shm_view *view, int fd, size_t min_bytes)
{
    struct stat status;

    if (fstat(fd, &status) != 0)
        return false;
    if (!S_ISREG(status.st_mode) || (uint64_t)status.st_size < min_bytes) {
        errno = EPROTO;
        return false;
    }
    view->bytes = (size_t)status.st_size;
    view->p = mmap(NULL, view->bytes, PROT_READ, MAP_SHARED, fd, 0);
    return view->p != MAP_FAILED;
}

bool shm_view_open(struct shm_view *view, const char *directory, const char *kind, uint32_t layout, size_t min_bytes)
{
    char *path = mem_format("%s/%s", directory, kind);
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    bool is_mapped = fd >= 0 && map(view, fd, min_bytes);
    const int why = errno;

    mem_free(path);
    if (fd >= 0)
        close(fd);
    errno = why;
    if (!is_mapped)
        return false;
    const struct shm_head *head = view->p;
    if (strncmp(head->kind, kind, SHM_KIND_BYTES) == 0 && head->layout == layout)
        return true;
    shm_view_close(view);
    errno = EPROTO;
    return false;
}

void shm_view_close(struct shm_view *view)
{
    munmap(view->p, view->bytes);
    *view = (struct shm_view){ 0 };
}
