/*
 * Sockets that main.cf, or an option in master.cf, names, and that no service of master.cf provides: does somebody
 * answer there?
 *
 * Shape:  who asks is in the queue directory, which is also the root of who is in a chroot. Somebody answers who
 *         accepts a connection; nothing is sent. Where we may not look we take it that somebody does.
 * Limits: CHECK_SOCKET_LIMIT_MS for a connection.
 * Errors: told as findings: mistakes where nobody but master(8) would make the socket, or nobody can be reached;
 *         warnings where somebody else's daemon may just be down.
 */
#ifndef PFX_CHECK_SOCKET_H
#define PFX_CHECK_SOCKET_H

#include "check_use.h"

#define CHECK_SOCKET_LIMIT_MS 200

/* How many of those that ask for mail that comes in are in a chroot. */
enum check_socket_chroot { CHECK_SOCKET_NONE, CHECK_SOCKET_SOME, CHECK_SOCKET_ALL };

enum check_socket_chroot check_socket_chroot(const struct check_use *use);

/* An absolute path to the queue directory, as seen from a chroot. */
void check_socket_outside(const struct check_use *use, const char *path);

/* name: that a service of ours would have, or NULL. */
void check_socket(const struct check_use *use, const char *path, const char *name);

#endif
