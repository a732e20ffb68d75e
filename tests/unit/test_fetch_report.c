#include "fetch.h"

#include "fetch_fixture.h"
#include "names_fixture.h"

#define ALL   FIXTURE_A ", " FIXTURE_B ", " FIXTURE_C
#define TIMES "http = { timeout = \"10s\"; attempt_timeout = \"3s\"; };"
#define BUSY  "HTTP/1.1 503 x\r\nContent-Length: 0\r\n"

enum { A, B, C };

static const struct {
    const char *name;
    const char *target;
    const char *answer; /* of a */
    enum responder_end then;
    int requests; /* that make it go down; 0: never */
    const char *cause;
} kinds[] = {
    { "not resolved", "\"http://nowhere.test:1/%s\"", "", RESPONDER_KEEPS, 2,
      "cannot resolve the backend's host name" },
    { "not connected", "\"unix:$DIR/none:/%s\"", "", RESPONDER_KEEPS, 2, "cannot connect to the backend" },
    { "502", FIXTURE_A, FIXTURE_STATUS("502"), RESPONDER_KEEPS, 5, "it reports an error of its own" },
    { "503", FIXTURE_A, FIXTURE_STATUS("503"), RESPONDER_KEEPS, 5, "it reports an error of its own" },
    { "504", FIXTURE_A, FIXTURE_STATUS("504"), RESPONDER_KEEPS, 5, "it reports an error of its own" },
    { "breaks", FIXTURE_A, NULL, RESPONDER_RESETS, 5, "the backend broke off its answer" },
    { "200", FIXTURE_A, FIXTURE_STATUS("200"), RESPONDER_KEEPS, 0, "" },
    { "404", FIXTURE_A, FIXTURE_STATUS("404"), RESPONDER_KEEPS, 0, "" },
    { "429", FIXTURE_A, FIXTURE_STATUS("429"), RESPONDER_KEEPS, 0, "" },
    { "500", FIXTURE_A, FIXTURE_STATUS("500"), RESPONDER_KEEPS, 0, "" },
    { "not HTTP", FIXTURE_A, "SSH-2.0\r\n\r\n", RESPONDER_KEEPS, 0, "" },
};

START_TEST(fetch_reports_to_health)
{
    struct fixture_fetch fetch;

    names_error = EAI_NONAME;
    fixture_targets(kinds[_i].target, "");
    fixture_servers[A].answer = kinds[_i].answer;
    fixture_servers[A].then = kinds[_i].then;
    for (int i = 1; i <= 12; i++) {
        bool is_asked = kinds[_i].requests == 0 || i <= kinds[_i].requests;
        enum fetch_start start = fixture_try(&fetch, "m", "k");
        ck_assert_msg((start == FETCH_STARTED) == is_asked, "%s: request %d, %d", kinds[_i].name, i, (int)start);
        if (is_asked)
            fixture_until(&fixture_done, i);
    }
    unit_expect(fixture_log_count("\n") == (kinds[_i].requests > 0), kinds[_i].name);
    unit_expect(strstr(fixture_log(), kinds[_i].cause) != NULL, kinds[_i].name);
    ck_assert_int_eq(fetch_has_target_up(fixture_fetcher, fixture_map(fixture_config, "m")), kinds[_i].requests == 0);
}
END_TEST

START_TEST(fetch_reports_attempts_without_an_answer)
{
    fixture_targets(ALL, TIMES);
    fixture_servers[A].answer = NULL;
    for (int i = 1; i <= HEALTH_SLOW_MAX; i++) {
        struct fixture_fetch fetch;
        ck_assert(fixture_is_up(A));
        fixture_start(&fetch, "m");
        fixture_until(&fixture_servers[A].requests, i);
        fixture_move_clock(3000);
        fixture_until(&fixture_done, i);
        ck_assert_int_eq(fetch.status, 200);
    }
    ck_assert(!fixture_is_up(A));
    ck_assert_int_eq(fixture_log_count("/a down: the backend did not answer in time; retry in "), 1);
    fixture_ask("m");
    ck_assert_int_eq(fixture_requests(A), HEALTH_SLOW_MAX);
}
END_TEST

