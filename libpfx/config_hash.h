/*
 * A number that tells two configurations apart, for the log.
 *
 * Shape:  FNV-1a, 64 bits, over names, types and values in their order. Values that may be secrets are left out,
 *         those of http_auth_basic, http_auth_bearer, client_secret, proxy and custom_headers: whoever reads the log
 *         could else try guesses.
 * Source: draft-eastlake-fnv; the hash is for people to compare, not against forgery.
 */
#ifndef PFX_CONFIG_HASH_H
#define PFX_CONFIG_HASH_H

#include <libconfig.h>
#include <stdint.h>

#define CONFIG_HASH_BEGIN 0xcbf29ce484222325u

/* Goes on from hash. */
uint64_t config_hash_setting(uint64_t hash, const config_setting_t *setting);

#endif
