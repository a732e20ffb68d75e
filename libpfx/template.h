/*
 * Templates of socket maps: text with placeholders, as in mysql_table(5).
 *
 * Shape:  %s the key; %u its local part (the whole key when it has no '@'); %d its domain; %1 ... %9 or %{1} ... %{9}
 *         its domain labels from the right; %% a percent sign; {{ .Key }} (white space optional) another name for %s.
 * Limits: TEMPLATE_PIECES_MAX pieces of text and placeholders in one template.
 * Errors: template_parse(): a constant reason. template_expand() has three outcomes, see below.
 * Owner:  pieces borrow the template's text, values borrow the key; nothing is allocated.
 * Source: mysql_table(5) query; Postfix global/db_common.c (a local part is what stands before the last '@'; a template
 *         that uses %u of an empty local part, or %d or a label that the key lacks, suppresses the lookup).
 */
#ifndef PFX_TEMPLATE_H
#define PFX_TEMPLATE_H

#include "span.h"

#define TEMPLATE_PIECES_MAX 64

enum template_what { TEMPLATE_TEXT, TEMPLATE_KEY, TEMPLATE_LOCALPART, TEMPLATE_DOMAIN, TEMPLATE_LABEL };

struct template_piece {
    enum template_what what;
    unsigned char label; /* 1 to 9, of TEMPLATE_LABEL */
    struct span text;    /* of TEMPLATE_TEXT, "%%" already read as "%" */
};

/* How values are put in. Literal text never changes. */
enum template_escape {
    TEMPLATE_ESCAPE_JSON,   /* inside a JSON string */
    TEMPLATE_ESCAPE_URL,    /* all but RFC 3986's unreserved characters as %XX; right in a path, a query and a form */
    TEMPLATE_ESCAPE_HEADER, /* as it is; CR, LF and NUL refuse the request */
};

enum template_outcome {
    TEMPLATE_DONE,
    TEMPLATE_SUPPRESSED, /* the key lacks a part that the template needs: "not found", no request */
    TEMPLATE_REFUSED,    /* a byte that has no place there */
};

/*
 * Splits text into pieces; *count of them, at most TEMPLATE_PIECES_MAX. False: *why. An unknown placeholder, or a '%' that
 * begins none, is an error that says how to write a percent sign.
 */
bool template_parse(struct span text, struct template_piece *pieces, size_t *count, const char **why);

/* Has it any placeholder? */
bool template_is_dynamic(const struct template_piece *pieces, size_t count);

/*
 * The text for key. *needed is its size; nothing is written past size, so call again with that much room when
 * *needed > size.
 */
enum template_outcome template_expand(const struct template_piece *pieces, size_t count, enum template_escape escape,
                                      struct span key, char *out, size_t size, size_t *needed);

#endif
