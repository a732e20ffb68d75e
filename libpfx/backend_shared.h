/*
 * What all workers of a daemon share, made by the parent before it forks: TLS files, which targets are down, tokens for
 * backends, the cache, the counters.
 *
 * Shape:  cache and counters are files of state_directory, which outlive the daemon, or memory of the parent and its
 *         children where there is none. A daemon that serves one connection has neither.
 * Errors: a file that cannot be used is a warning, and memory is used instead.
 * Owner:  backend_shared_close().
 */
#ifndef PFX_BACKEND_SHARED_H
#define PFX_BACKEND_SHARED_H

#include "backend_trust.h"
#include "cache.h"
#include "config.h"
#include "health.h"
#include "oidc_shared.h"
#include "stats.h"

struct backend_shared {
    enum config_section_id section;
    struct backend_trust *trust;
    struct health *health;
    struct oidc_shared *oidc;
    struct cache *cache; /* NULL: answers are not kept */
    struct stats *stats; /* NULL: nothing is counted */
};

/* What root may read, and what needs no files. */
void backend_shared_load(struct backend_shared *shared, const struct config *config, enum config_section_id section);

/* Under the ids that own the files. directory: "" none; daemon: the program's name. */
void backend_shared_open_state(struct backend_shared *shared, const struct config *config, const char *directory,
                               const char *daemon, size_t workers);

/* Only the cache, and only if there is one: for a tool. Under the ids of its owner. */
void backend_shared_open_existing(struct backend_shared *shared, const struct config *config, const char *directory);

unsigned backend_shared_enter(const struct backend_shared *shared, unsigned worker); /* in one; its slot in stats */
void backend_shared_close(struct backend_shared *shared);

#endif
