#include "service.h"

#include <string.h>
#include <unistd.h>

#include "mem.h"
#include "options.h"

#define LOCAL_HOST    "127.0.0.1" /* of a service that listens on every address */

static const char *const programs[SERVICE_UNKNOWN] = {
    [SERVICE_SOCKETMAP] = "pfx-socketmap",
    [SERVICE_POLICY] = "pfx-policyd",
    [SERVICE_SASL] = "pfx-saslbridge",
    [SERVICE_METRICS] = "pfx-metrics",
};

enum service_protocol service_protocol_of(const char *command)
{
    const char *name = basename(command);
    enum service_protocol protocol = 0;

    while (protocol < SERVICE_UNKNOWN && strcmp(programs[protocol], name) != 0)
        protocol++;
    return protocol;
}

const char *service_program(enum service_protocol protocol)
{
    return programs[protocol];
}

/* "HOST:PORT", "[HOST]:PORT" or "PORT". */
static void set_inet(struct service *service, const char *text)
{
    const char *colon = strrchr(text, ':');
    bool has_brackets = colon != NULL && text[0] == '[' && colon > text && colon[-1] == ']';

    if (colon == NULL || colon == text)
        service->host = mem_string(LOCAL_HOST);
    else
        service->host = mem_copy(text + has_brackets, (size_t)(colon - text) - 2 * has_brackets);
    service->port = mem_string(colon == NULL ? text : colon + 1);
}

bool service_of_instance(struct service *service, const struct instance_service *line, const char *queue_directory)
{
    struct options options;

    *service = (struct service){ .protocol = service_protocol_of(line->argument[0]), .by_master = true };
    if (service->protocol == SERVICE_UNKNOWN)
        return false;
    if (strcmp(line->type, "unix") == 0)
        service->path = mem_format("%s/%s/%s", queue_directory, instance_socket_directory(line), line->name);
    else if (strcmp(line->type, "inet") == 0)
        set_inet(service, line->name);
    else
        return false;
    optind = 0; /* getopt(3) begins anew */
    options_parse(&options, line->argument_count, line->argument);
    service->is_chroot = line->is_chroot || options.change_root;
    service->name = mem_string(line->name);
    service->command = mem_string(line->argument[0]);
    service->config_path = mem_string(options.config);
    return true;
}

bool service_of_socket(struct service *service, const char *text)
{
    *service = (struct service){ .protocol = SERVICE_UNKNOWN };
    if (strncmp(text, "unix:", 5) == 0 && text[5] != '\0')
        service->path = mem_string(text + 5);
    else if (strncmp(text, "inet:", 5) == 0 && text[5] != '\0')
        set_inet(service, text + 5);
    else
        return false;
    service->name = mem_string(text);
    return true;
}

void service_free(struct service *service)
{
    mem_free(service->name);
    mem_free(service->command);
    mem_free(service->path);
    mem_free(service->host);
    mem_free(service->port);
    mem_free(service->config_path);
}

static void add(struct service_list *list, size_t *room, const struct service *service)
{
    list->services = mem_grow(list->services, list->count, room, sizeof(*list->services));
    list->services[list->count++] = *service;
}

bool service_list_read(struct service_list *list, const struct pfxctl *ctl)
{
    const char *why;
    struct instance *instance = instance_read(ctl->config_directory, &why);
    struct service service;
    size_t room = 0;

    *list = (struct service_list){ .services = NULL };
    if (instance == NULL) {
        pfxctl_complain("%s: %s", ctl->config_directory, why);
        return false;
    }
    list->queue_directory = mem_string(instance->queue_directory);
    for (size_t i = 0; i < instance->service_count; i++) {
        if (!service_of_instance(&service, &instance->services[i], list->queue_directory))
            continue;
        if (service.config_path == NULL)
            service.config_path = mem_format("%s/pfx.cfg", ctl->config_directory);
        add(list, &room, &service);
    }
    instance_free(&instance);
    return true;
}

void service_list_free(struct service_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        service_free(&list->services[i]);
    mem_free(list->services);
    mem_free(list->queue_directory);
    *list = (struct service_list){ .services = NULL };
}

const struct service *service_find(const struct service_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->services[i].name != NULL && strcmp(list->services[i].name, name) == 0)
            return &list->services[i];
    return NULL;
}

int service_name_width(const struct service_list *list)
{
    size_t width = 0;

    for (size_t i = 0; i < list->count; i++)
        if (strlen(list->services[i].name) > width)
            width = strlen(list->services[i].name);
    return (int)width;
}

/* What is chosen moves; the same name twice is chosen once. */
static bool choose(struct service_list *list, size_t *room, struct service_list *all, const char *name)
{
    struct service service;

    if (service_find(list, name) != NULL)
        return true;
    if (service_of_socket(&service, name)) {
        add(list, room, &service);
        return true;
    }
    for (size_t i = 0; i < all->count; i++)
        if (all->services[i].name != NULL && strcmp(all->services[i].name, name) == 0) {
            add(list, room, &all->services[i]);
            all->services[i] = (struct service){ .name = NULL };
            return true;
        }
    pfxctl_complain("no service %s of pfx in master.cf", name);
    return false;
}

static bool are_sockets(char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++)
        if (strncmp(names[i], "unix:", 5) != 0 && strncmp(names[i], "inet:", 5) != 0)
            return false;
    return names[0] != NULL;
}

int service_choose(struct service_list *list, const struct pfxctl *ctl, char *const *names)
{
    struct service_list all = { .services = NULL };
    int status = PFXCTL_GOOD;
    size_t room = 0;

    *list = all;
    if (!are_sockets(names) && !service_list_read(&all, ctl))
        status = PFXCTL_UNAVAILABLE;
    if (status == PFXCTL_GOOD && names[0] == NULL) {
        *list = all;
        if (all.count == 0)
            pfxctl_complain("no service of pfx in %s/master.cf", ctl->config_directory);
        return all.count == 0 ? PFXCTL_UNAVAILABLE : PFXCTL_GOOD;
    }
    list->queue_directory = mem_string(all.queue_directory);
    for (size_t i = 0; status == PFXCTL_GOOD && names[i] != NULL; i++)
        if (!choose(list, &room, &all, names[i]))
            status = PFXCTL_UNAVAILABLE;
    service_list_free(&all);
    return status;
}
