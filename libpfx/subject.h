/*
 * What a request is about: the key of a socket map, or the attributes of a policy request.
 *
 * Shape:  a copy of what the client sent, made fit for templates: an entry's fold_case folds the ASCII letters of a
 *         key; the bytes of an attribute that are not UTF-8 become U+FFFD; an entry's `attributes` chooses which ones
 *         its {{ .Key }} holds.
 * Limits: those of the protocol that it came by.
 * Errors: none.
 * Owner:  the caller frees it; it borrows nothing of the request.
 * Source: pfx.cfg(5); the Unicode Standard, U+FFFD.
 */
#ifndef PFX_SUBJECT_H
#define PFX_SUBJECT_H

#include "buf.h"
#include "config.h"
#include "template.h"

#define SUBJECT_SHOWN_MAX_BYTES 256 /* of a key, an address or a name, in the log */

struct subject {
    struct buf bytes; /* of the key, or of all attributes */
    struct policy_attribute *attributes; /* NULL: a key */
    size_t attribute_count;
    struct policy_attribute *chosen; /* those that {{ .Key }} holds */
    size_t chosen_count;
};

void subject_of_key(struct subject *subject, const struct config_entry *entry, struct span key);
void subject_of_policy(struct subject *subject, const struct config_entry *entry,
                       const struct policy_attribute *attributes, size_t count);
void subject_free(struct subject *subject);

/* For template_expand(); borrows the subject. */
struct template_values subject_values(const struct subject *subject);

/* A key that is empty or not UTF-8 cannot be anywhere; Postfix does not find such keys, either (dict_utf8.c). */
bool subject_is_askable(const struct subject *subject);

/*
 * For the log: "map=NAME, key=<KEY>", or "QUEUE-ID: policy=NAME, client=HOST[ADDRESS], sender=<...>, recipient=<...>"
 * with NOQUEUE where there is no queue id yet. Of a policy request entry may be NULL, here and above: no such policy.
 */
void subject_describe(const struct subject *subject, const struct config_entry *entry, char *text, size_t size);

#endif
