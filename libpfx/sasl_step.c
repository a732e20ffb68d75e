#include "sasl.h"

#include "oauth.h"

static const struct {
    char name[SASL_MECHANISM_MAX_BYTES + 1];
    char challenge[sizeof(SASL_LOGIN_USERNAME)];
} mechanisms[SASL_MECHANISMS] = {
    [SASL_PLAIN] = { "PLAIN", "" },
    [SASL_LOGIN] = { "LOGIN", SASL_LOGIN_USERNAME },
    [SASL_XOAUTH2] = { "XOAUTH2", "" },
    [SASL_OAUTHBEARER] = { "OAUTHBEARER", "" },
};

const char *sasl_name(enum sasl_mechanism mechanism)
{
    return mechanisms[mechanism].name;
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
}

static bool is_named(struct span name, const char *known)
{
    size_t i = 0;

    while (i < name.n && known[i] != '\0' && upper(name.p[i]) == known[i])
        i++;
    return i == name.n && known[i] == '\0';
}

bool sasl_find(struct span name, enum sasl_mechanism *mechanism)
{
    for (int i = 0; i < SASL_MECHANISMS; i++) {
        if (is_named(name, mechanisms[i].name)) {
            *mechanism = (enum sasl_mechanism)i;
            return true;
        }
    }
    return false;
}

bool sasl_is_oauth(enum sasl_mechanism mechanism)
{
    return mechanism == SASL_XOAUTH2 || mechanism == SASL_OAUTHBEARER;
}

struct span sasl_challenge(enum sasl_mechanism mechanism)
{
    return span_text(mechanisms[mechanism].challenge);
}

bool sasl_begins_with(enum sasl_mechanism mechanism, struct span message)
{
    return mechanism == SASL_PLAIN || message.n > 0;
}

static enum sasl_next step_plain(struct span message, struct sasl_step *step)
{
    switch (sasl_plain(message, &step->credentials, &step->why)) {
    case SASL_GOOD:
        return SASL_CHECK;
    case SASL_OTHER_NAME:
        step->code = "authz_fail";
        break;
    case SASL_MALFORMED:
        break;
    }
    return SASL_REFUSED;
}

static enum sasl_next step_login(struct span name, struct span message, struct sasl_step *step)
{
    bool is_name = name.n == 0;
    enum sasl_outcome outcome = is_name ? sasl_check_name(message, &step->why)
                                        : sasl_check_password(message, &step->why);

    step->credentials.name = name;
    if (outcome != SASL_GOOD)
        return SASL_REFUSED;
    if (!is_name) {
        step->credentials.password = message;
        return SASL_CHECK;
    }
    step->credentials.name = message;
    step->challenge = SPAN(SASL_LOGIN_PASSWORD);
    return SASL_GO_ON;
}

static enum sasl_next step_oauth(enum sasl_mechanism mechanism, struct span message, char *memory,
                                 struct sasl_step *step)
{
    struct oauth_message parsed;
    bool is_good = mechanism == SASL_XOAUTH2 ? oauth_xoauth2(message, &parsed, &step->why)
                                             : oauth_bearer(message, memory, &parsed, &step->why);

    step->credentials = (struct sasl_credentials){ parsed.name, parsed.token };
    return is_good ? SASL_CHECK : SASL_REFUSED;
}

enum sasl_next sasl_step(enum sasl_mechanism mechanism, struct span name, struct span message, char *memory,
                         struct sasl_step *step)
{
    *step = (struct sasl_step){ .code = "" };
    if (sasl_is_oauth(mechanism))
        return step_oauth(mechanism, message, memory, step);
    return mechanism == SASL_PLAIN ? step_plain(message, step) : step_login(name, message, step);
}
