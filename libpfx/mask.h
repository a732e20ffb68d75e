/*
 * Text that may hold secrets, made fit for a person's eyes.
 *
 * Shape:  MASK_TEXT stands for the value of whatever has the name of a secret: a header field, a member of a JSON text,
 *         a field of a form or of a URL's query. A name is that of a secret when it holds, in any case, one of
 *         "authorization", "password", "passwd", "passphrase", "pwd", "token", "secret", "assertion", "cookie",
 *         "credential", "apikey", "api-key", "api_key".
 * Limits: secrets in a path, in prose and in names that do not tell are not known: see mask_value().
 * Errors: none; all functions take any bytes. They return the size needed; nothing is written past size.
 * Source: RFC 9110, RFC 8259, the WHATWG's application/x-www-form-urlencoded; RFC 6749, RFC 7662 for names.
 */
#ifndef PFX_MASK_H
#define PFX_MASK_H

#include "span.h"

#define MASK_TEXT "***"

bool mask_is_secret(struct span name);

/* A line of a header, without its end; a request line has a URL. */
size_t mask_header(char *out, size_t size, struct span line);

/* JSON, or else a form. */
size_t mask_body(char *out, size_t size, struct span body);

/* Any text without that value, which is not empty. */
size_t mask_value(char *out, size_t size, struct span text, struct span value);

#endif
