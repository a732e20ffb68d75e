/*
 * A directory of a test's own, gone afterwards.
 */
#ifndef PFX_DIRECTORY_FIXTURE_H
#define PFX_DIRECTORY_FIXTURE_H

#include <ftw.h>
#include <sys/stat.h>

#include "unit.h"

#define FIXTURE_OPEN_MAX 8

static char fixture_directory[] = "/tmp/pfx-unit-XXXXXX";

static int fixture_remove_one(const char *path, const struct stat *status, int type, struct FTW *at)
{
    (void)status;
    (void)type;
    return at->level == 0 ? 0 : remove(path);
}

static inline void fixture_clear(void)
{
    ck_assert_int_eq(nftw(fixture_directory, fixture_remove_one, FIXTURE_OPEN_MAX, FTW_DEPTH | FTW_PHYS), 0);
}

static inline void fixture_begin(void)
{
    if (mkdtemp(fixture_directory) == NULL)
        perror("mkdtemp");
}

static inline void fixture_end(void)
{
    nftw(fixture_directory, fixture_remove_one, FIXTURE_OPEN_MAX, FTW_DEPTH | FTW_PHYS);
    rmdir(fixture_directory);
    memcpy(strrchr(fixture_directory, '-') + 1, "XXXXXX", 6);
}

#endif
