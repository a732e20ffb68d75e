/*
 * What came of many questions.
 *
 * Shape:  one line, NAME=NUMBER joined by spaces:
 *           requests     asked and ended, lost ones included
 *           lost         no answer as Postfix sees it (load.h)
 *           wrong        not a reply, or not the expected one; TALLY_SHOWN_MAX of them go to stderr
 *           temp perm timeout notfound   replies with that status, whether expected or not
 *           reconnects   connections that broke under a question and were made anew
 *           idle_closed  idle connections that the server closed
 *           rate         answers a second; p50_us p99_us max_ms  time to the answer, of those that came
 * Owner:  the tally owns its list of times; tally_free() gives it back.
 */
#ifndef CLIENT_TALLY_H
#define CLIENT_TALLY_H

#include <stdint.h>

#include "span.h"

#define TALLY_SHOWN_MAX 5

struct tally {
    uint64_t requests, lost, wrong, temp, perm, timeout, notfound, reconnects, idle_closed;
    uint32_t *times_us;
    size_t count, room; /* of the times */
    uint64_t rate;
};

/* expect: the text after "OK " with {k} for the key, or without {k} what stands before the key. NULL: any OK. */
void tally_reply(struct tally *t, struct span reply, const char *expect, const char *key, int64_t took_us);
void tally_bad_reply(struct tally *t, struct span bytes, const char *key);

/* The rate is that of the answers so far. */
void tally_stop(struct tally *t, int64_t elapsed_us);

void tally_print(struct tally *t); /* also sorts the times */
void tally_print_rate(const struct tally *t);
int  tally_exit_status(const struct tally *t); /* 1 when something was lost or wrong */
void tally_free(struct tally *t);

#endif
