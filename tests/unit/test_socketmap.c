#include "socketmap.h"

#include "netstring.h"
#include "unit.h"

#define LONG_KEY_BYTES 9000
#define MESSAGE_BYTES (SOCKETMAP_REQUEST_MAX_BYTES + NETSTRING_OVERHEAD_BYTES)

static const struct {
    const char *name;
    struct span body;
    struct span map;
    struct span key;
} good[] = {
    { "an address", UNIT_BYTES("vmail user@example.com"), UNIT_BYTES("vmail"), UNIT_BYTES("user@example.com") },
    { "an empty key", UNIT_BYTES("vmail "), UNIT_BYTES("vmail"), UNIT_BYTES("") },
    { "a name of one byte", UNIT_BYTES("m k"), UNIT_BYTES("m"), UNIT_BYTES("k") },
    { "spaces in the key", UNIT_BYTES("m a b  c "), UNIT_BYTES("m"), UNIT_BYTES("a b  c ") },
    { "a space begins the key", UNIT_BYTES("m  a"), UNIT_BYTES("m"), UNIT_BYTES(" a") },
    { "quotes", UNIT_BYTES("m \"a b\"@example.com"), UNIT_BYTES("m"), UNIT_BYTES("\"a b\"@example.com") },
    { "UTF-8", UNIT_BYTES("m j\xC3\xBCrgen@b\xC3\xBC.example"), UNIT_BYTES("m"),
      UNIT_BYTES("j\xC3\xBCrgen@b\xC3\xBC.example") },
    { "not UTF-8", UNIT_BYTES("m \xFF\xFE"), UNIT_BYTES("m"), UNIT_BYTES("\xFF\xFE") },
    { "a star", UNIT_BYTES("m *"), UNIT_BYTES("m"), UNIT_BYTES("*") },
    { "two quotes", UNIT_BYTES("m \"\""), UNIT_BYTES("m"), UNIT_BYTES("\"\"") },
    { "angle brackets", UNIT_BYTES("m <>"), UNIT_BYTES("m"), UNIT_BYTES("<>") },
    { "only a domain", UNIT_BYTES("m @example.com"), UNIT_BYTES("m"), UNIT_BYTES("@example.com") },
    { "line ends", UNIT_BYTES("m a\r\nb"), UNIT_BYTES("m"), UNIT_BYTES("a\r\nb") },
};

static const struct {
    const char *name;
    struct span in;
} bad[] = {
    { "empty request", UNIT_BYTES("0:,") },
    { "no space", UNIT_BYTES("5:vmail,") },
    { "empty name", UNIT_BYTES("4: key,") },
    { "only a space", UNIT_BYTES("1: ,") },
    { "NUL in the name", UNIT_BYTES("5:m\0a k,") },
    { "NUL in the key", UNIT_BYTES("5:m k\0x,") },
    { "NUL alone", UNIT_BYTES("3:m \0,") },
    { "no netstring", UNIT_BYTES("get vmail user\n") },
    { "no comma", UNIT_BYTES("3:m k;") },
    { "zero-padded length", UNIT_BYTES("03:m k,") },
    { "one over the limit", UNIT_BYTES("102657:") },
};

static const struct {
    const char *name;
    enum socketmap_status status;
    struct span text;
    struct span reply;
} replies[] = {
    { "OK", SOCKETMAP_OK, UNIT_BYTES("1"), UNIT_BYTES("4:OK 1,") },
    { "OK with spaces", SOCKETMAP_OK, UNIT_BYTES(" a b "), UNIT_BYTES("8:OK  a b ,") },
    { "NOTFOUND without text", SOCKETMAP_NOTFOUND, UNIT_BYTES(""), UNIT_BYTES("9:NOTFOUND ,") },
    { "TEMP", SOCKETMAP_TEMP, UNIT_BYTES("later"), UNIT_BYTES("10:TEMP later,") },
    { "TIMEOUT", SOCKETMAP_TIMEOUT, UNIT_BYTES("slow"), UNIT_BYTES("12:TIMEOUT slow,") },
    { "PERM", SOCKETMAP_PERM, UNIT_BYTES("no"), UNIT_BYTES("7:PERM no,") },
};

/* One large request at a time; the tests of one process share it. */
static char message[MESSAGE_BYTES];
static char body[SOCKETMAP_REQUEST_MAX_BYTES + 1];

static struct span framed(struct span request)
{
    return span_make(message, netstring_encode(message, sizeof(message), SPAN(""), request));
}

static struct span long_request(size_t bytes)
{
    memset(body, 'k', sizeof(body));
    memcpy(body, "map ", 4);
    return framed(span_make(body, bytes));
}

