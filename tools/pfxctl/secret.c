#include "secret.h"

#include <signal.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "lines.h"

static const int interrupts[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

#define INTERRUPTS (sizeof(interrupts) / sizeof(interrupts[0]))

static struct termios terminal_before;

/* The terminal gets its echo back before the signal does what it does. */
static void interrupted(int number)
{
    tcsetattr(STDIN_FILENO, TCSANOW, &terminal_before);
    signal(number, SIG_DFL);
    raise(number);
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

static bool read_without_echo(struct buf *secret, const char *prompt)
{
    struct termios terminal;

    if (tcgetattr(STDIN_FILENO, &terminal_before) != 0)
        return false;
    terminal = terminal_before;
    terminal.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    for (size_t i = 0; i < INTERRUPTS; i++)
        signal(interrupts[i], interrupted);
    fprintf(stderr, "%s: ", prompt);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal);
    bool is_read = read_line(secret);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal_before);
    for (size_t i = 0; i < INTERRUPTS; i++)
        signal(interrupts[i], SIG_DFL);
    fputc('\n', stderr);
    return is_read;
}

bool secret_read(struct buf *secret, const char *prompt)
{
    return isatty(STDIN_FILENO) ? read_without_echo(secret, prompt) : read_line(secret);
}
