#include "oidc_shared.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "clock.h"
#include "config_fixture.h"
#include "log_fixture.h"
#include "shm.h"

#define NOW_MS 1000000
#define LEASE_MS 5000
#define LIFE_MS 60000
#define RENEW_MS 6000

static struct config *config;
static struct oidc_shared *shared;
static struct buf token;
static uint64_t version;

static int64_t no_time(void)
{
    return 0;
}

static void begin(void)
{
    fixture_log_begin();
    buf_init(&token, OIDC_TOKEN_MAX_BYTES);
}

static void end(void)
{
    buf_free(&token);
    oidc_shared_free(&shared);
    ck_assert_ptr_null(shared);
    oidc_shared_free(&shared);
    config_free(&config);
    fixture_log_end();
    clock_set_monotonic(NULL);
}

static struct oidc_slot *load_slot(void)
{
    config = fixture_load_good("socket_maps = { m = { target = \"http://h/\"; backend_oidc_auth = {"
                               " configuration_uri = \"https://id.example.com/c\"; client_id = \"c\"; }; }; };");
    shared = oidc_shared_load(config, CONFIG_SOCKET_MAPS);
    ck_assert_uint_eq(oidc_shared_count(shared), 1);
    return oidc_shared_record(shared, 0)->slot;
}

static enum oidc_slot_state get(struct oidc_slot *slot, int64_t now_ms)
{
    return oidc_slot_get(slot, now_ms, LEASE_MS, &token, &version);
}

static void expect_token(struct oidc_slot *slot, int64_t now_ms, enum oidc_slot_state state, const char *text)
{
    ck_assert_int_eq(get(slot, now_ms), state);
    unit_expect_span(buf_span(&token), span_text(text), text);
}

static void put(struct oidc_slot *slot, int64_t now_ms, const char *text)
{
    oidc_slot_put(slot, now_ms, span_text(text), LIFE_MS, RENEW_MS);
}

/* In a child, which says when it is done and stays until it is killed. */
static pid_t in_child(struct oidc_slot *slot, void (*act)(struct oidc_slot *slot))
{
    int ends[2];
    char word;

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        act(slot);
        if (write(ends[1], "", 1) == 1)
            pause();
        _exit(1);
    }
    close(ends[1]);
    ck_assert_int_eq(read(ends[0], &word, 1), 1);
    close(ends[0]);
    return child;
}

static void end_child(pid_t child)
{
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
}

static void take_lease(struct oidc_slot *slot)
{
    get(slot, NOW_MS);
}

static void bring_token(struct oidc_slot *slot)
{
    if (get(slot, NOW_MS) == OIDC_SLOT_EMPTY)
        put(slot, NOW_MS, "T");
}

/* A slot begins with its lock. */
static void take_lock(struct oidc_slot *slot)
{
    if (shm_lock((struct shm_lock *)(void *)slot) != SHM_LOCKED)
        _exit(1);
}

START_TEST(oidc_slot_has_one_who_fetches)
{
    struct oidc_slot *slot = load_slot();

    expect_token(slot, NOW_MS, OIDC_SLOT_EMPTY, "");
    expect_token(slot, NOW_MS, OIDC_SLOT_LEASED, "");
    expect_token(slot, NOW_MS + LEASE_MS - 1, OIDC_SLOT_LEASED, "");
    put(slot, NOW_MS, "T");
    uint64_t before = version;
    expect_token(slot, NOW_MS, OIDC_SLOT_READY, "T");
    ck_assert_uint_ne(version, before);
    expect_token(slot, NOW_MS + LIFE_MS - RENEW_MS - 1, OIDC_SLOT_READY, "T");
    expect_token(slot, NOW_MS + LIFE_MS - RENEW_MS, OIDC_SLOT_RENEW, "T");
    expect_token(slot, NOW_MS + LIFE_MS - RENEW_MS, OIDC_SLOT_READY, "T"); /* somebody renews it */
    expect_token(slot, NOW_MS + LIFE_MS - RENEW_MS + LEASE_MS - 1, OIDC_SLOT_READY, "T");
    expect_token(slot, NOW_MS + LIFE_MS - RENEW_MS + LEASE_MS, OIDC_SLOT_RENEW, "T");
    expect_token(slot, NOW_MS + LIFE_MS - 1, OIDC_SLOT_READY, "T");
    expect_token(slot, NOW_MS + LIFE_MS, OIDC_SLOT_LEASED, "");
}
END_TEST

