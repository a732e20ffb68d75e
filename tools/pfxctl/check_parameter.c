#include "check.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "check_service.h"
#include "mem.h"

/* Tables that a delivery agent opens itself, where nobody on the network may have a say. */
static const struct {
    const char *parameter;
    const char *agent;
} refusals[] = {
    { "virtual_uid_maps", "virtual" },    { "virtual_gid_maps", "virtual" }, { "virtual_mailbox_maps", "virtual" },
    { "mailbox_command_maps", "local" },  { "alias_maps", "local" },
};

static const char map_type[] = "socketmap:";
static const char proxy_type[] = "proxy:";
static const char policy_word[] = "check_policy_service";
static const char ends[] = " \t,{}";

/* A parameter that is looked at. */
struct use {
    struct check *check;
    const struct instance_parameter *parameter;
    enum service_protocol wanted;
    const char *what; /* for people */
};

static void mistake(const struct use *use, const char *text)
{
    check_mistake(use->check, "%s/%s: %s: %s", use->check->ctl->config_directory, use->parameter->where,
                  use->parameter->name, text);
}

/* Takes over the text. */
static void mistake_free(const struct use *use, char *text)
{
    mistake(use, text);
    mem_free(text);
}

/* The word that begins there. */
static struct span word_at(const char *text)
{
    return span_make(text, strcspn(text, ends));
}

static const struct instance_service *find_inet(const struct use *use, struct span address)
{
    char *name = mem_copy(address.p, address.n);
    const struct instance_service *service = instance_find(use->check->instance, name, "inet");
    const char *port = strrchr(name, ':');

    if (service == NULL && port != NULL)
        service = instance_find(use->check->instance, port + 1, "inet");
    mem_free(name);
    return service;
}

/* What a path leads to that is no service: somebody else's socket, or a mistake. */
static void look_for_socket(const struct use *use, const char *path)
{
    char *whole = path[0] == '/' ? mem_string(path) : mem_format("%s/%s", use->check->instance->queue_directory, path);

    if (access(whole, F_OK) != 0 && errno != EACCES)
        mistake_free(use, mem_format("master.cf has no service for %s, and there is no such socket", path));
    mem_free(whole);
}

static const struct instance_service *find_named(const struct use *use, const char *path, bool is_private,
                                                 const char *name)
{
    const struct instance_service *service = instance_find(use->check->instance, name, "unix");

    if (service == NULL) {
        look_for_socket(use, path);
    } else if (service->is_private != is_private) {
        mistake_free(use, mem_format("the socket of the service is %s/%s, not %s",
                                     service->is_private ? "private" : "public", name, path));
        service = NULL;
    }
    return service;
}

/* A path that somebody in a chroot would find in the queue directory. */
static bool is_of_queue(const char *path)
{
    return strncmp(path, "/private/", 9) == 0 || strncmp(path, "/public/", 8) == 0;
}

/* Whether one of those that ask tables and policies for mail that comes in is in a chroot, to the queue directory. */
static bool asks_in_chroot(const struct instance *instance)
{
    static const char *const askers[] = { "smtpd", "cleanup", "trivial-rewrite" };

    for (size_t i = 0; i < instance->service_count; i++)
        for (size_t j = 0; j < sizeof(askers) / sizeof(askers[0]); j++)
            if (instance->services[i].is_chroot && strcmp(instance_program(&instance->services[i]), askers[j]) == 0)
                return true;
    return false;
}

