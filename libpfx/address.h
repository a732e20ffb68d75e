/*
 * Mail addresses as they stand in Postfix's lookup keys and lookup results.
 *
 * Shape:  LOCAL@DOMAIN in external form: a local part that needs it is quoted ("a b"@example.com). The domain is what
 *         follows the last '@'. An extension is what follows the first delimiter in the local part; it is given with
 *         that delimiter, and unquoted. Reserved names have none: postmaster, mailer-daemon, double-bounce; and with
 *         '-' among the delimiters owner-NAME and NAME-request.
 * Units:  bytes.
 * Limits: those of the caller's memory.
 * Errors: none; what is no address is a local part without domain.
 * Owner:  spans borrow what was given.
 * Source: RFC 5322 section 3.4.1; Postfix global/split_addr.c, strip_addr.c, quote_822_local.c, mail_addr_crunch.c.
 */
#ifndef PFX_ADDRESS_H
#define PFX_ADDRESS_H

#include "span.h"

/* A text without '@' is a local part, and has no domain. */
struct address {
    struct span local;
    struct span domain;
    bool has_domain; /* there is an '@'; the domain may be empty */
};

struct address address_split(struct span text);

/* Without regard to the case of ASCII letters, as domains and reserved names are compared. */
bool address_name_equal(struct span a, struct span b);

/* Memory that address_strip() needs for a text of n bytes. */
#define ADDRESS_STRIP_BYTES(n) (2 * (n))

struct address_stripped {
    struct span text;      /* without the extension, quoted where it still needs to be */
    struct span extension; /* with its delimiter, unquoted */
};

/* False: there is no extension to strip. Both spans lie in memory. */
bool address_strip(struct span text, struct span delimiters, char *memory, struct address_stripped *stripped);

/*
 * A lookup result, that is a list of addresses separated by commas or white space, with the extension put into each of
 * them, as Postfix does also into one that has an extension; quoted where it needs to be. What has an empty local part
 * (@example.com) stays as it is, and so do HOST!USER and USER%HOST without a domain, and a list that holds more than
 * plain addresses (comments, groups, routes, blanks around '@'). Returns the size needed; writes
 * nothing unless size is enough.
 */
size_t address_extend(char *out, size_t size, struct span list, struct span extension);

#endif
