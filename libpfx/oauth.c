#include "oauth.h"

#include "json.h"
#include "sasl.h"

#define SEPARATOR '\x01'

static const char malformed_xoauth2[] = "malformed XOAUTH2 message";
static const char malformed_bearer[] = "malformed OAUTHBEARER message";

/* In the order of enum oauth_error; arrays, because pointers would need relocation. */
static const char xoauth2_status[][sizeof("401")] = { "401", "403", "400" };
static const char bearer_status[][sizeof("insufficient_scope")] = { "invalid_token", "insufficient_scope",
                                                                    "invalid_request" };

static bool refuse(const char **why, const char *reason)
{
    *why = reason;
    return false;
}

/* Takes what stands before the next such byte, and the byte. */
static bool take_part(struct span *rest, char stop, struct span *part)
{
    size_t n = span_find(*rest, stop);

    if (n == rest->n)
        return false;
    *part = span_first(*rest, n);
    *rest = span_skip(*rest, n + 1);
    return true;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* KEY "=" VALUE: a key of letters, a value of visible ASCII and white space. */
static bool is_strict(struct span field)
{
    size_t key = span_find(field, '=');

    if (key == 0 || key == field.n)
        return false;
    for (size_t i = 0; i < key; i++)
        if (!is_letter(field.p[i]))
            return false;
    for (size_t i = key + 1; i < field.n; i++) {
        char c = field.p[i];
        if ((c < ' ' || c > '~') && c != '\t' && c != '\r' && c != '\n')
            return false;
    }
    return true;
}

/* Fields up to the empty one, which is the end. */
static bool is_whole(struct span rest, bool strict)
{
    struct span field;

    while (take_part(&rest, SEPARATOR, &field)) {
        if (field.n == 0)
            return rest.n == 0;
        if (strict && !is_strict(field))
            return false;
    }
    return false;
}

/* What stands behind `key` in the field that begins with it, p NULL: there is none; false: there are two. */
static bool find_field(struct span rest, struct span key, struct span *value)
{
    struct span field;

    *value = span_make(NULL, 0);
    while (take_part(&rest, SEPARATOR, &field)) {
        if (field.n < key.n || !span_equal(span_first(field, key.n), key))
            continue;
        if (value->p != NULL)
            return false;
        *value = span_skip(field, key.n);
    }
    return true;
}

static bool is_token_byte(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || (c != '\0' && strchr("-._~+/", c) != NULL);
}

static bool is_token(struct span text)
{
    size_t n = text.n;
    size_t i = 0;

    while (n > 0 && text.p[n - 1] == '=')
        n--;
    while (i < n && is_token_byte(text.p[i]))
        i++;
    return n > 0 && i == n;
}

/* "Bearer" in any case, blanks, TOKEN. */
static bool read_token(struct span auth, struct span *token, const char **why)
{
    static const char scheme[] = "bearer ";
    size_t i = 0;

    while (i < auth.n && scheme[i] != '\0' && lower(auth.p[i]) == scheme[i])
        i++;
    if (scheme[i] != '\0')
        return refuse(why, "bearer token is missing");
    while (i < auth.n && auth.p[i] == ' ')
        i++;
    auth = span_skip(auth, i);
    if (auth.n > OAUTH_TOKEN_MAX_BYTES)
        return refuse(why, "bearer token is too long");
    if (!is_token(auth))
        return refuse(why, "bearer token is empty or has characters that are not allowed");
    *token = auth;
    return true;
}

bool oauth_xoauth2(struct span message, struct oauth_message *parsed, const char **why)
{
    struct span user;
    struct span auth;

    *parsed = (struct oauth_message){ .name = SPAN(""), .token = SPAN("") };
    if (!is_whole(message, false) || !find_field(message, SPAN("user="), &user) ||
        !find_field(message, SPAN("auth="), &auth))
        return refuse(why, malformed_xoauth2);
    if (user.n == 0)
        return refuse(why, "user name is missing");
    if (sasl_check_name(user, why) != SASL_GOOD)
        return false;
    parsed->name = user;
    return read_token(auth, &parsed->token, why);
}

/* What two digits behind '=' stand for; NUL: nothing. */
static char unescaped(struct span digits)
{
    return span_equal(digits, SPAN("2C")) ? ',' : span_equal(digits, SPAN("3D")) ? '=' : '\0';
}

static bool unescape(struct span text, char *memory, struct span *name)
{
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '=') {
            c = text.n - i > 2 ? unescaped(span_make(text.p + i + 1, 2)) : '\0';
            i += 2;
        }
        if (c == '\0')
            return false;
        memory[n++] = c;
    }
    *name = span_make(memory, n);
    return true;
}

