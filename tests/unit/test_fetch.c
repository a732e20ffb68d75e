#include "fetch.h"

#include "fetch_fixture.h"
#include "names_fixture.h"

#define ALL       FIXTURE_A ", " FIXTURE_B ", " FIXTURE_C
#define TIMES     "http = { timeout = \"10s\"; attempt_timeout = \"3s\"; };"
#define TOO_BIG   "http = { max_response_size = 1024; };"
#define FIFTY     "12345678901234567890123456789012345678901234567890"
#define LONG      FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY
#define LONG_BODY "HTTP/1.1 200 OK\r\nContent-Length: 1100\r\n\r\n" LONG LONG
#define ROUNDS    40

enum { A, B, C };

static void expect(const struct fixture_fetch *fetch, int which, const char *body)
{
    char *origin = mem_format("unix:%s/%c", fixture_directory, 'a' + which);

    ck_assert_int_eq(fetch->done, 1);
    ck_assert_int_eq(fetch->failure, HTTP_ANSWERED);
    ck_assert_str_eq(fetch->body, body);
    ck_assert_str_eq(fetch->target->origin, origin);
    mem_free(origin);
}

START_TEST(fetch_asks_the_first_that_is_listed)
{
    fixture_targets(ALL, "");
    for (int i = 0; i < 5; i++) {
        struct fixture_fetch fetch = fixture_ask("m");
        expect(&fetch, A, "ok");
    }
    ck_assert_int_eq(fixture_requests(A), 5);
    ck_assert_int_eq(fixture_requests(B) + fixture_requests(C), 0);
    responder_expect_begin(&fixture_servers[A], "GET /a/k HTTP/1.1\r\nHost: localhost\r\n");
    ck_assert_str_eq(fixture_log(), "");
}
END_TEST

START_TEST(fetch_asks_any_in_random_order)
{
    fixture_targets(ALL, "target_order = \"random\";");
    for (int i = 0; i < 3 * ROUNDS; i++)
        fixture_ask("m");
    for (int which = A; which <= C; which++)
        ck_assert_int_gt(fixture_requests(which), ROUNDS / 4);
}
END_TEST

START_TEST(fetch_tries_all_in_random_order)
{
    bool c_came_before_b = false, b_came_before_c = false;

    fixture_targets(ALL, "target_order = \"random\";");
    for (int i = 0; i < ROUNDS; i++) {
        int b = fixture_requests(B), c = fixture_requests(C);
        for (int which = A; which <= C; which++)
            fixture_servers[which].answer = which == i % 3 ? RESPONDER_OK("1", "x") : FIXTURE_STATUS("503");
        struct fixture_fetch fetch = fixture_ask("m");
        expect(&fetch, i % 3, "x");
        c_came_before_b |= fixture_requests(C) > c && fixture_requests(B) == b;
        b_came_before_c |= fixture_requests(B) > b && fixture_requests(C) == c;
    }
    ck_assert(c_came_before_b && b_came_before_c);
}
END_TEST

START_TEST(fetch_asks_the_next_when_one_refuses)
{
    fixture_targets(ALL, "");
    fixture_stop_server(A);
    struct fixture_fetch fetch = fixture_ask("m");
    expect(&fetch, B, "ok");
    fixture_stop_server(B);
    fetch = fixture_ask("m");
    expect(&fetch, C, "ok");
    responder_expect_begin(&fixture_servers[C], "GET /c/k HTTP/1.1\r\n");
}
END_TEST

