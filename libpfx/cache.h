/*
 * The table of answers that all workers of an instance share.
 *
 * Shape:  CACHE_STRIPES stripes, each with a lock, an index and a ring of records. Stripes belong to maps or to
 *         policies, a quarter of them to policies, so that neither pushes out the other. A record is a key, a kind
 *         and a value, whole and checksummed; it is written at the head of the ring, and the tail makes room: a
 *         record that was used since it was written moves to the head once more, up to CACHE_MOVES_MAX of them for
 *         one new record, any other goes. An index bucket is a chain of records; keys are compared whole, and hashed
 *         with a random key that lies in the table. cache_stripe.h and cache_ring.h hold the rest of the constants. A
 *         process that dies inside a stripe leaves at worst a record that nobody sees: the next one rebuilds the
 *         stripe's index by walking the ring from tail to head, and nothing else is lost.
 * Units:  bytes; milliseconds of wall time since 1970, because records outlive the boot.
 * Limits: CACHE_KEY_MAX_BYTES a key; a key and its value together an eighth of a stripe (cache_record_max_bytes());
 *         what is larger is not kept.
 * Errors: none that a caller must handle: what cannot be kept is not kept, what cannot be read is not there. A record
 *         whose checksum is wrong, or an offset that leads nowhere, is damage: the whole table is cleared in place
 *         and one line logged. A lock that cannot be had (shm.h) makes that stripe miss, and for CACHE_REST_MS nobody
 *         of this process asks for it again. A record from the future (a clock that was set back by more than
 *         CACHE_FUTURE_MS) is not there.
 * Owner:  struct cache belongs to the process that opened it and its children; values are copied out.
 *         No lock is held over a system call.
 * Source: pfx.cfg(5), response_cache; RFC 9111 section 4.2, RFC 5861 for the times, which callers judge.
 */
#ifndef PFX_CACHE_H
#define PFX_CACHE_H

#include "buf.h"
#include "shm.h"

#define CACHE_FILE "pfx-cache"
#define CACHE_LAYOUT 1
#define CACHE_STRIPES 16
#define CACHE_POLICY_STRIPES 4
#define CACHE_MIN_BYTES (1024L * 1024)
#define CACHE_KEY_MAX_BYTES (256L * 1024)

enum cache_part { CACHE_MAPS, CACHE_POLICIES };
enum cache_kind { CACHE_VALUE, CACHE_NOTHING }; /* "nothing there" is an answer, too */

struct cache;

struct cache_answer {
    enum cache_kind kind;
    int64_t stored_ms;
    int64_t useless_ms; /* of no use to anybody from then on: makes room without being asked about */
};

/* What pfxctl and metrics tell. */
struct cache_state {
    uint64_t bytes;     /* for records */
    uint64_t used_bytes;
    uint64_t records;
    uint64_t evictions; /* of records that were still of use */
    uint64_t repairs;   /* after the death of a process */
    uint64_t clears;    /* after damage */
};

/* directory "" or NULL, or one that cannot be used (a warning says why): memory of this process and its children. */
struct cache *cache_open(const char *directory, size_t bytes);

/* The table that the daemons have made, for who must not make one: or NULL, and why. It has the file's owner's ids. */
struct cache *cache_open_existing(const char *directory, char why[SHM_REASON_MAX_BYTES]);
void cache_close(struct cache **cache);
void cache_enter(struct cache *cache); /* in a worker that was just forked */

/* The value is appended to *value. False: not there. */
bool cache_get(struct cache *cache, enum cache_part part, struct span key, int64_t now_ms, struct buf *value,
               struct cache_answer *answer);
void cache_put(struct cache *cache, enum cache_part part, struct span key, struct span value,
               const struct cache_answer *answer);
bool cache_drop(struct cache *cache, enum cache_part part, struct span key);
void cache_clear(struct cache *cache);

size_t cache_record_max_bytes(const struct cache *cache);
void cache_describe(struct cache *cache, struct cache_state *state);

/* The same without a lock, for who has no table open; what it tells may just change. False: see shm_view_open(). */
bool cache_peek(const char *directory, struct cache_state *state);

/* Every record that is not useless, oldest first within a stripe; each_key runs without a lock on a copy. */
void cache_each(struct cache *cache, int64_t now_ms,
                void (*each)(void *arg, enum cache_part part, struct span key, struct span value,
                             const struct cache_answer *answer),
                void *arg);

#endif
