/*
 * What a map makes of the values that an answer holds: result_format, expansion_limit, propagate_extension.
 *
 * Shape:  values come separated by NULs, and become one text, joined by ','. A value that lacks a part that
 *         result_format needs is left out.
 * Limits: the entry's expansion_limit and max_reply_size: no more work is done than fits into a reply.
 * Errors: RESULT_TOO_MANY, RESULT_TOO_LONG; the buffer then holds nothing of use.
 * Source: mysql_table(5), result_format and expansion_limit; virtual(5), address extension.
 */
#ifndef PFX_RESULT_H
#define PFX_RESULT_H

#include "buf.h"
#include "config.h"

enum result {
    RESULT_MADE,
    RESULT_NOTHING, /* nothing is left */
    RESULT_TOO_MANY,
    RESULT_TOO_LONG,
};

/* asked: the key that these are the values of. */
enum result result_make(const struct config_entry *entry, const struct template_values *asked, struct buf *values);

/* Puts the extension, which is not empty, into each address of the text. False: it does not fit. */
bool result_extend(const struct config_entry *entry, struct buf *text, struct span extension);

#endif
