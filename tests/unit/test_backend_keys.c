#include "backend.h"

#include "backend_cache_fixture.h"

#define VIRTUAL "keys = \"virtual\"; recipient_delimiter = \"+\"; "
#define CACHE(keys) "response_cache = { " keys " };"
#define HOUR_MS 3600000
#define NO_CACHE CACHE("enabled = false;")

static const char *known = "";   /* the candidates that are there, in the URL's form, each between blanks */
static const char *failing = ""; /* those that the backend fails for */
static const char *silent = "";  /* those that it does not answer */
static char asked_for[1000];     /* the candidates as they came, each with a blank behind */

/* The value of a candidate is itself, decoded. */
static const char *answer_to(const char *request)
{
    static char answer[400];
    char candidate[200], marked[204], value[200] = "";

    ck_assert_int_eq(sscanf(request, "GET /%199s HTTP", candidate), 1);
    snprintf(asked_for + strlen(asked_for), sizeof(asked_for) - strlen(asked_for), "%s ", candidate);
    snprintf(marked, sizeof(marked), " %s ", candidate);
    if (strstr(silent, marked) != NULL)
        return NULL;
    if (strstr(failing, marked) != NULL)
        return FIXTURE_STATUS("500");
    if (strstr(known, marked) == NULL)
        return FIXTURE_GONE;
    for (const char *c = candidate; *c != '\0'; c += *c == '%' ? 3 : 1) {
        char byte = *c == '%' ? (char)strtol((char[]){ c[1], c[2], '\0' }, NULL, 16) : *c;
        snprintf(value + strlen(value), sizeof(value) - strlen(value), "%c", byte);
    }
    snprintf(answer, sizeof(answer), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n\"%s\"", strlen(value) + 2, value);
    return answer;
}

/* What is kept when the backend is slow. */
static const struct {
    const char *name;
    const char *known;
    enum verdict_kind kind;
    const char *value, *asked_for;
} kept[] = {
    { "an answer of the first", " user%2Bx%40d ", VERDICT_FOUND, "user+x@d", "user%2Bx%40d " },
    { "none", "", VERDICT_NOTFOUND, "", "user%2Bx%40d user%40d %40d " },
    { "an answer of the last", " %40d ", VERDICT_FOUND, "@d", "user%2Bx%40d user%40d %40d " },
};

static void begin(const char *settings)
{
    fixture_maps(settings);
    fixture_server.answer_to = answer_to;
    asked_for[0] = '\0';
    known = failing = silent = "";
}

static void expect_kind(const char *key, enum verdict_kind kind)
{
    struct fixture_asked asked;

    asked_for[0] = '\0';
    fixture_ask_key(&asked, "m", key);
    fixture_await(&asked);
    ck_assert_msg(asked.kind == kind, "%s is %s, %s: %s", key, verdict_word(asked.kind), asked.text, fixture_log());
}

static void expect(const char *key, enum verdict_kind kind, const char *text, const char *candidates)
{
    expect_kind(key, kind);
    ck_assert_str_eq(fixture_text, text);
    ck_assert_str_eq(asked_for, candidates);
}

START_TEST(backend_keys_are_asked_until_one_is_found)
{
    begin(VIRTUAL NO_CACHE);
    known = " user%40d %40d ";
    expect("User+X@d", VERDICT_FOUND, "user@d", "user%2Bx%40d user%40d ");
    expect("other+x@d", VERDICT_FOUND, "@d", "other%2Bx%40d other%40d %40d ");
    expect("other@e", VERDICT_NOTFOUND, "", "other%40e %40e ");
    expect("user", VERDICT_NOTFOUND, "", "user ");
}
END_TEST

START_TEST(backend_keys_end_at_an_error)
{
    begin(VIRTUAL NO_CACHE);
    known = " %40d ";
    failing = " user%40d ";
    expect("user+x@d", VERDICT_TEMP, "the backend reports an error of its own", "user%2Bx%40d user%40d ");
    ck_assert_int_eq(fixture_log_count("candidate=<user@d>"), 2);
}
END_TEST

