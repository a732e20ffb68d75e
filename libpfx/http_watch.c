#include "http_watch.h"

#include <curl/curl.h>

#include "clock.h"
#include "mem.h"

struct http_watched {
    CURL *easy;
    int64_t start_ms;
    int64_t looked_up_ms; /* 0: not yet */
    struct buf sent;
    struct buf came;
};

static struct {
    void (*seen)(void *arg, const struct http_exchange *exchange);
    void *arg;
} watcher;

void http_watch(void (*seen)(void *arg, const struct http_exchange *exchange), void *arg)
{
    watcher.seen = seen;
    watcher.arg = arg;
}

static int take(CURL *easy, curl_infotype what, char *bytes, size_t n, void *arg)
{
    struct http_watched *watched = arg;
    (void)easy;

    if (what == CURLINFO_HEADER_OUT)
        buf_add(&watched->sent, span_make(bytes, n));
    else if (what == CURLINFO_HEADER_IN)
        buf_add(&watched->came, span_make(bytes, n));
    return 0;
}

struct http_watched *http_watch_begin(void *easy)
{
    if (watcher.seen == NULL)
        return NULL;
    struct http_watched *watched = mem_alloc(sizeof(*watched));
    watched->easy = easy;
    watched->start_ms = clock_monotonic_ms();
    buf_init(&watched->sent, HTTP_WATCH_MAX_BYTES);
    buf_init(&watched->came, HTTP_WATCH_MAX_BYTES);
    watched->sent.secret = watched->came.secret = true;
    curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
    curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, take);
    curl_easy_setopt(easy, CURLOPT_DEBUGDATA, watched);
    return watched;
}

void http_watch_looked_up(struct http_watched *watched)
{
    if (watched != NULL)
        watched->looked_up_ms = clock_monotonic_ms();
}

static int64_t info_us(const struct http_watched *watched, CURLINFO which)
{
    curl_off_t us = 0;

    curl_easy_getinfo(watched->easy, which, &us);
    return us;
}

/* libcurl tells when each phase ended; one that there was not ended at 0. */
static int64_t phase_us(int64_t begin_us, int64_t end_us)
{
    return end_us > begin_us ? end_us - begin_us : 0;
}

static void measure(const struct http_watched *watched, struct http_exchange *exchange)
{
    int64_t connected_us = info_us(watched, CURLINFO_CONNECT_TIME_T);
    int64_t now_ms = clock_monotonic_ms();
    long connects = 0;

    curl_easy_getinfo(watched->easy, CURLINFO_NUM_CONNECTS, &connects);
    exchange->was_connected = watched->sent.n > 0 && connects == 0;
    exchange->look_up_us = ((watched->looked_up_ms > 0 ? watched->looked_up_ms : now_ms) - watched->start_ms) * 1000;
    if (!exchange->was_connected) {
        exchange->connect_us = phase_us(info_us(watched, CURLINFO_NAMELOOKUP_TIME_T), connected_us);
        exchange->tls_us = phase_us(connected_us, info_us(watched, CURLINFO_APPCONNECT_TIME_T));
    }
    exchange->first_byte_us = phase_us(info_us(watched, CURLINFO_PRETRANSFER_TIME_T),
                                       info_us(watched, CURLINFO_STARTTRANSFER_TIME_T));
    exchange->total_us = exchange->look_up_us + info_us(watched, CURLINFO_TOTAL_TIME_T);
}

void http_watch_show(struct http_watched *watched, const struct http_exchange *exchange)
{
    if (watched == NULL || watcher.seen == NULL)
        return;
    struct http_exchange whole = *exchange;
    whole.request_header = buf_span(&watched->sent);
    whole.answer_header = buf_span(&watched->came);
    measure(watched, &whole);
    watcher.seen(watcher.arg, &whole);
}

void http_watch_end(struct http_watched **watched)
{
    if (*watched == NULL)
        return;
    buf_free(&(*watched)->sent);
    buf_free(&(*watched)->came);
    mem_free(*watched);
    *watched = NULL;
}