static const struct {
    const char *name;
    const char *targets;
    const char *answer;
    bool goes_on;
} answers[] = {
    { "not resolved", "\"http://nowhere.test:1/%s\"," FIXTURE_B, "", true },
    { "not connected", "\"unix:$DIR/none:/%s\"," FIXTURE_B, "", true },
    { "no TLS", "\"https://127.0.0.1:$PORT/%s\"," FIXTURE_B, "", true },
    { "502", FIXTURE_A "," FIXTURE_B, FIXTURE_STATUS("502"), true },
    { "503", FIXTURE_A "," FIXTURE_B, FIXTURE_STATUS("503"), true },
    { "504", FIXTURE_A "," FIXTURE_B, FIXTURE_STATUS("504"), true },
    { "200", FIXTURE_A "," FIXTURE_B, FIXTURE_STATUS("200"), false },
    { "204", FIXTURE_A "," FIXTURE_B, "HTTP/1.1 204 x\r\n\r\n", false },
    { "302", FIXTURE_A "," FIXTURE_B, FIXTURE_STATUS("302"), false },
    { "401", FIXTURE_A "," FIXTURE_B, FIXTURE_STATUS("401"), false },
    { "404", FIXTURE_A "," FIXTURE_B, FIXTURE_STATUS("404"), false },
    { "429", FIXTURE_A "," FIXTURE_B, FIXTURE_STATUS("429"), false },
    { "500", FIXTURE_A "," FIXTURE_B, FIXTURE_STATUS("500"), false },
    { "501", FIXTURE_A "," FIXTURE_B, FIXTURE_STATUS("501"), false },
    { "505", FIXTURE_A "," FIXTURE_B, FIXTURE_STATUS("505"), false },
    { "not HTTP", FIXTURE_A "," FIXTURE_B, "SSH-2.0\r\n\r\n", false },
    { "too big", FIXTURE_A "," FIXTURE_B, LONG_BODY, false },
};

START_TEST(fetch_asks_the_next_only_after_what_says_that_one_is_not_there)
{
    struct responder plain;
    char port[12];
    const char *at = strstr(answers[_i].targets, "$PORT");

    names_error = EAI_NONAME;
    responder_begin(&plain);
    plain.answer = "this is not TLS";
    snprintf(port, sizeof(port), "%u", plain.port);
    char *targets = mem_format("%.*s%s%s", at == NULL ? 0 : (int)(at - answers[_i].targets), answers[_i].targets,
                               at == NULL ? "" : port, at == NULL ? answers[_i].targets : at + 5);
    fixture_targets(targets, TOO_BIG);
    fixture_servers[A].answer = answers[_i].answer;
    struct fixture_fetch fetch = fixture_ask("m");
    ck_assert_int_eq(fetch.done, 1);
    ck_assert_msg(fixture_requests(B) == answers[_i].goes_on, "%s: failure %d, status %d", answers[_i].name,
                  (int)fetch.failure, fetch.status);
    if (answers[_i].goes_on)
        expect(&fetch, B, "ok");
    ck_assert_ptr_eq(fetch.target, &fixture_map(fixture_config, "m")->targets[answers[_i].goes_on]);
    mem_free(targets);
    responder_end(&plain);
}
END_TEST

START_TEST(fetch_does_not_ask_the_next_when_an_answer_breaks_off)
{
    fixture_targets(ALL, "");
    fixture_servers[A].answer = "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf";
    fixture_servers[A].then = RESPONDER_CLOSES;
    struct fixture_fetch fetch = fixture_ask("m");
    ck_assert_int_eq(fetch.failure, HTTP_RESET);
    fixture_servers[A].answer = NULL;
    fixture_servers[A].then = RESPONDER_RESETS;
    fetch = fixture_ask("m");
    ck_assert_int_eq(fetch.failure, HTTP_RESET);
    ck_assert_int_eq(fixture_requests(B) + fixture_requests(C), 0);
}
END_TEST

START_TEST(fetch_gives_the_last_answer_when_all_fail)
{
    fixture_targets(ALL, "");
    fixture_stop_server(A);
    fixture_servers[B].answer = FIXTURE_STATUS("502");
    fixture_servers[C].answer = FIXTURE_STATUS("504");
    struct fixture_fetch fetch = fixture_ask("m");
    expect(&fetch, C, "");
    ck_assert_int_eq(fetch.status, 504);
    ck_assert_int_eq(fixture_requests(B), 1);
    ck_assert_int_eq(fixture_requests(C), 1);
    fixture_servers[C].answer = FIXTURE_STATUS("500");
    fetch = fixture_ask("m");
    ck_assert_int_eq(fetch.status, 500);
}
END_TEST

