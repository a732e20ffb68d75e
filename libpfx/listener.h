/*
 * Where a daemon's listening sockets come from: master(8), -L, systemd, or the daemon itself before it executed anew.
 *
 * Shape:  descriptors, non-blocking and close-on-exec. -L is "unix:PATH[,mode=0660][,user=U][,group=G]",
 *         "inet:HOST:PORT", "inet:[V6]:PORT" or "inet:PORT" (all addresses).
 * Limits: LISTENER_BACKLOG: Postfix's own 100 refuses a reconnect storm, and a refused connection is final to its
 *         clients.
 * Errors: false, and a text for the log. A socket file that nobody listens on is replaced; one that somebody does, or a
 *         file that is no socket, is an error.
 * Owner:  the caller closes the descriptors and frees the set; listener_unlink() removes socket files made here.
 * Source: sd_listen_fds(3), sd_notify(3), Postfix master/master_listen.c.
 */
#ifndef PFX_LISTENER_H
#define PFX_LISTENER_H

#include <stdbool.h>
#include <stddef.h>

#define LISTENER_BACKLOG 4096
#define LISTENER_REASON_MAX_BYTES 300
#define LISTENER_SYSTEMD_FD 3

struct listener_set {
    int *fds;
    size_t count;
    size_t room;
    char **paths; /* of socket files made here; NULL elsewhere */
};

bool listener_open(struct listener_set *set, const char *spec, char why[LISTENER_REASON_MAX_BYTES]);
void listener_inherit(struct listener_set *set, int first_fd, size_t count); /* also sets the backlog */
void listener_close(struct listener_set *set);                               /* descriptors and memory */
void listener_unlink(const struct listener_set *set);

size_t listener_systemd_count(void); /* LISTEN_FDS when LISTEN_PID is ours, else 0 */

/*
 * Hands the descriptors to the program that this process executes next; by_name: listener_take_over() finds them there
 * (false: none were handed over). systemd's stay where systemd said that they are.
 */
void listener_hand_over(const struct listener_set *set, bool by_name);
bool listener_take_over(struct listener_set *set);

void listener_notify(const char *state); /* to NOTIFY_SOCKET, when there is one */

#endif
