/*
 * What a test logs: standard error goes into a pipe and comes back as text.
 */
#ifndef PFX_LOG_FIXTURE_H
#define PFX_LOG_FIXTURE_H

#include <fcntl.h>
#include <regex.h>

#include "log.h"
#include "unit.h"

#define FIXTURE_LOG_MAX_BYTES 65536

static char fixture_log_text[FIXTURE_LOG_MAX_BYTES];
static size_t fixture_log_bytes;
static int fixture_log_fd;
static int fixture_stderr_fd;

static inline void fixture_log_begin(void)
{
    int ends[2];

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    fixture_stderr_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
    ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    close(ends[1]);
    fixture_log_fd = ends[0];
    fixture_log_bytes = 0;
}

static inline void fixture_log_end(void)
{
    dup2(fixture_stderr_fd, STDERR_FILENO);
    close(fixture_stderr_fd);
    close(fixture_log_fd);
}

/* All that was logged since the beginning. */
static inline const char *fixture_log(void)
{
    ssize_t n;

    while ((n = read(fixture_log_fd, fixture_log_text + fixture_log_bytes,
                     sizeof(fixture_log_text) - 1 - fixture_log_bytes)) > 0)
        fixture_log_bytes += (size_t)n;
    fixture_log_text[fixture_log_bytes] = '\0';
    return fixture_log_text;
}

static inline int fixture_log_count(const char *text)
{
    int count = 0;
    for (const char *at = fixture_log(); (at = strstr(at, text)) != NULL; at += strlen(text))
        count++;
    return count;
}

/* An extended regular expression for the whole text. */
static inline void fixture_expect_match(const char *text, const char *pattern)
{
    regex_t compiled;
    regmatch_t match;

    ck_assert_int_eq(regcomp(&compiled, pattern, REG_EXTENDED), 0);
    bool matches = regexec(&compiled, text, 1, &match, 0) == 0 && match.rm_so == 0 && text[match.rm_eo] == '\0';
    regfree(&compiled);
    ck_assert_msg(matches, "\"%s\" does not match \"%s\"", text, pattern);
}

#endif
