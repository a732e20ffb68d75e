/*
 * The keys that are asked for one key: Postfix sends a socketmap the full key only, and a table has others, too.
 *
 * Shape:  a form makes one or more candidates out of a key, in order; of user+ext@mx.example.com:
 *
 *             full               the key itself, whatever it is
 *             unextended         user@mx.example.com
 *             localpart_full     user+ext                        when the domain is a local one
 *             localpart          user                            when the domain is a local one
 *             localpart_full_at  user+ext@
 *             localpart_at       user@
 *             catchall           @mx.example.com
 *             domain             mx.example.com
 *             parents            mx.example.com, example.com, com
 *             parent_domains     .example.com, .com
 *             ip_prefixes        of an IP address: 192.0.2.1, 192.0.2, 192.0, 192;
 *                                of 2001:db8::1 also 2001:db8:, 2001:db8, 2001
 *
 *         A key without '@' is a domain name to domain, parents and parent_domains, unless it is an IP address; where
 *         one of these or ip_prefixes is among the forms, such a key has no extension. An IP address as the domain of
 *         an address, in brackets or not, has no parents but itself. A form that the key has no part for makes no
 *         candidate; unextended and localpart of an address without extension are those without more ado. No
 *         candidate stands twice. A table word is a list of forms: the order in which Postfix looks such a table up.
 * Limits: KEYS_MAX candidates; of the parents of a domain the KEYS_PARENTS_MAX shortest, as a name has as many labels
 *         as a client likes.
 * Errors: none.
 * Owner:  candidates borrow the key and the memory.
 * Source: virtual(5), access(5), transport(5), postconf(5); Postfix global/mail_addr_find.c, smtpd/smtpd_check.c
 *         (check_mail_access, check_domain_access, check_addr_access), trivial-rewrite/transport.c.
 */
#ifndef PFX_KEYS_H
#define PFX_KEYS_H

#include "address.h"
#include "span.h"

#define KEYS_PARENTS_MAX 16
#define KEYS_MAX (2 * KEYS_PARENTS_MAX + 16)
#define KEYS_FORMS_MAX 16 /* of one entry */
#define KEYS_MEMORY_BYTES(n) ADDRESS_STRIP_BYTES(n) /* for a key of n bytes */

enum keys_form {
    KEYS_FULL,
    KEYS_UNEXTENDED,
    KEYS_LOCALPART_FULL,
    KEYS_LOCALPART,
    KEYS_LOCALPART_FULL_AT,
    KEYS_LOCALPART_AT,
    KEYS_CATCHALL,
    KEYS_DOMAIN,
    KEYS_PARENTS,
    KEYS_PARENT_DOMAINS,
    KEYS_IP_PREFIXES,
    KEYS_FORMS
};

struct keys_rules {
    const enum keys_form *forms;
    size_t form_count;
    struct span delimiters; /* what begins an extension; empty: there are no extensions */
    char *const *local_domains; /* compared without regard to the case of ASCII letters */
    size_t local_domain_count;
};

struct keys_candidate {
    struct span text;
    bool lacks_extension; /* the key has one, this is without: a result may get it back */
};

struct keys {
    struct keys_candidate candidate[KEYS_MAX];
    size_t count;
    struct span extension; /* of the key, with its delimiter, unquoted (address.h); empty: no form leaves one out */
};

/* memory: KEYS_MEMORY_BYTES(key.n) */
void keys_expand(const struct keys_rules *rules, struct span key, char *memory, struct keys *keys);

/*
 * The forms that a word stands for: "exact", "virtual", "mailbox", "transport", "access", "sender_login", "domain", or
 * one form by its name. NULL: no such word.
 */
const enum keys_form *keys_of_word(struct span word, size_t *count);
const char *keys_form_name(enum keys_form form);

/* All words, for a text that says what is allowed. */
extern const char keys_words[];

#endif
