/*
 * What postconf(1) prints about a Postfix instance.
 *
 * Shape:  postconf_start() runs it with -c config_directory and the arguments given, which end with NULL; the caller
 *         reads its output, then calls postconf_end(). Its complaints go nowhere.
 * Errors: NULL, or why there is no output; postconf_end(): false when it complained. A directory without files makes it
 *         print nothing.
 * Owner:  the caller, until postconf_end().
 * Source: postconf(1).
 */
#ifndef PFX_POSTCONF_H
#define PFX_POSTCONF_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#define POSTCONF_ARGUMENTS_MAX 16

struct postconf {
    FILE *output;
    pid_t pid;
};

const char *postconf_start(struct postconf *postconf, const char *config_directory, const char *const *arguments);
bool postconf_end(struct postconf *postconf);

#endif
