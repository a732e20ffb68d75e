/*
 * Why there is no HTTP answer.
 *
 * Source: libcurl-errors(3).
 */
#ifndef PFX_HTTP_FAILURE_H
#define PFX_HTTP_FAILURE_H

#include <stdbool.h>

#define HTTP_DETAIL_MAX_BYTES 512 /* what libcurl says, CURL_ERROR_SIZE, and what to do about it */

enum http_failure {
    HTTP_ANSWERED,
    HTTP_NOT_RESOLVED,
    HTTP_NOT_CONNECTED, /* or the proxy makes no tunnel */
    HTTP_TLS_FAILED,
    HTTP_RESET,   /* the answer is not whole */
    HTTP_TOO_BIG,
    HTTP_TIMED_OUT,
    HTTP_INVALID, /* not HTTP, bad compression, anything else */
};

/* What a CURLcode means; too_big: a limit of ours made libcurl stop. */
enum http_failure http_failure_of(int curl_code, bool too_big);

/* A constant text that fits a reply to Postfix; NULL when answered. */
const char *http_failure_reason(enum http_failure failure);

/*
 * For the log, what libcurl said, or "", of a transfer that ended with that CURLcode; where the certificate or the
 * configuration is to blame, what to do about it stands behind it. easy: a CURL; on_unix: its target is a UNIX-domain
 * socket.
 */
void http_failure_detail(void *easy, int curl_code, bool on_unix, const char *said,
                         char detail[HTTP_DETAIL_MAX_BYTES]);

#endif
