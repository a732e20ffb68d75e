/*
 * Log lines as Postfix writes them: one line an event, "warning: " and "error: " in front, control bytes as '?'.
 *
 * Shape:  LOG_TO_STDERR   "IDENT[PID]: text" with local time in front, or one JSON object a line;
 *         LOG_TO_PERSON   "IDENT: text" to stderr, as a tool speaks;
 *         LOG_TO_SYSLOG   syslog(3), connected at once, so that it works after chroot(2);
 *         LOG_TO_POSTLOG  datagrams to postlogd(8), "Mmm dd hh:mm:ss HOST IDENT[PID]: text", connected at once;
 *                         they are sent without blocking, what cannot be sent is counted, and the count is
 *                         reported by the first line that goes through again.
 * Limits: LOG_LINE_MAX_BYTES of text, then cut (msg_syslog.c and msg_logger.c cut at 2000).
 * Errors: none; logging never fails. To postlogd it never waits; syslog(3) and stderr wait for their readers.
 * Owner:  all strings are copied.
 * Source: Postfix msg_output(3), msg_syslog(3), msg_logger(3), postlogd(8).
 */
#ifndef PFX_LOG_H
#define PFX_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#define LOG_LINE_MAX_BYTES 2000
#define LOG_LIMIT_MS 60000 /* between two lines of one kind */
#define LOG_MORE_BYTES 24  /* " (4294967295 more)" */

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_sink { LOG_TO_STDERR, LOG_TO_PERSON, LOG_TO_SYSLOG, LOG_TO_POSTLOG };

struct log_options {
    enum log_sink sink;
    const char *ident;       /* syslog_name/program */
    int facility;            /* LOG_MAIL ..., for syslog */
    const char *socket_path; /* postlogd's */
    const char *host;        /* for postlogd; cut at the first dot */
};

void log_open(const struct log_options *options);
void log_close(void);
void log_set_json(bool json);           /* stderr only */
void log_set_level(enum log_level level);
enum log_level log_get_level(void);
int  log_facility(const char *name);    /* "mail" -> LOG_MAIL; -1 for a name that syslog(3) does not have */

/* The lines of one kind: zeroed at first. */
struct log_limit {
    int64_t next_ms;
    unsigned more; /* left out since the last */
};

/* May a line of this kind be written now? Then `more` tells how many were left out before, or is empty. */
bool log_may(struct log_limit *limit, int64_t now_ms, char more[LOG_MORE_BYTES]);

/* fatal is an error whose caller then leaves; it is never suppressed. */
void log_fatal(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A debug line whatever the level: the caller has decided (debug_entry, debug_peer). */
void log_trace(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
