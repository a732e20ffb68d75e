/*
 * A password or token from a person or a program.
 *
 * Shape:  on a terminal a prompt on stderr, and no echo; else the first line of standard input.
 * Errors: false: there is none, or it was interrupted; the terminal is as it was.
 * Owner:  the buffer wipes it.
 */
#ifndef PFX_SECRET_H
#define PFX_SECRET_H

#include "buf.h"

#define SECRET_MAX_BYTES (16 * 1024)

bool secret_read(struct buf *secret, const char *prompt);

#endif
