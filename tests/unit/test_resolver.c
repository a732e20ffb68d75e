#include "resolver.h"

#include <sched.h>

#include "loop_fixture.h"
#include "mem.h"
#include "names_fixture.h"

static struct resolver *resolver;
static int told;

static void note(struct resolver_waiter *waiter)
{
    ck_assert_ptr_null(waiter->host);
    told++;
}

static struct resolver_waiter waiter = { .done = note };

static void begin(void)
{
    fixture_loop_begin();
    names_begin();
    names_answer[0] = "192.0.2.1";
    resolver = resolver_new(&fixture_loop);
    ck_assert_ptr_nonnull(resolver);
}

static void end(void)
{
    resolver_free(&resolver);
    ck_assert_ptr_null(resolver);
    fixture_loop_end();
}

static struct resolver_host *host_of(const char *name)
{
    return resolver_host(resolver, name, CONFIG_IP_ANY);
}

/* Asks, which must begin a look-up, and waits for its end. */
static struct resolver_host *resolved(const char *name)
{
    struct resolver_host *host = host_of(name);
    int before = told;

    ck_assert_int_eq(resolver_ask(resolver, host, &waiter), RESOLVER_WAITING);
    fixture_until(&told, before + 1);
    return host;
}

/* The end of a look-up that nobody waits for shows in host->asked. */
static void settle(const struct resolver_host *host)
{
    while (host->asked)
        loop_turn(&fixture_loop);
}

static void until_asked(int wanted)
{
    while (names_asked < wanted)
        sched_yield();
}

START_TEST(resolver_ask_tells_later_and_once)
{
    struct resolver_host *host = host_of("hold.test");

    ck_assert_ptr_null(host->addresses);
    ck_assert_int_eq(resolver_ask(resolver, host, &waiter), RESOLVER_WAITING);
    fixture_turns(3);
    ck_assert_int_eq(told, 0);
    names_release();
    fixture_until(&told, 1);
    fixture_turns(3);
    ck_assert_int_eq(told, 1);
    ck_assert_str_eq(host->addresses, "192.0.2.1");
    ck_assert_ptr_null(host->error);
    ck_assert_uint_eq(host->generation, 1);
}
END_TEST

START_TEST(resolver_addresses_keep_their_order_and_brackets)
{
    names_answer[0] = "2001:db8::1";
    names_answer[1] = "192.0.2.7";
    names_answer[2] = "192.0.2.6";
    ck_assert_str_eq(resolved("several.test")->addresses, "[2001:db8::1],192.0.2.7,192.0.2.6");
}
END_TEST

START_TEST(resolver_uses_the_first_addresses_only)
{
    for (int i = 0; i + 1 < NAMES_ADDRESSES_MAX; i++)
        names_answer[i] = "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff";
    const char *addresses = resolved("many.test")->addresses;
    int count = 1;
    for (const char *at = addresses; (at = strchr(at, ',')) != NULL; at++)
        count++;
    ck_assert_int_eq(count, RESOLVER_ADDRESSES_MAX);
    ck_assert_str_eq(strrchr(addresses, ','), ",[2001:db8:ffff:ffff:ffff:ffff:ffff:ffff]");
}
END_TEST

START_TEST(resolver_host_is_one_record_a_name_and_family)
{
    struct resolver_host *any = resolver_host(resolver, "a.test", CONFIG_IP_ANY);
    struct resolver_host *v4 = resolver_host(resolver, "a.test", CONFIG_IP_4);
    struct resolver_host *v6 = resolver_host(resolver, "a.test", CONFIG_IP_6);

    ck_assert_ptr_eq(any, resolver_host(resolver, "a.test", CONFIG_IP_ANY));
    ck_assert_ptr_eq(v6, resolver_host(resolver, "a.test", CONFIG_IP_6));
    ck_assert_ptr_ne(any, v4);
    ck_assert_ptr_ne(v4, v6);
    ck_assert_ptr_ne(any, resolver_host(resolver, "b.test", CONFIG_IP_ANY));
    ck_assert_int_eq(resolver_ask(resolver, v6, &waiter), RESOLVER_WAITING);
    fixture_until(&told, 1);
    ck_assert_int_eq(names_family, AF_INET6);
}
END_TEST

