#include "fetch.h"

#include "fetch_fixture.h"
#include "names_fixture.h"

#define ALL      FIXTURE_A ", " FIXTURE_B ", " FIXTURE_C
#define TIMES    "http = { timeout = \"10s\"; attempt_timeout = \"3s\"; };"
#define LOGIN    "\"unix:$DIR/a:/a\", \"unix:$DIR/b:/b\""
#define HOSTS    15 /* targets of an entry, and one more that is up */
#define ENTRIES  5

enum { A, B, C };

START_TEST(fetch_does_not_ask_one_that_is_down)
{
    fixture_targets(ALL, "");
    fixture_take_down(A);
    for (int i = 0; i < 5; i++)
        fixture_ask("m");
    fixture_take_down(B);
    for (int i = 0; i < 5; i++)
        fixture_ask("m");
    ck_assert_int_eq(fixture_requests(A), 0);
    ck_assert_int_eq(fixture_requests(B), 5);
    ck_assert_int_eq(fixture_requests(C), 5);
}
END_TEST

START_TEST(fetch_says_at_once_that_all_are_down)
{
    struct fixture_fetch fetch;

    fixture_targets(ALL, "");
    ck_assert(fetch_has_target_up(fixture_fetcher, fixture_map(fixture_config, "m")));
    for (int which = A; which <= C; which++)
        fixture_take_down(which);
    ck_assert(!fetch_has_target_up(fixture_fetcher, fixture_map(fixture_config, "m")));
    ck_assert_int_eq(fixture_try(&fetch, "m", "k"), FETCH_ALL_DOWN);
    fixture_turns(5);
    ck_assert_int_eq(fixture_done + fixture_requests(A) + fixture_requests(B) + fixture_requests(C), 0);
}
END_TEST

START_TEST(fetch_is_the_probe_when_all_are_down)
{
    struct fixture_fetch probe, other;

    fixture_targets(FIXTURE_A, "");
    fixture_take_down(A);
    fixture_wait_for_probe();
    fixture_start(&probe, "m");
    ck_assert_int_eq(fixture_try(&other, "m", "k"), FETCH_ALL_DOWN);
    fixture_until(&fixture_done, 1);
    ck_assert_int_eq(probe.status, 200);
    ck_assert(fixture_is_up(A));
    ck_assert_int_eq(fixture_log_count("/a up after 1 s\n"), 1);
    fixture_ask("m");
    ck_assert_int_eq(fixture_requests(A), 2);
}
END_TEST

START_TEST(fetch_that_is_the_probe_has_the_whole_time)
{
    struct fixture_fetch fetch;

    fixture_targets(FIXTURE_A ", " FIXTURE_B, TIMES);
    fixture_servers[A].answer = NULL;
    fixture_take_down(A);
    fixture_take_down(B);
    fixture_wait_for_probe();
    fixture_start(&fetch, "m");
    int64_t start_ms = fixture_loop.now_ms;
    fixture_freeze_at(A, 1);
    fixture_move_clock(start_ms + 9999 - fixture_loop.now_ms);
    fixture_turns(5);
    ck_assert_int_eq(fixture_done, 0);
    fixture_move_clock(1);
    fixture_turns(5);
    ck_assert_int_eq(fetch.failure, HTTP_TIMED_OUT);
    ck_assert(!fixture_is_up(A));
}
END_TEST

START_TEST(fetch_that_is_the_probe_and_fails_makes_the_pause_longer)
{
    struct fixture_fetch fetch;

    fixture_targets(FIXTURE_A, "");
    fixture_take_down(A);
    fixture_stop_server(A);
    fixture_wait_for_probe();
    fetch = fixture_ask("m");
    ck_assert_int_eq(fetch.failure, HTTP_NOT_CONNECTED);
    fixture_wait_for_probe();
    ck_assert_int_eq(fixture_try(&fetch, "m", "k"), FETCH_ALL_DOWN);
    fixture_wait_for_probe();
    ck_assert_int_eq(fixture_try(&fetch, "m", "k"), FETCH_STARTED);
    fixture_cancel(&fetch);
}
END_TEST

