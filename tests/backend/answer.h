/*
 * The answer to a request: what the script says, else what the data file says, else "value-of-KEY".
 *
 * Shape:  {"FIELD":"VALUE"}; {"FIELD":null} for a key that the data file lacks, or with miss=N that status and
 *         {"error":"not-found"}. The key is the member "key" of a JSON body, else the parameter key=, else the last
 *         segment of a path /get/KEY. An answer without body=, bytes= and a key is about the empty key.
 *         With a data file, a JSON body whose member "keys" is an array of strings is answered with those of them that
 *         the file has: {"FIELD":{"KEY":"VALUE",...}}, and {"FIELD":{}} for none.
 *         The paths of nauthilus.h are answered as it says when there is one.
 * Owner:  an answer owns its bytes until answer_free(); answer_make() replaces them. A site owns its parts.
 */
#ifndef BACKEND_ANSWER_H
#define BACKEND_ANSWER_H

#include "chaos.h"
#include "data.h"
#include "http.h"
#include "nauthilus.h"
#include "record.h"
#include "script.h"
#include "text.h"

struct answer {
    struct text out; /* header, and the body as framed */
    size_t head_bytes;
    bool close; /* the connection ends with it */
};

struct site {
    const char *field;
    struct data data;
    struct nauthilus nauthilus;
    struct record record;
    struct chaos chaos;
    struct text key, headers, body, packed; /* of the answer in the making */
};

void answer_make(struct answer *a, struct site *site, const struct http_request *r, const struct script *s);

/* Answers in plain text: of a control URL; to what was no request; to what was not asked. */
void answer_control(struct answer *a, struct site *site, const struct http_request *r);
void answer_refuse(struct answer *a);
void answer_hasty(struct answer *a);

void answer_free(struct answer *a);
void answer_site_free(struct site *site);

#endif
