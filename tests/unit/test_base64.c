#include "base64.h"

#include "unit.h"

#define ROOM_BYTES 64
#define WHOLE_ALPHABET 9 /* the row */

static const struct {
    const char *name;
    struct span bytes;
    struct span encoded;
} rows[] = {
    { "nothing", UNIT_BYTES(""), UNIT_BYTES("") },
    { "one byte", UNIT_BYTES("f"), UNIT_BYTES("Zg==") },
    { "two bytes", UNIT_BYTES("fo"), UNIT_BYTES("Zm8=") },
    { "three bytes", UNIT_BYTES("foo"), UNIT_BYTES("Zm9v") },
    { "four bytes", UNIT_BYTES("foob"), UNIT_BYTES("Zm9vYg==") },
    { "five bytes", UNIT_BYTES("fooba"), UNIT_BYTES("Zm9vYmE=") },
    { "six bytes", UNIT_BYTES("foobar"), UNIT_BYTES("Zm9vYmFy") },
    { "plus and slash", UNIT_BYTES("\xFB\xEF\xBE\xFF\xFF\xFF"), UNIT_BYTES("++++////") },
    { "zero bits", UNIT_BYTES("\0\0\0\0"), UNIT_BYTES("AAAAAA==") },
    { "the whole alphabet",
      UNIT_BYTES("\x00\x10\x83\x10\x51\x87\x20\x92\x8B\x30\xD3\x8F\x41\x14\x93\x51\x55\x97\x61\x96\x9B\x71\xD7\x9F"
                 "\x82\x18\xA3\x92\x59\xA7\xA2\x9A\xAB\xB2\xDB\xAF\xC3\x1C\xB3\xD3\x5D\xB7\xE3\x9E\xBB\xF3\xDF\xBF"),
      UNIT_BYTES("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") },
    { "user and password", UNIT_BYTES("user:p\xC3\xA4ss"), UNIT_BYTES("dXNlcjpww6Rzcw==") },
};

static size_t encode(char *out, size_t size, const void *value)
{
    return base64_encode(out, size, unit_guarded_span(*(const struct span *)value));
}

START_TEST(base64_encode_writes_all_or_nothing)
{
    unit_encodes(rows[_i].encoded, rows[_i].name, encode, &rows[_i].bytes);
}
END_TEST

static const struct {
    const char *name;
    struct span text;
} bad[] = {
    { "one letter", UNIT_BYTES("Z") },
    { "two letters", UNIT_BYTES("Zg") },
    { "three letters", UNIT_BYTES("Zm8") },
    { "no padding behind a quartet", UNIT_BYTES("Zm9vYg") },
    { "half of the padding", UNIT_BYTES("Zg=") },
    { "padding of a whole quartet", UNIT_BYTES("====") },
    { "three of padding", UNIT_BYTES("Z===") },
    { "one equals sign", UNIT_BYTES("=") },
    { "padding behind a whole quartet", UNIT_BYTES("Zm9v====") },
    { "one more equals sign", UNIT_BYTES("Zm8==") },
    { "padding in the middle", UNIT_BYTES("Zg==Zg==") },
    { "padding before a letter", UNIT_BYTES("Zg=v") },
    { "padding at the start", UNIT_BYTES("=m9v") },
    { "four bits that are dropped", UNIT_BYTES("Zh==") },
    { "the highest bit that is dropped of four", UNIT_BYTES("Zo==") },
    { "two bits that are dropped", UNIT_BYTES("Zm9=") },
    { "the higher bit that is dropped of two", UNIT_BYTES("Zm+=") },
    { "LF behind", UNIT_BYTES("Zm9v\n") },
    { "CR behind", UNIT_BYTES("Zg==\r") },
    { "a line end that makes a quartet", UNIT_BYTES("Zm9vZm\r\n") },
    { "a space in the middle", UNIT_BYTES("Zm v") },
    { "a TAB before", UNIT_BYTES("\tZm9") },
    { "NUL", UNIT_BYTES("Zm9\0") },
    { "letters of base64url", UNIT_BYTES("-_-_") },
    { "UTF-8", UNIT_BYTES("Z\xC3\xBCv") },
};

