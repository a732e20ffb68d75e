#include "lookup_via.h"

#include "mem.h"
#include "netstring.h"
#include "socketmap.h"
#include "via.h"

static const struct {
    const char *word;
    int status;
} words[] = {
    { "OK", PFXCTL_GOOD },           { "NOTFOUND", PFXCTL_NOT },         { "TEMP", PFXCTL_TEMPORARY },
    { "TIMEOUT", PFXCTL_UNAVAILABLE }, { "PERM", PFXCTL_DATA },
};

static int status_of(struct span word)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (span_equal(word, span_text(words[i].word)))
            return words[i].status;
    return PFXCTL_DATA;
}

static int read_reply(struct span reply, struct span *text)
{
    struct span body;
    size_t used;
    const char *why;

    if (netstring_decode(reply, EXCHANGE_REPLY_MAX_BYTES, &body, &used, &why) != CODEC_OK || used != reply.n) {
        *text = SPAN("no reply of a socket map");
        return PFXCTL_DATA;
    }
    size_t space = span_find(body, ' ');
    *text = span_skip(body, space < body.n ? space + 1 : body.n);
    return status_of(span_first(body, space));
}

/* The status of the key; *is_over: nobody answers. */
static int ask(struct via *via, const char *name, struct span key, struct span *text, bool *is_over)
{
    char *head = mem_format("%s ", name);
    size_t size = netstring_encode(NULL, 0, span_text(head), key);
    char *request = mem_alloc(size);

    netstring_encode(request, size, span_text(head), key);
    int status = via_ask_again(via, span_make(request, size), exchange_is_netstring);
    *is_over = status != PFXCTL_GOOD;
    mem_free(request);
    mem_free(head);
    return *is_over ? status : read_reply(buf_span(&via->reply), text);
}

static int ask_all(struct via *via, const char *name, struct lookup_keys *keys)
{
    int highest = PFXCTL_GOOD;
    bool is_over = false;
    struct span key, text;

    while (!is_over && lookup_keys_take(keys, &key)) {
        int status = ask(via, name, key, &text, &is_over);
        if (!is_over)
            lookup_keys_print(keys, key, status, text);
        highest = status > highest ? status : highest;
    }
    return highest;
}

int lookup_via(const struct pfxctl *ctl, const char *where, const char *name, struct lookup_keys *keys)
{
    struct via via;

    int status = via_open(&via, ctl, SERVICE_SOCKETMAP, where);
    if (status == PFXCTL_GOOD)
        status = ask_all(&via, name, keys);
    via_close(&via);
    return status;
}
