#include "backend.h"

#include "backend_fixture.h"

static const struct {
    const char *name;
    const char *path;
    const char *keys;
    const char *key;
    const char *request; /* its beginning */
    const char *holds;
} rendered[] = {
    { "key", "/a/%s", "", "user@example.com", "GET /a/user%40example.com HTTP/1.1\r\n", "" },
    { "parts", "/%d/%u?l=%1&m=%2", "", "user@mx.example.com", "GET /mx.example.com/user?l=com&m=example HTTP/1.1\r\n",
      "" },
    { "percent sign", "/a%%41/%s", "", "k", "GET /a%41/k HTTP/1.1\r\n", "" },
    { "pfxhttp's name", "/?k={{ .Key }}", "", "k", "GET /?k=k HTTP/1.1\r\n", "" },
    { "every byte", "/%s", "", "a b/c?d&e=f%g#h", "GET /a%20b%2Fc%3Fd%26e%3Df%25g%23h HTTP/1.1\r\n", "" },
    { "UTF-8", "/%s", "", "\xc3\xa9", "GET /%C3%A9 HTTP/1.1\r\n", "" },
    { "folded", "/%s", "", "UsEr@EXAMPLE.com", "GET /user%40example.com HTTP/1.1\r\n", "" },
    { "not folded", "/%s", "fold_case = false;", "UsEr", "GET /UsEr HTTP/1.1\r\n", "" },
    { "folded ASCII only", "/%s", "", "\xc3\x89", "GET /%C3%89 HTTP/1.1\r\n", "" },
    { "payload", "/", "payload = \"{\\\"k\\\":\\\"%s\\\"}\";", "a\"b\\c", "POST / HTTP/1.1\r\n",
      "\r\n\r\n{\"k\":\"a\\\"b\\\\c\"}" },
    { "payload group", "/", "payload = { key = \"%s\"; };", "k", "POST / HTTP/1.1\r\n", "\r\n\r\n{\"key\":\"k\"}" },
    { "form", "/", "payload = \"k=%s&x=1\"; content_type = \"application/x-www-form-urlencoded\";", "a b",
      "POST / HTTP/1.1\r\n", "\r\n\r\nk=a%20b&x=1" },
    { "header", "/", "custom_headers = [\"X-Key: <%s>\"];", "a b", "GET / HTTP/1.1\r\n", "\r\nX-Key: <a b>\r\n" },
    { "dots in a longer segment", "/%s", "", "...", "GET /... HTTP/1.1\r\n", "" },
    { "dots in the query", "/?k=%s", "", "..", "GET /?k=.. HTTP/1.1\r\n", "" },
    { "dots beside text", "/a%s", "", "..", "GET /a.. HTTP/1.1\r\n", "" },
    { "a slash", "/%s", "", "a/b", "GET /a%2Fb HTTP/1.1\r\n", "" },
    { "slashes and dots in the query", "/?k=%s", "", "a/../b", "GET /?k=a%2F..%2Fb HTTP/1.1\r\n", "" },
    { "dots of the administrator", "/a/../b?k=%s", "", "k", "GET /a/../b?k=k HTTP/1.1\r\n", "" },
};

START_TEST(backend_request_is_made_from_the_templates)
{
    char host[40];

    fixture_entry(rendered[_i].path, rendered[_i].keys);
    fixture_ask(span_text(rendered[_i].key));
    ck_assert_msg(fixture_server.requests == 1, "%s: no request, %s %s", rendered[_i].name,
                  verdict_word(fixture_verdict.kind), fixture_log());
    fixture_expect(VERDICT_FOUND, "value");
    responder_expect_begin(&fixture_server, rendered[_i].request);
    unit_expect(responder_got(&fixture_server, rendered[_i].holds), rendered[_i].name);
    snprintf(host, sizeof(host), "\r\nHost: 127.0.0.1:%u\r\n", fixture_server.port);
    unit_expect(responder_got(&fixture_server, host), rendered[_i].name);
}
END_TEST

