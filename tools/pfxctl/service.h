/*
 * The daemons that can be reached: the services of master.cf whose command is one of ours, or a socket.
 *
 * Shape:  a service has the name of its first field in master.cf; service_of_socket() takes unix:PATH,
 *         inet:HOST:PORT and inet:PORT as pfx's daemons do after -L.
 * Errors: what is wrong is complained of.
 * Owner:  the list owns its services and their texts.
 * Source: master(5); Postfix master/master_ent.c.
 */
#ifndef PFX_SERVICE_H
#define PFX_SERVICE_H

#include <stddef.h>

#include "instance.h"
#include "pfxctl.h"

enum service_protocol { SERVICE_SOCKETMAP, SERVICE_POLICY, SERVICE_SASL, SERVICE_METRICS, SERVICE_UNKNOWN };

struct service {
    char *name;
    enum service_protocol protocol; /* unknown: of a socket that is not ours to look behind */
    bool by_master;
    bool is_chroot;
    char *command;     /* argv[0], as master(8) passes it; NULL: of a socket */
    char *path;        /* of its socket; NULL: host and port */
    char *host, *port;
    char *config_path; /* -C of its command; of a list else the one of the instance; NULL: of a socket */
};

struct service_list {
    struct service *services;
    size_t count;
    char *queue_directory;
};

bool service_list_read(struct service_list *list, const struct pfxctl *ctl);
void service_list_free(struct service_list *list);

/* Those of master.cf with that name. */
const struct service *service_find(const struct service_list *list, const char *name);

/* Of the longest name. */
int service_name_width(const struct service_list *list);

/* False: none of ours, nor of a type that they can be. */
bool service_of_instance(struct service *service, const struct instance_service *line, const char *queue_directory);

/* False: neither unix:PATH nor inet:HOST:PORT. */
bool service_of_socket(struct service *service, const char *text);
void service_free(struct service *service);

enum service_protocol service_protocol_of(const char *command);

/* Its command. */
const char *service_program(enum service_protocol protocol);

/*
 * The services that the names, which end with NULL, stand for: of master.cf, or sockets. Without names all of
 * master.cf. What is none is complained of. PFXCTL_GOOD, or the exit status.
 */
int service_choose(struct service_list *list, const struct pfxctl *ctl, char *const *names);

#endif