static size_t decode(char *out, size_t size, const void *value)
{
    size_t needed = SIZE_MAX;
    ck_assert(base64_decode(out, size, unit_guarded_span(*(const struct span *)value), &needed));
    return needed;
}

START_TEST(base64_decode_writes_all_or_nothing)
{
    unit_encodes(rows[_i].bytes, rows[_i].name, decode, &rows[_i].encoded);
}
END_TEST

START_TEST(base64_decode_wrong_is_refused_and_writes_nothing)
{
    char out[ROOM_BYTES] = { 0 };
    size_t needed;

    unit_expect(!base64_decode(out, sizeof(out), unit_guarded_span(bad[_i].text), &needed), bad[_i].name);
    for (size_t i = 0; i < sizeof(out); i++)
        unit_expect(out[i] == 0, bad[_i].name);
}
END_TEST

/* Whole quartets before the padding are good, all else is not. */
START_TEST(base64_decode_of_a_prefix_is_refused_but_for_whole_quartets)
{
    struct span encoded = rows[_i].encoded;
    char out[ROOM_BYTES];
    size_t needed;

    for (size_t n = 0; n <= encoded.n; n++) {
        bool is_good = base64_decode(out, sizeof(out), unit_guarded(encoded.p, n), &needed);
        ck_assert_msg(is_good == (n % 4 == 0), "%s: %zu bytes", rows[_i].name, n);
        if (is_good)
            unit_expect_span(span_make(out, needed), span_first(rows[_i].bytes, needed), rows[_i].name);
    }
}
END_TEST

START_TEST(base64_decode_takes_the_alphabet_only)
{
    struct span alphabet = rows[WHOLE_ALPHABET].encoded;

    ck_assert_uint_eq(alphabet.n, 64);
    for (int c = 0; c < 256; c++) {
        const char text[] = { 'A', (char)c, 'A', 'A' };
        char out[3];
        size_t needed;
        bool is_good = base64_decode(out, sizeof(out), span_make(text, sizeof(text)), &needed);
        ck_assert_msg(is_good == (span_find(alphabet, (char)c) < alphabet.n), "byte %d", c);
    }
}
END_TEST

/* There is one text for each value: what is accepted is what the encoder makes of it. */
START_TEST(base64_decode_accepts_what_encode_writes_and_nothing_else)
{
    static const char letters[] = "ABQgwz/+9=";
    const int count = (int)sizeof(letters) - 1;
    int accepted = 0;

    for (int i = 0; i < count * count * count * count; i++) {
        const char text[] = { letters[i % count], letters[i / count % count], letters[i / count / count % count],
                              letters[i / count / count / count] };
        char bytes[3];
        char again[sizeof(text)];
        size_t n;
        if (!base64_decode(bytes, sizeof(bytes), span_make(text, sizeof(text)), &n))
            continue;
        ck_assert_uint_eq(base64_encode(again, sizeof(again), span_make(bytes, n)), sizeof(again));
        unit_expect_span(span_make(text, sizeof(text)), span_make(again, sizeof(again)), "accepted");
        accepted++;
    }
    ck_assert_int_ge(accepted, (count - 1) * (count - 1) * (count - 1) * (count - 1));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base64");

    unit_add_loop(suite, "encode", base64_encode_writes_all_or_nothing, UNIT_ROWS(rows));
    unit_add_loop(suite, "decode", base64_decode_writes_all_or_nothing, UNIT_ROWS(rows));
    unit_add_loop(suite, "decode, bad", base64_decode_wrong_is_refused_and_writes_nothing, UNIT_ROWS(bad));
    unit_add_loop(suite, "decode, prefixes", base64_decode_of_a_prefix_is_refused_but_for_whole_quartets,
                  UNIT_ROWS(rows));
    unit_add(suite, "decode, any", (const TTest *const[]){ base64_decode_takes_the_alphabet_only,
                                                           base64_decode_accepts_what_encode_writes_and_nothing_else,
                                                           NULL });
    return unit_run(suite);
}
