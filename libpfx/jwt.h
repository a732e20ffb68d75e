/*
 * JSON Web Tokens in compact form, taken apart.
 *
 * Shape:  HEADER.PAYLOAD.SIGNATURE, each base64url without padding; `input`, what is signed, is HEADER.PAYLOAD as it
 *         came. A signature may be empty here; nobody accepts it.
 * Limits: JWT_MAX_BYTES.
 * Errors: a constant reason that never quotes the token.
 * Owner:  spans borrow the token.
 * Source: RFC 7515 section 3.1, RFC 7519.
 */
#ifndef PFX_JWT_H
#define PFX_JWT_H

#include "span.h"

#define JWT_MAX_BYTES (16 * 1024)

/* Still in base64url, which base64_url_decode() checks. */
struct jwt {
    struct span header;
    struct span payload;
    struct span signature;
    struct span input;
};

bool jwt_split(struct span token, struct jwt *jwt, const char **why);

/*
 * Is it meant as one, well-formed or not: does a JSON object begin before its first dot? What is not is opaque: only
 * its provider can read it.
 */
bool jwt_is_meant(struct span token);

#endif
