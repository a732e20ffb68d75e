/*
 * The head of an HTTP request, as anybody may send it to pfx-metrics: in one piece, and cut somewhere.
 */
#include "fuzz.h"

#include "httpreq.h"

static struct fuzz_decoded decode(struct span in, struct httpreq *request)
{
    struct fuzz_decoded decoded;
    const char *why;

    decoded.result = httpreq_decode(in, request, &decoded.used, &why);
    return decoded;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = span_make((const char *)data, size);
    struct httpreq request, of_part;
    struct fuzz_decoded whole = decode(in, &request);

    if (whole.result == CODEC_OK)
        FUZZ_HOLDS(fuzz_lies_in(request.path, span_first(in, whole.used)));
    if (size > 0) {
        struct span part = span_first(in, (unsigned char)in.p[size - 1] % size);
        fuzz_check_parts(decode(part, &of_part), part.n, whole);
    }
    return 0;
}
