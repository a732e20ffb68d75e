/*
 * What a client sends to pfx-socketmap, whole and cut, and a netstring with a small limit; then the input as a reply.
 */
#include "fuzz.h"

#include "netstring.h"
#include "socketmap.h"

#define SMALL_MAX_BYTES 99

static struct fuzz_decoded decode(struct span in, struct socketmap_request *request)
{
    struct fuzz_decoded decoded;
    const char *why;

    decoded.result = socketmap_decode(in, request, &decoded.used, &why);
    return decoded;
}

/* Name, space and key make the netstring that was read: there is one way only to write it. */
static void check_request(const struct socketmap_request *request, struct span read)
{
    char *out = fuzz_memory(read.n);
    struct span name_and_space = span_make(request->name.p, request->name.n + 1);

    FUZZ_HOLDS(fuzz_lies_in(request->name, read) && fuzz_lies_in(request->key, read));
    FUZZ_HOLDS(request->name.n > 0 && span_find(request->name, ' ') == request->name.n);
    FUZZ_HOLDS(netstring_encode(out, read.n, name_and_space, request->key) == read.n);
    FUZZ_HOLDS(span_equal(span_make(out, read.n), read));
    free(out);
}

static void check_reply(enum socketmap_status status, struct span text)
{
    size_t size = socketmap_encode(NULL, 0, status, text), used;
    char *out = fuzz_memory(size);
    struct span body;
    const char *why;

    FUZZ_HOLDS(socketmap_encode(out, size, status, text) == size);
    FUZZ_HOLDS(netstring_decode(span_make(out, size), SIZE_MAX, &body, &used, &why) == CODEC_OK && used == size);
    FUZZ_HOLDS(body.n == socketmap_reply_bytes(status, text));
    FUZZ_HOLDS(span_equal(span_skip(body, body.n - text.n), text));
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = span_make((const char *)data, size), body;
    size_t cut = fuzz_take_byte(&in), used;
    struct socketmap_request request, of_part;
    struct fuzz_decoded whole = decode(in, &request);
    const char *why;

    if (whole.result == CODEC_OK)
        check_request(&request, span_first(in, whole.used));
    cut %= in.n + 1;
    fuzz_check_parts(decode(span_first(in, cut), &of_part), cut, whole);
    if (netstring_decode(in, SMALL_MAX_BYTES, &body, &used, &why) == CODEC_OK)
        FUZZ_HOLDS(body.n <= SMALL_MAX_BYTES && fuzz_lies_in(body, span_first(in, used)));
    check_reply((enum socketmap_status)(cut % (SOCKETMAP_PERM + 1)), in);
    return 0;
}
