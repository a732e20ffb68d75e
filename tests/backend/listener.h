/*
 * Listening sockets.
 *
 * Shape:  KIND:HOST:PORT (an IPv6 HOST in brackets, PORT 0: any free one) or unix:PATH. Kinds: inet; tls; tlsbroken
 *         (closes after the first bytes that come); silent (accepts, never reads or answers); hasty (answers with 408
 *         and closes before it has read anything).
 * Errors: a bad or busy address ends the program.
 * Owner:  listener_close() also removes the path of a UNIX socket; a path left over from before is replaced.
 */
#ifndef BACKEND_LISTENER_H
#define BACKEND_LISTENER_H

enum listener_kind { LISTENER_INET, LISTENER_UNIX, LISTENER_TLS, LISTENER_TLSBROKEN, LISTENER_SILENT, LISTENER_HASTY };

struct listener {
    enum listener_kind kind;
    int fd;
    const char *address;
};

void listener_open(struct listener *l, const char *address);
int  listener_accept(const struct listener *l); /* a non-blocking socket, or -1 */
void listener_close(struct listener *l);

/* Writes one line for each listener, its address with the port that it got; the file appears whole or not at all. */
void listener_report(const struct listener *listeners, int count, const char *path);

#endif
