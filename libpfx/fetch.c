#include "fetch.h"

#include <sys/random.h>

#include "fetch_outcome.h"
#include "mem.h"
#include "pool.h"
#include "request.h"

#define PROBE_SLACK_MS 100 /* so that a probe is reported before it counts as lost */

/* A target of an entry, as this worker knows it. */
struct peer {
    const struct config_target *target;
    struct health_target *health;
    struct http_endpoint *endpoint; /* made at the first request */
};

struct fetcher {
    struct loop *loop;
    const struct config_section *section;
    const struct backend_trust *trust;
    struct http *http;
    struct peer **peers;  /* of each entry, as many as it has targets; NULL: it cannot be used */
    struct pool idle;     /* fetches */
    struct fetch *copies; /* on their way */
    size_t copy_count;
};

struct fetch {
    struct fetcher *fetcher;
    struct fetch_request request;
    struct fetch *next, *previous; /* of copies */
    struct peer *untried[CONFIG_TARGETS_MAX];
    size_t untried_count;
    struct peer *asked;
    bool is_probe;
    bool is_copy;
    struct http_call *call;
    void (*done)(void *arg, const struct http_answer *answer, const struct config_target *target);
    void *arg;
};

static void answered(void *arg, const struct http_answer *answer);

static struct peer *peers_of(const struct fetcher *fetcher, const struct config_entry *entry)
{
    return fetcher->peers[entry - fetcher->section->entries];
}

static struct http_endpoint *endpoint_of(struct fetcher *fetcher, const struct config_entry *entry, struct peer *peer)
{
    if (peer->endpoint == NULL)
        peer->endpoint = http_endpoint_new(fetcher->http, entry, peer->target,
                                           peer->target->tls ? backend_trust_profile(fetcher->trust, entry) : NULL);
    return peer->endpoint;
}

/* An attempt ends early when somebody else can still be asked. */
static int64_t attempt_deadline(const struct fetch *fetch)
{
    int64_t early_ms = fetch->fetcher->loop->now_ms + fetch->request.entry->http.attempt_timeout_ms;
    bool is_last = fetch->untried_count == 0 && !fetch->is_copy;

    return is_last || early_ms > fetch->request.deadline_ms ? fetch->request.deadline_ms : early_ms;
}

/* The request to that target; NULL: it cannot be made. */
static struct http_call *render(const struct fetch *fetch, struct peer *peer, enum template_outcome *outcome)
{
    const struct fetch_request *request = &fetch->request;
    struct http_call *call = http_prepare(endpoint_of(fetch->fetcher, request->entry, peer));

    *outcome = request_render(request->entry, peer->target, request->subject, request->token, request->id, call);
    if (*outcome == TEMPLATE_DONE)
        return call;
    http_cancel(call);
    return NULL;
}

static enum template_outcome ask(struct fetch *fetch, struct peer *peer)
{
    enum template_outcome outcome;
    struct http_call *call = render(fetch, peer, &outcome);

    if (call == NULL)
        return outcome;
    fetch->asked = peer;
    fetch->call = call;
    stats_add(fetch->request.stats, STATS_backend_requests, 1);
    http_start(call, attempt_deadline(fetch), answered, fetch);
    return outcome;
}

/* Takes the first untried target that is up, or the first that may be probed when wants_probe; NULL: none. */
static struct peer *take(struct fetch *fetch, bool wants_probe)
{
    int64_t now_ms = fetch->fetcher->loop->now_ms;
    int64_t limit_ms = fetch->request.deadline_ms - now_ms + PROBE_SLACK_MS;

    for (size_t i = 0; i < fetch->untried_count; i++) {
        struct peer *peer = fetch->untried[i];
        bool is_up = health_is_up(peer->health);
        if (is_up == wants_probe)
            continue;
        if (!is_up && health_ask(peer->health, now_ms, limit_ms) != HEALTH_PROBE)
            continue;
        fetch->untried_count--;
        for (; i < fetch->untried_count; i++)
            fetch->untried[i] = fetch->untried[i + 1];
        fetch->is_probe = !is_up;
        return peer;
    }
    return NULL;
}

static void drop_those_down(struct fetch *fetch)
{
    size_t kept = 0;

    for (size_t i = 0; i < fetch->untried_count; i++)
        if (health_is_up(fetch->untried[i]->health))
            fetch->untried[kept++] = fetch->untried[i];
    fetch->untried_count = kept;
}

