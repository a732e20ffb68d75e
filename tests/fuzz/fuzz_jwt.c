/*
 * A mail user's token, as it comes: split, decoded, verified with one key of each kind, its claims checked.
 */
#include "fuzz.h"

#include "base64.h"
#include "buf.h"
#include "jsondoc.h"
#include "jwt.h"
#include "token.h"

#define KEY_SET                                                                                                        \
    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","              \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"},"                                                          \
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}"

/* As if it had been signed, or came from the provider. */
static void check_claims(const struct claims_context *context, struct span text, struct buf *account)
{
    const char *why;
    struct jsondoc *doc = jsondoc_parse(text, &why);

    if (doc == NULL)
        return;
    claims_of_jwt(context, doc, account, &why);
    claims_of_introspection(context, doc, account, &why);
    jsondoc_free(&doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char *audience = (char *)(size_t) "mail";
    static const struct config_oidc oidc = { .audience = { &audience, 1 }, .clock_skew_ms = 60000 };
    static struct jwks *keys;
    const struct claims_context context = { .oidc = &oidc, .issuer = SPAN("joe"), .now_ms = INT64_C(1300819370000) };
    struct span token = span_make((const char *)data, size);
    struct buf account;
    const char *why;

    if (keys == NULL)
        keys = jwks_parse(SPAN(KEY_SET), &why);
    buf_init(&account, 4096);
    token_verify(&context, keys, token, &account, &why);
    jwt_is_meant(token);
    check_claims(&context, token, &account);
    buf_free(&account);
    return 0;
}
