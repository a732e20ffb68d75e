/*
 * The least that a bridge from socketmap to HTTP can do: it reads a netstring, asks by libcurl (requests.h), and gives
 * a constant answer. It checks nothing, and limits, counts and remembers nothing.
 *
 *   bridge PATH URL     on the UNIX socket PATH, one process, until it is ended; GET URL/KEY
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "listening.h"
#include "netstring.h"
#include "question.h"
#include "requests.h"

#define CONNECTIONS_KEPT 256

struct client {
    struct request request;
    int fd; /* -1: it left */
    bool is_asking;
};

static struct client *client_of[REQUESTS_FD_MAX];
static const char *url;

static void leave(struct client *client)
{
    if (client->fd >= 0)
        requests_close(client->fd);
    client->fd = -1;
    if (client->is_asking)
        return;
    curl_easy_cleanup(client->request.easy);
    curl_slist_free_all(client->request.headers);
    free(client);
}

static void finished(struct request *request)
{
    static const char answer[] = "9:OK " QUESTION_VALUE ",";
    struct client *client = request->arg;

    client->is_asking = false;
    if (client->fd < 0 || send(client->fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL) < 0)
        leave(client);
}

static void ask(struct client *client, struct span question)
{
    char target[2 * QUESTION_MAX_BYTES];
    struct span key = span_skip(question, span_find(question, ' ') + 1);

    snprintf(target, sizeof(target), "%s/%.*s", url, (int)key.n, key.p);
    client->is_asking = true;
    request_ask(&client->request, target);
}

static void ready(int fd)
{
    struct client *client = client_of[fd];
    char text[QUESTION_MAX_BYTES];
    struct span question;
    size_t used;
    const char *why;

    ssize_t n = recv(fd, text, sizeof(text), 0);
    if (n > 0 && netstring_decode(span_make(text, (size_t)n), sizeof(text), &question, &used, &why) == CODEC_OK)
        ask(client, question);
    else
        leave(client);
}

static void accept_one(int listening)
{
    int fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct client *client = fd < 0 || fd >= REQUESTS_FD_MAX ? NULL : calloc(1, sizeof(*client));

    if (client == NULL)
        errx(1, "accept");
    client->fd = fd;
    client->request.arg = client;
    request_open(&client->request);
    client_of[fd] = client;
    requests_watch(fd, ready);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        errx(2, "usage: bridge PATH URL");
    url = argv[2];
    requests_open(CONNECTIONS_KEPT, finished);
    requests_watch(listening_open(argv[1]), accept_one);
    for (;;)
        requests_turn(-1);
}
