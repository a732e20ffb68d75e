#include "config_oidc.h"

#include "config_check.h"
#include "config_host.h"
#include "config_memory.h"
#include "config_reach.h"
#include "config_secret.h"
#include "config_target.h"
#include "config_value.h"
#include "config_word.h"

/* As an audience: whatever a token is for. */
static const char anybody[] = "any";

static bool is_this_machine(const struct config_target *target)
{
    return target->socket_path != NULL || config_host_is_loopback(span_text(target->host));
}

static void read_uri(struct config_reader *r, const struct config_key *key, const config_setting_t *setting,
                     struct config_oidc *group)
{
    struct span text = config_value_text(r, setting, key->min, key->max);
    struct config_target target;
    const char *why;

    if (text.p == NULL)
        return;
    if (!config_target_of_url(text, r->config->memory, &target, &why)) {
        config_reader_error(r, setting, "%s", why);
        return;
    }
    group->configuration_uri = config_memory_text(r->config->memory, text);
    group->configuration = target;
    if (!target.tls && !is_this_machine(&target))
        config_reader_warn(r, setting, "without https:// everybody on the way can read secrets and tokens, and give "
                                       "false answers");
}

/* The name "" removes a key that is inherited. */
static void read_key_file(struct config_reader *r, const struct config_key *key, const config_setting_t *setting,
                          struct config_oidc_draft *draft)
{
    struct span path = config_value_text(r, setting, key->min, key->max);
    const char *why = path.p == NULL ? NULL : config_check_text(key->type, path);

    draft->key = setting;
    draft->group.private_key = NULL;
    draft->group.private_key_file = path.p == NULL ? NULL : config_memory_text(r->config->memory, path);
    if (why != NULL)
        config_reader_error(r, setting, "%s", why);
    else if (path.n > 0)
        draft->group.private_key = config_secret_key(r, setting, path.p);
    else if (path.p != NULL)
        draft->key = NULL;
}

static void read_client_id(struct config_reader *r, const struct config_key *key, const config_setting_t *setting,
                           struct config_oidc *group)
{
    struct span text = config_value_text(r, setting, key->min, key->max);

    if (text.p != NULL)
        group->client_id = config_memory_text(r->config->memory, text);
}

static void read_key(struct config_reader *r, const struct config_key *key, const config_setting_t *setting,
                     struct config_oidc_draft *draft)
{
    struct config_oidc *group = &draft->group;

    switch (key->type) {
    case CONFIG_KEY_HTTP_GROUP:
        config_value_read_group(r, setting, CONFIG_PLACE_HTTP, &group->http);
        break;
    case CONFIG_KEY_TLS_GROUP:
        config_value_read_group(r, setting, CONFIG_PLACE_TLS, &group->tls);
        break;
    case CONFIG_KEY_OIDC_URI:
        draft->uri = setting;
        read_uri(r, key, setting, group);
        break;
    case CONFIG_KEY_OIDC_CLIENT:
        draft->client_id = setting;
        read_client_id(r, key, setting, group);
        break;
    case CONFIG_KEY_OIDC_SECRET:
        draft->secret = setting;
        group->client_secret = config_secret_read(r, setting, key->type);
        break;
    case CONFIG_KEY_OIDC_KEY_FILE:
        read_key_file(r, key, setting, draft);
        break;
    default:
        config_value_read(r, key, setting, group);
        break;
    }
}

void config_oidc_read(struct config_reader *r, const config_setting_t *group, enum config_place place,
                      struct config_oidc_draft *draft)
{
    const struct config_key *key;
    const config_setting_t *setting;

    if (!config_value_is_group(r, group))
        return;
    draft->nearest = group;
    for (int i = 0; (key = config_value_next(r, group, place, &i, &setting)) != NULL;)
        read_key(r, key, setting, draft);
}

bool config_oidc_is_enabled(const struct config_oidc_draft *draft)
{
    return draft->nearest != NULL && draft->group.enabled;
}

static void check_required(struct config_reader *r, const struct config_oidc_draft *draft)
{
    if (draft->uri == NULL)
        config_reader_error(r, draft->nearest, "configuration_uri is required");
    if (draft->client_id == NULL)
        config_reader_error(r, draft->nearest, "client_id is required");
}

static void check_method(struct config_reader *r, const struct config_oidc_draft *draft)
{
    const char *method = config_word_text(CONFIG_KEY_OIDC_METHOD, draft->group.auth_method);

    switch ((enum config_oidc_method)draft->group.auth_method) {
    case CONFIG_OIDC_AUTO:
        if (draft->secret != NULL && draft->key != NULL)
            config_reader_error(r, draft->nearest, "has both client_secret and private_key_file: auth_method must say "
                                                   "which of them is used");
        break;
    case CONFIG_OIDC_SECRET_BASIC:
    case CONFIG_OIDC_SECRET_POST:
        if (draft->secret == NULL)
            config_reader_error(r, draft->nearest, "auth_method \"%s\" needs client_secret", method);
        break;
    case CONFIG_OIDC_PRIVATE_KEY_JWT:
        if (draft->key == NULL)
            config_reader_error(r, draft->nearest, "auth_method \"%s\" needs private_key_file", method);
        break;
    case CONFIG_OIDC_NONE:
        if (draft->secret != NULL)
            config_reader_error(r, draft->secret, "is not used with auth_method \"%s\"", method);
        if (draft->key != NULL)
            config_reader_error(r, draft->key, "is not used with auth_method \"%s\"", method);
        break;
    }
}

/* Whoever issues tokens does so for many services: one that was given away to another would open this one, too. */
static void take_audience(struct config_reader *r, const struct config_oidc_draft *draft, struct config_oidc *group)
{
    if (group->audience.count == 0 && group->validation != CONFIG_OIDC_INTROSPECTION)
        config_reader_error(r, draft->nearest, "validation \"%s\" needs audience: whom tokens are for, or \"%s\" to "
                            "take those for anybody",
                            config_word_text(CONFIG_KEY_OIDC_VALIDATION, group->validation), anybody);
    if (!config_has_string(&group->audience, span_text(anybody)))
        return;
    if (group->audience.count > 1)
        config_reader_error(r, draft->nearest, "audience \"%s\" must stand alone", anybody);
    group->any_audience = true;
    group->audience = (struct config_strings){ NULL, 0 };
}

const struct config_oidc *config_oidc_finish(struct config_reader *r, enum config_place place,
                                             struct config_oidc_draft *draft)
{
    struct config_oidc *group = &draft->group;

    if (!config_oidc_is_enabled(draft))
        return NULL;
    check_required(r, draft);
    check_method(r, draft);
    if ((place & CONFIG_PLACE_OIDC_LOGIN) != 0)
        take_audience(r, draft, group);
    config_reach_finish(r, draft->nearest, &group->http, &group->tls);
    if (group->configuration_uri == NULL || group->client_id == NULL)
        return NULL;
    struct config_oidc *copy = config_memory_array(r->config->memory, 1, sizeof(*copy));
    *copy = *group;
    return copy;
}
