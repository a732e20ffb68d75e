#include "netstring.h"

#include "unit.h"

#define MAX_BYTES 9000

static const struct {
    const char *name;
    struct span in;
    struct span body;
    size_t used;
} good[] = {
    { "empty", UNIT_BYTES("0:,"), UNIT_BYTES(""), 3 },
    { "short", UNIT_BYTES("5:hello,"), UNIT_BYTES("hello"), 8 },
    { "two digits", UNIT_BYTES("12:hello world!,"), UNIT_BYTES("hello world!"), 16 },
    { "colon and comma inside", UNIT_BYTES("4::,:,,"), UNIT_BYTES(":,:,"), 7 },
    { "NUL and high bytes inside", UNIT_BYTES("3:\0\xFF\n,"), UNIT_BYTES("\0\xFF\n"), 6 },
    { "a second one follows", UNIT_BYTES("1:a,1:b,"), UNIT_BYTES("a"), 4 },
    { "rubbish follows", UNIT_BYTES("1:a,x"), UNIT_BYTES("a"), 4 },
};

static const struct {
    const char *name;
    struct span in;
} bad[] = {
    { "no length", UNIT_BYTES(":,") },
    { "negative", UNIT_BYTES("-1:a,") },
    { "plus sign", UNIT_BYTES("+1:a,") },
    { "space before", UNIT_BYTES(" 1:a,") },
    { "space after the digits", UNIT_BYTES("1 :a,") },
    { "letter", UNIT_BYTES("x") },
    { "hexadecimal", UNIT_BYTES("0x1:a,") },
    { "zero-padded", UNIT_BYTES("01:a,") },
    { "two zeros", UNIT_BYTES("00:,") },
    { "zero-padded, still without colon", UNIT_BYTES("00") },
    { "one over the limit", UNIT_BYTES("9001:") },
    { "over the limit, before the colon", UNIT_BYTES("9001") },
    { "huge", UNIT_BYTES("99999999999999999999:") },
    { "2^64", UNIT_BYTES("18446744073709551616:,") },
    { "2^64 + 1", UNIT_BYTES("18446744073709551617:a,") },
    { "endless digits", UNIT_BYTES("1111111111111111111111111111111111111111111111111111111111111111") },
    { "another byte for the comma", UNIT_BYTES("1:a;") },
    { "a longer body than said", UNIT_BYTES("1:ab,") },
    { "a line", UNIT_BYTES("GET / HTTP/1.0\r\n") },
    { "NUL", UNIT_BYTES("\0") },
};

static enum codec_result decode(struct span in, size_t *used)
{
    struct span body;
    const char *why;
    return netstring_decode(in, MAX_BYTES, &body, used, &why);
}

START_TEST(netstring_decode_good_is_ok)
{
    struct span in = unit_guarded_span(good[_i].in);
    struct span body;
    size_t used;
    const char *why;

    unit_expect(netstring_decode(in, MAX_BYTES, &body, &used, &why) == CODEC_OK, good[_i].name);
    unit_expect(used == good[_i].used, good[_i].name);
    unit_expect_span(body, good[_i].body, good[_i].name);
    unit_expect(body.p >= in.p && body.p + body.n < in.p + in.n, good[_i].name);
}
END_TEST

START_TEST(netstring_decode_every_prefix_is_more)
{
    unit_every_prefix_is_more(span_first(good[_i].in, good[_i].used), good[_i].name, decode);
}
END_TEST

START_TEST(netstring_decode_wrong_is_bad_with_a_reason)
{
    struct span in = unit_guarded_span(bad[_i].in);
    struct span body;
    size_t used = SIZE_MAX;
    const char *why = NULL;

    unit_expect(netstring_decode(in, MAX_BYTES, &body, &used, &why) == CODEC_BAD, bad[_i].name);
    unit_expect(used == 0, bad[_i].name);
    unit_expect(why != NULL && *why != '\0', bad[_i].name);
}
END_TEST

START_TEST(netstring_decode_at_the_limit_is_ok)
{
    char message[MAX_BYTES + NETSTRING_OVERHEAD_BYTES];
    char body[MAX_BYTES];

    memset(body, 'x', sizeof(body));
    size_t n = netstring_encode(message, sizeof(message), SPAN(""), span_make(body, sizeof(body)));
    unit_every_prefix_is_more(span_make(message, n), "the longest", decode);
}
END_TEST

START_TEST(netstring_decode_with_limit_zero_takes_the_empty_one_only)
{
    struct span body;
    size_t used;
    const char *why;

    ck_assert_int_eq(netstring_decode(SPAN("0:,"), 0, &body, &used, &why), CODEC_OK);
    ck_assert_int_eq(netstring_decode(SPAN("1"), 0, &body, &used, &why), CODEC_BAD);
}
END_TEST

START_TEST(netstring_decode_without_limit_survives_the_longest_length)
{
    struct span body;
    size_t used;
    const char *why;

    ck_assert_int_eq(netstring_decode(SPAN("18446744073709551615:a"), SIZE_MAX, &body, &used, &why), CODEC_MORE);
    ck_assert_int_eq(netstring_decode(SPAN("18446744073709551616:a"), SIZE_MAX, &body, &used, &why), CODEC_BAD);
}
END_TEST

START_TEST(netstring_decode_two_in_one_are_read_one_by_one)
{
    struct span rest = unit_guarded("3:one,0:,", 9);
    struct span body;
    size_t used;
    const char *why;

    ck_assert_int_eq(netstring_decode(rest, MAX_BYTES, &body, &used, &why), CODEC_OK);
    unit_expect_span(body, SPAN("one"), "first");
    rest = span_skip(rest, used);
    ck_assert_int_eq(netstring_decode(rest, MAX_BYTES, &body, &used, &why), CODEC_OK);
    unit_expect_span(body, SPAN(""), "second");
    ck_assert_uint_eq(used, rest.n);
}
END_TEST

static size_t encode(char *out, size_t size, const void *value)
{
    struct span body = *(const struct span *)value;
    return netstring_encode(out, size, span_first(body, body.n / 2), span_skip(body, body.n / 2));
}

START_TEST(netstring_encode_writes_all_or_nothing)
{
    unit_encodes(span_first(good[_i].in, good[_i].used), good[_i].name, encode, &good[_i].body);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("netstring");

    unit_add_loop(suite, "decode, good", netstring_decode_good_is_ok, UNIT_ROWS(good));
    unit_add_loop(suite, "decode, prefixes", netstring_decode_every_prefix_is_more, UNIT_ROWS(good));
    unit_add_loop(suite, "decode, bad", netstring_decode_wrong_is_bad_with_a_reason, UNIT_ROWS(bad));
    unit_add(suite, "decode",
             (const TTest *const[]){ netstring_decode_at_the_limit_is_ok,
                                     netstring_decode_with_limit_zero_takes_the_empty_one_only,
                                     netstring_decode_without_limit_survives_the_longest_length,
                                     netstring_decode_two_in_one_are_read_one_by_one, NULL });
    unit_add_loop(suite, "encode", netstring_encode_writes_all_or_nothing, UNIT_ROWS(good));
    return unit_run(suite);
}
