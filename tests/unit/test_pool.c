#include "pool.h"

#include "mem.h"
#include "unit.h"

struct thing {
    char *held;
    int n;
};

static int ended;

static void end(void *idle)
{
    struct thing *thing = idle;

    mem_free(thing->held);
    ended++;
}

static struct pool pool_of_things(void)
{
    ended = 0;
    return (struct pool){ .bytes = sizeof(struct thing), .end = end };
}

START_TEST(pool_take_gives_a_new_one_zeroed)
{
    struct pool pool = pool_of_things();
    struct thing *thing = pool_take(&pool);

    ck_assert_ptr_null(thing->held);
    ck_assert_int_eq(thing->n, 0);
    pool_give(&pool, thing);
    pool_free(&pool);
    ck_assert_int_eq(ended, 1);
}
END_TEST

/* Under the address sanitizer each one is new. */
START_TEST(pool_take_gives_one_as_it_was_given_back_or_a_new_one)
{
    struct pool pool = pool_of_things();
    struct thing *thing = pool_take(&pool);
    const void *place = thing;

    thing->n = 7;
    pool_give(&pool, thing);
    thing = pool_take(&pool);
    ck_assert_int_eq(thing->n, ended == 0 ? 7 : 0);
    ck_assert(ended > 0 || thing == place);
    pool_give(&pool, thing);
    pool_free(&pool);
}
END_TEST

START_TEST(pool_keeps_no_more_than_its_limit)
{
    struct pool pool = pool_of_things();
    struct thing *things[POOL_IDLE_MAX + 3];

    for (int i = 0; i < UNIT_ROWS(things); i++) {
        things[i] = pool_take(&pool);
        things[i]->held = mem_string("held");
    }
    for (int i = 0; i < UNIT_ROWS(things); i++)
        pool_give(&pool, things[i]);
    ck_assert_int_ge(ended, 3);
    ck_assert_uint_le(pool.count, POOL_IDLE_MAX);
    pool_free(&pool);
    ck_assert_int_eq(ended, UNIT_ROWS(things));
    ck_assert_uint_eq(pool.count, 0);
}
END_TEST

START_TEST(pool_of_what_holds_nothing_has_no_end)
{
    struct pool pool = { .bytes = 100 };

    pool_give(&pool, pool_take(&pool));
    pool_free(&pool);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pool");
    unit_add(suite, "pool",
             (const TTest *const[]){ pool_take_gives_a_new_one_zeroed,
                                     pool_take_gives_one_as_it_was_given_back_or_a_new_one,
                                     pool_keeps_no_more_than_its_limit, pool_of_what_holds_nothing_has_no_end, NULL });
    return unit_run(suite);
}
