#include "check_service.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "process.h"

/* As master(8) does. */
static bool is_taken(const struct addrinfo *info)
{
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

    if (fd < 0)
        return false;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    bool is = bind(fd, info->ai_addr, info->ai_addrlen) != 0 && errno == EADDRINUSE;
    close(fd);
    return is;
}

/* Both families have the port at the same place. */
static unsigned port_of(const struct addrinfo *info)
{
    struct sockaddr_in address;

    memcpy(&address, info->ai_addr, sizeof(address));
    return ntohs(address.sin_port);
}

/* By another than master(8). */
static bool is_taken_from(pid_t master, const struct service *service)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *list = NULL;
    bool is = false;

    if (getaddrinfo(service->host, service->port, &hints, &list) != 0)
        return false;
    for (const struct addrinfo *info = list; info != NULL && !is; info = info->ai_next)
        is = is_taken(info) && !process_listens_on(master, port_of(info));
    freeaddrinfo(list);
    return is;
}

void check_port(struct check *check, const struct check_place *place, const struct instance_service *line)
{
    const char *queue = check->instance->queue_directory;
    struct service service;

    if (geteuid() != 0 || strcmp(line->type, "inet") != 0 || !service_of_instance(&service, line, queue))
        return;
    if (is_taken_from(process_master(queue), &service))
        check_mistake(check, place, "somebody else listens there, so that master(8), and with it all mail, ends here"
                                    CHECK_CURE "take another port");
    service_free(&service);
}
