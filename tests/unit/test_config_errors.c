#include "config_fixture.h"

#define TEN "aaaaaaaaaa"
#define FOUR_URLS "\"http://a/\", \"http://b/\", \"http://c/\", \"http://d/\", "
#define MAP_ROW(name, keys, message)                                                                                   \
    { name, "socket_maps = {\n m = {\n target = \"http://h/\";\n" keys "\n };\n};", message }

/* Mistakes of the entry m, or of all; pfx.cfg:LINE of the message is where it stands. */
static const struct {
    const char *name;
    const char *text;
    const char *message;
} mistakes[] = {
    { "unknown at top level", "workerz = 2;", "pfx.cfg:1: workerz: unknown key; did you mean workers?" },
    { "unknown, far from all", "zzzzzzzzzz = 2;", "pfx.cfg:1: zzzzzzzzzz: unknown key; see pfx.cfg(5)" },
    { "misspelt section", "socket_map = { };", "socket_map: unknown key; did you mean socket_maps?" },
    { "another program's group", "\nserver = { };",
      "pfx.cfg:2: server: unknown key; its keys stand at top level here" },
    { "another program's key", "run_as_group = \"x\";", "run_as_group: unknown key; not needed: the groups are those" },
    { "another program's cache", "response_cache = { ttl = 1; };", "ttl: unknown key; see stale_if_error and max_age" },
    { "TLS switched on", "tls = { enabled = true; };",
      "tls.enabled: unknown key; not needed: https in target says it" },
    { "a key of another group in http", "http = { enabled = true; };",
      "http.enabled: unknown key; it stands in the group" },
    { "a key of http at top level", "timeout = 1;", "timeout: unknown key; it stands in the group http" },
    { "a key of tls in http", "http = { cert = \"/x\"; };", "http.cert: unknown key; it stands in the group tls" },
    { "a top level key in tls", "tls = { workers = 1; };", "tls.workers: unknown key; it stands at top level" },
    { "sandbox", "sandbox = \"on\";", "sandbox: must be \"off\" or \"auto\"" },
    { "group is no group", "http = 5;", "http: must be a group, { ... }" },
    { "section is no group", "socket_maps = ( );", "socket_maps: must be a group, { ... }" },
    { "integer as string", "workers = \"2\";", "workers: must be an integer (0 to 64)" },
    { "integer out of range", "workers = 65;", "workers: must be an integer (0 to 64)" },
    { "negative integer", "workers = -1;", "workers: must be an integer (0 to 64)" },
    { "integer is a float", "workers = 2.5;", "workers: must be an integer (0 to 64)" },
    { "integer of 64 bits", "\n\nworkers = 5000000000;", "pfx.cfg:3: workers: must be an integer (0 to 64)" },
    { "integer that wraps to a good one", "workers = 4294967298;", "workers: must be an integer (0 to 64)" },
    { "integer of more than 64 bits", "workers = 18446744073709551618;", "workers: must be an integer (0 to 64)" },
    { "64-bit integer out of range", "workers = 5000000000L;", "workers: must be an integer (0 to 64)" },
    { "hosts out of range", "max_connections_per_host = 0;", "must be an integer (1 to 10000)" },
    { "word", "log_level = \"verbose\";",
      "log_level: must be \"error\", \"warning\", \"info\" or \"debug\"" },
    { "word as integer", "http = { ip_version = 4; };", "http.ip_version: must be \"any\", \"4\" or \"6\"" },
    { "format", "log_format = \"xml\";", "log_format: must be \"text\" or \"json\"" },
    { "TLS version", "tls = { min_version = \"1.4\"; };", "must be \"1.0\", \"1.1\", \"1.2\" or \"1.3\"" },
    { "peer is a name", "debug_peer = [ \"192.0.2.1\", \"localhost\" ];",
      "debug_peer: must be an IPv4 or IPv6 address" },
    { "entry is empty", "debug_entry = \"\";", "debug_entry: must have 1 to 255 bytes" },
    { "list of integers", "debug_entry = [ 1, 2 ];", "debug_entry: must be a string in quotes" },
    { "time without unit", "drain_time = \"s\";",
      "drain_time: must be a time, as \"500ms\", \"10s\", \"5m\", \"1h\", \"1d\", \"1w\" or an integer, "
      "in seconds (0s to 1h)" },
    { "time of another unit", "drain_time = \"1y\";", "drain_time: must be a time" },
    { "time with a blank", "drain_time = \"1 s\";", "drain_time: must be a time" },
    { "negative time", "drain_time = -1;", "(0s to 1h)" },
    { "time too long", "drain_time = \"61m\";", "(0s to 1h)" },
    { "time that overflows", "drain_time = \"9223372036854775807w\";", "(0s to 1h)" },
    { "time of too many digits", "drain_time = \"99999999999999999999\";", "(0s to 1h)" },
    { "integer time that overflows", "drain_time = 9223372036854775807L;", "(0s to 1h)" },
    { "time too short", "http = { timeout = \"99ms\"; };", "http.timeout: must be a time" },
    { "time is a float", "http = { timeout = 0.5; };", "(100ms to 1h)" },
    { "idle time", "http = { idle_connection_timeout = \"2d\"; };", "(1s to 1d)" },
    { "size too large", "http = { max_response_size = \"2G\"; };",
      "must be a size, as \"64K\", \"16M\", \"1G\" or an integer, in bytes (1K to 1G)" },
    { "size of another unit", "http = { max_response_size = \"2X\"; };", "(1K to 1G)" },
    { "boolean as integer", "tls = { skip_verify = 1; };", "tls.skip_verify: must be true or false" },
    { "boolean as string", "tls = { skip_verify = \"true\"; };", "must be true or false" },
    { "relative file", "tls = { root_ca = [ \"system\", \"ca.pem\" ]; };", "must be \"system\" or a whole path" },
    { "relative certificate", "tls = { cert = \"c.pem\"; };", "tls.cert: must be a whole path" },
    { "proxy of another scheme", "http = { proxy = \"socks5://h:1\"; };", "http.proxy: must be \"http://[user:" },
    { "proxy without port", "http = { proxy = \"http://h\"; };", "the port is missing" },
    { "proxy without host", "http = { proxy = \"http://:1\"; };", "the host is missing" },
    { "proxy with path", "http = { proxy = \"http://h:1/x\"; };", "the port must be a number (1 to 65535)" },
    { "proxy with a blank in the password", "http = { proxy = \"http://u:p w@h:1\"; };", "must be percent-encoded" },
    { "proxy with a slash in the password", "http = { proxy = \"http://u:p/w@h:1\"; };", "must be percent-encoded" },
    { "proxy with half an escape", "http = { proxy = \"http://u%zz:p@h:1\"; };", "must be percent-encoded" },
    { "no_proxy", "http = { no_proxy = \"10.0.0.0/8\"; };", "must be a domain name, an address or \"*\"" },
    { "control character", "user = \"a\\nb\";", "user: must not hold control characters" },
    { "not UTF-8", "user = \"\xff\";", "user: must be UTF-8" },
    { "empty user", "user = \"\";", "user: must have 1 to 255 bytes" },

    { "syntax", "workers = 2;\nuser = yes;", "a name in quotes); \"pfxctl check\" looks closer" },
    { "open string", "workers = 2;\nuser = \"x;\n", "pfx.cfg:2: the string that begins here has no end: a quote "
      "is missing, here or above; \"pfxctl check\" looks closer" },
    { "open comment", "\n\n/* x", "pfx.cfg:3: the comment that begins here has no end" },
    { "twice in one file", "workers = 2;\nworkers = 3;",
      "pfx.cfg:2: a name stands for the second time in its group: remove one of the two" },
    { "mixed array", "debug_entry = [ \"a\", 1 ];", "pfx.cfg:1: " },
    { "missing include", "\n@include \"none.cfg\"\n", "none.cfg: No such file or directory" },
    { "NUL escape", "user = \"a\\x00b\";", "pfx.cfg:1: a NUL byte" },

    { "no target", "socket_maps = {\n\n m = { };\n};", "pfx.cfg:3: socket_maps.m: target is required" },
    { "entry is no group", "socket_maps = { m = \"http://h/\"; };", "socket_maps.m: must be a group, { ... }" },
    { "defaults is no group", "socket_maps = { defaults = 1; m = { target = \"http://h/\"; }; };",
      "socket_maps.defaults: must be a group, { ... }" },
    MAP_ROW("unknown in an entry", "value_feild = \"x\";",
            "pfx.cfg:4: socket_maps.m.value_feild: unknown key; did you mean value_field?"),
    MAP_ROW("unknown in an entry's http", "http = { timeuot = 1; };",
            "socket_maps.m.http.timeuot: unknown key; did you mean timeout?"),
    MAP_ROW("OpenID of logins", "sasl_oidc_auth = { };", "it stands in an entry of dovecot_sasl, or in its defaults"),
    MAP_ROW("a key of OpenID", "client_id = \"pfx\";",
            "client_id: unknown key; it stands in the groups backend_oidc_auth and sasl_oidc_auth"),
    MAP_ROW("a key of OpenID of logins", "validation = \"jwks\";", "it stands in the group sasl_oidc_auth"),
    MAP_ROW("a key of policies", "on_error = \"DUNNO\";",
            "socket_maps.m.on_error: unknown key; it stands in an entry of policy_services, or in its defaults"),
    MAP_ROW("method", "method = \"get\";", "method: must be \"GET\", \"POST\""),
    MAP_ROW("content type", "content_type = \"text/plain\";",
            "must be \"application/json\" or \"application/x-www-form-urlencoded\""),
    MAP_ROW("status as string", "status_code = \"200\";", "status_code: must be an HTTP status"),
    MAP_ROW("status out of range", "status_code = [ 200, 600 ];", "(100 to 599)"),
    MAP_ROW("no status", "status_code = [ ];", "status_code: must have 1 to 16 elements"),
    MAP_ROW("status in both", "status_code = ( 200, 404 ); notfound_status = 404;",
            "socket_maps.m: 404 is in both status_code and notfound_status"),
    MAP_ROW("empty member", "value_field = \"a..b\";", "must be a dotted path without empty names"),
    MAP_ROW("member ends in a dot", "error_field = \"a.\";", "must be a dotted path without empty names"),
    MAP_ROW("member begins with a dot", "error_field = \".a\";", "must be a dotted path without empty names"),
    MAP_ROW("error_result", "error_result = \"PERM\";", "must be \"perm\" or \"temp\""),
    MAP_ROW("reply too large", "max_reply_size = \"17M\";", "(1K to 16M)"),
    MAP_ROW("reply of 33 bits", "max_reply_size = 4294968296;", "socket_maps.m.max_reply_size: must be a size"),
    MAP_ROW("reply of 65 bits", "max_reply_size = 18446744073709552616;", "max_reply_size: must be a size"),
    MAP_ROW("payload of 65 bits", "payload = { a = 18446744073709551617; };", "socket_maps.m.payload"),
    MAP_ROW("key without certificate", "tls = { key = \"/k\"; };", "tls has a key, but no cert"),

    MAP_ROW("header without colon", "custom_headers = \"X-A\";", "must be \"Name: value\""),
    MAP_ROW("header with a blank in its name", "custom_headers = [ \"X A: b\" ];", "must be \"Name: value\""),
    MAP_ROW("header without name", "custom_headers = [ \": b\" ];", "must be \"Name: value\""),
    MAP_ROW("header with a newline", "custom_headers = [ \"X-A: b\\nX-B: c\" ];", "must not hold control characters"),
    MAP_ROW("header of pfx", "custom_headers = [ \"content-length: 5\" ];", "content-length is set by pfx itself"),
    MAP_ROW("header of pfx", "custom_headers = [ \"X-Request-ID: 5\" ];", "X-Request-ID is set by pfx itself"),
    MAP_ROW("header with a bad template", "custom_headers = [ \"X-A: %x\" ];", "custom_headers: unknown placeholder"),

    MAP_ROW("basic without colon", "http_auth_basic = \"user\";", "must be \"user:password\": there is no colon"),
    MAP_ROW("empty secret", "http_auth_bearer = \"\";", "http_auth_bearer: is empty"),
    MAP_ROW("secret of two lines", "http_auth_bearer = \"a\\nb\";", "holds a control character"),
    MAP_ROW("token with a blank", "http_auth_bearer = \"a b\";", "holds a character that no token has"),
    MAP_ROW("secret is a number", "http_auth_bearer = 5;", "must be a string of at most"),
    MAP_ROW("secret of a relative file", "http_auth_bearer = { file = \"x\"; };", "or { file = \"/path\"; }"),
    MAP_ROW("secret with another key", "http_auth_bearer = { fiel = \"/x\"; };", "or { file = \"/path\"; }"),
    MAP_ROW("secret of no file", "http_auth_bearer = { };", "or { file = \"/path\"; }"),
    MAP_ROW("secret of a missing file", "http_auth_bearer = { file = \"$DIR/none\"; };",
            "socket_maps.m.http_auth_bearer.file: "),
    MAP_ROW("secret of a directory", "http_auth_bearer = { file = \"$DIR\"; };", "Is a directory"),
    MAP_ROW("two credentials", "http_auth_bearer = \"a\"; http_auth_basic = \"a:b\";",
            "only one of http_auth_basic, http_auth_bearer, backend_oidc_auth and an Authorization header may stand "
            "here"),
    MAP_ROW("a credential and its header", "http_auth_bearer = \"a\"; custom_headers = \"authorization: b\";",
            "only one of http_auth_basic"),

    MAP_ROW("payload is a number", "payload = 5;", "payload: must be a string or a group"),
    MAP_ROW("payload is a list", "payload = ( );", "payload: must be a string or a group"),
    MAP_ROW("payload is not JSON", "payload = \"key=%s\";", "placeholders may stand inside JSON strings only"),
    MAP_ROW("payload without placeholder is not JSON", "payload = \"key\";", "payload: is not JSON: "),
    MAP_ROW("payload with a trailing comma", "payload = \"{\\\"k\\\": \\\"%s\\\",}\";", "payload: is not JSON: "),
    MAP_ROW("payload with a bare placeholder", "payload = \"{\\\"k\\\": %s}\";", "inside JSON strings only"),
    MAP_ROW("payload, bare placeholder after an escaped quote", "payload = \"{\\\"k\\\\\\\"\\\": {{ .Key }}}\";",
            "inside JSON strings only"),
    MAP_ROW("payload that escapes a placeholder", "payload = \"{\\\"k\\\": \\\"\\\\%s\\\"}\";", "is not JSON: "),
    MAP_ROW("payload with an unknown placeholder", "payload = \"{\\\"k\\\": \\\"%x\\\"}\";", "unknown placeholder"),
    MAP_ROW("payload group with an unknown placeholder", "payload = { k = \"%x\"; };", "unknown placeholder"),
    MAP_ROW("payload group as a form",
            "payload = { k = \"%s\"; }; content_type = \"application/x-www-form-urlencoded\";",
            "must be a string with content_type"),
};

