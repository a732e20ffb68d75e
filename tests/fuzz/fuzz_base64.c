/*
 * Base64 both ways, against OpenSSL; and UTF-8, against iconv(3). OpenSSL is more lenient: it passes over white space,
 * wants no padding bits to be zero, and counts padding as bytes.
 */
#include "fuzz.h"

#include <iconv.h>
#include <openssl/evp.h>

#include "base64.h"
#include "utf8.h"

#define UTF16_BYTES(n) (2 * (n)) /* of n bytes of UTF-8 at most */

typedef bool decode_function(char *out, size_t size, struct span text, size_t *needed);
typedef size_t encode_function(char *out, size_t size, struct span bytes);

/* What decodes, encodes to the same text: there is one way only to write it. Returns the bytes; free(3). */
static char *check_text(struct span text, decode_function *decode, encode_function *encode, size_t *n)
{
    if (!decode(NULL, 0, text, n))
        return NULL;
    char *bytes = fuzz_memory(*n), *again = fuzz_memory(text.n);
    FUZZ_HOLDS(decode(bytes, *n, text, n));
    FUZZ_HOLDS(encode(again, text.n, span_make(bytes, *n)) == text.n);
    FUZZ_HOLDS(span_equal(span_make(again, text.n), text));
    free(again);
    return bytes;
}

static void check_bytes(struct span bytes, decode_function *decode, encode_function *encode)
{
    size_t size = encode(NULL, 0, bytes), n;
    char *text = fuzz_memory(size);

    FUZZ_HOLDS(encode(text, size, bytes) == size);
    char *again = check_text(span_make(text, size), decode, encode, &n);
    FUZZ_HOLDS(again != NULL && span_equal(span_make(again, n), bytes));
    free(again);
    free(text);
}

static size_t padding(struct span text)
{
    size_t n = 0;

    while (n < text.n && text.p[text.n - 1 - n] == '=')
        n++;
    return n;
}

static void compare_with_openssl(struct span text, const char *bytes, size_t n)
{
    unsigned char *theirs = (unsigned char *)fuzz_memory(text.n + 1);
    int length = EVP_DecodeBlock(theirs, (const unsigned char *)text.p, (int)text.n);

    if (bytes != NULL) {
        FUZZ_HOLDS(length >= 0 && (size_t)length == n + padding(text));
        FUZZ_HOLDS(n == 0 || memcmp(theirs, bytes, n) == 0);
    }
    free(theirs);
}

static void compare_encoders(struct span bytes)
{
    size_t size = base64_encode(NULL, 0, bytes);
    char *ours = fuzz_memory(size);
    unsigned char *theirs = (unsigned char *)fuzz_memory(size + 1);

    base64_encode(ours, size, bytes);
    FUZZ_HOLDS((size_t)EVP_EncodeBlock(theirs, (const unsigned char *)bytes.p, (int)bytes.n) == size);
    FUZZ_HOLDS(size == 0 || memcmp(ours, theirs, size) == 0);
    free(theirs);
    free(ours);
}

static void compare_utf8(struct span text)
{
    static iconv_t converter;
    char *memory = fuzz_memory(UTF16_BYTES(text.n)), *out = memory, *in = (char *)(size_t)text.p;
    size_t in_left = text.n, out_left = UTF16_BYTES(text.n);

    if (converter == NULL)
        converter = iconv_open("UTF-16LE", "UTF-8");
    FUZZ_HOLDS(converter != (iconv_t)-1);
    iconv(converter, NULL, NULL, NULL, NULL);
    bool is_good = iconv(converter, &in, &in_left, &out, &out_left) != (size_t)-1;
    FUZZ_HOLDS(utf8_valid(text) == is_good);
    free(memory);
}

static void check_printable(struct span text)
{
    char shown[100];
    size_t n = utf8_printable(shown, sizeof(shown), text);

    FUZZ_HOLDS(n < sizeof(shown) && shown[n] == '\0' && strlen(shown) == n);
    FUZZ_HOLDS(utf8_valid(span_make(shown, n)) && !utf8_has_control(span_make(shown, n)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = span_make((const char *)data, size);
    size_t n = 0;

    char *bytes = check_text(in, base64_decode, base64_encode, &n);
    compare_with_openssl(in, bytes, n);
    free(bytes);
    free(check_text(in, base64_url_decode, base64_url_encode, &n));
    check_bytes(in, base64_decode, base64_encode);
    check_bytes(in, base64_url_decode, base64_url_encode);
    compare_encoders(in);
    compare_utf8(in);
    check_printable(in);
    return 0;
}