START_TEST(backend_keys_without_a_candidate_ask_nobody)
{
    begin("keys = [ \"unextended\", \"domain\" ]; domains = [ \"D\" ]; " NO_CACHE);
    known = " user%40d d ";
    expect("user@d", VERDICT_FOUND, "user@d", "user%40d ");
    expect("user@e", VERDICT_NOTFOUND, "", "");
    expect("d", VERDICT_NOTFOUND, "", "");
    expect("@d", VERDICT_NOTFOUND, "", "");
    expect("", VERDICT_NOTFOUND, "", "");
}
END_TEST

START_TEST(backend_keys_pass_over_what_a_template_cannot_hold)
{
    begin(VIRTUAL NO_CACHE "result_format = \"%U\"; ");
    known = " %40d ";
    expect("user@d", VERDICT_NOTFOUND, "", "user%40d ");
}
END_TEST

START_TEST(backend_keys_get_their_extension_back)
{
    begin(VIRTUAL "propagate_extension = true;" CACHE("max_age = \"10s\"; negative_max_age = \"10s\";"));
    known = " user%40d %40e ";
    expect("user+x@d", VERDICT_FOUND, "user+x@d", "user%2Bx%40d user%40d ");
    expect("user+x@d", VERDICT_FOUND, "user+x@d", ""); /* from the cache, where it stands without */
    expect("user+y@d", VERDICT_FOUND, "user+y@d", "user%2By%40d ");
    expect("user@d", VERDICT_FOUND, "user@d", "");
    expect("user+x@e", VERDICT_FOUND, "@e", "user%2Bx%40e user%40e %40e ");
}
END_TEST

START_TEST(backend_keys_are_kept_each_by_itself)
{
    begin(VIRTUAL CACHE("max_age = \"10s\"; negative_max_age = 0;"));
    known = " user%40d ";
    expect("user+x@d", VERDICT_FOUND, "user@d", "user%2Bx%40d user%40d ");
    expect("user+x@d", VERDICT_FOUND, "user@d", "user%2Bx%40d "); /* it may have come meanwhile */
    expect("user+y@d", VERDICT_FOUND, "user@d", "user%2By%40d ");
    known = " user%40d user%2By%40d ";
    expect("user+y@d", VERDICT_FOUND, "user+y@d", "user%2By%40d ");
    fixture_wall_ms += 10000;
    expect("user+x@d", VERDICT_FOUND, "user@d", "user%2Bx%40d user%40d ");
}
END_TEST

START_TEST(backend_keys_have_an_old_answer_as_a_whole)
{
    begin(VIRTUAL CACHE("max_age = 0; stale_if_error = \"1h\";"));
    known = " user%40d ";
    expect("user+x@d", VERDICT_FOUND, "user@d", "user%2Bx%40d user%40d ");
    failing = " user%2Bx%40d user%2By%40d ";
    expect("user+x@d", VERDICT_FOUND, "user@d", "user%2Bx%40d ");
    expect("user+y@d", VERDICT_TEMP, "the backend reports an error of its own", "user%2By%40d ");
    fixture_expect_sources(2, 0, 1, 0);
    failing = " user%40d ";
    expect("user+x@d", VERDICT_FOUND, "user@d", "user%2Bx%40d user%40d ");
    known = failing = "";
    expect("user+x@d", VERDICT_NOTFOUND, "", "user%2Bx%40d user%40d %40d ");
    fixture_stop_server(); /* the newest answer counts: it is gone */
    asked_for[0] = '\0';
    expect("user+x@d", VERDICT_TEMP, "cannot connect to the backend", "");
}
END_TEST

/* The backend has just said that it is not there any more. */
START_TEST(backend_keys_that_are_withdrawn_do_not_stand_in)
{
    begin(VIRTUAL CACHE("max_age = 0; stale_if_error = \"1h\";"));
    known = " user%2Bx%40d ";
    expect("user+x@d", VERDICT_FOUND, "user+x@d", "user%2Bx%40d ");
    known = "";
    failing = " %40d ";
    expect("user+x@d", VERDICT_TEMP, "the backend reports an error of its own", "user%2Bx%40d user%40d %40d ");
}
END_TEST

