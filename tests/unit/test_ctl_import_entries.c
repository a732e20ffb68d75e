#include "import_fixture.h"

#include "../../tools/pfxctl/import_write.h"

#define WARNING(line, text) "pfxctl: warning: p.yml:" line ": " text
#define LISTEN "server: {" FIXTURE_LISTEN "}\n"
#define OIDC "configuration_uri: 'https://id.example/c', client_id: pfx"
#define OIDC_CFG "configuration_uri = \"https://id.example/c\"; client_id = \"pfx\";"

/* An entry of each section, with a listener. */
#define MAP(text) LISTEN "socket_maps: {m: {target: 'http://127.0.0.1/', value_field: r, " text "}}\n"
#define MAPS(defaults, entry) \
    LISTEN "socket_maps: {defaults: {target: 'http://127.0.0.1/', value_field: r, payload: '{}', " defaults "}, m: {" \
    entry "}}\n"
#define POLICY(text) \
    "server: {listen: [{kind: policy_service, name: p, type: tcp, address: localhost, port: 2}]}\n" \
    "policy_services: {p: {target: 'http://127.0.0.1/', value_field: r, " text "}}\n"
#define LOGIN_SERVER(server, text) \
    "server: {listen: [{kind: dovecot_sasl, name: l, type: tcp, address: '::1', port: 3}]" server "}\n" \
    "dovecot_sasl: {l: {target: 'http://127.0.0.1/'" text "}}\n"
#define LOGIN(text) LOGIN_SERVER("", text)
#define LISTENERS(text, more) \
    "server: {listen: [" text "]}\nsocket_maps: {" FIXTURE_MAP("") "}\n" more

#define FOREIGN_TEMPLATE \
    WARNING("2", "socket_maps.m.payload: holds a template of Go that pfx does not know; of those it knows " \
            "{{ .Key }}, and others of its own, see TEMPLATES in pfx.cfg(5)\n")

