#include "import_write.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "config_number.h"

/* Places of keys: http_client is taken apart into top level and the group http. */
enum { SERVER = 1, TOP = 2, HTTP = 4 };

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* The ranges of pfx.cfg(5). */
#define CONNECTIONS_MAX 10000
#define IDLE_MAX 100000
#define IDLE_TIMEOUT_MIN_MS 1000
#define TIMEOUT_MIN_MS 100
#define STALE_AFTER_MS 1000

static void write_time(struct import *im, const char *name, int64_t ms)
{
    char text[CONFIG_NUMBER_TEXT_BYTES];

    config_number_format(text, CONFIG_UNIT_TIME, ms);
    import_out_string(im, name, text);
}

static void write_integer(struct import *im, const struct yamldoc_member *member, const char *name, int64_t max)
{
    int64_t value;

    if (import_value_integer(im, member, 0, max, &value) && value > 0)
        import_out_line(im, "%s = %" PRId64 ";", name, value);
}

static void take_connections(struct import *im, const struct yamldoc_member *member)
{
    write_integer(im, member, "max_connections_per_host", CONNECTIONS_MAX);
}

static void take_idle(struct import *im, const struct yamldoc_member *member)
{
    write_integer(im, member, "max_idle_connections", IDLE_MAX);
}

static void take_time(struct import *im, const struct yamldoc_member *member, const char *name, int64_t min_ms)
{
    int64_t ms;

    if (!import_value_time(im, member, &ms) || ms == 0)
        return;
    if (ms < min_ms)
        import_out_comment(im, "The least that pfx takes.");
    write_time(im, name, ms < min_ms ? min_ms : ms);
}

static void take_timeout(struct import *im, const struct yamldoc_member *member)
{
    take_time(im, member, "timeout", TIMEOUT_MIN_MS);
}

static void take_idle_timeout(struct import *im, const struct yamldoc_member *member)
{
    take_time(im, member, "idle_connection_timeout", IDLE_TIMEOUT_MIN_MS);
}

static void take_proxy(struct import *im, const struct yamldoc_member *member)
{
    const char *text = import_value_text(im, member);

    if (text != NULL)
        import_out_string(im, "proxy", text);
}

static const struct import_key http_keys[] = {
    { "max_connections_per_host", TOP, take_connections, NULL },
    { "max_idle_connections", TOP, take_idle, NULL },
    { "max_idle_connections_per_host", TOP, NULL,
      "has no counterpart: an idle connection belongs to one host or another, see max_idle_connections" },
    { "timeout", HTTP, take_timeout, NULL },
    { "idle_connection_timeout", HTTP, take_idle_timeout, NULL },
    { "proxy", HTTP, take_proxy, NULL },
};

static bool has_any(const struct yamldoc_node *map, unsigned place)
{
    for (size_t i = 0; i < COUNT(http_keys); i++) {
        const struct import_key *key = &http_keys[i];
        if (key->places == place && key->take != NULL && import_value_find(map, key->name) != NULL)
            return true;
    }
    return false;
}

static void take_http(struct import *im, const struct yamldoc_member *member)
{
    const struct yamldoc_node *map = import_value_map(im, member);

    if (map == NULL)
        return;
    im->path[1] = member->name;
    import_out_blank(im);
    if (has_any(map, TOP))
        import_out_comment(im, "Each worker counts for itself; there are two unless \"workers\" says otherwise.");
    import_value_members(im, map, http_keys, COUNT(http_keys), TOP);
    import_out_blank(im);
    if (import_server_timeout_ms(im) == 0)
        import_out_comment(im, "Without http_client.timeout pfxhttp waits 60 seconds, pfx 5, and for a login 8.");
    if (has_any(map, HTTP)) {
        import_out_open(im, "http");
        import_value_members(im, map, http_keys, COUNT(http_keys), HTTP | IMPORT_VALUE_AGAIN);
        import_out_close(im);
    }
    im->path[1] = NULL;
}

static void take_level(struct import *im, const struct yamldoc_member *member)
{
    const char *text = import_value_text(im, member);

    if (text == NULL)
        return;
    bool is_none = strcasecmp(text, "none") == 0;
    if (is_none)
        import_out_note(im, member->line, "level", "has no counterpart for \"none\": errors are always logged");
    if (is_none || strcmp(text, "error") == 0)
        import_out_string(im, "log_level", "error");
    else if (strcmp(text, "debug") == 0 || strcmp(text, "info") == 0)
        import_out_string(im, "log_level", text);
    else
        import_out_note(im, member->line, "level", "must be none, debug, info or error; left out");
}

