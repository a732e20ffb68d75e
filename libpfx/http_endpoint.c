#include "http_endpoint.h"

#include <string.h>
#include <strings.h>

#include "gzip.h"
#include "http_state.h"
#include "mem.h"

#define READ_BYTES 4096L /* of one read(2); each request in flight has a buffer of that size */

static CURLcode prepare_tls(CURL *easy, void *ssl_ctx, void *context)
{
    (void)easy;
    return tls_apply(context, ssl_ctx) ? CURLE_OK : CURLE_ABORTED_BY_CALLBACK;
}

static void configure_tls(const struct http_endpoint *endpoint, CURL *easy)
{
    const struct config_tls *tls = &endpoint->entry->tls;

    curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1); /* tls_apply() sets the real minimum */
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, tls->skip_verify ? 0L : 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, tls->skip_verify ? 0L : 2L);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, prepare_tls);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, (void *)(size_t)endpoint->group->profile);
}

void http_endpoint_configure(const struct http_endpoint *endpoint, void *easy)
{
    const struct config_entry *entry = endpoint->entry;
    const struct config_target *target = endpoint->target;
    static const long resolve_as[] = { CURL_IPRESOLVE_WHATEVER, CURL_IPRESOLVE_V4, CURL_IPRESOLVE_V6 };

    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, READ_BYTES);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    if (endpoint->origin != NULL) {
        curl_easy_setopt(easy, CURLOPT_CURLU, endpoint->origin_parts);
        curl_easy_setopt(easy, CURLOPT_URL, endpoint->origin); /* or libcurl puts it together for each request */
    }
    curl_easy_setopt(easy, CURLOPT_IPRESOLVE, resolve_as[entry->http.ip_version]);
    curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, -1L); /* resolver.c renews */
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)entry->http.connect_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)(entry->http.idle_connection_timeout_ms / 1000));
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, endpoint->proxy);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, ""); /* decided when the endpoint was made */
    curl_easy_setopt(easy, CURLOPT_USERAGENT, entry->http.user_agent[0] == '\0' ? NULL : entry->http.user_agent);
    if (target->socket_path != NULL)
        curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, target->socket_path);
    if (entry->response_compression)
        curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    if (strcmp(entry->method, "POST") != 0 && strcmp(entry->method, "GET") != 0)
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, entry->method);
    else if (strcmp(entry->method, "GET") == 0 && entry->payload.count > 0)
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "GET");
    if (endpoint->group->profile != NULL)
        configure_tls(endpoint, easy);
}

/* To libcurl, "Name:" removes a header and "Name;" is one without a value. */
struct curl_slist *http_endpoint_add_header(struct curl_slist *list, const char *line)
{
    size_t name = strcspn(line, ":");
    if (line[name] == ':' && line[name + 1 + strspn(line + name + 1, " \t")] == '\0') {
        char *empty = mem_copy(line, name + 1);
        empty[name] = ';';
        list = curl_slist_append(list, empty);
        mem_free(empty);
        return list;
    }
    return curl_slist_append(list, line);
}

void http_endpoint_free_headers(const struct http_endpoint *endpoint, struct curl_slist *list)
{
    for (struct curl_slist *at = list; at != NULL; at = at->next) {
        mem_wipe(at->data, strlen(at->data));
        if (at->next == endpoint->headers)
            at->next = NULL;
    }
    curl_slist_free_all(list);
}

/* A domain name matches itself and what is below it; "*" matches everything. */
static bool is_below(const char *host, const char *domain)
{
    size_t h = strlen(host);
    size_t d = strlen(domain);

    if (strcmp(domain, "*") == 0)
        return true;
    if (d > 0 && domain[0] == '.') {
        domain++;
        d--;
    }
    return d > 0 && h >= d && strcasecmp(host + h - d, domain) == 0 && (h == d || host[h - d - 1] == '.');
}

static const char *proxy_of(const struct config_entry *entry, const struct config_target *target)
{
    if (target->socket_path != NULL)
        return "";
    for (size_t i = 0; i < entry->http.no_proxy.count; i++)
        if (is_below(target->host, entry->http.no_proxy.item[i]))
            return "";
    return entry->http.proxy;
}

const char *http_endpoint_host_name(const struct config_entry *entry, const struct config_target *target)
{
    bool by_proxy = proxy_of(entry, target)[0] != '\0';
    const char *host = by_proxy ? entry->http.proxy_host : target->host;
    bool is_address = by_proxy ? entry->http.proxy_is_address : target->host_is_address;

    return target->socket_path != NULL || is_address || strcmp(host, "localhost") == 0 ? NULL : host;
}

/* Whose address does libcurl need? */
static void find_host(struct http_endpoint *endpoint)
{
    const struct config_entry *entry = endpoint->entry;
    const char *name = http_endpoint_host_name(entry, endpoint->target);

    endpoint->port = endpoint->proxy[0] != '\0' ? entry->http.proxy_port : endpoint->target->port;
    if (name != NULL)
        endpoint->host = resolver_host(endpoint->http->resolver, name, (enum config_ip_version)entry->http.ip_version);
}

