#include "inquiry_find.h"

#include "inquiry_answer.h"
#include "inquiry_cache.h"

/* The candidate's answer; nothing of the call is touched when there is none. */
static enum inquiry_cached find(struct inquiry *inquiry, struct backend_call *call)
{
    struct verdict verdict;
    int64_t stored_ms;
    enum inquiry_cached found = inquiry_cache_find(inquiry, &call->value, &verdict, &stored_ms);

    if (found == INQUIRY_CACHED_NOTHING)
        return found;
    call->old = inquiry_answer_extend(inquiry, verdict, &call->value);
    call->old_candidate = inquiry->candidate;
    return found;
}

/* The candidates one by one, as long as what is kept and fresh tells that there is nothing. */
static enum inquiry_cached find_fresh(struct inquiry *inquiry, struct backend_call *call)
{
    enum inquiry_cached found = find(inquiry, call);

    while (found == INQUIRY_CACHED_FRESH && call->old.kind == VERDICT_NOTFOUND &&
           inquiry->candidate + 1 < inquiry->candidate_count) {
        inquiry_cache_take(inquiry, inquiry->candidate + 1);
        found = find(inquiry, call);
    }
    return found;
}

/*
 * The same with old answers. A candidate that nothing is known of may be passed over up to the one that was found the
 * last time: then it was not there. But it may have come since, so that nothing is there needs an answer of each.
 */
static bool find_old(struct inquiry *inquiry, struct backend_call *call)
{
    size_t found_before = inquiry_cache_find_found(inquiry);
    bool has_old = false;
    bool knows_all = true;

    for (size_t i = inquiry->candidate; i < inquiry->candidate_count; i++) {
        inquiry_cache_take(inquiry, i);
        has_old = find(inquiry, call) != INQUIRY_CACHED_NOTHING;
        if (has_old ? call->old.kind != VERDICT_NOTFOUND : i >= found_before)
            break;
        knows_all = knows_all && has_old;
    }
    return has_old && (knows_all || call->old.kind != VERDICT_NOTFOUND);
}

bool inquiry_find_answer(struct inquiry *inquiry, struct backend_call *call)
{
    bool is_fresh = find_fresh(inquiry, call) == INQUIRY_CACHED_FRESH;
    size_t first = inquiry->candidate;

    call->has_old = is_fresh || find_old(inquiry, call);
    if (!is_fresh && inquiry->candidate != first)
        inquiry_cache_take(inquiry, first);
    return is_fresh;
}

void inquiry_find_limit_wait(struct backend_call *call)
{
    const struct inquiry *inquiry = call->inquiry;

    if (call->has_old)
        loop_at(inquiry->backend->loop, &call->timer, call->start_ms + inquiry->entry->cache.stale_after_ms);
}

void inquiry_find_renew(struct inquiry *inquiry)
{
    size_t candidate = inquiry->candidate;

    for (struct backend_call *call = inquiry->calls; call != NULL; call = call->next) {
        if (call->has_old && call->old_candidate >= candidate)
            continue;
        loop_cancel(inquiry->backend->loop, &call->timer);
        call->has_old = find_old(inquiry, call);
        inquiry_find_limit_wait(call);
        if (inquiry->candidate != candidate)
            inquiry_cache_take(inquiry, candidate);
    }
}
