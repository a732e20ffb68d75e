#include "fetch_outcome.h"

#include "http_header.h"

#define RETRY_AFTER_MAX_S 86400

enum health_outcome fetch_outcome(const struct http_answer *answer)
{
    switch (answer->failure) {
    case HTTP_ANSWERED:
        return answer->status >= 502 && answer->status <= 504 ? HEALTH_SLOW : HEALTH_ANSWERED;
    case HTTP_NOT_RESOLVED:
    case HTTP_NOT_CONNECTED:
    case HTTP_TLS_FAILED:
        return HEALTH_UNREACHABLE;
    case HTTP_TIMED_OUT:
        return answer->was_queued ? HEALTH_UNKNOWN : HEALTH_SLOW;
    case HTTP_RESET:
        return HEALTH_SLOW;
    case HTTP_TOO_BIG:
    case HTTP_INVALID:
        break;
    }
    return HEALTH_ANSWERED;
}

int64_t fetch_outcome_retry_after_ms(const struct http_answer *answer)
{
    struct span value = answer->status == 503 ? http_header(answer, "Retry-After") : span_make(NULL, 0);
    int64_t seconds = 0;

    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] < '0' || value.p[i] > '9')
            return 0;
        seconds = seconds * 10 + (value.p[i] - '0');
        if (seconds > RETRY_AFTER_MAX_S)
            return RETRY_AFTER_MAX_S * INT64_C(1000);
    }
    return seconds * 1000;
}
