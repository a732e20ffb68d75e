#include "cache.h"

#include <pthread.h>

#include "cache_fixture.h"

#define THREADS 4
#define TURNS   20000
#define NUMBERS 500

static struct cache *cache;

struct thread {
    pthread_t id;
    uint64_t seed;
    unsigned hits;
    unsigned wrong;
};

static struct span name_of(unsigned number, char name[32])
{
    return span_make(name, (size_t)snprintf(name, 32, "key %u", number));
}

/* Values are the key, several times. */
static void use(struct thread *thread, struct buf *value)
{
    unsigned number = (unsigned)(fixture_random(&thread->seed) % NUMBERS);
    struct cache_answer answer = fixture_answer(clock_wall_ms());
    char name[32];
    struct span key = name_of(number, name);

    buf_clear(value);
    if (fixture_random(&thread->seed) % 3 == 0) {
        for (unsigned i = 0; i < number % 50; i++)
            buf_add(value, key);
        cache_put(cache, CACHE_MAPS, key, buf_span(value), &answer);
    } else if (cache_get(cache, CACHE_MAPS, key, answer.stored_ms, value, &answer)) {
        thread->hits++;
        thread->wrong += value->n != number % 50 * key.n;
        for (size_t at = 0; at < value->n; at += key.n)
            thread->wrong += memcmp(value->p + at, key.p, key.n) != 0;
    }
    if (fixture_random(&thread->seed) % 5000 == 0)
        cache_clear(cache);
    if (fixture_random(&thread->seed) % 100 == 0)
        cache_drop(cache, CACHE_MAPS, key);
}

static void *run(void *arg)
{
    struct thread *thread = arg;
    struct cache_state state;
    struct buf value;

    buf_init(&value, 4096);
    for (unsigned i = 0; i < TURNS; i++) {
        use(thread, &value);
        if (i % 1000 == 0)
            cache_describe(cache, &state);
    }
    buf_free(&value);
    return NULL;
}

START_TEST(cache_is_used_by_threads_at_once)
{
    struct thread threads[THREADS];
    struct cache_state state;

    cache = cache_open(NULL, CACHE_MIN_BYTES);
    for (unsigned i = 0; i < THREADS; i++) {
        threads[i] = (struct thread){ .seed = i + 1 };
        ck_assert_int_eq(pthread_create(&threads[i].id, NULL, run, &threads[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i].id, NULL), 0);
        ck_assert_uint_eq(threads[i].wrong, 0);
        ck_assert_uint_gt(threads[i].hits, TURNS / 10);
    }
    for (unsigned i = 0; i < NUMBERS; i++) { /* no part rests: all of that was done under its locks */
        fixture_put(cache, i, 0);
        ck_assert(fixture_has(cache, i, 0));
    }
    cache_describe(cache, &state);
    ck_assert_uint_eq(state.clears, 0);
    ck_assert_uint_eq(state.repairs, 0);
    ck_assert_uint_le(state.records, NUMBERS);
    cache_close(&cache);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cache_threads");
    TCase *tcase = unit_case("cache_threads");

    tcase_add_test(tcase, cache_is_used_by_threads_at_once);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
