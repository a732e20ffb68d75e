#include "http_watch.h"

#include "http_fixture.h"

#define TARGET "http://127.0.0.1:$PORT/%s"

static char seen_request[2000];
static char seen_body[200];
static char seen_answer[2000];
static struct http_exchange seen;
static int seen_count;
static int done_before; /* when it was seen */
static enum http_failure seen_failure;

static void copy(char *out, size_t size, struct span text)
{
    snprintf(out, size, "%.*s", (int)text.n, text.n == 0 ? "" : text.p);
}

static void note(void *arg, const struct http_exchange *exchange)
{
    ck_assert_ptr_eq(arg, &seen);
    seen = *exchange;
    seen_count++;
    seen_failure = exchange->answer->failure;
    done_before = fixture_done;
    copy(seen_request, sizeof(seen_request), exchange->request_header);
    copy(seen_body, sizeof(seen_body), exchange->request_body);
    copy(seen_answer, sizeof(seen_answer), exchange->answer_header);
}

static void begin(void)
{
    fixture_http_begin();
    seen_count = 0;
    http_watch(note, &seen);
}

static void end(void)
{
    http_watch(NULL, NULL);
    fixture_http_end();
}

START_TEST(http_watch_shows_what_went_and_came)
{
    fixture_entry(TARGET, "http_auth_bearer = \"t\"; payload = \"{}\"; http_request_compression = true;");
    struct http_call *call = http_prepare(fixture_endpoint);
    buf_format(http_url(call), "http://127.0.0.1:%u/post", fixture_server.port);
    buf_add(http_body(call), SPAN("{\"a\":1}"));
    http_start(call, fixture_loop.now_ms + 100000, fixture_note, NULL);
    fixture_until(&fixture_done, 1);
    fixture_expect(HTTP_ANSWERED, 200, "ok");
    ck_assert_int_eq(seen_count, 1);
    ck_assert_int_eq(done_before, 0);
    ck_assert_str_eq(seen_body, "{\"a\":1}");
    ck_assert_ptr_nonnull(strstr(seen_request, "POST /post HTTP/1.1\r\n"));
    ck_assert_ptr_nonnull(strstr(seen_request, "\r\nAuthorization: Bearer t\r\n"));
    ck_assert_int_eq(strncmp(seen_answer, "HTTP/1.1 200", 12), 0);
    ck_assert_str_eq(seen.entry->name, "m");
    ck_assert_ptr_eq(seen.target, &seen.entry->targets[0]);
}
END_TEST

START_TEST(http_watch_tells_the_times_and_which_connection)
{
    fixture_entry(TARGET, "");
    fixture_fetch("/1");
    ck_assert(!seen.was_connected);
    ck_assert_int_gt(seen.connect_us, 0);
    ck_assert_int_gt(seen.first_byte_us, 0);
    ck_assert_int_eq(seen.tls_us, 0);
    ck_assert_int_ge(seen.total_us, seen.connect_us + seen.first_byte_us);
    fixture_fetch("/2");
    ck_assert(seen.was_connected);
    ck_assert_int_eq(seen.connect_us, 0);
    ck_assert_int_gt(seen.first_byte_us, 0);
}
END_TEST

START_TEST(http_watch_shows_that_nothing_went)
{
    fixture_entry("http://127.0.0.1:1/%s", "");
    struct http_call *call = http_prepare(fixture_endpoint);
    buf_add(http_url(call), SPAN("http://127.0.0.1:1/"));
    http_start(call, fixture_loop.now_ms + 100000, fixture_note, NULL);
    fixture_until(&fixture_done, 1);
    ck_assert_int_eq(seen_count, 1);
    ck_assert_int_eq(seen_failure, HTTP_NOT_CONNECTED);
    ck_assert_str_eq(seen_request, "");
    ck_assert(!seen.was_connected);
}
END_TEST

START_TEST(http_watch_shows_nothing_when_cancelled_or_when_nobody_looks_on)
{
    fixture_entry(TARGET, "");
    http_cancel(fixture_start("/1"));
    http_watch(NULL, NULL);
    fixture_fetch("/2");
    ck_assert_int_eq(seen_count, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("http_watch");
    TCase *tcase = unit_case("http_watch");

    tcase_add_unchecked_fixture(tcase, fixture_begin, fixture_end);
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, http_watch_shows_what_went_and_came);
    tcase_add_test(tcase, http_watch_tells_the_times_and_which_connection);
    tcase_add_test(tcase, http_watch_shows_that_nothing_went);
    tcase_add_test(tcase, http_watch_shows_nothing_when_cancelled_or_when_nobody_looks_on);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
