#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool read_number(const char *text, long max, long *number)
{
    char *end;
    *number = strtol(text, &end, 10);
    return end != text && *end == '\0' && *number >= 0 && *number <= max;
}

static const char *set_number(struct options *options, int letter, const char *text)
{
    long number;

    if (letter == 's') {
        if (!read_number(text, OPTIONS_INHERITED_MAX, &number) || number == 0)
            return "-s wants the number of inherited listeners";
        options->listeners = (size_t)number;
    } else {
        if (!read_number(text, OPTIONS_WORKERS_MAX, &number))
            return "-w wants a number of workers, 0 to 64";
        options->workers = (int)number;
    }
    return NULL;
}

static const char *set_listen(struct options *options, const char *text)
{
    if (options->listen_count == OPTIONS_LISTEN_MAX)
        return "too many -L";
    options->listen[options->listen_count++] = text;
    return NULL;
}

/* Options of Postfix's skeletons that mean nothing to us are accepted, as administrators add them. */
static const char *set_value(struct options *options, int letter, const char *value)
{
    switch (letter) {
    case 'C':
        options->config = value;
        break;
    case 'L':
        return set_listen(options, value);
    case 'n':
        options->service = value;
        break;
    case 'o':
        if (strncmp(value, "syslog_name=", strlen("syslog_name=")) == 0)
            options->syslog_name = value + strlen("syslog_name=");
        break;
    case 's':
    case 'w':
        return set_number(options, letter, value);
    case 't':
        options->by_master = true;
        if (strcmp(value, "unix") != 0 && strcmp(value, "inet") != 0)
            return "only service types unix and inet are supported";
        break;
    default:
        break;
    }
    return NULL;
}

static void set_flag(struct options *options, int letter)
{
    switch (letter) {
    case 'c':
        options->change_root = true;
        break;
    case 'l':
        options->one_process = true;
        break;
    case 'u':
        options->drop_privileges = true;
        break;
    case 'v':
        options->verbose++;
        break;
    default:
        break;
    }
}

const char *options_parse(struct options *options, int argc, char **argv)
{
    static const char letters[] = "+:cdDi:lm:n:o:r:s:St:uvVzC:w:L:";
    const char *why = NULL;
    const char *wrong;
    int letter;

    *options = (struct options){ .listeners = 1, .workers = -1 };
    options->print_version = argc == 2 && strcmp(argv[1], "-V") == 0;
    opterr = 0;
    while ((letter = getopt(argc, argv, letters)) != -1) { /* to the end: by_master tells who is to hear of a mistake */
        wrong = NULL;
        if (letter == '?')
            wrong = "unknown option";
        else if (letter == ':')
            wrong = "an option lacks its value";
        else if (optarg != NULL)
            wrong = set_value(options, letter, optarg);
        else
            set_flag(options, letter);
        why = why == NULL ? wrong : why;
        optarg = NULL;
    }
    if (why == NULL && optind < argc)
        options->name = argv[optind++];
    if (why == NULL && optind < argc)
        why = "too many arguments";
    return why;
}

void options_usage(const char *program, bool takes_name)
{
    fprintf(stderr,
            "usage: %s [-v] [-C file] [-w workers] -L unix:PATH[,mode=0660][,user=U][,group=G]%s\n"
            "       %s [-v] [-C file] [-w workers] -L inet:HOST:PORT | -L inet:PORT%s\n"
            "       %s -V\n"
            "or from master.cf, by socket activation, or with a connected socket on standard input; see %s(8)\n",
            program, takes_name ? " [name]" : "", program, takes_name ? " [name]" : "", program, program);
}
