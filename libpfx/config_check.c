#include "config_check.h"

#include <string.h>

#include "config_host.h"
#include "template.h"

static const char proxy_scheme[] = "http://";

static const char *check_field(struct span path)
{
    bool is_open = path.n > 0; /* a member's name must follow */

    for (size_t i = 0; i < path.n; i++) {
        if (path.p[i] == '.' && is_open)
            break;
        is_open = path.p[i] == '.';
    }
    return is_open ? "must be a dotted path without empty names" : NULL;
}

static const char *check_file_name(struct span name)
{
    return name.n == 0 || name.p[0] == '/' ? NULL : "must be a whole path, from / on";
}

static const char *check_proxy(struct span url)
{
    struct config_host host;
    const char *why;

    if (url.n == 0)
        return NULL;
    if (!span_begins(url, proxy_scheme))
        return "must be \"http://[user:password@]host:port\"";
    return config_host_parse_proxy(span_skip(url, sizeof(proxy_scheme) - 1), &host, &why) ? NULL : why;
}

static const char *check_host(struct span host)
{
    struct span name = host.n > 1 && host.p[0] == '.' ? span_skip(host, 1) : host;
    bool ok = span_equal(host, SPAN("*")) || config_host_is_address(host, NULL) || config_host_is_name(name);
    return ok ? NULL : "must be a domain name, an address or \"*\"";
}

static const char *check_ca_file(struct span name)
{
    bool ok = span_equal(name, SPAN("system")) || name.p[0] == '/';
    return ok ? NULL : "must be \"system\" or a whole path, from / on";
}

static const char *check_attribute(struct span name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '_')
            return "must be names of attributes: letters, digits and _";
    }
    return NULL;
}

bool config_check_is_token(struct span text)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";

    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        bool is_alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_alphanumeric && (c == '\0' || strchr(marks, c) == NULL))
            return false;
    }
    return text.n > 0;
}

static const char *check_header_name(struct span name)
{
    return name.n == 0 || config_check_is_token(name) ? NULL : "must be the name of a header";
}

/* As Postfix keeps them apart: whole names, compared as they are but for the case of ASCII letters. */
static const char *check_domain(struct span name)
{
    bool ok = name.n > 0 && name.p[0] != '.' && span_find(name, '@') == name.n && span_find(name, ' ') == name.n &&
              span_find(name, '/') == name.n && span_find(name, '*') == name.n;
    return ok ? NULL : "must be whole domain names";
}

/* Single bytes, which may stand in a local part without quotes. */
static const char *check_delimiters(struct span text)
{
    bool ok = span_is_visible(text) && span_find(text, '@') == text.n && span_find(text, '"') == text.n &&
              span_find(text, '\\') == text.n;
    return ok ? NULL : "must be printable ASCII characters, without blanks, @, \" and \\";
}

static const char *check_result_format(struct span text)
{
    struct template_piece pieces[TEMPLATE_PIECES_MAX];
    const char *why = NULL;
    size_t count;

    template_parse(text, TEMPLATE_OF_RESULT, pieces, &count, &why);
    return why;
}

static bool is_one_of(const char *const *words, size_t count, struct span text)
{
    for (size_t i = 0; i < count; i++)
        if (span_equal(text, span_text(words[i])))
            return true;
    return false;
}

static const char *check_mechanism(struct span name)
{
    static const char *const words[] = { "PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER" };
    bool ok = is_one_of(words, sizeof(words) / sizeof(words[0]), name);

    return ok ? NULL : "must be \"PLAIN\", \"LOGIN\", \"XOAUTH2\" or \"OAUTHBEARER\"";
}

/* Those that the handshake of the Dovecot auth protocol knows, and Postfix. */
static const char *check_property(struct span name)
{
    static const char *const words[] = { "plaintext", "dictionary", "active", "forward-secrecy", "mutual-auth",
                                         "anonymous", "private" };
    bool ok = is_one_of(words, sizeof(words) / sizeof(words[0]), name);

    return ok ? NULL : "must be \"plaintext\", \"dictionary\", \"active\", \"forward-secrecy\", \"mutual-auth\", "
                       "\"anonymous\" or \"private\"";
}

/* RFC 6749, section 3.3. */
static const char *check_scope(struct span scope)
{
    bool ok = span_is_visible(scope) && span_find(scope, '"') == scope.n && span_find(scope, '\\') == scope.n;
    return ok ? NULL : "must be words without blanks, quotes or backslashes, one for each scope";
}

static const char *check_claim(struct span claim)
{
    size_t name = span_find(claim, '=');
    return name > 0 && name < claim.n ? NULL : "must be \"name=value\"";
}

const char *config_check_text(enum config_type type, struct span text)
{
    switch (type) {
    case CONFIG_KEY_FIELD:
    case CONFIG_KEY_FIELDS:
        return check_field(text);
    case CONFIG_KEY_FILE_NAME:
    case CONFIG_KEY_OIDC_KEY_FILE:
        return check_file_name(text);
    case CONFIG_KEY_PROXY:
        return check_proxy(text);
    case CONFIG_KEY_HOSTS:
        return check_host(text);
    case CONFIG_KEY_CA_FILES:
        return check_ca_file(text);
    case CONFIG_KEY_ATTRIBUTES:
        return check_attribute(text);
    case CONFIG_KEY_HEADER_NAME:
        return check_header_name(text);
    case CONFIG_KEY_MECHANISMS:
        return check_mechanism(text);
    case CONFIG_KEY_PROPERTIES:
        return check_property(text);
    case CONFIG_KEY_SCOPES:
        return check_scope(text);
    case CONFIG_KEY_CLAIMS:
        return check_claim(text);
    case CONFIG_KEY_DOMAINS:
        return check_domain(text);
    case CONFIG_KEY_RESULT_FORMAT:
        return check_result_format(text);
    case CONFIG_KEY_DELIMITERS:
        return check_delimiters(text);
    case CONFIG_KEY_ADDRESSES:
        return config_host_is_address(text, NULL) ? NULL : "must be an IPv4 or IPv6 address";
    default:
        return NULL;
    }
}
