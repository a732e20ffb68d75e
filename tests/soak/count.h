/*
 * What came of the questions of one protocol.
 *
 * Shape:  a line "NAME NAME=NUMBER ...":
 *           requests     asked and ended: found + nothing + denied + temp + wrong + lost + lost_killed
 *           found nothing denied   right answers: a value, an action or an accepted login; nothing there; a refused one
 *           temp         a temporary failure, as pfx tells it: no wrong answer
 *           wrong        anything else; the first COUNT_SHOWN_MAX go to stderr
 *           lost         no answer although the connection was made anew once, or none in time
 *           lost_killed  the same, with the death of a worker in between
 *           retried      connections that broke under a question and were made anew
 *           vanished     questions that nobody waited for: the client left in the middle
 *           idle_closed  connections that the server closed between two questions
 *           p50_us p99_us max_us   time to the answer: the upper end of a class, COUNT_CLASSES_PER_DOUBLING of which
 *                        lie between a time and twice that
 */
#ifndef SOAK_COUNT_H
#define SOAK_COUNT_H

#include <stdint.h>

#include "../client/bytes.h"

#define COUNT_CLASSES_PER_DOUBLING 8
#define COUNT_CLASSES (32 * COUNT_CLASSES_PER_DOUBLING)
#define COUNT_SHOWN_MAX 10

struct count {
    uint64_t requests, found, nothing, denied, temp, wrong, lost, lost_killed, retried, vanished, idle_closed;
    uint64_t classes[COUNT_CLASSES];
    uint64_t max_us;
};

void count_time(struct count *c, int64_t took_us);
void count_wrong(struct count *c, const char *asked, const struct bytes *answer);
void count_print(const struct count *c, const char *name);

#endif
