#include "mask.h"

#include "unit.h"

typedef size_t masker(char *out, size_t size, struct span text);

#define OUT_MAX_BYTES 512

static const struct {
    const char *name;
    masker *mask;
    struct span text;
    struct span masked;
} rows[] = {
    { "Authorization", mask_header, UNIT_BYTES("Authorization: Basic eDp5"), UNIT_BYTES("Authorization: ***") },
    { "any case", mask_header, UNIT_BYTES("PROXY-AUTHORIZATION: x"), UNIT_BYTES("PROXY-AUTHORIZATION: ***") },
    { "X-Api-Key", mask_header, UNIT_BYTES("X-Api-Key:k"), UNIT_BYTES("X-Api-Key: ***") },
    { "X-Auth-Token", mask_header, UNIT_BYTES("X-Auth-Token: t: u"), UNIT_BYTES("X-Auth-Token: ***") },
    { "Set-Cookie", mask_header, UNIT_BYTES("Set-Cookie: a=b; c"), UNIT_BYTES("Set-Cookie: ***") },
    { "Host", mask_header, UNIT_BYTES("Host: password.example"), UNIT_BYTES("Host: password.example") },
    { "Auth-User", mask_header, UNIT_BYTES("Auth-User: a=b"), UNIT_BYTES("Auth-User: a=b") },
    { "no value", mask_header, UNIT_BYTES("Cookie:"), UNIT_BYTES("Cookie: ***") },
    { "request line", mask_header, UNIT_BYTES("GET /x?key=a&token=b&c=d HTTP/1.1"),
      UNIT_BYTES("GET /x?key=a&token=***&c=d HTTP/1.1") },
    { "request line, last", mask_header, UNIT_BYTES("GET /x?api_key=b HTTP/1.1"),
      UNIT_BYTES("GET /x?api_key=*** HTTP/1.1") },
    { "status line", mask_header, UNIT_BYTES("HTTP/1.1 200 OK"), UNIT_BYTES("HTTP/1.1 200 OK") },
    { "Location", mask_header, UNIT_BYTES("Location: /?access_token=b"), UNIT_BYTES("Location: /?access_token=***") },
    { "empty", mask_header, UNIT_BYTES(""), UNIT_BYTES("") },

    { "form", mask_body, UNIT_BYTES("username=a&password=b%26=c&x=y"), UNIT_BYTES("username=a&password=***&x=y") },
    { "form, empty value", mask_body, UNIT_BYTES("token=&token_type_hint=x"),
      UNIT_BYTES("token=***&token_type_hint=***") },
    { "form, value like a name", mask_body, UNIT_BYTES("key=token&a=password"), UNIT_BYTES("key=token&a=password") },
    { "form, no value", mask_body, UNIT_BYTES("password"), UNIT_BYTES("password") },
    { "lines", mask_body, UNIT_BYTES("a=b\nsecret=x y\nc=d"), UNIT_BYTES("a=b\nsecret=*** y\nc=d") },

    { "member", mask_body, UNIT_BYTES("{\"user\":\"a\",\"password\":\"b\"}"),
      UNIT_BYTES("{\"user\":\"a\",\"password\":\"***\"}") },
    { "spaces", mask_body, UNIT_BYTES(" { \"access_token\" : \"b\" , \"x\" : 1 }"),
      UNIT_BYTES(" { \"access_token\" : \"***\", \"x\" : 1 }") },
    { "escapes", mask_body, UNIT_BYTES("{\"secret\":\"a\\\"b\\\\\",\"x\":2}"),
      UNIT_BYTES("{\"secret\":\"***\",\"x\":2}") },
    { "number", mask_body, UNIT_BYTES("{\"pwd\":123,\"x\":2}"), UNIT_BYTES("{\"pwd\":\"***\",\"x\":2}") },
    { "array", mask_body, UNIT_BYTES("{\"tokens\":[\"a\",{\"b\":\"]}\"}],\"x\":2}"),
      UNIT_BYTES("{\"tokens\":\"***\",\"x\":2}") },
    { "object", mask_body, UNIT_BYTES("[{\"credentials\":{\"a\":\"b\"}},1]"),
      UNIT_BYTES("[{\"credentials\":\"***\"},1]") },
    { "deep", mask_body, UNIT_BYTES("{\"a\":{\"password\":\"b\"},\"c\":\"d\"}"),
      UNIT_BYTES("{\"a\":{\"password\":\"***\"},\"c\":\"d\"}") },
    { "value like a name", mask_body, UNIT_BYTES("{\"a\":\"password\",\"b\":[\"token\",\"c\"]}"),
      UNIT_BYTES("{\"a\":\"password\",\"b\":[\"token\",\"c\"]}") },
    { "cut in a name", mask_body, UNIT_BYTES("{\"password"), UNIT_BYTES("{\"password") },
    { "cut behind a name", mask_body, UNIT_BYTES("{\"password\""), UNIT_BYTES("{\"password\"") },
    { "cut behind a colon", mask_body, UNIT_BYTES("{\"password\":"), UNIT_BYTES("{\"password\":\"***\"") },
    { "cut in a value", mask_body, UNIT_BYTES("{\"password\":\"ab\\"), UNIT_BYTES("{\"password\":\"***\"") },
    { "prose", mask_body, UNIT_BYTES("the password is x"), UNIT_BYTES("the password is x") },
    { "empty body", mask_body, UNIT_BYTES(""), UNIT_BYTES("") },
};

START_TEST(mask_hides_the_values_of_secrets)
{
    struct span text = unit_guarded_span(rows[_i].text);
    size_t n = rows[_i].mask(NULL, 0, text);
    char *out = unit_guard(n);

    ck_assert_uint_le(n, OUT_MAX_BYTES);
    ck_assert_uint_eq(rows[_i].mask(out, n, text), n);
    unit_expect_span(span_make(out, n), rows[_i].masked, rows[_i].name);
    ck_assert_uint_eq(rows[_i].mask(out, n / 2, text), n);
}
END_TEST

static const struct {
    const char *name;
    struct span text, value, masked;
} values[] = {
    { "once", UNIT_BYTES("a secret b"), UNIT_BYTES("secret"), UNIT_BYTES("a *** b") },
    { "twice, side by side", UNIT_BYTES("xx"), UNIT_BYTES("x"), UNIT_BYTES("******") },
    { "all of it", UNIT_BYTES("ab"), UNIT_BYTES("ab"), UNIT_BYTES("***") },
    { "a part of it", UNIT_BYTES("aba"), UNIT_BYTES("abc"), UNIT_BYTES("aba") },
    { "with NUL", UNIT_BYTES("a\0b\0c"), UNIT_BYTES("\0b"), UNIT_BYTES("a***\0c") },
    { "in nothing", UNIT_BYTES(""), UNIT_BYTES("x"), UNIT_BYTES("") },
};

START_TEST(mask_hides_a_value)
{
    struct span text = unit_guarded_span(values[_i].text);
    size_t n = mask_value(NULL, 0, text, values[_i].value);
    char *out = unit_guard(n);

    ck_assert_uint_eq(mask_value(out, n, text, values[_i].value), n);
    unit_expect_span(span_make(out, n), values[_i].masked, values[_i].name);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mask");

    unit_add_loop(suite, "names", mask_hides_the_values_of_secrets, UNIT_ROWS(rows));
    unit_add_loop(suite, "values", mask_hides_a_value, UNIT_ROWS(values));
    return unit_run(suite);
}
