#include "secret.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "lines.h"

#define READ_BYTES 4096 /* a line of a terminal, n_tty(4) */

/* What ends or stops a process that a person types to. */
static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU };

#define SIGNALS (sizeof(signals) / sizeof(signals[0]))

static volatile sig_atomic_t arrived[NSIG];

static void note(int number)
{
    arrived[number] = 1;
}

static bool has_any_arrived(void)
{
    for (size_t i = 0; i < SIGNALS; i++)
        if (arrived[signals[i]])
            return true;
    return false;
}

/* Without SA_RESTART: a signal ends read(2). What is ignored stays so: in the background read(2) then fails. */
static void hold_signals(struct sigaction before[SIGNALS])
{
    const struct sigaction noting = { .sa_handler = note };

    for (size_t i = 0; i < SIGNALS; i++) {
        arrived[signals[i]] = 0;
        sigaction(signals[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN)
            sigaction(signals[i], &noting, NULL);
    }
}

/* They do now what they do. True: one has stopped the process, and it goes on. */
static bool release_signals(const struct sigaction before[SIGNALS])
{
    bool goes_on = false;

    for (size_t i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &before[i], NULL);
    for (size_t i = 0; i < SIGNALS; i++) {
        if (!arrived[signals[i]])
            continue;
        raise(signals[i]);
        goes_on |= signals[i] == SIGTSTP || signals[i] == SIGTTIN || signals[i] == SIGTTOU;
    }
    return goes_on;
}

/* In the background it cannot be set; SIGTTOU says so. */
static void set_terminal(const struct termios *terminal)
{
    while (tcsetattr(STDIN_FILENO, TCSAFLUSH, terminal) != 0 && errno == EINTR && !arrived[SIGTTOU])
        ;
}

static bool read_line(struct buf *secret)
{
    struct lines lines;
    struct span line = SPAN("");

    lines_open(&lines, STDIN_FILENO);
    bool is_read = lines_take(&lines, &line) && buf_add(secret, line);
    lines_close(&lines);
    return is_read && secret->n > 0;
}

static bool read_typed(struct buf *secret)
{
    size_t end = 0;

    buf_clear(secret);
    while (end == secret->n && !has_any_arrived()) {
        char *to = buf_reserve(secret, READ_BYTES);
        ssize_t n = to == NULL ? 0 : read(STDIN_FILENO, to, READ_BYTES);
        if (n == 0 || (n < 0 && errno != EINTR))
            break;
        secret->n += n < 0 ? 0 : (size_t)n;
        end = span_find(buf_span(secret), '\n');
    }
    bool is_line = end < secret->n && end > 0;
    secret->n = is_line ? end : 0;
    return is_line;
}

static bool read_without_echo(struct buf *secret, const char *prompt)
{
    struct sigaction before[SIGNALS];
    struct termios usual, silent;
    bool is_read, is_again;

    do {
        if (tcgetattr(STDIN_FILENO, &usual) != 0)
            return false;
        silent = usual;
        silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
        hold_signals(before);
        set_terminal(&silent);
        fprintf(stderr, "%s: ", prompt);
        is_read = read_typed(secret);
        set_terminal(&usual);
        fputc('\n', stderr);
        is_again = release_signals(before);
    } while (!is_read && is_again);
    return is_read;
}

bool secret_read(struct buf *secret, const char *prompt)
{
    return isatty(STDIN_FILENO) ? read_without_echo(secret, prompt) : read_line(secret);
}
