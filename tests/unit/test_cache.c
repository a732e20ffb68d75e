#include "cache.h"

#include "cache_fixture.h"

#define LAPS 20

static struct cache *cache;
static struct buf value;
static struct cache_answer answer;
static int64_t now_ms;

static void cache_begin(void)
{
    now_ms = clock_wall_ms();
    cache = cache_open(NULL, CACHE_MIN_BYTES);
    buf_init(&value, CACHE_MIN_BYTES);
}

static void cache_end(void)
{
    cache_close(&cache);
    buf_free(&value);
}

static void put(enum cache_part part, struct span key, struct span bytes)
{
    struct cache_answer stored = fixture_answer(now_ms);
    cache_put(cache, part, key, bytes, &stored);
}

static bool get(enum cache_part part, struct span key)
{
    buf_clear(&value);
    return cache_get(cache, part, key, now_ms, &value, &answer);
}

static struct cache_state describe(void)
{
    struct cache_state state;
    cache_describe(cache, &state);
    return state;
}

START_TEST(cache_get_gives_what_was_put)
{
    ck_assert(!get(CACHE_MAPS, SPAN("a")));
    put(CACHE_MAPS, SPAN("a"), SPAN("1"));
    ck_assert(get(CACHE_MAPS, SPAN("a")));
    unit_expect_span(buf_span(&value), SPAN("1"), "value");
    ck_assert_int_eq(answer.kind, CACHE_VALUE);
    ck_assert_int_eq(answer.stored_ms, now_ms);
    ck_assert_int_eq(answer.useless_ms, now_ms + FIXTURE_DAY_MS);
}
END_TEST

START_TEST(cache_get_appends_and_touches_nothing_on_a_miss)
{
    put(CACHE_MAPS, SPAN("a"), SPAN("1"));
    ck_assert(buf_add(&value, SPAN("before")));
    ck_assert(cache_get(cache, CACHE_MAPS, SPAN("a"), now_ms, &value, &answer));
    ck_assert(!cache_get(cache, CACHE_MAPS, SPAN("b"), now_ms, &value, &answer));
    unit_expect_span(buf_span(&value), SPAN("before1"), "appended");
}
END_TEST

START_TEST(cache_put_replaces_value_and_kind)
{
    struct cache_answer nothing = fixture_answer(now_ms);

    nothing.kind = CACHE_NOTHING;
    put(CACHE_MAPS, SPAN("a"), SPAN("1"));
    cache_put(cache, CACHE_MAPS, SPAN("a"), SPAN(""), &nothing);
    ck_assert(get(CACHE_MAPS, SPAN("a")));
    ck_assert_int_eq(answer.kind, CACHE_NOTHING);
    ck_assert_uint_eq(value.n, 0);
    put(CACHE_MAPS, SPAN("a"), SPAN("longer than before"));
    ck_assert(get(CACHE_MAPS, SPAN("a")));
    ck_assert_int_eq(answer.kind, CACHE_VALUE);
    unit_expect_span(buf_span(&value), SPAN("longer than before"), "value");
    ck_assert_uint_eq(describe().records, 1);
}
END_TEST

START_TEST(cache_keys_and_values_are_bytes)
{
    put(CACHE_MAPS, SPAN("a\0b"), SPAN("\0\r\n\xff"));
    put(CACHE_MAPS, SPAN("a\0c"), SPAN("2"));
    put(CACHE_MAPS, SPAN("a"), SPAN("3"));
    ck_assert(get(CACHE_MAPS, SPAN("a\0b")));
    unit_expect_span(buf_span(&value), SPAN("\0\r\n\xff"), "value");
    ck_assert(!get(CACHE_MAPS, SPAN("a\0")));
}
END_TEST

START_TEST(cache_drop_removes_one)
{
    put(CACHE_MAPS, SPAN("a"), SPAN("1"));
    put(CACHE_MAPS, SPAN("b"), SPAN("2"));
    ck_assert(cache_drop(cache, CACHE_MAPS, SPAN("a")));
    ck_assert(!cache_drop(cache, CACHE_MAPS, SPAN("a")));
    ck_assert(!get(CACHE_MAPS, SPAN("a")));
    ck_assert(get(CACHE_MAPS, SPAN("b")));
}
END_TEST

