/*
 * An endpoint: what all requests of an entry to one of its targets have in common, and who may share connections.
 *
 * Shape:  TLS profile, IP version, proxy, fixed headers and options are settled when it is made; a request adds its
 *         path and query, body and further headers (http.h).
 * Limits: HTTP_HEADER_MAX_BYTES of an answer's header, HTTP_URL_MAX_BYTES and HTTP_BODY_MAX_BYTES of a request.
 * Errors: none; the configuration was checked when it was read.
 * Owner:  struct http owns it. entry, target and profile must outlive it; profile is NULL when the target has no TLS.
 * Source: curl_easy_setopt(3).
 */
#ifndef PFX_HTTP_ENDPOINT_H
#define PFX_HTTP_ENDPOINT_H

#include "config.h"
#include "tls.h"

#define HTTP_HEADER_MAX_BYTES (64 * 1024)
#define HTTP_URL_MAX_BYTES (512 * 1024)        /* the longest key, percent-encoded, and what stands around it */
#define HTTP_BODY_MAX_BYTES (2 * 1024 * 1024)  /* the longest key several times, JSON-escaped */

struct http;
struct http_endpoint;
struct curl_slist;

struct http_endpoint *http_endpoint_new(struct http *http, const struct config_entry *entry,
                                        const struct config_target *target, const struct tls_profile *profile);

/* The host that has to be looked up, which may be that of a proxy; NULL: none. */
const char *http_endpoint_host_name(const struct config_entry *entry, const struct config_target *target);

/* For http.c: every option of an easy handle that never changes; a header line; the end. */
void http_endpoint_configure(const struct http_endpoint *endpoint, void *easy);
struct curl_slist *http_endpoint_add_header(struct curl_slist *list, const char *line);

/* Those of a request, which go on with the endpoint's own; wiped. */
void http_endpoint_free_headers(const struct http_endpoint *endpoint, struct curl_slist *list);
void http_endpoint_free_all(struct http *http); /* no call may be left */

#endif
