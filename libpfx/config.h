/*
 * The configuration: pfx.cfg and the files of pfx.d beside it, read once, constant afterwards.
 *
 * Shape:  one table, config_keys.def, names every key with its place, type, range, default and help; parser, defaults,
 *         checks, sample file and manual follow it. Inheritance is resolved while reading: an entry holds the values
 *         that apply to it, and nobody looks further up.
 * Units:  in the names (_ms, _bytes).
 * Limits: the ranges of config_keys.def; CONFIG_FILE_MAX_BYTES a file, CONFIG_SECRET_MAX_BYTES a secret's file.
 * Errors: a mistake hurts only what it is in. config->error: nothing can be answered (no file, a syntax error, a
 *         mistake at top level). config->section[S].error: the section's `defaults` are wrong, which hurts all its
 *         entries, and is copied into each. entry->error: that entry. Each is a text without secrets; every mistake,
 *         with file, line and key, stands in config->problems.
 * Owner:  the configuration owns every pointer below; config_free() wipes the secrets and gives all back.
 * Source: pfx.cfg(5).
 */
#ifndef PFX_CONFIG_H
#define PFX_CONFIG_H

#include <stdint.h>

#include "buf.h"
#include "keys.h"
#include "span.h"
#include "template.h"

#define CONFIG_FILE_MAX_BYTES (64L * 1024 * 1024)
#define CONFIG_SECRET_MAX_BYTES (64L * 1024)
#define CONFIG_TARGETS_MAX 16 /* of an entry */
/* What a policy answers when the configuration is wrong, or as long as an entry does not say otherwise. */
#define CONFIG_ON_ERROR "DEFER_IF_PERMIT 4.3.0 Service temporarily unavailable"

/* What a policy does with answers where the top level does not say, and a map does otherwise. */
#define CONFIG_POLICY_MAX_AGE_MS 0
#define CONFIG_POLICY_STALE_IF_ERROR_MS (5 * 60 * 1000)

/* An SMTP server gives up a login after 10 s (AUTH_TIMEOUT of Postfix xsasl/xsasl_dovecot_server.c). */
#define CONFIG_LOGIN_TIMEOUT_MS 8000
#define CONFIG_LOGIN_TIMEOUT_MAX_MS 9000

#define CONFIG_REPLY_MAX_BYTES (16L * 1024 * 1024) /* most that max_reply_size may allow */

enum config_section_id {
    CONFIG_SOCKET_MAPS,
    CONFIG_POLICY_SERVICES,
    CONFIG_DOVECOT_SASL,
    CONFIG_SECTIONS,
    CONFIG_NO_SECTION /* of a daemon that asks no backend: all sections are those of others */
};

struct config_strings {
    char **item;
    size_t count;
};

struct config_statuses {
    int *item;
    size_t count;
};

struct config_keys {
    enum keys_form *item;
    size_t count;
};

/* Pieces of `text`, compiled once; count 0: the key is not set. */
struct config_template {
    char *text;
    struct template_piece *pieces;
    size_t count;
    enum template_escape escape;
};

enum config_ip_version { CONFIG_IP_ANY, CONFIG_IP_4, CONFIG_IP_6 };

struct config_http {
    int64_t timeout_ms;
    int64_t attempt_timeout_ms;
    int64_t connect_timeout_ms;
    int64_t idle_connection_timeout_ms;
    int64_t max_response_bytes;
    char *proxy;      /* "http://[USER:PASSWORD@]HOST:PORT", "" none; secret */
    char *proxy_host; /* out of it; NULL none */
    unsigned proxy_port;
    bool proxy_is_address;
    struct config_strings no_proxy;
    int ip_version; /* enum config_ip_version */
    char *user_agent;
};

enum config_tls_version { CONFIG_TLS_1_0, CONFIG_TLS_1_1, CONFIG_TLS_1_2, CONFIG_TLS_1_3 };

/* File names; tls.h reads them, before chroot(2). */
struct config_tls {
    struct config_strings root_ca; /* "system" is the system's; empty: only that */
    char *cert;                    /* "" none */
    char *key;                     /* "" in the same file as cert */
    bool skip_verify;
    int min_version; /* enum config_tls_version */
};

