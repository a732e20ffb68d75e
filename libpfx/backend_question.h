/*
 * What a daemon asks about, and how it is told.
 *
 * Owner:  spans and attributes are copied by backend_ask(). The verdict lives until backend_done() returns.
 */
#ifndef PFX_BACKEND_QUESTION_H
#define PFX_BACKEND_QUESTION_H

#include "config.h"
#include "conn.h"
#include "subject.h"
#include "verdict.h"

struct backend_call;

struct backend_question {
    const struct config_entry *entry; /* usable: backend_error() is NULL */
    struct span key;                           /* of a socket map */
    const struct attribute *attributes; /* of a policy */
    size_t attribute_count;
    const struct subject_login *login; /* of dovecot_sasl */
    const struct conn *client; /* for the log; outlives the call */
};

typedef void backend_done(void *arg, const struct backend_call *call, const struct verdict *verdict);

#endif
