/*
 * The keys of config_keys.def as a table.
 *
 * Owner:  all is constant, but config_key_nearest()'s and config_key_presets()'s texts (blocks of mem.h, the caller's).
 */
#ifndef PFX_CONFIG_KEY_H
#define PFX_CONFIG_KEY_H

#include <stddef.h>
#include <stdint.h>

enum config_place {
    CONFIG_PLACE_TOP = 1,
    CONFIG_PLACE_HTTP = 2,
    CONFIG_PLACE_TLS = 4,
    CONFIG_PLACE_MAP = 8,     /* an entry of socket_maps, or its defaults */
    CONFIG_PLACE_POLICY = 16, /* the same of policy_services */
    CONFIG_PLACE_LOGIN = 32,  /* the same of dovecot_sasl */
    CONFIG_PLACE_CACHE = 64,
    CONFIG_PLACE_CACHE_TOP = 128, /* response_cache at top level: one table for all */
    CONFIG_PLACE_CACHE_ANY = CONFIG_PLACE_CACHE | CONFIG_PLACE_CACHE_TOP,
    CONFIG_PLACE_OIDC = 256,       /* backend_oidc_auth and sasl_oidc_auth */
    CONFIG_PLACE_OIDC_LOGIN = 512, /* sasl_oidc_auth only */
    CONFIG_PLACE_OIDC_ANY = CONFIG_PLACE_OIDC | CONFIG_PLACE_OIDC_LOGIN,
};

enum config_type {
    CONFIG_KEY_SECTION,
    CONFIG_KEY_HTTP_GROUP,
    CONFIG_KEY_TLS_GROUP,
    CONFIG_KEY_CACHE_GROUP,
    CONFIG_KEY_BACKEND_OIDC_GROUP,
    CONFIG_KEY_SASL_OIDC_GROUP,
    CONFIG_KEY_INTEGER,
    CONFIG_KEY_TIME, /* milliseconds */
    CONFIG_KEY_SIZE, /* bytes */
    CONFIG_KEY_BOOLEAN,
    CONFIG_KEY_STRING,
    CONFIG_KEY_FIELD, /* a dotted path */
    CONFIG_KEY_FILE_NAME,
    CONFIG_KEY_HEADER_NAME,
    CONFIG_KEY_PROXY,
    CONFIG_KEY_STRINGS,
    CONFIG_KEY_ADDRESSES,
    CONFIG_KEY_HOSTS,
    CONFIG_KEY_CA_FILES,
    CONFIG_KEY_ATTRIBUTES, /* names of them */
    CONFIG_KEY_MECHANISMS,
    CONFIG_KEY_PROPERTIES, /* of mechanisms */
    CONFIG_KEY_FIELDS,
    CONFIG_KEY_SCOPES,
    CONFIG_KEY_CLAIMS, /* "name=value" */
    CONFIG_KEY_DOMAINS,
    CONFIG_KEY_KEYS,
    CONFIG_KEY_RESULT_FORMAT,
    CONFIG_KEY_DELIMITERS,
    CONFIG_KEY_STATUSES,
    CONFIG_KEY_METHOD, /* from here to the next comment: one of some words */
    CONFIG_KEY_CONTENT_TYPE,
    CONFIG_KEY_LOG_LEVEL,
    CONFIG_KEY_LOG_FORMAT,
    CONFIG_KEY_SANDBOX,
    CONFIG_KEY_IP_VERSION,
    CONFIG_KEY_TLS_VERSION,
    CONFIG_KEY_TARGET_ORDER,
    CONFIG_KEY_ERROR_RESULT,
    CONFIG_KEY_AUTH_STYLE,
    CONFIG_KEY_TEMPFAIL,
    CONFIG_KEY_OIDC_METHOD,
    CONFIG_KEY_OIDC_ENCODING,
    CONFIG_KEY_OIDC_VALIDATION,
    CONFIG_KEY_OIDC_CLAIMED,
    CONFIG_KEY_TARGET, /* from here on: read with the whole entry, or the whole group of OpenID Connect */
    CONFIG_KEY_PAYLOAD,
    CONFIG_KEY_HEADERS,
    CONFIG_KEY_BASIC,
    CONFIG_KEY_BEARER,
    CONFIG_KEY_OIDC_URI,
    CONFIG_KEY_OIDC_CLIENT,
    CONFIG_KEY_OIDC_SECRET,
    CONFIG_KEY_OIDC_KEY_FILE,
};

struct config_key {
    unsigned places;
    const char *name;
    enum config_type type;
    size_t member; /* offset in the struct of its place */
    int64_t min;
    int64_t max;
    const char *preset; /* "" when it depends on other keys */
    const char *help;
};

/* The key of that name and place, or NULL. */
const struct config_key *config_key_find(enum config_place place, const char *name);

/* A number of each key, less than config_key_count. */
size_t config_key_number(const struct config_key *key);
extern const size_t config_key_count;
const struct config_key *config_key_at(size_t number);

/* What an unknown key may have meant: "; did you mean timeout?", or "". */
char *config_key_nearest(enum config_place place, const char *name);

/* The presets of a place in the syntax of pfx.cfg. */
char *config_key_presets(enum config_place place);

#endif
