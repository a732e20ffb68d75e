#include "http.h"

#include "gzip.h"
#include "http_fixture.h"

#define TARGET "http://127.0.0.1:$PORT/%s"

/* Starts a request with a body and two further headers, "" none, and waits for the answer. */
static void post(const char *body, const char *header, const char *other)
{
    struct http_call *call = http_prepare(fixture_endpoint);
    int before = fixture_done;

    buf_format(http_url(call), "http://127.0.0.1:%u/post", fixture_server.port);
    buf_add(http_body(call), span_text(body));
    if (header[0] != '\0')
        http_add_header(call, header);
    if (other[0] != '\0')
        http_add_header(call, other);
    http_start(call, fixture_loop.now_ms + 100000, fixture_note, NULL);
    fixture_until(&fixture_done, before + 1);
    fixture_expect(HTTP_ANSWERED, 200, "ok");
}

/* Each pattern must be (!: must not be) in what the server got. */
#define PATTERNS_MAX 6

static const struct {
    const char *name;
    const char *keys;
    const char *body;
    const char *header;
    const char *other;
    const char *patterns[PATTERNS_MAX];
} rows[] = {
    { "GET", "", "", "", "",
      { "GET /post HTTP/1.1\r\n", "\r\nUser-Agent: pfx/", "\r\nAccept: */*\r\n", "!Content-Type", "!Content-Length",
        "!Accept-Encoding" } },
    { "POST", "payload = \"{}\";", "{\"k\":\"v\"}", "", "",
      { "POST /post HTTP/1.1\r\n", "\r\nContent-Type: application/json\r\n", "\r\nContent-Length: 9\r\n", "!Expect:",
        "\r\n\r\n{\"k\":\"v\"}" } },
    { "POST of a form", "payload = \"k=%s\"; content_type = \"application/x-www-form-urlencoded\";", "k=v", "", "",
      { "\r\nContent-Type: application/x-www-form-urlencoded\r\n", "\r\n\r\nk=v" } },
    { "POST without a body", "method = \"POST\";", "", "", "",
      { "POST /post HTTP/1.1\r\n", "\r\nContent-Length: 0\r\n", "!Content-Type" } },
    { "PUT", "method = \"PUT\"; payload = \"{}\";", "{}", "", "",
      { "PUT /post HTTP/1.1\r\n", "\r\nContent-Length: 2\r\n", "\r\n\r\n{}" } },
    { "GET with a body", "method = \"GET\"; payload = \"{}\";", "{}", "", "",
      { "GET /post HTTP/1.1\r\n", "\r\nContent-Length: 2\r\n", "\r\n\r\n{}" } },
    { "fixed header", "custom_headers = [\"X-Fixed: 100%% a  b\"];", "", "", "", { "\r\nX-Fixed: 100% a  b\r\n" } },
    { "fixed header without a value", "custom_headers = [\"Accept:\"];", "", "", "", { "GET /post" } },
    { "own User-Agent", "custom_headers = [\"user-agent: own\"];", "", "", "", { "\r\nuser-agent: own\r\n", "!pfx/" } },
    { "own Content-Type", "payload = \"{}\"; custom_headers = [\"content-type: application/x-own\"];", "{}", "", "",
      { "\r\ncontent-type: application/x-own\r\n", "!application/json" } },
    { "header of the request", "", "", "X-One: 1", "X-Two: 2", { "\r\nX-One: 1\r\n", "\r\nX-Two: 2\r\n" } },
    { "header of the request without a value", "", "", "X-Empty: ", "X-After: a",
      { "\r\nX-Empty:\r\n", "\r\nX-After: a\r\n" } },
    { "header of the request with blanks only", "", "", "X-Empty:  \t", "", { "\r\nX-Empty:\r\n" } },
    { "both kinds", "custom_headers = [\"X-Fixed: f\"];", "", "X-One: 1", "",
      { "\r\nX-One: 1\r\n", "\r\nX-Fixed: f\r\n" } },
    { "Basic", "http_auth_basic = \"user:pass\";", "", "", "", { "\r\nAuthorization: Basic dXNlcjpwYXNz\r\n" } },
    { "Bearer", "http_auth_bearer = \"token\";", "", "", "", { "\r\nAuthorization: Bearer token\r\n" } },
    { "own user agent", "http = { user_agent = \"Mine/1\"; };", "", "", "", { "\r\nUser-Agent: Mine/1\r\n" } },
    { "asks for gzip", "http_response_compression = true;", "", "", "", { "\r\nAccept-Encoding: gzip\r\n" } },
};

START_TEST(http_request_holds)
{
    fixture_entry(TARGET, rows[_i].keys);
    post(rows[_i].body, rows[_i].header, rows[_i].other);
    for (const char *const *pattern = rows[_i].patterns; pattern < rows[_i].patterns + PATTERNS_MAX; pattern++) {
        if (*pattern == NULL)
            break;
        bool unwanted = **pattern == '!';
        ck_assert_msg(responder_got(&fixture_server, *pattern + (unwanted ? 1 : 0)) != unwanted, "%s: %s: %s",
                      rows[_i].name, *pattern, fixture_server.request.p);
    }
}
END_TEST

