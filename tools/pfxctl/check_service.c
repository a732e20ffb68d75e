#include "check_service.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mem.h"
#include "options.h"

/* What a chroot needs for looking up names. */
static const char *const name_files[] = { "etc/resolv.conf", "etc/nsswitch.conf", "etc/hosts" };

enum config_section_id check_service_section(enum service_protocol protocol)
{
    switch (protocol) {
    case SERVICE_SOCKETMAP:
        return CONFIG_SOCKET_MAPS;
    case SERVICE_POLICY:
        return CONFIG_POLICY_SERVICES;
    case SERVICE_SASL:
        return CONFIG_DOVECOT_SASL;
    case SERVICE_METRICS:
    case SERVICE_UNKNOWN:
        break;
    }
    return CONFIG_SECTIONS;
}

static enum config_section_id section_of(const struct instance_service *service)
{
    return check_service_section(service_protocol_of(service->argument[0]));
}

/* NULL, or what is wrong with the command. */
static const char *read_options(const struct instance_service *service, struct options *options)
{
    optind = 0; /* getopt(3) begins anew */
    return options_parse(options, service->argument_count, service->argument);
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat one, other;
    return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

bool check_service_reads(const struct check *check, const struct instance_service *service)
{
    struct options options;

    read_options(service, &options);
    char *path = options.config != NULL ? mem_string(options.config)
                                        : mem_format("%s/pfx.cfg", check->ctl->config_directory);
    bool reads = is_same_file(path, check->ctl->config_path);
    mem_free(path);
    return reads && check->config->error == NULL;
}

/* As the daemons choose: what the command names, what the request asks for, the service's own name, the only one. */
char *check_service_entry(const struct check *check, const struct instance_service *service, const char *asked)
{
    enum config_section_id id = section_of(service);
    const struct config_section *section = &check->config->section[id];
    struct options options;

    read_options(service, &options);
    const char *name = options.name != NULL ? options.name : asked;
    if (name != NULL && config_find(check->config, id, span_text(name)) == NULL)
        return mem_format("%s has no entry \"%s\"", config_section_name(id), name);
    if (name != NULL || section->count == 1)
        return NULL;
    if (section->count == 0)
        return mem_format("%s has no entry", config_section_name(id));
    if (id == CONFIG_DOVECOT_SASL && config_find(check->config, id, span_text(service->name)) != NULL)
        return NULL;
    return mem_format("%s has %zu entries, and nothing says which one is meant", config_section_name(id),
                      section->count);
}

static void check_program(struct check *check, const char *where, const struct instance_service *service)
{
    const char *command = service->argument[0];
    char *path = command[0] == '/' ? mem_string(command)
                                   : mem_format("%s/%s", check->instance->daemon_directory, command);

    if (access(path, X_OK) != 0)
        check_mistake(check, "%s: %s: %s", where, path, strerror(errno));
    mem_free(path);
}

static void check_columns(struct check *check, const char *where, const struct instance_service *service)
{
    if (strcmp(service->type, "unix") != 0 && strcmp(service->type, "inet") != 0)
        check_mistake(check, "%s: type must be unix or inet", where);
    if (strcmp(service->type, "inet") == 0 && service->is_private)
        check_mistake(check, "%s: private must be \"n\" for type inet: master(8) ends here otherwise", where);
    if (strcmp(service->maxproc, "1") != 0)
        check_warn(check, "%s: maxproc is \"%s\", and should be 1: one process starts all workers", where,
                   service->maxproc);
    if (!service->is_unprivileged)
        check_warn(check, "%s: unpriv is \"n\", and should be \"-\": workers that strangers talk to are root's", where);
}

static bool needs_names(const struct config_entry *entry)
{
    for (size_t i = 0; i < entry->target_count; i++)
        if (entry->targets[i].socket_path == NULL && !entry->targets[i].host_is_address)
            return true;
    return entry->backend_oidc != NULL || entry->sasl_oidc != NULL ||
           (entry->http.proxy_host != NULL && !entry->http.proxy_is_address);
}

static void check_name_files(struct check *check, const char *where)
{
    for (size_t i = 0; i < sizeof(name_files) / sizeof(name_files[0]); i++) {
        char *path = mem_format("%s/%s", check->instance->queue_directory, name_files[i]);
        if (access(path, F_OK) != 0)
            check_warn(check, "%s: chroot is \"y\", and host names cannot be looked up without %s: copy /%s there, or "
                              "make chroot \"n\"", where, path, name_files[i]);
        mem_free(path);
    }
}

static void check_sockets(struct check *check, const char *where, const struct config_entry *entry)
{
    for (size_t i = 0; i < entry->target_count; i++) {
        const char *socket = entry->targets[i].socket_path;
        char *path = socket == NULL ? NULL : mem_format("%s%s", check->instance->queue_directory, socket);
        if (path != NULL && access(path, F_OK) != 0 && errno != EACCES)
            check_warn(check,
                       "%s: chroot is \"y\", and %s, the target of %s.%s (%s), is not there: move the socket, or make "
                       "chroot \"n\"",
                       where, path, config_section_name(entry->section), entry->name, entry->where);
        mem_free(path);
    }
}

static void check_chroot(struct check *check, const char *where, enum config_section_id id)
{
    const struct config_section *section = &check->config->section[id];
    bool needs = false;

    for (size_t i = 0; i < section->count; i++) {
        if (section->entries[i].error != NULL)
            continue;
        needs |= needs_names(&section->entries[i]);
        check_sockets(check, where, &section->entries[i]);
    }
    if (needs)
        check_name_files(check, where);
}

/* Policies learn from the request which one is meant, so what main.cf says counts. */
static void check_entry(struct check *check, const char *where, const struct instance_service *service)
{
    struct options options;
    enum config_section_id id = section_of(service);
    bool is_complete = id == CONFIG_DOVECOT_SASL || check->config->section[id].count == 0;

    read_options(service, &options);
    if (options.name == NULL && !is_complete)
        return;
    char *why = check_service_entry(check, service, NULL);
    if (why != NULL)
        check_mistake(check, "%s: %s", where, why);
    mem_free(why);
}

static void check_service(struct check *check, const struct instance_service *service)
{
    struct options options;
    enum config_section_id id = section_of(service);
    char *where = mem_format("%s/master.cf: %s/%s", check->ctl->config_directory, service->name, service->type);
    const char *why = read_options(service, &options);

    check_program(check, where, service);
    check_columns(check, where, service);
    if (why == NULL && options.name != NULL && (id == CONFIG_SOCKET_MAPS || id == CONFIG_SECTIONS))
        why = "too many arguments: it serves all entries";
    if (why != NULL)
        check_mistake(check, "%s: %s: %s", where, service->argument[0], why);
    if (why == NULL && id != CONFIG_SECTIONS && check_service_reads(check, service)) {
        check_entry(check, where, service);
        if (service->is_chroot || options.change_root)
            check_chroot(check, where, id);
    }
    mem_free(where);
}

/* spawn(8) runs what stands after argv=. */
static bool is_spawned(const struct instance_service *service, enum config_section_id id)
{
    for (int i = 1; i < service->argument_count; i++)
        if (strncmp(service->argument[i], "argv=", 5) == 0)
            return check_service_section(service_protocol_of(service->argument[i] + 5)) == id;
    return false;
}

static bool is_served(const struct check *check, enum config_section_id id)
{
    for (size_t i = 0; i < check->instance->service_count; i++) {
        const struct instance_service *service = &check->instance->services[i];
        if (is_spawned(service, id))
            return true;
        if (section_of(service) == id && check_service_reads(check, service))
            return true;
    }
    return false;
}

/* Of the configuration that daemons of this instance read when nothing else is said. */
static void check_served(struct check *check)
{
    static const char *const lines[] = {
        [CONFIG_SOCKET_MAPS] = "pfx-socketmap unix - - n - 1 pfx-socketmap",
        [CONFIG_POLICY_SERVICES] = "pfx-policy unix - - n - 1 pfx-policyd",
        [CONFIG_DOVECOT_SASL] = "pfx-sasl unix - - n - 1 pfx-saslbridge",
    };
    char *path = mem_format("%s/pfx.cfg", check->ctl->config_directory);

    for (enum config_section_id id = 0; id < CONFIG_SECTIONS; id++)
        if (check->config->section[id].count > 0 && check->config->error == NULL &&
            is_same_file(path, check->ctl->config_path) && !is_served(check, id))
            check_warn(check, "%s/master.cf: no service answers for %s: add \"%s\"", check->ctl->config_directory,
                       config_section_name(id), lines[id]);
    mem_free(path);
}

void check_services(struct check *check)
{
    for (size_t i = 0; i < check->instance->service_count; i++)
        if (service_protocol_of(check->instance->services[i].argument[0]) != SERVICE_UNKNOWN)
            check_service(check, &check->instance->services[i]);
    check_served(check);
}
