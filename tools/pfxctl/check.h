/*
 * pfxctl check: what is wrong, or unwise, with the configuration, and with how Postfix uses it.
 *
 * Shape:  one finding a line on stdout, "FILE:LINE: KEY: TEXT", with "warning: " before one that is no mistake. Each
 *         check_...() looks at one kind of things.
 * Errors: mistakes and warnings are counted.
 * Owner:  the texts of findings are printed at once.
 * Source: pfxctl(8).
 */
#ifndef PFX_CHECK_H
#define PFX_CHECK_H

#include "config.h"
#include "instance.h"
#include "pfxctl.h"

struct check {
    const struct pfxctl *ctl;
    struct config *config;
    struct instance *instance; /* NULL: there is none */
    size_t mistakes;
    size_t warnings;
};

void check_mistake(struct check *check, const char *format, ...) __attribute__((format(printf, 2, 3)));
void check_warn(struct check *check, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The syntax of each file. False: one cannot be parsed, which is told. */
bool check_files(struct check *check);

/* What is unwise in the files; these findings go to config->problems. */
void check_settings(struct check *check);

/* The entries as they are in force; with_files: their certificates and keys, too. */
void check_entries(struct check *check, bool with_files);

/* The services of master.cf that run pfx. */
void check_services(struct check *check);

/* What main.cf, and options in master.cf, ask of them. */
void check_parameters(struct check *check);

/* The files, settings and entries: PFXCTL_GOOD, or the status of their mistakes. For a reload. */
int check_configuration(const struct pfxctl *ctl);

#endif