static const struct {
    const char *name;
    const char *text;
    enum import_part part;
    const char *expected;
    const char *log;
} rows[] = {
    { "payload with members of all kinds",
      MAP("payload: '{\"a\": 1, \"b\": true, \"c\": {\"d\": \"{{ .Key }}\", \"e\": {}}}'"), IMPORT_CFG,
      "payload = { a = 1; b = true; c = { d = \"{{ .Key }}\"; e = { }; }; };", "" },
    { "payload on several lines",
      MAP("payload: '{\"a_member_with_a_long_name\": \"{{.Key}}\", \"another_member_with_a_long_name\": \"and a long "
          "value\"}'"), IMPORT_CFG, "payload = {\n            a_member_with_a_long_name = \"{{.Key}}\";\n", "" },
    { "payload with a percent sign", MAP("payload: '{\"a\": \"5% of {{ .Key }}\"}'"), IMPORT_CFG,
      "payload = { a = \"5%% of {{ .Key }}\"; };", "" },
    { "payload with an array", MAP("payload: '{\"a\": [\"{{ .Key }}\"]}'"), IMPORT_CFG,
      "payload = \"{\\\"a\\\": [\\\"{{ .Key }}\\\"]}\";", "" },
    { "payload with a name that libconfig cannot take", MAP("payload: '{\"a.b\": \"{{ .Key }}\"}'"), IMPORT_CFG,
      "payload = \"{\\\"a.b\\\": \\\"{{ .Key }}\\\"}\";", "" },
    { "payload with a fraction", MAP("payload: '{\"a\": 1.5}'"), IMPORT_CFG, "payload = \"{\\\"a\\\": 1.5}\";", "" },
    { "payload of a form", MAP("payload: 'k={{ .Key }}', custom_headers: ['content-type: "
      "application/x-www-form-urlencoded; charset=utf-8']"), IMPORT_CFG,
      "payload = \"k={{ .Key }}\"; content_type = \"application/x-www-form-urlencoded\"; };", "" },
    { "a template of Go in a string", MAP("payload: '{\"a\": \"{{ len .Key }}\"}'"), IMPORT_CFG, NULL,
      FOREIGN_TEMPLATE },
    { "a template of Go that is longer", MAP("payload: '{\"a\": \"{{ .Keys }}\"}'"), IMPORT_CFG, NULL,
      FOREIGN_TEMPLATE
      "pfxctl: warning: pfx.cfg:19: socket_maps.m.payload: unknown placeholder {{ ... }} ({{ .Key }} is known)\n" },
    { "no payload", MAP("status_code: 200"), IMPORT_CFG, "# pfxhttp sends POST without a body. method = \"POST\";",
      "" },
    { "payload of the defaults", MAPS("status_code: 200", "status_code: 201"), IMPORT_CFG,
      "m = { status_code = 201; };", "" },
    { "an empty value inherits", MAPS("error_field: e, no_error_value: n", "value_field: '', error_field: x"),
      IMPORT_CFG, "m = { error_field = \"x\"; };", "" },
    { "an entry of nothing", LISTEN "socket_maps:\n  defaults: {target: 'http://127.0.0.1/', value_field: r, payload: "
      "'{}'}\n  m:\n", IMPORT_CFG, "m = { };", "" },
    { "an entry that is no map", LISTEN "socket_maps: {m: x}\n", IMPORT_CFG, NULL,
      WARNING("2", "socket_maps.m: must be a map; left out\n") },
    { "policy", POLICY("payload: '{{ .Key }}'"), IMPORT_CFG, "payload = \"{{ .Key }}\";", "" },
    { "policy with an object", POLICY("payload: '{\"a\": {{ .Key }}}'"), IMPORT_CFG,
      "payload = \"{\\\"a\\\": {{ .Key }}}\";", "" },
    { "policy without payload", POLICY("status_code: 200"), IMPORT_CFG, "payload = \"\"; method = \"POST\";", "" },
    { "login", LOGIN(", default_local_port: \"25\", transport: json"), IMPORT_CFG,
      "l = { target = \"http://127.0.0.1/\"; default_local_port = 25; };", "" },
    { "login by gRPC", LOGIN(", transport: grpc, grpc: {address: 'h:1'}"), IMPORT_CFG, NULL,
      WARNING("2", "dovecot_sasl.l.transport: has no counterpart: Nauthilus is asked by HTTP, with target = "
              "\"https://HOST/api/v1/auth/json\";\n")
      WARNING("2", "dovecot_sasl.l.grpc: has no counterpart: pfx speaks HTTP\n") },
    { "login within nine seconds", LOGIN_SERVER(", http_client: {timeout: 9s}", ""), IMPORT_CFG,
      "timeout = \"9s\"; };", "" },
    { "login in more", LOGIN_SERVER(", http_client: {timeout: 10s}", ""), IMPORT_CFG, "http = { timeout = \"9s\"; };",
      WARNING("1", "server.http_client.timeout: is cut to 9s for logins: Postfix waits 10s for the answer to one\n") },

    { "a token", MAPS("status_code: 200",
      "backend_oidc_auth: {enabled: true, " OIDC ", client_secret: s, scopes: [a, 'b "
      "c']}"), IMPORT_CFG, "client_secret = \"s\"; scopes = [ \"a\", \"b\", \"c\" ]; };", "" },
    { "a token, as it was called", MAPS("status_code: 200", "oidc_auth: {enabled: true, " OIDC "}"), IMPORT_CFG,
      "backend_oidc_auth = { " OIDC_CFG " };",
      WARNING("2", "socket_maps.m.oidc_auth: is called backend_oidc_auth now\n") },
    { "a token that is not enabled", MAPS("status_code: 200", "backend_oidc_auth: {" OIDC "}"), IMPORT_CFG,
      "m = { # backend_oidc_auth is not enabled; left out. };", "" },
    { "a token that cannot be switched off",
      MAPS("backend_oidc_auth: {enabled: true, " OIDC "}", "backend_oidc_auth: {enabled: false}"), IMPORT_CFG, NULL,
      WARNING("2",
      "socket_maps.m.backend_oidc_auth: is not enabled, so that pfxhttp takes the one of defaults; left out. "
              "With enabled = false; here, pfx does without.\n") },
    { "a token that inherits",
      MAPS("backend_oidc_auth: {enabled: true, " OIDC ", client_secret: s}",
      "backend_oidc_auth: {enabled: true, " OIDC "}"), IMPORT_CFG, NULL,
      WARNING("2",
      "socket_maps.m.backend_oidc_auth.client_secret: is inherited from defaults now: pfx merges both groups "
              "key by key, pfxhttp takes the nearer one as a whole\n") },
    { "a token wins over all of the defaults",
      MAPS("backend_oidc_auth: {enabled: true, " OIDC "}", "http_auth_basic: 'u:p'"), IMPORT_CFG, NULL,
      WARNING("2", "socket_maps.m.http_auth_basic: left out: pfxhttp puts the token of backend_oidc_auth, or the "
              "Authorization of custom_headers, in its place\n") },
    { "a token wins over a header",
      MAPS("backend_oidc_auth: {enabled: true, " OIDC "}", "custom_headers: ['Authorization: x']"), IMPORT_CFG, NULL,
      WARNING("2", "socket_maps.m.custom_headers: Authorization is left out: pfxhttp puts the token of "
              "backend_oidc_auth in its place\n") },
    { "odd letters in a secret", MAPS("backend_oidc_auth: {enabled: true, " OIDC ", client_secret: 'a+b'}", ""),
      IMPORT_CFG,
      "basic_encoding = \"raw\";", "" },
    { "the provider is reached as all others",
      "server: {" FIXTURE_LISTEN ", http_client: {proxy: 'http://x:1'}, tls: {enabled: true, root_ca: /ca.pem}}\n"
      "socket_maps: {" FIXTURE_MAP(", backend_oidc_auth: {enabled: true, " OIDC "}") "}\n", IMPORT_CFG,
      "http = { proxy = \"http://x:1\"; }; tls = { root_ca = \"/ca.pem\"; }; };", "" },
    { "tokens of mail programs", LOGIN(", sasl_oidc_auth: {enabled: true, " OIDC ", account_claim: mail}"), IMPORT_CFG,
      "account_claim = \"mail\"; # As pfxhttp, which takes the account of the token, whatever name the mail program "
      "gives. With \"match\", the default, both must be the same. claimed_name = \"ignore\"; };", "" },
    { "tokens by their signature", LOGIN(", sasl_oidc_auth: {enabled: true, " OIDC ", validation: jwks}"), IMPORT_CFG,
      "audience = \"any\";",
      WARNING("2",
      "dovecot_sasl.l.sasl_oidc_auth.audience: pfxhttp does not look whom a token is for. \"any\" does the "
              "same; better is the audience of your mail service, as tokens for others are accepted else\n") },

    { "a name with a dot",
      LISTEN "socket_maps: {a.b: {" "target: 'http://127.0.0.1/', payload: '{}', value_field: r}}\n",
      IMPORT_CFG, "a_b = {", WARNING("2",
      "socket_maps.a.b: is called \"a_b\" here: libconfig cannot take such a name\n") },
    { "a name with a digit first",
      LISTEN "socket_maps: {1a: {target: 'http://127.0.0.1/', payload: '{}', value_field: r}}\n",
      IMPORT_MAIN, "socketmap:unix:private/pfx-socketmap:n1a",
      WARNING("2", "socket_maps.1a: is called \"n1a\" here: libconfig cannot take such a name\n") },
    { "a name in capitals", LISTEN "socket_maps: {Ab: {target: 'http://127.0.0.1/', payload: '{}', value_field: r}}\n",
      IMPORT_CFG, "ab = {", WARNING("2", "socket_maps.Ab: is called \"ab\" here: pfxhttp knows it in lower case\n") },

    { "maps by TCP", LISTENERS("{kind: socket_map, type: tcp, address: 127.0.0.1, port: 23450}", ""), IMPORT_MASTER,
      "\npfx-socketmap unix - - n - 1 pfx-socketmap\n", "" },
    { "maps by TCP, for others", LISTENERS("{kind: socket_map, type: tcp, address: 10.0.0.1, port: 23450}", ""),
      IMPORT_MASTER,
      "port: #10.0.0.1:23450 inet n - n - 1 pfx-socketmap\n",
      WARNING("1",
      "server.listen.address: others than this machine can ask here; the line for that is a comment, as the "
              "protocols know no password\n") },
    { "maps by a socket of Postfix", LISTENERS("{kind: socket_map, type: unix, address: /q/public/maps}", ""),
      IMPORT_MASTER,
      "\nmaps unix n - n - 1 pfx-socketmap\n", "" },
    { "a socket elsewhere", LISTENERS("{kind: socket_map, type: unix, address: /run/x/maps, mode: '0660'}", ""),
      IMPORT_MASTER,
      "\npfx-socketmap unix - - n - 1 pfx-socketmap\n",
      WARNING("1",
      "server.listen.mode: has no counterpart: Postfix makes the socket, for its own processes; see private in "
              "master(5)\n") },
    { "two listeners, one service",
      LISTENERS("{kind: socket_map, type: tcp, address: '::1', port: 1}, {kind: socket_map, type: tcp, address: "
                "localhost, port: 2}", ""), IMPORT_MASTER, "pfx-socketmap above serves this one, too.", "" },
    { "one listener, without a list", "server: {listen: {type: tcp, address: 127.0.0.1, port: 2345}}\nsocket_maps: {"
      FIXTURE_MAP("") "}\n", IMPORT_MASTER, "\npfx-socketmap unix - - n - 1 pfx-socketmap\n",
      WARNING("1",
      "server.listen.kind: must be socket_map, policy_service or dovecot_sasl; taken for a socket_map\n") },
    { "no listener", "socket_maps: {" FIXTURE_MAP("") "}\n", IMPORT_MASTER,
      "#pfx-socketmap unix - - n - 1 pfx-socketmap\n",
      WARNING("1", "socket_maps: served by no listener\n") },
    { "a listener of an unknown entry",
      LISTENERS("{kind: policy_service, name: x, type: tcp, address: localhost, port: 2}, "
      "{kind: socket_map, type: tcp, address: localhost, port: 1}", ""), IMPORT_MASTER,
      "\npfx-policy unix - - n - 1 pfx-policyd\n",
      WARNING("1", "server.listen.name: is no entry of policy_services\n") },
    { "metrics", "server: {" FIXTURE_LISTEN ", observability: {prometheus_enabled: true, prometheus_port: 9000}}\n"
      "socket_maps: {" FIXTURE_MAP("") "}\n", IMPORT_MASTER, "port: #127.0.0.1:9000 inet n - n - 1 pfx-metrics\n", "" },
    { "what listens nowhere in master.cf but in words",
      LISTENERS("{kind: socket_map, type: unix, address: \"/q/private/a b\\nsmtp\"}", ""), IMPORT_MASTER,
      "\na_b_smtp unix - - n - 1 pfx-socketmap\n", "" },
    { "a socket of Postfix's own", LISTENERS("{kind: socket_map, type: unix, address: /q/private/rewrite}", ""),
      IMPORT_MASTER, "\npfx-socketmap unix - - n - 1 pfx-socketmap\n",
      WARNING("1", "server.listen.address: rewrite is a service of Postfix itself; another name is used here\n") },
    { "a socket of Postfix's own, in main.cf",
      LISTENERS("{kind: socket_map, type: unix, address: /q/private/smtp}", ""), IMPORT_MAIN,
      "socketmap:unix:private/pfx-socketmap:",
      WARNING("1", "server.listen.address: smtp is a service of Postfix itself; another name is used here\n") },

    { "a parameter of main.cf",
      LISTEN "socket_maps: {relay_domains: {target: 'http://127.0.0.1/', payload: '{}', value_field: "
      "r}}\n", IMPORT_MAIN, "stands: #relay_domains = socketmap:unix:private/pfx-socketmap:relay_domains\n", "" },
    { "policy in main.cf", POLICY("payload: '{{ .Key }}'"), IMPORT_MAIN,
      "check_policy_service inet:HOST:2, in the list of restrictions that has it, for p: #smtpd_recipient_restrictions "
      "= check_policy_service unix:private/pfx-policy\n", "" },
    { "logins in main.cf", LOGIN(""), IMPORT_MAIN, "\nsmtpd_sasl_type = dovecot\nsmtpd_sasl_path = private/pfx-sasl\n",
      "" },
};

