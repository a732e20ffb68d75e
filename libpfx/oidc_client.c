#include "oidc_client.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base64.h"
#include "clock.h"
#include "json.h"
#include "template.h"

#define JTI_BYTES 16
#define ASSERTION_MAX_BYTES 16384
#define CREDENTIALS_MAX_BYTES (1024 * 1024)

static const char assertion_type[] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/* All but the unreserved characters of RFC 3986, which is right in a form. */
static void add_encoded(struct buf *to, struct span text)
{
    static const struct template_piece key = { .what = TEMPLATE_KEY };
    const struct template_values values = { .key = text };
    size_t n = 0;

    if (text.n == 0)
        return;
    template_expand(&key, 1, TEMPLATE_ESCAPE_URL, &values, NULL, 0, &n);
    template_expand(&key, 1, TEMPLATE_ESCAPE_URL, &values, buf_extend(to, n), n, &n);
}

void oidc_client_add(struct buf *form, const char *name, struct span value)
{
    if (form->n > 0)
        buf_add(form, SPAN("&"));
    buf_add(form, span_text(name));
    buf_add(form, SPAN("="));
    add_encoded(form, value);
}

static enum config_oidc_method choose_method(const struct oidc_client *client, enum oidc_endpoint endpoint)
{
    const struct config_oidc *group = client->record->group;
    const struct oidc_metadata *metadata = oidc_provider_metadata(client->provider);

    if (group->auth_method != CONFIG_OIDC_AUTO)
        return (enum config_oidc_method)group->auth_method;
    if (client->record->key != NULL)
        return CONFIG_OIDC_PRIVATE_KEY_JWT;
    if (group->client_secret == NULL)
        return CONFIG_OIDC_NONE;
    bool only_post =
        oidc_metadata_has_method(metadata, endpoint, CONFIG_OIDC_SECRET_BASIC) == OIDC_UNSUPPORTED &&
        oidc_metadata_has_method(metadata, endpoint, CONFIG_OIDC_SECRET_POST) == OIDC_SUPPORTED;
    return only_post ? CONFIG_OIDC_SECRET_POST : CONFIG_OIDC_SECRET_BASIC;
}

static void add_credential(struct buf *to, const char *text, bool is_encoded)
{
    if (is_encoded)
        add_encoded(to, span_text(text));
    else
        buf_add(to, span_text(text));
}

static void add_basic(const struct config_oidc *group, struct http_call *call)
{
    const bool is_encoded = group->basic_encoding == CONFIG_OIDC_ENCODING_FORM;
    struct buf plain;
    struct buf line;

    buf_init(&plain, CREDENTIALS_MAX_BYTES);
    buf_init(&line, 2 * CREDENTIALS_MAX_BYTES);
    plain.secret = line.secret = true;
    add_credential(&plain, group->client_id, is_encoded);
    buf_add(&plain, SPAN(":"));
    add_credential(&plain, group->client_secret, is_encoded);
    size_t n = base64_encode(NULL, 0, buf_span(&plain));
    buf_add(&line, SPAN("Authorization: Basic "));
    base64_encode(buf_extend(&line, n), n, buf_span(&plain));
    http_add_header(call, buf_text(&line));
    buf_free(&plain);
    buf_free(&line);
}

static bool choose_algorithm(const struct oidc_client *client, enum oidc_endpoint endpoint,
                             enum crypto_algorithm *algorithm)
{
    const struct oidc_metadata *metadata = oidc_provider_metadata(client->provider);
    bool found = false;

    for (int i = 0; i < CRYPTO_ALGORITHMS; i++) {
        enum crypto_algorithm candidate = (enum crypto_algorithm)i;
        if (!crypto_key_fits(client->record->key, candidate))
            continue;
        if (oidc_metadata_has_algorithm(metadata, endpoint, candidate) == OIDC_SUPPORTED) {
            *algorithm = candidate;
            return true;
        }
        if (!found)
            *algorithm = candidate;
        found = true;
    }
    return found;
}

static void add_string(struct buf *json, const char *name, struct span value)
{
    size_t n = json_escape(NULL, 0, value);

    buf_format(json, "%s\"%s\":\"", json->n > 1 ? "," : "", name);
    json_escape(buf_extend(json, n), n, value);
    buf_add(json, SPAN("\""));
}

static void add_base64(struct buf *to, struct span bytes)
{
    size_t n = base64_url_encode(NULL, 0, bytes);
    base64_url_encode(buf_extend(to, n), n, bytes);
}

