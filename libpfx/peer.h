/*
 * Who is at the other end of a socket.
 *
 * Errors: a socket that tells nothing is "unknown".
 * Source: unix(7) SO_PEERCRED, getpeername(2).
 */
#ifndef PFX_PEER_H
#define PFX_PEER_H

#define PEER_MAX_BYTES 72 /* "[IPv6%scope]:port" */

/* The address and port of a TCP client; NULL on a UNIX socket. */
const char *peer_address(int fd, char text[PEER_MAX_BYTES], unsigned *port);

/* For the log: a process id on a UNIX socket, else address and port. */
const char *peer_describe(int fd, char text[PEER_MAX_BYTES]);

#endif
