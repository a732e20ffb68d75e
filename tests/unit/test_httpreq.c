#include "httpreq.h"

#include "unit.h"

#define LINE32 "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"

static const struct {
    const char *name;
    struct span in;
    enum httpreq_method method;
    struct span path;
    bool keeps_alive;
    bool has_body;
} good[] = {
    { "least of 1.0", UNIT_BYTES("GET / HTTP/1.0\r\n\r\n"), HTTPREQ_GET, UNIT_BYTES("/"), false, false },
    { "least of 1.1", UNIT_BYTES("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), HTTPREQ_GET, UNIT_BYTES("/"), true, false },
    { "a later minor", UNIT_BYTES("GET /a HTTP/1.9\r\nHost:\r\n\r\n"), HTTPREQ_GET, UNIT_BYTES("/a"), true, false },
    { "LF alone", UNIT_BYTES("GET /a HTTP/1.1\nhost:a\n\n"), HTTPREQ_GET, UNIT_BYTES("/a"), true, false },
    { "an empty line first", UNIT_BYTES("\r\nHEAD /a HTTP/1.0\r\n\r\n"), HTTPREQ_HEAD, UNIT_BYTES("/a"), false, false },
    { "a query", UNIT_BYTES("GET /a?b=/c HTTP/1.0\r\n\r\n"), HTTPREQ_GET, UNIT_BYTES("/a"), false, false },
    { "a URL", UNIT_BYTES("GET HTTP://u@h:1/a/b?c HTTP/1.0\r\n\r\n"), HTTPREQ_GET, UNIT_BYTES("/a/b"), false, false },
    { "a URL without a path", UNIT_BYTES("GET http://h HTTP/1.0\r\n\r\n"), HTTPREQ_GET, UNIT_BYTES(""), false, false },
    { "an asterisk", UNIT_BYTES("OPTIONS * HTTP/1.0\r\n\r\n"), HTTPREQ_OTHER, UNIT_BYTES(""), false, false },
    { "get is not GET", UNIT_BYTES("get / HTTP/1.0\r\n\r\n"), HTTPREQ_OTHER, UNIT_BYTES("/"), false, false },
    { "GETS is not GET", UNIT_BYTES("GETS / HTTP/1.0\r\n\r\n"), HTTPREQ_OTHER, UNIT_BYTES("/"), false, false },
    { "the longest method", UNIT_BYTES(LINE32 " / HTTP/1.0\r\n\r\n"), HTTPREQ_OTHER, UNIT_BYTES("/"), false, false },
    { "close", UNIT_BYTES("GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n"), HTTPREQ_GET, UNIT_BYTES("/"),
      false, false },
    { "close among others",
      UNIT_BYTES("GET / HTTP/1.1\r\nHost: a\r\nconnection:te , close\t,x\r\nConnection: keep-alive\r\n\r\n"),
      HTTPREQ_GET, UNIT_BYTES("/"), false, false },
    { "no word like close", UNIT_BYTES("GET / HTTP/1.1\r\nHost: a\r\nConnection: closed,clos\r\n\r\n"), HTTPREQ_GET,
      UNIT_BYTES("/"), true, false },
    { "keep-alive of 1.0", UNIT_BYTES("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"), HTTPREQ_GET, UNIT_BYTES("/"),
      true, false },
    { "a length of 0", UNIT_BYTES("GET / HTTP/1.0\r\nContent-Length: 00\r\n\r\n"), HTTPREQ_GET, UNIT_BYTES("/"), false,
      false },
    { "a length", UNIT_BYTES("PUT / HTTP/1.0\r\nContent-Length:\t10 \r\n\r\n"), HTTPREQ_OTHER, UNIT_BYTES("/"), false,
      true },
    { "a huge length", UNIT_BYTES("PUT / HTTP/1.0\r\nContent-Length: 99999999999999999999999\r\n\r\n"), HTTPREQ_OTHER,
      UNIT_BYTES("/"), false, true },
    { "chunks", UNIT_BYTES("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"), HTTPREQ_OTHER,
      UNIT_BYTES("/"), true, true },
    { "other fields", UNIT_BYTES("GET / HTTP/1.0\r\nX-Host: a\r\nHosts: a\r\nAccept: \xE4\t;q=1\r\nE:\r\n\r\n"),
      HTTPREQ_GET, UNIT_BYTES("/"), false, false },
};

static const struct {
    const char *name;
    struct span in;
} bad[] = {
    { "a greeting of TLS", UNIT_BYTES("\x16\x03\x01") },
    { "a netstring", UNIT_BYTES("9:users a,") },
    { "NUL", UNIT_BYTES("\0") },
    { "a space at first", UNIT_BYTES(" GET / HTTP/1.0\r\n") },
    { "two empty lines", UNIT_BYTES("\r\n\r\n") },
    { "a long method", UNIT_BYTES(LINE32 "6") },
    { "a long method in a whole line", UNIT_BYTES(LINE32 "6 / HTTP/1.0\r\n") },
    { "a method alone", UNIT_BYTES("QUIT\r\n") },
    { "another protocol", UNIT_BYTES("EHLO client.example\r\n") },
    { "no version", UNIT_BYTES("GET /\r\n") },
    { "no target", UNIT_BYTES("GET HTTP/1.0\r\n") },
    { "an empty target", UNIT_BYTES("GET  HTTP/1.0\r\n") },
    { "two targets", UNIT_BYTES("GET /a /b HTTP/1.0\r\n") },
    { "a high byte in the target", UNIT_BYTES("GET /\xE4 HTTP/1.0\r\n") },
    { "a tab for a space", UNIT_BYTES("GET\t/ HTTP/1.0\r\n") },
    { "version 2", UNIT_BYTES("PRI * HTTP/2.0\r\n\r\n") },
    { "version 0.9", UNIT_BYTES("GET / HTTP/0.9\r\n") },
    { "a version with two digits", UNIT_BYTES("GET / HTTP/1.10\r\n") },
    { "a version in small letters", UNIT_BYTES("GET / http/1.1\r\n") },
    { "a space behind the version", UNIT_BYTES("GET / HTTP/1.1 \r\n") },
    { "CR in the line", UNIT_BYTES("GET / HTTP/1.0\rX\r\n") },
    { "two CR", UNIT_BYTES("GET / HTTP/1.0\r\r\n") },
    { "no colon", UNIT_BYTES("GET / HTTP/1.0\r\nHost\r\n") },
    { "no name", UNIT_BYTES("GET / HTTP/1.0\r\n: a\r\n") },
    { "a space before the colon", UNIT_BYTES("GET / HTTP/1.0\r\nHost : a\r\n") },
    { "a folded line", UNIT_BYTES("GET / HTTP/1.0\r\nA: a\r\n b\r\n") },
    { "NUL in a value", UNIT_BYTES("GET / HTTP/1.0\r\nA: a\0b\r\n") },
    { "CR in a value", UNIT_BYTES("GET / HTTP/1.0\r\nA: a\rb\r\n") },
    { "no Host", UNIT_BYTES("GET / HTTP/1.1\r\n\r\n") },
    { "Host twice", UNIT_BYTES("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n") },
    { "no length", UNIT_BYTES("GET / HTTP/1.0\r\nContent-Length:\r\n") },
    { "a negative length", UNIT_BYTES("GET / HTTP/1.0\r\nContent-Length: -1\r\n") },
    { "two lengths in one", UNIT_BYTES("GET / HTTP/1.0\r\nContent-Length: 0, 0\r\n") },
};

static enum codec_result decode(struct span in, size_t *used)
{
    struct httpreq request;
    const char *why;

    return httpreq_decode(in, &request, used, &why);
}

START_TEST(httpreq_decode_good_is_ok)
{
    struct httpreq request;
    const char *why;
    size_t used;

    unit_expect(httpreq_decode(unit_guarded_span(good[_i].in), &request, &used, &why) == CODEC_OK, good[_i].name);
    unit_expect(used == good[_i].in.n, good[_i].name);
    unit_expect(request.method == good[_i].method, good[_i].name);
    unit_expect_span(request.path, good[_i].path, good[_i].name);
    unit_expect(request.keeps_alive == good[_i].keeps_alive, good[_i].name);
    unit_expect(request.has_body == good[_i].has_body, good[_i].name);
}
END_TEST

START_TEST(httpreq_decode_every_prefix_is_more)
{
    unit_every_prefix_is_more(good[_i].in, good[_i].name, decode);
}
END_TEST

START_TEST(httpreq_decode_leaves_what_follows)
{
    char text[1000];
    size_t used;
    int n = snprintf(text, sizeof(text), "%.*s%s", (int)good[_i].in.n, good[_i].in.p, "GET /next");

    unit_expect(decode(unit_guarded(text, (size_t)n), &used) == CODEC_OK, good[_i].name);
    unit_expect(used == good[_i].in.n, good[_i].name);
}
END_TEST

START_TEST(httpreq_decode_wrong_is_bad_with_a_reason)
{
    struct httpreq request;
    const char *why = NULL;
    size_t used = SIZE_MAX;

    unit_expect(httpreq_decode(unit_guarded_span(bad[_i].in), &request, &used, &why) == CODEC_BAD, bad[_i].name);
    unit_expect(used == 0, bad[_i].name);
    unit_expect(why != NULL && why[0] != '\0', bad[_i].name);
}
END_TEST

/* No byte is read behind the end, wherever that is, and what is bad stays bad. */
START_TEST(httpreq_decode_prefixes_of_wrong_are_never_ok)
{
    bool was_bad = false;
    size_t used;

    for (size_t n = 0; n <= bad[_i].in.n; n++) {
        enum codec_result result = decode(unit_guarded(bad[_i].in.p, n), &used);
        unit_expect(result != CODEC_OK, bad[_i].name);
        unit_expect(!was_bad || result == CODEC_BAD, bad[_i].name);
        was_bad = result == CODEC_BAD;
    }
}
END_TEST

START_TEST(httpreq_decode_takes_any_byte)
{
    struct span whole = SPAN("GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    struct span guarded = unit_guarded(whole.p, whole.n);
    char *text = (char *)(size_t)guarded.p;
    size_t used;

    for (size_t i = 0; i < whole.n; i++) {
        for (int c = 0; c < 256; c++) {
            text[i] = (char)c;
            enum codec_result result = decode(guarded, &used);
            ck_assert((used > 0) == (result == CODEC_OK));
        }
        text[i] = whole.p[i];
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("httpreq");

    unit_add_loop(suite, "decode good", httpreq_decode_good_is_ok, UNIT_ROWS(good));
    unit_add_loop(suite, "decode prefixes", httpreq_decode_every_prefix_is_more, UNIT_ROWS(good));
    unit_add_loop(suite, "decode the rest", httpreq_decode_leaves_what_follows, UNIT_ROWS(good));
    unit_add_loop(suite, "decode bad", httpreq_decode_wrong_is_bad_with_a_reason, UNIT_ROWS(bad));
    unit_add_loop(suite, "decode prefixes of bad", httpreq_decode_prefixes_of_wrong_are_never_ok, UNIT_ROWS(bad));
    unit_add(suite, "decode any", (const TTest *const[]){ httpreq_decode_takes_any_byte, NULL });
    return unit_run(suite);
}
