#include "shm_claim.h"

#include "region_fixture.h"

#define OTHERS 3
#define GROUP 5

/* Children that each claim a number of the file, tell it, and keep it. */
static void claim_in_children(pid_t children[OTHERS], int channels[OTHERS], unsigned numbers[OTHERS])
{
    for (int i = 0; i < OTHERS; i++) {
        children[i] = fixture_fork(&channels[i]);
        if (children[i] == 0) {
            unsigned number = shm_claim(&shm, GROUP, 99);
            fixture_say(channels[i], &number, sizeof(number));
            fixture_await(channels[i]);
            _exit(0);
        }
        fixture_hear(channels[i], &numbers[i], sizeof(numbers[i]));
    }
}

START_TEST(shm_claim_gives_each_process_another_number)
{
    unsigned numbers[OTHERS];
    pid_t children[OTHERS];
    int channels[OTHERS];

    open_one(&shm);
    ck_assert_uint_eq(shm_claim(&shm, GROUP, 99), 0);
    claim_in_children(children, channels, numbers);
    for (unsigned i = 0; i < OTHERS; i++) {
        ck_assert_uint_eq(numbers[i], i + 1);
        ck_assert(!shm_claim_take(&shm, GROUP, numbers[i]));
    }
    ck_assert(shm_claim_take(&shm, GROUP + 1, numbers[0]));
    fixture_kill(children[1]);
    ck_assert(shm_claim_take(&shm, GROUP, numbers[1]));
    shm_claim_give(&shm, GROUP, numbers[1]);
    fixture_ready(channels[0]);
    fixture_join(children[0]);
    ck_assert(shm_claim_take(&shm, GROUP, numbers[0]));
    ck_assert(!shm_claim_take(&shm, GROUP, numbers[2]));
    fixture_kill(children[2]);
    for (int i = 0; i < OTHERS; i++)
        close(channels[i]);
    shm_close(&shm);
}
END_TEST

START_TEST(shm_claim_of_memory_is_what_the_caller_says)
{
    shm_open_anonymous(&shm, &kind);
    ck_assert_uint_eq(shm_claim(&shm, GROUP, 7), 7);
    ck_assert(!shm_claim_take(&shm, GROUP, 0));
    shm_close(&shm);
}
END_TEST

START_TEST(shm_claim_knows_its_limits)
{
    open_one(&shm);
    ck_assert(shm_claim_take(&shm, GROUP, SHM_CLAIMS_MAX - 1));
    ck_assert(!shm_claim_take(&shm, GROUP, SHM_CLAIMS_MAX));
    ck_assert(shm_claim_take(&shm, SHM_CLAIM_GROUPS - 1, 0));
    ck_assert(!shm_claim_take(&shm, SHM_CLAIM_GROUPS, 0));
    shm_close(&shm);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("shm_claim");
    TCase *tcase = unit_case("shm_claim");

    tcase_add_unchecked_fixture(tcase, fixture_begin, fixture_end);
    tcase_add_checked_fixture(tcase, begin, NULL);
    tcase_add_test(tcase, shm_claim_gives_each_process_another_number);
    tcase_add_test(tcase, shm_claim_of_memory_is_what_the_caller_says);
    tcase_add_test(tcase, shm_claim_knows_its_limits);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
