/*
 * One question, with the patience of Postfix: when the connection breaks while it sends or waits, it connects and asks
 * once more.
 *
 *   client ask [-t MS] ADDRESS NAME KEY
 *
 * Shape:  prints the reply and a newline; exit 0. Without a reply the reason goes to stderr; exit 2.
 * Limits: ASK_LIMIT_MS for all of it unless -t says otherwise.
 */
#ifndef CLIENT_ASK_H
#define CLIENT_ASK_H

#define ASK_LIMIT_MS 10000

int ask_main(int argc, char **argv);

#endif
