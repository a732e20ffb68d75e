/*
 * The inside of http.h: what all requests of an entry share, and which entries may share connections.
 *
 * Shape:  a group is one libcurl multi handle. Connections, TLS sessions and addresses are shared within a group only:
 *         libcurl would otherwise hand a connection that one CA store vouched for to an entry with another.
 * Owner:  struct http owns groups and endpoints; calls belong to http.c.
 */
#ifndef PFX_HTTP_ENDPOINT_H
#define PFX_HTTP_ENDPOINT_H

#include "http.h"
#include "http_multi.h"
#include "resolver.h"

struct group {
    struct http_multi multi;
    const struct tls_profile *profile;
    int ip_version;
    struct group *next;
};

struct http {
    struct loop *loop;
    struct resolver *resolver;
    struct http_limits limits;
    struct group *groups;
    struct http_endpoint *endpoints;
    size_t idle_calls;
    void (*finished)(CURL *easy, CURLcode result);
};

struct http_endpoint {
    struct http *http;
    struct group *group;
    const struct config_entry *entry;
    const char *proxy;          /* "" none */
    struct resolver_host *host; /* whom libcurl will connect to; NULL: an address, "localhost" or a socket */
    unsigned port;              /* its port */
    unsigned loaded_generation; /* of the addresses that the group's multi handle has */
    struct curl_slist *headers; /* those that never change */
    struct http_call *idle;
    struct http_call *busy;
    struct http_endpoint *next;
};

void http_endpoint_configure(const struct http_endpoint *endpoint, CURL *easy); /* every option that never changes */
struct curl_slist *http_endpoint_add_header(struct curl_slist *list, const char *line);
void http_endpoint_free_all(struct http *http); /* no call may be left */

#endif
