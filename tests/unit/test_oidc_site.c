#include "oidc_site.h"

#include "backend_fixture.h"

static struct http *http;
static struct oidc_site site;

static void end(void)
{
    oidc_site_close(&site);
    http_free(&http);
    fixture_backend_end();
}

static void open_site(const char *scheme)
{
    char *text = mem_format("dovecot_sasl = { l = { sasl_oidc_auth = { client_id = \"c\"; configuration_uri = "
                            "\"%s://127.0.0.1/c\"; }; }; };", scheme);

    fixture_config = fixture_load_good_login(text);
    http = http_new(&fixture_loop, 4, 4);
    ck_assert_ptr_nonnull(http);
    oidc_site_open(&site, &fixture_loop, http, http, fixture_login(fixture_config, "l")->sasl_oidc, NULL);
    mem_free(text);
}

/* Is it one that can be used? */
static bool accepts(const char *url)
{
    struct http_call *call = oidc_site_post(&site, url);

    if (call != NULL)
        http_cancel(call);
    return call != NULL;
}

static const struct {
    const char *name;
    const char *url;
    const char *used; /* NULL: it cannot be */
} urls[] = {
    { "plain", "http://h/p", "http://h/p" },
    { "no path", "http://h", "http://h/" },
    { "two slashes", "http://h:81//a/b", "http://h:81//a/b" },
    { "dots", "http://h/a/../b", "http://h/a/../b" },
    { "query", "http://h/?a=b&c=%20", "http://h/?a=b&c=%20" },
    { "what elsewhere is a placeholder", "http://h/%25s/{{", "http://h/%25s/{{" },
    { "percent-encoded", "http://h/%2fa%41", "http://h/%2fa%41" },
    { "IPv6", "http://[::1]:8/", "http://[::1]:8/" },
    { "https", "https://h/", "https://h/" },
    { "empty", "", NULL },
    { "relative", "/token", NULL },
    { "without a host", "http:///token", NULL },
    { "another scheme", "ftp://h/", NULL },
    { "a file", "file:///etc/passwd", NULL },
    { "a user", "http://u:p@h/", NULL },
    { "a fragment", "http://h/#a", NULL },
    { "a blank", "http://h/a b", NULL },
    { "a line break", "http://h/a\r\nX: 1", NULL },
    { "not ASCII", "http://h/\xC3\xBC", NULL },
    { "a bad port", "http://h:99999/", NULL },
    { "a lone %", "http://h/%zz", NULL },
};

START_TEST(oidc_site_takes_urls_that_can_be_used)
{
    open_site("http");
    struct http_call *call = oidc_site_get(&site, urls[_i].url);
    unit_expect((call != NULL) == (urls[_i].used != NULL), urls[_i].name);
    if (call != NULL) {
        unit_expect_span(buf_span(http_url(call)), span_text(urls[_i].used), urls[_i].name);
        http_cancel(call);
    }
    unit_expect(fixture_log_count("the provider publishes a URL that cannot be used (") == (call == NULL),
                urls[_i].name);
}
END_TEST

START_TEST(oidc_site_with_tls_has_it_everywhere)
{
    open_site("https");
    ck_assert(accepts("https://h/token"));
    ck_assert(!accepts("http://127.0.0.1/token"));
    ck_assert_int_eq(fixture_log_count("oidc=https://127.0.0.1/c: the provider publishes a URL without TLS"), 1);
    ck_assert(!accepts("unix:/s:/token"));
    ck_assert(!accepts("HTTP://h/"));
}
END_TEST

START_TEST(oidc_site_has_so_many_urls_and_no_more)
{
    char url[40];

    open_site("http");
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < OIDC_SITE_URLS_MAX; i++) {
            snprintf(url, sizeof(url), "http://h/%d", i);
            ck_assert(accepts(url));
        }
        ck_assert(!accepts("http://h/more"));
    }
    struct http_call *call = oidc_site_get(&site, "http://h/0"); /* another method, another request */
    ck_assert_ptr_null(call);
    ck_assert_int_eq(fixture_log_count("the provider changes its URLs too often"), 1);
    ck_assert_int_eq(fixture_log_count("\n"), 1);
}
END_TEST

/* They are not read again and again, either. */
START_TEST(oidc_site_counts_urls_that_cannot_be_used)
{
    char url[40];

    open_site("https");
    for (int i = 0; i < 10 * OIDC_SITE_URLS_MAX; i++)
        ck_assert(!accepts("http://h/token"));
    ck_assert(accepts("https://h/token"));
    ck_assert_uint_eq(site.url_count, 2);
    for (int i = 2; i < OIDC_SITE_URLS_MAX; i++) {
        snprintf(url, sizeof(url), "ftp://h/%d", i);
        ck_assert(!accepts(url));
    }
    ck_assert_int_eq(fixture_log_count("the provider changes its URLs too often"), 0);
    ck_assert(!accepts("https://h/other"));
    ck_assert_int_eq(fixture_log_count("the provider changes its URLs too often"), 1);
    ck_assert(accepts("https://h/token"));
}
END_TEST

START_TEST(oidc_site_warns_of_each_cause_once_in_a_while)
{
    static const char *const causes[OIDC_SITE_CAUSES_MAX + 2] = { "a0", "a1", "a2", "a3", "a4",
                                                                  "a5", "a6", "a7", "a8", "a9" };

    open_site("http");
    for (int i = 0; i < 3; i++)
        oidc_site_warn(&site, causes[0], "x");
    oidc_site_warn(&site, causes[1], "");
    ck_assert_int_eq(fixture_log_count("warning: oidc=http://127.0.0.1/c: a0 (x)\n"), 1);
    ck_assert_int_eq(fixture_log_count("warning: oidc=http://127.0.0.1/c: a1\n"), 1);
    fixture_move_clock(LOG_LIMIT_MS);
    oidc_site_warn(&site, causes[0], "y");
    ck_assert_int_eq(fixture_log_count("a0 (y)"), 1);
    ck_assert_int_eq(fixture_log_count("\n"), 3);
    for (int i = 2; i < UNIT_ROWS(causes); i++)
        oidc_site_warn(&site, causes[i], "z"); /* more than are remembered are told all the same */
    ck_assert_int_eq(fixture_log_count(" (z)"), UNIT_ROWS(causes) - 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("oidc_site");
    TCase *tcase = unit_case("site");

    tcase_add_unchecked_fixture(tcase, fixture_begin, fixture_end);
    tcase_add_checked_fixture(tcase, fixture_clear, NULL);
    tcase_add_checked_fixture(tcase, fixture_backend_begin, end);
    tcase_add_loop_test(tcase, oidc_site_takes_urls_that_can_be_used, 0, UNIT_ROWS(urls));
    tcase_add_test(tcase, oidc_site_with_tls_has_it_everywhere);
    tcase_add_test(tcase, oidc_site_has_so_many_urls_and_no_more);
    tcase_add_test(tcase, oidc_site_counts_urls_that_cannot_be_used);
    tcase_add_test(tcase, oidc_site_warns_of_each_cause_once_in_a_while);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
