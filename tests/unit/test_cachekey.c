#include "cachekey.h"

#include "cache.h"
#include "config_fixture.h"

#define FINGERPRINT 0x0123456789abcdefULL
#define ATTRIBUTE(name, value) { UNIT_BYTES(name), UNIT_BYTES(value) }

static struct config *config;

static void load(const char *text)
{
    config_free(&config);
    fixture_write_expanded("pfx.cfg", text);
    config = fixture_expect_good(fixture_load_for(CONFIG_SOCKET_MAPS));
}

static uint64_t fingerprint_of(const char *format, const char *keys)
{
    char *text = mem_format("%s%s }; };", format, keys);

    load(text);
    mem_free(text);
    for (int section = CONFIG_SOCKET_MAPS; section <= CONFIG_POLICY_SERVICES; section++) {
        const struct config_entry *entry = config_find(config, (enum config_section_id)section, SPAN("e"));
        if (entry != NULL)
            return cachekey_fingerprint(entry);
    }
    ck_abort_msg("no entry");
}

static void unload(void)
{
    config_free(&config);
}

#define MAP    "socket_maps = { e = { "
#define POLICY "policy_services = { e = { "
#define PAIR   "target = [ \"http://h/%s\", \"http://i/%s\" ];"
#define ONE    "target = \"http://h/%s\"; "
#define BODY   ONE "payload = \"{\\\"k\\\":\\\"%s\\\"}\"; "
#define ASKED  "target = \"http://h/\"; "

static const struct {
    const char *name;
    const char *section;
    const char *before, *after;
    bool is_same;
} changes[] = {
    { "nothing", MAP, ONE, ONE, true },
    { "default said", MAP, ONE, ONE "value_field = \"\"; fold_case = true; status_code = 200;", true },
    { "section", MAP, ONE, ONE "} ; }; policy_services = { f = { " ASKED, true },
    { "host", MAP, ONE, "target = \"http://i/%s\";", false },
    { "port", MAP, ONE, "target = \"http://h:81/%s\";", false },
    { "scheme", MAP, "target = \"http://h:444/%s\";", "target = \"https://h:444/%s\";", false },
    { "path", MAP, ONE, "target = \"http://h/a/%s\";", false },
    { "query", MAP, ONE, "target = \"http://h/%s?a\";", false },
    { "placeholder", MAP, ONE, "target = \"http://h/%u\";", false },
    { "socket", MAP, "target = \"unix:/a:/%s\";", "target = \"unix:/b:/%s\";", false },
    { "another target", MAP, ONE, PAIR, false },
    { "targets of another order", MAP, PAIR, "target = [ \"http://i/%s\", \"http://h/%s\" ];", false },
    { "target_order", MAP, PAIR, PAIR "target_order = \"random\";", true },
    { "retry_interval", MAP, ONE, ONE "retry_interval = \"5s\";", true },
    { "payload", MAP, BODY, ONE "payload = \"{\\\"l\\\":\\\"%s\\\"}\";", false },
    { "no payload", MAP, BODY, ONE "method = \"POST\";", false },
    { "method", MAP, ONE, ONE "method = \"POST\";", false },
    { "content_type", MAP, ONE "payload = \"[1]\"; content_type = \"application/x-www-form-urlencoded\";",
      ONE "payload = \"[1]\";", false },
    { "name of a header", MAP, ONE "custom_headers = [\"X-A: b\"];", ONE "custom_headers = [\"X-B: b\"];", false },
    { "value of a header", MAP, ONE "custom_headers = [\"X-A: b\"];", ONE "custom_headers = [\"X-A: c\"];", false },
    { "one header more", MAP, ONE "custom_headers = [\"X-A: b\"];", ONE "custom_headers = [\"X-A: b\", \"X-B: c\"];",
      false },
    { "status_code", MAP, ONE, ONE "status_code = 201;", false },
    { "one status more", MAP, ONE, ONE "status_code = [200, 201];", false },
    { "notfound_status", MAP, ONE, ONE "notfound_status = [410];", false },
    { "from one status to the other", MAP, ONE "status_code = [200, 404]; notfound_status = [410];",
      ONE "status_code = [200]; notfound_status = [404, 410];", false },
    { "value_field", MAP, ONE "value_field = \"a\";", ONE "value_field = \"b\";", false },
    { "from one field to the other", MAP, ONE "value_field = \"a\";", ONE "error_field = \"a\";", false },
    { "error_field", MAP, ONE "error_field = \"a\";", ONE "error_field = \"b\";", false },
    { "no_error_value", MAP, ONE "error_field = \"a\";", ONE "error_field = \"a\"; no_error_value = \"ok\";", false },
    { "error_result", MAP, ONE "error_field = \"a\";", ONE "error_field = \"a\"; error_result = \"temp\";", false },
    { "value_required", MAP, ONE "value_field = \"a\";", ONE "value_field = \"a\"; value_required = true;", false },
    { "fold_case", MAP, ONE, ONE "fold_case = false;", false },
    { "max_reply_size", MAP, ONE, ONE "max_reply_size = 5000;", false },
    { "keys", MAP, ONE, ONE "keys = \"virtual\";", false },
    { "keys in another order", MAP, ONE "keys = [ \"full\", \"domain\" ];", ONE "keys = [ \"domain\", \"full\" ];",
      false },
    { "recipient_delimiter", MAP, ONE, ONE "recipient_delimiter = \"+\";", false },
    { "local_domains", MAP, ONE, ONE "local_domains = \"d\";", false },
    { "propagate_extension", MAP, ONE, ONE "propagate_extension = true;", false },
    { "result_format", MAP, ONE, ONE "result_format = \"x%s\";", false },
    { "expansion_limit", MAP, ONE, ONE "expansion_limit = 1;", false },
    { "domains", MAP, ONE, ONE "domains = \"d\";", true },
    { "user and password", MAP, ONE "http_auth_basic = \"u:p\";", ONE "http_auth_basic = \"u:q\";", true },
    { "token", MAP, ONE, ONE "http_auth_bearer = \"token\";", true },
    { "http", MAP, ONE,
      ONE "http = { timeout = 7; attempt_timeout = 1; connect_timeout = 1; max_response_size = 4096;"
          " ip_version = \"4\"; user_agent = \"x\"; };",
      true },
    { "proxy", MAP, ONE, ONE "http = { proxy = \"http://u:p@proxy:3128\"; };", false },
    { "password of the proxy", MAP, ONE "http = { proxy = \"http://u:p@proxy:3128\"; };",
      ONE "http = { proxy = \"http://u:q@proxy:3128\"; };", true },
    { "trust", MAP, ONE, ONE "tls = { skip_verify = true; };", false },
    { "CA", MAP, ONE, ONE "tls = { root_ca = \"/ca.pem\"; };", false },
    { "tls", MAP, ONE, ONE "tls = { min_version = \"1.3\"; skip_verify = false; };", true },
    { "compression", MAP, ONE, ONE "http_response_compression = true;", true },
    { "response_cache", MAP, ONE,
      ONE "response_cache = { max_age = 1; negative_max_age = 1; stale_if_error = 1; stale_after = 2; };", true },
    { "attributes", POLICY, ASKED, ASKED "attributes = [ \"sender\" ];", false },
    { "one attribute more", POLICY, ASKED "attributes = [ \"sender\" ];",
      ASKED "attributes = [ \"sender\", \"recipient\" ];", false },
    { "cache_key", POLICY, ASKED "cache_key = [ \"sender\" ];", ASKED "cache_key = [ \"recipient\" ];", false },
    { "from attributes to cache_key", POLICY, ASKED "attributes = [ \"sender\" ];", ASKED "cache_key = [ \"sender\" ];",
      false },
    { "restrictions", POLICY, ASKED, ASKED "restrictions = true;", false },
    { "what is done with the answer", POLICY, ASKED,
      ASKED "no_value_action = \"OK\"; on_error = \"DUNNO\"; dry_run = true;", true },
};

