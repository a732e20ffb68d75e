/*
 * What a client sends to pfx-policyd, whole and cut; the attributes make the same request again.
 */
#include "fuzz.h"

#include "buf.h"
#include "log.h"
#include "policy.h"
#include "subject.h"
#include "utf8.h"

static struct fuzz_decoded decode(struct span in, struct attribute *attributes, size_t *count)
{
    struct fuzz_decoded decoded;
    const char *why;

    decoded.result = policy_decode(in, attributes, count, &decoded.used, &why);
    return decoded;
}

static void check_request(const struct attribute *attributes, size_t count, struct span read)
{
    struct buf again;

    buf_init(&again, read.n);
    FUZZ_HOLDS(count > 0 && count <= POLICY_ATTRIBUTES_MAX);
    for (size_t i = 0; i < count; i++) {
        FUZZ_HOLDS(attributes[i].name.n > 0 && utf8_valid(attributes[i].name));
        FUZZ_HOLDS(attribute_find(attributes, count, attributes[i].name) == &attributes[i]);
        FUZZ_HOLDS(buf_add(&again, attributes[i].name) && buf_add(&again, SPAN("=")));
        FUZZ_HOLDS(buf_add(&again, attributes[i].value) && buf_add(&again, SPAN("\n")));
    }
    FUZZ_HOLDS(buf_add(&again, SPAN("\n")) && span_equal(buf_span(&again), read));
    buf_free(&again);
}

/* For the log, it is one line without a control byte. */
static void check_description(const struct attribute *attributes, size_t count)
{
    struct subject subject = { .attributes = NULL };
    char text[LOG_LINE_MAX_BYTES];

    subject_of_policy(&subject, NULL, attributes, count);
    subject_describe(&subject, NULL, text, sizeof(text));
    FUZZ_HOLDS(!utf8_has_control(span_text(text)) && utf8_valid(span_text(text)));
    subject_free(&subject);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct attribute attributes[POLICY_ATTRIBUTES_MAX], of_part[POLICY_ATTRIBUTES_MAX];
    struct span in = span_make((const char *)data, size);
    size_t cut = fuzz_take_byte(&in) * (size_t)16, count;
    struct fuzz_decoded whole = decode(in, attributes, &count);

    if (whole.result == CODEC_OK) {
        check_request(attributes, count, span_first(in, whole.used));
        check_description(attributes, count);
    }
    cut %= in.n + 1;
    fuzz_check_parts(decode(span_first(in, cut), of_part, &count), cut, whole);
    return 0;
}
