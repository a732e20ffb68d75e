#include "policy.h"

#include "utf8.h"

static const char reply_head[] = "action=";
static const char reply_tail[] = "\n\n";

_Static_assert(sizeof(reply_head) - 1 + sizeof(reply_tail) - 1 == POLICY_REPLY_OVERHEAD_BYTES, "the reply's overhead");

/* Why no request can hold this line after those attributes; NULL: it can. Of an unfinished line more may follow. */
static const char *line_fault(struct span line, bool is_finished, const struct attribute *attributes, size_t count)
{
    size_t equals = span_find(line, '=');

    if (span_find(line, '\0') != line.n)
        return "request holds a NUL byte";
    if (line.n > 0 && count == POLICY_ATTRIBUTES_MAX)
        return "request has more than " SPAN_NUMBER_TEXT(POLICY_ATTRIBUTES_MAX) " attributes";
    if (equals == line.n)
        return is_finished ? "request has a line without '='" : NULL;
    if (equals == 0)
        return "request has an attribute without name";
    if (!utf8_valid(span_first(line, equals)))
        return "request has an attribute name that is not UTF-8";
    if (attribute_find(attributes, count, span_first(line, equals)) != NULL)
        return "request has an attribute twice";
    return NULL;
}

static enum codec_result bad(const char **why, const char *reason)
{
    *why = reason;
    return CODEC_BAD;
}

enum codec_result policy_decode(struct span in, struct attribute *attributes, size_t *count, size_t *used,
                                const char **why)
{
    struct span rest = span_first(in, in.n < POLICY_REQUEST_MAX_BYTES ? in.n : POLICY_REQUEST_MAX_BYTES);
    size_t n = 0;

    *used = 0;
    for (;;) {
        struct span line = span_first(rest, span_find(rest, '\n'));
        bool is_finished = line.n < rest.n;
        if (is_finished && line.n == 0)
            break;
        const char *fault = line_fault(line, is_finished, attributes, n);
        if (fault != NULL)
            return bad(why, fault);
        if (!is_finished)
            return in.n < POLICY_REQUEST_MAX_BYTES ? CODEC_MORE : bad(why, "request is longer than the limit");
        size_t equals = span_find(line, '=');
        attributes[n].name = span_first(line, equals);
        attributes[n++].value = span_skip(line, equals + 1);
        rest = span_skip(rest, line.n + 1);
    }
    if (n == 0)
        return bad(why, "request has no attribute");
    *count = n;
    *used = (size_t)(rest.p - in.p) + 1;
    return CODEC_OK;
}

size_t policy_encode(char *out, size_t size, struct span action)
{
    const size_t head = sizeof(reply_head) - 1;
    const size_t needed = POLICY_REPLY_OVERHEAD_BYTES + action.n;

    if (needed > size)
        return needed;
    memcpy(out, reply_head, head);
    if (action.n > 0)
        memcpy(out + head, action.p, action.n);
    memcpy(out + head + action.n, reply_tail, sizeof(reply_tail) - 1);
    return needed;
}
