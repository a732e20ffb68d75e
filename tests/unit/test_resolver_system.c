#include "resolver.h"

#include "loop_fixture.h"

static int told;

static void note(struct resolver_waiter *waiter)
{
    (void)waiter;
    told++;
}

static const struct {
    const char *name;
    enum config_ip_version version;
    const char *address; /* among those found; NULL: none is */
} rows[] = {
    { "localhost", CONFIG_IP_4, "127.0.0.1" },
    { "localhost", CONFIG_IP_ANY, "127.0.0.1" },
    { "192.0.2.1", CONFIG_IP_ANY, "192.0.2.1" },
    { "2001:db8::1", CONFIG_IP_ANY, "[2001:db8::1]" },
    { "192.0.2.1", CONFIG_IP_6, NULL },
    /* no name server is asked about a label of more than 63 bytes */
    { "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.invalid", CONFIG_IP_ANY, NULL },
};

/* The system's own getaddrinfo(3). */
START_TEST(resolver_asks_the_system)
{
    struct resolver_waiter waiter = { .done = note };

    fixture_loop_begin();
    struct resolver *resolver = resolver_new(&fixture_loop);
    struct resolver_host *host = resolver_host(resolver, rows[_i].name, rows[_i].version);
    ck_assert_int_eq(resolver_ask(resolver, host, &waiter), RESOLVER_WAITING);
    fixture_until(&told, 1);
    unit_expect((host->addresses != NULL) == (rows[_i].address != NULL), rows[_i].name);
    unit_expect((host->error != NULL) == (rows[_i].address == NULL), rows[_i].name);
    if (rows[_i].address != NULL)
        unit_expect(strstr(host->addresses, rows[_i].address) != NULL, rows[_i].name);
    resolver_free(&resolver);
    fixture_loop_end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("resolver_system");

    unit_add_loop(suite, "resolver_ask", resolver_asks_the_system, UNIT_ROWS(rows));
    return unit_run(suite);
}