START_TEST(fetch_asks_the_next_when_the_attempt_is_over)
{
    struct fixture_fetch fetch;

    fixture_targets(ALL, TIMES);
    fixture_servers[A].answer = fixture_servers[B].answer = NULL;
    fixture_start(&fetch, "m");
    int64_t start_ms = fixture_loop.now_ms;
    fixture_freeze_at(A, 1);
    fixture_move_clock(start_ms + 2999 - fixture_loop.now_ms);
    fixture_turns(5);
    ck_assert_int_eq(fixture_requests(B), 0);
    fixture_move_clock(1);
    fixture_freeze_at(B, 1);
    fixture_move_clock(2999);
    fixture_turns(5);
    ck_assert_int_eq(fixture_requests(C), 0);
    fixture_move_clock(1);
    fixture_until(&fixture_done, 1);
    expect(&fetch, C, "ok");
}
END_TEST

START_TEST(fetch_gives_the_last_one_all_the_time_that_is_left)
{
    struct fixture_fetch fetch;

    fixture_targets(FIXTURE_A ", " FIXTURE_B, TIMES);
    fixture_servers[A].answer = fixture_servers[B].answer = NULL;
    fixture_start(&fetch, "m");
    int64_t start_ms = fixture_loop.now_ms;
    fixture_freeze_at(A, 1);
    fixture_move_clock(start_ms + 3000 - fixture_loop.now_ms);
    fixture_freeze_at(B, 1);
    fixture_move_clock(6999);
    fixture_turns(5);
    ck_assert_int_eq(fixture_done, 0);
    fixture_move_clock(1);
    fixture_turns(5);
    ck_assert_int_eq(fetch.done, 1);
    ck_assert_int_eq(fetch.failure, HTTP_TIMED_OUT);
    ck_assert_ptr_eq(fetch.target, &fixture_map(fixture_config, "m")->targets[B]);
}
END_TEST

START_TEST(fetch_gives_a_single_one_the_whole_time)
{
    struct fixture_fetch fetch;

    fixture_targets(FIXTURE_A, TIMES);
    fixture_servers[A].answer = NULL;
    fixture_start(&fetch, "m");
    int64_t start_ms = fixture_loop.now_ms;
    fixture_freeze_at(A, 1);
    fixture_move_clock(start_ms + 9999 - fixture_loop.now_ms);
    fixture_turns(5);
    ck_assert_int_eq(fixture_done, 0);
    fixture_move_clock(1);
    fixture_turns(5);
    ck_assert_int_eq(fetch.failure, HTTP_TIMED_OUT);
}
END_TEST

/* Whoever is down is not asked, and so not waited for either. */
START_TEST(fetch_gives_the_only_one_that_is_up_the_whole_time)
{
    struct fixture_fetch fetch;

    fixture_targets(ALL, TIMES);
    fixture_servers[A].answer = NULL;
    fixture_take_down(B);
    fixture_take_down(C);
    fixture_start(&fetch, "m");
    int64_t start_ms = fixture_loop.now_ms;
    fixture_freeze_at(A, 1);
    fixture_move_clock(start_ms + 9999 - fixture_loop.now_ms);
    fixture_turns(5);
    ck_assert_int_eq(fixture_done, 0);
    fixture_cancel(&fetch);
}
END_TEST

START_TEST(fetch_gives_the_last_one_all_the_time_when_the_rest_went_down)
{
    struct fixture_fetch fetch;

    fixture_targets(ALL, TIMES);
    fixture_servers[A].answer = fixture_servers[B].answer = NULL;
    fixture_start(&fetch, "m");
    int64_t start_ms = fixture_loop.now_ms;
    fixture_freeze_at(A, 1);
    fixture_take_down(C);
    fixture_move_clock(start_ms + 3000 - fixture_loop.now_ms);
    fixture_freeze_at(B, 1);
    fixture_move_clock(6999);
    fixture_turns(5);
    ck_assert_int_eq(fixture_done, 0);
    fixture_cancel(&fetch);
}
END_TEST

