#include "check.h"

#include <stdio.h>

#include "mem.h"

struct check_options {
    bool strict;
    bool as_json;
    bool without_files;
    bool for_reload; /* of Postfix only what such a reload would miss */
};

static void check_loaded(struct check *check, const struct check_options *options)
{
    check->config = config_load_all(check->ctl->config_path, !options->without_files);
    check_files(check);
    check_problems(check);
    check_entries(check, !options->without_files);
    if (check->instance != NULL)
        check_served(check);
    if (check->instance != NULL && !options->for_reload) {
        check_services(check);
        check_parameters(check);
    }
    config_free(&check->config);
}

static void summarize(const struct check *check)
{
    if (!check->as_json && (check->ctl->on_terminal || check->ctl->verbose > 0))
        printf("%zu mistake%s, %zu warning%s%s\n", check->mistakes, check->mistakes == 1 ? "" : "s", check->warnings,
               check->warnings == 1 ? "" : "s",
               check->ctl->verbose > 0 ? "; pfxctl lookup, policy and auth show the rest" : "");
}

/* A Postfix that cannot be read is no sound one; where there is none, nothing is amiss. */
static void tell_without_postfix(struct check *check, const char *why)
{
    struct check_place place = { .file = span_text(check->ctl->config_directory) };

    if (instance_exists(check->ctl->config_directory))
        check_mistake(check, &place, "%s", why);
    else if (check->ctl->verbose > 0)
        pfxctl_complain("%s: %s: Postfix is not looked at", check->ctl->config_directory, why);
}

static void finish(struct check *check)
{
    instance_free(&check->instance);
    for (size_t i = 0; i < check->told_count; i++)
        mem_free(check->told[i]);
    mem_free(check->told);
    mem_free(check->daemons);
    mem_free(check->main_path);
    mem_free(check->master_path);
}

static int run(const struct pfxctl *ctl, const struct check_options *options)
{
    struct check check = { .ctl = ctl, .as_json = options->as_json };
    const char *why;

    if (pfxctl_read_permission(ctl) != PFXCTL_GOOD)
        return PFXCTL_NO_PERMISSION;
    check.main_path = mem_format("%s/main.cf", ctl->config_directory);
    check.master_path = mem_format("%s/master.cf", ctl->config_directory);
    check.instance = instance_read(ctl->config_directory, &why);
    if (check.instance == NULL && !options->for_reload)
        tell_without_postfix(&check, why);
    check_loaded(&check, options);
    summarize(&check);
    finish(&check);
    return check.mistakes > 0 || (options->strict && check.warnings > 0) ? PFXCTL_CONFIGURATION : PFXCTL_GOOD;
}

int check_configuration(const struct pfxctl *ctl)
{
    struct check_options options = { .for_reload = true };
    return run(ctl, &options);
}

pfxctl_command check_command;

int check_command(const struct pfxctl *ctl, int argc, char **argv)
{
    struct check_options options = { .strict = false };
    struct pfxctl own = *ctl;
    bool is_verbose = false;
    const struct pfxctl_flag flags[] = { { "-v", &is_verbose },
                                         { "--strict", &options.strict },
                                         { "--no-files", &options.without_files },
                                         { "--json", &options.as_json },
                                         { NULL, NULL } };

    if (!pfxctl_flags(argc, argv, flags))
        return pfxctl_usage();
    own.verbose += is_verbose;
    return run(&own, &options);
}
