/*
 * The client's side of a SASL exchange: the messages that a mail program sends.
 *
 * Shape:  PLAIN, XOAUTH2 and OAUTHBEARER have one message, LOGIN has two, the name and the password.
 * Owner:  the message is a secret; the caller's buffer wipes it.
 * Source: sasl.h, oauth.h.
 */
#ifndef PFX_LOGIN_H
#define PFX_LOGIN_H

#include "buf.h"
#include "sasl.h"

#define LOGIN_MESSAGE_MAX_BYTES (64 * 1024)

struct login {
    enum sasl_mechanism mechanism;
    const char *user;
    const char *rip; /* NULL none */
    struct buf secret;
};

/* Message number i, from 0 on; false: there is none. */
bool login_message(const struct login *login, size_t i, struct buf *message);

#endif
