#include "config_entry.h"

#include "action.h"
#include "config_cache.h"
#include "config_login.h"
#include "config_map.h"
#include "config_memory.h"
#include "config_payload.h"
#include "config_reach.h"
#include "config_secret.h"
#include "config_target.h"
#include "config_value.h"

static const char authorization[] = "Authorization";

/* The credentials of one level. */
struct level {
    char *authorization;
    bool has_header;
    bool has_oidc;
    size_t count;
};

static void read_key(struct config_reader *r, const struct config_key *key, const config_setting_t *setting,
                     struct config_draft *draft, struct level *level)
{
    switch (key->type) {
    case CONFIG_KEY_HTTP_GROUP:
        config_value_read_group(r, setting, CONFIG_PLACE_HTTP, &draft->entry.http);
        if (draft->entry.section == CONFIG_DOVECOT_SASL)
            config_login_check_http(r, setting, &draft->entry.http);
        draft->timing = setting;
        break;
    case CONFIG_KEY_CACHE_GROUP:
        config_cache_read(r, setting, false, &draft->entry.cache);
        draft->timing = setting;
        break;
    case CONFIG_KEY_TLS_GROUP:
        config_value_read_group(r, setting, CONFIG_PLACE_TLS, &draft->entry.tls);
        break;
    case CONFIG_KEY_BACKEND_OIDC_GROUP:
        config_oidc_read(r, setting, CONFIG_PLACE_OIDC, &draft->backend_oidc);
        level->has_oidc = config_oidc_is_enabled(&draft->backend_oidc);
        level->count += level->has_oidc;
        break;
    case CONFIG_KEY_SASL_OIDC_GROUP:
        config_oidc_read(r, setting, CONFIG_PLACE_OIDC_ANY, &draft->sasl_oidc);
        break;
    case CONFIG_KEY_TARGET:
        draft->target = setting;
        break;
    case CONFIG_KEY_PAYLOAD:
        draft->payload = setting;
        break;
    case CONFIG_KEY_HEADERS:
        level->has_header = config_header_merge(r, setting, &draft->headers);
        level->count += level->has_header;
        break;
    case CONFIG_KEY_BASIC:
    case CONFIG_KEY_BEARER:
        level->authorization = config_secret_read(r, setting, key->type);
        level->count++;
        break;
    default:
        config_value_read(r, key, setting, &draft->entry);
        break;
    }
}

/* The nearest credentials win as a whole, whatever their kind. */
static void take_credentials(struct config_reader *r, const config_setting_t *group, const struct level *level,
                             struct config_draft *draft)
{
    if (level->count > 1)
        config_reader_error(r, group, "only one of http_auth_basic, http_auth_bearer, backend_oidc_auth and an "
                                      "Authorization header may stand here");
    if (level->count == 0)
        return;
    draft->entry.authorization = level->authorization;
    if (!level->has_header)
        config_header_remove(r, &draft->headers, authorization);
    if (!level->has_oidc)
        draft->backend_oidc.nearest = NULL;
}

void config_entry_read(struct config_reader *r, const config_setting_t *group, enum config_place place,
                       struct config_draft *draft)
{
    struct level level = { .count = 0 };
    const struct config_key *key;
    const config_setting_t *setting;

    if (!config_value_is_group(r, group))
        return;
    for (int i = 0; (key = config_value_next(r, group, place, &i, &setting)) != NULL;)
        read_key(r, key, setting, draft, &level);
    take_credentials(r, group, &level, draft);
}

void config_entry_check_defaults(struct config_reader *r, const struct config_draft *draft)
{
    size_t count;

    if (draft->target != NULL)
        config_target_read(r, draft->target, &count);
    if (draft->payload != NULL)
        config_payload_check(r, draft->payload);
}

static void check_statuses(struct config_reader *r, const config_setting_t *group, const struct config_entry *entry)
{
    bool is_login = entry->section == CONFIG_DOVECOT_SASL;

    for (size_t i = 0; i < entry->status_code.count; i++) {
        int status = entry->status_code.item[i];
        if (config_has_status(is_login ? &entry->failure_status : &entry->notfound_status, status)) {
            config_reader_error(r, group, "%d is in both status_code and %s", status,
                                is_login ? "failure_status" : "notfound_status");
            return;
        }
    }
}

static void check_action(struct config_reader *r, const config_setting_t *group, const char *name, const char *action,
                         bool restrictions)
{
    const config_setting_t *own = config_setting_get_member(group, name);
    const char *why = action_check(span_text(action), restrictions);

    if (why != NULL && own != NULL)
        config_reader_error(r, own, "%s", why);
    else if (why != NULL)
        config_reader_error(r, group, "%s: %s", name, why);
}

static void finish_policy(struct config_reader *r, const config_setting_t *group, const struct config_entry *entry)
{
    check_action(r, group, "no_value_action", entry->no_value_action, entry->restrictions);
    check_action(r, group, "on_error", entry->on_error, entry->restrictions);
}

static void finish_section(struct config_reader *r, const config_setting_t *group, struct config_draft *draft)
{
    struct config_entry *entry = &draft->entry;

    if (entry->section == CONFIG_DOVECOT_SASL)
        config_login_finish(r, group, draft->payload, entry);
    else if (draft->payload != NULL)
        config_payload_read(r, draft->payload, entry->content_type, &entry->payload);
    else if (entry->section == CONFIG_POLICY_SERVICES)
        config_payload_default(r, group, entry->content_type, &entry->payload);
    if (entry->section == CONFIG_POLICY_SERVICES)
        finish_policy(r, group, entry);
    if (entry->section == CONFIG_SOCKET_MAPS)
        config_map_finish(r, group, entry);
}

static void take_targets(struct config_reader *r, const config_setting_t *group, struct config_draft *draft)
{
    struct config_entry *entry = &draft->entry;

    if (draft->target != NULL)
        entry->targets = config_target_read(r, draft->target, &entry->target_count);
    else if ((entry->section != CONFIG_DOVECOT_SASL || config_login_has_password(entry)) && !r->is_partial)
        config_reader_error(r, group, "target is required");
}

static void take_mechanisms(struct config_reader *r, const config_setting_t *group, struct config_draft *draft)
{
    bool has_oidc = config_oidc_is_enabled(&draft->sasl_oidc);

    config_login_take_mechanisms(r, group, draft->target != NULL, has_oidc, &draft->entry);
}

void config_entry_finish(struct config_reader *r, const config_setting_t *group, struct config_draft *draft)
{
    struct config_entry *entry = &draft->entry;

    if (entry->section == CONFIG_DOVECOT_SASL)
        take_mechanisms(r, group, draft);
    if (config_setting_type(group) != CONFIG_TYPE_GROUP)
        return;
    take_targets(r, group, draft);
    entry->backend_oidc = config_oidc_finish(r, CONFIG_PLACE_OIDC, &draft->backend_oidc);
    entry->sasl_oidc = config_oidc_finish(r, CONFIG_PLACE_OIDC_ANY, &draft->sasl_oidc);
    entry->headers = draft->headers.item;
    entry->header_count = draft->headers.count;
    finish_section(r, group, draft);
    if (entry->method == NULL)
        entry->method = config_memory_text(r->config->memory, entry->payload.count > 0 ? SPAN("POST") : SPAN("GET"));
    check_statuses(r, group, entry);
    config_reach_finish(r, group, &entry->http, &entry->tls);
    config_cache_check(r, draft->timing, entry);
}
