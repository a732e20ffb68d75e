/*
 * Templates: text with placeholders.
 *
 * Shape:  of socket maps, as in mysql_table(5): %s the key; %u its local part (the whole key when it has no '@'); %d
 *         its domain; %S %U %D the same; %1 ... %9 or %{1} ... %{9} its domain labels from the right; {{ .Key }} (white
 *         space optional) another name for %s; %{keys} all keys that may be asked for it, as a JSON array.
 *         of a result_format: %s %u %d of a value; %S %U %D and labels of the key.
 *         of policy services: %{NAME} an attribute, NAME of ASCII letters, digits and '_'; {{ .Key }} all attributes as
 *         a JSON object, in their order.
 *         of logins: %{NAME}, where NAME is user, service, mechanism, rip, lip, rport, lport or session, in a payload
 *         also password.
 *         of all: %% a percent sign.
 * Limits: TEMPLATE_PIECES_MAX pieces of text and placeholders in one template.
 * Errors: template_parse(): a constant reason. template_expand() has three outcomes, see below.
 * Owner:  pieces borrow the template's text, values borrow what is put in; nothing is allocated.
 * Source: mysql_table(5) query; the WHATWG's application/x-www-form-urlencoded; Postfix global/db_common.c (a local
 *         part is what stands before the last '@'; a template that uses %u of an empty local part, or %d or a label
 *         that the key lacks, suppresses the lookup; a value is left out likewise). An attribute that is empty or not
 *         there is put in as nothing: a null sender is no reason not to ask.
 */
#ifndef PFX_TEMPLATE_H
#define PFX_TEMPLATE_H

#include "attribute.h"
#include "keys.h"
#include "span.h"

#define TEMPLATE_PIECES_MAX 64

enum template_dialect {
    TEMPLATE_OF_MAP,
    TEMPLATE_OF_RESULT,
    TEMPLATE_OF_POLICY,
    TEMPLATE_OF_LOGIN,
    TEMPLATE_OF_LOGIN_PAYLOAD, /* the one place where a password may go */
};

enum template_what {
    TEMPLATE_TEXT,
    TEMPLATE_KEY,
    TEMPLATE_LOCALPART,
    TEMPLATE_DOMAIN,
    TEMPLATE_LABEL,
    TEMPLATE_KEYS, /* the JSON array */
    TEMPLATE_VALUE,
    TEMPLATE_VALUE_LOCALPART,
    TEMPLATE_VALUE_DOMAIN,
    TEMPLATE_ATTRIBUTE,
    TEMPLATE_ATTRIBUTES, /* the JSON object of all */
    TEMPLATE_FORM,       /* the same as a form; has no placeholder, stands by itself */
};

struct template_piece {
    enum template_what what;
    unsigned char label; /* 1 to 9, of TEMPLATE_LABEL */
    struct span text;    /* of TEMPLATE_TEXT, "%%" already read as "%"; of TEMPLATE_ATTRIBUTE, its name */
};

/* What is put in: the key of a socket map, or the attributes of a policy request or a login; their bytes are UTF-8. */
struct template_values {
    struct span key;
    const struct keys *keys;
    struct span value; /* of the answer, for a result_format */
    const struct attribute *attributes;
    size_t attribute_count;
    const struct attribute *object; /* those that {{ .Key }} or a form holds */
    size_t object_count;
};

/* How values are put in. Literal text never changes. */
enum template_escape {
    TEMPLATE_ESCAPE_JSON,   /* inside a JSON string */
    TEMPLATE_ESCAPE_URL,    /* all but RFC 3986's unreserved characters as %XX; right in a path, a query and a form */
    TEMPLATE_ESCAPE_HEADER, /* as it is; CR, LF and NUL refuse the request */
    TEMPLATE_ESCAPE_NONE,   /* as it is */
};

enum template_outcome {
    TEMPLATE_DONE,
    TEMPLATE_SUPPRESSED, /* the key, or the value, lacks a part that the template needs: it is not there */
    TEMPLATE_REFUSED,    /* a byte that has no place there */
};

/*
 * Splits text into pieces; *count of them, at most TEMPLATE_PIECES_MAX. False: *why. An unknown placeholder, or a '%'
 * that begins none, is an error that says how to write a percent sign.
 */
bool template_parse(struct span text, enum template_dialect dialect, struct template_piece *pieces, size_t *count,
                    const char **why);

/* Has it any placeholder? One of that kind? */
bool template_is_dynamic(const struct template_piece *pieces, size_t count);
bool template_has(const struct template_piece *pieces, size_t count, enum template_what what);

/* Does the key lack a part that the template needs? Nothing is put in; values->value does not count. */
bool template_is_suppressed(const struct template_piece *pieces, size_t count, const struct template_values *values);

/*
 * The text with the values. *needed is its size; nothing is written past size, so call again with that much room when
 * *needed > size. The JSON object of all attributes goes into a JSON payload as it is, elsewhere escaped as any value.
 */
enum template_outcome template_expand(const struct template_piece *pieces, size_t count, enum template_escape escape,
                                      const struct template_values *values, char *out, size_t size, size_t *needed);

#endif
