/*
 * What an HTTP answer means to Postfix.
 *
 * Shape:  verdict_of_answer() for what the service said about a key or a policy, verdict_of_login() for what it said
 *         about credentials, verdict_of_failure() when it said nothing. A login is VERDICT_FOUND, text is the account,
 *         or VERDICT_DENIED, text is what the mail program is told; everything else is a temporary failure.
 * Errors: every answer has a verdict. verdict.warning tells the administrator what to fix, or is NULL; detail says
 *         more.
 * Owner:  verdict.text is a constant, or lies in the caller's buffer; it is a value only in VERDICT_FOUND. No text
 *         holds a URL, a secret or anything of the answer but the value, the account and the text of error_field or
 *         reason_header, these two made printable and at most VERDICT_ERROR_MAX_BYTES long.
 * Source: pfx.cfg(5), "Answers"; Postfix logs 200 bytes of a reason (dict_sockmap.c).
 */
#ifndef PFX_VERDICT_H
#define PFX_VERDICT_H

#include "buf.h"
#include "config.h"
#include "http.h"

#define VERDICT_ERROR_MAX_BYTES 200
#define VERDICT_DENIED_TEXT "invalid user name or password" /* never which of them */

/* For the administrator, with value_field, when a verdict is_doubtful. */
#define VERDICT_DOUBT_FORMAT \
    "the answer has no member \"%s\" (value_field): nothing there; with value_required = true this is an error"

enum verdict_kind {
    VERDICT_FOUND,
    VERDICT_NOTFOUND,
    VERDICT_DENIED, /* wrong credentials */
    VERDICT_TEMP,
    VERDICT_TIMEOUT,
    VERDICT_PERM,
    VERDICT_KINDS
};

struct verdict {
    enum verdict_kind kind;
    struct span text;
    const char *warning; /* constant, one of a few */
    const char *detail;  /* a constant, value_field, the text of error_field or reason_header, or NULL */
    bool lacks_value;    /* the answer was searched for value_field and does not have it */
    bool is_doubtful;    /* and has other members: perhaps value_field is misspelt, and "nothing there" is none */
    bool has_value;      /* it does, whatever it holds */
    bool lacks_scope;    /* a token is denied for a scope that it does not have */
    bool is_other_name;  /* a token is denied because the client claims to be another */
    bool is_failure;     /* the backend did not do its work: an older answer may stand in */
    bool is_unanswered;  /* because no HTTP answer came, or nobody could be asked */
};

/*
 * asked: the key of a map. Where all keys were asked in one request, an object holds the values by key: the first that
 * is there counts.
 */
struct verdict verdict_of_answer(const struct config_entry *entry, const struct template_values *asked, int status,
                                 struct span body, struct buf *memory);

/* A map's value with the extension that the key had; memory holds the value. */
struct verdict verdict_extend(const struct config_entry *entry, struct span extension, struct buf *memory);

/* user is the name that was given: the account when the service names no other. */
struct verdict_login {
    struct span user;
    int status;
    struct span account;  /* of username_header; p NULL: there is none */
    size_t account_count; /* of such headers */
    struct span reason;   /* of reason_header */
};

struct verdict verdict_of_login(const struct config_entry *entry, const struct verdict_login *answer,
                                struct buf *memory);

struct verdict verdict_of_failure(enum http_failure failure, const char *reason);

/* What a policy tells Postfix, when it is no dry_run. */
struct span verdict_action(const struct config_entry *entry, const struct verdict *verdict);

const char *verdict_word(enum verdict_kind kind); /* "found" ..., for the log */

#endif
