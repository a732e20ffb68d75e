/*
 * The command line of a daemon: what master(8) passes, what its skeletons accept, and our own options.
 *
 * Shape:  -C FILE -w N -v -V -L SPEC [NAME], and c d D i: l m: n: o: r: s: S t: u z of Postfix's skeletons.
 * Limits: OPTIONS_LISTEN_MAX listeners.
 * Errors: options_parse() gives NULL, or a constant text; the options are filled in as far as they can be read, so
 *         that the caller knows whom to tell: a person, who gets options_usage(), or the log, when master(8) started
 *         us.
 * Owner:  all texts are argv's.
 * Source: Postfix master/master_ent.c (what is passed, in which order), master/multi_server.c, event_server.c (the
 *         letters).
 */
#ifndef PFX_OPTIONS_H
#define PFX_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#define OPTIONS_LISTEN_MAX 32
#define OPTIONS_WORKERS_MAX 64
#define OPTIONS_INHERITED_MAX 1024

struct options {
    bool by_master;          /* -t: started by master(8) */
    bool one_process;        /* -l: maxproc is 1 */
    bool drop_privileges;    /* -u */
    bool change_root;        /* -c */
    bool print_version;      /* -V, alone */
    int verbose;             /* how many -v */
    size_t listeners;        /* -s N, inherited from descriptor 6 on */
    const char *service;     /* -n, the name in master.cf; NULL: that of the command */
    const char *syslog_name; /* -o syslog_name= */
    const char *config;      /* -C */
    int workers;             /* -w; -1: as configured */
    const char *listen[OPTIONS_LISTEN_MAX]; /* -L */
    size_t listen_count;
    const char *name;        /* the entry to serve; NULL: any */
};

const char *options_parse(struct options *options, int argc, char **argv);
void options_usage(const char *program, bool takes_name);

#endif
