/*
 * A region of shm.h that is only looked at: mapped for reading, without a lock, so that neither who reads nor who
 * writes ever waits.
 *
 * Errors: false, and errno: that of open(2) or mmap(2); EPROTO: it is of another kind, layout or version. A file that
 *         somebody cuts short while it is looked at gives SIGBUS.
 * Owner:  it is mapped until shm_view_close(). Others go on writing: each number is right by itself.
 */
#ifndef PFX_SHM_VIEW_H
#define PFX_SHM_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct shm_view {
    void *p; /* the head; writing to it ends the process */
    size_t bytes;
};

/* kind: the name of the file, and in its head; min_bytes: what such a region has at least, its head included. */
bool shm_view_open(struct shm_view *view, const char *directory, const char *kind, uint32_t layout, size_t min_bytes);
void shm_view_close(struct shm_view *view);

#endif