static const struct import_key logging_keys[] = {
    { "level", SERVER, take_level, NULL },
    { "json", SERVER, NULL, "has no counterpart under master(8): lines go to Postfix's log; a daemon that runs by "
                            "itself takes log_format = \"json\"" },
    { "use_systemd", SERVER, NULL, "has no counterpart: Postfix's log has the time that it has" },
};

static void take_logging(struct import *im, const struct yamldoc_member *member)
{
    im->path[1] = member->name;
    import_value_members(im, import_value_map(im, member), logging_keys, COUNT(logging_keys), SERVER);
    im->path[1] = NULL;
}

static void take_root_ca(struct import *im, const struct yamldoc_member *member)
{
    const char *text = import_value_text(im, member);

    if (text != NULL)
        import_out_string(im, "root_ca", text);
}

/* pfxhttp shows a certificate only when it has both. */
static void take_pair(struct import *im, const struct yamldoc_member *member)
{
    const struct yamldoc_member *tls = yamldoc_find(im->server, "tls");
    bool is_pair = import_value_find(tls->value, "cert") != NULL && import_value_find(tls->value, "key") != NULL;
    const char *text = import_value_text(im, member);

    if (text == NULL)
        return;
    if (is_pair)
        import_out_string(im, strcasecmp(member->name, "key") == 0 ? "key" : "cert", text);
    else
        import_out_note(im, member->line, member->name, "counts only with both cert and key; left out");
}

static void take_skip(struct import *im, const struct yamldoc_member *member)
{
    bool value;

    if (!import_value_boolean(im, member, &value) || !value)
        return;
    import_out_comment(im, "Whoever answers is trusted. Better without this line, and with root_ca, the certificate of "
                           "who signed the backend's.");
    import_out_line(im, "skip_verify = true;");
}

static const struct import_key tls_keys[] = {
    { "enabled", SERVER, NULL, NULL },
    { "root_ca", SERVER, take_root_ca, NULL },
    { "cert", SERVER, take_pair, NULL },
    { "key", SERVER, take_pair, NULL },
    { "skip_verify", SERVER, take_skip, NULL },
    { "http_client_skip_verify", SERVER, take_skip, NULL },
};

static void write_tls(struct import *im, const struct yamldoc_node *tls)
{
    const char *before[] = { im->path[0], im->path[1], im->path[2] };

    im->path[0] = "server";
    im->path[1] = "tls";
    im->path[2] = NULL;
    import_out_open(im, "tls");
    import_value_members(im, tls, tls_keys, COUNT(tls_keys), SERVER);
    import_out_close(im);
    memcpy(im->path, before, sizeof(before));
}

static void take_tls(struct import *im, const struct yamldoc_member *member)
{
    const struct yamldoc_node *tls = import_value_map(im, member);

    import_out_blank(im);
    if (import_value_is_true(tls, "enabled"))
        write_tls(im, tls);
    else if (tls != NULL)
        import_out_comment(im, "server.tls is not enabled, which leaves pfxhttp with the system's certificates of CAs, "
                               "as pfx is without a group \"tls\".");
}

void import_server_reach(struct import *im)
{
    const struct yamldoc_member *http = yamldoc_find(im->server, "http_client");
    const struct yamldoc_member *tls = yamldoc_find(im->server, "tls");
    const char *proxy = http == NULL ? NULL : import_value_find(http->value, "proxy");
    bool has_tls = tls != NULL && import_value_is_true(tls->value, "enabled") && tls->value->count > 1;

    if (proxy != NULL || has_tls)
        import_out_comment(im, "The provider inherits nothing from the top level; pfxhttp asks it as any other.");
    if (proxy != NULL) {
        import_out_open(im, "http");
        import_out_string(im, "proxy", proxy);
        import_out_close(im);
    }
    if (has_tls)
        write_tls(im, tls->value);
}

int64_t import_server_timeout_ms(const struct import *im)
{
    const struct yamldoc_member *http = yamldoc_find(im->server, "http_client");
    const char *text = http == NULL ? NULL : import_value_find(http->value, "timeout");
    int64_t ms = 0;

    return text != NULL && import_value_parse_time(text, &ms) ? ms : 0;
}

/* pfxhttp keeps answers for the case that the backend fails, and asks it each time all the same. */
static void write_cache(struct import *im, const struct yamldoc_member *ttl)
{
    int64_t timeout_ms = import_server_timeout_ms(im);

    import_out_blank(im);
    import_out_open(im, "response_cache");
    if (ttl != NULL)
        take_time(im, ttl, "stale_if_error", 0);
    import_out_comment(im, "As pfxhttp, which asks each time. \"10s\", the default, spares the backend most of it.");
    import_out_line(im, "max_age = \"0s\";");
    if (timeout_ms > 0 && timeout_ms <= STALE_AFTER_MS) {
        import_out_comment(im, "Less than http.timeout.");
        write_time(im, "stale_after", timeout_ms / 2);
    }
    import_out_close(im);
}

