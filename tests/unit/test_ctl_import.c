#include "import_fixture.h"

#include "../../tools/pfxctl/import_value.h"

#define IN_SERVER(text) FIXTURE_IN_SERVER(text)
#define IN_MAP(more) FIXTURE_IN_MAP(more)
#define WARNING(line, text) "pfxctl: warning: p.yml:" line ": " text

static const struct {
    const char *name;
    const char *text;
    enum import_part part;
    const char *expected; /* in that part; NULL: nothing more than that it works */
    const char *log;      /* what it says, all of it */
} rows[] = {
    { "nothing to complain about", IN_MAP(""), IMPORT_CFG, "m = { target = \"http://127.0.0.1/\"; payload = { key = "
      "\"{{ .Key }}\"; }; value_field = \"r\"; };", "" },
    { "keys as they come", IN_MAP(""), IMPORT_CFG, "defaults = { # As pfxhttp, which sends keys as they come.", "" },
    { "no cache", IN_MAP(""), IMPORT_CFG, "response_cache = { enabled = false; };", "" },
    { "cache", IN_SERVER("response_cache: {enabled: true, ttl: 5m}"), IMPORT_CFG,
      "response_cache = { stale_if_error = \"5m\";", "" },
    { "cache switched off", IN_SERVER("response_cache: {enabled: false, ttl: 5m}"), IMPORT_CFG,
      "response_cache = { enabled = false; };", "" },
    { "stale_after below a short timeout", IN_SERVER("response_cache: {enabled: true}, http_client: {timeout: 1s}"),
      IMPORT_CFG, "stale_after = \"500ms\";", "" },
    { "times of Go", IN_SERVER("http_client: {timeout: 1m30s, idle_connection_timeout: 1h}"), IMPORT_CFG,
      "http = { timeout = \"90s\"; idle_connection_timeout = \"1h\"; };", "" },
    { "less than pfx takes", IN_SERVER("http_client: {idle_connection_timeout: 10ms}"), IMPORT_CFG,
      "# The least that pfx takes. idle_connection_timeout = \"1s\";", "" },
    { "no unit", IN_SERVER("http_client: {timeout: 10}"), IMPORT_CFG, "timeout = \"10s\";",
      WARNING("1", "server.http_client.timeout: has no unit: taken for seconds\n") },
    { "no time", IN_SERVER("http_client: {timeout: soon}"), IMPORT_CFG, NULL,
      WARNING("1", "server.http_client.timeout: must be a time, as 500ms, 30s or 1m30s; left out\n") },
    { "connections", IN_SERVER("http_client: {max_connections_per_host: \"10\", max_idle_connections: 4}"), IMPORT_CFG,
      "max_connections_per_host = 10; max_idle_connections = 4;", "" },
    { "too many", IN_SERVER("http_client: {max_connections_per_host: 16384}"), IMPORT_CFG,
      "max_connections_per_host = 10000;",
      WARNING("1", "server.http_client.max_connections_per_host: 10000 is the nearest that pfx takes\n") },
    { "no number", IN_SERVER("http_client: {max_idle_connections: 4k}"), IMPORT_CFG, NULL,
      WARNING("1", "server.http_client.max_idle_connections: must be an integer; left out\n") },
    { "idle connections per host", IN_SERVER("http_client: {max_idle_connections_per_host: 2}"), IMPORT_CFG, NULL,
      WARNING("1", "server.http_client.max_idle_connections_per_host: has no counterpart: an idle connection belongs "
              "to one host or another, see max_idle_connections\n") },
    { "unknown key, read twice", IN_SERVER("http_client: {timeout: 1s, colour: red}"), IMPORT_CFG, NULL,
      WARNING("1", "server.http_client.colour: no key of pfxhttp that is known here; left out\n") },
    { "proxy", IN_SERVER("http_client: {proxy: 'http://u:p@proxy:3128'}"), IMPORT_CFG,
      "http = { proxy = \"http://u:p@proxy:3128\"; };", "" },
    { "proxy without port", IN_SERVER("http_client: {proxy: 'http://proxy'}"), IMPORT_CFG, "proxy = \"http://proxy\";",
      "pfxctl: warning: pfx.cfg:5: http.proxy: must be \"http://[user:password@]host:port\": the port is missing\n" },
    { "tls", IN_SERVER("tls: {enabled: true, root_ca: /ca.pem, cert: /c.pem, key: /k.pem}"), IMPORT_CFG,
      "tls = { root_ca = \"/ca.pem\"; cert = \"/c.pem\"; key = \"/k.pem\"; };", "" },
    { "tls without key", IN_SERVER("tls: {enabled: true, cert: /c.pem}"), IMPORT_CFG, "tls = { # server.tls.cert:",
      WARNING("1", "server.tls.cert: counts only with both cert and key; left out\n") },
    { "tls not enabled", IN_SERVER("tls: {skip_verify: true}"), IMPORT_CFG, "# server.tls is not enabled", "" },
    { "skip_verify as it was called", IN_SERVER("tls: {enabled: true, http_client_skip_verify: true}"), IMPORT_CFG,
      "skip_verify = true;", "" },
    { "no boolean", IN_SERVER("tls: {enabled: true, skip_verify: maybe}"), IMPORT_CFG, NULL,
      WARNING("1", "server.tls.skip_verify: must be true or false; left out\n") },
    { "log level", IN_SERVER("logging: {level: debug, json: false}"), IMPORT_CFG, "log_level = \"debug\";", "" },
    { "no log", IN_SERVER("logging: {level: none}"), IMPORT_CFG, "log_level = \"error\";",
      WARNING("1", "server.logging.level: has no counterpart for \"none\": errors are always logged\n") },
    { "names in any case", IN_SERVER("Logging: {LEVEL: debug}"), IMPORT_CFG, "log_level = \"debug\";", "" },
    { "null says nothing", IN_SERVER("chroot: ~, run_as_user: '', logging: null"), IMPORT_CFG, NULL, "" },
    { "unknown key", IN_SERVER("colour: red"), IMPORT_CFG, "# server.colour: no key of pfxhttp",
      WARNING("1", "server.colour: no key of pfxhttp that is known here; left out\n") },
    { "unknown section", IN_MAP("") "tcp_maps: {}\n", IMPORT_CFG, NULL,
      WARNING("3", "tcp_maps: no key of pfxhttp that is known here; left out\n") },
    { "a section that is no map", IN_MAP("") "policy_services: x\n", IMPORT_CFG, NULL,
      WARNING("3", "policy_services: must be a map; left out\n") },
    { "largest reply", IN_SERVER("socketmap_max_reply_size: 5000"), IMPORT_CFG, "max_reply_size = 5000;", "" },

    { "percent sign in a header", IN_MAP(", custom_headers: ['X: 5%']"), IMPORT_CFG, "[ \"X: 5%%\" ];", "" },
    { "bytes that need escapes", IN_MAP(", no_error_value: \"q\\\"b\\\\t\\\\\""), IMPORT_CFG,
      "no_error_value = \"q\\\"b\\\\t\\\\\";", "" },
    { "a single header", IN_MAP(", custom_headers: 'X: y'"), IMPORT_CFG, "custom_headers = [ \"X: y\" ];", "" },
    { "a header without value", IN_MAP(", custom_headers: ['X:', 'Y: z']"), IMPORT_CFG,
      "custom_headers = [ \"Y: z\" ];",
      WARNING("2",
      "socket_maps.m.custom_headers: one of them is no \"Name: value\", and left out, as pfxhttp does\n") },
    { "a header that pfx sets", IN_MAP(", custom_headers: ['Connection: close']"), IMPORT_CFG, NULL,
      WARNING("2", "socket_maps.m.custom_headers: one of them is set by pfx itself, and left out\n") },
    { "a header twice", IN_MAP(", custom_headers: ['X: 1', 'x: 2']"), IMPORT_CFG, "custom_headers = [ \"x: 2\" ];",
      WARNING("2", "socket_maps.m.custom_headers: a header stands twice: the last one counts, and the other is left "
              "out\n") },
    { "a secret in a header", IN_MAP(", custom_headers: ['Authorization: Bearer t']"), IMPORT_CFG,
      "http_auth_bearer = { file = \"/etc/postfix/m.secret\"; }; custom_headers = [", "" },
    { "a secret", IN_MAP(", http_auth_basic: 'u:p'"), IMPORT_CFG,
      "# http_auth_basic = { file = \"/etc/postfix/m.secret\"; }; http_auth_basic = \"u:p\";", "" },
    { "a header wins over http_auth_basic",
      IN_MAP(", http_auth_basic: 'u:p', custom_headers: ['authorization: Bearer t']"), IMPORT_CFG, NULL,
      WARNING("2", "socket_maps.m.http_auth_basic: left out: pfxhttp puts the token of backend_oidc_auth, or the "
              "Authorization of custom_headers, in its place\n") },
    { "compression", IN_MAP(", http_request_compression: true, http_response_compression: false"), IMPORT_CFG,
      "http_request_compression = true; };", "" },
    { "a status in quotes", IN_MAP(", status_code: \"201\""), IMPORT_CFG, "status_code = 201;", "" },
    { "error_field alone", IN_MAP(", error_field: e"), IMPORT_CFG, "error_field = \"e\";",
      WARNING("2", "socket_maps.m.error_field: counts now: pfxhttp looks at it only with a no_error_value, pfx takes "
              "any text there for an error\n") },
    { "a key of logins", IN_MAP(", default_local_port: 25"), IMPORT_CFG, NULL,
      WARNING("2", "socket_maps.m.default_local_port: counts for logins only; left out\n") },
};

