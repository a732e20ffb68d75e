#include "cache.h"

#include "cache_fixture.h"

#define PROCESSES 8
#define KILLS     300
#define NUMBERS   5000 /* more than there is room for */
#define PROBES    200
#define TRIES     5 /* on a machine that is busy with something else */
#define WRONG     9 /* the status of a child that was given a wrong value */

static struct cache *cache;
static pid_t children[PROCESSES];

static void chaos_begin(void)
{
    fixture_begin();
    fixture_log_begin();
    cache = cache_open(fixture_directory, CACHE_MIN_BYTES);
}

static void chaos_end(void)
{
    for (unsigned i = 0; i < PROCESSES; i++)
        if (children[i] > 0)
            kill(children[i], SIGKILL);
    cache_close(&cache);
    fixture_log_end();
    fixture_end();
}

/* In a child nothing may be asserted: it would be killed in the middle of telling. */
static bool is_right(unsigned number)
{
    struct cache_answer answer;
    struct buf value;

    buf_init(&value, FIXTURE_VALUE_MAX_BYTES);
    bool is_there = cache_get(cache, CACHE_MAPS, fixture_name(number), clock_wall_ms(), &value, &answer);
    bool right = !is_there || span_equal(buf_span(&value), fixture_value(number, 0));
    buf_free(&value);
    return right;
}

static void run(uint64_t seed)
{
    cache_enter(cache);
    for (;;) {
        unsigned number = (unsigned)(fixture_random(&seed) % NUMBERS);
        switch (fixture_random(&seed) % 8) {
        case 0:
            cache_drop(cache, CACHE_MAPS, fixture_name(number));
            break;
        case 1:
        case 2:
        case 3:
            fixture_put(cache, number, 0);
            break;
        default:
            if (!is_right(number))
                _exit(WRONG);
        }
        if (fixture_random(&seed) % 20000 == 0)
            cache_clear(cache);
    }
}

static void start(unsigned i, uint64_t seed)
{
    children[i] = fork();
    ck_assert_int_ge(children[i], 0);
    if (children[i] == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        run(seed);
    }
}

/* It is killed and by nothing else. */
static void end(unsigned i)
{
    int status;

    ck_assert_int_eq(kill(children[i], SIGKILL), 0);
    ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
    children[i] = 0;
    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "status %x", (unsigned)status);
}

static void see(void *arg, enum cache_part part, struct span key, struct span value, const struct cache_answer *answer)
{
    (void)part;
    (void)answer;
    ++*(unsigned *)arg;
    unit_expect_span(value, fixture_value((unsigned)strtoul(key.p + strlen("key "), NULL, 10), 0), "value");
}

static void expect_consistent(void)
{
    struct cache_state state;
    unsigned seen = 0;

    cache_each(cache, clock_wall_ms(), see, &seen);
    cache_describe(cache, &state);
    ck_assert_uint_eq(state.records, seen);
    ck_assert_uint_eq(state.clears, 0);
    ck_assert_uint_le(state.used_bytes, state.bytes);
}

static uint64_t count_when_full(struct cache *table)
{
    struct cache_state state;

    cache_clear(table);
    for (unsigned i = 0; i < NUMBERS * 2; i++)
        fixture_put(table, i, 0);
    cache_describe(table, &state);
    return state.records;
}

/* False: somebody had a lock, but no processor, for so long that a part of the table rests. */
static bool kill_many(uint64_t seed)
{
    for (unsigned i = 0; i < PROCESSES; i++)
        start(i, seed + i);
    for (unsigned n = 0; n < KILLS; n++) {
        unsigned i = (unsigned)(fixture_random(&seed) % PROCESSES);
        for (uint64_t probes = fixture_random(&seed) % PROBES; probes > 0; probes--)
            ck_assert(is_right((unsigned)(fixture_random(&seed) % NUMBERS)));
        end(i);
        start(i, fixture_random(&seed));
    }
    for (unsigned i = 0; i < PROCESSES; i++)
        end(i);
    return fixture_log_count("a lock is not given back") == 0;
}

START_TEST(cache_outlives_the_death_of_any_process)
{
    struct cache_state state;

    for (unsigned tries = 1; !kill_many((uint64_t)getpid() + tries); tries++) {
        ck_assert_uint_lt(tries, TRIES);
        chaos_end();
        chaos_begin();
    }
    expect_consistent();
    cache_describe(cache, &state);
    ck_assert_uint_gt(state.repairs, 0);

    struct cache *fresh = cache_open(NULL, CACHE_MIN_BYTES);
    uint64_t expected = count_when_full(fresh), full = count_when_full(cache);
    ck_assert_uint_ge(full * 100, expected * 98); /* the keys of the two hashes lie otherwise */
    cache_close(&fresh);
    expect_consistent();
    ck_assert_str_eq(fixture_log(), "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cache_chaos");
    TCase *tcase = unit_case("cache_chaos");

    tcase_add_checked_fixture(tcase, chaos_begin, chaos_end);
    tcase_add_test(tcase, cache_outlives_the_death_of_any_process);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
