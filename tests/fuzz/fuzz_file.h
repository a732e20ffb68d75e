/*
 * A file of shared memory that somebody has damaged: a good one, and patches on it.
 *
 * Shape:  the input is a list of patches: three bytes of offset, a byte of length, and the bytes. What does not fit any
 *         more is left out; an offset beyond the end makes the file so long, or cuts it.
 * Owner:  the directory is gone at the end of the process.
 */
#ifndef PFX_FUZZ_FILE_H
#define PFX_FUZZ_FILE_H

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "mem.h"

#define FUZZ_FILE_MAX_BYTES ((size_t)4 * 1024 * 1024)

static char fuzz_directory[] = "/dev/shm/pfx-fuzz-XXXXXX";
static char *fuzz_path;
static char *fuzz_good; /* what is in the good file */
static size_t fuzz_good_bytes;

static void fuzz_file_end(void)
{
    unlink(fuzz_path);
    rmdir(fuzz_directory);
    mem_free(fuzz_path);
    free(fuzz_good);
}

/* make: leaves the good file in fuzz_directory. */
static inline void fuzz_file_begin(const char *name, void (*make)(void))
{
    FUZZ_HOLDS(mkdtemp(fuzz_directory) != NULL);
    fuzz_path = mem_format("%s/%s", fuzz_directory, name);
    fuzz_good = fuzz_memory(FUZZ_FILE_MAX_BYTES);
    atexit(fuzz_file_end);
    make();
    int fd = open(fuzz_path, O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, fuzz_good, FUZZ_FILE_MAX_BYTES);
    FUZZ_HOLDS(n > 0);
    fuzz_good_bytes = (size_t)n;
    close(fd);
}

static inline void fuzz_file_patch(int fd, struct span *rest)
{
    size_t at = fuzz_take_byte(rest) << 16;
    at |= fuzz_take_byte(rest) << 8;
    at |= fuzz_take_byte(rest);
    size_t n = fuzz_take_byte(rest);
    struct span bytes = span_first(*rest, n < rest->n ? n : rest->n);

    *rest = span_skip(*rest, bytes.n);
    at %= FUZZ_FILE_MAX_BYTES;
    if (at >= fuzz_good_bytes)
        FUZZ_HOLDS(ftruncate(fd, (off_t)(bytes.n > 0 ? at : fuzz_good_bytes / 2)) == 0);
    else if (bytes.n > 0)
        FUZZ_HOLDS(pwrite(fd, bytes.p, bytes.n, (off_t)at) == (ssize_t)bytes.n);
}

/* The good file with all patches. */
static inline void fuzz_file_make(struct span patches)
{
    int fd = open(fuzz_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);

    FUZZ_HOLDS(fd >= 0 && pwrite(fd, fuzz_good, fuzz_good_bytes, 0) == (ssize_t)fuzz_good_bytes);
    while (patches.n > 0)
        fuzz_file_patch(fd, &patches);
    close(fd);
}

#endif
