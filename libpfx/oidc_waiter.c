#include "oidc_waiter.h"

static void tell(struct oidc_waiter *waiter, enum oidc_result result)
{
    oidc_waiter_forget(waiter);
    waiter->done(waiter, result);
}

static void time_over(struct loop_timer *timer)
{
    struct oidc_waiter *waiter = LOOP_OWNER(timer, struct oidc_waiter, timer);
    const struct oidc_waiters *list = waiter->list;

    tell(waiter, list->late == NULL ? OIDC_FAILED : list->late(waiter));
}

void oidc_waiters_add(struct oidc_waiters *list, struct oidc_waiter *waiter, unsigned wanted, int64_t deadline_ms)
{
    waiter->list = list;
    waiter->wanted = wanted;
    waiter->round = list->round;
    waiter->timer.due = time_over;
    loop_at(list->loop, &waiter->timer, deadline_ms);
    waiter->next = list->first;
    list->first = waiter;
}

void oidc_waiter_forget(struct oidc_waiter *waiter)
{
    if (waiter->list == NULL)
        return;
    struct oidc_waiter **at = &waiter->list->first;
    while (*at != waiter)
        at = &(*at)->next;
    *at = waiter->next;
    loop_cancel(waiter->list->loop, &waiter->timer);
    waiter->list = NULL;
}

void oidc_waiters_tell(struct oidc_waiters *list,
                       enum oidc_result (*judge)(const struct oidc_waiter *waiter, const void *arg), const void *arg)
{
    const unsigned round = list->round++;
    struct oidc_waiter *waiter = list->first;

    while (waiter != NULL) {
        bool is_new = (int)(waiter->round - round) > 0;
        enum oidc_result result = is_new ? OIDC_WAITING : judge(waiter, arg);
        if (result == OIDC_WAITING) {
            waiter = waiter->next;
            continue;
        }
        tell(waiter, result);
        waiter = list->first; /* others may have left, too */
    }
}
