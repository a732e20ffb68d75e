/*
 * What a request is about: the key of a socket map, the attributes of a policy request, or a login.
 *
 * Shape:  a copy of what the client sent, made fit for templates: an entry's fold_case folds the ASCII letters of a
 *         key, and its `keys` makes candidates of it, none when its `domains` lacks that of the key; the bytes of an
 *         attribute that are not UTF-8 become U+FFFD; an entry's `attributes` chooses which ones its {{ .Key }}
 *         holds. What a login came by (addresses, ports, session) loses its control bytes to '?'; its body holds the
 *         members that Nauthilus knows, and of them those that there are.
 * Limits: those of the protocol that it came by.
 * Errors: none.
 * Owner:  the caller's, zeroed before its first use; it borrows nothing of the request. subject_clear() keeps memory
 *         for the next request, but not of a login, whose copy is wiped.
 * Source: pfx.cfg(5); the Unicode Standard, U+FFFD; Nauthilus 3, POST /api/v1/auth/json, which refuses other members.
 */
#ifndef PFX_SUBJECT_H
#define PFX_SUBJECT_H

#include "buf.h"
#include "config.h"
#include "template.h"

#define SUBJECT_SHOWN_MAX_BYTES 256 /* of a key, an address or a name, in the log */

/* The credentials were checked (sasl.h); an empty span: not known. */
struct subject_login {
    struct span user;
    struct span password;
    struct span mechanism; /* "PLAIN" ... */
    struct span service;
    struct span rip, rport; /* of the mail program */
    struct span lip, lport;
    struct span session;
    bool secured;  /* by TLS */
    bool is_token; /* the password is one, and user what the client claims to be, or empty */
};

struct subject {
    struct buf bytes; /* of the key, or of all attributes */
    struct keys keys; /* the candidates for a key */
    struct span key;  /* what is asked now: the key, or one candidate */
    struct attribute *attributes; /* NULL: a key */
    size_t attribute_count;
    struct attribute *chosen; /* those that {{ .Key }} or the body of a login holds */
    size_t chosen_count;
    struct attribute *memory; /* of both */
    size_t room;
};

void subject_of_key(struct subject *subject, const struct config_entry *entry, struct span key);
void subject_of_policy(struct subject *subject, const struct config_entry *entry,
                       const struct attribute *attributes, size_t count);
void subject_of_login(struct subject *subject, const struct config_entry *entry, const struct subject_login *login);
void subject_clear(struct subject *subject);
void subject_free(struct subject *subject);

/* From now on the subject is about candidate i. */
void subject_take(struct subject *subject, size_t i);

/* Is it the same question to the same entry? */
bool subject_equal(const struct subject *a, const struct subject *b);

/* For template_expand(); borrows the subject. */
struct template_values subject_values(const struct subject *subject);

/*
 * A key that is empty or not UTF-8 cannot be anywhere; Postfix does not find such keys, either (dict_utf8.c). Nor can
 * one without candidates.
 */
bool subject_is_askable(const struct subject *subject);

/*
 * For the log: "map=NAME, key=<KEY>", with ", candidate=<...>" when another is asked for it, or "QUEUE-ID:
 * policy=NAME, client=HOST[ADDRESS], sender=<...>, recipient=<...>" with NOQUEUE where there is no queue id yet, or
 * "sasl=NAME, user=<...>, mechanism=..., client=[ADDRESS]"; client only where it is known. Of a policy request entry
 * may be NULL, here and above: no such policy. A '>' in a value is shown as '?'.
 */
void subject_describe(const struct subject *subject, const struct config_entry *entry, char *text, size_t size);

#endif
