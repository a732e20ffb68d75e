/*
 * Where the daemons keep cache and counters, and becoming who they belong to.
 *
 * Shape:  the directory of the configuration, else Postfix's data_directory, else, without Postfix or where there is
 *         nothing, that of daemons without Postfix. A configuration that cannot be used leaves it there.
 * Errors: statuses of pfxctl.h, after a complaint.
 * Owner:  state_close().
 */
#ifndef PFX_STATE_H
#define PFX_STATE_H

#include "config.h"
#include "pfxctl.h"

struct state {
    struct config *config; /* of all sections, without secrets */
    char *directory;
};

void state_open(struct state *state, const struct pfxctl *ctl);
void state_close(struct state *state);

/*
 * For good, when this is root: what lies in a file that others may write must not hurt more than them. Without that
 * file nothing has run yet.
 */
int state_enter(struct state *state, const char *file);

#endif