START_TEST(oidc_slot_token_is_renewed_while_it_is_used)
{
    struct oidc_slot *slot = load_slot();
    const int64_t renewed_ms = NOW_MS + LIFE_MS - RENEW_MS;

    bring_token(slot);
    ck_assert_int_eq(get(slot, renewed_ms), OIDC_SLOT_RENEW);
    uint64_t before = version;
    put(slot, renewed_ms, "longer");
    expect_token(slot, renewed_ms, OIDC_SLOT_READY, "longer");
    ck_assert_uint_ne(version, before);
    expect_token(slot, renewed_ms + LIFE_MS - RENEW_MS, OIDC_SLOT_RENEW, "longer");
    put(slot, renewed_ms + LIFE_MS - RENEW_MS, "S");
    expect_token(slot, renewed_ms + LIFE_MS - RENEW_MS, OIDC_SLOT_READY, "S");
}
END_TEST

START_TEST(oidc_slot_token_is_used_on_when_it_cannot_be_renewed)
{
    struct oidc_slot *slot = load_slot();
    const int64_t renewed_ms = NOW_MS + LIFE_MS - RENEW_MS;

    bring_token(slot);
    ck_assert_int_eq(get(slot, renewed_ms), OIDC_SLOT_RENEW);
    oidc_slot_fail(slot, renewed_ms);
    expect_token(slot, renewed_ms, OIDC_SLOT_READY, "T");
    expect_token(slot, renewed_ms + OIDC_RETRY_MS - 1, OIDC_SLOT_READY, "T");
    expect_token(slot, renewed_ms + OIDC_RETRY_MS, OIDC_SLOT_RENEW, "T");
    oidc_slot_fail(slot, NOW_MS + LIFE_MS - 1);
    expect_token(slot, NOW_MS + LIFE_MS, OIDC_SLOT_FAILED, ""); /* it has ended */
    expect_token(slot, NOW_MS + LIFE_MS - 1 + 2 * OIDC_RETRY_MS, OIDC_SLOT_EMPTY, "");
}
END_TEST

START_TEST(oidc_slot_that_failed_is_left_alone_for_a_moment)
{
    struct oidc_slot *slot = load_slot();

    ck_assert_int_eq(get(slot, NOW_MS), OIDC_SLOT_EMPTY);
    oidc_slot_fail(slot, NOW_MS);
    expect_token(slot, NOW_MS, OIDC_SLOT_FAILED, "");
    expect_token(slot, NOW_MS + OIDC_RETRY_MS - 1, OIDC_SLOT_FAILED, "");
    expect_token(slot, NOW_MS + OIDC_RETRY_MS, OIDC_SLOT_EMPTY, "");
    put(slot, NOW_MS + OIDC_RETRY_MS, "T");
    expect_token(slot, NOW_MS + OIDC_RETRY_MS, OIDC_SLOT_READY, "T");
}
END_TEST

START_TEST(oidc_slot_lease_runs_out)
{
    struct oidc_slot *slot = load_slot();

    ck_assert_int_eq(get(slot, NOW_MS), OIDC_SLOT_EMPTY);
    ck_assert_int_eq(get(slot, NOW_MS + LEASE_MS), OIDC_SLOT_EMPTY);
    ck_assert_int_eq(get(slot, NOW_MS + LEASE_MS), OIDC_SLOT_LEASED);
    oidc_slot_give_back(slot);
    ck_assert_int_eq(get(slot, NOW_MS + LEASE_MS), OIDC_SLOT_EMPTY);
}
END_TEST

START_TEST(oidc_slot_lease_ends_with_its_holder)
{
    struct oidc_slot *slot = load_slot();
    pid_t child = in_child(slot, take_lease);

    ck_assert_int_eq(get(slot, NOW_MS), OIDC_SLOT_LEASED);
    oidc_slot_give_back(slot); /* it is not ours */
    ck_assert_int_eq(get(slot, NOW_MS), OIDC_SLOT_LEASED);
    end_child(child);
    ck_assert_int_eq(get(slot, NOW_MS), OIDC_SLOT_EMPTY);
    ck_assert_int_eq(get(slot, NOW_MS), OIDC_SLOT_LEASED);
}
END_TEST

START_TEST(oidc_slot_token_outlives_who_brought_it)
{
    struct oidc_slot *slot = load_slot();

    end_child(in_child(slot, bring_token));
    expect_token(slot, NOW_MS, OIDC_SLOT_READY, "T");
}
END_TEST

START_TEST(oidc_slot_of_one_who_died_inside_is_empty)
{
    struct oidc_slot *slot = load_slot();

    bring_token(slot);
    end_child(in_child(slot, take_lock));
    expect_token(slot, NOW_MS, OIDC_SLOT_EMPTY, "");
    put(slot, NOW_MS, "S");
    expect_token(slot, NOW_MS, OIDC_SLOT_READY, "S");
}
END_TEST

