#include "base64.h"

#include "unit.h"

#define ROOM_BYTES 64

static const struct {
    const char *name;
    struct span bytes;
    struct span encoded;
} rows[] = {
    { "nothing", UNIT_BYTES(""), UNIT_BYTES("") },
    { "one byte", UNIT_BYTES("f"), UNIT_BYTES("Zg") },
    { "two bytes", UNIT_BYTES("fo"), UNIT_BYTES("Zm8") },
    { "three bytes", UNIT_BYTES("foo"), UNIT_BYTES("Zm9v") },
    { "four bytes", UNIT_BYTES("foob"), UNIT_BYTES("Zm9vYg") },
    { "five bytes", UNIT_BYTES("fooba"), UNIT_BYTES("Zm9vYmE") },
    { "six bytes", UNIT_BYTES("foobar"), UNIT_BYTES("Zm9vYmFy") },
    { "minus and underscore", UNIT_BYTES("\xFB\xEF\xBE\xFF\xFF\xFF"), UNIT_BYTES("----____") },
    { "underscore at the end", UNIT_BYTES("\xFF\xFF"), UNIT_BYTES("__8") },
    { "zero bits", UNIT_BYTES("\0\0\0\0"), UNIT_BYTES("AAAAAA") },
    { "the whole alphabet",
      UNIT_BYTES("\x00\x10\x83\x10\x51\x87\x20\x92\x8B\x30\xD3\x8F\x41\x14\x93\x51\x55\x97\x61\x96\x9B\x71\xD7\x9F"
                 "\x82\x18\xA3\x92\x59\xA7\xA2\x9A\xAB\xB2\xDB\xAF\xC3\x1C\xB3\xD3\x5D\xB7\xE3\x9E\xBB\xF3\xDF\xBF"),
      UNIT_BYTES("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") },
    { "RFC 7515 appendix C", UNIT_BYTES("\x03\xEC\xFF\xE0\xC1"), UNIT_BYTES("A-z_4ME") },
};

static size_t encode(char *out, size_t size, const void *value)
{
    return base64_url_encode(out, size, unit_guarded_span(*(const struct span *)value));
}

START_TEST(base64_url_encode_writes_all_or_nothing)
{
    unit_encodes(rows[_i].encoded, rows[_i].name, encode, &rows[_i].bytes);
}
END_TEST

static size_t decode(char *out, size_t size, const void *value)
{
    size_t needed = SIZE_MAX;
    ck_assert(base64_url_decode(out, size, unit_guarded_span(*(const struct span *)value), &needed));
    return needed;
}

START_TEST(base64_url_decode_writes_all_or_nothing)
{
    unit_encodes(rows[_i].bytes, rows[_i].name, decode, &rows[_i].encoded);
}
END_TEST

static const struct {
    const char *name;
    struct span text;
} bad[] = {
    { "one letter", UNIT_BYTES("Z") },
    { "one letter of zeros", UNIT_BYTES("A") },
    { "one letter behind a quartet", UNIT_BYTES("Zm9vA") },
    { "padding of one byte", UNIT_BYTES("Zg==") },
    { "padding of two bytes", UNIT_BYTES("Zm8=") },
    { "half of the padding", UNIT_BYTES("Zg=") },
    { "padding alone", UNIT_BYTES("=") },
    { "padding of a whole quartet", UNIT_BYTES("====") },
    { "four bits that are dropped", UNIT_BYTES("Zh") },
    { "the highest bit that is dropped of four", UNIT_BYTES("Zo") },
    { "two bits that are dropped", UNIT_BYTES("Zm9") },
    { "the higher bit that is dropped of two", UNIT_BYTES("Zm-") },
    { "plus", UNIT_BYTES("Zm+v") },
    { "slash", UNIT_BYTES("Zm/v") },
    { "LF behind", UNIT_BYTES("Zm9v\n") },
    { "CR LF behind", UNIT_BYTES("Zm\r\n") },
    { "a space in the middle", UNIT_BYTES("Zm v") },
    { "a TAB before", UNIT_BYTES("\tZm9v") },
    { "NUL", UNIT_BYTES("Zm9\0") },
    { "NUL behind", UNIT_BYTES("Zm9v\0") },
    { "a dot", UNIT_BYTES("Zm.v") },
    { "UTF-8", UNIT_BYTES("Z\xC3\xBCv") },
};

START_TEST(base64_url_decode_wrong_is_refused_and_writes_nothing)
{
    char out[ROOM_BYTES] = { 0 };
    size_t needed;

    unit_expect(!base64_url_decode(out, sizeof(out), unit_guarded_span(bad[_i].text), &needed), bad[_i].name);
    for (size_t i = 0; i < sizeof(out); i++)
        unit_expect(out[i] == 0, bad[_i].name);
}
END_TEST

START_TEST(base64_url_decode_takes_the_alphabet_only)
{
    const struct span alphabet = rows[10].encoded;

    for (int c = 0; c < 256; c++) {
        const char text[] = { 'A', (char)c, 'A', 'A' };
        char out[3];
        size_t needed;
        bool is_good = base64_url_decode(out, sizeof(out), span_make(text, sizeof(text)), &needed);
        ck_assert_msg(is_good == (span_find(alphabet, (char)c) < alphabet.n), "byte %d", c);
    }
}
END_TEST

/* There is one text for each value: what is accepted is what the encoder makes of it. */
START_TEST(base64_url_decode_accepts_what_encode_writes_and_nothing_else)
{
    static const char letters[] = "ABQgwz-_9+/=";
    const unsigned count = sizeof(letters) - 1;
    const unsigned texts = count * count * count * count;
    unsigned accepted = 0;

    for (unsigned i = 0; i < 4 * texts; i++) {
        const char text[] = { letters[i % count], letters[i / count % count], letters[i / count / count % count],
                              letters[i / count / count / count % count] };
        struct span whole = span_make(text, 1 + i / texts);
        char bytes[3];
        char again[sizeof(text)];
        size_t n;
        if (!base64_url_decode(bytes, sizeof(bytes), whole, &n))
            continue;
        ck_assert_uint_eq(base64_url_encode(again, sizeof(again), span_make(bytes, n)), whole.n);
        unit_expect_span(span_make(again, whole.n), whole, "accepted");
        accepted++;
    }
    ck_assert_uint_ge(accepted, 9 * 9 * 9 * 9);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base64url");

    unit_add_loop(suite, "encode", base64_url_encode_writes_all_or_nothing, UNIT_ROWS(rows));
    unit_add_loop(suite, "decode", base64_url_decode_writes_all_or_nothing, UNIT_ROWS(rows));
    unit_add_loop(suite, "decode, bad", base64_url_decode_wrong_is_refused_and_writes_nothing, UNIT_ROWS(bad));
    unit_add(suite, "decode, any",
             (const TTest *const[]){ base64_url_decode_takes_the_alphabet_only,
                                     base64_url_decode_accepts_what_encode_writes_and_nothing_else, NULL });
    return unit_run(suite);
}
