/*
 * pfx-metrics: HTTP request -> path -> counters as text.
 *
 * It reads what the other daemons count, and asks nobody. A client has IDLE_LIMIT_MS for each request; Prometheus keeps
 * its connection between scrapes.
 */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "clock.h"
#include "conn.h"
#include "daemon.h"
#include "exposition.h"
#include "httpreq.h"
#include "log.h"
#include "mem.h"
#include "worker.h"

#define REQUEST_MAX_BYTES 8192
#define HEADER_MAX_BYTES  512
#define UNSENT_MAX_BYTES  (2 * EXPOSITION_MAX_BYTES) /* of all clients of a worker */
#define IDLE_LIMIT_MS     (5 * 60 * 1000)
#define REASON_MAX_BYTES  1024
#define DATE_MAX_BYTES    32
#define MS_PER_S          1000

#define PLAIN "text/plain; charset=utf-8"

static void http_date(char text[DATE_MAX_BYTES])
{
    const time_t now = (time_t)(clock_wall_ms() / MS_PER_S);
    struct tm parts = { 0 };

    gmtime_r(&now, &parts);
    text[strftime(text, DATE_MAX_BYTES, "%a, %d %b %Y %H:%M:%S GMT", &parts)] = '\0';
}

/* request: NULL: there was none. status: with its reason, and more lines of the header behind it. */
static void reply(struct conn *conn, const struct httpreq *request, const char *status, const char *type,
                  struct span body)
{
    const bool ends = request == NULL || request->has_body || !request->keeps_alive || conn->set->draining;
    struct buf *out = conn_out(conn);
    char date[DATE_MAX_BYTES];

    http_date(date);
    buf_format(out,
               "HTTP/1.1 %s\r\nDate: %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nCache-Control: no-store\r\n"
               "Connection: %s\r\n\r\n",
               status, date, type, body.n, ends ? "close" : "keep-alive");
    if (request == NULL || request->method != HTTPREQ_HEAD)
        buf_add(out, body);
    conn_send(conn);
    if (ends)
        conn_end(conn);
}

static void reply_text(struct conn *conn, const struct httpreq *request, const char *status, const char *text)
{
    char line[REASON_MAX_BYTES + 1];
    int n = snprintf(line, sizeof(line), "%s\n", text);

    reply(conn, request, status, PLAIN, span_make(line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1));
}

/* What it takes in memory: a buffer keeps its room until all of it is sent. */
static size_t unsent_bytes(const struct conn_set *set)
{
    size_t bytes = 0;

    for (const struct conn *conn = set->first; conn != NULL; conn = conn->next)
        bytes += conn->out.room;
    return bytes;
}

static void answer_metrics(struct conn *conn, const struct httpreq *request)
{
    const struct worker_context *context = conn->set->context;
    struct exposition exposition;
    struct buf text;

    buf_init(&text, EXPOSITION_MAX_BYTES);
    exposition_read(&exposition, context->state_directory);
    if (!exposition_write(&exposition, &text))
        reply_text(conn, request, "503 Service Unavailable", "there are too many entries");
    else if (unsent_bytes(conn->set) + text.n > UNSENT_MAX_BYTES)
        reply_text(conn, request, "503 Service Unavailable", "other clients do not read their answers");
    else
        reply(conn, request, "200 OK", EXPOSITION_TYPE, buf_span(&text));
    exposition_free(&exposition);
    buf_free(&text);
}

static void answer_health(struct conn *conn, const struct httpreq *request)
{
    reply_text(conn, request, "200 OK", "ok");
}

static void ignore(void *arg, const struct stats_sum *sum)
{
    (void)arg;
    (void)sum;
}

/* Whoever can connect need not know where the files are. */
static void log_unreadable(const char *directory, int64_t now_ms)
{
    static struct log_limit limit;
    static int last_error;
    const char *why = errno == EPROTO ? "not of this version of pfx" : strerror(errno);
    char more[LOG_MORE_BYTES];

    if (errno != last_error) /* a new reason is told at once */
        limit = (struct log_limit){ .next_ms = 0 };
    last_error = errno;
    if (log_may(&limit, now_ms, more))
        log_warning("not ready: %s/%s: %s%s", directory, STATS_FILE, why, more);
}

static void answer_ready(struct conn *conn, const struct httpreq *request)
{
    const struct worker_context *context = conn->set->context;

    if (context->config->error != NULL) { /* which was logged at the start */
        reply_text(conn, request, "503 Service Unavailable", "the configuration cannot be used: the log tells why");
    } else if (!stats_read(context->state_directory, ignore, NULL)) {
        log_unreadable(context->state_directory, conn->set->loop->now_ms);
        reply_text(conn, request, "503 Service Unavailable", "the counters cannot be read: the log tells why");
    } else {
        reply_text(conn, request, "200 OK", "ready");
    }
}

static void answer(struct conn *conn, const struct httpreq *request)
{
    static const struct {
        const char *path;
        void (*answer)(struct conn *conn, const struct httpreq *request);
    } paths[] = { { "/metrics", answer_metrics }, { "/health", answer_health }, { "/ready", answer_ready } };
    const size_t count = sizeof(paths) / sizeof(paths[0]);
    size_t i = 0;

    while (i < count && !span_equal(request->path, span_text(paths[i].path)))
        i++;
    if (i == count)
        reply_text(conn, request, "404 Not Found", "there are /metrics, /health and /ready");
    else if (request->method == HTTPREQ_OTHER)
        reply_text(conn, request, "405 Method Not Allowed\r\nAllow: GET, HEAD", "GET and HEAD");
    else if (request->has_body)
        reply_text(conn, request, "413 Content Too Large", "a request has no body here");
    else
        paths[i].answer(conn, request);
}

/* Whatever the client does wrong is answered, and the connection closed: nothing more is read. */
static enum codec_result feed(struct conn *conn, struct span in, size_t *used, const char **why)
{
    struct httpreq request;
    enum codec_result result = httpreq_decode(in, &request, used, why);

    if (result == CODEC_MORE && in.n < REQUEST_MAX_BYTES)
        return CODEC_MORE;
    if (result == CODEC_OK) {
        answer(conn, &request);
        return CODEC_OK;
    }
    *used = in.n;
    if (result == CODEC_BAD)
        reply_text(conn, NULL, "400 Bad Request", *why);
    else
        reply_text(conn, NULL, "431 Request Header Fields Too Large", "the request is too long");
    return CODEC_OK;
}

static const struct conn_ops conn_ops = {
    .request_max_bytes = REQUEST_MAX_BYTES,
    .answer_max_bytes = EXPOSITION_MAX_BYTES + HEADER_MAX_BYTES,
    .is_serial = true,
    .leaves_on_drain = true,
    .idle_limit_ms = IDLE_LIMIT_MS,
    .feed = feed,
};

static const struct daemon_ops ops = {
    .name = "pfx-metrics",
    .section = CONFIG_NO_SECTION,
    .conn = &conn_ops,
};

int main(int argc, char **argv)
{
    return daemon_main(argc, argv, &ops);
}
