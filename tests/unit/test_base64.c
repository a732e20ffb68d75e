#include "base64.h"

#include "unit.h"

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

int main(void)
{
    Suite *suite = suite_create("base64");

    unit_add_loop(suite, "encode", base64_encode_writes_all_or_nothing, UNIT_ROWS(rows));
    return unit_run(suite);
}
