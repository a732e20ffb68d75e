#include "oidc_site.h"

#include <stdio.h>
#include <string.h>

#include "config_memory.h"
#include "config_target.h"
#include "mem.h"

/* The place of that cause, or the one that was longest ago. */
static size_t find_cause(struct oidc_site *site, const char *text)
{
    size_t oldest = 0;

    for (size_t i = 0; i < OIDC_SITE_CAUSES_MAX; i++) {
        if (site->causes[i].text == text)
            return i;
        if (site->causes[i].limit.next_ms < site->causes[oldest].limit.next_ms)
            oldest = i;
    }
    site->causes[oldest].text = text;
    site->causes[oldest].limit = (struct log_limit){ .next_ms = 0 };
    return oldest;
}

/* Its query may hold a secret, and is left out. */
void oidc_site_warn(struct oidc_site *site, const char *text, const char *detail)
{
    const char *uri = site->group->configuration_uri;
    size_t i = find_cause(site, text);
    char more[LOG_MORE_BYTES];

    if (!log_may(&site->causes[i].limit, site->loop->now_ms, more))
        return;
    bool bare = detail[0] == '\0';
    log_warning("oidc=%.*s: %s%s%s%s%s", (int)strcspn(uri, "?"), uri, text, bare ? "" : " (", detail,
                bare ? "" : ")", more);
}

const char *oidc_site_check(const struct http_answer *answer, char detail[HTTP_DETAIL_MAX_BYTES])
{
    if (answer->failure != HTTP_ANSWERED) {
        snprintf(detail, HTTP_DETAIL_MAX_BYTES, "%s", answer->detail);
        return answer->reason;
    }
    snprintf(detail, HTTP_DETAIL_MAX_BYTES, "status %d", answer->status);
    return answer->status == 200 ? NULL : "the provider gives an unexpected status";
}

/* Its section says that bodies are secrets (http.h). */
static struct config_entry make_entry(const struct config_oidc *group, const char *method)
{
    static struct template_piece form = { .what = TEMPLATE_FORM };
    struct config_entry entry = { .section = CONFIG_DOVECOT_SASL, .name = group->configuration_uri,
                                  .method = (char *)(size_t)method, .http = group->http, .tls = group->tls };

    if (strcmp(method, "POST") == 0) {
        entry.payload = (struct config_template){ .pieces = &form, .count = 1 };
        entry.content_type = (char *)(size_t) "application/x-www-form-urlencoded";
    }
    return entry;
}

void oidc_site_open(struct oidc_site *site, struct loop *loop, struct http *http, struct http *login_http,
                    const struct config_oidc *group, const struct tls_profile *profile)
{
    *site = (struct oidc_site){ .loop = loop, .http = http, .login_http = login_http, .group = group,
                                .profile = profile, .memory = config_memory_new(), .get = make_entry(group, "GET"),
                                .post = make_entry(group, "POST"), .login_post = make_entry(group, "POST") };
}

void oidc_site_close(struct oidc_site *site)
{
    for (size_t i = 0; i < site->url_count; i++)
        mem_free(site->urls[i].url);
    config_memory_free(&site->memory);
}

/* Why the URL cannot be used, or NULL; the target lies in the site's memory. */
static const char *take_target(const struct oidc_site *site, const char *url, struct config_target *target,
                               const char **detail)
{
    if (!config_target_of_url(span_text(url), site->memory, target, detail))
        return "the provider publishes a URL that cannot be used";
    *detail = "a UNIX socket";
    if (target->socket_path != NULL && site->group->configuration.socket_path == NULL)
        return "the provider publishes a URL that cannot be used";
    *detail = "";
    return !target->tls && site->group->configuration.tls ? "the provider publishes a URL without TLS" : NULL;
}

/* One that cannot be used stands there, too, without an endpoint: it is not read again. */
static struct oidc_site_url *add(struct oidc_site *site, const struct config_entry *entry, const char *url)
{
    struct oidc_site_url *added = &site->urls[site->url_count];

    if (site->url_count == OIDC_SITE_URLS_MAX) {
        oidc_site_warn(site, "the provider changes its URLs too often", "");
        return NULL;
    }
    *added = (struct oidc_site_url){ .url = mem_string(url), .entry = entry, .detail = "" };
    added->refusal = take_target(site, url, &added->target, &added->detail);
    if (added->refusal == NULL)
        added->endpoint = http_endpoint_new(entry == &site->login_post ? site->login_http : site->http, entry,
                                            &added->target, added->target.tls ? site->profile : NULL);
    site->url_count++;
    return added;
}

static struct oidc_site_url *find(struct oidc_site *site, const struct config_entry *entry, const char *url)
{
    for (size_t i = 0; i < site->url_count; i++)
        if (site->urls[i].entry == entry && strcmp(site->urls[i].url, url) == 0)
            return &site->urls[i];
    return add(site, entry, url);
}

static struct http_call *prepare(struct oidc_site *site, const struct config_entry *entry, const char *url)
{
    const struct oidc_site_url *found = find(site, entry, url);

    if (found == NULL)
        return NULL;
    if (found->refusal != NULL) {
        oidc_site_warn(site, found->refusal, found->detail);
        return NULL;
    }
    struct http_call *call = http_prepare(found->endpoint);
    buf_add(http_url(call), span_text(found->target.url.text));
    http_add_header(call, "Accept: application/json");
    return call;
}

struct http_call *oidc_site_get(struct oidc_site *site, const char *url)
{
    return prepare(site, &site->get, url);
}

struct http_call *oidc_site_post(struct oidc_site *site, const char *url)
{
    return prepare(site, &site->post, url);
}

struct http_call *oidc_site_post_login(struct oidc_site *site, const char *url)
{
    return prepare(site, &site->login_post, url);
}
