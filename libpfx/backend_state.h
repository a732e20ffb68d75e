/*
 * The inside of backend.h: what a worker knows about its entries, and what is being asked.
 *
 * Shape:  an inquiry is one question to the backend, which may ask for several candidates of a key; the calls that
 *         wait for its answer share it, and it goes on when a call has taken an old answer meanwhile. A call that
 *         needs no backend has an inquiry of its own that asks nobody.
 * Owner:  an inquiry belongs to its calls and its fetch; the last of them gives it back to its pool.
 */
#ifndef PFX_BACKEND_STATE_H
#define PFX_BACKEND_STATE_H

#include "backend_question.h"
#include "backend_shared.h"
#include "fetch.h"
#include "log.h"
#include "oidc.h"
#include "oidc_login.h"
#include "pool.h"
#include "siphash.h"
#include "verdict.h"

#define BACKEND_FIRST_ANSWERS 100 /* when all of these lack value_field, it is probably misspelt */
#define BACKEND_CAUSES_MAX 8      /* different warnings that one entry can have at a time */
#define BACKEND_INQUIRIES_ROWS 256
#define BACKEND_IDLE_BYTES 1024 /* that each buffer of an idle call or inquiry keeps */

struct cause {
    const char *text; /* constant: its address is its identity */
    struct log_limit limit;
};

struct entry_state {
    struct cause causes[BACKEND_CAUSES_MAX];
    unsigned answers; /* that lack value_field, counted up to BACKEND_FIRST_ANSWERS */
    bool had_value;
    bool told_doubt;
    bool trace; /* debug_entry names it */
    uint64_t fingerprint;
    struct stats_series *stats;
    struct oidc_token *token;               /* of backend_oidc_auth; NULL none */
    const struct oidc_client *token_client; /* of sasl_oidc_auth; NULL none */
};

struct backend {
    struct loop *loop;
    const struct config_section *section;
    const struct backend_shared *shared;
    struct fetcher *fetcher;
    struct oidc *oidc;
    struct entry_state *entries;
    uint64_t next_request_id;
    struct siphash_key hash_key;
    struct inquiry *inquiries[BACKEND_INQUIRIES_ROWS]; /* those that others may join */
    struct pool idle_inquiries, idle_calls;
    size_t background_count; /* inquiries that nobody waits for any more */
    size_t background_max;
};

struct inquiry {
    struct backend *backend;
    const struct config_entry *entry;
    struct subject subject;
    size_t candidate_count; /* to be asked for one after the other; 1 where nothing else was said */
    size_t candidate;       /* the one that the subject is about now */
    struct buf key;   /* of the cache, for the candidate; empty: not kept */
    struct buf value; /* of the answer */
    uint64_t request_id;
    int64_t asked_ms; /* of wall time: what comes is as old */
    int64_t deadline_ms;
    bool is_from_cache; /* what came in the end */
    const struct config_target *answering_target; /* the last one; NULL: none yet */
    struct fetch *fetch; /* NULL: nobody is asked */
    struct buf token;    /* of backend_oidc_auth */
    uint64_t token_version;
    bool has_new_token; /* the backend has refused another one */
    struct oidc_waiter token_waiter;
    bool is_token_login; /* the password is a mail user's token */
    struct oidc_login *token_login;
    bool is_ending; /* its calls are being told */
    bool is_listed;
    bool is_background;
    struct inquiry *next, *previous; /* in its row */
    size_t row; /* of backend.inquiries, once it is known */
    bool has_row;
    struct backend_call *calls;
};

enum answer_source { SOURCE_NONE, SOURCE_BACKEND, SOURCE_CACHE, SOURCE_STALE, SOURCE_COALESCED };

struct backend_call {
    struct inquiry *inquiry;
    struct backend_call *next; /* of the same inquiry */
    const struct conn *client;
    int64_t start_ms;
    struct loop_timer timer; /* an old answer may be given */
    bool has_old;
    size_t old_candidate; /* whose answer it is */
    bool has_joined; /* an inquiry of another call */
    enum answer_source source;
    struct verdict old;
    struct buf value; /* of old, or of what the cache had */
    void (*answered)(struct backend_call *call, int status, const struct verdict *verdict); /* by its inquiry */
    backend_done *done;
    void *arg;
};

static inline struct entry_state *backend_state_of(const struct backend *backend, const struct config_entry *entry)
{
    return &backend->entries[entry - backend->section->entries];
}

#endif
