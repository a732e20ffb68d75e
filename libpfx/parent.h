/*
 * The parent of the workers: forks them, replaces those that die, and ends them for a reload or a stop.
 *
 * Shape:  parent_run() returns what is to happen next. For a reload all workers close their listeners first; only
 *         then are connections closed, so that a client which connects again meets the successor.
 * Units:  milliseconds.
 * Limits: PARENT_STOP_WAIT_MS for workers to close their listeners; then PARENT_TERM_WAIT_MS for master's SIGTERM. A
 *         worker that dies is replaced after a pause that grows from 0 to PARENT_PAUSE_MAX_MS while it lives for less
 *         than PARENT_EARLY_MS.
 * Errors: PARENT_FAILED when no worker ever answered anything and all of them died early PARENT_EARLY_DEATHS times
 *         running.
 * Owner:  setup outlives the call. In a worker, parent_run() does not return: the worker exits.
 * Source: Postfix master/master_spawn.c (a child that lingers after the end of file on its status channel blocks its
 *         successor; exit status 0 is never throttled).
 */
#ifndef PFX_PARENT_H
#define PFX_PARENT_H

#include "worker.h"

#define PARENT_STOP_WAIT_MS 100
#define PARENT_TERM_WAIT_MS 5 /* master sends SIGTERM right after the end of file when the service was removed */
#define PARENT_EARLY_MS 1000
#define PARENT_EARLY_DEATHS 5
#define PARENT_FIRST_PAUSE_MS 100
#define PARENT_PAUSE_MAX_MS 10000
#define PARENT_FORK_RETRY_MS 1000

enum parent_end {
    PARENT_LEAVES,  /* workers drain by themselves, or were told to leave */
    PARENT_RELOADS, /* standalone: execute the program anew */
    PARENT_FAILED,
};

struct parent_setup {
    struct worker_setup worker;
    size_t workers;
    int status_fd;                  /* master's, or -1 */
    bool standalone;                /* SIGTERM drains and is waited for; SIGHUP asks may_reload() */
    bool (*forget_privileges)(void); /* in each worker; NULL: nothing left to forget */
    void (*served)(void);           /* once, after the first answer of any worker; may be NULL */
    bool (*may_reload)(void);       /* standalone: is the new configuration usable? */
};

/*
 * Keeps the signals that parent_run() handles for it. A program that has said that it runs, or has made a socket
 * file, must not die of one before.
 */
void parent_hold_signals(void);

enum parent_end parent_run(const struct parent_setup *setup);

#endif
