#include "textfile.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mem.h"

bool textfile_write(int fd, struct span text)
{
    while (text.n > 0) {
        ssize_t n = write(fd, text.p, text.n);
        if (n < 0 && errno != EINTR)
            return false;
        text = span_skip(text, n < 0 ? 0 : (size_t)n);
    }
    return true;
}

bool textfile_open(struct textfile *file, struct span text)
{
    file->fd = memfd_create("pfx.cfg", MFD_CLOEXEC);
    file->path = mem_format("/proc/self/fd/%d", file->fd);
    return file->fd >= 0 && textfile_write(file->fd, text);
}

void textfile_close(struct textfile *file)
{
    mem_free(file->path);
    if (file->fd >= 0)
        close(file->fd);
}
