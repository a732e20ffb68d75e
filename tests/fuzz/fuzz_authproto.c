/*
 * Lines of the Dovecot auth protocol as a client sends them, handshake and requests, one after the other; and that what
 * they hold cannot make a second line of a reply.
 */
#include "fuzz.h"

#include "authproto.h"

static struct fuzz_decoded decode(struct span in, uint32_t minor, char *memory, struct authproto_request *request)
{
    struct fuzz_decoded decoded;
    const char *why;

    decoded.result = authproto_decode(in, minor, memory, request, &decoded.used, &why);
    return decoded;
}

static void check_request(const struct authproto_request *request)
{
    bool has_id = request->command == AUTHPROTO_AUTH || request->command == AUTHPROTO_CONT ||
                  request->command == AUTHPROTO_CANCEL;

    FUZZ_HOLDS(!has_id || request->id != 0);
    FUZZ_HOLDS(request->command != AUTHPROTO_CPID || request->pid != 0);
    FUZZ_HOLDS(request->command != AUTHPROTO_AUTH || (request->mechanism.n > 0 && request->service.n > 0));
    FUZZ_HOLDS(request->command != AUTHPROTO_CONT || request->has_response);
}

/* One line, whose fields are as many as were put in, and that reads back as what was put in. */
static void check_reply(struct span text)
{
    const struct authproto_failure failure = { .user = text, .code = text, .temporary = true, .reason = text };
    size_t size = authproto_fail(NULL, 0, 7, &failure), tabs = 0;
    char *out = fuzz_memory(size);

    FUZZ_HOLDS(authproto_fail(out, size, 7, &failure) == size);
    FUZZ_HOLDS(span_find(span_make(out, size), '\n') == size - 1 && memchr(out, '\0', size) == NULL);
    for (size_t i = 0; i < size; i++)
        tabs += out[i] == '\t';
    FUZZ_HOLDS(tabs == (text.n > 0 ? 5 : 2) && memchr(out, '\r', size) == NULL);
    free(out);
}

static void check_round_trip(struct span challenge)
{
    size_t size = authproto_cont(NULL, 0, UINT32_MAX, challenge);
    char *out = fuzz_memory(size), *memory = fuzz_memory(size);
    struct authproto_request request;

    FUZZ_HOLDS(authproto_cont(out, size, UINT32_MAX, challenge) == size);
    FUZZ_HOLDS(decode(span_make(out, size), 2, memory, &request).used == size || size > AUTHPROTO_LINE_MAX_BYTES);
    if (size <= AUTHPROTO_LINE_MAX_BYTES) {
        bool is_empty = span_equal(challenge, SPAN("="));
        FUZZ_HOLDS(request.id == UINT32_MAX && span_equal(request.response, is_empty ? SPAN("") : challenge));
    }
    free(memory);
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = span_make((const char *)data, size);
    unsigned cut = fuzz_take_byte(&in);
    char *memory = fuzz_memory(in.n), *memory_of_part = fuzz_memory(in.n);
    struct authproto_request request, of_part;
    uint32_t minor = cut % 3;

    check_reply(in);
    check_round_trip(in);
    for (;;) {
        struct fuzz_decoded whole = decode(in, minor, memory, &request);
        size_t part_bytes = cut % (in.n + 1);
        fuzz_check_parts(decode(span_first(in, part_bytes), minor, memory_of_part, &of_part), part_bytes, whole);
        if (whole.result != CODEC_OK)
            break;
        check_request(&request);
        if (request.command == AUTHPROTO_VERSION)
            minor = request.minor;
        in = span_skip(in, whole.used);
    }
    free(memory_of_part);
    free(memory);
    return 0;
}
