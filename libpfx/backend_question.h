/*
 * What a daemon asks about.
 *
 * Owner:  spans and attributes are copied by backend_ask().
 */
#ifndef PFX_BACKEND_QUESTION_H
#define PFX_BACKEND_QUESTION_H

#include "config.h"
#include "conn.h"
#include "subject.h"

struct backend_question {
    const struct config_entry *entry; /* usable: backend_error() is NULL */
    struct span key;                           /* of a socket map */
    const struct attribute *attributes; /* of a policy */
    size_t attribute_count;
    const struct subject_login *login; /* of dovecot_sasl */
    const struct conn *client; /* for the log; outlives the call */
};

#endif
