/*
 * SASL messages of mail programs: PLAIN and LOGIN, and those that carry a token (oauth.h).
 *
 * Shape:  PLAIN  [AUTHZID] NUL AUTHCID NUL PASSWORD
 *         LOGIN  two challenges, SASL_LOGIN_USERNAME and SASL_LOGIN_PASSWORD, each answered by the bare text; an
 *                initial response is the user name.
 *         sasl_challenge() begins, sasl_step() takes each message of the client and tells what comes next.
 * Units:  bytes, after base64.
 * Limits: SASL_NAME_MAX_BYTES a name (Dovecot's), SASL_PASSWORD_MAX_BYTES a password.
 * Errors: a constant reason that may go to the client: it never tells which of name and password was wrong. Refused,
 *         before any backend is asked: an empty name or password, a NUL too many or too few, text that is not UTF-8, a
 *         name with control bytes (Postfix would show and use it with '?', another name), an AUTHZID other than the
 *         AUTHCID.
 * Owner:  spans borrow the message, or the memory that was given; they hold a secret: the caller wipes them.
 * Source: RFC 4616, RFC 4422; draft-murchison-sasl-login-00.
 */
#ifndef PFX_SASL_H
#define PFX_SASL_H

#include "span.h"

#define SASL_MECHANISM_MAX_BYTES 20 /* of its name, RFC 4422 section 3.1 */
#define SASL_NAME_MAX_BYTES 1024
#define SASL_PASSWORD_MAX_BYTES 8192
#define SASL_LOGIN_USERNAME "Username:"
#define SASL_LOGIN_PASSWORD "Password:"

enum sasl_mechanism { SASL_PLAIN, SASL_LOGIN, SASL_XOAUTH2, SASL_OAUTHBEARER, SASL_MECHANISMS };

enum sasl_outcome {
    SASL_GOOD,
    SASL_MALFORMED,
    SASL_OTHER_NAME,  /* AUTHZID is another: authz_fail; the credentials are AUTHCID's */
};

/* name is set as soon as it is good, whatever is wrong behind it. */
struct sasl_credentials {
    struct span name;     /* with a token: what the client claims, or empty */
    struct span password; /* or the token */
};

enum sasl_outcome sasl_plain(struct span message, struct sasl_credentials *credentials, const char **why);

/* Each message of LOGIN. */
enum sasl_outcome sasl_check_name(struct span name, const char **why);
enum sasl_outcome sasl_check_password(struct span password, const char **why);

const char *sasl_name(enum sasl_mechanism mechanism);
bool sasl_find(struct span name, enum sasl_mechanism *mechanism); /* in any case */
bool sasl_is_oauth(enum sasl_mechanism mechanism);                /* it carries a token */

/*
 * What the client is asked when it begins without a message. An empty one counts as none, but for PLAIN: so does
 * Dovecot.
 */
struct span sasl_challenge(enum sasl_mechanism mechanism);
bool sasl_begins_with(enum sasl_mechanism mechanism, struct span message);

enum sasl_next {
    SASL_CHECK,   /* credentials are complete */
    SASL_GO_ON,   /* send challenge, keep credentials.name */
    SASL_REFUSED, /* credentials.name may go into the answer; empty: not known */
};

struct sasl_step {
    struct sasl_credentials credentials;
    struct span challenge;
    const char *code; /* of authproto_fail() */
    const char *why;
};

/* name: what an earlier step kept; empty: nothing. memory: as many bytes as the message has, the step may use them. */
enum sasl_next sasl_step(enum sasl_mechanism mechanism, struct span name, struct span message, char *memory,
                         struct sasl_step *step);

#endif