static const struct {
    const char *name;
    const char *target;
    const char *message;
} targets[] = {
    { "a number", "5", "must be a string in quotes" },
    { "empty", "\"\"", "must have 1 to 8192 bytes" },
    { "no scheme", "\"h/x\"", "must begin with http://, https:// or unix:/" },
    { "another scheme", "\"ftp://h/x\"", "must begin with http://" },
    { "no host", "\"http:///x\"", "the host is missing" },
    { "port without host", "\"http://:80/\"", "the host is missing" },
    { "user", "\"http://u:p@h/\"", "must not hold a user: use http_auth_basic" },
    { "fragment", "\"http://h/#x\"", "must not hold a fragment" },
    { "fragment after the host", "\"http://h#x\"", "must not hold a fragment" },
    { "blank", "\"http://h/a b\"", "must not hold blanks" },
    { "blank in the host", "\"http://a b/\"", "the host has characters" },
    { "newline", "\"http://h/a\\nb\"", "must not hold control characters" },
    { "letter of another alphabet", "\"http://h/\xc3\xa4\"", "that are not ASCII" },
    { "host of another alphabet", "\"http://\xc3\xa4.example/\"", "xn--" },
    { "empty label", "\"http://a..b/\"", "the host has characters" },
    { "port 0", "\"http://h:0/\"", "the port must be a number (1 to 65535)" },
    { "port too large", "\"http://h:65536/\"", "the port must be a number" },
    { "port that overflows", "\"http://h:99999999999999999999/\"", "the port must be a number" },
    { "empty port", "\"http://h:/\"", "the port must be a number" },
    { "port is a word", "\"http://h:http/\"", "the port must be a number" },
    { "IPv6 without brackets", "\"http://2001:db8::1/\"", "an IPv6 address stands in [ ]" },
    { "open bracket", "\"http://[::1/\"", "[ ] must hold an IPv6 address" },
    { "IPv4 in brackets", "\"http://[192.0.2.1]/\"", "[ ] must hold an IPv6 address" },
    { "zone", "\"http://[fe80::1%%eth0]/\"", "placeholders may not stand in the host" },
    { "text behind brackets", "\"http://[::1]x/\"", "the port must be a number" },
    { "placeholder in the host", "\"http://%d/\"", "placeholders may not stand in the host or the port" },
    { "placeholder in the port", "\"http://h:%s/\"", "placeholders may not stand in the host or the port" },
    { "placeholder right behind the host", "\"http://h%s/\"", "placeholders may not stand in the host" },
    { "pfxhttp's placeholder in the host", "\"http://{{ .Key }}/\"", "placeholders may not stand in the host" },
    { "percent-encoded byte", "\"http://h/a%2Fb\"", "write %%41 for the byte %41" },
    { "percent-encoded byte after %%", "\"http://h/%%%2f\"", "write %%41 for the byte %41" },
    { "placeholder before a hexadecimal digit", "\"http://h/%da\"", "write %%41" },
    { "unknown placeholder", "\"http://h/%x\"", "target: unknown placeholder" },
    { "percent sign at the end", "\"http://h/%\"", "unknown placeholder" },
    { "relative socket", "\"unix:x.sock:/\"", "must be unix:/path.sock:/url/path" },
    { "no socket", "\"unix::/x\"", "must be unix:/path.sock:/url/path" },
    { "relative path on a socket", "\"unix:/x.sock:x\"", "must be unix:/path.sock:/url/path" },
    { "placeholder in a socket", "\"unix:/%s.sock:/\"", "placeholders may not stand in the path of the socket" },
    { "socket path too long",
      "\"unix:/" TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "aaaaaaa:/\"",
      "the path of the socket is too long (at most 107 bytes)" },
    { "several, one of them wrong", "[ \"http://a/\", \"ftp://b/\", \"http://c/\" ]", "must begin with http://" },
    { "none", "[ ]", "must be a URL, or a list of 1 to 16" },
    { "too many", "( " FOUR_URLS FOUR_URLS FOUR_URLS FOUR_URLS "\"http://e/\" )",
      "must be a URL, or a list of 1 to 16" },
    { "group", "{ url = \"http://a/\"; }", "must be a string in quotes" },
};

