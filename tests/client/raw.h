/*
 * Bytes as they stand: sends stdin, prints what comes back.
 *
 *   client raw ADDRESS [-b] [-h] [-t MS]
 *
 * -b  one byte at a time; -h  a half-close after the last one; -t  the time limit (RAW_LIMIT_MS).
 * Shape:  exit 0: the server ended the connection; 3: the time limit came first; 2: no connection.
 */
#ifndef CLIENT_RAW_H
#define CLIENT_RAW_H

#define RAW_LIMIT_MS 10000

int raw_main(int argc, char **argv);

#endif
