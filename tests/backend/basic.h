/*
 * Basic authentication of a request.
 *
 * Shape:  credentials are USER:PASSWORD, compared as one; an encoding other than the canonical one does not match.
 * Source: RFC 7617.
 */
#ifndef BACKEND_BASIC_H
#define BACKEND_BASIC_H

#include "http.h"
#include "text.h"

#define BASIC_CHALLENGE "WWW-Authenticate: Basic realm=\"backend\"\r\n"

bool basic_matches(const struct http_request *r, struct span credentials);

#endif