/* Why this is no gs2-header before a separator; NULL: it is one, and taken. */
static const char *read_header(struct span *rest, char *memory, struct span *name)
{
    struct span flag;
    struct span authzid;

    if (rest->n > 0 && rest->p[0] == 'p')
        return "channel binding is not supported";
    if (!take_part(rest, ',', &flag) || !(span_equal(flag, SPAN("n")) || span_equal(flag, SPAN("y"))))
        return malformed_bearer;
    if (!take_part(rest, ',', &authzid) || rest->n == 0 || rest->p[0] != SEPARATOR)
        return malformed_bearer;
    *rest = span_skip(*rest, 1);
    *name = SPAN("");
    if (authzid.n == 0)
        return NULL;
    if (!span_equal(span_first(authzid, authzid.n < 2 ? authzid.n : 2), SPAN("a=")))
        return malformed_bearer;
    return authzid.n > 2 && unescape(span_skip(authzid, 2), memory, name) ? NULL : malformed_bearer;
}

bool oauth_bearer(struct span message, char *memory, struct oauth_message *parsed, const char **why)
{
    struct span name;
    struct span auth;
    const char *fault = read_header(&message, memory, &name);

    *parsed = (struct oauth_message){ .name = SPAN(""), .token = SPAN("") };
    if (fault != NULL)
        return refuse(why, fault);
    if (!is_whole(message, true) || !find_field(message, SPAN("auth="), &auth))
        return refuse(why, malformed_bearer);
    if (name.n > 0 && sasl_check_name(name, why) != SASL_GOOD)
        return false;
    parsed->name = name;
    return read_token(auth, &parsed->token, why);
}

/* Counts while p is NULL, writes then. */
struct output {
    char *p;
    size_t n;
};

static void put(struct output *o, struct span text)
{
    if (o->p != NULL)
        memcpy(o->p + o->n, text.p, text.n);
    o->n += text.n;
}

static void put_member(struct output *o, struct span name, struct span value)
{
    size_t n = json_escape(NULL, 0, value);

    put(o, o->n == 0 ? SPAN("{\"") : SPAN(",\""));
    put(o, name);
    put(o, SPAN("\":\""));
    if (o->p != NULL)
        json_escape(o->p + o->n, n, value);
    o->n += n;
    put(o, SPAN("\""));
}

static void put_challenge(struct output *o, const struct oauth_challenge *challenge)
{
    if (challenge->is_xoauth2) {
        put_member(o, SPAN("status"), span_text(xoauth2_status[challenge->error]));
        put_member(o, SPAN("schemes"), SPAN("bearer"));
        put_member(o, SPAN("scope"), challenge->scope);
    } else {
        put_member(o, SPAN("status"), span_text(bearer_status[challenge->error]));
        if (challenge->scope.n > 0)
            put_member(o, SPAN("scope"), challenge->scope);
        if (challenge->configuration.n > 0)
            put_member(o, SPAN("openid-configuration"), challenge->configuration);
    }
    put(o, SPAN("}"));
}

size_t oauth_challenge(char *out, size_t size, const struct oauth_challenge *challenge)
{
    struct output counted = { NULL, 0 };
    struct output written = { out, 0 };

    put_challenge(&counted, challenge);
    if (counted.n <= size)
        put_challenge(&written, challenge);
    return counted.n;
}
