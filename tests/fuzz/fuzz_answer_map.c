/*
 * Any answer of an HTTP service to a lookup, through the whole of pfx-socketmap: the client gets one well-formed reply.
 * The first byte chooses the map, the next two how the answer comes (fuzz_worker.h).
 */
#include "fuzz.h"

int socketmap_main(int argc, char **argv);
#define main socketmap_main
#include "../../daemons/socketmap/socketmap.c"
#undef main

#include "fuzz_worker.h"
#include "utf8.h"

#define MAPS 8

static const char configuration[] =
    "socket_maps = {"
    " defaults = { response_cache = { enabled = false; }; };"
    " m0 = { target = \"$SOCKET/%s\"; value_field = \"v\"; };"
    " m1 = { target = \"$SOCKET/%s\"; };"
    " m2 = { target = \"$SOCKET/%s\"; keys = \"virtual\"; value_field = \"a.b\"; propagate_extension = true;"
    "        recipient_delimiter = \"+\"; };"
    " m3 = { target = \"$SOCKET/\"; payload = \"{\\\"k\\\": %{keys}}\"; keys = \"access\"; value_field = \"v\";"
    "        recipient_delimiter = \"+\"; };"
    " m4 = { target = \"$SOCKET/%u\"; value_field = \"v\"; result_format = \"x:%s:%u@%d\"; expansion_limit = 3;"
    "        max_reply_size = 1024; };"
    " m5 = { target = \"$SOCKET/%s\"; http_response_compression = true; value_field = \"v\";"
    "        http = { max_response_size = \"4K\"; }; };"
    " m6 = { target = \"$SOCKET/%s\"; value_field = \"v\"; value_required = true; error_field = \"e\";"
    "        no_error_value = \"ok\"; error_result = \"temp\"; };"
    " m7 = { target = [ \"$SOCKET/1/%s\", \"$SOCKET/2/%s\" ]; value_field = \"v\"; status_code = [ 200, 204 ]; };"
    " };";

static bool is_whole(struct span reply)
{
    struct span body;
    const char *why;
    size_t used;
    enum codec_result result = netstring_decode(reply, SIZE_MAX, &body, &used, &why);

    FUZZ_HOLDS(result != CODEC_BAD);
    return result == CODEC_OK;
}

static void check_reply(struct span reply)
{
    static const char *const found[] = { " 200", " 204", NULL };
    static const char *const not_found[] = { " 404", " 200", " 204", NULL };
    static const char *const words[] = { "OK ", "NOTFOUND ", "TEMP ", "TIMEOUT ", "PERM " };
    struct span body = span_make("", 0);
    const char *why;
    size_t used, i = 0;

    FUZZ_HOLDS(netstring_decode(reply, SIZE_MAX, &body, &used, &why) == CODEC_OK && used == reply.n);
    while (i < sizeof(words) / sizeof(words[0]) && !fuzz_begins_with(body, words[i]))
        i++;
    FUZZ_HOLDS(i < sizeof(words) / sizeof(words[0]));
    FUZZ_HOLDS(span_find(body, '\0') == body.n && utf8_valid(body));
    if (i == SOCKETMAP_OK)
        FUZZ_HOLDS(body.n > strlen(words[i]) && fuzz_holds_any(fuzz_worker.answer, found));
    if (i == SOCKETMAP_NOTFOUND)
        FUZZ_HOLDS(fuzz_holds_any(fuzz_worker.answer, not_found));
    if (i == SOCKETMAP_OK || i == SOCKETMAP_NOTFOUND)
        FUZZ_HOLDS(fuzz_worker.requests > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = span_make((const char *)data, size);
    char request[] = "26:m0 user+ext@mx.example.com,";
    struct buf reply;

    if (fuzz_worker.config == NULL)
        fuzz_worker_begin(&conn_ops, CONFIG_SOCKET_MAPS, NULL, configuration);
    request[strlen("26:m")] = (char)('0' + fuzz_take_byte(&in) % MAPS);
    fuzz_worker_take_answer(in);
    buf_init(&reply, FUZZ_ANSWER_MAX_BYTES * 2);
    fuzz_worker_ask(span_text(request), is_whole, &reply);
    check_reply(buf_span(&reply));
    buf_free(&reply);
    (void)ops;
    return 0;
}
