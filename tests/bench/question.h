/*
 * The questions of the benchmark, in the three protocols, and what a right reply looks like.
 *
 * Shape:  one question at a time a connection, as Postfix asks. Question number i is about user I@example.com, I = i
 *         modulo the number of keys. Its reply is QUESTION_VALUE, QUESTION_ACTION, or an accepted login.
 *         "sasl" begins with the client's half of the handshake, and the reply to that is the server's half.
 * Limits: QUESTION_MAX_BYTES. A reply is looked at in place; the caller keeps it until it is whole.
 * Source: socketmap_table(5), SMTPD_POLICY_README, Dovecot's authentication protocol.
 */
#ifndef BENCH_QUESTION_H
#define BENCH_QUESTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUESTION_MAX_BYTES 2048
#define QUESTION_VALUE "answer"
#define QUESTION_ACTION "DUNNO"

enum question_reply { QUESTION_MORE, QUESTION_RIGHT, QUESTION_WRONG };

struct question_protocol {
    const char *name;
    size_t (*begin)(char text[QUESTION_MAX_BYTES]); /* NULL: no handshake */
    enum question_reply (*begun)(const char *reply, size_t n);
    size_t (*ask)(char text[QUESTION_MAX_BYTES], const char *map, uint64_t key, uint64_t number);
    enum question_reply (*answered)(const char *reply, size_t n);
};

const struct question_protocol *question_protocol(const char *name); /* NULL: there is none of that name */

#endif
