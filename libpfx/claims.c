#include "claims.h"

#include <stdio.h>
#include <strings.h>

#include "mem.h"
#include "sasl.h"
#include "utf8.h"

#define MS_PER_SECOND 1000.0
#define PATH_MAX_BYTES 32 /* of an element of a claim that is named below */

static const struct span refresh_token = { "refresh_token", sizeof("refresh_token") - 1 };
static const char *const accounts_of_jwt[] = { "username", "preferred_username", "sub", NULL };
static const char *const accounts_of_introspection[] = { "username", "sub", NULL };

/* A moment before which a token is of no use. */
struct beginning {
    const char *name;
    const char *malformed;
    const char *to_come;
};

static const struct beginning not_before = { "nbf", "nbf is no number of seconds", "the token is not valid yet (nbf)" };
static const struct beginning issued_at = { "iat", "iat is no number of seconds", "the token is of the future (iat)" };

static bool refuse(const char **why, const char *reason)
{
    *why = reason;
    return false;
}

static bool has(const struct jsondoc *doc, const char *name)
{
    return jsondoc_type(doc, name) != JSONDOC_ABSENT;
}

static bool is_string(const struct jsondoc *doc, const char *path, struct span text)
{
    struct span string = jsondoc_string(doc, path);
    return string.p != NULL && span_equal(string, text);
}

/* Is it that string, or an array that holds it? */
static bool holds(const struct jsondoc *doc, const char *name, struct span text)
{
    const size_t count = jsondoc_length(doc, name);
    bool found = is_string(doc, name, text);

    for (size_t i = 0; i < count && i < CLAIMS_LIST_MAX && !found; i++) {
        char path[PATH_MAX_BYTES];
        snprintf(path, sizeof(path), "%s.%zu", name, i);
        found = is_string(doc, path, text);
    }
    return found;
}

/* What is not there is NAN, which is no date. */
static bool is_date(double seconds)
{
    return seconds >= 0 && seconds <= JSONDOC_INTEGER_MAX;
}

static bool check_issuer(const struct claims_context *context, const struct jsondoc *doc, const char **why)
{
    if (!has(doc, "iss"))
        return refuse(why, "the token names no issuer (iss)");
    return (context->issuer.n > 0 && is_string(doc, "iss", context->issuer)) ||
           refuse(why, "the token is of another issuer (iss)");
}

static bool check_end(const struct claims_context *context, const struct jsondoc *doc, const char **why)
{
    const double expires = jsondoc_number(doc, "exp");

    if (!has(doc, "exp"))
        return refuse(why, "the token does not tell when it expires (exp)");
    if (!is_date(expires))
        return refuse(why, "exp is no number of seconds");
    return expires * MS_PER_SECOND > (double)(context->now_ms - context->oidc->clock_skew_ms) ||
           refuse(why, "the token has expired (exp)");
}

static bool check_beginning(const struct claims_context *context, const struct jsondoc *doc,
                            const struct beginning *beginning, const char **why)
{
    const double seconds = jsondoc_number(doc, beginning->name);

    if (!has(doc, beginning->name))
        return true;
    if (!is_date(seconds))
        return refuse(why, beginning->malformed);
    return seconds * MS_PER_SECOND <= (double)(context->now_ms + context->oidc->clock_skew_ms) ||
           refuse(why, beginning->to_come);
}

static bool check_audience(const struct config_oidc *oidc, const struct jsondoc *doc, const char **why)
{
    bool found = false;

    if (oidc->any_audience)
        return true;
    if (oidc->audience.count == 0)
        return refuse(why, "no audience is configured");
    if (!has(doc, "aud"))
        return refuse(why, "the token names no audience (aud)");
    for (size_t i = 0; i < oidc->audience.count && !found; i++)
        found = holds(doc, "aud", span_text(oidc->audience.item[i]));
    return found || refuse(why, "the token is for another audience (aud)");
}

static bool check_no_id_token(const struct config_oidc *oidc, const struct jsondoc *doc, const char **why)
{
    if (oidc->require_typ || oidc->required_claims.count > 0 || (!has(doc, "nonce") && !has(doc, "at_hash")))
        return true;
    return refuse(why, "the token looks like an ID token (nonce or at_hash): set require_typ or required_claims");
}

static bool has_text(const struct jsondoc *doc, const char *path, struct span text)
{
    const enum jsondoc_type type = jsondoc_type(doc, path);
    const char *why;
    struct buf found;

    if (type == JSONDOC_ABSENT || type == JSONDOC_NULL || type == JSONDOC_ARRAY)
        return false;
    buf_init(&found, text.n);
    bool equal = jsondoc_get(doc, path, ',', &found, &why) != JSONDOC_BAD && span_equal(buf_span(&found), text);
    buf_free(&found);
    return equal;
}

