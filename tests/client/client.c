/*
 * A socketmap client that behaves like Postfix, for tests.
 *
 *   client ask|raw|load|storm ADDRESS ...     see ask.h, raw.h, load.h; address.h tells what ADDRESS is
 */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "ask.h"
#include "load.h"
#include "raw.h"

#define EXIT_USAGE 2

static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        err(1, "getrlimit");
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        err(1, "setrlimit");
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } commands[] = { { "ask", ask_main }, { "raw", raw_main }, { "load", load_main }, { "storm", load_storm_main } };

    raise_descriptor_limit();
    for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    }
    fputs("usage: client ask|raw|load|storm ADDRESS ...\n", stderr);
    return EXIT_USAGE;
}
