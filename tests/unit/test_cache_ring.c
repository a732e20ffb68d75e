#include "cache_ring.h"

#include "cache_fixture.h"

#define NOW_MS     1000000
#define RING_BYTES 8192
#define LAPS       50

static struct cache_ring_state state;
static _Alignas(64) char memory[RING_BYTES];
static struct cache_ring ring;

static void ring_begin(void)
{
    cache_ring_lay_out(&ring, &state, memory, sizeof(memory));
}

static void put(struct span key, struct span value)
{
    ck_assert(fixture_ring_put(&ring, key, value, NOW_MS));
}

static bool has(struct span key, struct span value)
{
    struct cache_record *record = fixture_ring_find(&ring, key);
    return record != NULL && span_equal(cache_record_value(record), value);
}

static bool rebuild(void)
{
    return cache_ring_rebuild(&ring, &fixture_key, NOW_MS);
}

static unsigned count(void)
{
    const struct cache_record *record;
    enum cache_found found;
    uint64_t at = 0;
    unsigned n = 0;

    while ((found = cache_ring_next(&ring, &at, &record)) == CACHE_FOUND)
        n++;
    ck_assert_int_eq(found, CACHE_ABSENT);
    ck_assert_uint_eq(n, state.records);
    return n;
}

START_TEST(cache_ring_finds_what_was_put)
{
    put(SPAN("a"), SPAN("1"));
    put(SPAN("a\0b"), SPAN("\0\xff"));
    put(SPAN(""), SPAN(""));
    ck_assert(has(SPAN("a"), SPAN("1")));
    ck_assert(has(SPAN("a\0b"), SPAN("\0\xff")));
    ck_assert(has(SPAN(""), SPAN("")));
    ck_assert_ptr_null(fixture_ring_find(&ring, SPAN("a\0c")));
    ck_assert_uint_eq(count(), 3);
}
END_TEST

START_TEST(cache_ring_put_replaces)
{
    put(SPAN("a"), SPAN("1"));
    uint64_t used = state.used_bytes;
    put(SPAN("a"), SPAN("2"));
    ck_assert(has(SPAN("a"), SPAN("2")));
    ck_assert_uint_eq(count(), 1);
    ck_assert_uint_eq(state.used_bytes, used);
    ck_assert_uint_eq(state.evictions, 0);
}
END_TEST

/* Keys whose hashes are equal share a chain, and nothing else. */
START_TEST(cache_ring_compares_keys_whole)
{
    struct cache_record *found;

    for (unsigned i = 0; i < 10; i++) {
        struct span key = fixture_name(i);
        struct cache_record record = fixture_record(key, key, NOW_MS);
        record.hash = 7;
        ck_assert(cache_ring_put(&ring, &record, key, key, NOW_MS));
    }
    ck_assert_int_eq(cache_ring_drop(&ring, 7, fixture_name(5)), CACHE_FOUND);
    ck_assert_int_eq(cache_ring_drop(&ring, 7, fixture_name(5)), CACHE_ABSENT);
    for (unsigned i = 0; i < 12; i++) {
        bool is_there = cache_ring_find(&ring, 7, fixture_name(i), &found) == CACHE_FOUND;
        ck_assert_int_eq(is_there, i < 10 && i != 5);
        if (is_there)
            unit_expect_span(cache_record_value(found), fixture_name(i), "value");
    }
}
END_TEST

/* Whatever the lengths, the newest records are there and right. */
START_TEST(cache_ring_goes_round)
{
    unsigned number = 0;

    for (; state.head < (uint64_t)LAPS * ring.size; number++) {
        put(fixture_name(number), fixture_value(number, 1));
        put(fixture_name(number), fixture_value(number, 0));
        ck_assert_uint_ge(count(), number < 4 ? number + 1 : 4);
        ck_assert(has(fixture_name(number), fixture_value(number, 0)));
    }
    unsigned there = count();
    for (unsigned back = 1; back <= there; back++)
        ck_assert_ptr_nonnull(fixture_ring_find(&ring, fixture_name(number - back)));
    ck_assert_uint_eq(state.evictions, number - there);
    ck_assert(rebuild());
    ck_assert_uint_eq(count(), there);
}
END_TEST

/* Used ones of any length stay through every lap: none is lost where the ring begins anew. */
START_TEST(cache_ring_keeps_what_is_used)
{
    for (unsigned i = 0; i < 5; i++)
        put(fixture_name(i), fixture_value(i, 0));
    for (unsigned number = 100; state.head < (uint64_t)LAPS * ring.size; number++) {
        for (unsigned i = 0; i < 5; i++) {
            ck_assert(has(fixture_name(i), fixture_value(i, 0)));
            fixture_ring_find(&ring, fixture_name(i))->used = 1;
        }
        put(fixture_name(number), fixture_value(number, 0));
    }
    ck_assert(rebuild());
    for (unsigned i = 0; i < 5; i++)
        ck_assert_ptr_nonnull(fixture_ring_find(&ring, fixture_name(i)));
}
END_TEST

