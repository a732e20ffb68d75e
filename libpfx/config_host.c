#include "config_host.h"

#include <arpa/inet.h>

#define PORT_MAX 65535u

bool config_host_is_address(struct span text, char *out)
{
    char copy[INET6_ADDRSTRLEN], canonical[INET6_ADDRSTRLEN];
    unsigned char bytes[sizeof(struct in6_addr)];
    int family = span_find(text, ':') < text.n ? AF_INET6 : AF_INET;

    if (text.n == 0 || text.n >= sizeof(copy))
        return false;
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    if (inet_pton(family, copy, bytes) != 1)
        return false;
    inet_ntop(family, bytes, out == NULL ? canonical : out, INET6_ADDRSTRLEN);
    return true;
}

bool config_host_is_loopback(struct span text)
{
    if (span_begins(text, "127."))
        return config_host_is_address(text, NULL);
    return span_equal(text, SPAN("::1")) || (span_begins_nocase(text, "localhost") && text.n == strlen("localhost"));
}

static bool is_name_byte(char c)
{
    bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return is_letter || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

bool config_host_is_name(struct span text)
{
    if (text.n == 0 || text.n > CONFIG_HOST_MAX_BYTES || text.p[0] == '.')
        return false;
    for (size_t i = 0; i < text.n; i++) {
        if (!is_name_byte(text.p[i]) || (i > 0 && text.p[i] == '.' && text.p[i - 1] == '.'))
            return false;
    }
    return true;
}

static bool read_port(struct span text, unsigned *port)
{
    *port = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
        *port = *port * 10 + (unsigned)(text.p[i] - '0');
        if (*port > PORT_MAX)
            return false;
    }
    return *port > 0;
}

/* Takes the host off the front of the authority. */
static const char *read_host(struct span *authority, struct config_host *host)
{
    struct span rest = *authority;

    host->is_bracketed = rest.n > 0 && rest.p[0] == '[';
    if (host->is_bracketed) {
        rest = span_skip(rest, 1);
        host->host = span_first(rest, span_find(rest, ']'));
        if (host->host.n == rest.n || span_find(host->host, ':') == host->host.n ||
            !config_host_is_address(host->host, NULL))
            return "[ ] must hold an IPv6 address";
        *authority = span_skip(rest, host->host.n + 1);
        host->is_address = true;
        return NULL;
    }
    host->host = span_first(rest, span_find(rest, ':'));
    *authority = span_skip(rest, host->host.n);
    if (host->host.n == 0)
        return "the host is missing";
    if (authority->n > 0 && span_find_last(*authority, ':') > 0)
        return "an IPv6 address stands in [ ]";
    host->is_address = config_host_is_address(host->host, NULL);
    return host->is_address || config_host_is_name(host->host)
               ? NULL
               : "the host has characters that no host name has (international names are written as xn--...)";
}

bool config_host_parse(struct span authority, struct config_host *host, const char **why)
{
    *host = (struct config_host){ .port = 0 };
    *why = read_host(&authority, host);
    if (*why != NULL)
        return false;
    if (authority.n == 0)
        return true;
    if (authority.p[0] == ':' && read_port(span_skip(authority, 1), &host->port))
        return true;
    *why = "the port must be a number (1 to 65535)";
    return false;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* No control bytes: libcurl cannot decode those, and would then go without the proxy. */
static bool is_escape(struct span text)
{
    return text.n > 2 && text.p[0] == '%' && is_hex(text.p[1]) && is_hex(text.p[2]) && text.p[1] >= '2';
}

static bool is_userinfo(struct span text)
{
    for (size_t i = 0; i < text.n; i++) {
        bool is_plain = is_name_byte(text.p[i]) || (text.p[i] != '\0' && strchr("~!$&'()*+,;=:", text.p[i]) != NULL);
        bool is_encoded = is_escape(span_skip(text, i));
        if (!is_plain && !is_encoded)
            return false;
        i += is_encoded ? 2 : 0;
    }
    return true;
}

bool config_host_parse_proxy(struct span authority, struct config_host *host, const char **why)
{
    size_t at = span_find_last(authority, '@');

    if (at < authority.n && !is_userinfo(span_first(authority, at))) {
        *why = "user or password holds a character that must be percent-encoded (%XX), or an encoded control byte";
        return false;
    }
    if (at < authority.n)
        authority = span_skip(authority, at + 1);
    if (authority.n > 0 && authority.p[authority.n - 1] == '/')
        authority.n--;
    if (!config_host_parse(authority, host, why))
        return false;
    *why = "must be \"http://[user:password@]host:port\": the port is missing";
    return host->port != 0;
}
