/*
 * Which question an answer in the cache belongs to.
 *
 * Shape:  section, fingerprint, name of the entry, and what was asked: a map's candidate, or a policy's attributes as
 *         NAME=VALUE, each with a NUL: those of cache_key, in its order, else all but those that differ for each
 *         message or connection. The fingerprint is of what shapes the answer (targets, payload, headers, fields
 *         ...), so an entry that was changed never gets an old answer. The Authorization header is not part of it: the
 *         table may lie on disk.
 * Limits: those of the subject, and CONFIG_* for the entry.
 * Errors: none.
 * Source: pfx.cfg(5), response_cache and cache_key.
 */
#ifndef PFX_CACHEKEY_H
#define PFX_CACHEKEY_H

#include "buf.h"
#include "config.h"
#include "subject.h"

#define CACHEKEY_FINGERPRINT_MAX_BYTES (16L * 1024 * 1024) /* of the text that it is made of */

uint64_t cachekey_fingerprint(const struct config_entry *entry);

/* Appends to key. False: there is none: the request lacks an attribute of cache_key, which smtpd(8) always sends. */
bool cachekey_make(const struct config_entry *entry, uint64_t fingerprint, const struct subject *subject,
                   struct buf *key);

/* What a key in the table is of; for tools. */
struct cachekey_parts {
    enum config_section_id section;
    bool is_found_candidate; /* of cachekey_make_found() */
    uint64_t fingerprint;
    struct span entry;
    struct span asked; /* what follows, with the NULs that are in it */
};

/* False: it is no key of an answer. */
bool cachekey_read(struct span key, struct cachekey_parts *parts);

/* Where it is kept which candidate of a map's key was found. False: it is too long. */
bool cachekey_make_found(const struct config_entry *entry, uint64_t fingerprint, const struct subject *subject,
                         struct buf *key);

#endif
