#include "shm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "mem.h"

#define OPEN_TRY_MS 20
#define BOOT_FILE   "/proc/sys/kernel/random/boot_id"
#define FILE_FLAGS  (O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
#define FILE_MODE   0600

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1
#endif
#endif

#ifdef __SANITIZE_THREAD__ /* which does not know pthread_mutex_clocklock(3) */
#define pthread_mutex_clocklock(mutex, clock, limit) pthread_mutex_timedlock(mutex, limit)
#define lock_clock_ms clock_wall_ms
#else
#define lock_clock_ms clock_monotonic_ms
#endif

enum lock_byte { LOCK_OPENER, LOCK_USER };
enum opening { OPEN_DONE, OPEN_AGAIN, OPEN_FAILED };

struct opener {
    const struct shm_kind *kind;
    bool makes;
    char *path;
    char boot[SHM_BOOT_BYTES];
    char *why;
};

static bool set_lock(int fd, short type, enum lock_byte byte)
{
    struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };
    return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

/* Without proc(5) it stays empty. */
static void read_boot(char boot[SHM_BOOT_BYTES])
{
    int fd = open(BOOT_FILE, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, boot, SHM_BOOT_BYTES - 1);

    boot[n < 0 ? 0 : n] = '\0';
    boot[strcspn(boot, "\n")] = '\0';
    if (fd >= 0)
        close(fd);
}

static enum opening failed(const struct opener *opener, const char *what)
{
    snprintf(opener->why, SHM_REASON_MAX_BYTES, "cannot %s %s: %s", what, opener->path, strerror(errno));
    return OPEN_FAILED;
}

/* Also when the limit of the process is in the way, which would cost a signal. 0, or what errno would be. */
static int allocate(int fd, size_t from, size_t bytes)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < bytes)
        return EFBIG;
    return posix_fallocate(fd, (off_t)from, (off_t)(bytes - from));
}

static size_t bytes_to_map(const struct shm_kind *kind, size_t bytes)
{
    return kind->max_bytes > bytes ? kind->max_bytes : bytes;
}

