#include "backend.h"

#include "provider_fixture.h"

#define SECRET "client_secret = \"s\";"
#define OLD "response_cache = { max_age = 0; stale_if_error = \"1h\"; stale_after = \"1s\"; };"
#define BROKEN PROVIDER_STATUS("500")
#define HOUR_MS 3600000
#define NO_TOKEN "there is no token for the backend"

static int64_t wall_ms;

static int64_t wall(void)
{
    return wall_ms;
}

/* An entry that has an answer for k, which nobody but a token's owner gets anew. */
static void have_old_answer(void)
{
    provider_begin();
    char *group = provider_group("backend_oidc_auth", SECRET);
    char *text = mem_format("socket_maps = { m = { target = \"http://127.0.0.1:%u/m?%%s\"; %s %s }; };",
                            fixture_server.port, group, OLD);

    fixture_config = fixture_load_good(text);
    backend_shared_load(&fixture_shared, fixture_config, CONFIG_SOCKET_MAPS);
    backend_shared_open_state(&fixture_shared, fixture_config, "", "pfx-test", 1);
    fixture_backend = backend_new(&fixture_loop, fixture_config, &fixture_shared, 0);
    ck_assert_ptr_nonnull(fixture_backend);
    mem_free(text);
    mem_free(group);
    fixture_ask(SPAN("k"));
    fixture_expect(VERDICT_FOUND, "value");
    provider.backend = RESPONDER_OK("5", "\"new\"");
}

/* The question for a token that was left without an answer gets it now: the first connection is the provider's. */
static void answer_now(const char *answer)
{
    int fd = fixture_server.peers[0].io.fd;

    ck_assert_int_eq(send(fd, answer, strlen(answer), MSG_NOSIGNAL), (ssize_t)strlen(answer));
}

static void expect(const char *key, enum verdict_kind kind, const char *text)
{
    fixture_ask(span_text(key));
    fixture_expect(kind, text);
}

START_TEST(oidc_old_answer_stands_in_when_there_is_no_token)
{
    have_old_answer();
    provider.token = BROKEN;
    fixture_move_clock(OIDC_TOKEN_DEFAULT_MS);
    expect("k", VERDICT_FOUND, "value");
    expect("k", VERDICT_FOUND, "value"); /* in the pause, too */
    expect("other", VERDICT_TEMP, NO_TOKEN);
    ck_assert_int_eq(provider.tokens, 2);
    ck_assert_int_eq(provider.backends, 1);
    wall_ms += HOUR_MS;
    expect("k", VERDICT_TEMP, NO_TOKEN);
    provider.token = PROVIDER_TOKEN("43", "T2");
    fixture_move_clock(OIDC_RETRY_MS);
    expect("k", VERDICT_FOUND, "new");
    ck_assert_str_eq(provider.last_token, "T2");
}
END_TEST

START_TEST(oidc_old_answer_stands_in_when_the_token_is_refused)
{
    have_old_answer();
    provider.backend = PROVIDER_STATUS("401");
    expect("k", VERDICT_FOUND, "value");
    ck_assert_int_eq(provider.tokens, 2);
    ck_assert_int_eq(provider.backends, 3);
    expect("other", VERDICT_TEMP, "the backend refuses the token");
}
END_TEST

/* The request goes on, and so does the search for a token. */
START_TEST(oidc_old_answer_stands_in_for_a_token_that_is_slow)
{
    have_old_answer();
    provider.token = NULL;
    fixture_move_clock(OIDC_TOKEN_DEFAULT_MS);
    fixture_ask_of("m", SPAN("k"));
    fixture_until(&provider.tokens, 2);
    ck_assert_int_eq(fixture_done, 1);
    fixture_move_clock(1000);
    fixture_until(&fixture_done, 2);
    fixture_expect(VERDICT_FOUND, "value");
    answer_now(PROVIDER_TOKEN("43", "T2"));
    fixture_until(&provider.backends, 2);
    ck_assert_str_eq(provider.last_token, "T2");
    fixture_turns(5);
    provider.backend = BROKEN;
    expect("k", VERDICT_FOUND, "new"); /* which it has kept */
}
END_TEST

START_TEST(oidc_search_for_a_token_may_end_with_the_backend)
{
    have_old_answer();
    provider.token = NULL;
    fixture_move_clock(OIDC_TOKEN_DEFAULT_MS);
    fixture_ask_of("m", SPAN("k"));
    fixture_until(&provider.tokens, 2);
    fixture_move_clock(1000);
    fixture_until(&fixture_done, 2);
    fixture_expect(VERDICT_FOUND, "value"); /* the rest goes when the test does */
}
END_TEST

START_TEST(oidc_equal_questions_wait_for_one_token_and_one_answer)
{
    have_old_answer();
    wall_ms += HOUR_MS;
    provider.token = NULL;
    fixture_move_clock(OIDC_TOKEN_DEFAULT_MS);
    struct backend_call *first = fixture_ask_of("m", SPAN("k"));
    for (int i = 0; i < 3; i++)
        fixture_ask_of("m", SPAN("k"));
    fixture_until(&provider.tokens, 2);
    backend_cancel(first);
    fixture_turns(3);
    answer_now(PROVIDER_TOKEN("43", "T2"));
    fixture_until(&fixture_done, 4);
    fixture_expect(VERDICT_FOUND, "new");
    ck_assert_int_eq(provider.tokens, 2);
    ck_assert_int_eq(provider.backends, 2);
}
END_TEST

START_TEST(oidc_equal_questions_fail_together)
{
    have_old_answer();
    wall_ms += HOUR_MS;
    provider.token = NULL;
    fixture_move_clock(OIDC_TOKEN_DEFAULT_MS);
    for (int i = 0; i < 3; i++)
        fixture_ask_of("m", span_make(&"kkx"[i], 1));
    fixture_until(&provider.tokens, 2);
    answer_now(BROKEN);
    fixture_until(&fixture_done, 4);
    fixture_expect(VERDICT_TEMP, NO_TOKEN);
    fixture_turns(3);
    ck_assert_int_eq(provider.tokens, 2);
    ck_assert_int_eq(provider.backends, 1);
}
END_TEST

static void begin(void)
{
    wall_ms = 1700000000000;
    clock_set_wall(wall);
    fixture_backend_begin();
}

static void end(void)
{
    fixture_backend_end();
    clock_set_wall(NULL);
}

int main(void)
{
    Suite *suite = suite_create("oidc_cache");
    TCase *tcase = unit_case("cache");

    tcase_add_unchecked_fixture(tcase, fixture_begin, fixture_end);
    tcase_add_checked_fixture(tcase, fixture_clear, NULL);
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, oidc_old_answer_stands_in_when_there_is_no_token);
    tcase_add_test(tcase, oidc_old_answer_stands_in_when_the_token_is_refused);
    tcase_add_test(tcase, oidc_old_answer_stands_in_for_a_token_that_is_slow);
    tcase_add_test(tcase, oidc_equal_questions_wait_for_one_token_and_one_answer);
    tcase_add_test(tcase, oidc_equal_questions_fail_together);
    tcase_add_test(tcase, oidc_search_for_a_token_may_end_with_the_backend);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
