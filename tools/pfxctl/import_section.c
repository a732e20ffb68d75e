#include "import_write.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "mem.h"

/* Places of keys: the sections. */
enum { MAP = 1, POLICY = 2, LOGIN = 4, ALL = 7 };

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* The ranges of pfx.cfg(5). */
#define STATUS_MIN 100
#define STATUS_MAX 599
#define PORT_MAX 65535
#define REPLY_MIN_BYTES 1024
#define REPLY_DEFAULT_BYTES 100000

static const unsigned places[CONFIG_SECTIONS] = {
    [CONFIG_SOCKET_MAPS] = MAP,
    [CONFIG_POLICY_SERVICES] = POLICY,
    [CONFIG_DOVECOT_SASL] = LOGIN,
};

void import_section_secret(struct import *im, const char *key)
{
    const char *name = im->entry == im->defaults ? im->path[0] : im->path[1];
    const char *group = im->path[2];

    import_out_comment(im, "Better in a file that only root can read:");
    import_out_comment(im, "%s = { file = \"/etc/postfix/%s%s%s.secret\"; };", key, name, group == NULL ? "" : ".",
                       group == NULL ? "" : group);
}

static void write_text(struct import *im, const struct yamldoc_member *member, const char *name)
{
    const char *text = import_value_text(im, member);

    if (text != NULL)
        import_out_string(im, name, text);
}

static void take_target(struct import *im, const struct yamldoc_member *member)
{
    const char *text = import_value_text(im, member);

    if (text == NULL)
        return;
    char *doubled = import_out_percent(text);
    import_out_string(im, "target", doubled);
    mem_wiping_free(doubled);
}

static void take_basic(struct import *im, const struct yamldoc_member *member)
{
    if (import_value_text(im, member) == NULL)
        return;
    if (im->drops_basic) {
        import_out_note(im, member->line, "http_auth_basic", "left out: pfxhttp puts the token of backend_oidc_auth, "
                        "or the Authorization of custom_headers, in its place");
        return;
    }
    import_section_secret(im, "http_auth_basic");
    write_text(im, member, "http_auth_basic");
}

static void write_number(struct import *im, const struct yamldoc_member *member, const char *name, int64_t min,
                         int64_t max)
{
    int64_t value;

    if (import_value_counts(member->value) && import_value_integer(im, member, min, max, &value))
        import_out_line(im, "%s = %" PRId64 ";", name, value);
}

static void take_status(struct import *im, const struct yamldoc_member *member)
{
    write_number(im, member, "status_code", STATUS_MIN, STATUS_MAX);
}

static void take_port(struct import *im, const struct yamldoc_member *member)
{
    write_number(im, member, "default_local_port", 0, PORT_MAX);
}

static void take_value_field(struct import *im, const struct yamldoc_member *member)
{
    write_text(im, member, "value_field");
}

static void take_no_error_value(struct import *im, const struct yamldoc_member *member)
{
    write_text(im, member, "no_error_value");
}

/* What stands in the entry, or else in the defaults. */
static const char *effective(const struct import *im, const char *name)
{
    const char *text = import_value_find(im->entry, name);
    return text != NULL ? text : import_value_find(im->defaults, name);
}

static void take_error_field(struct import *im, const struct yamldoc_member *member)
{
    if (import_value_text(im, member) == NULL)
        return;
    if (effective(im, "no_error_value") == NULL)
        import_out_note(im, member->line, "error_field", "counts now: pfxhttp looks at it only with a no_error_value, "
                                                         "pfx takes any text there for an error");
    write_text(im, member, "error_field");
}

/* false in an entry says nothing in pfxhttp: what the defaults say holds. */
static void take_compression(struct import *im, const struct yamldoc_member *member)
{
    bool is_request = strcasecmp(member->name, "http_request_compression") == 0;
    bool value;

    if (import_value_boolean(im, member, &value) && value)
        import_out_line(im, "http_%s_compression = true;", is_request ? "request" : "response");
}