START_TEST(backend_keys_that_were_found_since_stand_in)
{
    begin(VIRTUAL CACHE("max_age = 0; stale_if_error = \"1h\";"));
    known = " %40d ";
    expect("user+x@d", VERDICT_FOUND, "@d", "user%2Bx%40d user%40d %40d ");
    known = " %40d user%40d ";
    expect("user+y@d", VERDICT_FOUND, "user@d", "user%2By%40d user%40d ");
    failing = " user%2Bx%40d ";
    expect("user+x@d", VERDICT_FOUND, "user@d", "user%2Bx%40d ");
    known = " %40d user%2Bx%40d ";
    failing = "";
    expect("user+x@d", VERDICT_FOUND, "user+x@d", "user%2Bx%40d ");
    known = " %40d ";
    failing = " user%40d ";
    expect("user+x@d", VERDICT_FOUND, "user@d", "user%2Bx%40d user%40d ");
}
END_TEST

START_TEST(backend_keys_put_the_extension_back_as_it_came)
{
    begin(VIRTUAL "propagate_extension = true;" CACHE("max_age = \"10s\"; negative_max_age = \"10s\";"));
    known = " user%40d ";
    expect("User+Ext@d", VERDICT_FOUND, "user+Ext@d", "user%2Bext%40d user%40d ");
    expect("user+ext@d", VERDICT_FOUND, "user+ext@d", "");
}
END_TEST

START_TEST(backend_keys_follow_old_answers)
{
    begin(VIRTUAL CACHE("max_age = 0; stale_if_error = \"1h\"; negative_stale_if_error = \"1h\";"));
    known = " user%40d ";
    expect("user@d", VERDICT_FOUND, "user@d", "user%40d ");
    known = "";
    expect("user+x@e", VERDICT_NOTFOUND, "", "user%2Bx%40e user%40e %40e ");
    fixture_stop_server();
    expect("user@d", VERDICT_FOUND, "user@d", "");
    expect("user+x@e", VERDICT_NOTFOUND, "", "");
    fixture_expect_sources(2, 0, 2, 0);
}
END_TEST

/* That a later candidate is gone by now tells nothing of those that nothing is known of any more. */
START_TEST(backend_keys_that_are_not_known_any_more_are_no_old_nothing)
{
    begin(VIRTUAL CACHE("max_age = 0; stale_if_error = \"1d\"; negative_stale_if_error = \"1h\";"));
    known = " %40d ";
    expect("first@d", VERDICT_FOUND, "@d", "first%40d %40d ");
    fixture_wall_ms += 2 * HOUR_MS;
    known = "";
    expect("second@d", VERDICT_NOTFOUND, "", "second%40d %40d ");
    failing = " first%40d second%40d ";
    expect("first@d", VERDICT_TEMP, "the backend reports an error of its own", "first%40d ");
    expect("second@d", VERDICT_NOTFOUND, "", "second%40d ");
}
END_TEST

#define TEN "%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,"

/* What is there, and cannot be given, is not passed over: the next one is somebody else's. */
START_TEST(backend_keys_with_an_old_answer_that_grows_too_long_end_the_search)
{
    begin(VIRTUAL "propagate_extension = true; max_reply_size = 1024; "
                  "result_format = \"" TEN TEN TEN "\";"
                  CACHE("max_age = 0; negative_stale_if_error = \"1h\";"));
    known = " user%40d %40d ";
    expect_kind("other@d", VERDICT_FOUND);
    expect_kind("user@d", VERDICT_FOUND);
    expect_kind("user+0123456789012345678901234567890123456789@d", VERDICT_PERM);
    fixture_stop_server();
    expect_kind("user@d", VERDICT_FOUND);
    expect_kind("user+0123456789012345678901234567890123456789@d", VERDICT_PERM);
}
END_TEST

