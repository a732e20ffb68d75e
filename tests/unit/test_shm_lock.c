#include "shm.h"

#include <pthread.h>

#include "region_fixture.h"

#define THREADS 4
#define TURNS   20000

/* A child that holds the lock, killed with it. */
static void die_with_lock(void)
{
    int channel;
    pid_t child = fixture_fork(&channel);

    if (child == 0) {
        if (shm_lock(&region()->lock) == SHM_LOCKED)
            fixture_ready(channel);
        fixture_await(channel);
        _exit(0);
    }
    fixture_await(channel);
    fixture_kill(child);
    close(channel);
}

static void expect_free(void)
{
    ck_assert_int_eq(shm_lock(&region()->lock), SHM_LOCKED);
    shm_unlock(&region()->lock);
}

START_TEST(shm_lock_tells_that_its_holder_died)
{
    open_one(&shm);
    die_with_lock();
    ck_assert_int_eq(shm_lock(&region()->lock), SHM_ORPHANED);
    shm_repaired(&region()->lock);
    shm_unlock(&region()->lock);
    expect_free();
    shm_close(&shm);
}
END_TEST

/* Who repairs may be killed as well. */
START_TEST(shm_lock_tells_it_again_when_the_next_holder_dies_before_the_repair)
{
    int channel;

    open_one(&shm);
    die_with_lock();
    pid_t child = fixture_fork(&channel);
    if (child == 0) {
        if (shm_lock(&region()->lock) == SHM_ORPHANED)
            fixture_ready(channel);
        fixture_await(channel);
        _exit(0);
    }
    fixture_await(channel);
    fixture_kill(child);
    ck_assert_int_eq(shm_lock(&region()->lock), SHM_ORPHANED);
    shm_repaired(&region()->lock);
    shm_unlock(&region()->lock);
    expect_free();
    shm_close(&shm);
    close(channel);
}
END_TEST

START_TEST(shm_lock_is_stuck_when_it_was_not_repaired)
{
    open_one(&shm);
    die_with_lock();
    ck_assert_int_eq(shm_lock(&region()->lock), SHM_ORPHANED);
    shm_unlock(&region()->lock);
    ck_assert_int_eq(shm_lock(&region()->lock), SHM_STUCK);
    reopen();
    expect_free();
    shm_close(&shm);
}
END_TEST

START_TEST(shm_lock_is_stuck_while_another_keeps_it)
{
    int channel;

    open_one(&shm);
    pid_t child = fixture_fork(&channel);
    if (child == 0) {
        if (shm_lock(&region()->lock) == SHM_LOCKED)
            fixture_ready(channel);
        fixture_await(channel);
        shm_unlock(&region()->lock);
        _exit(0);
    }
    fixture_await(channel);
    ck_assert_int_eq(shm_lock(&region()->lock), SHM_STUCK);
    fixture_ready(channel);
    fixture_join(child);
    expect_free();
    shm_close(&shm);
    close(channel);
}
END_TEST

START_TEST(shm_lock_that_was_scribbled_on_is_stuck)
{
    open_one(&shm);
    memset(&region()->lock, 0xff, sizeof(region()->lock));
    ck_assert_int_eq(shm_lock(&region()->lock), SHM_STUCK);
    shm_lock_make(&region()->lock);
    expect_free();
    shm_close(&shm);
}
END_TEST

/* It names an owner that no longer exists: the next opener, alone, makes it anew. */
START_TEST(shm_lock_that_the_last_process_kept_is_free_again)
{
    int channel;
    pid_t child = fixture_fork(&channel);

    if (child == 0) {
        open_one(&shm);
        if (shm_lock(&region()->lock) == SHM_LOCKED)
            fixture_ready(channel);
        fixture_await(channel);
        _exit(0);
    }
    fixture_await(channel);
    fixture_kill(child);
    open_one(&shm);
    expect_free();
    shm_close(&shm);
    close(channel);
}
END_TEST

static void *count(void *arg)
{
    (void)arg;
    for (int i = 0; i < TURNS; i++) {
        if (shm_lock(&region()->lock) != SHM_LOCKED)
            continue;
        region()->value++;
        shm_unlock(&region()->lock);
    }
    return NULL;
}

/* A count without the lock would be a data race, and too small. */
START_TEST(shm_lock_keeps_threads_apart)
{
    pthread_t threads[THREADS];

    shm_open_anonymous(&shm, &kind);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, count, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_int_eq(region()->value, THREADS * TURNS);
    shm_close(&shm);
}
END_TEST

START_TEST(shm_lock_keeps_processes_apart)
{
    pid_t children[THREADS];
    int channels[THREADS];

    open_one(&shm);
    for (int i = 0; i < THREADS; i++) {
        children[i] = fixture_fork(&channels[i]);
        if (children[i] == 0) {
            count(NULL);
            _exit(0);
        }
    }
    for (int i = 0; i < THREADS; i++) {
        fixture_join(children[i]);
        close(channels[i]);
    }
    ck_assert_int_eq(region()->value, THREADS * TURNS);
    shm_close(&shm);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("shm_lock");
    TCase *tcase = unit_case("lock");

    tcase_add_unchecked_fixture(tcase, fixture_begin, fixture_end);
    tcase_add_checked_fixture(tcase, begin, NULL);
    tcase_add_test(tcase, shm_lock_tells_that_its_holder_died);
    tcase_add_test(tcase, shm_lock_tells_it_again_when_the_next_holder_dies_before_the_repair);
    tcase_add_test(tcase, shm_lock_is_stuck_when_it_was_not_repaired);
    tcase_add_test(tcase, shm_lock_is_stuck_while_another_keeps_it);
    tcase_add_test(tcase, shm_lock_that_was_scribbled_on_is_stuck);
    tcase_add_test(tcase, shm_lock_that_the_last_process_kept_is_free_again);
    tcase_add_test(tcase, shm_lock_keeps_threads_apart);
    tcase_add_test(tcase, shm_lock_keeps_processes_apart);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
