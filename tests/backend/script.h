/*
 * What a URL asks the backend to do.
 *
 * Shape:  the query string: name=value joined by "&", values percent-encoded. Of a name that stands twice the last
 *         counts, but for auth= and header=; unknown names are passed over.
 *
 *   the answer   status=N  type=MIME  body=TEXT ("{key}" in it is replaced by the JSON-escaped key)
 *                bytes=N ({"FIELD":"xxx..."} with N times x)  miss=N (the status when the data file lacks the key)
 *                once=N (the status of the first request to this URL since the start or /_reset)
 *                member=NAME (of the JSON body, that holds the key; default "key")
 *                key=KEY (for requests without a body that names one)
 *   headers      headers=N (extra ones)  headerbytes=N (one of that length)  location=URL  retryafter=TEXT
 *                first=LINE (before all others, as it is, but for its end)
 *                header=NAME:VALUE (instead of any other header of that name; without a colon just none; several times)
 *   login        auth=USER:PASSWORD (several times): requests whose Basic authentication is none of these get
 *                denied=N (default 401) and WWW-Authenticate; once= comes before, status= is for the others
 *   nauthilus.h  mode=no-auth. A status= or once= replaces all of its answer, body= or bytes= the body, header= and
 *                type= a header
 *   time, in ms  delay= before the header  bodydelay= between header and body  drip= before each byte of the body
 *                hang=1 (no answer at all)
 *   connection   close=1 (announced)  sneakyclose=1 (not announced)
 *                closeonreuse=1 (the next request on the connection is read and counted, then the connection closes)
 *                reset=now|headers|body: a TCP reset instead of the answer, after the header, in the middle of the
 *                body; on a UNIX socket a plain close
 *   framing      nolength=1 (the body ends with the connection)
 *                length=N (this Content-Length; closes after the answer when it is more than the body has)
 *                chunked=1  badchunk=1 (a chunk size that is no number)
 *                gzip=1  badgzip=1 (damaged)
 *                interim=N (answers with 103 that come before)  twice=1 (the whole answer once more)
 *
 * Limits: SCRIPT_NUMBER_MAX for every number, SCRIPT_AUTHS_MAX, SCRIPT_HEADERS_MAX; what comes later is passed over.
 * Errors: none; a number that is none counts as 0.
 * Owner:  spans borrow the query and are still percent-encoded. A NULL span: not given.
 */
#ifndef BACKEND_SCRIPT_H
#define BACKEND_SCRIPT_H

#include "span.h"

#define SCRIPT_NUMBER_MAX 100000000
#define SCRIPT_AUTHS_MAX 8
#define SCRIPT_HEADERS_MAX 4
#define SCRIPT_NONE (-1)

struct script {
    struct span body, first, key, location, member, mode, reset, retryafter, type;
    struct span auth[SCRIPT_AUTHS_MAX], header[SCRIPT_HEADERS_MAX]; /* a NULL one ends them if there are fewer */
    int bytes, denied, length, miss, once, status; /* SCRIPT_NONE: not given */
    int badchunk, badgzip, chunked, close, closeonreuse, gzip, hang, nolength, sneakyclose, twice;
    int bodydelay, delay, drip, headerbytes, headers, interim;
};

void script_parse(struct script *s, struct span query);
void script_add(struct script *s, struct span query); /* to what stands in it already */

#endif
