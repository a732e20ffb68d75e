#include "login.h"

static void add_plain(const struct login *login, struct buf *message)
{
    buf_add(message, SPAN("\0"));
    buf_add(message, span_text(login->user));
    buf_add(message, SPAN("\0"));
    buf_add(message, buf_span(&login->secret));
}

static void add_bearer(const struct login *login, struct buf *message)
{
    buf_add(message, SPAN("\001" "auth=Bearer "));
    buf_add(message, buf_span(&login->secret));
    buf_add(message, SPAN("\001\001"));
}

/* RFC 5801, section 4: two bytes of a name are escaped. */
static void add_authzid(const struct login *login, struct buf *message)
{
    if (login->user[0] == '\0')
        return;
    buf_add(message, SPAN("a="));
    for (const char *p = login->user; *p != '\0'; p++)
        buf_add(message, *p == ',' ? SPAN("=2C") : *p == '=' ? SPAN("=3D") : span_make(p, 1));
}

bool login_message(const struct login *login, size_t i, struct buf *message)
{
    buf_clear(message);
    if (i >= (login->mechanism == SASL_LOGIN ? 2 : 1))
        return false;
    switch (login->mechanism) {
    case SASL_LOGIN:
        buf_add(message, i == 0 ? span_text(login->user) : buf_span(&login->secret));
        break;
    case SASL_XOAUTH2:
        buf_format(message, "user=%s", login->user);
        add_bearer(login, message);
        break;
    case SASL_OAUTHBEARER:
        buf_add(message, SPAN("n,"));
        add_authzid(login, message);
        buf_add(message, SPAN(","));
        add_bearer(login, message);
        break;
    case SASL_PLAIN:
    case SASL_MECHANISMS:
        add_plain(login, message);
        break;
    }
    return true;
}