/* The service behind a path, relative to the queue or below it. NULL: none, which is told if it can be nobody's. */
static const struct instance_service *find_unix(const struct use *use, struct span address)
{
    const char *queue = use->check->instance->queue_directory;
    char *path = mem_copy(address.p, address.n);
    const struct instance_service *service = NULL;
    const char *relative = path;
    size_t n = strlen(queue);

    if (strncmp(path, queue, n) == 0 && path[n] == '/')
        relative = path + n + 1;
    if (relative != path && asks_in_chroot(use->check->instance))
        check_warn(use->check,
                   "%s/%s: %s: %s is not there in the chroot that master.cf has for smtpd(8), cleanup(8) or "
                   "trivial-rewrite(8): write %s",
                   use->check->ctl->config_directory, use->parameter->where, use->parameter->name, path, relative);
    if (strncmp(relative, "private/", 8) == 0)
        service = find_named(use, path, true, relative + 8);
    else if (strncmp(relative, "public/", 7) == 0)
        service = find_named(use, path, false, relative + 7);
    else if (path[0] != '/' || (is_of_queue(path) && !asks_in_chroot(use->check->instance)))
        look_for_socket(use, path);
    mem_free(path);
    return service;
}

/* The daemon of ours that answers at "unix:PATH" or "inet:HOST:PORT", and reads this configuration; NULL: none. */
static const struct instance_service *find_service(const struct use *use, struct span address)
{
    const struct instance_service *service = NULL;

    if (span_begins(address, "unix:"))
        service = find_unix(use, span_skip(address, strlen("unix:")));
    else if (span_begins(address, "inet:"))
        service = find_inet(use, span_skip(address, strlen("inet:")));
    if (service == NULL)
        return NULL;
    enum service_protocol protocol = service_protocol_of(service->argument[0]);
    if (protocol == SERVICE_UNKNOWN)
        return NULL;
    if (protocol != use->wanted) {
        mistake_free(use, mem_format("the service %s runs %s, which is no %s", service->name,
                                     instance_program(service), use->what));
        return NULL;
    }
    return check_service_reads(use->check, service) ? service : NULL;
}

