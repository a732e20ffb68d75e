/*
 * Giving up root: user, groups, capabilities, chroot(2), descriptors.
 *
 * Errors: NULL, or a text for the log that names what failed; the process is then in no state to go on.
 * Source: Postfix util/chroot_uid.c, whose order this follows: look up, groups, chroot, user; capabilities(7).
 */
#ifndef PFX_PRIVILEGES_H
#define PFX_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>

#define PRIVILEGES_REASON_MAX_BYTES 160

/*
 * Becomes user with its groups (NULL: stays who it is) after chroot(2) to the working directory when change_root.
 * It then has no capability, not even when it stays root. With keep_saved the parent of a standalone daemon can return
 * for a reload (privileges_return()); its workers cannot, they call privileges_forget().
 */
bool privileges_drop(const char *user, bool change_root, bool keep_saved, char why[PRIVILEGES_REASON_MAX_BYTES]);
void privileges_return(void);

/* For as long as one thing takes: what a reload reads may be for root's eyes only. */
void privileges_borrow(void);
void privileges_give_back(void);
bool privileges_forget(void);

/* What it makes until privileges_act_as_self() belongs to user; NULL, or who is nobody: stays who it is. */
void privileges_act_as(const char *user);
void privileges_act_as_self(void);

/*
 * No core file, and no look into the process's memory for others of the same user: it holds secrets. The kernel forgets
 * it when ids change, so privileges_drop() and privileges_forget() do it again.
 */
void privileges_hide_memory(void);

/* Raises the limit on open descriptors to what is needed, if it may. Returns the limit now in force. */
size_t privileges_open_files(size_t needed);

#endif
