/*
 * pfxctl: what an administrator does with pfx.
 *
 * Shape:  one command a file, NAME.c with NAME_command(); pfxctl.c has the table and the common options.
 *         A command writes its result to stdout and what is wrong to stderr, as "pfxctl: ...". Text is aligned and
 *         coloured on a terminal only.
 * Errors: exit statuses, below; of several keys the highest.
 * Source: sysexits(3); pfxctl(8).
 */
#ifndef PFX_PFXCTL_H
#define PFX_PFXCTL_H

#include <getopt.h>
#include <stdbool.h>

#include "span.h"

enum pfxctl_status {
    PFXCTL_GOOD = 0,     /* found; an action that lets mail go on; accepted */
    PFXCTL_NOT = 1,      /* not found; an action that stops mail; refused */
    PFXCTL_USAGE = 64,
    PFXCTL_DATA = 65,    /* an answer, or a file, that cannot be used */
    PFXCTL_UNAVAILABLE = 69, /* no HTTP answer; no daemon */
    PFXCTL_TEMPORARY = 75,
    PFXCTL_NO_PERMISSION = 77,
    PFXCTL_CONFIGURATION = 78,
};

/* The common options. */
struct pfxctl {
    const char *config_directory; /* -c, $MAIL_CONFIG, /etc/postfix */
    const char *config_path;      /* -C, else pfx.cfg there; it may not exist */
    int verbose;                  /* -v */
    bool on_terminal;             /* stdout is one */
};

#define PFXCTL_LONG_OPTIONS 256 /* no letter */

/* argv[0] is the command's name. */
typedef int pfxctl_command(const struct pfxctl *ctl, int argc, char **argv);

pfxctl_command check_command, show_command, lookup_command, policy_command, auth_command, reload_command, ping_command,
    stat_command, cache_command, import_command;

/* What backends, daemons and files say, to stdout: programs get the bytes, a terminal must not obey them. */
void pfxctl_print(struct span text);

#define PFXCTL_NEEDS_ROOT ": only root may read it" /* behind what a file that may not be read is told with */

/* PFXCTL_NO_PERMISSION, after a complaint: the configuration is there, but may not be read. Else PFXCTL_GOOD. */
int pfxctl_read_permission(const struct pfxctl *ctl);

/* "pfxctl: TEXT" to stderr, control bytes as '?'. */
void pfxctl_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * getopt_long(3), from the beginning for each command. letters begin with ':', or with "+:"; names: long options, with
 * values from PFXCTL_LONG_OPTIONS on, or NULL. What it complains of is told; then it gives '?' or ':'.
 */
int pfxctl_option(int argc, char **argv, const char *letters, const struct option *names);

/* The usage of the command that runs; PFXCTL_USAGE. */
int pfxctl_usage(void);

/* An option without an argument, "-x" or "--name"; the list ends with NULL. */
struct pfxctl_flag {
    const char *name;
    bool *is_given;
};

/* For a command that takes nothing else. False: wrong usage. */
bool pfxctl_flags(int argc, char **argv, const struct pfxctl_flag *flags);

#endif
