/*
 * One libcurl multi handle on our loop: its sockets and its clock.
 *
 * Shape:  all transfers of a multi handle share connections, so there is one for each group that may (see http.h).
 *         A socket stays registered with epoll(7) from its first use on: the requests that follow on a kept-alive
 *         connection cost no epoll_ctl(2). libcurl does not tell of each socket that it closes, so what is known of a
 *         descriptor is forgotten when libcurl opens a socket of that number; all multi handles share that knowledge.
 * Owner:  both structs are the caller's; no transfer may be left in a multi handle when it is closed, and no multi
 *         handle when its sockets are.
 * Source: curl_multi_socket_action(3), CURLMOPT_SOCKETFUNCTION(3), CURLOPT_CLOSESOCKETFUNCTION(3).
 */
#ifndef PFX_HTTP_MULTI_H
#define PFX_HTTP_MULTI_H

#include <curl/curl.h>

#include "loop.h"

struct http_socket;

struct http_sockets {
    struct http_socket **of_fd;
    size_t room;
};

struct http_multi {
    CURLM *curl;
    struct loop *loop;
    struct loop_timer timer;
    struct http_sockets *sockets;
    void (*finished)(CURL *easy, CURLcode result); /* from the loop; the transfer is still in the handle */
    void (*begun)(struct http_multi *multi);       /* from the loop: what was added has been sent */
};

void http_multi_open(struct http_multi *multi, struct loop *loop, struct http_sockets *sockets,
                     void (*finished)(CURL *easy, CURLcode result), void (*begun)(struct http_multi *multi));
void http_multi_close(struct http_multi *multi);
void http_multi_free_sockets(struct http_sockets *sockets);

/* What a transfer needs so that the multi handle learns which sockets are opened and closed. */
void http_multi_adopt(struct http_multi *multi, CURL *easy);

#endif
