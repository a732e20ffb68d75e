/*
 * Where the server listens.
 *
 * Shape:  unix:PATH or inet:HOST:PORT (an IPv6 HOST in brackets).
 * Errors: address_parse() ends the program with status 2. address_connect() is -1 with errno; as in Postfix EAGAIN, a
 *         UNIX socket whose backlog is full, is such a failure, and only EINPROGRESS is not.
 * Owner:  the caller closes the socket, which is non-blocking; poll for output, then ask address_error().
 */
#ifndef CLIENT_ADDRESS_H
#define CLIENT_ADDRESS_H

#include <stdint.h>
#include <sys/socket.h>

struct address {
    struct sockaddr_storage socket;
    socklen_t bytes;
};

void address_parse(struct address *a, const char *text);
int  address_connect(const struct address *a);
int  address_error(int fd); /* an errno; 0: connected */

/* Waits for poll events until the monotonic time `end_us`; what came of it, 0: nothing in time. */
short address_wait(int fd, short events, int64_t end_us);

#endif