/* No sooner, and no later, though only the one before has told that the old answer is of use. */
START_TEST(backend_keys_that_are_slow_have_an_old_answer_after_stale_after)
{
    struct fixture_asked asked;

    begin(VIRTUAL CACHE("max_age = 0; stale_after = \"1s\";"));
    known = kept[_i].known;
    expect("user+x@d", kept[_i].kind, kept[_i].value, kept[_i].asked_for);
    known = " %40d ";
    expect("other@d", VERDICT_FOUND, "@d", "other%40d %40d ");
    silent = known;
    int requests = fixture_server.requests;
    fixture_ask_key(&asked, "m", "user+x@d");
    int64_t start_ms = fixture_loop.now_ms;
    fixture_freeze_at(requests + 3);
    fixture_move_clock(start_ms + 999 - fixture_loop.now_ms);
    fixture_turns(3);
    unit_expect(asked.done == 0, kept[_i].name);
    fixture_move_clock(1);
    fixture_turns(1);
    unit_expect(asked.done == 1, kept[_i].name);
    ck_assert_str_eq(asked.text, "@d");
}
END_TEST

START_TEST(backend_keys_of_calls_that_wait_are_asked_once)
{
    struct fixture_asked first, second;

    begin(VIRTUAL NO_CACHE);
    known = " %40d ";
    fixture_ask_key(&first, "m", "user+x@d");
    fixture_ask_key(&second, "m", "USER+x@d");
    fixture_await(&first);
    fixture_await(&second);
    ck_assert_str_eq(second.text, "@d");
    ck_assert_str_eq(asked_for, "user%2Bx%40d user%40d %40d ");
}
END_TEST

START_TEST(backend_keys_are_cancelled_between_two)
{
    struct fixture_asked asked;

    begin(VIRTUAL NO_CACHE);
    fixture_ask_key(&asked, "m", "user+x@d");
    fixture_until(&fixture_server.requests, 2);
    fixture_drop(&asked);
    expect("user@e", VERDICT_NOTFOUND, "", "user%40e %40e ");
}
END_TEST

START_TEST(backend_keys_that_only_the_cache_knows_need_nobody)
{
    begin(VIRTUAL CACHE("max_age = \"1h\"; negative_max_age = \"1h\";"));
    expect("user+x@d", VERDICT_NOTFOUND, "", "user%2Bx%40d user%40d %40d ");
    fixture_stop_server();
    expect("user+x@d", VERDICT_NOTFOUND, "", "");
    expect("user@d", VERDICT_NOTFOUND, "", "");
    fixture_expect_sources(1, 2, 0, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("backend_keys");

    fixture_add_cache(suite, "keys",
                      (const TTest *const[]){ backend_keys_are_asked_until_one_is_found, backend_keys_end_at_an_error,
                                              backend_keys_without_a_candidate_ask_nobody,
                                              backend_keys_pass_over_what_a_template_cannot_hold,
                                              backend_keys_get_their_extension_back,
                                              backend_keys_of_calls_that_wait_are_asked_once,
                                              backend_keys_are_cancelled_between_two, NULL }, 1);
    fixture_add_cache(suite, "cache",
                      (const TTest *const[]){ backend_keys_are_kept_each_by_itself,
                                              backend_keys_have_an_old_answer_as_a_whole,
                                              backend_keys_that_are_withdrawn_do_not_stand_in,
                                              backend_keys_that_were_found_since_stand_in,
                                              backend_keys_put_the_extension_back_as_it_came,
                                              backend_keys_follow_old_answers,
                                              backend_keys_that_are_not_known_any_more_are_no_old_nothing,
                                              backend_keys_with_an_old_answer_that_grows_too_long_end_the_search,
                                              backend_keys_that_only_the_cache_knows_need_nobody, NULL }, 1);
    fixture_add_cache(suite, "stale_after",
                      (const TTest *const[]){ backend_keys_that_are_slow_have_an_old_answer_after_stale_after, NULL },
                      UNIT_ROWS(kept));
    return unit_run(suite);
}
