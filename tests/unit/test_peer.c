#include "peer.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "unit.h"

/* A connection by TCP over the loopback; the port of the end at which client is. */
static unsigned connect_over(const struct sockaddr *any, socklen_t size, int *client, int *server)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address;
    int listener = socket(any->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    *client = socket(any->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(listener, any, size), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(getsockname(listener, &address.any, &size), 0);
    ck_assert_int_eq(connect(*client, &address.any, size), 0);
    *server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    ck_assert_int_ge(*server, 0);
    close(listener);
    ck_assert_int_eq(getsockname(*client, &address.any, &size), 0);
    return ntohs(any->sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
}

static void expect_peer(const struct sockaddr *any, socklen_t size, const char *address, const char *format)
{
    char text[PEER_MAX_BYTES], expected[PEER_MAX_BYTES];
    unsigned port = 0;
    int client, server;
    unsigned wanted = connect_over(any, size, &client, &server);

    ck_assert_str_eq(peer_address(server, text, &port), address);
    ck_assert_str_eq(text, address);
    ck_assert_uint_eq(port, wanted);
    snprintf(expected, sizeof(expected), "%s:%u", format, wanted);
    ck_assert_ptr_eq(peer_describe(server, text), text);
    ck_assert_str_eq(text, expected);
    close(client);
    close(server);
}

START_TEST(peer_of_ipv4_is_its_address_and_port)
{
    const struct sockaddr_in loopback = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    expect_peer((const struct sockaddr *)&loopback, sizeof(loopback), "127.0.0.1", "127.0.0.1");
}
END_TEST

static bool has_ipv6(void)
{
    const struct sockaddr_in6 loopback = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool has = fd >= 0 && bind(fd, (const struct sockaddr *)&loopback, sizeof(loopback)) == 0;

    if (fd >= 0)
        close(fd);
    return has;
}

START_TEST(peer_of_ipv6_stands_in_brackets)
{
    const struct sockaddr_in6 loopback = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    expect_peer((const struct sockaddr *)&loopback, sizeof(loopback), "::1", "[::1]");
}
END_TEST

START_TEST(peer_on_a_unix_socket_is_its_process)
{
    char text[PEER_MAX_BYTES], expected[PEER_MAX_BYTES];
    unsigned port = 7;
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    ck_assert_ptr_null(peer_address(ends[0], text, &port));
    ck_assert_uint_eq(port, 7);
    snprintf(expected, sizeof(expected), "%d", (int)getpid());
    ck_assert_str_eq(peer_describe(ends[0], text), expected);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

START_TEST(peer_of_what_is_no_socket_is_unknown)
{
    char text[PEER_MAX_BYTES];
    unsigned port;
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_ptr_null(peer_address(ends[0], text, &port));
    ck_assert_str_eq(peer_describe(ends[0], text), "unknown");
    close(ends[0]);
    close(ends[1]);
    ck_assert_str_eq(peer_describe(-1, text), "unknown");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("peer");

    unit_add(suite, "peer",
             (const TTest *const[]){ peer_of_ipv4_is_its_address_and_port, peer_on_a_unix_socket_is_its_process,
                                     peer_of_what_is_no_socket_is_unknown, NULL });
    if (has_ipv6())
        unit_add(suite, "IPv6", (const TTest *const[]){ peer_of_ipv6_stands_in_brackets, NULL });
    return unit_run(suite);
}