static void report(const struct fetch *fetch, const struct http_answer *answer)
{
    struct health_report report = { .outcome = fetch_outcome(answer), .was_probe = fetch->is_probe,
                                    .cause = answer->failure == HTTP_ANSWERED ? "it reports an error of its own"
                                                                              : answer->reason,
                                    .retry_after_ms = fetch_outcome_retry_after_ms(answer),
                                    .retry_interval_ms = fetch->request.entry->retry_interval_ms };

    health_report(fetch->asked->health, &report, fetch->fetcher->loop->now_ms);
}

static void count(const struct fetch *fetch, const struct http_answer *answer)
{
    static const enum stats_counter counters[] = {
        [HTTP_NOT_RESOLVED] = STATS_backend_not_resolved, [HTTP_NOT_CONNECTED] = STATS_backend_not_connected,
        [HTTP_TLS_FAILED] = STATS_backend_tls_failed,     [HTTP_RESET] = STATS_backend_reset,
        [HTTP_TOO_BIG] = STATS_backend_too_big,           [HTTP_TIMED_OUT] = STATS_backend_timed_out,
        [HTTP_INVALID] = STATS_backend_invalid,
    };

    if (answer->failure != HTTP_ANSWERED)
        stats_add(fetch->request.stats, counters[answer->failure], 1);
}

static void free_fetch(struct fetch *fetch)
{
    if (fetch->is_copy) {
        if (fetch->next != NULL)
            fetch->next->previous = fetch->previous;
        if (fetch->previous != NULL)
            fetch->previous->next = fetch->next;
        else
            fetch->fetcher->copies = fetch->next;
        fetch->fetcher->copy_count--;
    }
    pool_give(&fetch->fetcher->idle, fetch);
}

/* True: another target is being asked in the place of this one. */
static bool goes_on(struct fetch *fetch, const struct http_answer *answer)
{
    bool was_probe = fetch->is_probe; /* then its caller did not choose this target */
    bool failed = fetch_outcome(answer) != HEALTH_ANSWERED && (answer->failure != HTTP_RESET || was_probe);

    if (!failed || fetch->is_copy || fetch->fetcher->loop->now_ms >= fetch->request.deadline_ms)
        return false;
    drop_those_down(fetch);
    struct peer *next = take(fetch, false);
    return next != NULL && ask(fetch, next) == TEMPLATE_DONE;
}

static void answered(void *arg, const struct http_answer *answer)
{
    struct fetch *fetch = arg;
    const struct config_target *target = fetch->asked->target;

    fetch->call = NULL;
    count(fetch, answer);
    report(fetch, answer);
    if (goes_on(fetch, answer))
        return;
    if (!fetch->is_copy)
        fetch->done(fetch->arg, answer, target);
    free_fetch(fetch);
}

static void swap(struct fetch *fetch, size_t i, size_t j)
{
    struct peer *peer = fetch->untried[i];

    fetch->untried[i] = fetch->untried[j];
    fetch->untried[j] = peer;
}

static void shuffle(struct fetch *fetch)
{
    uint32_t random[CONFIG_TARGETS_MAX] = { 0 };

    if (getrandom(random, sizeof(random), 0) < 0)
        return;
    for (size_t i = fetch->untried_count; i > 1; i--)
        swap(fetch, i - 1, random[i - 1] % i);
}

static struct fetch *new_fetch(struct fetcher *fetcher, const struct fetch_request *request)
{
    const struct config_entry *entry = request->entry;
    struct peer *peers = peers_of(fetcher, entry);
    const struct peer *first = request->first == NULL ? NULL : &peers[request->first - entry->targets];
    struct fetch *fetch = pool_take(&fetcher->idle);

    *fetch = (struct fetch){ .fetcher = fetcher, .request = *request, .untried_count = entry->target_count };
    for (size_t i = 0; i < entry->target_count; i++)
        fetch->untried[i] = &peers[i];
    if (entry->target_order == CONFIG_RANDOM)
        shuffle(fetch);
    for (size_t i = 1; i < entry->target_count; i++)
        if (fetch->untried[i] == first)
            swap(fetch, 0, i);
    return fetch;
}

/* Nothing was learned about the target: somebody else may probe it. */
static void give_back(const struct fetch *fetch, struct peer *peer)
{
    struct health_report report = { .outcome = HEALTH_UNKNOWN, .was_probe = fetch->is_probe,
                                    .was_sent = fetch->call != NULL };

    health_report(peer->health, &report, fetch->fetcher->loop->now_ms);
}

/* What cannot be asked is not there, whether the targets are up or down. */
static enum template_outcome try_to_render(const struct fetch *fetch)
{
    enum template_outcome outcome;
    struct http_call *call = render(fetch, peers_of(fetch->fetcher, fetch->request.entry), &outcome);

    if (call != NULL)
        http_cancel(call);
    return outcome;
}

