#include "socketmap.h"

#include <stdio.h>

#include "netstring.h"

/* In the order of enum socketmap_status; arrays, because pointers would need relocation. */
static const char status_words[][sizeof("NOTFOUND ")] = { "OK ", "NOTFOUND ", "TEMP ", "TIMEOUT ", "PERM " };

static enum codec_result bad(const char **why, const char *reason)
{
    *why = reason;
    return CODEC_BAD;
}

enum codec_result socketmap_decode(struct span in, struct socketmap_request *request, size_t *used, const char **why)
{
    struct span body;
    size_t length;

    *used = 0;
    enum codec_result result = netstring_decode(in, SOCKETMAP_REQUEST_MAX_BYTES, &body, &length, why);
    if (result != CODEC_OK)
        return result;
    if (span_find(body, '\0') != body.n)
        return bad(why, "request holds a NUL byte");
    size_t space = span_find(body, ' ');
    if (space == body.n)
        return bad(why, "request has no space after the map name");
    if (space == 0)
        return bad(why, "request has an empty map name");
    request->name = span_first(body, space);
    request->key = span_skip(body, space + 1);
    *used = length;
    return CODEC_OK;
}

size_t socketmap_encode(char *out, size_t size, enum socketmap_status status, struct span text)
{
    return netstring_encode(out, size, span_text(status_words[status]), text);
}

size_t socketmap_reply_bytes(enum socketmap_status status, struct span text)
{
    return strlen(status_words[status]) + text.n;
}
