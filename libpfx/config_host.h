/*
 * [USER:PASSWORD@]HOST[:PORT], the authority of a URL; HOST may be [IPV6].
 *
 * Limits: a host name has at most CONFIG_HOST_MAX_BYTES, letters, digits, '-', '_' and '.', no empty label; a port is
 *         1 to 65535.
 * Errors: a constant reason.
 * Owner:  the host borrows the text.
 * Source: RFC 3986 section 3.2; RFC 1035 section 2.3.4.
 */
#ifndef PFX_CONFIG_HOST_H
#define PFX_CONFIG_HOST_H

#include "span.h"

#define CONFIG_HOST_MAX_BYTES 253

struct config_host {
    struct span host; /* without brackets */
    bool is_address;
    bool is_bracketed;
    unsigned port; /* 0: none given */
};

bool config_host_parse(struct span authority, struct config_host *host, const char **why);

/* Is it an IPv4 or IPv6 address? Then its canonical text goes to out (INET6_ADDRSTRLEN bytes), unless that is NULL. */
bool config_host_is_address(struct span text, char *out);

/* The same with USER:PASSWORD@ before it or not, percent-encoded where it has to be; port 0 is a mistake. */
bool config_host_parse_proxy(struct span authority, struct config_host *host, const char **why);

/* Of this machine only: "localhost", or an address that never leaves it. Without brackets. */
bool config_host_is_loopback(struct span text);

/* Could it be a host name? */
bool config_host_is_name(struct span text);

#endif
