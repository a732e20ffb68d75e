#include "check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const char red[] = "\033[31m";
static const char yellow[] = "\033[33m";
static const char plain[] = "\033[0m";

enum { STRICT = PFXCTL_LONG_OPTIONS, NO_FILES };

struct check_options {
    bool strict;
    bool without_files;
    bool without_postfix;
};

static void tell(const struct check *check, bool is_error, const char *text)
{
    bool coloured = check->ctl->on_terminal;

    printf("%s%s%s%s\n", !coloured ? "" : is_error ? red : yellow, is_error ? "" : "warning: ", text,
           coloured ? plain : "");
}

static void count(struct check *check, bool is_error)
{
    check->mistakes += is_error;
    check->warnings += !is_error;
}

__attribute__((format(printf, 3, 0)))
static void tell_format(struct check *check, bool is_error, const char *format, va_list arguments)
{
    char *text = NULL;

    if (vasprintf(&text, format, arguments) < 0)
        return;
    tell(check, is_error, text);
    count(check, is_error);
    free(text);
}

void check_mistake(struct check *check, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    tell_format(check, true, format, arguments);
    va_end(arguments);
}

void check_warn(struct check *check, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    tell_format(check, false, format, arguments);
    va_end(arguments);
}

static void tell_problems(struct check *check)
{
    for (size_t i = 0; i < check->config->problem_count; i++) {
        const struct config_problem *problem = &check->config->problems[i];
        tell(check, problem->is_error, problem->text);
        count(check, problem->is_error);
    }
}

static void check_loaded(struct check *check, const struct check_options *options)
{
    check->config = config_load_all(check->ctl->config_path, !options->without_files);
    if (check->config->error == NULL)
        check_settings(check);
    tell_problems(check);
    check_entries(check, !options->without_files);
    if (check->instance != NULL && !options->without_postfix) {
        check_services(check);
        check_parameters(check);
    }
    config_free(&check->config);
}

static void summarize(const struct check *check)
{
    if (check->ctl->on_terminal || check->ctl->verbose > 0)
        printf("%s: %zu mistake%s, %zu warning%s\n", check->ctl->config_path, check->mistakes,
               check->mistakes == 1 ? "" : "s", check->warnings, check->warnings == 1 ? "" : "s");
}

/* A Postfix that cannot be read is no sound one; where there is none, nothing is amiss. */
static void tell_without_postfix(struct check *check, const char *why)
{
    if (instance_exists(check->ctl->config_directory))
        check_mistake(check, "%s: %s", check->ctl->config_directory, why);
    else if (check->ctl->verbose > 0)
        pfxctl_complain("%s: %s: Postfix is not looked at", check->ctl->config_directory, why);
}

static int run(const struct pfxctl *ctl, const struct check_options *options)
{
    struct check check = { .ctl = ctl };
    const char *why;

    if (pfxctl_read_permission(ctl) != PFXCTL_GOOD)
        return PFXCTL_NO_PERMISSION;
    check.instance = instance_read(ctl->config_directory, &why);
    if (check.instance == NULL && !options->without_postfix)
        tell_without_postfix(&check, why);
    if (check_files(&check))
        check_loaded(&check, options);
    instance_free(&check.instance);
    summarize(&check);
    return check.mistakes > 0 || (options->strict && check.warnings > 0) ? PFXCTL_CONFIGURATION : PFXCTL_GOOD;
}

int check_configuration(const struct pfxctl *ctl)
{
    struct check_options options = { .without_postfix = true };
    return run(ctl, &options);
}

pfxctl_command check_command;

int check_command(const struct pfxctl *ctl, int argc, char **argv)
{
    static const struct option names[] = { { "strict", no_argument, NULL, STRICT },
                                           { "no-files", no_argument, NULL, NO_FILES },
                                           { NULL, 0, NULL, 0 } };
    struct check_options options = { .strict = false };
    int option;

    while ((option = pfxctl_option(argc, argv, ":", names)) != -1) {
        if (option != STRICT && option != NO_FILES)
            return pfxctl_usage();
        options.strict |= option == STRICT;
        options.without_files |= option == NO_FILES;
    }
    return optind < argc ? pfxctl_usage() : run(ctl, &options);
}
