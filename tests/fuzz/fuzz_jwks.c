/*
 * A set of keys, as a provider publishes it: read, and each algorithm looked for.
 */
#include "fuzz.h"

#include "jwks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct crypto_key *found[JWKS_TRIED_MAX];
    const char *why;
    struct jwks *set = jwks_parse(span_make((const char *)data, size), &why);

    for (int i = 0; set != NULL && i < CRYPTO_ALGORITHMS; i++) {
        enum crypto_algorithm algorithm = (enum crypto_algorithm)i;
        size_t count = jwks_find(set, span_make(NULL, 0), algorithm, found);
        for (size_t j = 0; j < count && j < JWKS_TRIED_MAX && count <= JWKS_TRIED_MAX; j++)
            crypto_verify(found[j], algorithm, SPAN("message"), span_make((const char *)data, size));
        jwks_find(set, SPAN("a"), algorithm, found);
    }
    jwks_free(&set);
    return 0;
}
