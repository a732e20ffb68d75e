#include "token.h"

#include <strings.h>

#include "base64.h"
#include "jwt.h"

/* What the header says. */
struct head {
    enum crypto_algorithm algorithm;
    struct span kid; /* p NULL: none */
};

static bool refuse(const char **why, const char *reason)
{
    *why = reason;
    return false;
}

static bool has(const struct jsondoc *doc, const char *name)
{
    return jsondoc_type(doc, name) != JSONDOC_ABSENT;
}

/* The bytes; they are not public: with them somebody may log in. */
static bool decode(struct span text, struct buf *bytes)
{
    size_t needed;

    buf_init(bytes, JWT_MAX_BYTES);
    bytes->secret = true;
    return base64_url_decode(NULL, 0, text, &needed) &&
           base64_url_decode(buf_extend(bytes, needed), needed, text, &needed);
}

/* NULL: *why. */
static struct jsondoc *parse(struct span text, const char *not_base64, const char **why)
{
    struct jsondoc *doc = NULL;
    struct buf bytes;

    if (decode(text, &bytes))
        doc = jsondoc_parse(buf_span(&bytes), why);
    else
        *why = not_base64;
    buf_free(&bytes);
    return doc;
}

static bool is_text(struct span text, struct span known)
{
    return text.n == known.n && strncasecmp(text.p, known.p, known.n) == 0;
}

static bool check_typ(const struct jsondoc *header, const char **why)
{
    struct span typ = jsondoc_string(header, "typ");

    return is_text(typ, SPAN("at+jwt")) || is_text(typ, SPAN("application/at+jwt")) ||
           refuse(why, "the token is no access token by its typ, which require_typ asks for");
}

static bool read_head(const struct jsondoc *header, bool require_typ, struct head *head, const char **why)
{
    if (!jsondoc_is_object(header, NULL))
        return refuse(why, "the header is no JSON object");
    if (has(header, "crit"))
        return refuse(why, "the header asks for extensions (crit)");
    if (has(header, "b64"))
        return refuse(why, "the header tells how the payload is encoded (b64)");
    if (!crypto_find(jsondoc_string(header, "alg"), &head->algorithm))
        return refuse(why, "the algorithm (alg) is not one of those that are accepted");
    head->kid = jsondoc_string(header, "kid");
    if (head->kid.p == NULL && has(header, "kid"))
        return refuse(why, "the header's kid is no string");
    return !require_typ || check_typ(header, why);
}

static enum token verify_signature(const struct jwks *keys, const struct jwt *jwt, const struct head *head,
                                   const char **why)
{
    const struct crypto_key *found[JWKS_TRIED_MAX];
    const size_t count = jwks_find(keys, head->kid, head->algorithm, found);
    struct buf signature;
    bool good = false;

    if (count == 0) {
        *why = "the provider has no key of this kid for the algorithm";
        return TOKEN_UNKNOWN_KEY;
    }
    if (count > JWKS_TRIED_MAX) {
        *why = "the token does not tell which of the provider's keys it is signed with (kid)";
        return TOKEN_REFUSED;
    }
    bool decoded = decode(jwt->signature, &signature);
    for (size_t i = 0; i < count && decoded && !good; i++)
        good = crypto_verify(found[i], head->algorithm, jwt->input, buf_span(&signature));
    buf_free(&signature);
    if (!good)
        *why = decoded ? "the signature is wrong" : "the signature is not base64url";
    return good ? TOKEN_GOOD : TOKEN_REFUSED;
}

static enum token check_header(const struct claims_context *context, const struct jwks *keys, const struct jwt *jwt,
                               const char **why)
{
    struct jsondoc *header = parse(jwt->header, "the header is not base64url", why);
    enum token result = TOKEN_REFUSED;
    struct head head;

    if (header != NULL && read_head(header, context->oidc->require_typ, &head, why))
        result = verify_signature(keys, jwt, &head, why);
    jsondoc_free(&header);
    return result;
}

static enum token check_payload(const struct claims_context *context, const struct jwt *jwt, struct buf *account,
                                const char **why)
{
    struct jsondoc *payload = parse(jwt->payload, "the payload is not base64url", why);
    enum claims claims = payload == NULL ? CLAIMS_INVALID : claims_of_jwt(context, payload, account, why);

    jsondoc_free(&payload);
    if (claims == CLAIMS_LACKS_SCOPE)
        return TOKEN_LACKS_SCOPE;
    return claims == CLAIMS_GOOD ? TOKEN_GOOD : TOKEN_REFUSED;
}

enum token token_verify(const struct claims_context *context, const struct jwks *keys, struct span token,
                        struct buf *account, const char **why)
{
    struct jwt jwt;

    if (!jwt_split(token, &jwt, why))
        return TOKEN_REFUSED;
    enum token result = check_header(context, keys, &jwt, why);
    return result == TOKEN_GOOD ? check_payload(context, &jwt, account, why) : result;
}
