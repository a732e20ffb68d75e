#include "check.h"

#include <string.h>

#include "check_service.h"
#include "check_use.h"
#include "mem.h"

#define DEFAULT_SASL_PATH "smtpd" /* postconf(5) */

/* Tables that a delivery agent opens itself, where nobody on the network may have a say. */
static const struct {
    const char *parameter;
    const char *agent;
    const char *cure;
} refusals[] = {
    { "virtual_uid_maps", "virtual",
      "write static:5000, the owner of all mailboxes; or remove it, and deliver through lmtp(8): "
      "virtual_transport = lmtp:unix:private/dovecot-lmtp" },
    { "virtual_gid_maps", "virtual",
      "write static:5000, the group of all mailboxes; or remove it, and deliver through lmtp(8): "
      "virtual_transport = lmtp:unix:private/dovecot-lmtp" },
    { "virtual_mailbox_maps", "virtual",
      "use a table of another type, or deliver through lmtp(8): virtual_transport = lmtp:unix:private/dovecot-lmtp" },
    { "mailbox_command_maps", "local", "use a table of another type" },
    { "alias_maps", "local", "use a table of another type" },
};

/* Where Postfix looks for domains unless it is told. */
static const struct {
    const char *table;
    const char *domains;
    const char *cure;
} lists[] = {
    { "virtual_alias_maps", "virtual_alias_domains",
      "write \"virtual_alias_domains =\" when there are no such domains" },
    { "virtual_mailbox_maps", "virtual_mailbox_domains", "name the domains in virtual_mailbox_domains" },
};

static const char main_cf[] = "main.cf";
static const char map_type[] = "socketmap:";
static const char proxy_type[] = "proxy:";
static const char policy_word[] = "check_policy_service";
static const char context_name[] = "smtpd_policy_service_policy_context";
static const char separators[] = " \t,";
static const char ends[] = " \t,{}"; /* of what stands between or within them */

/* The word that begins there. */
static struct span word_at(const char *text)
{
    return span_make(text, strcspn(text, ends));
}

static void check_entry(const struct check_use *use, const struct instance_service *service, const char *asked)
{
    char *why = service == NULL ? NULL : check_service_entry(use->check, service, asked);

    if (why != NULL)
        check_mistake(use->check, &use->place, "%s", why);
    mem_free(why);
}

/* Does this delivery agent look into the table? The others need it for their own transports only. */
static bool is_used(const struct instance *instance, const char *parameter)
{
    const char *transport = instance->virtual_transport;

    if (strcmp(parameter, "virtual_mailbox_maps") != 0)
        return true;
    size_t n = transport == NULL ? 0 : strcspn(transport, ":");
    char *name = n == 0 ? NULL : mem_copy(transport, n);
    const struct instance_service *service = name == NULL ? NULL : instance_find(instance, name, "unix");
    bool is_virtual = service != NULL && strcmp(instance_program(service), "virtual") == 0;
    mem_free(name);
    return is_virtual;
}

static void check_refusal(const struct check_use *use)
{
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
        if (strcmp(use->parameter->name, refusals[i].parameter) == 0 &&
            is_used(use->check->instance, refusals[i].parameter))
            check_mistake(use->check, &use->place, "%s(8) refuses socket maps here: \"map is not allowed for "
                          "security-sensitive data\"" CHECK_CURE "%s", refusals[i].agent, refusals[i].cure);
}

static bool is_proxied(const struct check_use *use, const char *table)
{
    size_t n = strlen(proxy_type);
    return (size_t)(table - use->parameter->value) >= n && memcmp(table - n, proxy_type, n) == 0;
}

/* proxymap(8) opens only what one of its own parameters names. */
static void check_proxy(const struct check_use *use, struct span map)
{
    char *whole = mem_format("%s%.*s", proxy_type, (int)map.n, map.p);

    if (use->check->instance->proxy_read_maps != NULL &&
        strstr(use->check->instance->proxy_read_maps, whole) == NULL)
        check_mistake(use->check, &use->place,
                      "proxymap(8) refuses what proxy_read_maps does not name" CHECK_CURE "write it without \"%s\"",
                      proxy_type);
    mem_free(whole);
}

/* socketmap:ADDRESS:NAME */
static void check_map(struct check_use use, const char *table)
{
    struct span map = word_at(table);
    struct span rest = span_skip(map, strlen(map_type));
    size_t colon = span_find_last(rest, ':');
    struct span address = span_first(rest, colon);

    check_refusal(&use);
    if (is_proxied(&use, table)) {
        use.asker = "proxymap";
        use.service = NULL;
        check_proxy(&use, map);
    }
    if (colon >= rest.n - (rest.n > 0) || span_find(address, ':') == address.n) {
        check_mistake(use.check, &use.place,
                      "%.*s must be socketmap:unix:PATH:NAME or socketmap:inet:HOST:PORT:NAME", (int)map.n, map.p);
        return;
    }
    char *name = mem_copy(rest.p + colon + 1, rest.n - colon - 1);
    check_entry(&use, check_use_service(&use, address), name);
    mem_free(name);
}

