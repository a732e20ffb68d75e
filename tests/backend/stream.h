/*
 * A connected socket, plain or with TLS, non-blocking.
 *
 * Errors: STREAM_WAIT: later, when the socket has news; STREAM_END: the peer closed, or the connection is broken.
 * Owner:  stream_close() and stream_reset() end a stream; the latter sends a TCP reset (a UNIX socket just closes).
 */
#ifndef BACKEND_STREAM_H
#define BACKEND_STREAM_H

#include <openssl/ssl.h>
#include <sys/types.h>

#define STREAM_WAIT (-1)
#define STREAM_END 0

struct stream {
    int  fd;
    SSL *ssl; /* NULL: plain */
};

/* For the server side of TLS; the certificate file may hold its chain. client_ca: clients must show a certificate that
   it signed; NULL: they need none. Ends the program when a file is no good. */
SSL_CTX *stream_context(const char *certificate, const char *key, const char *client_ca);

void    stream_open(struct stream *s, int fd, SSL_CTX *tls); /* tls NULL: plain */
ssize_t stream_read(struct stream *s, char *p, size_t n);    /* bytes, STREAM_WAIT or STREAM_END */
ssize_t stream_write(struct stream *s, const char *p, size_t n);
void    stream_close(struct stream *s);
void    stream_reset(struct stream *s);

#endif
