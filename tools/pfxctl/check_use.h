/*
 * A parameter of main.cf, or of master.cf ("-o"), and the daemons of ours that its value names.
 *
 * Errors: told as findings.
 * Owner:  the caller, check_use_free(); instance and parameter are borrowed.
 */
#ifndef PFX_CHECK_USE_H
#define PFX_CHECK_USE_H

#include "check.h"
#include "service.h"

struct check_use {
    struct check *check;
    const struct instance_parameter *parameter;
    struct check_place place;
    char *name; /* of the place */
    const struct instance_service *service; /* whose option it is; NULL: of main.cf */
    const char *asker; /* the only program that asks; NULL: those that do for mail that comes in */
    enum service_protocol wanted;
    const char *what; /* for people */
};

struct check_use check_use_of(struct check *check, const struct instance_parameter *parameter);
void check_use_free(struct check_use *use);

/* The daemon of ours that answers at "unix:PATH" or "inet:HOST:PORT", and reads this configuration; NULL: none. */
const struct instance_service *check_use_service(const struct check_use *use, struct span address);

#endif
