/*
 * What a program needs that asks by libcurl's multi interface over epoll(7), and nothing else.
 *
 * Shape:  a request asks once at a time, for GET of a URL; each of its requests is the one that pfx would send, with as
 *         many header lines, and its easy handle is used again. requests_turn() waits for what comes, and calls
 *         finished for each answer, and what was given to requests_watch() for other descriptors.
 * Limits: REQUESTS_FD_MAX, REQUESTS_BODY_MAX_BYTES.
 * Errors: another status than 200, or no answer, ends the program.
 * Source: libcurl-multi(3), curl_multi_socket_action(3).
 */
#ifndef BENCH_REQUESTS_H
#define BENCH_REQUESTS_H

#include <curl/curl.h>
#include <stddef.h>
#include <stdint.h>

#define REQUESTS_FD_MAX 65536
#define REQUESTS_BODY_MAX_BYTES 4096

struct request {
    CURL *easy;
    struct curl_slist *headers;
    void *arg; /* the program's */
    size_t n;
    char body[REQUESTS_BODY_MAX_BYTES];
};

/* connections: how many are to be kept. */
void requests_open(uint64_t connections, void (*finished)(struct request *request));
void requests_turn(int most_ms); /* that it waits; -1: for ever */
void requests_watch(int fd, void (*ready)(int fd));
void requests_close(int fd); /* what is watched */

void request_open(struct request *request);
void request_ask(struct request *request, const char *url);

#endif
