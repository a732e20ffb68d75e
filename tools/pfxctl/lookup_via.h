/*
 * lookup --via: one key after the other, over one connection, as postmap(1) asks.
 *
 * Errors: a daemon does not tell whether there was an HTTP answer: TEMP is temporary, TIMEOUT unavailable.
 */
#ifndef PFX_LOOKUP_VIA_H
#define PFX_LOOKUP_VIA_H

#include "lookup_keys.h"
#include "pfxctl.h"

int lookup_via(const struct pfxctl *ctl, const char *where, const char *name, struct lookup_keys *keys);

#endif