START_TEST(cachekey_fingerprint_is_of_what_shapes_the_answer)
{
    uint64_t before = fingerprint_of(changes[_i].section, changes[_i].before);
    uint64_t after = fingerprint_of(changes[_i].section, changes[_i].after);

    ck_assert_msg((before == after) == changes[_i].is_same, "%s: %s", changes[_i].name,
                  before == after ? "the same" : "another one");
    unload();
}
END_TEST

static struct span key_of(struct buf *key, const struct config_entry *entry, const struct subject *subject)
{
    buf_init(key, CACHE_KEY_MAX_BYTES);
    cachekey_make(entry, FINGERPRINT, subject, key);
    return buf_span(key);
}

static void expect_map_key(const char *name, struct span asked, struct span expected)
{
    const struct config_entry *entry = fixture_map(config, name);
    struct subject subject = { .attributes = NULL };
    struct buf key;

    subject_of_key(&subject, entry, asked);
    unit_expect_span(key_of(&key, entry, &subject), expected, name);
    subject_free(&subject);
    buf_free(&key);
}

#define HEX "0123456789abcdef"

START_TEST(cachekey_of_a_map_is_its_entry_and_the_key)
{
    load("socket_maps = { m = { " ONE "}; mk = { " ONE "fold_case = false; }; };");
    expect_map_key("m", SPAN("k"), SPAN("a" HEX "m\0k"));
    expect_map_key("m", SPAN("User@Example.COM"), SPAN("a" HEX "m\0user@example.com"));
    expect_map_key("mk", SPAN("K"), SPAN("a" HEX "mk\0K"));
    expect_map_key("m", SPAN("kk\0 \xC3\xBC"), SPAN("a" HEX "m\0kk\0 \xC3\xBC"));
    unload();
}
END_TEST