static bool is_same_path(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static struct group *find_group(struct http *http, const struct tls_profile *profile, const struct http_endpoint *of)
{
    const char *socket_path = of->target->socket_path;
    int ip_version = of->entry->http.ip_version;

    for (struct group *group = http->groups; group != NULL; group = group->next)
        if (group->profile == profile && group->ip_version == ip_version &&
            is_same_path(group->socket_path, socket_path))
            return group;
    struct group *group = mem_alloc(sizeof(*group));
    group->http = http;
    group->profile = profile;
    group->socket_path = socket_path;
    group->ip_version = ip_version;
    http_multi_open(&group->multi, http->loop, &http->sockets, http->finished, http->begun);
    curl_multi_setopt(group->multi.curl, CURLMOPT_MAX_HOST_CONNECTIONS, (long)http->connections_per_host);
    curl_multi_setopt(group->multi.curl, CURLMOPT_MAXCONNECTS, (long)http->connections_kept);
    curl_multi_setopt(group->multi.curl, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    group->next = http->groups;
    http->groups = group;
    return group;
}

/* A proxy that is no tunnel gets whole URLs, and libcurl has its own way to write them (RFC 9112, section 3.2.2). */
static void set_origin(struct http_endpoint *endpoint)
{
    const char *url = endpoint->target->url.text;
    const char *host = strstr(url, "://") + strlen("://");

    if (endpoint->proxy[0] != '\0' && !endpoint->target->tls)
        return;
    endpoint->origin = mem_copy(url, (size_t)(host - url) + strcspn(host, "/"));
    endpoint->origin_parts = curl_url();
    curl_url_set(endpoint->origin_parts, CURLUPART_URL, endpoint->origin, 0); /* config_host.h has checked it */
}

/* Takes ownership of line, which may hold a secret. */
static void add_fixed(struct http_endpoint *endpoint, char *line)
{
    endpoint->headers = http_endpoint_add_header(endpoint->headers, line);
    mem_wipe(line, strlen(line));
    mem_free(line);
}

/* A value without placeholders: only "%%" is to be read as "%". */
static char *fixed_line(const struct config_header *header)
{
    const struct config_template *value = &header->value;
    size_t name = strlen(header->name);
    size_t room = strlen(value->text);
    size_t length = 0;
    char *line = mem_alloc(name + 2 + room + 1);

    memcpy(line, header->name, name);
    memcpy(line + name, ": ", 2);
    template_expand(value->pieces, value->count, TEMPLATE_ESCAPE_HEADER, &(struct template_values){ .key = SPAN("") },
                    line + name + 2, room, &length);
    return line;
}

static void add_content_type(struct http_endpoint *endpoint)
{
    if (config_has_header(endpoint->entry, "Content-Type"))
        return;
    if (endpoint->entry->payload.count > 0)
        add_fixed(endpoint, mem_format("Content-Type: %s", endpoint->entry->content_type));
    else if (strcmp(endpoint->entry->method, "POST") == 0) /* libcurl's own, of a POST without a body */
        endpoint->headers = curl_slist_append(endpoint->headers, "Content-Type:");
}

static void add_fixed_headers(struct http_endpoint *endpoint)
{
    const struct config_entry *entry = endpoint->entry;

    for (size_t i = 0; i < entry->header_count; i++)
        if (!template_is_dynamic(entry->headers[i].value.pieces, entry->headers[i].value.count))
            add_fixed(endpoint, fixed_line(&entry->headers[i]));
    if (entry->authorization != NULL)
        add_fixed(endpoint, mem_format("Authorization: %s", entry->authorization));
    add_content_type(endpoint);
    if (entry->payload.count > 0 && entry->request_compression)
        add_fixed(endpoint, mem_string("Content-Encoding: gzip"));
}

struct http_endpoint *http_endpoint_new(struct http *http, const struct config_entry *entry,
                                        const struct config_target *target, const struct tls_profile *profile)
{
    struct http_endpoint *endpoint = mem_alloc(sizeof(*endpoint));

    endpoint->http = http;
    endpoint->entry = entry;
    endpoint->target = target;
    endpoint->group = find_group(http, profile, endpoint);
    endpoint->proxy = proxy_of(entry, target);
    set_origin(endpoint);
    find_host(endpoint);
    add_fixed_headers(endpoint);
    if (entry->request_compression)
        gzip_prepare();
    endpoint->next = http->endpoints;
    http->endpoints = endpoint;
    return endpoint;
}

void http_endpoint_free_all(struct http *http)
{
    for (struct http_endpoint *endpoint = http->endpoints, *next; endpoint != NULL; endpoint = next) {
        next = endpoint->next;
        curl_slist_free_all(endpoint->headers);
        curl_url_cleanup(endpoint->origin_parts);
        mem_free(endpoint->origin);
        mem_free(endpoint);
    }
    for (struct group *group = http->groups, *next; group != NULL; group = next) {
        next = group->next;
        http_multi_close(&group->multi);
        mem_free(group);
    }
    http_multi_free_sockets(&http->sockets);
    http->endpoints = NULL;
    http->groups = NULL;
}
