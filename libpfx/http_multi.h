/*
 * One libcurl multi handle on our loop: its sockets and its clock.
 *
 * Shape:  all transfers of a multi handle share connections, so there is one for each group that may (see http.h).
 *         A socket stays registered with epoll(7) from its first use until libcurl closes it: the requests that follow
 *         on a kept-alive connection cost no epoll_ctl(2).
 * Owner:  the struct is the caller's; no transfer may be left in it when it is closed.
 * Source: curl_multi_socket_action(3), CURLMOPT_SOCKETFUNCTION(3), CURLOPT_CLOSESOCKETFUNCTION(3).
 */
#ifndef PFX_HTTP_MULTI_H
#define PFX_HTTP_MULTI_H

#include <curl/curl.h>

#include "loop.h"

struct http_socket;

struct http_multi {
    CURLM *curl;
    struct loop *loop;
    struct loop_timer timer;
    struct http_socket **sockets; /* by descriptor */
    size_t socket_room;
    void (*finished)(CURL *easy, CURLcode result); /* from the loop; the transfer is still in the handle */
};

void http_multi_open(struct http_multi *multi, struct loop *loop, void (*finished)(CURL *easy, CURLcode result));
void http_multi_close(struct http_multi *multi);

/* What a transfer needs so that the multi handle learns which sockets are closed. */
void http_multi_adopt(struct http_multi *multi, CURL *easy);

#endif