START_TEST(oidc_slot_whose_lock_cannot_be_had_is_a_failure)
{
    struct oidc_slot *slot = load_slot();

    bring_token(slot);
    pid_t child = in_child(slot, take_lock);
    clock_set_monotonic(no_time); /* nobody waits for the lock */
    expect_token(slot, NOW_MS, OIDC_SLOT_FAILED, "");
    put(slot, NOW_MS, "S");
    oidc_slot_fail(slot, NOW_MS);
    oidc_slot_give_back(slot);
    ck_assert(!oidc_slot_drop(slot, NOW_MS, version));
    end_child(child);
}
END_TEST

START_TEST(oidc_slot_token_that_is_refused_is_dropped)
{
    struct oidc_slot *slot = load_slot();

    bring_token(slot);
    ck_assert_int_eq(get(slot, NOW_MS), OIDC_SLOT_READY);
    uint64_t refused = version;
    ck_assert(oidc_slot_drop(slot, NOW_MS, refused));
    ck_assert(oidc_slot_drop(slot, NOW_MS, refused)); /* another worker, the same token */
    expect_token(slot, NOW_MS, OIDC_SLOT_EMPTY, "");
    ck_assert(oidc_slot_drop(slot, NOW_MS, refused));
    put(slot, NOW_MS, "S");
    ck_assert(oidc_slot_drop(slot, NOW_MS, refused)); /* there is a new one */
    expect_token(slot, NOW_MS, OIDC_SLOT_READY, "S");
}
END_TEST

START_TEST(oidc_slot_tokens_are_not_dropped_one_after_the_other)
{
    struct oidc_slot *slot = load_slot();

    bring_token(slot);
    get(slot, NOW_MS);
    ck_assert(oidc_slot_drop(slot, NOW_MS, version));
    get(slot, NOW_MS);
    put(slot, NOW_MS, "S");
    get(slot, NOW_MS);
    ck_assert(!oidc_slot_drop(slot, NOW_MS, version));
    ck_assert(!oidc_slot_drop(slot, NOW_MS + OIDC_RETRY_MS - 1, version));
    expect_token(slot, NOW_MS + OIDC_RETRY_MS - 1, OIDC_SLOT_READY, "S");
    ck_assert(oidc_slot_drop(slot, NOW_MS + OIDC_RETRY_MS, version));
    expect_token(slot, NOW_MS + OIDC_RETRY_MS, OIDC_SLOT_EMPTY, "");
}
END_TEST

START_TEST(oidc_slot_holds_a_token_of_any_length_up_to_the_limit)
{
    struct oidc_slot *slot = load_slot();
    char *text = mem_alloc(OIDC_TOKEN_MAX_BYTES + 1);

    memset(text, 't', OIDC_TOKEN_MAX_BYTES + 1);
    oidc_slot_put(slot, NOW_MS, span_make(text, OIDC_TOKEN_MAX_BYTES), LIFE_MS, RENEW_MS);
    ck_assert_int_eq(get(slot, NOW_MS), OIDC_SLOT_READY);
    unit_expect_span(buf_span(&token), span_make(text, OIDC_TOKEN_MAX_BYTES), "whole");
    oidc_slot_put(slot, NOW_MS, span_make(text, OIDC_TOKEN_MAX_BYTES + 1), LIFE_MS, RENEW_MS);
    ck_assert_int_eq(get(slot, NOW_MS), OIDC_SLOT_READY);
    ck_assert_uint_eq(token.n, OIDC_TOKEN_MAX_BYTES);
    mem_free(text);
}
END_TEST

static void add(Suite *suite, const char *name, const TTest *const *tests)
{
    TCase *tcase = unit_case(name);

    tcase_add_unchecked_fixture(tcase, fixture_begin, fixture_end);
    tcase_add_checked_fixture(tcase, fixture_clear, NULL);
    tcase_add_checked_fixture(tcase, begin, end);
    for (; *tests != NULL; tests++)
        tcase_add_test(tcase, *tests);
    suite_add_tcase(suite, tcase);
}

int main(void)
{
    Suite *suite = suite_create("oidc_slot");

    add(suite, "token",
        (const TTest *const[]){ oidc_slot_has_one_who_fetches, oidc_slot_token_is_renewed_while_it_is_used,
                                oidc_slot_token_is_used_on_when_it_cannot_be_renewed,
                                oidc_slot_that_failed_is_left_alone_for_a_moment,
                                oidc_slot_holds_a_token_of_any_length_up_to_the_limit, NULL });
    add(suite, "lease",
        (const TTest *const[]){ oidc_slot_lease_runs_out, oidc_slot_lease_ends_with_its_holder,
                                oidc_slot_token_outlives_who_brought_it, oidc_slot_of_one_who_died_inside_is_empty,
                                oidc_slot_whose_lock_cannot_be_had_is_a_failure, NULL });
    add(suite, "drop",
        (const TTest *const[]){ oidc_slot_token_that_is_refused_is_dropped,
                                oidc_slot_tokens_are_not_dropped_one_after_the_other, NULL });
    return unit_run(suite);
}