START_TEST(fetch_other_answer_ends_the_count)
{
    static const char *const others[] = { FIXTURE_STATUS("200"), FIXTURE_STATUS("404"), FIXTURE_STATUS("429"),
                                          FIXTURE_STATUS("500") };

    fixture_targets(FIXTURE_A, "");
    for (int i = 0; i < UNIT_ROWS(others); i++) {
        fixture_servers[A].answer = FIXTURE_STATUS("503");
        for (int j = 0; j < HEALTH_SLOW_MAX - 1; j++)
            fixture_ask("m");
        fixture_servers[A].answer = others[i];
        fixture_ask("m");
    }
    ck_assert(fixture_is_up(A));
}
END_TEST

START_TEST(fetch_of_several_entries_share_what_is_known)
{
    fixture_targets(ALL, "");
    fixture_stop_server(A);
    fixture_ask("a");
    fixture_ask("m");
    ck_assert(!fixture_is_up(A));
    ck_assert_int_eq(fixture_log_count("\n"), 1);
    ck_assert(!fetch_has_target_up(fixture_fetcher, fixture_map(fixture_config, "a")));
    ck_assert(fetch_has_target_up(fixture_fetcher, fixture_map(fixture_config, "b")));
    fixture_run_server(A);
    fixture_ask("m");
    ck_assert_int_eq(fixture_requests(A), 0);
    fixture_wait_for_probe();
    fixture_ask("a");
    ck_assert(fixture_is_up(A));
    fixture_ask("m");
    ck_assert_int_eq(fixture_requests(A), 2);
}
END_TEST

static const struct {
    const char *name;
    const char *answer;
    int least_s, most_s;
} retry_after[] = {
    { "none", BUSY "\r\n", 0, 1 },
    { "seconds", BUSY "Retry-After: 20\r\n\r\n", 16, 24 },
    { "zero", BUSY "Retry-After: 0\r\n\r\n", 0, 1 },
    { "more than retry_interval", BUSY "Retry-After: 3600\r\n\r\n", 48, 60 },
    { "more than any number", BUSY "Retry-After: 99999999999999999999999999\r\n\r\n", 48, 60 },
    { "a date", BUSY "Retry-After: Fri, 31 Dec 2100 23:59:59 GMT\r\n\r\n", 0, 1 },
    { "negative", BUSY "Retry-After: -20\r\n\r\n", 0, 1 },
    { "empty", BUSY "Retry-After:\r\n\r\n", 0, 1 },
    { "of a 502", "HTTP/1.1 502 x\r\nContent-Length: 0\r\nRetry-After: 20\r\n\r\n", 0, 1 },
};

START_TEST(fetch_heeds_retry_after)
{
    struct fixture_fetch fetch;
    int waited_s = 0;

    fixture_targets(FIXTURE_A, "retry_interval = \"60s\";");
    fixture_servers[A].answer = retry_after[_i].answer;
    for (int i = 0; i < HEALTH_SLOW_MAX; i++)
        fixture_ask("m");
    fixture_tick_ms = 0;
    for (; fixture_try(&fetch, "m", "k") == FETCH_ALL_DOWN && waited_s < 100; waited_s++)
        fixture_move_clock(1000);
    fixture_cancel(&fetch);
    ck_assert_msg(waited_s >= retry_after[_i].least_s && waited_s <= retry_after[_i].most_s + 1, "%s: %d s",
                  retry_after[_i].name, waited_s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fetch_report");

    fixture_add_fetch(suite, "reports", (const TTest *const[]){ fetch_reports_to_health, NULL }, UNIT_ROWS(kinds));
    fixture_add_fetch(suite, "Retry-After", (const TTest *const[]){ fetch_heeds_retry_after, NULL },
                      UNIT_ROWS(retry_after));
    fixture_add_fetch(suite, "counts",
                      (const TTest *const[]){ fetch_reports_attempts_without_an_answer,
                                              fetch_other_answer_ends_the_count,
                                              fetch_of_several_entries_share_what_is_known, NULL },
                      1);
    return unit_run(suite);
}