START_TEST(import_text_maps_entries_and_listeners)
{
    struct import_fixture f;

    import_fixture_make(&f, rows[_i].text);
    import_fixture_expect(&f, rows[_i].name, rows[_i].part, rows[_i].expected, rows[_i].log);
    import_fixture_free(&f);
}
END_TEST

#define ALIKE 8000

/* In a time that grows with their number, not with its third power. */
START_TEST(import_names_make_tells_many_alike_names_apart)
{
    struct import im = { .root = NULL };
    struct buf text;
    char *error;

    buf_init(&text, YAMLDOC_MAX_BYTES);
    buf_format(&text, "socket_maps:\n");
    for (unsigned i = 0; i < ALIKE; i++)
        buf_format(&text, "  \"%c%c%c%c%c\": x\n", " ,:;"[i % 4], " .:;!/+="[i / 4 % 8], " .:;!/+="[i / 32 % 8],
                   " .:;!/+="[i / 256 % 8], " .:;!/+="[i / 2048 % 8]);
    struct yamldoc *doc = yamldoc_parse(buf_span(&text), &error);
    ck_assert_msg(doc != NULL, "%s", error);
    im.root = yamldoc_root(doc);
    import_names_make(&im);
    ck_assert_str_eq(im.names[CONFIG_SOCKET_MAPS][0], "n_____");
    ck_assert_str_eq(im.names[CONFIG_SOCKET_MAPS][1], "n______2");
    ck_assert_str_eq(im.names[CONFIG_SOCKET_MAPS][ALIKE - 1], "n______8000");
    import_names_free(&im);
    yamldoc_free(&doc);
    buf_free(&text);
}
END_TEST

