#include "jwt.h"

#include "base64.h"

#define QUARTET 4 /* of base64, three bytes */
#define BEGIN_MAX_CHARACTERS 64
#define BEGIN_MAX_BYTES (BEGIN_MAX_CHARACTERS / QUARTET * 3)

/* Into three parts, whatever is in them. */
static bool split(struct span token, struct jwt *jwt)
{
    size_t first = span_find(token, '.');
    size_t last = span_find_last(token, '.');

    if (first == last)
        return false;
    jwt->header = span_first(token, first);
    jwt->payload = span_make(token.p + first + 1, last - first - 1);
    jwt->signature = span_skip(token, last + 1);
    jwt->input = span_first(token, last);
    return span_find(jwt->payload, '.') == jwt->payload.n;
}

bool jwt_split(struct span token, struct jwt *jwt, const char **why)
{
    if (token.n > JWT_MAX_BYTES)
        *why = "the token is longer than the limit";
    else if (!split(token, jwt))
        *why = "the token does not have three parts";
    else if (jwt->header.n == 0 || jwt->payload.n == 0)
        *why = "the token has an empty part";
    else
        return true;
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool jwt_is_meant(struct span token)
{
    char begin[BEGIN_MAX_BYTES];
    size_t n = span_find(token, '.');
    size_t i = 0;

    if (n == token.n)
        return false;
    while (n > 0 && token.p[n - 1] == '=')
        n--;
    if (n > BEGIN_MAX_CHARACTERS)
        n = BEGIN_MAX_CHARACTERS;
    if (n > QUARTET)
        n -= n % QUARTET;
    if (!base64_url_decode(begin, sizeof(begin), span_first(token, n), &n))
        return false;
    while (i < n && is_blank(begin[i]))
        i++;
    return i < n && begin[i] == '{';
}
