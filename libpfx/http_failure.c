#include "http_failure.h"

#include <curl/curl.h>
#include <stddef.h>

static const char *const reasons[] = {
    [HTTP_ANSWERED] = NULL,
    [HTTP_NOT_RESOLVED] = "cannot resolve the backend's host name",
    [HTTP_NOT_CONNECTED] = "cannot connect to the backend",
    [HTTP_TLS_FAILED] = "TLS with the backend failed",
    [HTTP_RESET] = "the backend broke off its answer",
    [HTTP_TOO_BIG] = "the backend's answer is too big",
    [HTTP_TIMED_OUT] = "the backend did not answer in time",
    [HTTP_INVALID] = "the backend's answer is not valid HTTP",
};

enum http_failure http_failure_of(int curl_code, bool too_big)
{
    switch ((CURLcode)curl_code) {
    case CURLE_OK:
        return HTTP_ANSWERED;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return HTTP_NOT_RESOLVED;
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT: /* connect_timeout; the deadline is ours */
        return HTTP_NOT_CONNECTED;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_ABORTED_BY_CALLBACK: /* tls_apply() refused */
        return HTTP_TLS_FAILED;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
        return HTTP_RESET;
    default:
        return too_big ? HTTP_TOO_BIG : HTTP_INVALID;
    }
}

const char *http_failure_reason(enum http_failure failure)
{
    return reasons[failure];
}
