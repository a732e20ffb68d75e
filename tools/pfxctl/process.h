/*
 * Processes, as proc(5) shows them: master(8), the parents that it has started, and theirs.
 *
 * Limits: PROCESS_MAX processes of one parent.
 * Errors: a process that ends meanwhile is not there; without proc(5) nobody is.
 * Source: proc(5); Postfix master/master.c (pid/master.pid).
 */
#ifndef PFX_PROCESS_H
#define PFX_PROCESS_H

#include <sys/types.h>

#include "service.h"

#define PROCESS_MAX 256

struct process_list {
    pid_t pid[PROCESS_MAX];
    size_t count;
};

/* master(8) of that queue; 0, and errno: it does not run, ESRCH, or only others may know. */
pid_t process_master(const char *queue_directory);

/* The children of a process. */
void process_children(pid_t parent, struct process_list *children);

/* Those of master that are parents of the service. */
void process_parents(pid_t master, const struct service *service, struct process_list *parents);

/* What a process was started as; unknown: none of our daemons. */
enum service_protocol process_protocol(pid_t pid);

/* Does SIGHUP wait until the process takes it? Before, while it starts, it would end it. */
bool process_holds_hangup(pid_t pid);

/* Was a daemon of ours told to have its workers in a chroot? */
bool process_changes_root(pid_t pid);

/* Does it hold a socket that listens at that path, as it was given to bind(2)? False where others may not know. */
bool process_listens(pid_t pid, const char *path);

/* The same for a port of TCP, at whatever address. */
bool process_listens_on(pid_t pid, unsigned port);

bool process_is_in(const struct process_list *list, pid_t pid);

#endif
