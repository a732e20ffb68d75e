/*
 * Where the daemons keep cache and counters, and becoming who they belong to.
 *
 * Shape:  the directory of the configuration, else Postfix's data_directory, else, without Postfix or where there is
 *         nothing, that of daemons without Postfix. A configuration that cannot be used leaves it there.
 * Errors: statuses of pfxctl.h, after a complaint.
 * Owner:  state_close(); master_free_settings() for what was read without a state.
 */
#ifndef PFX_STATE_H
#define PFX_STATE_H

#include "config.h"
#include "master.h"
#include "pfxctl.h"

struct state {
    struct config *config; /* of all sections, without secrets */
    struct master_settings postfix;
    const char *directory; /* once entered */
};

/*
 * What Postfix says where the configuration says nothing, and to the configuration its recipient_delimiter. A
 * configuration without Postfix beside it is one of daemons that stand alone: texts are NULL, and nothing delimits.
 */
void state_read_postfix(struct master_settings *postfix, const struct pfxctl *ctl, struct config *config);

/* Where the daemons keep that file, or would; borrowed from one of the two, or constant. */
const char *state_directory(const struct config *config, const struct master_settings *postfix, const char *file);

/* A status: the configuration may not be read. */
int  state_open(struct state *state, const struct pfxctl *ctl);
void state_close(struct state *state);

/*
 * For good, when this is root: what lies in a file that others may write must not hurt more than them. Without that
 * file nothing has run yet.
 */
int state_enter(struct state *state, const char *file);

#endif