static const struct {
    const char *name;
    const char *path;
    const char *keys;
    struct span key;
} suppressed[] = {
    { "empty key", "/%s", "", UNIT_BYTES("") },
    { "not UTF-8", "/%s", "", UNIT_BYTES("a\xff") },
    { "overlong UTF-8", "/%s", "", UNIT_BYTES("\xc0\xaf") },
    { "dot", "/a/%s", "", UNIT_BYTES(".") },
    { "two dots", "/a/%s", "", UNIT_BYTES("..") },
    { "two dots before the query", "/a/%s?b", "", UNIT_BYTES("..") },
    { "two dots in the middle", "/%s/b", "", UNIT_BYTES("..") },
    { "two dots between slashes", "/%s", "", UNIT_BYTES("a/../b") },
    { "two dots in a quoted local part", "/users/%s", "", UNIT_BYTES("\"x/../../admin/\"@x") },
    { "two dots between backslashes", "/%s", "", UNIT_BYTES("a\\..\\b") },
    { "dots from text and key", "/a/.%s", "", UNIT_BYTES(".") },
    { "local part of dots", "/%u", "", UNIT_BYTES("..@example.com") },
    { "no domain", "/%d", "", UNIT_BYTES("user") },
    { "no second label", "/%2", "", UNIT_BYTES("user@localhost") },
    { "empty local part", "/%u", "", UNIT_BYTES("@example.com") },
    { "no domain for the payload", "/", "payload = \"{\\\"d\\\":\\\"%d\\\"}\";", UNIT_BYTES("user") },
    { "no domain for a header", "/", "custom_headers = [\"X-D: %d\"];", UNIT_BYTES("user") },
};

START_TEST(backend_key_that_does_not_suit_is_not_found_without_a_request)
{
    fixture_entry(suppressed[_i].path, suppressed[_i].keys);
    fixture_ask(suppressed[_i].key);
    unit_expect(fixture_verdict.kind == VERDICT_NOTFOUND, suppressed[_i].name);
    fixture_turns(5);
    unit_expect(fixture_server.accepted == 0, suppressed[_i].name);
    unit_expect(fixture_log()[0] == '\0', suppressed[_i].name);
}
END_TEST

static const struct {
    const char *name;
    struct span key;
} refused[] = {
    { "CR", UNIT_BYTES("a\rb") },
    { "LF", UNIT_BYTES("a\nX-Evil: 1") },
    { "NUL", UNIT_BYTES("a\0b") },
};

START_TEST(backend_key_that_would_break_a_header_is_refused_with_a_warning)
{
    fixture_entry("/", "custom_headers = [\"X-Key: %s\"];");
    fixture_ask(refused[_i].key);
    fixture_expect(VERDICT_PERM, "what is asked does not fit into the request");
    fixture_turns(5);
    unit_expect(fixture_server.accepted == 0, refused[_i].name);
    ck_assert_int_eq(fixture_log_count(": what is asked does not fit into the request\n"), 1);
    fixture_ask(SPAN("good"));
    fixture_expect(VERDICT_FOUND, "value");
}
END_TEST

/* A key of n times x whose URL has so many bytes. */
static void ask_for_url_of(size_t bytes, size_t around)
{
    size_t n = bytes - around;
    char *key = mem_alloc(n);

    memset(key, 'x', n);
    fixture_ask(span_make(key, n));
    mem_free(key);
}

START_TEST(backend_url_fits_up_to_its_limit)
{
    char around[100];

    fixture_entry("/%s", "");
    snprintf(around, sizeof(around), "http://127.0.0.1:%u/", fixture_server.port);
    ask_for_url_of(HTTP_URL_MAX_BYTES, strlen(around));
    fixture_expect(VERDICT_FOUND, "value");
    ask_for_url_of(HTTP_URL_MAX_BYTES + 1, strlen(around));
    fixture_expect(VERDICT_PERM, "what is asked does not fit into the request");
    ask_for_url_of(HTTP_URL_MAX_BYTES + 2, strlen(around));
    fixture_expect(VERDICT_PERM, "what is asked does not fit into the request");
    ck_assert_int_eq(fixture_server.requests, 1);
}
END_TEST

/* A header that is left out because it is too long would change the question. */
START_TEST(backend_header_that_is_too_long_refuses_the_request)
{
    const size_t limit = 128 * 1024;
    char *key = mem_alloc(limit + 10);

    memset(key, 'x', limit + 10);
    fixture_entry("/", "custom_headers = [\"X-Key: %s\"];");
    for (size_t n = limit - 10; n <= limit + 1; n++) {
        fixture_ask(span_make(key, n));
        ck_assert_msg(fixture_verdict.kind == VERDICT_PERM || responder_got(&fixture_server, "\r\nX-Key: xxx"),
                      "a key of %zu bytes was left out", n);
        buf_clear(&fixture_server.request);
        buf_add(&fixture_server.request, SPAN("\0"));
    }
    fixture_expect(VERDICT_PERM, "what is asked does not fit into the request");
    mem_free(key);
}
END_TEST