static bool check_required(const struct config_oidc *oidc, const struct jsondoc *doc, const char **why)
{
    bool good = true;

    for (size_t i = 0; i < oidc->required_claims.count && good; i++) {
        struct span required = span_text(oidc->required_claims.item[i]);
        size_t equals = span_find(required, '=');
        char *path = mem_copy(required.p, equals);
        good = equals < required.n && has_text(doc, path, span_skip(required, equals + 1));
        mem_free(path);
    }
    return good || refuse(why, "the token lacks one of required_claims");
}

static bool has_word(struct span text, struct span word)
{
    while (text.n > 0) {
        size_t space = span_find(text, ' ');
        if (span_equal(span_first(text, space), word))
            return true;
        text = span_skip(text, space < text.n ? space + 1 : space);
    }
    return false;
}

static bool has_scope(const struct jsondoc *doc, const char *name, struct span scope)
{
    return has_word(jsondoc_string(doc, name), scope) || holds(doc, name, scope);
}

static bool check_scopes(const struct config_oidc *oidc, const struct jsondoc *doc, const char **why)
{
    bool good = true;

    for (size_t i = 0; i < oidc->required_scopes.count && good; i++) {
        struct span scope = span_text(oidc->required_scopes.item[i]);
        good = has_scope(doc, "scope", scope) || has_scope(doc, "scp", scope);
    }
    return good || refuse(why, "the token lacks one of required_scopes (scope, scp)");
}

static struct span find_account(const struct config_strings *names, const char *const *defaults,
                                const struct jsondoc *doc)
{
    struct span found = SPAN("");

    for (size_t i = 0; i < names->count && found.n == 0; i++)
        found = jsondoc_string(doc, names->item[i]);
    for (; names->count == 0 && *defaults != NULL && found.n == 0; defaults++)
        found = jsondoc_string(doc, *defaults);
    return found;
}

/* One that cannot be used is refused: another claim may be another person's. */
static bool is_blank(struct span text)
{
    size_t i = 0;

    while (i < text.n && text.p[i] == ' ')
        i++;
    return i == text.n;
}

static bool take_account(struct span found, struct buf *account, const char **why)
{
    if (is_blank(found))
        return refuse(why, "the token names no account");
    if (utf8_has_control(found))
        return refuse(why, "the account holds control characters");
    return (found.n <= SASL_NAME_MAX_BYTES && buf_add(account, found)) || refuse(why, "the account is too long");
}

/* The token itself is good: what may it do, and whose is it? */
static enum claims conclude(const struct config_oidc *oidc, const char *const *defaults, const struct jsondoc *doc,
                            struct buf *account, const char **why)
{
    if (!check_scopes(oidc, doc, why))
        return CLAIMS_LACKS_SCOPE;
    struct span found = find_account(&oidc->account_claim, defaults, doc);
    return take_account(found, account, why) ? CLAIMS_GOOD : CLAIMS_INVALID;
}

enum claims claims_of_jwt(const struct claims_context *context, const struct jsondoc *payload, struct buf *account,
                          const char **why)
{
    const struct config_oidc *oidc = context->oidc;

    if (!jsondoc_is_object(payload, NULL)) {
        *why = "the payload is no JSON object";
        return CLAIMS_INVALID;
    }
    bool good = check_issuer(context, payload, why) && check_end(context, payload, why) &&
                check_beginning(context, payload, &not_before, why) &&
                check_beginning(context, payload, &issued_at, why) && check_audience(oidc, payload, why) &&
                check_no_id_token(oidc, payload, why) && check_required(oidc, payload, why);
    return good ? conclude(oidc, accounts_of_jwt, payload, account, why) : CLAIMS_INVALID;
}

static bool check_active(const struct jsondoc *answer, const char **why)
{
    if (jsondoc_type(answer, "active") == JSONDOC_FALSE)
        return refuse(why, "the provider says that the token is not active");
    struct span type = jsondoc_string(answer, "token_type");
    bool is_refresh = type.n == refresh_token.n && strncasecmp(type.p, refresh_token.p, type.n) == 0;
    return !is_refresh || refuse(why, "the token is a refresh token");
}

static bool is_answer(const struct jsondoc *answer)
{
    const enum jsondoc_type active = jsondoc_type(answer, "active");
    return active == JSONDOC_TRUE || active == JSONDOC_FALSE;
}

enum claims claims_of_introspection(const struct claims_context *context, const struct jsondoc *answer,
                                    struct buf *account, const char **why)
{
    const struct config_oidc *oidc = context->oidc;

    if (!is_answer(answer)) {
        *why = "the answer of the introspection is no JSON object with true or false as active";
        return CLAIMS_MALFORMED;
    }
    bool good = check_active(answer, why) && (!has(answer, "iss") || check_issuer(context, answer, why)) &&
                (!has(answer, "exp") || check_end(context, answer, why)) &&
                check_beginning(context, answer, &not_before, why) &&
                (oidc->audience.count == 0 || check_audience(oidc, answer, why)) &&
                check_required(oidc, answer, why);
    return good ? conclude(oidc, accounts_of_introspection, answer, account, why) : CLAIMS_INVALID;
}
