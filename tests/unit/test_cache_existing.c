#include "cache.h"

#include "cache_fixture.h"

#define RECORDS 100

static char why[SHM_REASON_MAX_BYTES];

static void existing_begin(void)
{
    fixture_begin();
    fixture_log_begin();
    why[0] = '\0';
}

static void existing_end(void)
{
    ck_assert_str_eq(fixture_log(), "");
    fixture_log_end();
    fixture_end();
}

static struct cache *open_filled(size_t bytes)
{
    struct cache *cache = cache_open(fixture_directory, bytes);

    for (unsigned i = 0; i < RECORDS; i++)
        fixture_put(cache, i, 0);
    return cache;
}

static struct cache *open_existing(void)
{
    struct cache *cache = cache_open_existing(fixture_directory, why);

    ck_assert_msg(cache != NULL, "%s", why);
    return cache;
}

static void expect_none(const char *reason)
{
    ck_assert_ptr_null(cache_open_existing(fixture_directory, why));
    ck_assert_ptr_nonnull(strstr(why, reason));
}

START_TEST(cache_existing_is_that_of_the_daemons)
{
    struct cache *one = open_filled(CACHE_MIN_BYTES), *other = open_existing();

    ck_assert(fixture_has(other, 0, 0));
    ck_assert(cache_drop(other, CACHE_MAPS, fixture_name(0)));
    ck_assert(!fixture_has(one, 0, 0));
    fixture_put(one, 0, 1);
    ck_assert(fixture_has(other, 0, 1));
    cache_close(&one);
    cache_close(&other);
}
END_TEST

/* Its size is that of the file, also when nobody else has it: then a daemon would have made another. */
START_TEST(cache_existing_keeps_its_size)
{
    struct cache_state before, after;
    struct stat status;
    struct cache *cache = open_filled(3 * CACHE_MIN_BYTES);

    cache_describe(cache, &before);
    cache_close(&cache);
    cache = open_existing();
    cache_describe(cache, &after);
    ck_assert_uint_eq(after.bytes, before.bytes);
    ck_assert_uint_eq(after.records, RECORDS);
    cache_close(&cache);
    ck_assert_int_eq(stat(fixture_path(CACHE_FILE), &status), 0);
    ck_assert_int_eq(status.st_size, 3 * CACHE_MIN_BYTES);
}
END_TEST

START_TEST(cache_existing_is_not_made)
{
    expect_none("No such file");
    ck_assert_int_ne(access(fixture_path(CACHE_FILE), F_OK), 0);
}
END_TEST

START_TEST(cache_existing_must_be_whole)
{
    struct cache *cache = open_filled(CACHE_MIN_BYTES);

    cache_close(&cache);
    ck_assert_int_eq(truncate(fixture_path(CACHE_FILE), CACHE_MIN_BYTES / 2), 0);
    expect_none("not of this version");
    fixture_clear();
    fixture_write(CACHE_FILE, 0, "junk", 4);
    expect_none("not of this version");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cache_existing");
    TCase *tcase = unit_case("cache_open_existing");

    tcase_add_checked_fixture(tcase, existing_begin, existing_end);
    tcase_add_test(tcase, cache_existing_is_that_of_the_daemons);
    tcase_add_test(tcase, cache_existing_keeps_its_size);
    tcase_add_test(tcase, cache_existing_is_not_made);
    tcase_add_test(tcase, cache_existing_must_be_whole);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