/* Whatever is in a value, it stands in no comment, in no other part and in no message. */
START_TEST(import_text_keeps_secrets_to_pfx_cfg)
{
    struct import_fixture f;

    import_fixture_make(&f, "server: {" FIXTURE_LISTEN ", http_client: {proxy: 'http://u:SECRET@p'}}\n"
                            "socket_maps: {" FIXTURE_MAP(", http_auth_basic: \"a:SECRET\\n#\", custom_headers: "
                            "['Authorization: Bearer SECRET'], jwt_auth: {password: SECRET}, colour: SECRET") "}\n");
    ck_assert(f.ok);
    ck_assert_ptr_null(strstr(f.log, "SECRET"));
    ck_assert_ptr_null(strstr(buf_text(&f.parts[IMPORT_MASTER]), "SECRET"));
    ck_assert_ptr_null(strstr(buf_text(&f.parts[IMPORT_MAIN]), "SECRET"));
    char *text = strdup(buf_text(&f.parts[IMPORT_CFG])), *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;)
        ck_assert_msg(line[strspn(line, " ")] != '#' || strstr(line, "SECRET") == NULL, "%s", line);
    free(text);
    import_fixture_free(&f);
}
END_TEST

START_TEST(import_text_gives_each_entry_a_name_of_its_own)
{
    struct import_fixture f;
    const char *entry = "{target: 'http://127.0.0.1/', payload: '{}', value_field: r}";
    char *text = NULL;

    ck_assert_int_gt(asprintf(&text, LISTEN "socket_maps: {a.b: %s, a-b: %s, 'a b': %s, a_b: %s}\n", entry, entry,
      entry,
                              entry), 0);
    import_fixture_make(&f, text);
    ck_assert(f.ok);
    const char *cfg = buf_text(&f.parts[IMPORT_CFG]);
    ck_assert_ptr_nonnull(strstr(cfg, "    a_b = {"));
    ck_assert_ptr_nonnull(strstr(cfg, "    a-b = {"));
    ck_assert_ptr_nonnull(strstr(cfg, "    a_b_2 = {"));
    ck_assert_ptr_nonnull(strstr(cfg, "    a_b_3 = {"));
    ck_assert_ptr_null(strstr(f.log, "pfx.cfg:"));
    import_fixture_free(&f);
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ctl_import_entries");
    const TTest *const rest[] = { import_text_keeps_secrets_to_pfx_cfg, import_text_gives_each_entry_a_name_of_its_own,
                                  NULL };

    unit_add_loop(suite, "import_text", import_text_maps_entries_and_listeners, UNIT_ROWS(rows));
    unit_add(suite, "import_text, all", rest);
    unit_add(suite, "import_names_make",
             (const TTest *const[]){ import_names_make_tells_many_alike_names_apart, NULL });
    return unit_run(suite);
}
