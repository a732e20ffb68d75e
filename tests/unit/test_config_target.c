#include "config_target.h"

#include "mem.h"
#include "unit.h"

static const struct {
    const char *url;
    const char *text;
    const char *origin;
    const char *host;
    unsigned port;
    bool tls;
} good[] = {
    { "https://id.example.com/token", "https://id.example.com/token", "https://id.example.com:443", "id.example.com",
      443, true },
    { "HTTP://ID.example.com", "http://id.example.com/", "http://id.example.com:80", "id.example.com", 80, false },
    { "https://h:8443//api/oidc/token", "https://h:8443//api/oidc/token", "https://h:8443", "h", 8443, true },
    { "https://h/a%2Fb%20c?d=%C3%BC&e={f}", "https://h/a%2Fb%20c?d=%C3%BC&e={f}", "https://h:443", "h", 443, true },
    { "https://[2001:db8::1]:1/x", "https://[2001:db8::1]:1/x", "https://[2001:db8::1]:1", "2001:db8::1", 1, true },
    { "unix:/run/a%b{.sock:/x?y", "http://localhost/x?y", "unix:/run/a%b{.sock", "localhost", 80, false },
};

START_TEST(config_target_of_url_takes_it_apart)
{
    struct config_memory *memory = config_memory_new();
    struct config_target target;
    const char *why;

    ck_assert_msg(config_target_of_url(span_text(good[_i].url), memory, &target, &why), "%s: %s", good[_i].url, why);
    ck_assert_str_eq(target.url.text, good[_i].text);
    ck_assert_str_eq(target.origin, good[_i].origin);
    ck_assert_str_eq(target.host, good[_i].host);
    ck_assert_uint_eq(target.port, good[_i].port);
    ck_assert(target.tls == good[_i].tls);
    ck_assert_uint_eq(target.url.count, 1);
    ck_assert_int_eq(target.url.pieces[0].what, TEMPLATE_TEXT);
    ck_assert(span_equal(target.url.pieces[0].text, span_text(good[_i].text)));
    config_memory_free(&memory);
}
END_TEST

static const struct {
    struct span url;
    const char *why;
} bad[] = {
    { UNIT_BYTES(""), "must begin with http://, https:// or unix:/" },
    { UNIT_BYTES("/token"), "must begin with http://, https:// or unix:/" },
    { UNIT_BYTES("ftp://h/"), "must begin with http://, https:// or unix:/" },
    { UNIT_BYTES("https://"), "the host is missing" },
    { UNIT_BYTES("https://h:0/"), "the port must be a number (1 to 65535)" },
    { UNIT_BYTES("https://u@h/"), "must not hold a user" },
    { UNIT_BYTES("https://h/#f"), "must not hold a fragment (#)" },
    { UNIT_BYTES("https://h#f"), "must not hold a fragment (#)" },
    { UNIT_BYTES("https://h/a b"), "must not hold blanks or characters that are not ASCII" },
    { UNIT_BYTES("https://h/a\r\nX: y"), "must not hold blanks or characters that are not ASCII" },
    { UNIT_BYTES("https://h/a\0b"), "must not hold blanks or characters that are not ASCII" },
    { UNIT_BYTES("https://h/\xC3\xBC"), "must not hold blanks or characters that are not ASCII" },
    { UNIT_BYTES("https://h/%"), "a % must stand before two hexadecimal digits" },
    { UNIT_BYTES("https://h/%4"), "a % must stand before two hexadecimal digits" },
    { UNIT_BYTES("https://h/%zz"), "a % must stand before two hexadecimal digits" },
    { UNIT_BYTES("https://%41/"), "the host has characters that no host name has (international names are written as "
                                  "xn--...)" },
    { UNIT_BYTES("unix:run/sock:/"), "must be unix:/path.sock:/url/path" },
    { UNIT_BYTES("unix:/sock:x"), "must be unix:/path.sock:/url/path" },
};

START_TEST(config_target_of_url_says_what_is_wrong)
{
    struct config_memory *memory = config_memory_new();
    struct config_target target;
    const char *why = NULL;

    ck_assert_msg(!config_target_of_url(bad[_i].url, memory, &target, &why), "%d", _i);
    ck_assert_str_eq(why, bad[_i].why);
    config_memory_free(&memory);
}
END_TEST

START_TEST(config_target_of_url_has_a_limit)
{
    struct config_memory *memory = config_memory_new();
    struct config_target target;
    const char *why = NULL;
    char url[CONFIG_TARGET_MAX_BYTES + 1];

    memset(url, 'a', sizeof(url));
    memcpy(url, "https://h/", sizeof("https://h/") - 1);
    ck_assert(config_target_of_url(span_make(url, CONFIG_TARGET_MAX_BYTES), memory, &target, &why));
    ck_assert(!config_target_of_url(span_make(url, CONFIG_TARGET_MAX_BYTES + 1), memory, &target, &why));
    ck_assert_str_eq(why, "is too long");
    config_memory_free(&memory);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config_target");
    TCase *tcase = unit_case("config_target_of_url");

    tcase_add_loop_test(tcase, config_target_of_url_takes_it_apart, 0, UNIT_ROWS(good));
    tcase_add_loop_test(tcase, config_target_of_url_says_what_is_wrong, 0, UNIT_ROWS(bad));
    tcase_add_test(tcase, config_target_of_url_has_a_limit);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