static bool map_file(struct shm *shm, const struct shm_kind *kind, int fd, size_t bytes)
{
    size_t mapped_bytes = bytes_to_map(kind, bytes);
    void *p = mmap(NULL, mapped_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (p == MAP_FAILED)
        return false;
    *shm = (struct shm){ .p = p, .bytes = bytes, .mapped_bytes = mapped_bytes, .fd = fd };
    return true;
}

static void make(const struct shm *shm, const struct shm_kind *kind, const char *boot)
{
    struct shm_head *head = shm->p;

    snprintf(head->kind, sizeof(head->kind), "%s", kind->name);
    head->layout = kind->layout;
    head->bytes = shm->bytes;
    snprintf(head->boot, sizeof(head->boot), "%s", boot);
    kind->make(shm->p, shm->bytes);
}

static bool name_leads_to(const char *path, int fd)
{
    struct stat named, opened;

    return lstat(path, &named) == 0 && fstat(fd, &opened) == 0 && named.st_dev == opened.st_dev &&
           named.st_ino == opened.st_ino;
}

static bool is_ours(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == geteuid() &&
           (status.st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

/* What a process that was killed meanwhile has left is used up. fd is locked: nobody else makes one. */
static enum opening fill(const struct opener *opener, struct shm *shm, int fd, const char *name)
{
    if (!set_lock(fd, F_RDLCK, LOCK_USER))
        return failed(opener, "lock");
    errno = ftruncate(fd, 0) != 0 ? errno : allocate(fd, 0, opener->kind->bytes);
    if (errno != 0)
        return failed(opener, "allocate");
    if (!map_file(shm, opener->kind, fd, opener->kind->bytes))
        return failed(opener, "map");
    make(shm, opener->kind, opener->boot);
    if (rename(name, opener->path) == 0)
        return OPEN_DONE;
    failed(opener, "rename to");
    munmap(shm->p, shm->mapped_bytes);
    *shm = (struct shm){ .fd = -1 };
    return OPEN_FAILED;
}

static enum opening make_at(const struct opener *opener, struct shm *shm, int fd, const char *name)
{
    if (!is_ours(fd))
        return unlink(name) == 0 ? OPEN_AGAIN : failed(opener, "make");
    if (!set_lock(fd, F_WRLCK, LOCK_OPENER) || !name_leads_to(name, fd))
        return OPEN_AGAIN;
    enum opening result = fill(opener, shm, fd, name);
    if (result != OPEN_DONE)
        unlink(name);
    return result;
}

static enum opening make_anew(const struct opener *opener, struct shm *shm)
{
    if (!opener->makes) {
        snprintf(opener->why, SHM_REASON_MAX_BYTES, "%s is not of this version, user and host", opener->path);
        return OPEN_FAILED;
    }
    char *name = mem_format("%s.new", opener->path);
    int fd = open(name, FILE_FLAGS | O_CREAT, FILE_MODE);
    enum opening result = fd < 0 ? failed(opener, "make") : make_at(opener, shm, fd, name);
    if (result != OPEN_DONE && fd >= 0)
        close(fd);
    mem_free(name);
    /* What was not ours had no lock: another opener may have taken its place at the same time. */
    if (result == OPEN_DONE && !name_leads_to(opener->path, fd)) {
        shm_close(shm);
        return OPEN_AGAIN;
    }
    return result;
}

/* Of another boot and yet in use: by another host. */
static bool is_elsewhere(const struct opener *opener, const struct shm_head *head, bool alone)
{
    return !alone && opener->boot[0] != '\0' && head->boot[0] != '\0' &&
           strncmp(head->boot, opener->boot, SHM_BOOT_BYTES) != 0;
}

/* The bytes of the region, or 0: it cannot be used. The head is read before the size, which may grow meanwhile. */
static size_t usable_bytes(const struct opener *opener, int fd, bool alone)
{
    const struct shm_kind *kind = opener->kind;
    struct shm_head head;
    struct stat status;

    if (pread(fd, &head, sizeof(head), 0) != sizeof(head) || fstat(fd, &status) < 0 ||
        strncmp(head.kind, kind->name, SHM_KIND_BYTES) != 0 || head.layout != kind->layout ||
        head.bytes <= sizeof(head) || is_elsewhere(opener, &head, alone))
        return 0;
    uint64_t bytes = (uint64_t)status.st_size;
    if (kind->max_bytes > 0)
        return head.bytes <= bytes && kind->bytes <= bytes && bytes <= kind->max_bytes ? (size_t)bytes : 0;
    return head.bytes == bytes && (!alone || !opener->makes || bytes == kind->bytes) ? (size_t)bytes : 0;
}

/* fd is locked, and either becomes part of *shm or is to be closed. */
static enum opening use(const struct opener *opener, struct shm *shm, int fd)
{
    const struct shm_kind *kind = opener->kind;
    bool alone = set_lock(fd, F_WRLCK, LOCK_USER);

    if (!set_lock(fd, F_RDLCK, LOCK_USER))
        return failed(opener, "lock");
    size_t bytes = usable_bytes(opener, fd, alone);
    if (bytes == 0)
        return make_anew(opener, shm);
    if (!map_file(shm, kind, fd, bytes))
        return failed(opener, "map");
    if (alone) {
        struct shm_head *head = shm->p;
        head->bytes = bytes;
        snprintf(head->boot, sizeof(head->boot), "%s", opener->boot);
        kind->recover(shm->p, bytes);
    }
    return OPEN_DONE;
}

static enum opening try_to_open(const struct opener *opener, struct shm *shm)
{
    int fd = open(opener->path, FILE_FLAGS | (opener->makes ? O_CREAT : 0), FILE_MODE);
    enum opening result = OPEN_AGAIN;

    if (fd < 0 && !opener->makes)
        return failed(opener, "open");
    if (fd < 0) /* a link, or not ours; or what makes the other fail as well, and is reported then */
        return make_anew(opener, shm);
    if (!is_ours(fd))
        result = make_anew(opener, shm);
    else if (!set_lock(fd, F_WRLCK, LOCK_OPENER))
        result = errno == EAGAIN || errno == EACCES ? OPEN_AGAIN : failed(opener, "lock");
    else if (name_leads_to(opener->path, fd))
        result = use(opener, shm, fd);
    if (result != OPEN_DONE || shm->fd != fd)
        close(fd);
    return result;
}

static bool open_within_limit(struct opener *opener, struct shm *shm, const char *directory)
{
    enum opening result;

    opener->path = mem_format("%s/%s", directory, opener->kind->name);
    read_boot(opener->boot);
    *shm = (struct shm){ .fd = -1 };
    for (int waited_ms = 0; (result = try_to_open(opener, shm)) == OPEN_AGAIN; waited_ms += OPEN_TRY_MS) {
        if (waited_ms >= SHM_OPEN_LIMIT_MS) {
            errno = ETIMEDOUT;
            result = failed(opener, "lock");
            break;
        }
        poll(NULL, 0, OPEN_TRY_MS);
    }
    mem_free(opener->path);
    if (result == OPEN_DONE)
        set_lock(shm->fd, F_UNLCK, LOCK_OPENER);
    return result == OPEN_DONE;
}

bool shm_open_file(struct shm *shm, const char *directory, const struct shm_kind *kind, char why[SHM_REASON_MAX_BYTES])
{
    struct opener opener = { .kind = kind, .makes = true, .why = why };
    return open_within_limit(&opener, shm, directory);
}

bool shm_open_existing(struct shm *shm, const char *directory, const struct shm_kind *kind,
                       char why[SHM_REASON_MAX_BYTES])
{
    struct opener opener = { .kind = kind, .why = why };
    return open_within_limit(&opener, shm, directory);
}

/* What is reserved only may pass what there is of memory. */
static void *map_anonymous(void *at, size_t bytes, int flags)
{
    void *p = mmap(at, bytes, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);

    if (p == MAP_FAILED) {
        log_fatal("out of memory");
        _exit(1);
    }
    return p;
}

void shm_open_anonymous(struct shm *shm, const struct shm_kind *kind)
{
    size_t mapped_bytes = bytes_to_map(kind, kind->bytes);

    *shm = (struct shm){ .p = map_anonymous(NULL, mapped_bytes, MAP_SHARED), .bytes = mapped_bytes,
                         .mapped_bytes = mapped_bytes, .fd = -1 };
    make(shm, kind, "");
}

void shm_close(struct shm *shm)
{
    if (shm->p != NULL)
        munmap(shm->p, shm->mapped_bytes);
    if (shm->fd >= 0)
        close(shm->fd);
    *shm = (struct shm){ .fd = -1 };
}

bool shm_grow(struct shm *shm, size_t bytes)
{
    struct shm_head *head = shm->p;
    struct stat status;

    if (bytes <= shm->bytes)
        return true;
    if (bytes > shm->mapped_bytes || fstat(shm->fd, &status) < 0)
        return false;
    if ((size_t)status.st_size < bytes) {
        if (allocate(shm->fd, (size_t)status.st_size, bytes) != 0)
            return false;
        head->bytes = bytes;
    }
    shm->bytes = bytes;
    return true;
}

bool shm_check(struct shm *shm, const struct shm_kind *kind)
{
    const struct shm_head *head = shm->p;
    struct stat status;

    if (shm->fd < 0)
        return true;
    if (fstat(shm->fd, &status) == 0 && (size_t)status.st_size >= shm->bytes && (size_t)status.st_size >= head->bytes)
        return true;
    map_anonymous(shm->p, shm->mapped_bytes, MAP_PRIVATE | MAP_FIXED);
    close(shm->fd);
    shm->fd = -1;
    shm->bytes = shm->mapped_bytes;
    make(shm, kind, "");
    return false;
}

_Static_assert(sizeof(pthread_mutex_t) <= sizeof(struct shm_lock), "room for a mutex");

static pthread_mutex_t *mutex_of(struct shm_lock *lock)
{
    return (pthread_mutex_t *)(void *)lock->mutex;
}

void shm_lock_make(struct shm_lock *lock)
{
    pthread_mutexattr_t attributes;

    memset(lock, 0, sizeof(*lock));
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(mutex_of(lock), &attributes);
    pthread_mutexattr_destroy(&attributes);
}

static int wait_for(struct shm_lock *lock)
{
    int64_t limit_ms = lock_clock_ms() + SHM_LOCK_LIMIT_MS;
    struct timespec limit = { .tv_sec = limit_ms / 1000, .tv_nsec = limit_ms % 1000 * 1000000 };

    return pthread_mutex_clocklock(mutex_of(lock), CLOCK_MONOTONIC, &limit);
}

/* One of another kind than shm_lock_make() gives is damaged: glibc would stop the process over it. */
static bool is_whole(struct shm_lock *lock)
{
    static _Atomic int made;

    if (atomic_load_explicit(&made, memory_order_relaxed) == 0) {
        struct shm_lock sample;
        shm_lock_make(&sample);
        atomic_store_explicit(&made, mutex_of(&sample)->__data.__kind, memory_order_relaxed);
    }
    return mutex_of(lock)->__data.__kind == atomic_load_explicit(&made, memory_order_relaxed);
}

enum shm_locked shm_lock(struct shm_lock *lock)
{
    int error = is_whole(lock) ? pthread_mutex_trylock(mutex_of(lock)) : EINVAL;

    if (error == EBUSY)
        error = wait_for(lock);
    if (error == 0)
        return SHM_LOCKED;
    return error == EOWNERDEAD ? SHM_ORPHANED : SHM_STUCK;
}

void shm_repaired(struct shm_lock *lock)
{
    pthread_mutex_consistent(mutex_of(lock));
}

void shm_unlock(struct shm_lock *lock)
{
    pthread_mutex_unlock(mutex_of(lock));
}
