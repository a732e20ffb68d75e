/*
 * Questions in this process, by the library that the daemons are made of, so that both cannot disagree.
 *
 * Shape:  ask_open() does what a daemon does at its start: reads the configuration and what belongs to it, then, as
 *         root, becomes who the daemons run as. Then ask_begin() and ask_wait(), in turn. The cache that
 *         the daemons share is used if it is there; nothing is counted, and none of their files is made.
 * Errors: a status of pfxctl.h, after a complaint.
 * Owner:  ask_close(), also after an error.
 */
#ifndef PFX_ASK_H
#define PFX_ASK_H

#include "backend.h"
#include "master.h"
#include "pfxctl.h"

struct ask {
    struct config *config;
    const struct config_entry *entry;
    struct master_settings postfix; /* texts are NULL where there is no Postfix */
    struct backend_shared shared;
    struct loop loop;
    bool has_loop;
    struct backend *backend;
    bool tells_doubt; /* not yet done, and nobody else does */
};

/*
 * The option --via, before all arguments: *via is what it names, or NULL. Returns the place of the first argument; 0:
 * wrong usage.
 */
int ask_options(int argc, char **argv, const char **via);

/* name without "map:", "policy:" or "sasl:"; NULL: it is of another section, which was complained of. */
const char *ask_name(enum config_section_id section, const char *name);

int  ask_open(struct ask *ask, const struct pfxctl *ctl, enum config_section_id section, const char *name);
void ask_close(struct ask *ask);

/* As backend_ask(). done calls ask_wake(); ask_wait() waits until there was one since it returned last. */
void ask_begin(struct ask *ask, const struct backend_question *question, backend_done *done, void *arg);
void ask_wait(struct ask *ask);
void ask_wake(struct ask *ask);

/* That value_field may be misspelt, once; with -v the library tells it. */
void ask_tell_doubt(struct ask *ask, const struct verdict *verdict);

/* Of a verdict that is no answer: perm, temp or timeout. */
int ask_failure(const struct verdict *verdict);

#endif