START_TEST(cache_clear_removes_all)
{
    for (unsigned i = 0; i < 500; i++)
        fixture_put(cache, i, 0);
    cache_clear(cache);
    for (unsigned i = 0; i < 500; i++)
        ck_assert(!fixture_has(cache, i, 0));
    ck_assert_uint_eq(describe().records, 0);
    ck_assert_uint_eq(describe().used_bytes, 0);
    ck_assert_uint_eq(describe().clears, 0);
}
END_TEST

START_TEST(cache_parts_do_not_share_keys)
{
    put(CACHE_MAPS, SPAN("a"), SPAN("map"));
    ck_assert(!get(CACHE_POLICIES, SPAN("a")));
    put(CACHE_POLICIES, SPAN("a"), SPAN("policy"));
    ck_assert(get(CACHE_MAPS, SPAN("a")));
    unit_expect_span(buf_span(&value), SPAN("map"), "map");
}
END_TEST

/* Neither pushes out the other, nor takes more than its share. */
START_TEST(cache_parts_do_not_share_room)
{
    static char bytes[200];
    const enum cache_part other = _i == 0 ? CACHE_POLICIES : CACHE_MAPS;
    const enum cache_part part = _i == 0 ? CACHE_MAPS : CACHE_POLICIES;

    put(part, SPAN("alone"), SPAN("value"));
    for (unsigned i = 0; i < 20000; i++)
        put(other, fixture_name(i), span_make(bytes, sizeof(bytes)));
    ck_assert(get(part, SPAN("alone")));
    struct cache_state state = describe();
    uint64_t share = state.bytes / CACHE_STRIPES *
                     (other == CACHE_POLICIES ? CACHE_POLICY_STRIPES : CACHE_STRIPES - CACHE_POLICY_STRIPES);
    ck_assert_uint_gt(state.evictions, 0);
    ck_assert_uint_le(state.used_bytes, share + 200);
    ck_assert_uint_gt(state.used_bytes, share * 9 / 10);
}
END_TEST

START_TEST(cache_largest_record_fits_and_a_larger_one_drops_the_old)
{
    static char bytes[CACHE_MIN_BYTES];
    const struct span key = SPAN("key");
    size_t largest = cache_record_max_bytes(cache) - key.n;

    memset(bytes, 'x', sizeof(bytes));
    put(CACHE_MAPS, key, span_make(bytes, largest));
    ck_assert(get(CACHE_MAPS, key));
    unit_expect_span(buf_span(&value), span_make(bytes, largest), "largest");
    put(CACHE_MAPS, key, span_make(bytes, largest + 1));
    ck_assert(!get(CACHE_MAPS, key));
    put(CACHE_MAPS, span_make(bytes, sizeof(bytes)), SPAN("value"));
    ck_assert(!get(CACHE_MAPS, span_make(bytes, sizeof(bytes))));
    ck_assert_uint_eq(describe().records, 0);
}
END_TEST

START_TEST(cache_get_beyond_the_ceiling_of_the_buffer_is_a_miss)
{
    struct buf small;

    buf_init(&small, 4);
    put(CACHE_MAPS, SPAN("a"), SPAN("12345"));
    put(CACHE_MAPS, SPAN("b"), SPAN("1234"));
    ck_assert(!cache_get(cache, CACHE_MAPS, SPAN("a"), now_ms, &small, &answer));
    ck_assert_uint_eq(small.n, 0);
    ck_assert(cache_get(cache, CACHE_MAPS, SPAN("b"), now_ms, &small, &answer));
    ck_assert(!cache_get(cache, CACHE_MAPS, SPAN("b"), now_ms, &small, &answer));
    buf_free(&small);
}
END_TEST

START_TEST(cache_record_from_the_future_is_not_there)
{
    put(CACHE_MAPS, SPAN("a"), SPAN("1"));
    now_ms -= CACHE_FUTURE_MS;
    ck_assert(get(CACHE_MAPS, SPAN("a")));
    now_ms--;
    ck_assert(!get(CACHE_MAPS, SPAN("a")));
}
END_TEST

START_TEST(cache_useless_record_is_not_there)
{
    put(CACHE_MAPS, SPAN("a"), SPAN("1"));
    now_ms += FIXTURE_DAY_MS - 1;
    ck_assert(get(CACHE_MAPS, SPAN("a")));
    now_ms++;
    ck_assert(!get(CACHE_MAPS, SPAN("a")));
}
END_TEST

static void fill(unsigned *number, unsigned count)
{
    static char bytes[200];

    for (unsigned i = 0; i < count; i++, ++*number)
        put(CACHE_MAPS, fixture_name(1000000 + *number), span_make(bytes, sizeof(bytes)));
}

