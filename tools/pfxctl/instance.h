/*
 * A Postfix instance as postconf(1) tells it: its services, and the parameters that are set.
 *
 * Shape:  names expanded ("-x"); a parameter of master.cf ("-o name=value") is one more parameter, with its service in
 *         `where`. What stands in a column as "-" is what Postfix takes it for. { Several words } are one argument.
 * Errors: instance_read() gives NULL, and *why: there is no main.cf, or postconf(1) complains.
 * Owner:  the caller, instance_free().
 * Source: postconf(1), master(5).
 */
#ifndef PFX_INSTANCE_H
#define PFX_INSTANCE_H

#include <stdbool.h>
#include <stddef.h>

struct instance_service {
    char *line; /* what the texts below point into */
    const char *name;
    const char *type;
    bool is_private;
    bool is_unprivileged;
    bool is_chroot;
    const char *maxproc; /* "1", "-" ... */
    char **argument;     /* the command first; NULL behind the last */
    int argument_count;
};

struct instance_parameter {
    char *where; /* "main.cf", or "master.cf: SERVICE/TYPE" */
    char *name;
    char *value;
    bool is_own; /* no parameter of Postfix: it says something where another names it */
};

struct instance {
    char *config_directory;
    char *queue_directory; /* set or not, like what follows */
    char *daemon_directory;
    char *mail_owner;
    char *virtual_transport;
    char *proxy_read_maps;
    bool chroots; /* what "-" means in that column */
    struct instance_service *services;
    size_t service_count;
    size_t service_room;
    struct instance_parameter *parameters;
    size_t parameter_count;
    size_t parameter_room;
};

/* Is there a main.cf? Without one postconf(1) waits for a second before it complains. */
bool instance_exists(const char *config_directory);

struct instance *instance_read(const char *config_directory, const char **why);
void instance_free(struct instance **instance);

/* The service of that name and type ("unix", "inet"), or NULL. */
const struct instance_service *instance_find(const struct instance *instance, const char *name, const char *type);

/* Where a word ends: at one of the separators, or of the text. Separators within { } are part of it. */
size_t instance_word_bytes(const char *text, const char *separators);

/* Where master(8) makes its socket, below the queue directory: "private" or "public". */
const char *instance_socket_directory(const struct instance_service *service);

/* The name of a program without directories. */
const char *instance_program(const struct instance_service *service);

#endif
