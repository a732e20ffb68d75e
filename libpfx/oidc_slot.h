/*
 * A token for backends that the workers of a daemon share, and who may fetch it.
 *
 * Shape:  a slot holds a token or none, and a lease: who has it fetches. A lease ends with oidc_slot_put() or
 *         oidc_slot_fail(), with its time, or with its holder.
 * Units:  milliseconds of clock_monotonic_ms(), which all processes share.
 * Limits: OIDC_TOKEN_MAX_BYTES a token. After a failure nobody fetches for OIDC_RETRY_MS, after more in a row for twice
 *         as long each time, up to OIDC_RETRY_MAX_MS. A token that a backend refuses is dropped once in OIDC_RETRY_MS.
 * Errors: what cannot be locked is OIDC_SLOT_FAILED.
 * Owner:  shared memory (oidc_shared.h); what is dropped or over is wiped.
 */
#ifndef PFX_OIDC_SLOT_H
#define PFX_OIDC_SLOT_H

#include <stdint.h>
#include <sys/types.h>

#include "buf.h"
#include "shm.h"

#define OIDC_TOKEN_MAX_BYTES 16384
#define OIDC_RETRY_MS 3000
#define OIDC_RETRY_MAX_MS 30000

struct oidc_slot {
    struct shm_lock lock;
    pid_t holder; /* of the lease; 0: nobody */
    int64_t lease_end_ms;
    unsigned failures;   /* in a row */
    int64_t retry_at_ms; /* no fetch before */
    int64_t drop_at_ms;  /* no drop before */
    int64_t renew_at_ms;
    int64_t useless_at_ms;
    uint64_t version; /* of the token */
    size_t n;         /* 0: none */
    char token[OIDC_TOKEN_MAX_BYTES];
};

enum oidc_slot_state {
    OIDC_SLOT_READY,  /* *token, *version */
    OIDC_SLOT_RENEW,  /* the same, and the caller has the lease: it is to be renewed */
    OIDC_SLOT_EMPTY,  /* the caller has the lease */
    OIDC_SLOT_LEASED, /* somebody else fetches */
    OIDC_SLOT_FAILED, /* the last fetch failed a moment ago */
};

/* The memory is zero. */
void oidc_slot_make(struct oidc_slot *slot);

/* lease_ms: how long a fetch may take. */
enum oidc_slot_state oidc_slot_get(struct oidc_slot *slot, int64_t now_ms, int64_t lease_ms, struct buf *token,
                                   uint64_t *version);

/* For who has the lease. The token is used for life_ms, and renewed by whoever asks for it renew_ms before its end. */
void oidc_slot_put(struct oidc_slot *slot, int64_t now_ms, struct span token, int64_t life_ms, int64_t renew_ms);
void oidc_slot_fail(struct oidc_slot *slot, int64_t now_ms);
void oidc_slot_give_back(struct oidc_slot *slot); /* nothing was learned */

/* The backend refuses the token. False: no other may be fetched for it now. */
bool oidc_slot_drop(struct oidc_slot *slot, int64_t now_ms, uint64_t version);

/* Has the last fetch failed? Then nobody should wait long for the next one. */
bool oidc_slot_is_failing(const struct oidc_slot *slot);

/* How long to wait after so many failures before. */
int64_t oidc_slot_pause_ms(unsigned failures);

#endif