static void take_cache(struct import *im, const struct yamldoc_member *member)
{
    static const struct import_key keys[] = { { "enabled", SERVER, NULL, NULL }, { "ttl", SERVER, NULL, NULL } };
    const struct yamldoc_node *map = import_value_map(im, member);

    im->path[1] = member->name;
    import_value_members(im, map, keys, COUNT(keys), SERVER);
    if (import_value_is_true(map, "enabled"))
        write_cache(im, yamldoc_find(map, "ttl"));
    im->path[1] = NULL;
}

static void write_no_cache(struct import *im)
{
    const struct yamldoc_member *cache = yamldoc_find(im->server, "response_cache");

    if (cache != NULL && import_value_is_true(cache->value, "enabled"))
        return;
    import_out_blank(im);
    import_out_comment(im, "pfxhttp keeps no answers unless told to. Without this line pfx does: for 10 seconds, and "
                           "for a day while the backend fails.");
    import_out_line(im, "response_cache = { enabled = false; };");
}

static const char no_metrics[] = "has no counterpart: pfx-metrics answers without, on an address that only the one who "
                                 "collects should reach";

static void take_metrics_path(struct import *im, const struct yamldoc_member *member)
{
    const char *path = import_value_text(im, member);

    if (path != NULL && strcmp(path, "/metrics") != 0)
        import_out_note(im, member->line, member->name, "pfx-metrics answers at /metrics");
}

static const struct import_key observability_keys[] = {
    { "prometheus_enabled", SERVER, NULL, NULL },
    { "prometheus_address", SERVER, NULL, NULL },
    { "prometheus_port", SERVER, NULL, NULL },
    { "prometheus_path", SERVER, take_metrics_path, NULL },
    { "prometheus_runtime_metrics", SERVER, NULL, NULL },
    { "prometheus_http_auth_basic", SERVER, NULL, no_metrics },
    { "prometheus_tls", SERVER, NULL, NULL },
    { "otel_enabled", SERVER, NULL, "has no counterpart: see pfx-metrics(8), and X-Request-Id in pfx-http(7)" },
    { "otel_traces_enabled", SERVER, NULL, NULL },
    { "otel_metrics_enabled", SERVER, NULL, NULL },
    { "otel_service_name", SERVER, NULL, NULL },
    { "otel_service_version", SERVER, NULL, NULL },
    { "otel_exporter_otlp_endpoint", SERVER, NULL, NULL },
    { "otel_exporter_otlp_headers", SERVER, NULL, NULL },
    { "otel_exporter_otlp_insecure", SERVER, NULL, NULL },
    { "otel_sample_ratio", SERVER, NULL, NULL },
};

static void take_observability(struct import *im, const struct yamldoc_member *member)
{
    const struct yamldoc_node *map = import_value_map(im, member);
    const struct yamldoc_member *tls = yamldoc_find(map, "prometheus_tls");

    im->path[1] = member->name;
    import_value_members(im, map, observability_keys, COUNT(observability_keys), SERVER);
    if (tls != NULL && import_value_is_true(tls->value, "enabled"))
        import_out_note(im, tls->line, tls->name, "%s", no_metrics);
    im->path[1] = NULL;
}

static const char no_user[] = "has no counterpart: under master(8) the daemons become Postfix's mail_owner";

static const struct import_key server_keys[] = {
    { "listen", SERVER, NULL, NULL },
    { "run_as_user", SERVER, NULL, no_user },
    { "run_as_group", SERVER, NULL, no_user },
    { "chroot", SERVER, NULL, "has no counterpart: a y in the column chroot of master.cf puts a daemon into Postfix's "
                              "queue directory, see PRIVILEGES AND CHROOT in pfx(7)" },
    { "logging", SERVER, take_logging, NULL },
    { "http_client", SERVER, take_http, NULL },
    { "tls", SERVER, take_tls, NULL },
    { "socketmap_max_reply_size", SERVER, NULL, NULL },
    { "response_cache", SERVER, take_cache, NULL },
    { "worker_pool", SERVER, NULL, "has no counterpart: a connection that waits takes no worker, see workers and "
                                   "max_connections" },
    { "jwt_db_path", SERVER, NULL, "has no counterpart: tokens are kept in memory" },
    { "observability", SERVER, take_observability, NULL },
};

void import_server_write(struct import *im)
{
    im->path[0] = "server";
    import_value_members(im, im->server, server_keys, COUNT(server_keys), SERVER);
    im->path[0] = NULL;
    write_no_cache(im);
}