static void take_transport(struct import *im, const struct yamldoc_member *member)
{
    const char *text = import_value_text(im, member);

    if (text != NULL && strcmp(text, "json") != 0)
        import_out_note(im, member->line, "transport", "has no counterpart: Nauthilus is asked by HTTP, with target = "
                                                       "\"https://HOST/api/v1/auth/json\";");
}

static const char no_answer[] = "does not count for logins; left out";
static const char login_only[] = "counts for logins only; left out";
static const char no_jwt[] = "has no counterpart: see backend_oidc_auth and http_auth_bearer in pfx.cfg(5)";

static const struct import_key keys[] = {
    { "target", ALL, take_target, NULL },
    { "http_auth_basic", ALL, take_basic, NULL },
    { "custom_headers", ALL, import_header_write, NULL },
    { "payload", MAP | POLICY, import_payload_write, NULL },
    { "payload", LOGIN, NULL, "does not count for logins: the members of Nauthilus are sent; left out" },
    { "status_code", ALL, take_status, NULL },
    { "value_field", MAP | POLICY, take_value_field, NULL },
    { "value_field", LOGIN, NULL, no_answer },
    { "error_field", MAP | POLICY, take_error_field, NULL },
    { "error_field", LOGIN, NULL, no_answer },
    { "no_error_value", MAP | POLICY, take_no_error_value, NULL },
    { "no_error_value", LOGIN, NULL, no_answer },
    { "backend_oidc_auth", ALL, import_oidc_write, NULL },
    { "oidc_auth", ALL, import_oidc_write, NULL },
    { "sasl_oidc_auth", LOGIN, import_oidc_write_login, NULL },
    { "sasl_oidc_auth", MAP | POLICY, NULL, login_only },
    { "default_local_port", LOGIN, take_port, NULL },
    { "default_local_port", MAP | POLICY, NULL, login_only },
    { "http_request_compression", ALL, take_compression, NULL },
    { "http_response_compression", ALL, take_compression, NULL },
    { "transport", LOGIN, take_transport, NULL },
    { "transport", MAP | POLICY, NULL, login_only },
    { "grpc", ALL, NULL, "has no counterpart: pfx speaks HTTP" },
    { "jwt_auth", ALL, NULL, no_jwt },
};

/* Which Authorization is sent, whatever level it stands at: a token, else a header, else http_auth_basic. */
static void choose_authorization(struct import *im)
{
    bool has_token = import_oidc_is_enabled(im->entry) || import_oidc_is_enabled(im->defaults);
    bool has_header = import_header_has(im->entry, "Authorization") || import_header_has(im->defaults, "Authorization");

    im->drops_header = has_token;
    im->drops_basic = has_token || has_header;
}

/* pfxhttp always sends POST, and an empty body when there is no payload. */
static void write_method(struct import *im)
{
    if (im->section == CONFIG_DOVECOT_SASL || effective(im, "payload") != NULL)
        return;
    import_out_comment(im, "pfxhttp sends POST without a body.");
    if (im->section == CONFIG_POLICY_SERVICES)
        import_out_line(im, "payload = \"\";");
    import_out_line(im, "method = \"POST\";");
}

static void check_entry(struct import *im, const struct yamldoc_member *member)
{
    if (effective(im, "target") == NULL)
        import_out_note(im, member->line, "target", "is missing");
    if (im->section != CONFIG_DOVECOT_SASL && effective(im, "value_field") == NULL)
        import_out_note(im, member->line, "value_field", "is missing: pfxhttp then finds nothing, pfx takes the whole "
                                                         "answer for the value");
}

static void write_entry(struct import *im, const struct yamldoc_member *member, const char *name)
{
    im->entry = member->value;
    if (member->value->kind != YAMLDOC_MAP && import_value_counts(member->value)) {
        import_out_note(im, member->line, member->name, "must be a map; left out");
        return;
    }
    if (strcmp(member->name, name) != 0)
        import_out_note(im, member->line, member->name, "is called \"%s\" here: %s", name,
                        strcasecmp(member->name, name) == 0 ? "pfxhttp knows it in lower case"
                                                            : "libconfig cannot take such a name");
    im->path[1] = member->name;
    choose_authorization(im);
    import_out_open(im, name);
    import_value_members(im, im->entry, keys, COUNT(keys), places[im->section]);
    write_method(im);
    check_entry(im, member);
    import_out_close(im);
    im->path[1] = NULL;
}