/* A URL, taken apart when it is read. */
struct config_target {
    char *origin;               /* "https://host:port" or "unix:/path", for people */
    char *host;                 /* lower case, without brackets; "localhost" for a socket */
    char *socket_path;          /* NULL: TCP */
    unsigned port;
    bool tls;
    bool host_is_address;       /* an IPv4 or IPv6 address: needs no look-up */
    struct config_template url; /* the whole URL for the HTTP client ("http://localhost/..." for a socket) */
};

struct config_header {
    char *name;
    struct config_template value;
};

enum config_target_order { CONFIG_LISTED, CONFIG_RANDOM };

/* How long an answer is used; 0: not at all. Of wall time, as answers outlive a reboot. */
struct config_cache {
    bool enabled;
    int64_t max_age_ms;
    int64_t negative_max_age_ms;
    int64_t stale_if_error_ms;
    int64_t negative_stale_if_error_ms;
    int64_t stale_after_ms;
};

enum config_oidc_method {
    CONFIG_OIDC_AUTO, /* by what is configured, and what the provider knows */
    CONFIG_OIDC_SECRET_BASIC,
    CONFIG_OIDC_SECRET_POST,
    CONFIG_OIDC_PRIVATE_KEY_JWT,
    CONFIG_OIDC_NONE
};
enum config_oidc_encoding { CONFIG_OIDC_ENCODING_FORM, CONFIG_OIDC_ENCODING_RAW };
enum config_oidc_validation { CONFIG_OIDC_INTROSPECTION, CONFIG_OIDC_JWKS, CONFIG_OIDC_VALIDATION_AUTO };
enum config_oidc_claimed { CONFIG_OIDC_MATCH, CONFIG_OIDC_IGNORE };

/* A group backend_oidc_auth or sasl_oidc_auth; what follows validation is of the latter. */
struct config_oidc {
    bool enabled;
    char *configuration_uri;
    struct config_target configuration; /* the same, taken apart */
    char *client_id;
    char *client_secret; /* secret; NULL none */
    char *private_key;   /* PEM, secret; NULL none */
    char *private_key_file;
    char *key_id;        /* "" none */
    char *assertion_audience; /* "" the endpoint that is called */
    struct config_strings scopes;
    int auth_method;    /* enum config_oidc_method */
    int basic_encoding; /* enum config_oidc_encoding */
    struct config_http http;
    struct config_tls tls;

    int validation; /* enum config_oidc_validation */
    int64_t jwks_cache_ttl_ms;
    struct config_strings account_claim; /* none: the default of the validation */
    struct config_strings audience;      /* none: not checked, or any_audience */
    bool any_audience;
    struct config_strings required_scopes;
    struct config_strings required_claims; /* "name=value" */
    bool require_typ;
    int claimed_name; /* enum config_oidc_claimed */
    int64_t clock_skew_ms;
};

enum config_error_result { CONFIG_ERROR_PERM, CONFIG_ERROR_TEMP };
enum config_auth_style { CONFIG_AUTH_JSON, CONFIG_AUTH_BASIC, CONFIG_AUTH_FORM, CONFIG_AUTH_TEMPLATE };
enum config_tempfail { CONFIG_TEMPFAIL_AUTO, CONFIG_TEMPFAIL_DISCONNECT, CONFIG_TEMPFAIL_FAIL };

struct config_entry {
    enum config_section_id section;
    char *name;
    char *where;       /* "FILE:LINE" */
    const char *error; /* why it cannot be used, NULL when it can */

    struct config_target *targets; /* at least one when the entry can be used */
    size_t target_count;
    int target_order; /* enum config_target_order */
    int64_t retry_interval_ms;
    char *method; /* resolved: POST with a payload, else GET */
    struct config_template payload;
    char *content_type; /* resolved; of use with a payload only */
    struct config_header *headers;
    size_t header_count;
    char *authorization; /* the value of the Authorization header, secret; NULL none */
    const struct config_oidc *backend_oidc; /* a token is fetched for it; NULL none */
    bool request_compression;
    bool response_compression;
    struct config_http http;
    struct config_tls tls;
    struct config_cache cache; /* of maps and policies; never enabled for a login */

