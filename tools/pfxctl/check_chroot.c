/*
 * What daemons in a chroot miss there: one finding for each thing, with all who miss it.
 */
#include "check.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "check_service.h"
#include "http_endpoint.h"
#include "mem.h"

/* For looking up names. */
static const char *const name_files[] = { "etc/resolv.conf", "etc/nsswitch.conf", "etc/hosts" };

/* To a list of services or of files, NULL: none so far. Takes over the text. */
static void add(char **list, char *text)
{
    char *longer = *list == NULL ? text : mem_format("%s, %s", *list, text);

    if (*list != NULL)
        mem_free(text);
    mem_free(*list);
    *list = longer;
}

/* Does that service answer for the entry, from within a chroot? One without a name may answer for any. */
static bool serves(const struct check *check, size_t i, const struct config_entry *entry)
{
    const struct check_daemon *daemon = &check->daemons[i];

    return daemon->why == NULL && daemon->section == entry->section && daemon->reads &&
           (check->instance->services[i].is_chroot || daemon->options.change_root) &&
           (daemon->options.name == NULL || strcmp(daemon->options.name, entry->name) == 0);
}

static void add_service(char **list, const struct instance_service *service)
{
    add(list, mem_format("%s/%s", service->name, service->type));
}

static struct check_place place_of(const struct check *check, const char *services)
{
    return (struct check_place){ .file = span_text(check->master_path), .name = span_text(services) };
}

static bool needs_names(const struct config_entry *entry)
{
    for (size_t i = 0; i < entry->target_count; i++)
        if (http_endpoint_host_name(entry, &entry->targets[i]) != NULL)
            return true;
    return entry->backend_oidc != NULL || entry->sasl_oidc != NULL;
}

static bool service_needs_names(const struct check *check, size_t i)
{
    enum config_section_id id = check->daemons[i].section;
    const struct config_section *section = id == CONFIG_SECTIONS ? NULL : &check->config->section[id];

    for (size_t j = 0; section != NULL && j < section->count; j++) {
        const struct config_entry *entry = &section->entries[j];
        if (entry->error == NULL && needs_names(entry) && serves(check, i, entry))
            return true;
    }
    return false;
}

static char *find_missing(const struct check *check)
{
    char *missing = NULL;

    for (size_t i = 0; i < sizeof(name_files) / sizeof(name_files[0]); i++) {
        char *path = mem_format("%s/%s", check->instance->queue_directory, name_files[i]);
        if (access(path, F_OK) != 0)
            add(&missing, path);
        else
            mem_free(path);
    }
    return missing;
}

static void check_names(struct check *check)
{
    char *missing = find_missing(check), *services = NULL;

    for (size_t i = 0; missing != NULL && i < check->instance->service_count; i++)
        if (service_needs_names(check, i))
            add_service(&services, &check->instance->services[i]);
    if (services != NULL) {
        struct check_place place = place_of(check, services);
        check_warn(check, &place,
                   "chroot is \"y\", and host names cannot be looked up without %s" CHECK_CURE
                   "copy from /etc what is missing, or make chroot \"n\"", missing);
    }
    mem_free(services);
    mem_free(missing);
}

/* What is a target of that entry, and not in the queue directory; NULL: nothing. */
static char *find_sockets(const struct check *check, const struct config_entry *entry)
{
    char *missing = NULL;

    for (size_t i = 0; i < entry->target_count; i++) {
        const char *socket = entry->targets[i].socket_path;
        char *path = socket == NULL ? NULL : mem_format("%s%s", check->instance->queue_directory, socket);
        if (path != NULL && access(path, F_OK) != 0 && errno != EACCES)
            add(&missing, mem_string(path));
        mem_free(path);
    }
    return missing;
}

static void check_sockets(struct check *check, const struct config_entry *entry)
{
    char *missing = entry->error == NULL ? find_sockets(check, entry) : NULL, *services = NULL;

    for (size_t i = 0; missing != NULL && i < check->instance->service_count; i++)
        if (serves(check, i, entry))
            add_service(&services, &check->instance->services[i]);
    if (services != NULL) {
        struct check_place place = place_of(check, services);
        check_warn(check, &place,
                   "chroot is \"y\", and there is no %s (%s.%s, %s)" CHECK_CURE
                   "move the target's socket there, or make chroot \"n\"", missing,
                   config_section_name(entry->section), entry->name, entry->where);
    }
    mem_free(services);
    mem_free(missing);
}

void check_chroots(struct check *check)
{
    check_names(check);
    for (enum config_section_id id = 0; id < CONFIG_SECTIONS; id++)
        for (size_t i = 0; i < check->config->section[id].count; i++)
            check_sockets(check, &check->config->section[id].entries[i]);
}