START_TEST(backend_requests_have_ids_of_their_own)
{
    char first[20];
    const char *at;

    fixture_entry("/%s", "");
    fixture_ask(SPAN("k"));
    at = strstr(fixture_server.request.p, "\r\nX-Request-Id: ");
    ck_assert_ptr_nonnull(at);
    at += strlen("\r\nX-Request-Id: ");
    ck_assert_uint_eq(strspn(at, "0123456789abcdef"), 16);
    ck_assert_int_eq(at[16], '\r');
    snprintf(first, sizeof(first), "%.16s", at);
    fixture_ask(SPAN("k"));
    ck_assert(!responder_got(&fixture_server, first));
    ck_assert(responder_got(&fixture_server, "\r\nX-Request-Id: "));
}
END_TEST

START_TEST(backend_silence_is_a_timeout)
{
    fixture_entry("/%s", "http = { timeout = \"3s\"; };");
    fixture_server.answer = NULL;
    fixture_ask_of("m", SPAN("k"));
    while (fixture_server.requests == 0)
        fixture_turns(1);
    fixture_tick_ms = 0;
    fixture_move_clock(2000);
    fixture_turns(1);
    ck_assert_int_eq(fixture_done, 0);
    fixture_move_clock(1000);
    fixture_turns(1);
    ck_assert_int_eq(fixture_done, 1);
    fixture_expect(VERDICT_TIMEOUT, "the backend did not answer in time");
}
END_TEST

START_TEST(backend_cancelled_call_has_no_verdict)
{
    fixture_entry("/%s", "");
    fixture_server.answer = NULL;
    for (int turns = 0; turns < 10; turns++) {
        struct backend_call *call = fixture_ask_of("m", SPAN("k"));
        fixture_turns(turns);
        backend_cancel(call);
    }
    fixture_turns(5);
    ck_assert_int_eq(fixture_done, 0);
}
END_TEST

START_TEST(backend_error_of_a_bad_entry_is_its_own)
{
    static const char text[] = "socket_maps = { bad = { target = 5; };"
                               " tls = { target = \"https://127.0.0.1/\"; tls = { root_ca = \"$DIR/no\"; }; };"
                               " good = { target = \"http://127.0.0.1/\"; }; };";
    struct config *config = fixture_load(text);
    struct backend_shared shared;
    backend_shared_load(&shared, config, CONFIG_SOCKET_MAPS);
    struct backend *backend = backend_new(&fixture_loop, config, &shared, 0);

    ck_assert_ptr_nonnull(backend_error(backend, fixture_map(config, "bad")));
    ck_assert_ptr_nonnull(backend_error(backend, fixture_map(config, "tls")));
    ck_assert_ptr_null(backend_error(backend, fixture_map(config, "good")));
    backend_free(&backend);
    backend_shared_close(&shared);
    config_free(&config);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("backend");

    fixture_add_backend(suite, "rendered", (const TTest *const[]){ backend_request_is_made_from_the_templates, NULL },
                        UNIT_ROWS(rendered));
    fixture_add_backend(suite, "suppressed",
                        (const TTest *const[]){ backend_key_that_does_not_suit_is_not_found_without_a_request, NULL },
                        UNIT_ROWS(suppressed));
    fixture_add_backend(suite, "refused",
                        (const TTest *const[]){ backend_key_that_would_break_a_header_is_refused_with_a_warning, NULL },
                        UNIT_ROWS(refused));
    fixture_add_backend(suite, "backend_ask",
                        (const TTest *const[]){ backend_url_fits_up_to_its_limit,
                                                backend_header_that_is_too_long_refuses_the_request,
                                                backend_requests_have_ids_of_their_own, backend_silence_is_a_timeout,
                                                backend_cancelled_call_has_no_verdict,
                                                backend_error_of_a_bad_entry_is_its_own, NULL },
                        1);
    return unit_run(suite);
}