static void check_entry(const struct use *use, const struct instance_service *service, const char *asked)
{
    char *why = service == NULL ? NULL : check_service_entry(use->check, service, asked);

    if (why != NULL)
        mistake(use, why);
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

static void check_refusal(const struct use *use)
{
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
        if (strcmp(use->parameter->name, refusals[i].parameter) == 0 &&
            is_used(use->check->instance, refusals[i].parameter))
            mistake_free(use, mem_format("%s(8) refuses socket maps here: use a table of another type%s",
                                         refusals[i].agent,
                                         refusals[i].agent[0] == 'v' ? ", or deliver through lmtp(8)" : ""));
}

/* proxymap(8) opens only what one of its own parameters names. */
static void check_proxy(const struct use *use, const char *table, struct span map)
{
    size_t n = strlen(proxy_type);
    bool is_proxied = (size_t)(table - use->parameter->value) >= n && memcmp(table - n, proxy_type, n) == 0;
    char *whole = mem_format("%s%.*s", proxy_type, (int)map.n, map.p);

    if (is_proxied && use->check->instance->proxy_read_maps != NULL &&
        strstr(use->check->instance->proxy_read_maps, whole) == NULL)
        mistake_free(use, mem_format("proxymap(8) refuses what proxy_read_maps does not name: write it without \"%s\"",
                                     proxy_type));
    mem_free(whole);
}

/* socketmap:ADDRESS:NAME */
static void check_map(const struct use *use, const char *table)
{
    struct span map = word_at(table);
    struct span rest = span_skip(map, strlen(map_type));
    size_t colon = span_find_last(rest, ':');
    struct span address = span_first(rest, colon);

    check_refusal(use);
    check_proxy(use, table, map);
    if (colon >= rest.n - (rest.n > 0) || span_find(address, ':') == address.n) {
        mistake_free(use, mem_format("%.*s must be socketmap:unix:PATH:NAME or socketmap:inet:HOST:PORT:NAME",
                                     (int)map.n, map.p));
        return;
    }
    char *name = mem_copy(rest.p + colon + 1, rest.n - colon - 1);
    check_entry(use, find_service(use, address), name);
    mem_free(name);
}

static void check_maps(struct check *check, const struct instance_parameter *parameter)
{
    struct use use = { check, parameter, SERVICE_SOCKETMAP, "socket map" };
    const char *at = parameter->value;

    for (; (at = strstr(at, map_type)) != NULL; at += strlen(map_type))
        if (at == parameter->value || strchr(" \t,{:=", at[-1]) != NULL)
            check_map(&use, at);
}

/*
 * As it is in force there: an option of that service, else what main.cf says. What main.cf leaves to the services is as
 * the first of them has it. NULL: nobody says.
 */
static const char *value_at(const struct instance *instance, const char *where, const char *name)
{
    const char *value = NULL;

    for (size_t i = 0; i < instance->parameter_count; i++) {
        const struct instance_parameter *parameter = &instance->parameters[i];
        if (strcmp(parameter->name, name) != 0)
            continue;
        if (strcmp(parameter->where, where) == 0)
            return parameter->value;
        if (value == NULL && (strcmp(parameter->where, "main.cf") == 0 || strcmp(where, "main.cf") == 0))
            value = parameter->value;
    }
    return value;
}

/* An empty context is none: the daemons take it so. */
static const char *default_context(const struct use *use)
{
    const char *context = value_at(use->check->instance, use->parameter->where, "smtpd_policy_service_policy_context");
    return context == NULL || context[0] == '\0' ? NULL : context;
}

/* Where the brace that begins there is closed. */
static const char *close_of(const char *text)
{
    size_t depth = 0;

    for (; *text != '\0'; text++) {
        depth += *text == '{';
        if (*text == '}' && --depth == 0)
            break;
    }
    return text;
}

/* The policy_context of "{ ADDRESS, NAME=VALUE, ... }", or of all; NULL: none. A block of mem.h. */
static char *find_context(const struct use *use, const char *text)
{
    static const char name[] = "policy_context";
    const char *at = text[0] == '{' ? strstr(text, name) : NULL;

    if (at == NULL || at > close_of(text))
        return mem_string(default_context(use));
    at += strlen(name);
    at += strspn(at, " \t=");
    struct span value = word_at(at);
    return mem_copy(value.p, value.n);
}

static void check_policies(struct check *check, const struct instance_parameter *parameter)
{
    struct use use = { check, parameter, SERVICE_POLICY, "policy service" };
    const char *at = parameter->value;

    while ((at = strstr(at, policy_word)) != NULL) {
        at += strlen(policy_word);
        at += strspn(at, " \t,");
        char *context = find_context(&use, at);
        struct span address = word_at(at + strspn(at, " \t{"));
        check_entry(&use, find_service(&use, address), context);
        mem_free(context);
    }
}

/* A path without a type is a socket, of Dovecot's protocol; Cyrus has another use for it. */
static void check_sasl(struct check *check, const struct instance_parameter *parameter)
{
    struct use use = { check, parameter, SERVICE_SASL, "server of Dovecot's protocol" };
    struct span value = span_text(parameter->value);
    bool has_type = span_begins(value, "unix:") || span_begins(value, "inet:");
    char *address = mem_format("%s%s", has_type ? "" : "unix:", parameter->value);

    const char *type = value_at(check->instance, parameter->where, "smtpd_sasl_type");
    bool is_dovecot = type != NULL && strcmp(type, "dovecot") == 0;
    bool may_be_ours = is_dovecot || strchr(parameter->value, '/') != NULL;
    if (may_be_ours && find_service(&use, span_text(address)) != NULL && !is_dovecot)
        mistake(&use, "pfx-saslbridge needs smtpd_sasl_type = dovecot beside it");
    mem_free(address);
}

void check_parameters(struct check *check)
{
    for (size_t i = 0; i < check->instance->parameter_count; i++) {
        const struct instance_parameter *parameter = &check->instance->parameters[i];
        if (strcmp(parameter->name, "proxy_read_maps") == 0)
            continue;
        check_maps(check, parameter);
        check_policies(check, parameter);
        if (strcmp(parameter->name, "smtpd_sasl_path") == 0)
            check_sasl(check, parameter);
    }
}
