/*
 * SASL messages that carry a token: XOAUTH2 and OAUTHBEARER.
 *
 * Shape:  XOAUTH2      "user=" NAME 0x01 "auth=Bearer " TOKEN 0x01 0x01, fields in any order, unknown ones passed over
 *         OAUTHBEARER  ("n" or "y") "," ["a=" AUTHZID] "," 0x01 *(KEY "=" VALUE 0x01) 0x01, "auth" among the keys
 *         Postfix's clients may send an empty message first, or none: then an empty challenge asks for it.
 *         "Bearer" in any case, and one blank or more behind it.
 * Limits: OAUTH_TOKEN_MAX_BYTES a token, SASL_NAME_MAX_BYTES a name.
 * Errors: a constant reason that fits an answer to the client. Channel binding, a name that is not UTF-8 or has control
 *         bytes, a token with other characters than RFC 6750 has, data after the end, a field that is needed and
 *         missing, or stands twice: refused.
 * Owner:  spans borrow the message, or the memory that was given; it holds a secret: the caller wipes it.
 * Source: RFC 7628, RFC 5801 section 4 (gs2-header), RFC 6750 section 2.1 (b64token); Google's XOAUTH2 protocol.
 */
#ifndef PFX_OAUTH_H
#define PFX_OAUTH_H

#include "span.h"

#define OAUTH_TOKEN_MAX_BYTES (16 * 1024)

/* What the client claims to be is a claim; who it is, the token says. */
struct oauth_message {
    struct span name; /* empty: none given */
    struct span token;
};

/* memory: as many bytes as the message has, for the name of OAUTHBEARER without its escapes. */
bool oauth_xoauth2(struct span message, struct oauth_message *parsed, const char **why);
bool oauth_bearer(struct span message, char *memory, struct oauth_message *parsed, const char **why);

enum oauth_error { OAUTH_INVALID_TOKEN, OAUTH_INSUFFICIENT_SCOPE, OAUTH_INVALID_REQUEST };

struct oauth_challenge {
    bool is_xoauth2; /* {"status":"401","schemes":"bearer","scope":...}, else {"status":"invalid_token",...} */
    enum oauth_error error;
    struct span scope;         /* empty: left out (XOAUTH2: "") */
    struct span configuration; /* "openid-configuration", for OAUTHBEARER; empty: left out */
};

/*
 * The JSON that tells the client why, before it is refused (RFC 7628 section 3.2.2). Spans are UTF-8. Returns the size
 * needed; writes nothing unless size is enough.
 */
size_t oauth_challenge(char *out, size_t size, const struct oauth_challenge *challenge);

#endif