static void send_copy(struct fetch *of, struct peer *peer)
{
    struct fetcher *fetcher = of->fetcher;
    struct fetch *copy = pool_take(&fetcher->idle);

    *copy = (struct fetch){ .fetcher = fetcher, .request = of->request, .is_probe = true, .is_copy = true,
                            .next = fetcher->copies };
    if (copy->next != NULL)
        copy->next->previous = copy;
    fetcher->copies = copy;
    fetcher->copy_count++;
    if (ask(copy, peer) == TEMPLATE_DONE)
        return;
    give_back(copy, peer);
    free_fetch(copy);
}

/* Those that are down and due; a login is not copied, it goes there itself. */
static struct peer *probe_or_take(struct fetch *fetch)
{
    bool is_login = fetch->request.entry->section == CONFIG_DOVECOT_SASL;
    struct peer *probed;

    if (is_login || !fetch_has_target_up(fetch->fetcher, fetch->request.entry)) {
        probed = take(fetch, true);
        return probed != NULL ? probed : take(fetch, false);
    }
    while (fetch->fetcher->copy_count < FETCH_COPIES_MAX && (probed = take(fetch, true)) != NULL)
        send_copy(fetch, probed);
    return take(fetch, false);
}

enum fetch_start fetch_start(struct fetcher *fetcher, const struct fetch_request *request,
                             void (*done)(void *arg, const struct http_answer *answer,
                                          const struct config_target *target),
                             void *arg, struct fetch **result)
{
    struct fetch *fetch = new_fetch(fetcher, request);
    struct peer *peer = probe_or_take(fetch);

    fetch->done = done;
    fetch->arg = arg;
    drop_those_down(fetch);
    enum template_outcome outcome = peer == NULL ? try_to_render(fetch) : ask(fetch, peer);
    if (peer != NULL && outcome == TEMPLATE_DONE) {
        *result = fetch;
        return FETCH_STARTED;
    }
    if (peer != NULL)
        give_back(fetch, peer);
    free_fetch(fetch);
    return outcome == TEMPLATE_DONE ? FETCH_ALL_DOWN : outcome == TEMPLATE_SUPPRESSED ? FETCH_SUPPRESSED
                                                                                     : FETCH_REFUSED;
}

void fetch_cancel(struct fetch *fetch)
{
    give_back(fetch, fetch->asked);
    http_cancel(fetch->call);
    free_fetch(fetch);
}

bool fetch_has_target_up(const struct fetcher *fetcher, const struct config_entry *entry)
{
    const struct peer *peers = peers_of(fetcher, entry);

    for (size_t i = 0; i < entry->target_count; i++)
        if (health_is_up(peers[i].health))
            return true;
    return false;
}

void fetch_spared(const struct fetcher *fetcher, const struct config_entry *entry, bool from_cache)
{
    const struct peer *peers = peers_of(fetcher, entry);

    for (size_t i = 0; i < entry->target_count; i++)
        health_spared(peers[i].health, from_cache, fetcher->loop->now_ms);
}

struct fetcher *fetch_open(struct loop *loop, const struct config *config, enum config_section_id section,
                           const struct backend_trust *trust, struct health *health)
{
    struct fetcher *fetcher = mem_alloc(sizeof(*fetcher));
    int64_t kept = config->max_idle_connections > 0 ? config->max_idle_connections
                                                    : config->max_connections_per_host * (int64_t)health_count(health);

    fetcher->loop = loop;
    fetcher->idle.bytes = sizeof(struct fetch);
    fetcher->section = &config->section[section];
    fetcher->trust = trust;
    fetcher->http = http_new(loop, config->max_connections_per_host, kept);
    if (fetcher->http == NULL) {
        mem_free(fetcher);
        return NULL;
    }
    fetcher->peers = mem_array(fetcher->section->count, sizeof(struct peer *));
    for (size_t i = 0; i < fetcher->section->count; i++) {
        const struct config_entry *entry = &fetcher->section->entries[i];
        if (entry->error != NULL)
            continue;
        fetcher->peers[i] = mem_array(entry->target_count, sizeof(struct peer));
        for (size_t j = 0; j < entry->target_count; j++)
            fetcher->peers[i][j] = (struct peer){ .target = &entry->targets[j],
                                                  .health = health_find(health, entry->targets[j].origin) };
    }
    return fetcher;
}

void fetch_close(struct fetcher **fetcher)
{
    struct fetcher *f = *fetcher;

    *fetcher = NULL;
    if (f == NULL)
        return;
    while (f->copies != NULL)
        fetch_cancel(f->copies);
    http_free(&f->http);
    pool_free(&f->idle);
    for (size_t i = 0; i < f->section->count; i++)
        mem_free(f->peers[i]);
    mem_free(f->peers);
    mem_free(f);
}
