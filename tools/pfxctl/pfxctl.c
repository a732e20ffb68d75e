/*
 * The common options, and the table of commands.
 */
#include "pfxctl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"
#include "utf8.h"

#define DEFAULT_CONFIG_DIRECTORY "/etc/postfix"

static const struct {
    const char *name;
    pfxctl_command *run;
    const char *arguments;
    const char *help;
} commands[] = {
    { "check", check_command, "[-v] [--strict] [--no-files] [--json]", "every mistake of the configuration" },
    { "reload", reload_command, "[SERVICE...]", "check, then let the daemons read it" },
    { "ping", ping_command, "[SERVICE...]", "an exchange that asks no backend" },
    { "show", show_command, "[-n] [--hash]", "the configuration in force; -n: what differs from the defaults" },
    { "lookup", lookup_command, "[--via SERVICE] NAME KEY...|-", "what a socket map answers" },
    { "policy", policy_command, "[--via SERVICE] NAME [attribute=value...]", "what a policy service answers" },
    { "auth", auth_command, "[--via SERVICE] NAME USER [--mechanism M] [--rip IP]", "check a login" },
    { "stat", stat_command, "[--json|--prometheus] [--watch]", "counters" },
    { "cache", cache_command, "list [--json]|get NAME KEY|flush [NAME [KEY]]", "kept answers" },
    { "import", import_command, "[-o DIRECTORY] pfxhttp.yml", "a configuration of pfxhttp as one of pfx" },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static size_t running = COMMANDS;

static void print_printable(FILE *file, struct span text)
{
    char *printable = mem_alloc(text.n + 1);

    utf8_printable(printable, text.n + 1, text);
    fputs(printable, file);
    mem_free(printable);
}

void pfxctl_complain(const char *format, ...)
{
    va_list arguments;
    char *text = NULL;

    va_start(arguments, format);
    int n = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (n < 0)
        return;
    fputs("pfxctl: ", stderr);
    print_printable(stderr, span_make(text, (size_t)n));
    fputc('\n', stderr);
    free(text);
}

int pfxctl_read_permission(const struct pfxctl *ctl)
{
    if (access(ctl->config_path, R_OK) == 0 || errno != EACCES)
        return PFXCTL_GOOD;
    pfxctl_complain("%s: %s" PFXCTL_NEEDS_ROOT, ctl->config_path, strerror(EACCES));
    return PFXCTL_NO_PERMISSION;
}

void pfxctl_print(struct span text)
{
    if (isatty(STDOUT_FILENO))
        print_printable(stdout, text);
    else if (text.n > 0)
        fwrite(text.p, 1, text.n, stdout);
}

int pfxctl_option(int argc, char **argv, const char *letters, const struct option *names)
{
    static const struct option none = { NULL, 0, NULL, 0 };

    opterr = optopt = 0;
    int option = getopt_long(argc, argv, letters, names == NULL ? &none : names, NULL);
    if (option != '?' && option != ':')
        return option;
    bool is_letter = optopt != 0 && optopt < PFXCTL_LONG_OPTIONS;
    const char letter[] = { '-', (char)optopt, '\0' };
    fprintf(stderr, "pfxctl%s%s: %s ", running < COMMANDS ? " " : "", running < COMMANDS ? commands[running].name : "",
            option == '?' ? "unknown option" : "no argument of option");
    print_printable(stderr, span_text(is_letter ? letter : argv[optind - 1]));
    fputc('\n', stderr);
    return option;
}

/* Of the command that runs, else of all. */
static void print_usage(FILE *file)
{
    if (running < COMMANDS) {
        fprintf(file, "usage: pfxctl %s %s\n", commands[running].name, commands[running].arguments);
        return;
    }
    fputs("usage: pfxctl [-c config_directory] [-C file] [-hvV] command ...\n", file);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(file, "  %s %s\n      %s\n", commands[i].name, commands[i].arguments, commands[i].help);
}

int pfxctl_usage(void)
{
    print_usage(stderr);
    return PFXCTL_USAGE;
}

static bool is_help(const char *text)
{
    return text != NULL && (strcmp(text, "-h") == 0 || strcmp(text, "--help") == 0);
}

static const struct pfxctl_flag *find_flag(const struct pfxctl_flag *flags, const char *text)
{
    while (flags->name != NULL && strcmp(flags->name, text) != 0)
        flags++;
    return flags->name == NULL ? NULL : flags;
}

bool pfxctl_flags(int argc, char **argv, const struct pfxctl_flag *flags)
{
    for (int i = 1; i < argc; i++) {
        const struct pfxctl_flag *flag = find_flag(flags, argv[i]);
        if (flag == NULL) {
            pfxctl_complain("%s: unknown option %s", argv[0], argv[i]);
            return false;
        }
        *flag->is_given = true;
    }
    return true;
}

static const char *default_directory(void)
{
    const char *directory = getenv("MAIL_CONFIG");
    return directory != NULL && directory[0] != '\0' ? directory : DEFAULT_CONFIG_DIRECTORY;
}

static int run(const struct pfxctl *ctl, int argc, char **argv)
{
    optind = 0; /* the common options were read before */
    running = 0;
    while (running < COMMANDS && strcmp(commands[running].name, argv[0]) != 0)
        running++;
    if (is_help(argv[running < COMMANDS]) || strcmp(argv[0], "help") == 0) {
        print_usage(stdout);
        return PFXCTL_GOOD;
    }
    if (running < COMMANDS)
        return commands[running].run(ctl, argc, argv);
    pfxctl_complain("no command %s", argv[0]);
    return pfxctl_usage();
}

int main(int argc, char **argv)
{
    struct pfxctl ctl = { .config_directory = default_directory(), .on_terminal = isatty(STDOUT_FILENO) };
    char *path = NULL;
    int option;

    while (!is_help(argv[optind]) && (option = pfxctl_option(argc, argv, "+:c:C:vV", NULL)) != -1) {
        if (option == 'c')
            ctl.config_directory = optarg;
        else if (option == 'C')
            ctl.config_path = optarg;
        else if (option == 'v')
            ctl.verbose++;
        else if (option == 'V')
            return puts(PFX_VERSION) < 0;
        else
            return pfxctl_usage();
    }
    if (optind == argc)
        return pfxctl_usage();
    if (ctl.config_path == NULL)
        ctl.config_path = path = mem_format("%s/pfx.cfg", ctl.config_directory);
    int status = run(&ctl, argc - optind, argv + optind);
    mem_free(path);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        pfxctl_complain("what was found cannot be written");
        return status > PFXCTL_TEMPORARY ? status : PFXCTL_TEMPORARY;
    }
    return status;
}
