/*
 * What the services of master.cf that run pfx serve.
 *
 * Owner:  what is returned as a text is NULL, or says to people what is wrong (a block of mem.h, the caller's).
 */
#ifndef PFX_CHECK_SERVICE_H
#define PFX_CHECK_SERVICE_H

#include "check.h"
#include "options.h"
#include "service.h"

/* What stands in its line, read once. */
struct check_daemon {
    enum service_protocol protocol;
    enum config_section_id section; /* CONFIG_SECTIONS: it has none */
    struct options options;
    const char *why; /* what is wrong with the command, NULL: nothing */
    bool reads;      /* the configuration that is checked, and that can be used */
};

const struct check_daemon *check_service_daemon(const struct check *check, const struct instance_service *service);

/* Of a map the name that is asked for, of a policy its policy_context; NULL: the request names none. */
char *check_service_entry(const struct check *check, const struct instance_service *service, const char *asked);

/* A service of type inet whose address somebody else has. Only root may know who that is. */
void check_port(struct check *check, const struct check_place *place, const struct instance_service *line);

#endif
