#include "sasl.h"

#include "utf8.h"

/* The same words for name and password: they do not tell which it was. */
static const char empty[] = "user name or password is empty";
static const char too_long[] = "user name or password is too long";
static const char not_allowed[] = "user name or password has bytes that are not allowed";

static enum sasl_outcome malformed(const char **why, const char *reason)
{
    *why = reason;
    return SASL_MALFORMED;
}

static enum sasl_outcome check_text(struct span text, size_t max_bytes, const char **why)
{
    if (text.n == 0)
        return malformed(why, empty);
    if (text.n > max_bytes)
        return malformed(why, too_long);
    if (span_find(text, '\0') < text.n || !utf8_valid(text))
        return malformed(why, not_allowed);
    return SASL_GOOD;
}

/* Takes what stands before the next NUL, and the NUL. */
static bool take_part(struct span *rest, struct span *part)
{
    size_t n = span_find(*rest, '\0');

    if (n == rest->n)
        return false;
    *part = span_first(*rest, n);
    *rest = span_skip(*rest, n + 1);
    return true;
}

enum sasl_outcome sasl_plain(struct span message, struct sasl_credentials *credentials, const char **why)
{
    struct span password = message;
    struct span authzid;
    struct span name;

    if (!take_part(&password, &authzid) || !take_part(&password, &name) || span_find(password, '\0') < password.n)
        return malformed(why, "malformed PLAIN message");
    *credentials = (struct sasl_credentials){ .name = SPAN("") };
    if (sasl_check_name(name, why) != SASL_GOOD)
        return SASL_MALFORMED;
    credentials->name = name;
    if (sasl_check_password(password, why) != SASL_GOOD)
        return SASL_MALFORMED;
    credentials->password = password;
    if (authzid.n == 0 || span_equal(authzid, name))
        return SASL_GOOD;
    *why = "not allowed to act for another user";
    return SASL_OTHER_NAME;
}

enum sasl_outcome sasl_check_name(struct span name, const char **why)
{
    enum sasl_outcome outcome = check_text(name, SASL_NAME_MAX_BYTES, why);

    if (outcome == SASL_GOOD && utf8_has_control(name))
        return malformed(why, not_allowed);
    return outcome;
}

enum sasl_outcome sasl_check_password(struct span password, const char **why)
{
    return check_text(password, SASL_PASSWORD_MAX_BYTES, why);
}
