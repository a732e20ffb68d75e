/*
 * auth --via: as smtpd(8) asks pfx-saslbridge, by the auth client protocol.
 *
 * Errors: FAIL is a refusal unless its code is temp_fail; a connection that ends is a temporary failure.
 * Source: authproto.h.
 */
#ifndef PFX_AUTH_VIA_H
#define PFX_AUTH_VIA_H

#include "login.h"
#include "pfxctl.h"

int auth_via(const struct pfxctl *ctl, const char *where, const struct login *login);

#endif
