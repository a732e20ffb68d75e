/*
 * The headers of an answer, while it lives.
 *
 * Source: curl_easy_header(3).
 */
#ifndef PFX_HTTP_HEADER_H
#define PFX_HTTP_HEADER_H

#include "http.h"

/* The value of the first header of that name; p is NULL when there is none, or name is empty. */
struct span http_header(const struct http_answer *answer, const char *name);
size_t http_header_count(const struct http_answer *answer, const char *name); /* how many have that name */

#endif
