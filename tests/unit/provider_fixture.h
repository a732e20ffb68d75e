/*
 * The responder of backend_fixture.h as an OpenID provider, and as the backend that wants its tokens.
 *
 * What it answers is chosen by the path: provider.token, provider.keys, provider.introspection and provider.backend are
 * whole answers; NULL: silence.
 */
#ifndef PFX_PROVIDER_FIXTURE_H
#define PFX_PROVIDER_FIXTURE_H

#include "backend_fixture.h"
#include "oidc_token.h"

#define PROVIDER_JSON_MAX_BYTES 8192
#define PROVIDER_STATUS(status) "HTTP/1.1 " status " x\r\nContent-Length: 0\r\n\r\n"

static struct {
    const char *configuration; /* NULL: one with all endpoints */
    const char *extra;         /* members of that: "\"name\":value," ... */
    const char *token, *keys, *introspection, *backend;
    int configurations, tokens, key_sets, introspections, backends; /* requests */
    char answer[PROVIDER_JSON_MAX_BYTES + 256];
    char last_form[PROVIDER_JSON_MAX_BYTES];
    char last_head[PROVIDER_JSON_MAX_BYTES];
    char last_token[200]; /* that the backend got */
    const char *(*backend_to)(const char *token);
} provider;

static inline const char *provider_json(const char *json)
{
    snprintf(provider.answer, sizeof(provider.answer), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(json),
             json);
    return provider.answer;
}

static inline const char *provider_configuration(void)
{
    char json[PROVIDER_JSON_MAX_BYTES];
    unsigned port = fixture_server.port;

    provider.configurations++;
    if (provider.configuration != NULL)
        return provider.configuration;
    snprintf(json, sizeof(json),
             "{%s\"issuer\":\"http://127.0.0.1:%u\",\"token_endpoint\":\"http://127.0.0.1:%u//token\","
             "\"introspection_endpoint\":\"http://127.0.0.1:%u/introspect\",\"jwks_uri\":\"http://127.0.0.1:%u/jwks\"}",
             provider.extra == NULL ? "" : provider.extra, port, port, port, port);
    return provider_json(json);
}

static inline void provider_keep_form(const char *request)
{
    const char *body = strstr(request, "\r\n\r\n") + 4;

    snprintf(provider.last_form, sizeof(provider.last_form), "%s", body);
    snprintf(provider.last_head, sizeof(provider.last_head), "%.*s", (int)(body - request), request);
}

static inline const char *provider_backend(const char *request)
{
    const char *header = strstr(request, "\r\nAuthorization: Bearer ");

    provider.backends++;
    provider.last_token[0] = '\0';
    if (header != NULL)
        sscanf(header + 24, "%199s", provider.last_token);
    return provider.backend_to != NULL ? provider.backend_to(provider.last_token) : provider.backend;
}

static const char *provider_answer(const char *request)
{
    if (strncmp(request, "GET /.well-known/", 17) == 0)
        return provider_configuration();
    if (strncmp(request, "POST //token ", 13) == 0) {
        provider.tokens++;
        provider_keep_form(request);
        return provider.token;
    }
    if (strncmp(request, "GET /jwks ", 10) == 0) {
        provider.key_sets++;
        return provider.keys;
    }
    if (strncmp(request, "POST /introspect ", 17) == 0) {
        provider.introspections++;
        provider_keep_form(request);
        return provider.introspection;
    }
    return provider_backend(request);
}

#define PROVIDER_TOKEN(length, name) RESPONDER_OK(length, "{\"access_token\":\"" name "\",\"token_type\":\"Bearer\"}")

static inline void provider_begin(void)
{
    memset(&provider, 0, sizeof(provider));
    provider.token = PROVIDER_TOKEN("43", "T1");
    provider.backend = RESPONDER_OK("7", "\"value\"");
    fixture_server.answer_to = provider_answer;
}

/* A group of settings, with more of them; a text of mem.h. */
static inline char *provider_group(const char *name, const char *more)
{
    return mem_format("%s = { configuration_uri = \"http://127.0.0.1:%u/.well-known/openid-configuration\";"
                      " client_id = \"c\"; %s };", name, fixture_server.port, more);
}

/* A map m, and one that is traced, whose backend wants tokens. */
static inline void provider_map(const char *more, const char *keys)
{
    char *group = provider_group("backend_oidc_auth", more);
    char *all = mem_format("%s %s", group, keys);

    fixture_entry("/m?%s", all);
    mem_free(all);
    mem_free(group);
}

#endif
