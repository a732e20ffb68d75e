#include "shm_claim.h"

#include <fcntl.h>
#include <unistd.h>

#define FIRST_BYTE 1024

static bool set_lock(const struct shm *shm, short type, unsigned group, unsigned number)
{
    const off_t byte = FIRST_BYTE + (off_t)group * SHM_CLAIMS_MAX + number;
    struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };

    return shm->fd >= 0 && group < SHM_CLAIM_GROUPS && number < SHM_CLAIMS_MAX &&
           fcntl(shm->fd, F_SETLK, &lock) == 0;
}

unsigned shm_claim(const struct shm *shm, unsigned group, unsigned otherwise)
{
    unsigned number = 0;

    while (number < SHM_CLAIMS_MAX && !shm_claim_take(shm, group, number))
        number++;
    return number < SHM_CLAIMS_MAX ? number : otherwise;
}

bool shm_claim_take(const struct shm *shm, unsigned group, unsigned number)
{
    return set_lock(shm, F_WRLCK, group, number);
}

void shm_claim_give(const struct shm *shm, unsigned group, unsigned number)
{
    set_lock(shm, F_UNLCK, group, number);
}