static void check_maps(struct check_use *use)
{
    const char *const value = use->parameter->value, *at = value;

    use->wanted = SERVICE_SOCKETMAP;
    use->what = "socket map";
    for (; (at = strstr(at, map_type)) != NULL; at += strlen(map_type))
        if (at == value || strchr(" \t,{:=", at[-1]) != NULL)
            check_map(*use, at);
}

/* What is said there and nowhere else, or NULL. */
static const char *value_at(const struct instance *instance, const char *where, const char *name)
{
    for (size_t i = 0; i < instance->parameter_count; i++)
        if (strcmp(instance->parameters[i].name, name) == 0 && strcmp(instance->parameters[i].where, where) == 0)
            return instance->parameters[i].value;
    return NULL;
}

/*
 * As it is in force there: an option of that service, else what main.cf says. What main.cf leaves to the services is as
 * the first of them has it. NULL: nobody says.
 */
static const char *value_in_force(const struct instance *instance, const char *where, const char *name)
{
    const char *value = value_at(instance, where, name);

    if (value == NULL)
        value = value_at(instance, main_cf, name);
    for (size_t i = 0; value == NULL && strcmp(where, main_cf) == 0 && i < instance->parameter_count; i++)
        if (strcmp(instance->parameters[i].name, name) == 0)
            value = instance->parameters[i].value;
    return value;
}

/* What fails there is not forgotten: smtpd(8) and trivial-rewrite(8) refuse for now whatever asks again. */
static void check_domains(const struct check_use *use)
{
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        if (strcmp(use->parameter->name, lists[i].table) == 0 && strcmp(use->parameter->where, main_cf) == 0 &&
            strstr(use->parameter->value, map_type) != NULL &&
            value_at(use->check->instance, main_cf, lists[i].domains) == NULL)
            check_warn(use->check, &use->place,
                       "%s is not set, so this map is asked for domains, too, and when that fails mail is refused "
                       "until Postfix is reloaded" CHECK_CURE "%s", lists[i].domains, lists[i].cure);
}

/* The policy_context of "{ ADDRESS, NAME=VALUE, ... }"; NULL: it has none. A block of mem.h. */
static char *find_context(const char *text)
{
    static const char name[] = "policy_context";
    const char *at = text[0] == '{' ? strstr(text, name) : NULL;

    if (at == NULL || at > text + instance_word_bytes(text, separators))
        return NULL;
    at += strlen(name);
    at += strspn(at, " \t=");
    struct span value = word_at(at);
    return mem_copy(value.p, value.n);
}

/* An empty context is none: the daemons take it so. */
static void check_context(const struct check_use *use, const struct instance_service *service, const char *context)
{
    check_entry(use, service, context == NULL || context[0] == '\0' ? NULL : context);
}

/* A policy of main.cf is asked by all services that have none in its place, each with a context that may be its own. */
static void check_inherited(const struct check_use *use, const struct instance_service *service)
{
    const struct instance *instance = use->check->instance;
    const char *context = value_at(instance, main_cf, context_name);
    bool is_left = false;

    for (size_t i = 0; i < instance->parameter_count; i++) {
        const struct instance_parameter *parameter = &instance->parameters[i];
        if (strcmp(parameter->name, context_name) != 0 || strcmp(parameter->where, main_cf) == 0 ||
            value_at(instance, parameter->where, use->parameter->name) != NULL)
            continue;
        struct check_use own = check_use_of(use->check, parameter);
        check_context(&own, service, parameter->value);
        check_use_free(&own);
        is_left = true;
    }
    if (context != NULL || !is_left)
        check_context(use, service, context);
}

/* With anything else smtpd(8) ends, or refuses all. */
static bool is_address(struct span word)
{
    return span_begins(word, "unix:") || span_begins(word, "inet:");
}

static void check_policy(const struct check_use *use, const char *text)
{
    struct span address = word_at(text + strspn(text, " \t{"));

    if (!is_address(address)) {
        check_mistake(use->check, &use->place, "%s must be followed by unix:PATH or inet:HOST:PORT, not by \"%.*s\": "
                      "no mail is accepted", policy_word, (int)address.n, address.p);
        return;
    }
    const struct instance_service *service = check_use_service(use, address);
    char *context = find_context(text);

    if (context != NULL)
        check_context(use, service, context);
    else if (strcmp(use->parameter->where, main_cf) == 0)
        check_inherited(use, service);
    else
        check_context(use, service, value_in_force(use->check->instance, use->parameter->where, context_name));
    mem_free(context);
}

static void check_policies(struct check_use *use)
{
    const char *const value = use->parameter->value, *at = value;

    use->asker = "smtpd";
    use->wanted = SERVICE_POLICY;
    use->what = "policy service";
    while ((at = strstr(at, policy_word)) != NULL) {
        bool begins = at == value || strchr(ends, at[-1]) != NULL; /* or it is a part of another name */
        at += strlen(policy_word);
        bool is_whole = *at == '\0' || strchr(ends, *at) != NULL;
        at += strspn(at, separators);
        if (begins && is_whole)
            check_policy(use, at);
    }
}