/* A tenth of the table that is asked for now and then outlives many times its size of others. */
START_TEST(cache_keeps_what_is_used)
{
    const unsigned whole = 2500, hot = 250;
    unsigned number = 0;

    for (unsigned i = 0; i < hot; i++) {
        fixture_put(cache, i, 0);
        fill(&number, whole / hot / 4);
    }
    while (number < LAPS * whole) {
        fill(&number, whole / 4);
        for (unsigned i = 0; i < hot; i++)
            ck_assert_msg(fixture_has(cache, i, 0), "%u after %u others", i, number);
    }
    ck_assert_uint_gt(describe().evictions, (LAPS - 2) * whole);
}
END_TEST

struct seen {
    unsigned records[2];
    unsigned sum;
};

static void see(void *arg, enum cache_part part, struct span key, struct span bytes, const struct cache_answer *stored)
{
    struct seen *seen = arg;
    unsigned number = (unsigned)strtoul(key.p + 4, NULL, 10);

    seen->records[part]++;
    seen->sum += number;
    unit_expect_span(bytes, fixture_value(number, part), "value");
    ck_assert_int_eq(stored->stored_ms, now_ms);
    put(CACHE_POLICIES, SPAN("no lock is held here"), SPAN(""));
    cache_drop(cache, CACHE_POLICIES, SPAN("no lock is held here"));
}

START_TEST(cache_each_shows_every_record_once)
{
    struct seen seen = { { 0 }, 0 };
    struct cache_answer useless = { .stored_ms = now_ms, .useless_ms = now_ms };

    for (unsigned i = 0; i < 300; i++)
        put(i % 2 ? CACHE_POLICIES : CACHE_MAPS, fixture_name(i), fixture_value(i, i % 2));
    for (unsigned i = 0; i < 300; i += 10)
        put(CACHE_MAPS, fixture_name(i), fixture_value(i, 0));
    cache_put(cache, CACHE_MAPS, SPAN("useless"), SPAN("x"), &useless);
    cache_each(cache, now_ms, see, &seen);
    ck_assert_uint_eq(seen.records[CACHE_MAPS], 150);
    ck_assert_uint_eq(seen.records[CACHE_POLICIES], 150);
    ck_assert_uint_eq(seen.sum, 299 * 300 / 2);
}
END_TEST

START_TEST(cache_describe_counts)
{
    struct cache_state state = describe();

    ck_assert_uint_gt(state.bytes, CACHE_MIN_BYTES * 9 / 10);
    ck_assert_uint_lt(state.bytes, CACHE_MIN_BYTES);
    ck_assert_uint_eq(state.records + state.used_bytes + state.evictions + state.repairs + state.clears, 0);
    put(CACHE_MAPS, SPAN("a"), SPAN("1"));
    put(CACHE_POLICIES, SPAN("a"), SPAN("1"));
    ck_assert_uint_eq(describe().records, 2);
    ck_assert_uint_gt(describe().used_bytes, 2 * sizeof(struct cache_record));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cache");
    TCase *tcase = unit_case("cache");

    tcase_add_checked_fixture(tcase, cache_begin, cache_end);
    tcase_add_test(tcase, cache_get_gives_what_was_put);
    tcase_add_test(tcase, cache_get_appends_and_touches_nothing_on_a_miss);
    tcase_add_test(tcase, cache_put_replaces_value_and_kind);
    tcase_add_test(tcase, cache_keys_and_values_are_bytes);
    tcase_add_test(tcase, cache_drop_removes_one);
    tcase_add_test(tcase, cache_clear_removes_all);
    tcase_add_test(tcase, cache_parts_do_not_share_keys);
    tcase_add_loop_test(tcase, cache_parts_do_not_share_room, 0, 2);
    tcase_add_test(tcase, cache_largest_record_fits_and_a_larger_one_drops_the_old);
    tcase_add_test(tcase, cache_get_beyond_the_ceiling_of_the_buffer_is_a_miss);
    tcase_add_test(tcase, cache_record_from_the_future_is_not_there);
    tcase_add_test(tcase, cache_useless_record_is_not_there);
    tcase_add_test(tcase, cache_keeps_what_is_used);
    tcase_add_test(tcase, cache_each_shows_every_record_once);
    tcase_add_test(tcase, cache_describe_counts);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