START_TEST(resolver_one_look_up_a_host_tells_all_who_wait)
{
    struct resolver_waiter others[5];
    struct resolver_host *host = host_of("hold.test");

    for (int i = 0; i < 5; i++) {
        others[i] = (struct resolver_waiter){ .done = note };
        ck_assert_int_eq(resolver_ask(resolver, host, &others[i]), RESOLVER_WAITING);
    }
    names_release();
    fixture_until(&told, 5);
    fixture_turns(2);
    ck_assert_int_eq(told, 5);
    ck_assert_int_eq(names_asked, 1);
}
END_TEST

START_TEST(resolver_forgotten_waiter_is_not_told)
{
    struct resolver_waiter first = { .done = note };
    struct resolver_waiter last = { .done = note };
    struct resolver_host *host = host_of("hold.test");

    resolver_ask(resolver, host, &first);
    resolver_ask(resolver, host, &waiter);
    resolver_ask(resolver, host, &last);
    resolver_forget(&waiter);
    resolver_forget(&waiter);
    names_release();
    settle(host);
    ck_assert_int_eq(told, 2);
    resolver_forget(&first);
    ck_assert_int_eq(resolver_ask(resolver, host, &waiter), RESOLVER_READY);
}
END_TEST

START_TEST(resolver_addresses_are_fresh_for_their_time)
{
    struct resolver_host *host = resolved("a.test");

    fixture_move_clock(RESOLVER_KEEP_MS - 1);
    ck_assert_int_eq(resolver_ask(resolver, host, &waiter), RESOLVER_READY);
    ck_assert(!host->asked);
    fixture_move_clock(1);
    ck_assert_int_eq(resolver_ask(resolver, host, &waiter), RESOLVER_READY);
    ck_assert(host->asked);
    settle(host);
    ck_assert_int_eq(names_asked, 2);
    ck_assert_int_eq(told, 1);
    ck_assert_uint_eq(host->generation, 1);
}
END_TEST

START_TEST(resolver_old_addresses_are_used_while_a_renewal_runs)
{
    names_release();
    struct resolver_host *host = resolved("hold.test");

    fixture_move_clock(RESOLVER_KEEP_MS);
    names_answer[0] = "192.0.2.2";
    ck_assert_int_eq(resolver_ask(resolver, host, &waiter), RESOLVER_READY);
    ck_assert_int_eq(resolver_ask(resolver, host, &waiter), RESOLVER_READY);
    ck_assert_str_eq(host->addresses, "192.0.2.1");
    names_release();
    settle(host);
    ck_assert_int_eq(names_asked, 2);
    ck_assert_str_eq(host->addresses, "192.0.2.2");
    ck_assert_uint_eq(host->generation, 2);
}
END_TEST

START_TEST(resolver_old_addresses_are_used_while_renewals_fail)
{
    struct resolver_host *host = resolved("a.test");

    names_error = EAI_AGAIN;
    fixture_move_clock(RESOLVER_KEEP_MS);
    ck_assert_int_eq(resolver_ask(resolver, host, &waiter), RESOLVER_READY);
    settle(host);
    ck_assert_str_eq(host->error, gai_strerror(EAI_AGAIN));
    ck_assert_int_eq(resolver_ask(resolver, host, &waiter), RESOLVER_READY);
    ck_assert(!host->asked);
    ck_assert_str_eq(host->addresses, "192.0.2.1");
    fixture_move_clock(RESOLVER_RETRY_MS);
    names_error = 0;
    ck_assert_int_eq(resolver_ask(resolver, host, &waiter), RESOLVER_READY);
    settle(host);
    ck_assert_ptr_null(host->error);
    ck_assert_int_eq(names_asked, 3);
    ck_assert_uint_eq(host->generation, 1);
}
END_TEST

