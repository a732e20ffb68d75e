#include "oidc.h"

#include "mem.h"

struct member {
    struct oidc_client client;
    struct oidc_token *token; /* NULL: of sasl_oidc_auth */
};

struct oidc {
    struct http *http;
    struct http *login_http; /* of introspection */
    struct member *members; /* as many as oidc_shared has records, in their order */
    size_t count;
};

static struct oidc_provider *find_provider(const struct oidc *oidc, size_t before, const struct config_oidc *group)
{
    for (size_t i = 0; i < before; i++)
        if (oidc_provider_is_of(oidc->members[i].client.provider, group))
            return oidc->members[i].client.provider;
    return NULL;
}

struct oidc *oidc_open(struct loop *loop, const struct config *config, const struct oidc_shared *shared,
                       const struct backend_trust *trust)
{
    struct oidc *oidc = mem_alloc(sizeof(*oidc));

    oidc->count = oidc_shared_count(shared);
    if (oidc->count == 0)
        return oidc;
    int64_t kept = config->max_connections_per_host * (int64_t)oidc->count;
    oidc->http = http_new(loop, config->max_connections_per_host, kept);
    oidc->login_http = oidc->http == NULL ? NULL : http_new(loop, config->max_connections_per_host, kept);
    if (oidc->login_http == NULL) {
        http_free(&oidc->http);
        mem_free(oidc);
        return NULL;
    }
    oidc->members = mem_array(oidc->count, sizeof(*oidc->members));
    for (size_t i = 0; i < oidc->count; i++) {
        const struct oidc_record *record = oidc_shared_record(shared, i);
        struct member *member = &oidc->members[i];
        member->client.record = record;
        member->client.provider = find_provider(oidc, i, record->group);
        if (member->client.provider == NULL)
            member->client.provider = oidc_provider_new(loop, oidc->http, oidc->login_http, record->group,
                                                        backend_trust_profile_of(trust, &record->group->tls));
        if (record->slot != NULL)
            member->token = oidc_token_new(loop, &member->client);
    }
    return oidc;
}

void oidc_close(struct oidc **oidc)
{
    struct oidc *o = *oidc;

    *oidc = NULL;
    if (o == NULL)
        return;
    for (size_t i = 0; i < o->count; i++)
        oidc_token_free(&o->members[i].token);
    for (size_t i = 0; i < o->count; i++) {
        struct oidc_provider *provider = o->members[i].client.provider;
        for (size_t j = i; j < o->count; j++)
            if (o->members[j].client.provider == provider)
                o->members[j].client.provider = NULL;
        oidc_provider_free(&provider);
    }
    http_free(&o->login_http);
    http_free(&o->http);
    mem_free(o->members);
    mem_free(o);
}

static const struct member *find(const struct oidc *oidc, const struct config_oidc *group)
{
    const struct member *member = oidc->members;

    while (member->client.record->group != group)
        member++;
    return member;
}

const struct oidc_client *oidc_client_of(const struct oidc *oidc, const struct config_oidc *group)
{
    return &find(oidc, group)->client;
}

struct oidc_token *oidc_token_of(const struct oidc *oidc, const struct config_oidc *group)
{
    return find(oidc, group)->token;
}
