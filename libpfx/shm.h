/*
 * Memory that processes share: a file that outlives them, or a mapping of a parent and its children. Locks in it
 * outlive their holder.
 *
 * Shape:  a region begins with struct shm_head; what follows is its kind's. A file is opened under an exclusive lock on
 *         its first byte, for no longer than that takes, and every process that has it open holds a shared lock on its
 *         second byte (OFD locks, which children inherit): so the opener knows whether it is alone. It is made anew,
 *         as FILE.new and then renamed, when it is missing, is not a regular file of ours, has another kind,
 *         layout or size than it says, when it is alone and kind->bytes differs, or when others have it and it is of
 *         another boot, which is that of another host. Processes that have the old one keep it.
 *         A kind with max_bytes grows in place (shm_grow()): it is mapped for all that it may become, so that every
 *         process sees what another has added.
 *         After a reboot, and whenever the opener is alone, kind->recover makes it usable: a lock of an earlier boot
 *         names an owner that no longer exists.
 *         A lock is a robust mutex. shm_lock() says when its holder died: the caller repairs what the lock protects,
 *         then goes on. A lock that cannot be had within SHM_LOCK_LIMIT_MS is damaged, or its holder is stopped.
 * Units:  bytes, milliseconds.
 * Limits: SHM_OPEN_LIMIT_MS to wait for another opener.
 * Errors: shm_open_file(): false, and why. Space is allocated at once: a full disk is an error there, and not a SIGBUS
 *         later. A file that somebody cuts short gives SIGBUS: shm_check() in a new worker puts fresh memory in its
 *         place.
 * Owner:  the region is mapped until shm_close(); the file is 0600 and belongs to who calls (its effective ids),
 *         O_NOFOLLOW.
 * Source: fcntl(2) F_OFD_SETLK, pthread_mutexattr_setrobust(3), mmap(2).
 */
#ifndef PFX_SHM_H
#define PFX_SHM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHM_OPEN_LIMIT_MS 3000 /* recovering a big file takes a second, a cold one more */
#define SHM_LOCK_LIMIT_MS 200
#define SHM_LOCK_WORDS 6
#define SHM_REASON_MAX_BYTES 160
#define SHM_KIND_BYTES 16
#define SHM_BOOT_BYTES 40

struct shm_head {
    char kind[SHM_KIND_BYTES]; /* "pfx-cache" ... */
    uint32_t layout;
    uint32_t padding;
    uint64_t bytes;            /* of the whole region */
    char boot[SHM_BOOT_BYTES]; /* /proc/sys/kernel/random/boot_id of its last opener */
};

struct shm_kind {
    const char *name; /* of the file, and in its head */
    uint32_t layout;  /* of what follows the head; another number, another layout */
    size_t bytes;     /* wanted, more than the head; what it begins with, when it may grow */
    size_t max_bytes; /* that it may grow to; 0: never */
    void (*make)(void *region, size_t bytes);    /* fills fresh memory, which is zero */
    void (*recover)(void *region, size_t bytes); /* nobody else has it: makes locks anew, drops what is damaged */
};

struct shm {
    void *p; /* the head */
    size_t bytes;
    size_t mapped_bytes;
    int fd; /* -1: anonymous */
};

bool shm_open_file(struct shm *shm, const char *directory, const struct shm_kind *kind, char why[SHM_REASON_MAX_BYTES]);

/* What others have made, of whatever size: nothing is made, nor made anew. False also when there is none. */
bool shm_open_existing(struct shm *shm, const char *directory, const struct shm_kind *kind,
                       char why[SHM_REASON_MAX_BYTES]);
void shm_open_anonymous(struct shm *shm, const struct shm_kind *kind);
void shm_close(struct shm *shm);

/* Makes sure that so many bytes are there, at most kind->max_bytes. The caller holds a lock of the region. */
bool shm_grow(struct shm *shm, size_t bytes);

/* In a new process: false when the file was cut short; private fresh memory is then there instead. */
bool shm_check(struct shm *shm, const struct shm_kind *kind);

/* Room for a mutex. */
struct shm_lock {
    uint64_t mutex[SHM_LOCK_WORDS];
};

enum shm_locked {
    SHM_LOCKED,
    SHM_ORPHANED, /* locked, and the last holder died with it: repair, then shm_repaired() */
    SHM_STUCK,    /* not locked */
};

void shm_lock_make(struct shm_lock *lock);
enum shm_locked shm_lock(struct shm_lock *lock);
void shm_repaired(struct shm_lock *lock);
void shm_unlock(struct shm_lock *lock);

#endif
