#include "oidc_slot.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"

#define DOUBLINGS_MAX 8

void oidc_slot_make(struct oidc_slot *slot)
{
    shm_lock_make(&slot->lock);
}

int64_t oidc_slot_pause_ms(unsigned failures)
{
    int64_t pause_ms = (int64_t)OIDC_RETRY_MS << (failures < DOUBLINGS_MAX ? failures : DOUBLINGS_MAX);
    return pause_ms < OIDC_RETRY_MAX_MS ? pause_ms : OIDC_RETRY_MAX_MS;
}

static void forget_token(struct oidc_slot *slot)
{
    mem_wipe(slot->token, slot->n);
    slot->n = 0;
}

/* What a holder of the lock has half written is no token. */
static bool lock(struct oidc_slot *slot)
{
    switch (shm_lock(&slot->lock)) {
    case SHM_LOCKED:
        return true;
    case SHM_ORPHANED:
        mem_wipe(slot->token, sizeof(slot->token));
        slot->n = 0;
        slot->holder = 0;
        shm_repaired(&slot->lock);
        return true;
    case SHM_STUCK:
        break;
    }
    return false;
}

static bool is_leased(const struct oidc_slot *slot, int64_t now_ms)
{
    return slot->holder != 0 && now_ms < slot->lease_end_ms && !(kill(slot->holder, 0) < 0 && errno == ESRCH);
}

static enum oidc_slot_state look(struct oidc_slot *slot, int64_t now_ms, int64_t lease_ms, struct buf *token)
{
    if (now_ms >= slot->useless_at_ms)
        forget_token(slot);
    bool is_there = slot->n > 0 && buf_add(token, span_make(slot->token, slot->n));
    if (is_there && now_ms < slot->renew_at_ms)
        return OIDC_SLOT_READY;
    bool may_fetch = now_ms >= slot->retry_at_ms && !is_leased(slot, now_ms);
    if (is_there && !may_fetch)
        return OIDC_SLOT_READY;
    if (!may_fetch)
        return now_ms < slot->retry_at_ms ? OIDC_SLOT_FAILED : OIDC_SLOT_LEASED;
    slot->holder = getpid();
    slot->lease_end_ms = now_ms + lease_ms;
    return is_there ? OIDC_SLOT_RENEW : OIDC_SLOT_EMPTY;
}

enum oidc_slot_state oidc_slot_get(struct oidc_slot *slot, int64_t now_ms, int64_t lease_ms, struct buf *token,
                                   uint64_t *version)
{
    buf_clear(token);
    if (!lock(slot))
        return OIDC_SLOT_FAILED;
    enum oidc_slot_state state = look(slot, now_ms, lease_ms, token);
    *version = slot->version;
    shm_unlock(&slot->lock);
    return state;
}

/* A lease that ran out may be another's by now. */
static void end_lease(struct oidc_slot *slot)
{
    if (slot->holder == getpid())
        slot->holder = 0;
}

void oidc_slot_put(struct oidc_slot *slot, int64_t now_ms, struct span token, int64_t life_ms, int64_t renew_ms)
{
    if (token.n > sizeof(slot->token) || !lock(slot))
        return;
    forget_token(slot);
    memcpy(slot->token, token.p, token.n);
    slot->n = token.n;
    slot->version++;
    slot->useless_at_ms = now_ms + life_ms;
    slot->renew_at_ms = slot->useless_at_ms - renew_ms;
    slot->retry_at_ms = 0;
    slot->failures = 0;
    end_lease(slot);
    shm_unlock(&slot->lock);
}

void oidc_slot_fail(struct oidc_slot *slot, int64_t now_ms)
{
    if (!lock(slot))
        return;
    if (slot->holder == getpid())
        slot->retry_at_ms = now_ms + oidc_slot_pause_ms(slot->failures++);
    end_lease(slot);
    shm_unlock(&slot->lock);
}

void oidc_slot_give_back(struct oidc_slot *slot)
{
    if (!lock(slot))
        return;
    end_lease(slot);
    shm_unlock(&slot->lock);
}

bool oidc_slot_drop(struct oidc_slot *slot, int64_t now_ms, uint64_t version)
{
    if (!lock(slot))
        return false;
    bool is_gone = slot->version != version || slot->n == 0; /* somebody else was faster */
    bool may_drop = now_ms >= slot->drop_at_ms;

    if (!is_gone && may_drop) {
        forget_token(slot);
        slot->drop_at_ms = now_ms + OIDC_RETRY_MS;
    }
    shm_unlock(&slot->lock);
    return is_gone || may_drop;
}

bool oidc_slot_is_failing(const struct oidc_slot *slot)
{
    return slot->failures > 0;
}