START_TEST(resolver_failure_is_remembered_for_its_time)
{
    names_error = EAI_NONAME;
    struct resolver_host *host = resolved("host.invalid");

    ck_assert_ptr_null(host->addresses);
    ck_assert_str_eq(host->error, gai_strerror(EAI_NONAME));
    fixture_move_clock(RESOLVER_RETRY_MS - 1);
    ck_assert_int_eq(resolver_ask(resolver, host, &waiter), RESOLVER_FAILED);
    ck_assert_int_eq(names_asked, 1);
    fixture_move_clock(1);
    names_error = 0;
    ck_assert_int_eq(resolver_ask(resolver, host, &waiter), RESOLVER_WAITING);
    fixture_until(&told, 2);
    ck_assert_str_eq(host->addresses, "192.0.2.1");
    ck_assert_ptr_null(host->error);
}
END_TEST

START_TEST(resolver_host_without_any_address_is_a_failure)
{
    names_answer[0] = NULL;
    struct resolver_host *host = resolved("empty.test");
    ck_assert_ptr_null(host->addresses);
    ck_assert_ptr_nonnull(host->error);
}
END_TEST

START_TEST(resolver_runs_so_many_look_ups_at_a_time_and_the_others_in_order)
{
    struct resolver_waiter waiters[RESOLVER_THREADS_MAX + 3];

    for (int i = 0; i < RESOLVER_THREADS_MAX + 3; i++) {
        char *name = mem_format("hold%d.test", i);
        waiters[i] = (struct resolver_waiter){ .done = note };
        ck_assert_int_eq(resolver_ask(resolver, host_of(name), &waiters[i]), RESOLVER_WAITING);
        mem_free(name);
    }
    until_asked(RESOLVER_THREADS_MAX);
    fixture_turns(3);
    ck_assert_int_eq(names_asked, RESOLVER_THREADS_MAX);
    for (int i = 1; i <= RESOLVER_THREADS_MAX + 3; i++) {
        names_release();
        fixture_until(&told, i);
        ck_assert_int_le(names_asked, RESOLVER_THREADS_MAX + i);
    }
    ck_assert_int_eq(names_asked, RESOLVER_THREADS_MAX + 3);
}
END_TEST

START_TEST(resolver_free_does_not_wait_for_a_look_up)
{
    struct resolver *other = resolver_new(&fixture_loop);
    struct resolver_waiter unlucky = { .done = note };

    resolver_ask(other, resolver_host(other, "hold.test", CONFIG_IP_ANY), &unlucky);
    until_asked(1);
    resolver_free(&other);
    ck_assert_ptr_null(other);
    resolved("a.test");
    ck_assert_int_eq(told, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("resolver");
    const TTest *const tests[] = { resolver_ask_tells_later_and_once,
                                   resolver_addresses_keep_their_order_and_brackets,
                                   resolver_uses_the_first_addresses_only,
                                   resolver_host_is_one_record_a_name_and_family,
                                   resolver_one_look_up_a_host_tells_all_who_wait,
                                   resolver_forgotten_waiter_is_not_told,
                                   resolver_addresses_are_fresh_for_their_time,
                                   resolver_old_addresses_are_used_while_a_renewal_runs,
                                   resolver_old_addresses_are_used_while_renewals_fail,
                                   resolver_failure_is_remembered_for_its_time,
                                   resolver_host_without_any_address_is_a_failure,
                                   resolver_runs_so_many_look_ups_at_a_time_and_the_others_in_order,
                                   resolver_free_does_not_wait_for_a_look_up };
    TCase *tcase = unit_case("resolver");

    tcase_add_checked_fixture(tcase, begin, end);
    for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
