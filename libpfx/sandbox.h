/*
 * What a worker gives up for good: system calls that it never needs, and programs that would give it more than it has.
 *
 * Shape:  sandbox_enter() once, before there are other threads; those that are started later inherit it. A refused call
 *         fails with EPERM, so that a library can go on without it, and is logged by its name in the next turn of the
 *         loop, each name once. It is a list of what is refused, not of what is allowed: what name service modules, TLS
 *         and the C library need on other systems is not known here.
 * Limits: posix_spawn(3) is refused without a line, and whoever keeps SIGSYS back dies of it: there no handler can run.
 *         On processors other than x86-64 and ARM64 nothing is logged.
 * Errors: false, and why: the kernel, or the container, refuses. What could be given up is, and the caller goes on.
 * Owner:  one per process. The loop outlives sandbox_leave(), which ends the log; nothing ends the rest.
 * Source: seccomp(2), PR_SET_NO_NEW_PRIVS of prctl(2).
 *
 * The parent does not enter: standalone it executes itself anew as root, which is what is refused here, and it talks to
 * nobody but its own workers, a byte at a time.
 */
#ifndef PFX_SANDBOX_H
#define PFX_SANDBOX_H

#include <stdbool.h>

#include "loop.h"

bool sandbox_enter(struct loop *loop, const char **why);
void sandbox_leave(struct loop *loop);

#endif