/* Whatever the type is: Cyrus has another use for the path. */
static bool names_bridge(const struct check *check, const char *path)
{
    const char *slash = strrchr(path, '/');
    const struct instance_service *service = slash == NULL ? NULL : instance_find(check->instance, slash + 1, "unix");

    return service != NULL && check_service_daemon(check, service)->protocol == SERVICE_SASL;
}

/* A path without a type is a socket. */
static void check_sasl(struct check_use *use)
{
    const char *value = use->parameter->value;
    const char *type = value_in_force(use->check->instance, use->parameter->where, "smtpd_sasl_type");
    bool has_type = strncmp(value, "unix:", 5) == 0 || strncmp(value, "inet:", 5) == 0;
    char *address = mem_format("%s%s", has_type ? "" : "unix:", value);

    use->asker = "smtpd";
    use->wanted = SERVICE_SASL;
    use->what = "server of Dovecot's protocol";
    if (type != NULL && strcmp(type, "dovecot") == 0)
        check_use_service(use, span_text(address));
    else if (names_bridge(use->check, value))
        check_mistake(use->check, &use->place,
                      "pfx-saslbridge is asked only by smtpd_sasl_type = dovecot" CHECK_CURE "write that beside it");
    mem_free(address);
}

/* The service of ours that checks logins, NULL: none. */
static const struct instance_service *find_bridge(const struct check *check)
{
    for (size_t i = 0; i < check->instance->service_count; i++)
        if (check->daemons[i].protocol == SERVICE_SASL)
            return &check->instance->services[i];
    return NULL;
}

/* As smtpd_sasl_path names it. A block of mem.h. */
static char *path_of(const struct instance_service *bridge)
{
    if (strcmp(bridge->type, "inet") == 0)
        return mem_format("inet:%s", bridge->name);
    return mem_format("%s/%s", instance_socket_directory(bridge), bridge->name);
}

/* Who wants logins, and does not say by whom they are checked: Postfix asks Cyrus SASL, or $queue_directory/smtpd. */
static void check_logins(struct check_use *use)
{
    const struct instance_service *bridge = find_bridge(use->check);
    const char *type = value_in_force(use->check->instance, use->parameter->where, "smtpd_sasl_type");
    bool is_dovecot = type != NULL && strcmp(type, "dovecot") == 0;

    if (strcasecmp(use->parameter->value, "yes") != 0 || (type != NULL && !is_dovecot) ||
        value_in_force(use->check->instance, use->parameter->where, "smtpd_sasl_path") != NULL)
        return;
    use->asker = "smtpd";
    use->wanted = SERVICE_SASL;
    use->what = "server of Dovecot's protocol";
    if (bridge == NULL && is_dovecot)
        check_use_service(use, SPAN("unix:" DEFAULT_SASL_PATH));
    if (bridge == NULL)
        return;
    char *path = path_of(bridge);
    check_mistake(use->check, &use->place,
                  "%s not set, so logins are not checked by the service %s, and without another smtpd(8) ends"
                  CHECK_CURE
                  "write %ssmtpd_sasl_path = %s", is_dovecot ? "smtpd_sasl_path is" : "smtpd_sasl_type and _path are",
                  bridge->name, is_dovecot ? "" : "smtpd_sasl_type = dovecot, ", path);
    mem_free(path);
}

/* A restriction class is asked by its name alone. */
static bool is_class(const struct instance *instance, const char *name)
{
    const char *at = value_at(instance, main_cf, "smtpd_restriction_classes");
    struct span word = SPAN("");

    for (; at != NULL && *at != '\0' && !span_equal(word, span_text(name)); at = word.p + word.n) {
        at += strspn(at, separators);
        word = span_make(at, strcspn(at, separators));
    }
    return span_equal(word, span_text(name));
}

/* Elsewhere the word is text: of a reply, of a pattern. */
static bool holds_restrictions(const struct instance_parameter *parameter)
{
    static const char end[] = "_restrictions";
    size_t n = strlen(parameter->name);

    return parameter->is_own || (n >= strlen(end) && strcmp(parameter->name + n - strlen(end), end) == 0);
}

void check_parameters(struct check *check)
{
    for (size_t i = 0; i < check->instance->parameter_count; i++) {
        const struct instance_parameter *parameter = &check->instance->parameters[i];
        if (parameter->is_own && !is_class(check->instance, parameter->name))
            continue;
        struct check_use use = check_use_of(check, parameter);
        if (strcmp(parameter->name, "proxy_read_maps") != 0)
            check_maps(&use);
        check_domains(&use);
        if (holds_restrictions(parameter))
            check_policies(&use);
        if (strcmp(parameter->name, "smtpd_sasl_path") == 0)
            check_sasl(&use);
        if (strcmp(parameter->name, "smtpd_sasl_auth_enable") == 0)
            check_logins(&use);
        check_use_free(&use);
    }
}
