/*
 * Requests to an OpenID provider: its URLs are known only once it has published them.
 *
 * Shape:  a call (http.h) is prepared with its URL and an Accept header; a POST is of a form.
 * Limits: OIDC_SITE_URLS_MAX different URLs in the life of a worker.
 * Errors: NULL: the URL cannot be used, or has no TLS where configuration_uri has; logged.
 * Owner:  the site owns endpoints and targets; group and profile outlive it.
 */
#ifndef PFX_OIDC_SITE_H
#define PFX_OIDC_SITE_H

#include "http.h"
#include "log.h"

#define OIDC_SITE_URLS_MAX 16
#define OIDC_SITE_CAUSES_MAX 8

struct oidc_site_url {
    char *url;
    const struct config_entry *entry;
    struct config_target target;
    struct http_endpoint *endpoint;
    const char *refusal; /* why it cannot be used; NULL: it can */
    const char *detail;
};

struct oidc_site {
    struct loop *loop;
    struct http *http;
    struct http *login_http; /* for what any mail program can bring about: it takes no connections from the rest */
    const struct config_oidc *group;
    const struct tls_profile *profile; /* NULL: nothing of it has TLS */
    struct config_memory *memory;
    struct config_entry get, post, login_post; /* as http_endpoint.h wants it */
    struct oidc_site_url urls[OIDC_SITE_URLS_MAX];
    size_t url_count;
    struct {
        const char *text; /* constant: its address is its identity */
        struct log_limit limit;
    } causes[OIDC_SITE_CAUSES_MAX];
};

void oidc_site_open(struct oidc_site *site, struct loop *loop, struct http *http, struct http *login_http,
                    const struct config_oidc *group, const struct tls_profile *profile);
void oidc_site_close(struct oidc_site *site); /* no call is on its way */

struct http_call *oidc_site_get(struct oidc_site *site, const char *url);
struct http_call *oidc_site_post(struct oidc_site *site, const char *url);
struct http_call *oidc_site_post_login(struct oidc_site *site, const char *url);

/* A warning about the provider, once in LOG_LIMIT_MS for the same cause, a constant. detail: "" none. */
void oidc_site_warn(struct oidc_site *site, const char *cause, const char *detail);

/* NULL, or the cause why an answer is none of status 200; detail is for the log. */
const char *oidc_site_check(const struct http_answer *answer, char detail[HTTP_DETAIL_MAX_BYTES]);

#endif