START_TEST(cachekey_is_appended)
{
    struct subject subject = { .attributes = NULL };
    struct buf key;

    load("socket_maps = { m = { " ONE "}; };");
    buf_init(&key, CACHE_KEY_MAX_BYTES);
    buf_add(&key, SPAN("before "));
    subject_of_key(&subject, fixture_map(config, "m"), SPAN("k"));
    cachekey_make(fixture_map(config, "m"), 0, &subject, &key);
    unit_expect_span(buf_span(&key), SPAN("before a0000000000000000m\0k"), "key");
    subject_free(&subject);
    buf_free(&key);
    unload();
}
END_TEST

static const struct attribute request[] = {
    ATTRIBUTE("request", "smtpd_access_policy"),
    ATTRIBUTE("sender", "s@x"),
    ATTRIBUTE("recipient", ""),
    ATTRIBUTE("client_address", "192.0.2.1"),
};

#define REQUESTED (sizeof(request) / sizeof(request[0]))

static void expect_policy_key(const char *name, const struct attribute *attributes, size_t count, struct span expected,
                              const char *row_name)
{
    const struct config_entry *entry = config_find(config, CONFIG_POLICY_SERVICES, span_text(name));
    struct subject subject = { .attributes = NULL };
    struct buf key;

    subject_of_policy(&subject, entry, attributes, count);
    unit_expect_span(key_of(&key, entry, &subject), expected, row_name);
    subject_free(&subject);
    buf_free(&key);
}

static void load_policies(void)
{
    load("policy_services = { p = { " ASKED "attributes = [ \"sender\" ]; };"
         " named = { " ASKED "cache_key = [ \"recipient\", \"sender\" ]; }; };");
}

#define WHOLE "b" HEX "p\0request=smtpd_access_policy\0sender=s@x\0recipient=\0client_address=192.0.2.1\0"

START_TEST(cachekey_of_a_policy_is_its_entry_and_its_attributes)
{
    load_policies();
    expect_policy_key("p", request, REQUESTED, SPAN(WHOLE), "all");
    expect_policy_key("named", request, REQUESTED, SPAN("b" HEX "named\0recipient=\0sender=s@x\0"), "cache_key");
    unload();
}
END_TEST

/* A misspelt name would give one user's action to all. */
START_TEST(cachekey_needs_every_attribute_of_cache_key)
{
    struct subject subject = { .attributes = NULL };
    struct buf key;

    load_policies();
    const struct config_entry *entry = config_find(config, CONFIG_POLICY_SERVICES, SPAN("named"));
    subject_of_policy(&subject, entry, request, 2);
    buf_init(&key, 1000);
    ck_assert(!cachekey_make(entry, 0, &subject, &key));
    buf_free(&key);
    subject_free(&subject);
    unload();
}
END_TEST

static const struct {
    const char *name;
    bool differs;
} attributes[] = {
    { "instance", true },
    { "queue_id", true },
    { "client_port", true },
    { "server_port", true },
    { "size", true },
    { "recipient_count", true },
    { "stress", true },
    { "etrn_domain", true },
    { "compatibility_level", true },
    { "mail_version", true },
    { "ccert_subject", true },
    { "ccert_issuer", true },
    { "ccert_fingerprint", true },
    { "ccert_pubkey_fingerprint", true },
    { "encryption_protocol", true },
    { "encryption_cipher", true },
    { "encryption_keysize", true },
    { "protocol_state", false },
    { "protocol_name", false },
    { "client_name", false },
    { "reverse_client_name", false },
    { "helo_name", false },
    { "server_address", false },
    { "sasl_method", false },
    { "sasl_username", false },
    { "sasl_sender", false },
    { "policy_context", false },
    { "sizes", false },
    { "ccert", false },
    { "of_a_later_postfix", false },
};

START_TEST(cachekey_of_a_policy_leaves_out_what_differs_for_each_message)
{
    struct attribute all[REQUESTED + 1];
    struct buf expected;

    memcpy(all, request, sizeof(request));
    all[REQUESTED] = (struct attribute){ span_text(attributes[_i].name), SPAN("value") };
    buf_init(&expected, 1000);
    buf_add(&expected, SPAN(WHOLE));
    if (!attributes[_i].differs) {
        buf_format(&expected, "%s=value", attributes[_i].name);
        buf_add(&expected, SPAN("\0"));
    }
    load_policies();
    expect_policy_key("p", all, REQUESTED + 1, buf_span(&expected), attributes[_i].name);
    buf_free(&expected);
    unload();
}
END_TEST

