#include "http_failure.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "tls.h"

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

/* What libcurl says of a proxy that it cannot use may hold the whole of its URL, with a password. */
static bool names_proxy(CURLcode code)
{
    return code == CURLE_COULDNT_RESOLVE_PROXY || code == CURLE_URL_MALFORMAT;
}

/* Of a UNIX-domain socket libcurl says that it failed to connect to port 80. */
static const char *socket_error(CURL *easy, const char *otherwise)
{
    long error = 0;

    curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &error);
    return error == 0 ? otherwise : strerror((int)error);
}

void http_failure_detail(void *easy, int curl_code, bool on_unix, const char *said,
                         char detail[HTTP_DETAIL_MAX_BYTES])
{
    const CURLcode code = (CURLcode)curl_code;
    long verified = 0;

    if (said[0] == '\0' || names_proxy(code))
        said = curl_easy_strerror(code);
    if (code == CURLE_COULDNT_CONNECT && on_unix)
        said = socket_error(easy, said);
    if (code == CURLE_PEER_FAILED_VERIFICATION)
        curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verified);
    const char *cure = code == CURLE_OK ? "" : tls_cure(verified, said);
    snprintf(detail, HTTP_DETAIL_MAX_BYTES, "%s%s%s", said, cure[0] == '\0' ? "" : ": ", cure);
}
