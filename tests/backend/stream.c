#include "stream.h"

#include <err.h>
#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void demand(int done, const char *what)
{
    if (done == 1)
        return;
    ERR_print_errors_fp(stderr);
    errx(1, "TLS: %s", what);
}

SSL_CTX *stream_context(const char *certificate, const char *key, const char *client_ca)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

    demand(tls != NULL, "context");
    demand(SSL_CTX_use_certificate_chain_file(tls, certificate), certificate);
    demand(SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM), key);
    SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (client_ca != NULL) {
        demand(SSL_CTX_load_verify_locations(tls, client_ca, NULL), client_ca);
        SSL_CTX_set_verify(tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    }
    return tls;
}

void stream_open(struct stream *s, int fd, SSL_CTX *tls)
{
    *s = (struct stream){ .fd = fd };
    if (tls == NULL)
        return;
    s->ssl = SSL_new(tls);
    demand(s->ssl != NULL, "session");
    demand(SSL_set_fd(s->ssl, fd), "socket");
    SSL_set_accept_state(s->ssl);
}

static ssize_t plain_result(ssize_t n)
{
    if (n > 0)
        return n;
    return n < 0 && (errno == EAGAIN || errno == EINTR) ? STREAM_WAIT : STREAM_END;
}

static ssize_t tls_result(struct stream *s, int n)
{
    if (n > 0)
        return n;
    int reason = SSL_get_error(s->ssl, n);
    return reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE ? STREAM_WAIT : STREAM_END;
}

ssize_t stream_read(struct stream *s, char *p, size_t n)
{
    if (s->ssl == NULL)
        return plain_result(recv(s->fd, p, n, 0));
    ERR_clear_error();
    return tls_result(s, SSL_read(s->ssl, p, n > INT_MAX ? INT_MAX : (int)n));
}

ssize_t stream_write(struct stream *s, const char *p, size_t n)
{
    if (s->ssl == NULL)
        return plain_result(send(s->fd, p, n, MSG_NOSIGNAL));
    ERR_clear_error();
    return tls_result(s, SSL_write(s->ssl, p, n > INT_MAX ? INT_MAX : (int)n));
}

void stream_close(struct stream *s)
{
    if (s->ssl != NULL) {
        ERR_clear_error();
        SSL_shutdown(s->ssl);
        SSL_free(s->ssl);
    }
    close(s->fd);
}

void stream_reset(struct stream *s)
{
    struct linger now = { .l_onoff = 1, .l_linger = 0 };

    setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    SSL_free(s->ssl);
    close(s->fd);
}