/* Who asks for it gets it, whatever it is. */
START_TEST(cachekey_of_a_policy_holds_what_cache_key_names)
{
    const struct attribute queue_id = ATTRIBUTE("queue_id", "ABC");

    load("policy_services = { p = { " ASKED "cache_key = [ \"queue_id\" ]; }; };");
    expect_policy_key("p", &queue_id, 1, SPAN("b" HEX "p\0queue_id=ABC\0"), "queue_id");
    unload();
}
END_TEST

START_TEST(cachekey_has_room_for_the_longest_request)
{
    static char value[65536 - 8];
    struct attribute sender = { SPAN("sender"), span_make(value, sizeof(value)) };
    const struct config_entry *entry;
    struct subject subject = { .attributes = NULL };
    struct buf key;

    memset(value, 0xFF, sizeof(value)); /* each byte becomes three */
    load_policies();
    entry = config_find(config, CONFIG_POLICY_SERVICES, SPAN("p"));
    subject_of_policy(&subject, entry, &sender, 1);
    struct span made = key_of(&key, entry, &subject);
    ck_assert_uint_eq(made.n, sizeof("b" HEX "p") + strlen("sender=") + 3 * sizeof(value) + 1);
    subject_free(&subject);
    buf_free(&key);
    unload();
}
END_TEST

static const struct {
    const char *name;
    struct span key;
    struct span entry, asked;
    enum config_section_id section;
    bool is_found_candidate;
} read_keys[] = {
    { "map", UNIT_BYTES("a" HEX "m\0k"), UNIT_BYTES("m"), UNIT_BYTES("k"), CONFIG_SOCKET_MAPS, false },
    { "NULs", UNIT_BYTES("a" HEX "m\0k\0+x"), UNIT_BYTES("m"), UNIT_BYTES("k\0+x"), CONFIG_SOCKET_MAPS, false },
    { "nothing asked", UNIT_BYTES("a" HEX "m\0"), UNIT_BYTES("m"), UNIT_BYTES(""), CONFIG_SOCKET_MAPS, false },
    { "policy", UNIT_BYTES("b" HEX "p\0s=x\0"), UNIT_BYTES("p"), UNIT_BYTES("s=x\0"), CONFIG_POLICY_SERVICES, false },
    { "candidate", UNIT_BYTES("w" HEX "m\0k"), UNIT_BYTES("m"), UNIT_BYTES("k"), CONFIG_SOCKET_MAPS, true },
};

START_TEST(cachekey_is_read_again)
{
    struct cachekey_parts parts;

    for (int i = 0; i < UNIT_ROWS(read_keys); i++) {
        unit_expect(cachekey_read(unit_guarded_span(read_keys[i].key), &parts), read_keys[i].name);
        unit_expect_span(parts.entry, read_keys[i].entry, read_keys[i].name);
        unit_expect_span(parts.asked, read_keys[i].asked, read_keys[i].name);
        unit_expect(parts.section == read_keys[i].section, read_keys[i].name);
        unit_expect(parts.is_found_candidate == read_keys[i].is_found_candidate, read_keys[i].name);
        unit_expect(parts.fingerprint == FINGERPRINT, read_keys[i].name);
    }
}
END_TEST

START_TEST(cachekey_that_is_none_is_not_read)
{
    static const struct span none[] = { UNIT_BYTES(""), UNIT_BYTES("a"), UNIT_BYTES("a" HEX), UNIT_BYTES("a" HEX "m"),
                                        UNIT_BYTES("d" HEX "m\0k"), UNIT_BYTES("`" HEX "m\0k"),
                                        UNIT_BYTES("a0123456789ABCDEFm\0k"), UNIT_BYTES("a0123456789abcdegm\0k") };
    struct cachekey_parts parts;

    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        ck_assert_msg(!cachekey_read(unit_guarded_span(none[i]), &parts), "row %zu", i);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cachekey");

    fixture_add_loop(suite, "fingerprint", cachekey_fingerprint_is_of_what_shapes_the_answer, UNIT_ROWS(changes));
    fixture_add_loop(suite, "attributes", cachekey_of_a_policy_leaves_out_what_differs_for_each_message,
                     UNIT_ROWS(attributes));
    fixture_add(suite, "key",
                (const TTest *const[]){ cachekey_of_a_map_is_its_entry_and_the_key, cachekey_is_appended,
                                        cachekey_of_a_policy_is_its_entry_and_its_attributes,
                                              cachekey_needs_every_attribute_of_cache_key,
                                        cachekey_of_a_policy_holds_what_cache_key_names,
                                        cachekey_has_room_for_the_longest_request,
                                        cachekey_is_read_again, cachekey_that_is_none_is_not_read, NULL });
    return unit_run(suite);
}