START_TEST(http_header_of_a_request_is_not_sent_with_the_next)
{
    fixture_entry(TARGET, "custom_headers = [\"X-Fixed: f\"]; payload = \"{}\";");
    post("{\"long\":\"body\"}", "X-One: 1", "X-Two: 2");
    post("{}", "X-Two: 3", "");
    ck_assert(!responder_got(&fixture_server, "X-One"));
    ck_assert(!responder_got(&fixture_server, "X-Two: 2"));
    ck_assert(responder_got(&fixture_server, "\r\nX-Two: 3\r\n"));
    ck_assert(responder_got(&fixture_server, "\r\nX-Fixed: f\r\n"));
    ck_assert_str_eq(responder_body(&fixture_server), "{}");
    post("", "", "");
    ck_assert(responder_got(&fixture_server, "\r\nX-Fixed: f\r\n"));
    ck_assert(!responder_got(&fixture_server, "X-Two"));
}
END_TEST

START_TEST(http_long_body_arrives_whole)
{
    const size_t n = HTTP_BODY_MAX_BYTES;
    char *body = mem_alloc(n + 1);

    memset(body, 'b', n);
    fixture_entry(TARGET, "payload = \"{}\";");
    post(body, "", "");
    ck_assert_str_eq(responder_body(&fixture_server), body);
    ck_assert(!responder_got(&fixture_server, "\r\nExpect:"));
    mem_free(body);
}
END_TEST

START_TEST(http_longest_url_arrives_whole)
{
    fixture_entry(TARGET, "");
    struct http_call *call = http_prepare(fixture_endpoint);
    struct buf *url = http_url(call);

    buf_format(url, "http://127.0.0.1:%u/", fixture_server.port);
    while (url->n < HTTP_URL_MAX_BYTES)
        buf_add(url, SPAN("u"));
    http_start(call, fixture_loop.now_ms + 100000, fixture_note, NULL);
    fixture_until(&fixture_done, 1);
    fixture_expect(HTTP_ANSWERED, 200, "ok");
    ck_assert_uint_gt(fixture_server.request.n, HTTP_URL_MAX_BYTES);
}
END_TEST

START_TEST(http_request_body_is_packed)
{
    static const unsigned char gzip_magic[] = { 0x1f, 0x8b, 8 };

    fixture_entry(TARGET, "payload = \"{}\"; http_request_compression = true;");
    post("{\"a\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}", "", "");
    ck_assert(responder_got(&fixture_server, "\r\nContent-Encoding: gzip\r\n"));
    ck_assert_int_eq(memcmp(responder_body(&fixture_server), gzip_magic, sizeof(gzip_magic)), 0);
}
END_TEST

/* What is said to be packed has to be: no byte at all is no gzip. */
START_TEST(http_request_body_without_a_byte_is_packed_too)
{
    fixture_entry(TARGET, "payload = \"{}\"; http_request_compression = true;");
    post("", "", "");
    ck_assert(responder_got(&fixture_server, "\r\nContent-Encoding: gzip\r\n"));
    ck_assert(responder_got(&fixture_server, "\r\nContent-Length: 20\r\n"));
}
END_TEST

/* An answer of the text, packed. */
static void answer_packed(struct buf *answer, struct span text)
{
    struct buf packed;

    buf_init(&packed, 1 << 20);
    buf_init(answer, 1 << 20);
    ck_assert(gzip_pack(text, &packed));
    buf_format(answer, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n", packed.n);
    buf_add(answer, buf_span(&packed));
    buf_free(&packed);
    fixture_server.answer = answer->p;
    fixture_server.answer_bytes = answer->n;
}

START_TEST(http_packed_answer_is_unpacked_up_to_the_limit)
{
    char text[2002];
    struct buf answer;

    memset(text, 'z', sizeof(text));
    fixture_entry(TARGET, "http_response_compression = true; http = { max_response_size = 2000; };");
    answer_packed(&answer, span_make(text, 2000));
    fixture_fetch("/");
    ck_assert_int_eq(fixture_failure, HTTP_ANSWERED);
    ck_assert_uint_eq(strlen(fixture_body), 2000);
    buf_free(&answer);
    answer_packed(&answer, span_make(text, 2001));
    fixture_fetch("/");
    fixture_expect(HTTP_TOO_BIG, 0, "");
    buf_free(&answer);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("http_requests");
    TCase *tcase = unit_case("rows");

    tcase_add_unchecked_fixture(tcase, fixture_begin, fixture_end);
    tcase_add_checked_fixture(tcase, fixture_http_begin, fixture_http_end);
    tcase_add_loop_test(tcase, http_request_holds, 0, UNIT_ROWS(rows));
    suite_add_tcase(suite, tcase);
    fixture_add_http(suite, "requests",
                     (const TTest *const[]){ http_header_of_a_request_is_not_sent_with_the_next,
                                             http_long_body_arrives_whole, http_longest_url_arrives_whole,
                                             http_request_body_is_packed,
                                             http_request_body_without_a_byte_is_packed_too,
                                             http_packed_answer_is_unpacked_up_to_the_limit, NULL });
    return unit_run(suite);
}
