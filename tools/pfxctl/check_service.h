/*
 * What a service of master.cf serves.
 *
 * Errors: NULL, or a text for people that says what is wrong (a block of mem.h, the caller's).
 */
#ifndef PFX_CHECK_SERVICE_H
#define PFX_CHECK_SERVICE_H

#include "check.h"
#include "service.h"

/* The section of a daemon; CONFIG_SECTIONS: it has none. */
enum config_section_id check_service_section(enum service_protocol protocol);

/* Does it read the configuration that is checked, and can that be used? */
bool check_service_reads(const struct check *check, const struct instance_service *service);

/* Of a map the name that is asked for, of a policy its policy_context; NULL: the request names none. */
char *check_service_entry(const struct check *check, const struct instance_service *service, const char *asked);

#endif
