/*
 * The head of an HTTP/1 request, for a server that needs no more of it than the path.
 *
 * Shape:  METHOD SP TARGET SP HTTP/1.N, lines NAME ":" VALUE, an empty line; one empty line may precede. A line ends in
 *         CR LF, or in LF alone. TARGET is a path, or a URL with one.
 * Limits: the caller's, of all that it hands in; HTTPREQ_METHOD_MAX_BYTES, so that what is no HTTP is known early.
 * Errors: BAD: no such line, another version, a control byte, a folded line, Host missing in HTTP/1.1 or given twice,
 *         a length that is no number. To be answered 400, and closed.
 * Owner:  path borrows the input.
 * Source: RFC 9112 sections 2 to 6 and 9.3, RFC 9110 section 5.6.2 (tokens).
 */
#ifndef PFX_HTTPREQ_H
#define PFX_HTTPREQ_H

#include "codec.h"
#include "span.h"

#define HTTPREQ_METHOD_MAX_BYTES 32

enum httpreq_method { HTTPREQ_GET, HTTPREQ_HEAD, HTTPREQ_OTHER };

struct httpreq {
    enum httpreq_method method;
    struct span path; /* as it came, without a query; empty: the target has none */
    bool has_body;    /* which follows, and is not decoded: close after the answer */
    bool keeps_alive; /* the client would send another request on this connection */
};

enum codec_result httpreq_decode(struct span in, struct httpreq *request, size_t *used, const char **why);

#endif
