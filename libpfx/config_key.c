#include "config_key.h"

#include <stdio.h>
#include <string.h>

#include "action.h"
#include "buf.h"
#include "config.h"
#include "mem.h"
#include "nearest.h"

#define PRESETS_MAX_BYTES 16384

#define TOP CONFIG_PLACE_TOP
#define HTTP CONFIG_PLACE_HTTP
#define TLS CONFIG_PLACE_TLS
#define MAP CONFIG_PLACE_MAP
#define POLICY CONFIG_PLACE_POLICY
#define LOGIN CONFIG_PLACE_LOGIN
#define CACHE CONFIG_PLACE_CACHE
#define CACHE_TOP CONFIG_PLACE_CACHE_TOP
#define OIDC CONFIG_PLACE_OIDC
#define OIDC_LOGIN CONFIG_PLACE_OIDC_LOGIN
#define IN_TOP(member) offsetof(struct config, member)
#define IN_HTTP(member) offsetof(struct config_http, member)
#define IN_TLS(member) offsetof(struct config_tls, member)
#define IN_CACHE(member) offsetof(struct config_cache, member)
#define IN_ENTRY(member) offsetof(struct config_entry, member)
#define IN_OIDC(member) offsetof(struct config_oidc, member)
#define NOWHERE 0
#define ANY (~0u)
#define CONFIG_KEY(places, name, type, member, min, max, preset, help)                                                 \
    { places, #name, CONFIG_KEY_##type, member, min, max, preset, help },

static const struct config_key table[] = {
#include "config_keys.def"
};

#undef CONFIG_KEY

const size_t config_key_count = sizeof(table) / sizeof(table[0]);

/* Names that pfxhttp uses for the same thing or that pfx does not need, and those that people expect. */
static const struct {
    unsigned places; /* that it is a hint for */
    const char *name;
    const char *hint;
} hints[] = {
    { ANY, "server", "its keys stand at top level here" },
    { ANY, "listen", "the listeners stand in master.cf" },
    { ANY, "chroot", "see the chroot column of master.cf" },
    { ANY, "logging", "see log_level and log_format" },
    { ANY, "level", "the key is called log_level, at top level" },
    { ANY, "json", "see log_format" },
    { ANY, "use_systemd", "not needed: the log of Postfix has its own times" },
    { ANY, "http_client", "the group is called http" },
    { ANY, "worker_pool", "see workers and max_connections" },
    { ANY, "max_workers", "see workers" },
    { ANY, "max_queue", "not needed: a connection that waits takes no worker; see max_connections" },
    { ANY, "run_as_user", "the key is called user" },
    { ANY, "run_as_group", "not needed: the groups are those of user" },
    { ANY, "url", "the key is called target" },
    { ANY, "headers", "the key is called custom_headers" },
    { ANY, "body", "the key is called payload" },
    { ANY, "max_idle_connections_per_host", "see max_idle_connections at top level" },
    { ANY, "ttl", "see stale_if_error and max_age" },
    { ANY, "socketmap_max_reply_size", "the key is called max_reply_size, of an entry" },
    { ANY, "observability", "see pfx-metrics(8)" },
    { ANY, "oidc_auth", "the group is called backend_oidc_auth" },
    { ANY, "jwt_auth", "see backend_oidc_auth and http_auth_bearer" },
    { ANY, "jwt_db_path", "not needed: tokens are kept in memory" },
    { ANY, "grpc", "not needed: pfx speaks HTTP only" },
    { ANY, "transport", "not needed: pfx speaks HTTP only" },
    { TLS, "enabled", "not needed: https in target says it" },
    { TLS, "http_client_skip_verify", "the key is called skip_verify" },
    { ANY, "default_action", "in Postfix it is what smtpd does when pfx itself does not answer; here it is on_error" },
};

const struct config_key *config_key_find(enum config_place place, const char *name)
{
    for (size_t i = 0; i < config_key_count; i++) {
        if ((table[i].places & place) != 0 && strcmp(table[i].name, name) == 0)
            return &table[i];
    }
    return NULL;
}

size_t config_key_number(const struct config_key *key)
{
    return (size_t)(key - table);
}

const struct config_key *config_key_at(size_t number)
{
    return &table[number];
}

static const char *place_text(unsigned places)
{
    if ((places & HTTP) != 0)
        return "in the group http";
    if ((places & TLS) != 0)
        return "in the group tls";
    if ((places & CACHE) != 0)
        return "in the group response_cache";
    if ((places & CACHE_TOP) != 0)
        return "in the group response_cache of the top level";
    if ((places & TOP) != 0)
        return "at top level";
    if ((places & OIDC) != 0)
        return "in the groups backend_oidc_auth and sasl_oidc_auth";
    if ((places & OIDC_LOGIN) != 0)
        return "in the group sasl_oidc_auth";
    if (places == MAP)
        return "in an entry of socket_maps, or in its defaults";
    if (places == POLICY)
        return "in an entry of policy_services, or in its defaults";
    if (places == LOGIN)
        return "in an entry of dovecot_sasl, or in its defaults";
    return (places & LOGIN) == 0 ? "in an entry of socket_maps or policy_services, or in their defaults"
                                 : "in an entry, or in its section's defaults";
}

static const struct config_key *find_elsewhere(const char *name)
{
    for (size_t i = 0; i < config_key_count; i++) {
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    }
    return NULL;
}

static char *suggest_similar(enum config_place place, const char *name)
{
    struct nearest nearest = nearest_of(name);

    for (size_t i = 0; i < config_key_count; i++)
        if ((table[i].places & place) != 0)
            nearest_try(&nearest, table[i].name);
    return nearest.best == NULL ? mem_string("") : mem_format("; did you mean %s?", nearest.best);
}

static const char *find_hint(enum config_place place, const char *name)
{
    for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
        if ((hints[i].places & place) != 0 && strcmp(hints[i].name, name) == 0)
            return hints[i].hint;
    return NULL;
}

char *config_key_nearest(enum config_place place, const char *name)
{
    const struct config_key *key = find_elsewhere(name);
    const char *hint = find_hint(place, name);

    if (hint != NULL)
        return mem_format("; %s", hint);
    if (key != NULL && key->type == CONFIG_KEY_CACHE_GROUP && place == CONFIG_PLACE_LOGIN)
        return mem_string("; answers to logins are never kept");
    if (key != NULL)
        return mem_format("; it stands %s", place_text(key->places));
    return suggest_similar(place, name);
}

char *config_key_presets(enum config_place place)
{
    struct buf text;

    buf_init(&text, PRESETS_MAX_BYTES);
    for (size_t i = 0; i < config_key_count; i++) {
        if ((table[i].places & place) != 0 && table[i].preset[0] != '\0')
            buf_format(&text, "%s = %s;\n", table[i].name, table[i].preset);
    }
    char *copy = mem_copy(text.p, text.n);
    buf_free(&text);
    return copy;
}

static const char *preset_text(const struct config_key *key)
{
    switch (key->type) {
    case CONFIG_KEY_SECTION:
    case CONFIG_KEY_HTTP_GROUP:
    case CONFIG_KEY_TLS_GROUP:
    case CONFIG_KEY_CACHE_GROUP:
    case CONFIG_KEY_BACKEND_OIDC_GROUP:
    case CONFIG_KEY_SASL_OIDC_GROUP:
        return "{}";
    default:
        return key->preset[0] == '\0' ? "-" : key->preset;
    }
}

void config_print_keys(void)
{
    static const struct {
        unsigned place;
        const char *name;
    } places[] = { { TOP, "TOP" }, { HTTP, "HTTP" }, { TLS, "TLS" }, { CONFIG_PLACE_CACHE_ANY, "CACHE" },
                   { MAP, "MAP" }, { POLICY, "POLICY" }, { LOGIN, "LOGIN" },
                   { CONFIG_PLACE_OIDC_ANY, "OIDC" } };

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        for (size_t j = 0; j < config_key_count; j++) {
            if ((table[j].places & places[i].place) != 0)
                printf("%s %s %s\n", places[i].name, table[j].name, preset_text(&table[j]));
        }
    }
}
