/*
 * The three protocols as Postfix's side speaks them, one question at a time.
 *
 * Shape:  ask() puts the question, hear() looks at what has come; ANSWER_SAID: the exchange goes on, with what hear()
 *         has put in `out`. What hear() has understood it drops from `in`; of a wrong answer everything stays.
 *         protocol_login has a greeting of its own, which has to come whole before the first question.
 * Units:  limit_us is what Postfix waits for an answer, or, where that is longer, what pfx promises with room for a
 *         busy machine.
 * Owner:  the caller owns both buffers.
 */
#ifndef SOAK_PROTOCOL_H
#define SOAK_PROTOCOL_H

#include <stdint.h>

#include "../client/bytes.h"
#include "question.h"

enum answer {
    ANSWER_MORE,
    ANSWER_SAID,
    ANSWER_FOUND,
    ANSWER_NOTHING,
    ANSWER_DENIED,
    ANSWER_TEMP,
    ANSWER_WRONG,
};

#define PROTOCOL_ENTRIES_MAX 3

struct protocol {
    const char *name;
    const char *entries[PROTOCOL_ENTRIES_MAX]; /* of the configuration; NULL: no more */
    int64_t limit_us;
    bool greets;
    bool end_is_temp; /* the end of the connection is how a temporary failure is told */
    void (*ask)(struct bytes *out, const struct question *q);
    enum answer (*hear)(struct bytes *in, struct bytes *out, const struct question *q);
    void (*describe)(const struct question *q, char text[QUESTION_TEXT_MAX_BYTES]);
};

extern const struct protocol protocol_map, protocol_policy, protocol_login;

/* What a login client says first; whether the answer to it has come whole (it is dropped then). */
void protocol_greet(struct bytes *out);
bool protocol_has_greeting(struct bytes *in);

#endif