START_TEST(import_text_maps_one_key)
{
    struct import_fixture f;

    import_fixture_make(&f, rows[_i].text);
    import_fixture_expect(&f, rows[_i].name, rows[_i].part, rows[_i].expected, rows[_i].log);
    import_fixture_free(&f);
}
END_TEST

static const struct {
    const char *text;
    bool is_time;
    int64_t ms;
} times[] = {
    { "500ms", true, 500 },         { "10s", true, 10000 },      { "1m", true, 60000 },
    { "1h30m", true, 5400000 },     { "1m0.5s", true, 60500 },   { "1.5h", true, 5400000 },
    { "168h", true, 604800000 },    { "1us", true, 1 },          { "1500us", true, 2 },
    { "2\xC2\xB5s", true, 1 },      { "1ns", true, 1 },          { "0", true, 0 },
    { "0s", true, 0 },              { "10", true, 10000 },       { ".5s", true, 500 },
    { "", false, 0 },               { "s", false, 0 },           { "-1s", false, 0 },
    { "-1", false, 0 },             { "1d", false, 0 },          { "1 s", false, 0 },
    { "1s ", false, 0 },            { "1sx", false, 0 },         { "9223372036854775808", false, 0 },
    { "9223372036854775807", false, 0 }, { "99999999999h", false, 0 }, { "1.", false, 0 },
};