static void write_map_defaults(struct import *im)
{
    const struct yamldoc_member *size = yamldoc_find(im->server, "socketmap_max_reply_size");
    const char *text = import_value_find(im->server, "socketmap_max_reply_size");

    import_out_comment(im, "As pfxhttp, which sends keys as they come. smtpd sends them in lower case and cleanup does "
                           "not: with true, the default, both are one key.");
    import_out_line(im, "fold_case = false;");
    if (text != NULL && strcmp(text, SPAN_NUMBER_TEXT(REPLY_DEFAULT_BYTES)) != 0)
        write_number(im, size, "max_reply_size", REPLY_MIN_BYTES, CONFIG_REPLY_MAX_BYTES);
}

/* Postfix listens for 10 seconds. */
static void write_login_defaults(struct import *im)
{
    const struct yamldoc_member *http = yamldoc_find(im->server, "http_client");
    const struct yamldoc_member *timeout;

    import_out_comment(im, "A wrong password is a 403 with the header Auth-Status, which Nauthilus sends. What else is "
                           "no success is a temporary failure (454), which pfxhttp calls a wrong password (535): see "
                           "failure_status and reason_header in pfx.cfg(5).");
    if (import_server_timeout_ms(im) <= CONFIG_LOGIN_TIMEOUT_MAX_MS)
        return;
    timeout = yamldoc_find(http->value, "timeout");
    im->path[0] = "server";
    im->path[1] = "http_client";
    import_out_note(im, timeout->line, "timeout", "is cut to 9s for logins: Postfix waits 10s for the answer to one");
    im->path[0] = config_section_name(im->section);
    im->path[1] = "defaults";
    import_out_line(im, "http = { timeout = \"9s\"; };");
}

static void write_defaults(struct import *im, const struct yamldoc_member *member)
{
    im->entry = im->defaults;
    im->path[1] = "defaults";
    choose_authorization(im);
    import_out_open(im, "defaults");
    if (im->section == CONFIG_SOCKET_MAPS)
        write_map_defaults(im);
    if (im->section == CONFIG_DOVECOT_SASL)
        write_login_defaults(im);
    if (member != NULL)
        import_value_members(im, im->defaults, keys, COUNT(keys), places[im->section]);
    import_out_close(im);
    im->path[1] = NULL;
}

/* Why a policy needs no defaults of its own. */
static void tell_policies(struct import *im)
{
    const struct yamldoc_member *cache = yamldoc_find(im->server, "response_cache");

    import_out_comment(im, "When there is no action pfx answers on_error, DEFER_IF_PERMIT unless you say otherwise; "
                           "pfxhttp \"DEFER Temporary server problem\".");
    if (cache != NULL && import_value_is_true(cache->value, "enabled"))
        import_out_comment(im, "Actions are kept only with response_cache = { enabled = true; } here. pfxhttp keeps "
                               "them by all attributes, so that an old one hardly ever fits; see cache_key.");
}

void import_section_write(struct import *im, enum config_section_id id)
{
    const struct yamldoc_node *section = import_names_section(im, id);
    const struct yamldoc_member *defaults = yamldoc_find(section, "defaults");

    if (section == NULL || section->count == 0)
        return;
    im->section = id;
    im->path[0] = config_section_name(id);
    im->defaults = defaults == NULL ? NULL : import_value_map(im, defaults);
    import_out_blank(im);
    import_out_open(im, config_section_name(id));
    if (id == CONFIG_POLICY_SERVICES)
        tell_policies(im);
    if (id != CONFIG_POLICY_SERVICES || defaults != NULL)
        write_defaults(im, defaults);
    for (size_t i = 0; i < section->count; i++) {
        if (!import_names_is_entry(&section->members[i]))
            continue;
        import_out_blank(im);
        write_entry(im, &section->members[i], im->names[id][i]);
    }
    import_out_close(im);
    im->path[0] = NULL;
}
