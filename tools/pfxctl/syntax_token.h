/*
 * The words and signs of a libconfig text, one after the other.
 *
 * Shape:  comments, blanks and @include lines are passed over. A string is one token with all that stands between its
 *         quotes, lines too; SYNTAX_OPEN is one without an end.
 * Units:  lines and columns count from 1; a column is a byte.
 * Errors: SYNTAX_OTHER is one byte that begins none of them.
 * Owner:  tokens borrow the text.
 * Source: the libconfig manual, "Configuration Files".
 */
#ifndef PFX_SYNTAX_TOKEN_H
#define PFX_SYNTAX_TOKEN_H

#include "span.h"

/* Signs are themselves: '=' stands for ':' too. */
enum syntax_kind { SYNTAX_END, SYNTAX_NAME = 256, SYNTAX_NUMBER, SYNTAX_STRING, SYNTAX_OPEN, SYNTAX_OTHER };

struct syntax_token {
    int kind; /* of enum syntax_kind, or a sign */
    struct span text;
    size_t at; /* its offset */
    unsigned line;
    unsigned column;
    unsigned last_line; /* where it ends */
    bool after_comment; /* a comment stands between it and the token before */
};

struct syntax_reader {
    struct span text;
    size_t at;
    unsigned line;
    size_t line_begin;
};

void syntax_begin(struct syntax_reader *reader, struct span text);
struct syntax_token syntax_next(struct syntax_reader *reader);

#endif
