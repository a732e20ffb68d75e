/*
 * Messages of a mail user, after base64: PLAIN, LOGIN, XOAUTH2 and OAUTHBEARER. The first byte chooses; LOGIN has a
 * message a line. Whatever passes is fit to be shown and sent on.
 */
#include "fuzz.h"

#include "authproto.h"
#include "json.h"
#include "oauth.h"
#include "sasl.h"
#include "utf8.h"

#define OPAQUE_BYTES "-._~+/=" /* of a token, beside letters and digits: RFC 6750 */

static bool is_token(struct span token)
{
    for (size_t i = 0; i < token.n; i++) {
        char c = span_lower(token.p[i]);
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && (c == '\0' || strchr(OPAQUE_BYTES, c) == NULL))
            return false;
    }
    return token.n > 0 && token.n <= OAUTH_TOKEN_MAX_BYTES;
}

static void check_credentials(enum sasl_mechanism mechanism, const struct sasl_credentials *credentials)
{
    const char *why;

    if (sasl_is_oauth(mechanism)) {
        FUZZ_HOLDS(is_token(credentials->password));
        FUZZ_HOLDS(credentials->name.n == 0 || sasl_check_name(credentials->name, &why) == SASL_GOOD);
    } else {
        FUZZ_HOLDS(sasl_check_name(credentials->name, &why) == SASL_GOOD);
        FUZZ_HOLDS(sasl_check_password(credentials->password, &why) == SASL_GOOD);
    }
}

/* A refusal may name the user: only one that Postfix can take. */
static void check_step(enum sasl_mechanism mechanism, enum sasl_next next, const struct sasl_step *step)
{
    struct span name = step->credentials.name;

    FUZZ_HOLDS(utf8_valid(name) && !utf8_has_control(name) && name.n <= SASL_NAME_MAX_BYTES);
    FUZZ_HOLDS(next != SASL_REFUSED || (step->why != NULL && step->code != NULL));
    FUZZ_HOLDS(next != SASL_GO_ON || (mechanism == SASL_LOGIN && name.n > 0));
    if (next == SASL_CHECK)
        check_credentials(mechanism, &step->credentials);
}

static void run(enum sasl_mechanism mechanism, struct span rest)
{
    struct sasl_step step, first = { .code = "" };
    bool has_lines = mechanism == SASL_LOGIN;
    struct span message = has_lines ? fuzz_take_until(&rest, '\n') : rest;
    char *memory = fuzz_memory(message.n);
    enum sasl_next next = sasl_step(mechanism, SPAN(""), message, memory, &step);

    check_step(mechanism, next, &step);
    if (next == SASL_GO_ON) {
        first = step;
        check_step(mechanism, sasl_step(mechanism, first.credentials.name, rest, NULL, &step), &step);
        FUZZ_HOLDS(span_equal(first.credentials.name, step.credentials.name));
    }
    free(memory);
}

/* The error that the client gets is JSON, whatever the texts are. */
static void check_challenge(bool is_xoauth2, struct span text)
{
    const struct oauth_challenge challenge = { .is_xoauth2 = is_xoauth2, .scope = text, .configuration = text };
    const char *why;

    if (!utf8_valid(text) || memchr(text.n == 0 ? "" : text.p, '\0', text.n) != NULL)
        return;
    size_t size = oauth_challenge(NULL, 0, &challenge);
    char *out = fuzz_memory(size);
    FUZZ_HOLDS(oauth_challenge(out, size, &challenge) == size && json_check(span_make(out, size), &why));
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = span_make((const char *)data, size);
    enum sasl_mechanism mechanism = (enum sasl_mechanism)(fuzz_take_byte(&in) % SASL_MECHANISMS), found;

    run(mechanism, in);
    check_challenge(mechanism == SASL_XOAUTH2, in);
    if (sasl_find(in, &found))
        FUZZ_HOLDS(in.n == strlen(sasl_name(found)));
    return 0;
}
