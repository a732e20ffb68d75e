#include "raw.h"

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "bytes.h"
#include "now.h"

#define EXIT_NO_CONNECTION 2
#define EXIT_TIME_LIMIT 3
#define READ_BYTES 16384

struct raw {
    int fd;
    struct bytes input;
    size_t sent;
    size_t step; /* the most bytes to send at a time */
    bool half_closes;
};

static void read_input(struct bytes *input)
{
    ssize_t n;

    do {
        bytes_reserve(input, READ_BYTES);
        n = read(STDIN_FILENO, input->p + input->n, READ_BYTES);
        input->n += n > 0 ? (size_t)n : 0;
    } while (n > 0);
    if (n < 0)
        err(EXIT_NO_CONNECTION, "stdin");
}

static void open_connection(struct raw *raw, const struct address *address, int64_t end_us)
{
    raw->fd = address_connect(address);
    if (raw->fd < 0)
        err(EXIT_NO_CONNECTION, "connect");
    if (address_wait(raw->fd, POLLOUT, end_us) == 0)
        errx(EXIT_NO_CONNECTION, "connect: time limit exceeded");
    errno = address_error(raw->fd);
    if (errno != 0)
        err(EXIT_NO_CONNECTION, "connect");
}

static void send_some(struct raw *raw)
{
    size_t left = raw->input.n - raw->sent;
    ssize_t n = send(raw->fd, raw->input.p + raw->sent, left < raw->step ? left : raw->step, MSG_NOSIGNAL);

    if (n < 0 && errno != EAGAIN)
        raw->input.n = raw->sent; /* the server wants no more; it may have said why */
    if (n > 0)
        raw->sent += (size_t)n;
    if (raw->sent == raw->input.n && raw->half_closes)
        shutdown(raw->fd, SHUT_WR);
}

/* False at the end of the connection. */
static bool print_some(int fd)
{
    char bytes[READ_BYTES];
    ssize_t n = recv(fd, bytes, sizeof(bytes), 0);

    if (n > 0 && fwrite(bytes, 1, (size_t)n, stdout) != (size_t)n)
        err(EXIT_NO_CONNECTION, "stdout");
    if (n < 0 && errno != EAGAIN)
        warn("connection");
    return n > 0 || (n < 0 && errno == EAGAIN);
}

static int talk(struct raw *raw, int64_t end_us)
{
    if (raw->input.n == 0 && raw->half_closes)
        shutdown(raw->fd, SHUT_WR);
    for (;;) {
        short wanted = (short)(raw->sent < raw->input.n ? POLLIN | POLLOUT : POLLIN);
        short events = address_wait(raw->fd, wanted, end_us);
        if (events == 0)
            return EXIT_TIME_LIMIT;
        if ((events & POLLOUT) && raw->sent < raw->input.n)
            send_some(raw);
        if ((events & ~POLLOUT) && !print_some(raw->fd))
            return 0;
    }
}

int raw_main(int argc, char **argv)
{
    struct raw raw = { .step = SIZE_MAX };
    struct address address;
    int64_t limit_ms = RAW_LIMIT_MS;
    int option;

    while ((option = getopt(argc, argv, "bht:")) != -1) {
        if (option == 'b')
            raw.step = 1;
        else if (option == 'h')
            raw.half_closes = true;
        else if (option == 't')
            limit_ms = atoi(optarg);
    }
    if (argc - optind != 1)
        errx(EXIT_NO_CONNECTION, "usage: client raw ADDRESS [-b] [-h] [-t MS]");
    address_parse(&address, argv[optind]);
    read_input(&raw.input);
    int64_t end_us = now_us() + limit_ms * US_PER_MS;
    open_connection(&raw, &address, end_us);
    int status = talk(&raw, end_us);
    close(raw.fd);
    bytes_free(&raw.input);
    return status;
}
