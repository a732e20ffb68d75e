/*
 * The status line of an HTTP answer, as strict as RFC 9112 has it.
 *
 * Shape:  "HTTP/1." DIGIT SP 3DIGIT, then SP and a reason, or the end of the line; the first digit of the status is not
 *         0. What begins with "HTTP/", in any case of letters, is meant as one.
 * Source: RFC 9112, section 4. Some lines that are meant as one, and that libcurl cannot read, it takes for "200":
 *         whoever asks it for the status looks at the line first.
 */
#ifndef PFX_HTTPSTATUS_H
#define PFX_HTTPSTATUS_H

#include "span.h"

enum httpstatus { HTTPSTATUS_NONE, HTTPSTATUS_GOOD, HTTPSTATUS_BAD };

/* A line of the header, with or without its end. */
enum httpstatus httpstatus_of(struct span line);

#endif
