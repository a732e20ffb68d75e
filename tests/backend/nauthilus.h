/*
 * A stand-in for Nauthilus 3: its authentication endpoints, and the hooks of its tutorial for mail servers.
 *
 * Shape:  the users are lines LOGIN TAB PASSWORD TAB ACCOUNT; without an account no Auth-User is answered. Everything
 *         below /api/v1/ is its own and wants the Basic credentials of the back channel: 401 without Auth-Status.
 *           POST /api/v1/auth/json        one JSON object, application/json, no unknown members
 *           GET, POST /api/v1/auth/header X-Nauthilus-Username, X-Nauthilus-Password, percent-decoded once
 *             200 Auth-Status: OK, Auth-User: ACCOUNT; 403 Auth-Status: Invalid login or password, body null;
 *             400 what Nauthilus does not take. mode=no-auth: whether the user is known, without a password.
 *           POST /api/v1/custom/postfix/socket-map {"demo_value":"workshop-route:KEY"}
 *           POST /api/v1/custom/postfix/policy     {"result":"DUNNO"} and what it knows of the request
 *         404 for all else. Stricter than Nauthilus: member names with another case, null, and NUL in a string are 400.
 *         It never throttles, and does not wait before a 401.
 * Owner:  nauthilus_close() gives back the users; credentials are borrowed.
 */
#ifndef BACKEND_NAUTHILUS_H
#define BACKEND_NAUTHILUS_H

#include "data.h"
#include "http.h"
#include "text.h"

#define NAUTHILUS_ELSEWHERE 0 /* not one of its paths, or there is no stand-in */

struct nauthilus {
    struct data users;
    struct span credentials; /* of the back channel, USER:PASSWORD */
    unsigned sessions;
};

/* path NULL: there is no stand-in. Ends the program when the file cannot be read. */
void nauthilus_open(struct nauthilus *n, const char *path, const char *credentials);

/* The status; appends header lines and the body. mode: the value of mode=. */
int nauthilus_answer(struct nauthilus *n, const struct http_request *r, struct span mode, struct text *headers,
                     struct text *body);

void nauthilus_close(struct nauthilus *n);

#endif