START_TEST(import_value_parse_time_reads_times_of_go)
{
    int64_t ms = 0;

    ck_assert_msg(import_value_parse_time(times[_i].text, &ms) == times[_i].is_time, "\"%s\"", times[_i].text);
    ck_assert_msg(!times[_i].is_time || ms == times[_i].ms, "\"%s\": %lld", times[_i].text, (long long)ms);
}
END_TEST

static const struct {
    const char *name;
    const char *text;
    const char *log;
} refusals[] = {
    { "no YAML", "server:\n  a: [1\n", "pfxctl: p.yml:3:1: did not find expected ',' or ']'\n" },
    { "nothing", "", "pfxctl: p.yml:1:1: there is nothing in it\n" },
    { "something else", "\nservices:\n  valkey: {}\n", "pfxctl: p.yml:2:1: has none of server, socket_maps, "
      "policy_services and dovecot_sasl: no configuration of pfxhttp\n" },
    { "a list", "- server\n",
      "pfxctl: p.yml:1:1: has none of server, socket_maps, policy_services and dovecot_sasl: no "
      "configuration of pfxhttp\n" },
};

START_TEST(import_text_refuses)
{
    struct import_fixture f;

    import_fixture_make(&f, refusals[_i].text);
    unit_expect(!f.ok, refusals[_i].name);
    ck_assert_str_eq(f.log, refusals[_i].log);
    import_fixture_free(&f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ctl_import");

    unit_add_loop(suite, "import_text", import_text_maps_one_key, UNIT_ROWS(rows));
    unit_add_loop(suite, "import_value_parse_time", import_value_parse_time_reads_times_of_go, UNIT_ROWS(times));
    unit_add_loop(suite, "import_text, refusals", import_text_refuses, UNIT_ROWS(refusals));
    return unit_run(suite);
}
