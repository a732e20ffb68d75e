#include "basic.h"

#include <openssl/evp.h>
#include <strings.h>

static void add_base64(struct text *t, struct span s)
{
    text_reserve(t, (s.n + 2) / 3 * 4 + 1); /* EVP_EncodeBlock() adds a NUL */
    t->n += (size_t)EVP_EncodeBlock((unsigned char *)t->p + t->n, (const unsigned char *)s.p, (int)s.n);
}

bool basic_matches(const struct http_request *r, struct span credentials)
{
    struct span scheme = SPAN("Basic ");
    struct span given;
    struct text wanted = { 0 };

    if (!http_find_header(r, SPAN("Authorization"), &given))
        return false;
    if (given.n < scheme.n || strncasecmp(given.p, scheme.p, scheme.n) != 0)
        return false;
    add_base64(&wanted, credentials);
    bool matches = span_equal(span_skip(given, scheme.n), text_span(&wanted));
    text_free(&wanted);
    return matches;
}
