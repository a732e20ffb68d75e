#include "log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "mem.h"
#include "utf8.h"

enum severity { FATAL, ERROR, WARNING, INFO, DEBUG };

static const struct {
    const char *prefix;
    const char *name;
    int priority;
    enum log_level level;
} severities[] = {
    [FATAL] = { "fatal: ", "fatal", LOG_CRIT, LOG_LEVEL_ERROR },
    [ERROR] = { "error: ", "error", LOG_ERR, LOG_LEVEL_ERROR },
    [WARNING] = { "warning: ", "warning", LOG_WARNING, LOG_LEVEL_WARNING },
    [INFO] = { "", "info", LOG_INFO, LOG_LEVEL_INFO },
    [DEBUG] = { "", "debug", LOG_INFO, LOG_LEVEL_DEBUG }, /* as Postfix does: its -v output is at LOG_INFO */
};

static struct {
    enum log_sink sink;
    enum log_level level;
    bool json;
    char *ident; /* syslog(3) keeps the pointer */
    char *socket_path;
    char *host;
    int fd; /* postlogd's */
    unsigned long dropped;
} out = { .level = LOG_LEVEL_INFO, .fd = -1 };

static void report_exhausted(const char *text)
{
    log_fatal("%s", text);
}

static void postlog_connect(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (strlen(out.socket_path) >= sizeof(address.sun_path))
        return;
    memcpy(address.sun_path, out.socket_path, strlen(out.socket_path) + 1);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0) {
        out.fd = fd;
        return;
    }
    if (fd >= 0)
        close(fd);
}

void log_open(const struct log_options *options)
{
    log_close();
    tzset(); /* /etc/localtime may be out of reach later */
    out.sink = options->sink;
    out.ident = mem_string(options->ident);
    if (out.sink == LOG_TO_SYSLOG)
        openlog(out.ident, LOG_NDELAY | LOG_PID, options->facility);
    if (out.sink == LOG_TO_POSTLOG) {
        out.socket_path = mem_string(options->socket_path);
        out.host = mem_copy(options->host, strcspn(options->host, "."));
        postlog_connect();
    }
    mem_on_exhausted(report_exhausted);
}

void log_close(void)
{
    if (out.sink == LOG_TO_SYSLOG && out.ident != NULL)
        closelog();
    if (out.fd >= 0)
        close(out.fd);
    mem_free(out.ident);
    mem_free(out.socket_path);
    mem_free(out.host);
    out.ident = out.socket_path = out.host = NULL;
    out.fd = -1;
    out.sink = LOG_TO_STDERR;
}

void log_set_json(bool json)
{
    out.json = json;
}

void log_set_level(enum log_level level)
{
    out.level = level;
}

enum log_level log_get_level(void)
{
    return out.level;
}

int log_facility(const char *name)
{
    static const struct {
        const char *name;
        int facility;
    } facilities[] = {
        { "auth", LOG_AUTH },     { "authpriv", LOG_AUTHPRIV }, { "cron", LOG_CRON },     { "daemon", LOG_DAEMON },
        { "ftp", LOG_FTP },       { "kern", LOG_KERN },         { "lpr", LOG_LPR },       { "mail", LOG_MAIL },
        { "news", LOG_NEWS },     { "syslog", LOG_SYSLOG },     { "user", LOG_USER },     { "uucp", LOG_UUCP },
        { "local0", LOG_LOCAL0 }, { "local1", LOG_LOCAL1 },     { "local2", LOG_LOCAL2 }, { "local3", LOG_LOCAL3 },
        { "local4", LOG_LOCAL4 }, { "local5", LOG_LOCAL5 },     { "local6", LOG_LOCAL6 }, { "local7", LOG_LOCAL7 },
    };
    for (size_t i = 0; i < sizeof(facilities) / sizeof(*facilities); i++)
        if (strcmp(name, facilities[i].name) == 0)
            return facilities[i].facility;
    return -1;
}

bool log_may(struct log_limit *limit, int64_t now_ms, char more[LOG_MORE_BYTES])
{
    more[0] = '\0';
    if (now_ms < limit->next_ms) {
        limit->more++;
        return false;
    }
    if (limit->more > 0)
        snprintf(more, LOG_MORE_BYTES, " (%u more)", limit->more);
    *limit = (struct log_limit){ .next_ms = now_ms + LOG_LIMIT_MS };
    return true;
}

