/* Verdicts that need nobody: done is called before backend_ask() returns. */
#include "backend.h"

#include "backend_cache_fixture.h"

START_TEST(backend_fresh_answer_is_told_at_once)
{
    struct fixture_asked asked;

    fixture_maps("");
    fixture_expect_of("m", VERDICT_FOUND, "v");
    fixture_ask_key(&asked, "m", "k");
    ck_assert_ptr_null(asked.call);
    ck_assert_int_eq(asked.done, 1);
    ck_assert_str_eq(asked.text, "v");
    ck_assert_int_eq((int)fixture_counted(STATS_in_flight), 0);
}
END_TEST

START_TEST(backend_key_that_nobody_can_be_asked_for_is_told_at_once)
{
    struct fixture_asked asked;

    fixture_maps("");
    fixture_ask_key(&asked, "m", "");
    ck_assert_ptr_null(asked.call);
    ck_assert_int_eq(asked.done, 1);
    ck_assert_int_eq(asked.kind, VERDICT_NOTFOUND);
    ck_assert_int_eq((int)fixture_counted(STATS_in_flight), 0);
    ck_assert_int_eq(fixture_server.requests, 0);
}
END_TEST

/* What a daemon does when the next question has come already. */
static void ask_the_next(void *arg, const struct backend_call *call, const struct verdict *verdict)
{
    struct fixture_asked *asked = arg;

    fixture_asked_note(&asked[0], call, verdict);
    fixture_ask_key(&asked[1], "m", "k");
    fixture_ask_key(&asked[2], "m", "another");
}

START_TEST(backend_may_be_asked_again_by_one_that_is_told_at_once)
{
    struct fixture_asked asked[3] = { { .done = 0 } };

    fixture_maps("");
    fixture_expect_of("m", VERDICT_FOUND, "v");
    struct backend_question question = { .entry = fixture_map(fixture_config, "m"), .key = SPAN("k") };
    ck_assert_ptr_null(backend_ask(fixture_backend, &question, ask_the_next, asked));
    ck_assert_int_eq(asked[0].done, 1);
    ck_assert_int_eq(asked[1].done, 1);
    ck_assert_str_eq(asked[0].text, "v");
    ck_assert_str_eq(asked[1].text, "v");
    ck_assert_ptr_nonnull(asked[2].call);
    fixture_await(&asked[2]);
    ck_assert_int_eq((int)fixture_counted(STATS_in_flight), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("backend_at_once");

    fixture_add_cache(suite, "at once",
                      (const TTest *const[]){ backend_fresh_answer_is_told_at_once,
                                              backend_key_that_nobody_can_be_asked_for_is_told_at_once,
                                              backend_may_be_asked_again_by_one_that_is_told_at_once, NULL },
                      1);
    return unit_run(suite);
}
