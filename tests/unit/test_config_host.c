#include "config_host.h"

#include "unit.h"

static const struct {
    const char *name;
    const char *host;
    bool is_loopback;
} rows[] = {
    { "localhost", "localhost", true },
    { "in capitals", "LocalHost", true },
    { "IPv4", "127.0.0.1", true },
    { "another of its network", "127.255.0.9", true },
    { "IPv6", "::1", true },
    { "a name that begins like the network", "127.example.com", false },
    { "a name that begins like the word", "localhost.example.com", false },
    { "part of the word", "local", false },
    { "every address", "0.0.0.0", false },
    { "another address", "192.0.2.127", false },
    { "nothing", "", false },
};

START_TEST(config_host_is_loopback_knows_this_machine)
{
    unit_expect(config_host_is_loopback(span_text(rows[_i].host)) == rows[_i].is_loopback, rows[_i].name);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config_host");

    unit_add_loop(suite, "loopback", config_host_is_loopback_knows_this_machine, UNIT_ROWS(rows));
    return unit_run(suite);
}