    struct config_statuses status_code;
    struct config_statuses notfound_status; /* resolved */
    char *value_field;                      /* "" the whole body */
    bool value_required;
    char *error_field; /* "" none */
    char *no_error_value;
    int error_result; /* enum config_error_result */
    bool fold_case;
    int64_t max_reply_bytes;
    struct config_keys keys; /* at least one; of maps, like what follows */
    bool asks_all;           /* a template holds %{keys}: all candidates go in one request */
    char *recipient_delimiter; /* NULL: Postfix's own, see config_take_delimiter() */
    struct config_strings local_domains;
    struct config_strings domains; /* none: all */
    bool propagate_extension;
    char *result_format;
    struct config_template result; /* the same, compiled; count 0: values stay as they are */
    int64_t expansion_limit;       /* 0 none */

    struct config_strings attributes; /* those that a policy's {{ .Key }} holds; none: all */
    char *no_value_action;            /* a good action, as on_error */
    char *on_error;
    struct config_strings cache_key; /* the attributes that an answer depends on; none: most (pfx.cfg(5)) */
    bool restrictions; /* an action may name restrictions */
    bool dry_run;

    int auth_style; /* enum config_auth_style; of logins, like what follows */
    struct config_strings mechanisms; /* "PLAIN" ..., at least one even when the entry cannot be used */
    struct config_statuses failure_status; /* resolved */
    char *username_header;                 /* "" none */
    char *reason_header;                   /* "" none */
    bool reason_to_client;
    char *protocol; /* "" the service that the request names */
    int64_t default_local_port; /* 0 none */
    int tempfail;   /* enum config_tempfail */
    const struct config_oidc *sasl_oidc;    /* how tokens of mail programs are checked; NULL: not at all */
    struct config_strings oauth_properties; /* of XOAUTH2 and OAUTHBEARER in the handshake */
};

struct config_section {
    struct config_entry *entries; /* in byte order of their names */
    size_t count;
    const char *error;
};

struct config_problem {
    bool is_error; /* else a warning */
    char *text;    /* "FILE:LINE: KEY: what is wrong (what is allowed)" */
    struct span file, key; /* of it; empty: it is outside of any setting */
    unsigned line;
    const char *what; /* the rest of it */
};

struct config {
    const char *error;
    uint64_t hash; /* of all files, but for what may be secret; for people to compare */

    int64_t workers;
    int64_t max_connections;
    int64_t max_connections_per_host;
    int64_t max_idle_connections; /* 0: as many as the hosts need */
    int log_level;                /* enum log_level */
    bool log_json;
    struct config_strings debug_entry;
    struct config_strings debug_peer;
    int64_t drain_time_ms;
    char *user;
    char *state_directory; /* "" where the program thinks it best */
    bool sandbox;
    int64_t cache_bytes;

    struct config_section section[CONFIG_SECTIONS];
    struct config_problem *problems;
    size_t problem_count;

    struct config_memory *memory; /* what the pointers above point to */
};

/*
 * Reads path and pfx.d beside it. `own` is the section of the calling daemon: only its secrets are read, and
 * mistakes in other sections become one warning each. Never NULL: a file that cannot be read gives config->error and
 * the defaults.
 */
struct config *config_load(const char *path, enum config_section_id own);

/*
 * For tools: all sections as own ones. Without with_secrets a text stands for each secret whose file is not read. Where
 * a file cannot be parsed, the mistakes of the others are told all the same.
 */
struct config *config_load_all(const char *path, bool with_secrets);
void config_free(struct config **config);

/* For maps that do not name their own recipient_delimiter. */
void config_take_delimiter(struct config *config, const char *delimiter);

/* The entry of that name, or NULL. */
const struct config_entry *config_find(const struct config *config, enum config_section_id section, struct span name);

bool config_has_header(const struct config_entry *entry, const char *name);
bool config_has_status(const struct config_statuses *list, int status);
bool config_has_string(const struct config_strings *list, struct span text);

/* All of them as one text in memory, which has room for them; what does not fit is left out. */
struct span config_join(const struct config_strings *list, char separator, struct buf *memory);

const char *config_section_name(enum config_section_id section); /* "socket_maps" ... */

/*
 * The rows of config_keys.def, for tools and tests: one line "PLACE NAME DEFAULT" each, to stdout. DEFAULT is as
 * written in pfx.cfg, "-" when it depends on other keys, "{}" for a group, "later" for a key that is refused until it
 * is supported.
 */
void config_print_keys(void);

#endif