START_TEST(fetch_ends_at_its_deadline_whoever_is_left)
{
    struct fixture_fetch fetch;

    fixture_targets(ALL, "http = { timeout = \"4s\"; attempt_timeout = \"3s\"; };");
    fixture_servers[A].answer = fixture_servers[B].answer = NULL;
    fixture_start(&fetch, "m");
    int64_t start_ms = fixture_loop.now_ms;
    fixture_freeze_at(A, 1);
    fixture_move_clock(start_ms + 3000 - fixture_loop.now_ms);
    fixture_freeze_at(B, 1);
    fixture_move_clock(999);
    fixture_turns(5);
    ck_assert_int_eq(fixture_done, 0);
    fixture_move_clock(1);
    fixture_turns(5);
    ck_assert_int_eq(fetch.failure, HTTP_TIMED_OUT);
    fixture_turns(5);
    ck_assert_int_eq(fixture_requests(C), 0);
}
END_TEST

START_TEST(fetch_of_what_cannot_be_asked_sends_nothing)
{
    struct fixture_fetch fetch;

    fixture_targets(ALL, "custom_headers = [ \"X-Key: %s\" ];");
    ck_assert_int_eq(fixture_try(&fetch, "m", ".."), FETCH_SUPPRESSED);
    ck_assert_int_eq(fixture_try(&fetch, "m", "a\nb"), FETCH_REFUSED);
    for (int which = A; which <= C; which++)
        fixture_take_down(which);
    ck_assert_int_eq(fixture_try(&fetch, "m", ".."), FETCH_SUPPRESSED);
    ck_assert_int_eq(fixture_try(&fetch, "m", "a\nb"), FETCH_REFUSED);
    ck_assert_int_eq(fixture_try(&fetch, "m", "k"), FETCH_ALL_DOWN);
    fixture_wait_for_probe();
    ck_assert_int_eq(fixture_try(&fetch, "m", ".."), FETCH_SUPPRESSED);
    ck_assert_int_eq(fixture_try(&fetch, "m", "k"), FETCH_STARTED); /* the probe was given back */
    fixture_until(&fixture_done, 1);
    ck_assert_int_eq(fixture_requests(A) + fixture_requests(B) + fixture_requests(C), 1);
}
END_TEST

START_TEST(fetch_that_is_cancelled_tells_nothing)
{
    struct fixture_fetch fetch;

    fixture_targets(ALL, "");
    fixture_servers[A].answer = fixture_servers[C].answer = NULL;
    fixture_servers[B].answer = FIXTURE_STATUS("503");
    for (int turns = 0; turns < 12; turns++) {
        fixture_start(&fetch, "m");
        fixture_turns(turns);
        fixture_cancel(&fetch);
    }
    fixture_stop_server(A);
    fixture_start(&fetch, "m"); /* refused, then 503, then silence */
    fixture_until(&fixture_servers[C].requests, 1);
    fixture_cancel(&fetch);
    fixture_turns(5);
    ck_assert_int_eq(fixture_done, 0);
    ck_assert(fixture_is_up(A) && fixture_is_up(B) && fixture_is_up(C));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fetch");

    fixture_add_fetch(suite, "next",
                      (const TTest *const[]){ fetch_asks_the_next_only_after_what_says_that_one_is_not_there, NULL },
                      UNIT_ROWS(answers));
    fixture_add_fetch(suite, "order",
                      (const TTest *const[]){ fetch_asks_the_first_that_is_listed, fetch_asks_any_in_random_order,
                                              fetch_tries_all_in_random_order, fetch_asks_the_next_when_one_refuses,
                                              fetch_does_not_ask_the_next_when_an_answer_breaks_off,
                                              fetch_gives_the_last_answer_when_all_fail, NULL },
                      1);
    fixture_add_fetch(suite, "time",
                      (const TTest *const[]){ fetch_asks_the_next_when_the_attempt_is_over,
                                              fetch_gives_the_last_one_all_the_time_that_is_left,
                                              fetch_gives_a_single_one_the_whole_time,
                                              fetch_gives_the_only_one_that_is_up_the_whole_time,
                                              fetch_gives_the_last_one_all_the_time_when_the_rest_went_down,
                                              fetch_ends_at_its_deadline_whoever_is_left, NULL },
                      1);
    fixture_add_fetch(suite, "end",
                      (const TTest *const[]){ fetch_of_what_cannot_be_asked_sends_nothing,
                                              fetch_that_is_cancelled_tells_nothing, NULL },
                      1);
    return unit_run(suite);
}
