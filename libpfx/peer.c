#include "peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

const char *peer_address(int fd, char text[PEER_MAX_BYTES], unsigned *port)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } peer = { .any.sa_family = AF_UNSPEC };
    socklen_t size = sizeof(peer);

    if (getpeername(fd, &peer.any, &size) != 0)
        return NULL;
    if (peer.any.sa_family == AF_INET) {
        *port = ntohs(peer.v4.sin_port);
        return inet_ntop(AF_INET, &peer.v4.sin_addr, text, PEER_MAX_BYTES);
    }
    if (peer.any.sa_family == AF_INET6) {
        *port = ntohs(peer.v6.sin6_port);
        return inet_ntop(AF_INET6, &peer.v6.sin6_addr, text, PEER_MAX_BYTES);
    }
    return NULL;
}

const char *peer_describe(int fd, char text[PEER_MAX_BYTES])
{
    char address[PEER_MAX_BYTES];
    unsigned port;
    struct ucred who;
    socklen_t size = sizeof(who);

    if (peer_address(fd, address, &port) != NULL)
        snprintf(text, PEER_MAX_BYTES, strchr(address, ':') == NULL ? "%.63s:%u" : "[%.61s]:%u", address, port);
    else if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0)
        snprintf(text, PEER_MAX_BYTES, "%d", (int)who.pid);
    else
        snprintf(text, PEER_MAX_BYTES, "unknown");
    return text;
}
