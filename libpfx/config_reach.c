#include "config_reach.h"

#include "config_host.h"
#include "config_memory.h"

/* It was checked when it was read, at whatever level. */
static void take_proxy(struct config_reader *r, struct config_http *http)
{
    struct span url = span_text(http->proxy);
    struct config_host host;
    const char *why;

    if (url.n == 0 || !config_host_parse_proxy(span_skip(url, sizeof("http://") - 1), &host, &why))
        return;
    http->proxy_host = config_memory_text(r->config->memory, host.host);
    http->proxy_port = host.port;
    http->proxy_is_address = host.is_address;
}

void config_reach_finish(struct config_reader *r, const config_setting_t *at, struct config_http *http,
                         const struct config_tls *tls)
{
    take_proxy(r, http);
    if (tls->key[0] != '\0' && tls->cert[0] == '\0')
        config_reader_error(r, at, "tls has a key, but no cert");
}
