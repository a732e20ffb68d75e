/*
 * What is asked, and what the right answer to it is: both follow from a number.
 *
 * Shape:  map     key kN@virt.example; the value box-kN@virt.example, or nothing for one N in four
 *         policy  sender sN@from.example; of five N one each: REJECT, PREPEND, 450 and WARN with the sender, and
 *                 nothing, for which the configuration says QUESTION_NO_ACTION
 *         login   user uN@virt.example, password QUESTION_SECRET-N, account account-N; or a wrong password
 *         question_write_data() writes the first two as the data file of tests/backend, question_write_users() the
 *         third as the users of its Nauthilus. "lies": one line in a hundred has what belongs to another number.
 * Limits: N below QUESTION_COUNT.
 * Errors: what cannot be written ends the program.
 */
#ifndef SOAK_QUESTION_H
#define SOAK_QUESTION_H

#include <stdbool.h>
#include <stddef.h>

#define QUESTION_COUNT 20000
#define QUESTION_TEXT_MAX_BYTES 128
#define QUESTION_SECRET "SoakSecret" /* begins every secret: none of it may be in a log */
#define QUESTION_NO_ACTION "INFO nothing there"
#define QUESTION_ON_ERROR "DEFER_IF_PERMIT 4.3.0 soak"

struct question {
    unsigned number;
    const char *entry;   /* of the configuration: of a map or a policy */
    bool wrong_password; /* of a login */
    bool by_login;       /* by the mechanism LOGIN, not PLAIN */
    unsigned id;         /* of a login on its connection */
};

void question_key(const struct question *q, char text[QUESTION_TEXT_MAX_BYTES]);
void question_sender(const struct question *q, char text[QUESTION_TEXT_MAX_BYTES]);
void question_user(const struct question *q, char text[QUESTION_TEXT_MAX_BYTES]);
void question_password(const struct question *q, char text[QUESTION_TEXT_MAX_BYTES]);
void question_account(const struct question *q, char text[QUESTION_TEXT_MAX_BYTES]);

/* false: nothing is there. */
bool question_value(const struct question *q, char text[QUESTION_TEXT_MAX_BYTES]);
bool question_action(const struct question *q, char text[QUESTION_TEXT_MAX_BYTES]);

void question_write_data(const char *path, bool lies);
void question_write_users(const char *path, bool lies);

#endif
