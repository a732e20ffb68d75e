/*
 * The head of an HTTP request, as anybody may send it to pfx-metrics.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "httpreq.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = span_make((const char *)data, size);
    struct httpreq request;
    const char *why;
    size_t used;
    enum codec_result result = httpreq_decode(in, &request, &used, &why);

    if ((result == CODEC_OK) != (used > 0) || used > size)
        abort();
    if (result == CODEC_OK && request.path.n > 0 &&
        (request.path.p < in.p || request.path.p + request.path.n > in.p + used))
        abort();
    return 0;
}
