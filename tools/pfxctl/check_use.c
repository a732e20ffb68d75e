#include "check_use.h"

#include <string.h>

#include "check_service.h"
#include "check_socket.h"
#include "config_host.h"
#include "mem.h"

/* Who asks for what a parameter says whose name begins so. */
static const struct {
    const char *prefix;
    const char *program;
} askers[] = {
    { "smtpd_", "smtpd" },
    { "smtp_", "smtp" },
    { "lmtp_", "lmtp" },
    { "postscreen_", "postscreen" },
};

static const char *find_asker(const char *parameter)
{
    for (size_t i = 0; i < sizeof(askers) / sizeof(askers[0]); i++)
        if (strncmp(parameter, askers[i].prefix, strlen(askers[i].prefix)) == 0)
            return askers[i].program;
    return NULL;
}

/* "NAME/TYPE"; a name may hold a slash, too. */
static const struct instance_service *find_service(const struct instance *instance, const char *text)
{
    const char *slash = strrchr(text, '/');
    char *name = mem_copy(text, (size_t)(slash - text));
    const struct instance_service *service = instance_find(instance, name, slash + 1);

    mem_free(name);
    return service;
}

/* "main.cf", or "master.cf: SERVICE/TYPE". */
struct check_use check_use_of(struct check *check, const struct instance_parameter *parameter)
{
    struct check_use use = { .check = check, .parameter = parameter, .asker = find_asker(parameter->name) };
    const char *service = strstr(parameter->where, ": ");

    if (service != NULL)
        use.service = find_service(check->instance, service + 2);
    use.name = mem_format("%s%s%s", service == NULL ? "" : service + 2, service == NULL ? "" : ": ", parameter->name);
    use.place = (struct check_place){ .file = span_text(service == NULL ? check->main_path : check->master_path),
                                      .name = span_text(use.name) };
    return use;
}

void check_use_free(struct check_use *use)
{
    mem_free(use->name);
}

/* By the address as it stands there, or, at this machine, by the port alone. */
static const struct instance_service *find_inet(const struct check_use *use, struct span address)
{
    char *name = mem_copy(address.p, address.n);
    const struct instance_service *service = instance_find(use->check->instance, name + strlen("inet:"), "inet");
    struct service place;

    if (service == NULL && service_of_socket(&place, name)) {
        if (config_host_is_loopback(span_text(place.host)))
            service = instance_find(use->check->instance, place.port, "inet");
        service_free(&place);
    }
    mem_free(name);
    return service;
}

static const struct instance_service *find_named(const struct check_use *use, const char *path, bool is_private,
                                                 const char *name)
{
    const struct instance_service *service = instance_find(use->check->instance, name, "unix");

    if (service == NULL) {
        check_socket(use, path, name);
    } else if (service->is_private != is_private) {
        const char *directory = instance_socket_directory(service);
        check_mistake(use->check, &use->place, "the socket of the service is %s/%s, not %s" CHECK_CURE "write %s/%s",
                      directory, name, path, directory, name);
        service = NULL;
    }
    return service;
}

/* A path that somebody in a chroot would find in the queue directory. */
static bool is_of_queue(const char *path)
{
    return strncmp(path, "/private/", 9) == 0 || strncmp(path, "/public/", 8) == 0;
}

/* The path as seen from the queue directory; as it is when it leads elsewhere. */
static const char *relative_of(const struct check_use *use, const char *path)
{
    const char *queue = use->check->instance->queue_directory;
    size_t n = strlen(queue);
    bool in_chroot = check_socket_chroot(use) != CHECK_SOCKET_NONE;

    if (is_of_queue(path) && in_chroot)
        return path + 1;
    if (strncmp(path, queue, n) != 0 || path[n] != '/')
        return path;
    if (in_chroot)
        check_socket_outside(use, path);
    return path + n + 1;
}

/* The name of ours that a path outside of the queue was meant for, or NULL. */
static const char *name_meant(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (path[0] == '/' && !is_of_queue(path))
        return NULL;
    return slash == NULL ? path : slash + 1;
}

/* The service behind a path, relative to the queue or below it. NULL: none, which is told if nothing is there. */
static const struct instance_service *find_unix(const struct check_use *use, struct span address)
{
    char *path = mem_copy(address.p, address.n);
    const struct instance_service *service = NULL;
    const char *relative = relative_of(use, path);

    if (strncmp(relative, "private/", 8) == 0)
        service = find_named(use, path, true, relative + 8);
    else if (strncmp(relative, "public/", 7) == 0)
        service = find_named(use, path, false, relative + 7);
    else
        check_socket(use, path, name_meant(relative));
    mem_free(path);
    return service;
}

/* The daemon of ours that answers at "unix:PATH" or "inet:HOST:PORT", and reads this configuration; NULL: none. */
const struct instance_service *check_use_service(const struct check_use *use, struct span address)
{
    const struct instance_service *service = NULL;

    if (span_begins(address, "unix:"))
        service = find_unix(use, span_skip(address, strlen("unix:")));
    else if (span_begins(address, "inet:"))
        service = find_inet(use, address);
    if (service == NULL)
        return NULL;
    const struct check_daemon *daemon = check_service_daemon(use->check, service);
    if (daemon->protocol == SERVICE_UNKNOWN)
        return NULL;
    if (daemon->protocol != use->wanted) {
        check_mistake(use->check, &use->place, "the service %s runs %s, which is no %s", service->name,
                      instance_program(service), use->what);
        return NULL;
    }
    return daemon->reads ? service : NULL;
}