/* When everything is used, a new record has its place all the same, after so many moves. */
START_TEST(cache_ring_moves_only_so_many)
{
    unsigned number = 0;

    while (state.evictions == 0)
        put(fixture_name(number++), SPAN("value"));
    for (unsigned i = 1; i < number; i++)
        fixture_ring_find(&ring, fixture_name(i))->used = 1;
    put(fixture_name(number), SPAN("value"));
    ck_assert_uint_ge(state.evictions, 2);
    ck_assert_uint_le(state.evictions, 3);
    ck_assert_ptr_nonnull(fixture_ring_find(&ring, fixture_name(number)));
    ck_assert_ptr_nonnull(fixture_ring_find(&ring, fixture_name(1)));
    ck_assert_int_eq(fixture_ring_find(&ring, fixture_name(CACHE_MOVES_MAX))->used, 0);
    ck_assert_ptr_null(fixture_ring_find(&ring, fixture_name(CACHE_MOVES_MAX + 1)));
}
END_TEST

START_TEST(cache_ring_useless_ones_go_though_used)
{
    struct span key = SPAN("useless");
    struct cache_record record = fixture_record(key, key, NOW_MS);

    record.useless_ms = NOW_MS;
    ck_assert(cache_ring_put(&ring, &record, key, key, NOW_MS));
    fixture_ring_find(&ring, key)->used = 1;
    for (unsigned i = 0; fixture_ring_find(&ring, key) != NULL; i++)
        put(fixture_name(i), SPAN("value"));
    ck_assert_uint_eq(state.evictions, 0);
}
END_TEST

START_TEST(cache_ring_largest_fits_always)
{
    static char value[RING_BYTES];
    size_t largest = cache_ring_largest(&ring);

    ck_assert_uint_ge(largest + sizeof(struct cache_record) + CACHE_RECORD_ALIGN_BYTES, ring.size / CACHE_LARGEST_PART);
    for (unsigned i = 0; i < 200; i++) {
        struct span key = fixture_name(i);
        memset(value, (int)i, sizeof(value));
        put(key, span_make(value, largest - key.n));
        ck_assert(has(fixture_name(i), span_make(value, largest - key.n)));
        ck_assert_uint_ge(count(), i < CACHE_LARGEST_PART - 1 ? i + 1 : CACHE_LARGEST_PART - 1);
    }
}
END_TEST

/* With 200 bytes of key and value: as many buckets as records. */
START_TEST(cache_ring_chains_are_short)
{
    static char value[200];

    for (unsigned i = 0; state.evictions == 0; i++)
        put(fixture_name(i), span_make(value, sizeof(value) - fixture_name(i).n));
    ck_assert_uint_ge(ring.bucket_count, state.records - 1);
    ck_assert_uint_le(ring.bucket_count, state.records + 2);
}
END_TEST

START_TEST(cache_ring_rebuild_takes_the_newest)
{
    put(SPAN("a"), SPAN("1"));
    struct cache_record *older = fixture_ring_find(&ring, SPAN("a"));
    uint8_t live = older->state;
    put(SPAN("a"), SPAN("2"));
    older->state = live; /* as if the process had died before it took this one out */
    ck_assert(rebuild());
    ck_assert(has(SPAN("a"), SPAN("2")));
    ck_assert_uint_eq(count(), 1);
}
END_TEST

START_TEST(cache_ring_rebuild_leaves_out_what_is_wrong)
{
    struct span key = SPAN("a");
    struct cache_record record = fixture_record(key, SPAN("1"), NOW_MS);

    put(SPAN("good"), SPAN("1"));
    cache_ring_put(&ring, &record, key, SPAN("2"), NOW_MS); /* not the value of the checksum */
    record = fixture_record(SPAN("b"), SPAN("1"), NOW_MS + CACHE_FUTURE_MS + 1);
    cache_ring_put(&ring, &record, SPAN("b"), SPAN("1"), NOW_MS);
    record = fixture_record(SPAN("c"), SPAN("1"), NOW_MS - FIXTURE_DAY_MS);
    cache_ring_put(&ring, &record, SPAN("c"), SPAN("1"), NOW_MS);
    record = fixture_record(SPAN("d"), SPAN("1"), NOW_MS);
    cache_ring_put(&ring, &record, SPAN("e"), SPAN("1"), NOW_MS); /* not the key of the hash */
    put(SPAN("better"), SPAN("1"));
    ck_assert(rebuild());
    ck_assert_uint_eq(count(), 2);
    ck_assert(has(SPAN("good"), SPAN("1")) && has(SPAN("better"), SPAN("1")));
}
END_TEST