START_TEST(fetch_probe_that_is_cancelled_is_given_back)
{
    struct fixture_fetch fetch, other;

    fixture_targets(FIXTURE_A, "");
    fixture_take_down(A);
    fixture_wait_for_probe();
    fixture_servers[A].answer = NULL;
    for (int turns = 0; turns < 10; turns++) {
        ck_assert_int_eq(fixture_try(&fetch, "m", "k"), FETCH_STARTED);
        ck_assert_int_eq(fixture_try(&other, "m", "k"), FETCH_ALL_DOWN);
        fixture_turns(turns);
        fixture_cancel(&fetch);
        ck_assert_int_eq(fixture_try(&other, "m", "k"), FETCH_ALL_DOWN); /* nobody can hurry the next one */
        fixture_wait_for_probe();
    }
    ck_assert(!fixture_is_up(A));
    ck_assert_int_eq(fixture_done, 0);
}
END_TEST

START_TEST(fetch_sends_a_copy_to_one_that_is_down)
{
    fixture_targets(ALL, "");
    fixture_take_down(A);
    fixture_wait_for_probe();
    fixture_servers[A].answer = RESPONDER_OK("4", "copy");
    struct fixture_fetch fetch = fixture_ask("m");
    ck_assert_str_eq(fetch.body, "ok");
    ck_assert_int_eq(fixture_requests(B), 1);
    fixture_until(&fixture_servers[A].requests, 1);
    responder_expect_begin(&fixture_servers[A], "GET /a/k HTTP/1.1\r\n");
    while (!fixture_is_up(A))
        fixture_turns(1);
    ck_assert_int_eq(fixture_done, 1);
    fetch = fixture_ask("m");
    ck_assert_str_eq(fetch.body, "copy");
    ck_assert_int_eq(fixture_requests(C), 0);
}
END_TEST

START_TEST(fetch_sends_one_copy_at_a_time)
{
    fixture_targets(ALL, TIMES);
    fixture_take_down(A);
    fixture_wait_for_probe();
    fixture_servers[A].answer = NULL;
    for (int i = 0; i < 10; i++)
        fixture_ask("m");
    fixture_until(&fixture_servers[A].requests, 1);
    fixture_move_clock(3000); /* the copy's attempt is over */
    fixture_ask("m");
    fixture_move_clock(1590);
    fixture_ask("m");
    fixture_turns(5);
    ck_assert_int_eq(fixture_requests(A), 1);
    ck_assert_int_eq(fixture_requests(B), 12);
    fixture_wait_for_probe();
    fixture_ask("m");
    fixture_until(&fixture_servers[A].requests, 2);
    ck_assert_int_eq(fixture_requests(B), 13);
}
END_TEST

START_TEST(fetch_sends_a_copy_to_each_that_is_down)
{
    fixture_targets(ALL, "");
    fixture_take_down(A);
    fixture_take_down(B);
    fixture_wait_for_probe();
    fixture_ask("m");
    while (!fixture_is_up(A) || !fixture_is_up(B))
        fixture_turns(1);
    ck_assert_int_eq(fixture_requests(A), 1);
    ck_assert_int_eq(fixture_requests(B), 1);
    ck_assert_int_eq(fixture_requests(C), 1);
    ck_assert_int_eq(fixture_done, 1);
}
END_TEST

START_TEST(fetch_copy_outlives_the_request)
{
    struct fixture_fetch fetch;

    fixture_targets(ALL, "");
    fixture_take_down(A);
    fixture_wait_for_probe();
    fixture_servers[B].answer = NULL;
    fixture_start(&fetch, "m");
    fixture_cancel(&fetch);
    while (!fixture_is_up(A))
        fixture_turns(1);
    ck_assert_int_eq(fixture_done, 0);
}
END_TEST

