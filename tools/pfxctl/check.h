/*
 * pfxctl check: what is wrong, or unwise, with the configuration, and with how Postfix uses it.
 *
 * Shape:  one finding a line on stdout, "FILE:LINE: NAME: TEXT: CURE", with "warning: " before one that is no mistake;
 *         or an object of JSON a line. The same is told once. Each check_...() looks at one kind of things.
 * Errors: mistakes and warnings are counted.
 * Owner:  check_command() and check_configuration() own all of it; findings are printed at once.
 * Source: pfxctl(8).
 */
#ifndef PFX_CHECK_H
#define PFX_CHECK_H

#include "config.h"
#include "instance.h"
#include "pfxctl.h"

/* In a format: between what is wrong and what to do. "then postfix reload" is added to what is done to its files. */
#define CHECK_CURE "\037"

struct check_daemon;

struct check {
    const struct pfxctl *ctl;
    struct config *config;
    struct instance *instance;    /* NULL: there is none */
    struct check_daemon *daemons; /* of each service of the instance; see check_service.h */
    char *main_path, *master_path; /* of main.cf and master.cf */
    bool as_json;
    char **told; /* all findings */
    size_t told_count, told_room;
    size_t mistakes;
    size_t warnings;
};

/* Where a finding is; what is empty is left out. */
struct check_place {
    struct span file;
    unsigned line;
    unsigned column;
    struct span name; /* section, entry and key; service; parameter */
};

void check_mistake(struct check *check, const struct check_place *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void check_warn(struct check *check, const struct check_place *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A finding, formatted. */
void check_tell(struct check *check, bool is_mistake, const struct check_place *place, const char *text);

/* What config->problems holds; what cannot be parsed is told with its usual cause. */
void check_problems(struct check *check);

/* Who may read and write the files, and what is unwise in them. Adds to config->problems. */
void check_files(struct check *check);

/* The entries as they are in force; with_files: their certificates and keys, too. */
void check_entries(struct check *check, bool with_files);

/* Who answers for which section of the configuration: sections that have nobody. Comes before what follows. */
void check_served(struct check *check);

/* The services of master.cf that run pfx. */
void check_services(struct check *check);

/* What those of them miss that are in a chroot. */
void check_chroots(struct check *check);

/* What main.cf, and options in master.cf, ask of them. */
void check_parameters(struct check *check);

/* The files, settings, entries, and who serves them: PFXCTL_GOOD, or the status of their mistakes. For a reload. */
int check_configuration(const struct pfxctl *ctl);

#endif