static struct tm local_now(void)
{
    time_t now_s = (time_t)(clock_wall_ms() / 1000);
    struct tm parts = { .tm_mday = 1 };
    localtime_r(&now_s, &parts);
    return parts;
}

/* "Jan  2 15:04:05", as syslog writes it. */
static void stamp(char *text, size_t size)
{
    struct tm parts = local_now();
    text[strftime(text, size, "%b %e %H:%M:%S", &parts)] = '\0';
}

static bool postlog_send(enum severity severity, const char *text)
{
    char now[32];
    char line[LOG_LINE_MAX_BYTES + 512];

    if (out.fd < 0)
        postlog_connect();
    if (out.fd < 0)
        return false;
    stamp(now, sizeof(now));
    int n = snprintf(line, sizeof(line), "%s %s %s[%d]: %s%s", now, out.host, out.ident, (int)getpid(),
                     severities[severity].prefix, text);
    size_t bytes = (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1;
    return send(out.fd, line, bytes, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

static void postlog_write(enum severity severity, const char *text)
{
    if (out.dropped > 0) {
        char note[80];
        snprintf(note, sizeof(note), "%lu log lines dropped, postlogd did not read", out.dropped);
        if (!postlog_send(WARNING, note)) {
            out.dropped++;
            return;
        }
        out.dropped = 0;
    }
    if (!postlog_send(severity, text))
        out.dropped++;
}

/* text is printable UTF-8: only these two characters need a backslash. */
static void json_write(enum severity severity, const char *text)
{
    char now[40];
    char escaped[2 * LOG_LINE_MAX_BYTES + 1];
    size_t n = 0;
    struct tm parts = local_now();

    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\')
            escaped[n++] = '\\';
        escaped[n++] = *p;
    }
    escaped[n] = '\0';
    now[strftime(now, sizeof(now), "%Y-%m-%dT%H:%M:%S%z", &parts)] = '\0';
    dprintf(STDERR_FILENO, "{\"time\":\"%s\",\"level\":\"%s\",\"program\":\"%s\",\"pid\":%d,\"message\":\"%s\"}\n", now,
            severities[severity].name, out.ident == NULL ? "pfx" : out.ident, (int)getpid(), escaped);
}

static void stderr_write(enum severity severity, const char *text)
{
    char now[32];
    stamp(now, sizeof(now));
    dprintf(STDERR_FILENO, "%s %s[%d]: %s%s\n", now, out.ident == NULL ? "pfx" : out.ident, (int)getpid(),
            severities[severity].prefix, text);
}

__attribute__((format(printf, 2, 0))) static void emit(enum severity severity, const char *format, va_list args)
{
    char raw[LOG_LINE_MAX_BYTES + 1];
    char text[LOG_LINE_MAX_BYTES + 1];
    int saved_errno = errno;

    int n = vsnprintf(raw, sizeof(raw), format, args);
    utf8_printable(text, sizeof(text), span_make(raw, n < 0 ? 0 : strlen(raw)));
    if (out.sink == LOG_TO_SYSLOG)
        syslog(severities[severity].priority, "%s%s", severities[severity].prefix, text);
    else if (out.sink == LOG_TO_POSTLOG)
        postlog_write(severity, text);
    else if (out.sink == LOG_TO_PERSON)
        dprintf(STDERR_FILENO, "%s: %s%s\n", out.ident, severities[severity].prefix, text);
    else if (out.json)
        json_write(severity, text);
    else
        stderr_write(severity, text);
    errno = saved_errno;
}

#define EMIT(severity)                                                                                                 \
    if (severities[severity].level <= out.level) {                                                                     \
        va_list args;                                                                                                  \
        va_start(args, format);                                                                                        \
        emit(severity, format, args);                                                                                  \
        va_end(args);                                                                                                  \
    }

void log_fatal(const char *format, ...)
{
    EMIT(FATAL)
}

void log_error(const char *format, ...)
{
    EMIT(ERROR)
}

void log_warning(const char *format, ...)
{
    EMIT(WARNING)
}

void log_info(const char *format, ...)
{
    EMIT(INFO)
}

void log_debug(const char *format, ...)
{
    EMIT(DEBUG)
}

void log_trace(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    emit(DEBUG, format, args);
    va_end(args);
}