static enum codec_result decode(struct span in, size_t *used)
{
    struct socketmap_request request;
    const char *why;
    return socketmap_decode(in, &request, used, &why);
}

START_TEST(socketmap_decode_splits_at_the_first_space)
{
    struct span in = unit_guarded_span(framed(good[_i].body));
    struct socketmap_request request;
    size_t used;
    const char *why;

    unit_expect(socketmap_decode(in, &request, &used, &why) == CODEC_OK, good[_i].name);
    unit_expect(used == in.n, good[_i].name);
    unit_expect_span(request.name, good[_i].map, good[_i].name);
    unit_expect_span(request.key, good[_i].key, good[_i].name);
}
END_TEST

START_TEST(socketmap_decode_every_prefix_is_more)
{
    unit_every_prefix_is_more(framed(good[_i].body), good[_i].name, decode);
}
END_TEST

START_TEST(socketmap_decode_wrong_is_bad_with_a_reason)
{
    struct socketmap_request request;
    size_t used = SIZE_MAX;
    const char *why = NULL;

    unit_expect(socketmap_decode(unit_guarded_span(bad[_i].in), &request, &used, &why) == CODEC_BAD, bad[_i].name);
    unit_expect(used == 0, bad[_i].name);
    unit_expect(why != NULL && *why != '\0', bad[_i].name);
}
END_TEST

START_TEST(socketmap_decode_long_key_every_prefix_is_more)
{
    unit_every_prefix_is_more(long_request(LONG_KEY_BYTES), "a long key", decode);
}
END_TEST

START_TEST(socketmap_decode_at_the_limit_is_ok_and_beyond_is_bad)
{
    struct socketmap_request request;
    size_t used;
    const char *why;

    struct span in = unit_guarded_span(long_request(SOCKETMAP_REQUEST_MAX_BYTES));
    ck_assert_int_eq(socketmap_decode(in, &request, &used, &why), CODEC_OK);
    ck_assert_uint_eq(request.key.n, SOCKETMAP_REQUEST_MAX_BYTES - 4);

    in = unit_guarded_span(long_request(SOCKETMAP_REQUEST_MAX_BYTES + 1));
    ck_assert_int_eq(socketmap_decode(in, &request, &used, &why), CODEC_BAD);
}
END_TEST

START_TEST(socketmap_decode_leaves_a_second_request)
{
    struct span in = unit_guarded("3:a b,3:c d,", 12);
    struct socketmap_request request;
    size_t used;
    const char *why;

    ck_assert_int_eq(socketmap_decode(in, &request, &used, &why), CODEC_OK);
    unit_expect_span(request.key, SPAN("b"), "first");
    ck_assert_int_eq(socketmap_decode(span_skip(in, used), &request, &used, &why), CODEC_OK);
    unit_expect_span(request.name, SPAN("c"), "second");
}
END_TEST

static size_t encode(char *out, size_t size, const void *value)
{
    int row = *(const int *)value;
    return socketmap_encode(out, size, replies[row].status, unit_guarded_span(replies[row].text));
}

START_TEST(socketmap_encode_writes_all_or_nothing)
{
    int row = _i;
    unit_encodes(replies[_i].reply, replies[_i].name, encode, &row);
}
END_TEST

START_TEST(socketmap_reply_bytes_is_the_length_of_the_netstring)
{
    struct span reply;
    size_t used;
    const char *why;

    unit_expect(netstring_decode(replies[_i].reply, SIZE_MAX, &reply, &used, &why) == CODEC_OK, replies[_i].name);
    unit_expect(socketmap_reply_bytes(replies[_i].status, replies[_i].text) == reply.n, replies[_i].name);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("socketmap");

    unit_add_loop(suite, "decode, good", socketmap_decode_splits_at_the_first_space, UNIT_ROWS(good));
    unit_add_loop(suite, "decode, prefixes", socketmap_decode_every_prefix_is_more, UNIT_ROWS(good));
    unit_add_loop(suite, "decode, bad", socketmap_decode_wrong_is_bad_with_a_reason, UNIT_ROWS(bad));
    unit_add(suite, "decode",
             (const TTest *const[]){ socketmap_decode_long_key_every_prefix_is_more,
                                     socketmap_decode_at_the_limit_is_ok_and_beyond_is_bad,
                                     socketmap_decode_leaves_a_second_request, NULL });
    unit_add_loop(suite, "encode", socketmap_encode_writes_all_or_nothing, UNIT_ROWS(replies));
    unit_add_loop(suite, "reply_bytes", socketmap_reply_bytes_is_the_length_of_the_netstring, UNIT_ROWS(replies));
    return unit_run(suite);
}
