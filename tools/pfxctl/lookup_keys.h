/*
 * The keys that lookup asks for, and its output.
 *
 * Shape:  keys are arguments, or lines of standard input when the only argument is "-". A value stands by itself when
 *         there is one key only, else behind its key and a TAB, as postmap -q - prints it. What is not found prints
 *         nothing, as postmap does; a person is told.
 * Errors: whatever else is no value goes to stderr.
 * Source: postmap(1).
 */
#ifndef PFX_LOOKUP_KEYS_H
#define PFX_LOOKUP_KEYS_H

#include "lines.h"
#include "pfxctl.h"

struct lookup_keys {
    char **arguments; /* what is left of them */
    bool is_stdin;
    bool is_single;
    bool tells_nothing; /* that there is nothing, to stderr */
    struct lines lines;
};

/* One argument at least, and a NULL behind the last. */
void lookup_keys_open(struct lookup_keys *keys, char **arguments, bool tells_nothing);
void lookup_keys_close(struct lookup_keys *keys);

/* As lines_take() and lines_is_ready(). */
bool lookup_keys_take(struct lookup_keys *keys, struct span *key);
bool lookup_keys_ready(struct lookup_keys *keys);

void lookup_keys_print(const struct lookup_keys *keys, struct span key, int status, struct span text);

#endif
