/*
 * The inside of http.h and http_endpoint.h: what a worker knows about the services that it asks.
 *
 * Shape:  a group is one libcurl multi handle. Connections, TLS sessions and addresses are shared within a group only:
 *         libcurl would otherwise hand a connection that one CA store vouched for to an entry with another.
 * Owner:  struct http owns groups and endpoints; calls belong to http.c.
 */
#ifndef PFX_HTTP_STATE_H
#define PFX_HTTP_STATE_H

#include "config.h"
#include "http_multi.h"
#include "resolver.h"
#include "tls.h"

struct group {
    struct http *http;
    struct http_multi multi;
    const struct tls_profile *profile;
    const char *socket_path; /* NULL: TCP; to libcurl all of them are localhost:80, and share its limits */
    int ip_version;
    struct group *next;
};

struct http {
    struct loop *loop;
    struct resolver *resolver;
    int64_t connections_per_host;
    int64_t connections_kept;
    struct group *groups;
    struct http_sockets sockets;
    struct http_endpoint *endpoints;
    size_t idle_calls;
    struct http_call *used; /* calls that are over, and not yet idle */
    struct loop_timer used_limit;
    void (*finished)(CURL *easy, CURLcode result);
    void (*begun)(struct http_multi *multi);
};

struct http_endpoint {
    struct http *http;
    struct group *group;
    const struct config_entry *entry;
    const struct config_target *target;
    const char *proxy;          /* "" none */
    char *origin;               /* scheme, host and port, as its URLs begin; NULL: a proxy gets whole URLs */
    CURLU *origin_parts;
    struct resolver_host *host; /* whom libcurl will connect to; NULL: an address, "localhost" or a socket */
    unsigned port;              /* its port */
    unsigned loaded_generation; /* of the addresses that the group's multi handle has */
    struct curl_slist *headers; /* those that never change */
    struct http_call *idle;
    struct http_call *busy;
    struct http_endpoint *next;
};

#endif