static bool add_random(struct buf *json)
{
    unsigned char bytes[JTI_BYTES];
    char text[2 * JTI_BYTES + 1];

    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
        return false;
    for (size_t i = 0; i < JTI_BYTES; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    add_string(json, "jti", span_text(text));
    return true;
}

/* HEADER.PAYLOAD, both in base64url. False: there is no randomness. */
static bool make_input(const struct oidc_client *client, enum oidc_endpoint endpoint, enum crypto_algorithm algorithm,
                       struct buf *input)
{
    const struct config_oidc *group = client->record->group;
    const struct oidc_metadata *metadata = oidc_provider_metadata(client->provider);
    bool is_named = group->assertion_audience[0] != '\0';
    struct span audience = is_named ? span_text(group->assertion_audience) : oidc_metadata_url(metadata, endpoint);
    int64_t now_s = clock_wall_ms() / 1000;
    struct buf json;

    buf_init(&json, ASSERTION_MAX_BYTES);
    buf_add(&json, SPAN("{"));
    add_string(&json, "alg", span_text(crypto_name(algorithm)));
    add_string(&json, "typ", SPAN("JWT"));
    if (group->key_id[0] != '\0')
        add_string(&json, "kid", span_text(group->key_id));
    buf_add(&json, SPAN("}"));
    add_base64(input, buf_span(&json));
    buf_clear(&json);
    buf_add(&json, SPAN("{"));
    add_string(&json, "iss", span_text(group->client_id));
    add_string(&json, "sub", span_text(group->client_id));
    add_string(&json, "aud", audience);
    bool is_random = add_random(&json);
    buf_format(&json, ",\"iat\":%" PRId64 ",\"exp\":%" PRId64 "}", now_s, now_s + OIDC_ASSERTION_S);
    buf_add(input, SPAN("."));
    add_base64(input, buf_span(&json));
    buf_free(&json);
    return is_random;
}

static bool add_assertion(const struct oidc_client *client, enum oidc_endpoint endpoint, struct http_call *call)
{
    enum crypto_algorithm algorithm = CRYPTO_RS256;
    char signature[CRYPTO_SIGNATURE_MAX_BYTES];
    struct buf assertion;
    size_t n = 0;

    buf_init(&assertion, 4L * ASSERTION_MAX_BYTES);
    assertion.secret = true;
    if (choose_algorithm(client, endpoint, &algorithm) && make_input(client, endpoint, algorithm, &assertion))
        n = crypto_sign(client->record->key, algorithm, buf_span(&assertion), signature);
    if (n > 0) {
        buf_add(&assertion, SPAN("."));
        add_base64(&assertion, span_make(signature, n));
        oidc_client_add(http_body(call), "client_assertion_type", span_text(assertion_type));
        oidc_client_add(http_body(call), "client_assertion", buf_span(&assertion));
        http_use_new_connection(call);
    }
    buf_free(&assertion);
    return n > 0;
}

static bool authenticate(const struct oidc_client *client, enum oidc_endpoint endpoint, struct http_call *call)
{
    const struct config_oidc *group = client->record->group;
    enum config_oidc_method method = choose_method(client, endpoint);

    if (method == CONFIG_OIDC_SECRET_BASIC) {
        add_basic(group, call);
        return true;
    }
    oidc_client_add(http_body(call), "client_id", span_text(group->client_id));
    if (method == CONFIG_OIDC_SECRET_POST)
        oidc_client_add(http_body(call), "client_secret", span_text(group->client_secret));
    return method != CONFIG_OIDC_PRIVATE_KEY_JWT || add_assertion(client, endpoint, call);
}

struct http_call *oidc_client_post(const struct oidc_client *client, enum oidc_endpoint endpoint)
{
    static const char *const missing[] = {
        [OIDC_TOKEN_ENDPOINT] = "the provider has no token_endpoint that can be used",
        [OIDC_INTROSPECTION_ENDPOINT] = "the provider has no introspection_endpoint that can be used",
    };
    struct http_call *call = oidc_provider_prepare(client->provider, endpoint);

    if (call == NULL) {
        oidc_site_warn(oidc_provider_site(client->provider), missing[endpoint], "");
        return NULL;
    }
    if (authenticate(client, endpoint, call))
        return call;
    oidc_site_warn(oidc_provider_site(client->provider), "the client assertion cannot be signed", "");
    http_cancel(call);
    return NULL;
}
