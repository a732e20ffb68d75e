/*
 * A small region of shared memory, and what is to be seen of it.
 */
#ifndef PFX_REGION_FIXTURE_H
#define PFX_REGION_FIXTURE_H

#include <dirent.h>

#include "shm.h"
#include "shm_fixture.h"

#define NOBODY     65534
#define NAME       "pfx-test"
#define BYTES      ((size_t)65536)
#define MAX_BYTES  ((size_t)1024 * 1024)
#define OTHER_BOOT "00000000-0000-0000-0000-000000000000"

struct region {
    struct shm_head head;
    struct shm_lock lock;
    int made;
    int recovered;
    int value;
};

static inline void make(void *p, size_t bytes)
{
    struct region *region = p;

    ck_assert_uint_ge(bytes, sizeof(*region));
    ck_assert_int_eq(region->made, 0);
    region->made = 1;
    shm_lock_make(&region->lock);
}

static inline void recover(void *p, size_t bytes)
{
    struct region *region = p;

    ck_assert_uint_eq(bytes, region->head.bytes);
    region->recovered++;
    shm_lock_make(&region->lock);
}

static struct shm_kind kind;
static struct shm shm;
static char why[SHM_REASON_MAX_BYTES];

static inline void begin(void)
{
    fixture_clear();
    kind = (struct shm_kind){ .name = NAME, .layout = 1, .bytes = BYTES, .make = make, .recover = recover };
}

static inline struct region *region(void)
{
    return shm.p;
}

static inline void open_one(struct shm *one)
{
    ck_assert_msg(shm_open_file(one, fixture_directory, &kind, why), "%s", why);
}

/* A file with 7 in it that nobody has. */
static inline void leave_file(void)
{
    open_one(&shm);
    region()->value = 7;
    shm_close(&shm);
}

static inline void reopen(void)
{
    shm_close(&shm);
    open_one(&shm);
}

static inline int files(void)
{
    DIR *directory = opendir(fixture_directory);
    int count = 0;

    ck_assert_ptr_nonnull(directory);
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(directory);
    return count;
}

#endif