START_TEST(fetch_close_gives_back_the_probes_of_copies)
{
    struct fixture_fetch fetch;

    fixture_targets(ALL, "");
    fixture_take_down(A);
    fixture_wait_for_probe();
    fixture_servers[A].answer = NULL;
    fixture_ask("m");
    fixture_until(&fixture_servers[A].requests, 1);
    fetch_close(&fixture_fetcher);
    fixture_fetcher = fetch_open(&fixture_loop, fixture_config, CONFIG_SOCKET_MAPS, fixture_trust, fixture_health);
    fixture_wait_for_probe();
    ck_assert_int_eq(fixture_try(&fetch, "a", "k"), FETCH_STARTED);
    fixture_cancel(&fetch);
}
END_TEST

START_TEST(fetch_does_not_send_more_copies_than_allowed)
{
    static struct stats_series stats;
    struct fixture_fetch fetches[ENTRIES];
    struct buf text;

    names_begin();
    buf_init(&text, 65536);
    buf_add(&text, SPAN("socket_maps = { "));
    for (int i = 0; i < ENTRIES; i++) {
        buf_format(&text, "%c = { target = [ ", 'm' + i);
        for (int j = 0; j < HOSTS; j++)
            buf_format(&text, "\"http://hold%d-%d.test/%%s\", ", i, j);
        buf_format(&text, "%s ]; }; ", FIXTURE_A);
    }
    buf_add(&text, SPAN("};"));
    fixture_fetcher_of(CONFIG_SOCKET_MAPS, buf_text(&text));
    buf_free(&text);
    const struct health_report failed = { .outcome = HEALTH_UNREACHABLE, .cause = "-", .retry_interval_ms = 30000 };
    for (int i = 0; i < 2 * ENTRIES * HOSTS; i++) {
        char *origin = mem_format("http://hold%d-%d.test:80", i / 2 / HOSTS, i / 2 % HOSTS);
        health_report(health_find(fixture_health, origin), &failed, fixture_loop.now_ms);
        mem_free(origin);
    }
    fixture_wait_for_probe();
    for (int i = 0; i < ENTRIES; i++) {
        const struct config_entry *entry = fixture_map(fixture_config, (const char[]){ (char)('m' + i), '\0' });
        fetches[i] = (struct fixture_fetch){ .done = 0 };
        subject_of_key(&fetches[i].subject, entry, SPAN("k"));
        const struct fetch_request request = { .entry = entry, .subject = &fetches[i].subject, .stats = &stats,
                                               .deadline_ms = fixture_loop.now_ms + 5000 };
        ck_assert_int_eq(fetch_start(fixture_fetcher, &request, fixture_note, &fetches[i], &fetches[i].fetch),
                         FETCH_STARTED);
    }
    fixture_until(&fixture_done, ENTRIES);
    ck_assert_int_eq((int)stats.counter[STATS_backend_requests], ENTRIES + FETCH_COPIES_MAX);
}
END_TEST

static const struct subject_login login = { .user = UNIT_BYTES("u"), .password = UNIT_BYTES("p"),
                                            .mechanism = UNIT_BYTES("PLAIN"), .service = UNIT_BYTES("smtp") };

static void start_login(struct fixture_fetch *fetch)
{
    const struct config_entry *entry = fixture_login(fixture_config, "l");

    *fetch = (struct fixture_fetch){ .done = 0 };
    subject_of_login(&fetch->subject, entry, &login);
    ck_assert_int_eq(fixture_start_subject(fetch, entry), FETCH_STARTED);
}

static void login_targets(void)
{
    fixture_fetcher_of(CONFIG_DOVECOT_SASL, "dovecot_sasl = { l = { target = [ " LOGIN " ];"
                                            " http = { timeout = \"8s\"; attempt_timeout = \"3s\"; }; }; };");
}

