/* Prints the keys of pfx.cfg, or with a file what is wrong with it, for t_keys.sh. */
#include <stdio.h>

#include "config.h"

static int print_problems(const char *path)
{
    struct config *config = config_load(path, CONFIG_SOCKET_MAPS);
    int exit_code = config->problem_count == 0 ? 0 : 1;

    for (size_t i = 0; i < config->problem_count; i++)
        printf("%s\n", config->problems[i].text);
    config_free(&config);
    return exit_code;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return print_problems(argv[1]);
    config_print_keys();
    return 0;
}
