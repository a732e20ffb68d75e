#include "check_service.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mem.h"
#include "nearest.h"

static enum config_section_id section_of(enum service_protocol protocol)
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

static bool is_same_file(const char *a, const char *b)
{
    struct stat one, other;
    return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

const struct check_daemon *check_service_daemon(const struct check *check, const struct instance_service *service)
{
    return &check->daemons[service - check->instance->services];
}

static bool reads(const struct check *check, const struct options *options)
{
    char *path = options->config != NULL ? mem_string(options->config)
                                         : mem_format("%s/pfx.cfg", check->ctl->config_directory);
    bool is_same = is_same_file(path, check->ctl->config_path);

    mem_free(path);
    return is_same && check->config->error == NULL;
}

static void read_daemons(struct check *check)
{
    const struct instance *instance = check->instance;

    check->daemons = mem_array(instance->service_count, sizeof(*check->daemons));
    for (size_t i = 0; i < instance->service_count; i++) {
        struct check_daemon *daemon = &check->daemons[i];
        const struct instance_service *service = &instance->services[i];
        daemon->protocol = service_protocol_of(service->argument[0]);
        daemon->section = section_of(daemon->protocol);
        if (daemon->protocol == SERVICE_UNKNOWN)
            continue;
        optind = 0; /* getopt(3) begins anew */
        daemon->why = options_parse(&daemon->options, service->argument_count, service->argument);
        daemon->reads = reads(check, &daemon->options);
        bool names_map = daemon->section == CONFIG_SOCKET_MAPS || daemon->section == CONFIG_SECTIONS;
        if (daemon->why == NULL && daemon->options.name != NULL && names_map)
            daemon->why = "too many arguments: it serves all entries";
    }
}

/* A block of mem.h. */
static char *no_entry(const struct config_section *section, enum config_section_id id, const char *name)
{
    struct nearest nearest = nearest_of(name);

    for (size_t i = 0; i < section->count; i++)
        nearest_try(&nearest, section->entries[i].name);
    if (nearest.best == NULL)
        return mem_format("%s has no entry \"%s\"", config_section_name(id), name);
    return mem_format("%s has no entry \"%s\"" CHECK_CURE "did you mean \"%s\"? Write that", config_section_name(id),
                      name, nearest.best);
}

/* As the daemons choose: what the command names, what the request asks for, the service's own name, the only one. */
char *check_service_entry(const struct check *check, const struct instance_service *service, const char *asked)
{
    const struct check_daemon *daemon = check_service_daemon(check, service);
    enum config_section_id id = daemon->section;
    const struct config_section *section = &check->config->section[id];
    const char *name = daemon->options.name != NULL ? daemon->options.name : asked;

    if (name != NULL && config_find(check->config, id, span_text(name)) == NULL)
        return no_entry(section, id, name);
    if (name != NULL || section->count == 1)
        return NULL;
    if (section->count == 0)
        return mem_format("%s has no entry", config_section_name(id));
    if (id == CONFIG_DOVECOT_SASL && config_find(check->config, id, span_text(service->name)) != NULL)
        return NULL;
    return mem_format("%s has %zu entries, and nothing says which one is meant", config_section_name(id),
                      section->count);
}

static void check_program(struct check *check, const struct check_place *place, const char *command)
{
    char *path = command[0] == '/' ? mem_string(command)
                                   : mem_format("%s/%s", check->instance->daemon_directory, command);

    if (access(path, X_OK) != 0)
        check_mistake(check, place, "%s: %s", path, strerror(errno));
    mem_free(path);
}

/* A file that it is to read in the place of pfx.cfg. */
static void check_config(struct check *check, const struct check_place *place, const char *path)
{
    if (path != NULL && access(path, R_OK) != 0 && errno != EACCES)
        check_mistake(check, place, "%s: %s" CHECK_CURE "write the file that -C is for", path, strerror(errno));
}

static void check_columns(struct check *check, const struct check_place *place, const struct instance_service *service)
{
    if (strcmp(service->type, "unix") != 0 && strcmp(service->type, "inet") != 0)
        check_mistake(check, place, "type is \"%s\"" CHECK_CURE "make it unix or inet", service->type);
    if (strcmp(service->type, "inet") == 0 && service->is_private)
        check_mistake(check, place, "private must be \"n\" for type inet: master(8) ends here otherwise" CHECK_CURE
                      "make it \"n\"");
    if (strcmp(service->maxproc, "1") != 0)
        check_warn(check, place, "maxproc is \"%s\", but one process starts all workers" CHECK_CURE "make it 1",
                   service->maxproc);
    if (service_protocol_of(service->argument[0]) == SERVICE_METRICS && service->is_chroot)
        check_warn(check, place, "chroot is \"y\", which hides the counters" CHECK_CURE "make it \"n\"");
    if (!service->is_unprivileged)
        check_warn(check, place,
                   "unpriv is \"n\": workers that strangers talk to are root's" CHECK_CURE "make it \"-\"");
}

/* Policies learn from the request which one is meant, so what main.cf says counts. */
static void check_entry(struct check *check, const struct check_place *place, const struct instance_service *service)
{
    const struct check_daemon *daemon = check_service_daemon(check, service);
    bool is_complete = daemon->section == CONFIG_DOVECOT_SASL || check->config->section[daemon->section].count == 0;

    if (daemon->options.name == NULL && !is_complete)
        return;
    char *why = check_service_entry(check, service, NULL);
    if (why != NULL)
        check_mistake(check, place, "%s", why);
    mem_free(why);
}

/* A misspelt name of a program of ours is none that we know. */
static bool is_meant(const struct instance_service *service)
{
    static const char prefix[] = "pfx-";
    return strncmp(instance_program(service), prefix, strlen(prefix)) == 0;
}

static void check_line(struct check *check, const struct check_place *place, const struct instance_service *service)
{
    const struct check_daemon *daemon = check_service_daemon(check, service);

    check_columns(check, place, service);
    check_port(check, place, service);
    check_config(check, place, daemon->options.config);
    if (daemon->why != NULL)
        check_mistake(check, place, "%s: %s", service->argument[0], daemon->why);
    if (daemon->why == NULL && daemon->section != CONFIG_SECTIONS && daemon->reads)
        check_entry(check, place, service);
}

static void check_service(struct check *check, const struct instance_service *service)
{
    char *name = mem_format("%s/%s", service->name, service->type);
    struct check_place place = { .file = span_text(check->master_path), .name = span_text(name) };

    check_program(check, &place, service->argument[0]);
    if (check_service_daemon(check, service)->protocol != SERVICE_UNKNOWN)
        check_line(check, &place, service);
    mem_free(name);
}

/* spawn(8) runs what stands after argv=. */
static bool is_spawned(const struct instance_service *service, enum config_section_id id)
{
    for (int i = 1; i < service->argument_count; i++)
        if (strncmp(service->argument[i], "argv=", 5) == 0)
            return section_of(service_protocol_of(service->argument[i] + 5)) == id;
    return false;
}

static bool is_served(const struct check *check, enum config_section_id id)
{
    for (size_t i = 0; i < check->instance->service_count; i++)
        if (is_spawned(&check->instance->services[i], id) ||
            (check->daemons[i].section == id && check->daemons[i].reads))
            return true;
    return false;
}

/* Of the configuration that daemons of this instance read when nothing else is said. */
void check_served(struct check *check)
{
    static const char *const lines[] = {
        [CONFIG_SOCKET_MAPS] = "pfx-socketmap unix - - n - 1 pfx-socketmap",
        [CONFIG_POLICY_SERVICES] = "pfx-policy unix - - n - 1 pfx-policyd",
        [CONFIG_DOVECOT_SASL] = "pfx-sasl unix - - n - 1 pfx-saslbridge",
    };
    struct check_place place = { .file = span_text(check->master_path) };
    char *path = mem_format("%s/pfx.cfg", check->ctl->config_directory);

    read_daemons(check);
    for (enum config_section_id id = 0; id < CONFIG_SECTIONS; id++)
        if (check->config->section[id].count > 0 && check->config->error == NULL &&
            is_same_file(path, check->ctl->config_path) && !is_served(check, id))
            check_warn(check, &place, "no service answers for %s" CHECK_CURE "add \"%s\"", config_section_name(id),
                       lines[id]);
    mem_free(path);
}

void check_services(struct check *check)
{
    for (size_t i = 0; i < check->instance->service_count; i++)
        if (check->daemons[i].protocol != SERVICE_UNKNOWN || is_meant(&check->instance->services[i]))
            check_service(check, &check->instance->services[i]);
    check_chroots(check);
}