START_TEST(fetch_of_a_login_is_not_copied_but_goes_to_the_probed_one_first)
{
    struct fixture_fetch fetch;

    login_targets();
    fixture_take_down(A);
    start_login(&fetch);
    fixture_until(&fixture_done, 1);
    ck_assert_int_eq(fixture_requests(B), 1);
    fixture_wait_for_probe();
    start_login(&fetch);
    fixture_until(&fixture_done, 2);
    ck_assert_int_eq(fetch.status, 200);
    ck_assert_int_eq(fixture_requests(A), 1);
    ck_assert_int_eq(fixture_requests(B), 1);
    ck_assert(fixture_is_up(A));
}
END_TEST

START_TEST(fetch_of_a_login_goes_on_when_the_probed_one_is_still_down)
{
    struct fixture_fetch fetch;

    login_targets();
    fixture_take_down(A);
    fixture_stop_server(A);
    fixture_wait_for_probe();
    start_login(&fetch);
    fixture_until(&fixture_done, 1);
    ck_assert_int_eq(fetch.status, 200);
    ck_assert_int_eq(fixture_requests(B), 1);
    ck_assert(!fixture_is_up(A));
    start_login(&fetch);
    fixture_until(&fixture_done, 2);
    ck_assert_int_eq(fixture_requests(B), 2);
}
END_TEST

START_TEST(fetch_of_a_login_waits_for_the_probed_one_no_longer_than_an_attempt)
{
    struct fixture_fetch fetch;

    login_targets();
    fixture_take_down(A);
    fixture_servers[A].answer = NULL;
    fixture_wait_for_probe();
    start_login(&fetch);
    int64_t start_ms = fixture_loop.now_ms;
    fixture_freeze_at(A, 1);
    fixture_move_clock(start_ms + 2999 - fixture_loop.now_ms);
    fixture_turns(5);
    ck_assert_int_eq(fixture_requests(B), 0);
    fixture_move_clock(1);
    fixture_until(&fixture_done, 1);
    ck_assert_int_eq(fetch.status, 200);
    ck_assert_int_eq(fixture_requests(B), 1);
}
END_TEST

START_TEST(fetch_spared_is_told_of_each_target)
{
    fixture_targets(FIXTURE_A ", " FIXTURE_B, "");
    fixture_take_down(A);
    fixture_take_down(B);
    fetch_spared(fixture_fetcher, fixture_map(fixture_config, "m"), true);
    fetch_spared(fixture_fetcher, fixture_map(fixture_config, "b"), false);
    fixture_move_clock(HEALTH_LINE_MS);
    fetch_spared(fixture_fetcher, fixture_map(fixture_config, "m"), false);
    ck_assert_int_eq(fixture_log_count("/a down since "), 1);
    ck_assert_int_eq(fixture_log_count(", 1 from cache, 1 refused\n"), 1);
    ck_assert_int_eq(fixture_log_count(", 1 from cache, 2 refused\n"), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fetch_probe");

    fixture_add_fetch(suite, "all down",
                      (const TTest *const[]){ fetch_does_not_ask_one_that_is_down, fetch_says_at_once_that_all_are_down,
                                              fetch_is_the_probe_when_all_are_down,
                                              fetch_that_is_the_probe_has_the_whole_time,
                                              fetch_that_is_the_probe_and_fails_makes_the_pause_longer,
                                              fetch_probe_that_is_cancelled_is_given_back,
                                              fetch_spared_is_told_of_each_target, NULL },
                      1);
    fixture_add_fetch(suite, "copies",
                      (const TTest *const[]){ fetch_sends_a_copy_to_one_that_is_down, fetch_sends_one_copy_at_a_time,
                                              fetch_sends_a_copy_to_each_that_is_down, fetch_copy_outlives_the_request,
                                              fetch_close_gives_back_the_probes_of_copies,
                                              fetch_does_not_send_more_copies_than_allowed, NULL },
                      1);
    fixture_add_fetch(suite, "logins",
                      (const TTest *const[]){ fetch_of_a_login_is_not_copied_but_goes_to_the_probed_one_first,
                                              fetch_of_a_login_goes_on_when_the_probed_one_is_still_down,
                                              fetch_of_a_login_waits_for_the_probed_one_no_longer_than_an_attempt,
                                              NULL },
                      1);
    return unit_run(suite);
}
