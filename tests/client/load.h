/*
 * Many questions over many connections, and the line of tally.h about them.
 *
 *   client load ADDRESS NAME (-n REQUESTS | -t MS) [-c CONNECTIONS] [-i IDLE] [-k KEYS] [-p PREFIX] [-e EXPECT]
 *               [-a] [-r]
 *   client storm ADDRESS NAME -c CONNECTIONS [-k KEYS] [-p PREFIX] [-e EXPECT] [-r]
 *
 * load   -c  connections with one question in flight each (1)     -n  questions in all, or -t  for how long
 *        -i  connections made before, which stay idle (0)         -a  each of those asks once in the end
 *        -k  how many different keys (1000): PREFIX0, PREFIX1 ... -p  PREFIX (key)
 *        -e  the reply that must come: "OK EXPECT", in which {k} is the key; without {k} the key follows it
 *        -r  prints the rate alone
 *        SIGUSR1: prints the line of what ended so far, and begins anew; a question in flight belongs to the next line
 * storm  all connections are opened without a wait between them, each asks once.
 * Shape:  exit 0 when nothing was lost or wrong, 1 otherwise, 2 for a mistake in the command.
 */
#ifndef CLIENT_LOAD_H
#define CLIENT_LOAD_H

int load_main(int argc, char **argv);
int load_storm_main(int argc, char **argv);

#endif