START_TEST(cache_ring_rebuild_keeps_what_lies_before_the_damage)
{
    for (unsigned i = 0; i < 6; i++)
        put(fixture_name(i), SPAN("value"));
    fixture_ring_find(&ring, fixture_name(4))->bytes = 24;
    ck_assert(!rebuild());
    ck_assert_uint_eq(count(), 4);
    put(fixture_name(4), SPAN("value"));
    ck_assert(rebuild());
    ck_assert_uint_eq(count(), 5);
}
END_TEST

START_TEST(cache_ring_clear_keeps_nothing)
{
    for (unsigned i = 0; i < 6; i++)
        put(fixture_name(i), SPAN("value"));
    cache_ring_clear(&ring);
    ck_assert_uint_eq(count(), 0);
    ck_assert_uint_eq(state.used_bytes, 0);
    ck_assert_ptr_null(fixture_ring_find(&ring, fixture_name(0)));
    ck_assert(rebuild());
    ck_assert_uint_eq(count(), 0);
    put(fixture_name(0), SPAN("value"));
    ck_assert_uint_eq(count(), 1);
}
END_TEST

static void break_chain_into_a_circle(struct cache_record *record)
{
    record->next = (uint32_t)(record->at % ring.size / CACHE_RECORD_ALIGN_BYTES + 1);
}

static void break_link_out_of_the_ring(struct cache_record *record)
{
    record->next = UINT32_MAX;
}

static void break_link_to_no_record(struct cache_record *record)
{
    record->next = (uint32_t)(ring.size / CACHE_RECORD_ALIGN_BYTES);
}

static void break_length(struct cache_record *record)
{
    record->value_bytes = UINT32_MAX;
}

static void break_position(struct cache_record *record)
{
    record->at += ring.size;
}

static void break_state(struct cache_record *record)
{
    record->state = 0;
}

static void break_head(struct cache_record *record)
{
    (void)record;
    state.head = UINT64_MAX;
}

static void break_tail(struct cache_record *record)
{
    (void)record;
    state.tail = state.head + CACHE_RECORD_ALIGN_BYTES;
}

static void break_alignment(struct cache_record *record)
{
    (void)record;
    state.tail++;
}

static const struct {
    const char *name;
    void (*damage)(struct cache_record *record);
} damages[] = {
    { "circle", break_chain_into_a_circle }, { "out of the ring", break_link_out_of_the_ring },
    { "no record", break_link_to_no_record }, { "length", break_length },
    { "position", break_position },           { "state", break_state },
    { "head", break_head },                   { "tail", break_tail },
    { "alignment", break_alignment },
};

START_TEST(cache_ring_notices_damage)
{
    struct cache_record *found;
    struct span key = SPAN("a"), other = SPAN("b");
    struct cache_record record = fixture_record(key, key, NOW_MS);

    ck_assert(cache_ring_put(&ring, &record, key, key, NOW_MS));
    damages[_i].damage(fixture_ring_find(&ring, key));
    unit_expect(cache_ring_find(&ring, record.hash, other, &found) == CACHE_DAMAGED, damages[_i].name);
    unit_expect(cache_ring_drop(&ring, record.hash, other) == CACHE_DAMAGED, damages[_i].name);
    unit_expect(!cache_ring_put(&ring, &record, other, other, NOW_MS), damages[_i].name);
    cache_ring_clear(&ring);
    put(key, key);
    unit_expect(has(key, key) && count() == 1, damages[_i].name);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cache_ring");
    TCase *tcase = unit_case("cache_ring");

    tcase_add_checked_fixture(tcase, ring_begin, NULL);
    tcase_add_test(tcase, cache_ring_finds_what_was_put);
    tcase_add_test(tcase, cache_ring_put_replaces);
    tcase_add_test(tcase, cache_ring_compares_keys_whole);
    tcase_add_test(tcase, cache_ring_goes_round);
    tcase_add_test(tcase, cache_ring_keeps_what_is_used);
    tcase_add_test(tcase, cache_ring_moves_only_so_many);
    tcase_add_test(tcase, cache_ring_useless_ones_go_though_used);
    tcase_add_test(tcase, cache_ring_largest_fits_always);
    tcase_add_test(tcase, cache_ring_chains_are_short);
    tcase_add_test(tcase, cache_ring_rebuild_takes_the_newest);
    tcase_add_test(tcase, cache_ring_rebuild_leaves_out_what_is_wrong);
    tcase_add_test(tcase, cache_ring_rebuild_keeps_what_lies_before_the_damage);
    tcase_add_test(tcase, cache_ring_clear_keeps_nothing);
    tcase_add_loop_test(tcase, cache_ring_notices_damage, 0, UNIT_ROWS(damages));
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
