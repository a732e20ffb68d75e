#include "ask.h"

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "address.h"
#include "bytes.h"
#include "now.h"

#define EXIT_NO_REPLY 2
#define READ_BYTES 16384

enum outcome { REPLIED, BROKEN, FAILED };

struct question {
    struct address address;
    struct bytes request;
    struct bytes reply;
    int64_t end_us;
    const char *why;
};

static enum outcome fail(struct question *q, enum outcome outcome, const char *why)
{
    q->why = why;
    return outcome;
}

static enum outcome send_request(struct question *q, int fd)
{
    for (size_t sent = 0; sent < q->request.n;) {
        if (address_wait(fd, POLLOUT, q->end_us) == 0)
            return fail(q, FAILED, "time limit exceeded");
        ssize_t n = send(fd, q->request.p + sent, q->request.n - sent, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN)
            return fail(q, BROKEN, strerror(errno));
        sent += n > 0 ? (size_t)n : 0;
    }
    return REPLIED;
}

static enum outcome print_reply(struct question *q)
{
    struct span reply;
    size_t used;

    switch (bytes_get_reply(&q->reply, &reply, &used)) {
    case BYTES_MORE:
        return BROKEN;
    case BYTES_BAD:
        return fail(q, FAILED, "the reply is not a netstring");
    case BYTES_OK:
        break;
    }
    if (used != q->reply.n)
        return fail(q, FAILED, "more than one reply");
    fwrite(reply.p, 1, reply.n, stdout);
    putchar('\n');
    return REPLIED;
}

static enum outcome read_reply(struct question *q, int fd)
{
    enum outcome outcome = BROKEN;

    for (q->reply.n = 0; outcome == BROKEN;) {
        if (address_wait(fd, POLLIN, q->end_us) == 0)
            return fail(q, FAILED, "time limit exceeded");
        bytes_reserve(&q->reply, READ_BYTES);
        ssize_t n = recv(fd, q->reply.p + q->reply.n, READ_BYTES, 0);
        if (n == 0)
            return fail(q, BROKEN, "the connection was closed");
        if (n < 0 && errno != EAGAIN)
            return fail(q, BROKEN, strerror(errno));
        q->reply.n += n > 0 ? (size_t)n : 0;
        outcome = print_reply(q);
    }
    return outcome;
}

static enum outcome try_once(struct question *q)
{
    int fd = address_connect(&q->address);

    if (fd < 0)
        return fail(q, FAILED, strerror(errno));
    enum outcome outcome = REPLIED;
    if (address_wait(fd, POLLOUT, q->end_us) == 0)
        outcome = fail(q, FAILED, "time limit exceeded");
    int reason = address_error(fd);
    if (reason != 0)
        outcome = fail(q, FAILED, strerror(reason));
    if (outcome == REPLIED)
        outcome = send_request(q, fd);
    if (outcome == REPLIED)
        outcome = read_reply(q, fd);
    close(fd);
    return outcome;
}

int ask_main(int argc, char **argv)
{
    struct question q = { 0 };
    int64_t limit_ms = ASK_LIMIT_MS;
    int option;

    while ((option = getopt(argc, argv, "+t:")) == 't')
        limit_ms = atoi(optarg);
    if (option != -1 || argc - optind != 3)
        errx(EXIT_NO_REPLY, "usage: client ask [-t MS] ADDRESS NAME KEY");
    address_parse(&q.address, argv[optind]);
    bytes_set_request(&q.request, argv[optind + 1], argv[optind + 2]);
    q.end_us = now_us() + limit_ms * US_PER_MS;
    enum outcome outcome = try_once(&q);
    if (outcome == BROKEN)
        outcome = try_once(&q);
    if (outcome != REPLIED)
        warnx("no reply: %s", q.why);
    bytes_free(&q.request);
    bytes_free(&q.reply);
    return outcome == REPLIED ? 0 : EXIT_NO_REPLY;
}