static bool has_problem(const struct config *config, const char *message)
{
    for (size_t i = 0; i < config->problem_count; i++) {
        if (config->problems[i].is_error && strstr(config->problems[i].text, message) != NULL)
            return true;
    }
    return false;
}

static void expect_mistake(const char *name, const char *text, const char *message)
{
    struct config *config = fixture_load(text);
    const struct config_entry *entry = config_find(config, CONFIG_SOCKET_MAPS, SPAN("m"));
    const char *first = config->problem_count == 0 ? "nothing" : config->problems[0].text;

    ck_assert_msg(has_problem(config, message), "%s: got %s", name, first);
    const char *error = entry == NULL ? config->error : entry->error;
    ck_assert_msg(error != NULL && strstr(error, fixture_directory) == error, "%s: nothing is hurt", name);
    ck_assert_msg(config->problem_count == 1, "%s: also %s", name,
                  config->problem_count < 2 ? "" : config->problems[1].text);
    config_free(&config);
}

START_TEST(config_load_tells_each_mistake)
{
    expect_mistake(mistakes[_i].name, mistakes[_i].text, mistakes[_i].message);
}
END_TEST

START_TEST(config_load_tells_what_is_wrong_with_a_target)
{
    char *text = mem_format("socket_maps = { m = { target = %s; }; };", targets[_i].target);

    expect_mistake(targets[_i].name, text, targets[_i].message);
    mem_free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config_errors");

    fixture_add_loop(suite, "mistakes", config_load_tells_each_mistake, UNIT_ROWS(mistakes));
    fixture_add_loop(suite, "targets", config_load_tells_what_is_wrong_with_a_target, UNIT_ROWS(targets));
    return unit_run(suite);
}
