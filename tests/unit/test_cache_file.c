#include "cache.h"

#include "cache_fixture.h"

#define RECORDS        300
#define ROUNDS         1000
#define REOPEN_ROUNDS  40
#define SCRIBBLED_MAX  64

static void file_begin(void)
{
    fixture_begin();
    fixture_log_begin();
}

static void file_end(void)
{
    fixture_log_end();
    fixture_end();
}

static struct cache *open_table(size_t bytes)
{
    struct cache *cache = cache_open(fixture_directory, bytes);
    ck_assert_str_eq(fixture_log(), "");
    return cache;
}

static void fill(struct cache *cache)
{
    for (unsigned i = 0; i < RECORDS; i++)
        fixture_put(cache, i, 0);
}

static struct cache *open_filled(void)
{
    struct cache *cache = open_table(CACHE_MIN_BYTES);

    fill(cache);
    return cache;
}

static unsigned count_present(struct cache *cache)
{
    unsigned n = 0;

    for (unsigned i = 0; i < RECORDS; i++)
        n += fixture_has(cache, i, 0);
    return n;
}

/* The table as bytes, beside whoever else has it. */
static char *map_table(void)
{
    int fd = open(fixture_path(CACHE_FILE), O_RDWR | O_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    char *p = mmap(NULL, CACHE_MIN_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ck_assert_ptr_ne(p, MAP_FAILED);
    close(fd);
    return p;
}

START_TEST(cache_outlives_its_process)
{
    struct cache *cache = open_filled();

    cache_close(&cache);
    ck_assert_ptr_null(cache);
    cache = open_table(CACHE_MIN_BYTES);
    ck_assert_uint_eq(count_present(cache), RECORDS);
    cache_close(&cache);
}
END_TEST

START_TEST(cache_is_shared_by_who_opens_it)
{
    struct cache *one = open_filled(), *other = open_table(CACHE_MIN_BYTES);

    ck_assert_uint_eq(count_present(other), RECORDS);
    fixture_put(other, RECORDS, 1);
    ck_assert(fixture_has(one, RECORDS, 1));
    cache_close(&one);
    cache_close(&other);
}
END_TEST

START_TEST(cache_has_another_size_when_nobody_else_has_it)
{
    struct cache_state state;
    struct cache *one = open_filled(), *other = open_table(2 * CACHE_MIN_BYTES);

    cache_describe(other, &state);
    ck_assert_uint_lt(state.bytes, CACHE_MIN_BYTES);
    ck_assert_uint_eq(count_present(other), RECORDS);
    cache_close(&one);
    cache_close(&other);

    other = open_table(2 * CACHE_MIN_BYTES);
    cache_describe(other, &state);
    ck_assert_uint_gt(state.bytes, CACHE_MIN_BYTES);
    ck_assert_uint_eq(count_present(other), 0);
    cache_close(&other);
}
END_TEST

/* Where they are, in a table that nothing was put into. */
static size_t lock_offsets[CACHE_STRIPES];

static void find_locks(const char *table)
{
    struct shm_lock made;
    size_t n = 0;

    shm_lock_make(&made);
    for (size_t at = 0; at + sizeof(made) <= CACHE_MIN_BYTES; at += sizeof(uint64_t)) {
        if (memcmp(table + at, &made, sizeof(made)) != 0)
            continue;
        ck_assert_uint_lt(n, CACHE_STRIPES);
        lock_offsets[n++] = at;
    }
    ck_assert_uint_eq(n, CACHE_STRIPES);
}

/* Makes every lock look as one that somebody holds. */
static void take_all_locks(char *table)
{
    struct shm_lock taken;

    shm_lock_make(&taken);
    ck_assert_int_eq(shm_lock(&taken), SHM_LOCKED);
    for (size_t i = 0; i < CACHE_STRIPES; i++)
        memcpy(table + lock_offsets[i], &taken, sizeof(taken));
    shm_unlock(&taken);
}

/* The locks that a boot left behind name processes that are no more. */
START_TEST(cache_survives_a_reboot)
{
    struct cache *cache = open_table(CACHE_MIN_BYTES);
    char *table = map_table();
    struct shm_head *head = (struct shm_head *)(void *)table;

    find_locks(table);
    fill(cache);
    cache_close(&cache);
    take_all_locks(table);
    head->boot[0] ^= 1;
    munmap(table, CACHE_MIN_BYTES);
    cache = open_table(CACHE_MIN_BYTES);
    ck_assert_uint_eq(count_present(cache), RECORDS);
    cache_close(&cache);
}
END_TEST

static int64_t late_ms;

static int64_t read_late_ms(void)
{
    return late_ms;
}

/* A miss, once after the wait for the lock and then at once; all is there when the lock is. */
START_TEST(cache_rests_where_a_lock_is_not_given_back)
{
    struct cache *cache = open_table(CACHE_MIN_BYTES);
    char *table = map_table();
    char *copy = malloc(CACHE_MIN_BYTES);

    find_locks(table);
    fill(cache);
    late_ms = clock_monotonic_ms();
    clock_set_monotonic(read_late_ms);
    memcpy(copy, table, CACHE_MIN_BYTES);
    take_all_locks(table);
    ck_assert_uint_eq(count_present(cache), 0);
    fixture_put(cache, 0, 1);
    memcpy(table, copy, CACHE_MIN_BYTES);
    late_ms += CACHE_REST_MS - 1;
    ck_assert_uint_eq(count_present(cache), 0);
    late_ms++;
    ck_assert_uint_eq(count_present(cache), RECORDS);
    ck_assert_int_eq(fixture_log_count("\n"), 1);
    ck_assert_int_eq(
        fixture_log_count("warning: cache: a lock is not given back, a part of the table rests for 10 s"), 1);
    free(copy);
    munmap(table, CACHE_MIN_BYTES);
    cache_close(&cache);
}
END_TEST

static void break_by_cutting(const char *path)
{
    ck_assert_int_eq(truncate(path, CACHE_MIN_BYTES / 2), 0);
}

static void break_by_emptying(const char *path)
{
    ck_assert_int_eq(truncate(path, 0), 0);
}

static void break_by_another_kind(const char *path)
{
    (void)path;
    fixture_write(CACHE_FILE, offsetof(struct shm_head, kind), "foreign", 7);
}

static void break_by_another_layout(const char *path)
{
    uint32_t layout = CACHE_LAYOUT + 1;

    (void)path;
    fixture_write(CACHE_FILE, offsetof(struct shm_head, layout), &layout, sizeof(layout));
}

static void break_by_a_pipe(const char *path)
{
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
}

static const struct {
    const char *name;
    void (*damage)(const char *path);
} damages[] = {
    { "cut short", break_by_cutting },          { "empty", break_by_emptying },
    { "another kind", break_by_another_kind },  { "another layout", break_by_another_layout },
    { "not a file", break_by_a_pipe },
};

START_TEST(cache_that_cannot_be_used_is_made_anew)
{
    struct cache *cache = open_filled();

    cache_close(&cache);
    damages[_i].damage(fixture_path(CACHE_FILE));
    cache = open_table(CACHE_MIN_BYTES);
    unit_expect(count_present(cache) == 0, damages[_i].name);
    fixture_put(cache, 1, 0);
    cache_close(&cache);
    cache = open_table(CACHE_MIN_BYTES);
    unit_expect(fixture_has(cache, 1, 0), damages[_i].name);
    cache_close(&cache);
}
END_TEST

START_TEST(cache_without_its_directory_is_in_memory)
{
    struct cache *cache = cache_open("/nonexistent", CACHE_MIN_BYTES);

    fixture_expect_match(fixture_log(), ".*warning: cache: .*/nonexistent.*; answers are kept in memory only\n");
    fixture_put(cache, 1, 0);
    ck_assert(fixture_has(cache, 1, 0));
    cache_close(&cache);
}
END_TEST

START_TEST(cache_cut_short_while_it_is_in_use_is_noticed_by_a_new_process)
{
    struct cache *cache = open_filled();

    ck_assert_int_eq(truncate(fixture_path(CACHE_FILE), 4096), 0);
    cache_enter(cache);
    ck_assert_int_eq(fixture_log_count("warning: cache: the file was cut short"), 1);
    ck_assert_uint_eq(count_present(cache), 0);
    fixture_put(cache, 1, 0);
    ck_assert(fixture_has(cache, 1, 0));
    cache_close(&cache);
}
END_TEST

/* One value of 300 has a wrong bit: one line, an empty table, and it can be filled again. */
START_TEST(cache_damage_clears_the_table_once)
{
    struct cache_state state;
    struct cache *cache = open_filled();
    char *table = map_table();
    struct span name = fixture_name(RECORDS / 2);
    char *at = memmem(table, CACHE_MIN_BYTES, name.p, name.n);

    ck_assert_ptr_nonnull(at);
    ck_assert_uint_gt(fixture_value(RECORDS / 2, 0).n, 0);
    at[name.n] ^= 1;
    ck_assert(fixture_has(cache, 1, 0));
    ck_assert(!fixture_has(cache, RECORDS / 2, 0));
    ck_assert_uint_eq(count_present(cache), 0);
    ck_assert_int_eq(fixture_log_count("\n"), 1);
    ck_assert_int_eq(fixture_log_count("warning: cache: damaged, cleared\n"), 1);
    cache_describe(cache, &state);
    ck_assert_uint_eq(state.clears, 1);
    fixture_put(cache, 1, 0);
    ck_assert(fixture_has(cache, 1, 0));
    munmap(table, CACHE_MIN_BYTES);
    cache_close(&cache);
}
END_TEST

/* At the next start only the wrong record is missing. */
START_TEST(cache_recover_drops_what_is_wrong)
{
    struct cache *cache = open_filled();
    struct span name = fixture_name(RECORDS / 2);

    cache_close(&cache);
    char *table = map_table();
    ((char *)memmem(table, CACHE_MIN_BYTES, name.p, name.n))[name.n] ^= 1;
    munmap(table, CACHE_MIN_BYTES);
    cache = open_table(CACHE_MIN_BYTES);
    ck_assert_uint_eq(count_present(cache), RECORDS - 1);
    cache_close(&cache);
}
END_TEST

static void see(void *arg, enum cache_part part, struct span key, struct span value, const struct cache_answer *answer)
{
    (void)part;
    (void)answer;
    (void)arg;
    unsigned number = (unsigned)strtoul(key.p + strlen("key "), NULL, 10);
    unit_expect_span(key, fixture_name(number), "key");
    unit_expect_span(value, fixture_value(number, 0), "value");
}

/* fixture_has() and see() fail at a wrong value. */
static void use_scribbled(struct cache *cache, unsigned round)
{
    struct cache_state state;

    for (unsigned i = 0; i < RECORDS / 4; i++) {
        fixture_has(cache, (round * 31 + i) % RECORDS, 0);
        fixture_put(cache, (round * 17 + i) % RECORDS, 0);
    }
    cache_drop(cache, CACHE_MAPS, fixture_name(round % RECORDS));
    cache_each(cache, clock_wall_ms(), see, NULL);
    cache_describe(cache, &state);
    late_ms += CACHE_REST_MS;
}

/* Bytes of the whole region, its head and its locks among them, change by themselves. */
START_TEST(cache_scribbled_on_never_lies)
{
    uint64_t seed = 42;
    struct cache *cache = NULL;
    char *table = NULL;

    clock_set_monotonic(read_late_ms);
    for (unsigned round = 0; round < ROUNDS; round++) {
        if (round % REOPEN_ROUNDS == 0) {
            cache_close(&cache);
            if (table != NULL)
                munmap(table, CACHE_MIN_BYTES);
            cache = cache_open(fixture_directory, CACHE_MIN_BYTES);
            table = map_table();
        }
        uint64_t n = 1 + fixture_random(&seed) % SCRIBBLED_MAX;
        while (n-- > 0)
            table[fixture_random(&seed) % CACHE_MIN_BYTES] = (char)fixture_random(&seed);
        use_scribbled(cache, round);
        fixture_log_bytes = 0;
        fixture_log();
    }
    munmap(table, CACHE_MIN_BYTES);
    cache_close(&cache);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cache_file");
    TCase *tcase = unit_case("cache_file");

    tcase_add_checked_fixture(tcase, file_begin, file_end);
    tcase_add_test(tcase, cache_outlives_its_process);
    tcase_add_test(tcase, cache_is_shared_by_who_opens_it);
    tcase_add_test(tcase, cache_has_another_size_when_nobody_else_has_it);
    tcase_add_test(tcase, cache_survives_a_reboot);
    tcase_add_test(tcase, cache_rests_where_a_lock_is_not_given_back);
    tcase_add_loop_test(tcase, cache_that_cannot_be_used_is_made_anew, 0, UNIT_ROWS(damages));
    tcase_add_test(tcase, cache_without_its_directory_is_in_memory);
    tcase_add_test(tcase, cache_cut_short_while_it_is_in_use_is_noticed_by_a_new_process);
    tcase_add_test(tcase, cache_damage_clears_the_table_once);
    tcase_add_test(tcase, cache_recover_drops_what_is_wrong);
    tcase_add_test(tcase, cache_scribbled_on_never_lies);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
