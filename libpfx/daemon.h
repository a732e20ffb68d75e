/*
 * What every pfx daemon does, whatever its protocol: find out how it was started, read the configuration, give up
 * privileges, run the workers, leave.
 *
 * Shape:  it is started by master(8) (-t), standalone (-L), by systemd (LISTEN_PID), or with a connected socket on
 *         standard input. The main() of a daemon is one call.
 * Errors: the exit status: 0; 1 an unusable start; EX_USAGE; EX_CONFIG, standalone only: under master(8) a daemon whose
 *         configuration is unusable runs, says so in the log and answers each request accordingly.
 * Source: sysexits(3), pfx(7).
 */
#ifndef PFX_DAEMON_H
#define PFX_DAEMON_H

#include "worker.h"

int daemon_main(int argc, char **argv, const struct daemon_ops *ops);

#endif
