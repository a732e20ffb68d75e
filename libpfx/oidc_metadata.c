#include "oidc_metadata.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "jsondoc.h"
#include "mem.h"

#define PATH_MAX_BYTES 100

static const char well_known[] = "/.well-known/openid-configuration";

static const char *const endpoints[OIDC_ENDPOINTS] = { [OIDC_TOKEN_ENDPOINT] = "token_endpoint",
                                                       [OIDC_INTROSPECTION_ENDPOINT] = "introspection_endpoint" };

/* Of a list, the words that count here, a bit for each. */
struct words {
    bool are_listed;
    uint32_t known;
};

struct oidc_metadata {
    struct jsondoc *doc;
    struct words methods[OIDC_ENDPOINTS];
    struct words algorithms[OIDC_ENDPOINTS];
};

static uint32_t bit(int i)
{
    return UINT32_C(1) << i;
}

static uint32_t method_bit(struct span word)
{
    if (span_equal(word, SPAN("client_secret_basic")))
        return bit(CONFIG_OIDC_SECRET_BASIC);
    return span_equal(word, SPAN("client_secret_post")) ? bit(CONFIG_OIDC_SECRET_POST) : 0;
}

static uint32_t algorithm_bit(struct span word)
{
    enum crypto_algorithm algorithm;
    return crypto_find(word, &algorithm) ? bit((int)algorithm) : 0;
}

static struct words read_words(const struct jsondoc *doc, enum oidc_endpoint endpoint, const char *list,
                               uint32_t (*bit_of)(struct span word))
{
    char path[PATH_MAX_BYTES];
    struct words words = { .known = 0 };

    snprintf(path, sizeof(path), "%s_%s", endpoints[endpoint], list);
    size_t count = jsondoc_length(doc, path);
    size_t n = strlen(path);
    words.are_listed = count > 0;
    for (size_t i = 0; i < count && i < OIDC_METADATA_LIST_MAX; i++) {
        snprintf(path + n, sizeof(path) - n, ".%zu", i);
        words.known |= bit_of(jsondoc_string(doc, path));
    }
    return words;
}

/* A slash at its end does not count. */
static bool is_issuer(struct span issuer, const struct config_oidc *group)
{
    const size_t n = sizeof(well_known) - 1;
    struct span uri = span_text(group->configuration_uri);

    if (issuer.n == 0)
        return false;
    if (group->configuration.socket_path != NULL || uri.n < n || memcmp(uri.p + uri.n - n, well_known, n) != 0)
        return true;
    if (issuer.p[issuer.n - 1] == '/')
        issuer = span_first(issuer, issuer.n - 1);
    return span_equal(issuer, span_first(uri, uri.n - n));
}

struct oidc_metadata *oidc_metadata_parse(const struct config_oidc *group, struct span body, const char **why)
{
    struct jsondoc *doc = jsondoc_parse(body, why);

    if (doc == NULL)
        return NULL;
    if (!is_issuer(jsondoc_string(doc, "issuer"), group)) {
        *why = "the provider's issuer is another than configuration_uri says";
        jsondoc_free(&doc);
        return NULL;
    }
    struct oidc_metadata *metadata = mem_alloc(sizeof(*metadata));
    metadata->doc = doc;
    for (int i = 0; i < OIDC_ENDPOINTS; i++) {
        enum oidc_endpoint endpoint = (enum oidc_endpoint)i;
        metadata->methods[i] = read_words(doc, endpoint, "auth_methods_supported", method_bit);
        metadata->algorithms[i] = read_words(doc, endpoint, "auth_signing_alg_values_supported", algorithm_bit);
    }
    return metadata;
}

void oidc_metadata_free(struct oidc_metadata **metadata)
{
    if (*metadata == NULL)
        return;
    jsondoc_free(&(*metadata)->doc);
    mem_free(*metadata);
    *metadata = NULL;
}

struct span oidc_metadata_issuer(const struct oidc_metadata *metadata)
{
    return jsondoc_string(metadata->doc, "issuer");
}

struct span oidc_metadata_url(const struct oidc_metadata *metadata, enum oidc_endpoint endpoint)
{
    return jsondoc_string(metadata->doc, endpoints[endpoint]);
}

struct span oidc_metadata_jwks_uri(const struct oidc_metadata *metadata)
{
    return jsondoc_string(metadata->doc, "jwks_uri");
}

static enum oidc_support support_of(struct words words, uint32_t wanted)
{
    if (!words.are_listed)
        return OIDC_SILENT;
    return (words.known & wanted) != 0 ? OIDC_SUPPORTED : OIDC_UNSUPPORTED;
}

enum oidc_support oidc_metadata_has_method(const struct oidc_metadata *metadata, enum oidc_endpoint endpoint,
                                           enum config_oidc_method method)
{
    return support_of(metadata->methods[endpoint], bit((int)method));
}

enum oidc_support oidc_metadata_has_algorithm(const struct oidc_metadata *metadata, enum oidc_endpoint endpoint,
                                              enum crypto_algorithm algorithm)
{
    return support_of(metadata->algorithms[endpoint], bit((int)algorithm));
}
