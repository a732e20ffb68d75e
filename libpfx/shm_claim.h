/*
 * Numbers of a region of shm.h, each of one living process at a time. Groups number by themselves.
 *
 * Shape:  a number is a lock of the process on a byte of the file, behind those of shm.h. It ends with its process,
 *         however that ends, and children do not inherit it; so it needs no process id, which other namespaces do not
 *         know.
 * Limits: SHM_CLAIM_GROUPS, and SHM_CLAIMS_MAX numbers of each.
 * Errors: without a file no number can be had.
 * Owner:  the process, which must not close another descriptor of that file: that would end its locks.
 * Source: fcntl(2) F_SETLK.
 */
#ifndef PFX_SHM_CLAIM_H
#define PFX_SHM_CLAIM_H

#include "shm.h"

#define SHM_CLAIM_GROUPS 64
#define SHM_CLAIMS_MAX 1024

/* The lowest number of the group that no other process has; none can be had: otherwise. */
unsigned shm_claim(const struct shm *shm, unsigned group, unsigned otherwise);

/* That number. False: another process has it. */
bool shm_claim_take(const struct shm *shm, unsigned group, unsigned number);
void shm_claim_give(const struct shm *shm, unsigned group, unsigned number);

#endif
