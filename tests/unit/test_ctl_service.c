#include "../../tools/pfxctl/service.h"

#include "unit.h"

void pfxctl_complain(const char *format, ...)
{
    (void)format;
}

static const struct {
    const char *name;
    const char *service, *type, *command;
    bool is_private;
    enum service_protocol protocol; /* unknown: none of ours */
    const char *path, *host, *port;
} lines[] = {
    { "private", "map", "unix", "pfx-socketmap", true, SERVICE_SOCKETMAP, "/q/private/map", NULL, NULL },
    { "public", "login", "unix", "/usr/lib/pfx-saslbridge", false, SERVICE_SASL, "/q/public/login", NULL, NULL },
    { "port", "10000", "inet", "pfx-policyd", true, SERVICE_POLICY, NULL, "127.0.0.1", "10000" },
    { "address", "192.0.2.1:9154", "inet", "pfx-metrics", false, SERVICE_METRICS, NULL, "192.0.2.1", "9154" },
    { "IPv6", "[2001:db8::1]:9154", "inet", "pfx-metrics", false, SERVICE_METRICS, NULL, "2001:db8::1", "9154" },
    { "colon", ":9154", "inet", "pfx-metrics", false, SERVICE_METRICS, NULL, "127.0.0.1", "9154" },
    { "another program", "smtp", "inet", "smtpd", false, SERVICE_UNKNOWN, NULL, NULL, NULL },
    { "a name like ours", "x", "unix", "pfx-policyd2", true, SERVICE_UNKNOWN, NULL, NULL, NULL },
    { "another type", "x", "fifo", "pfx-policyd", true, SERVICE_UNKNOWN, NULL, NULL, NULL },
};

static void expect_text(const char *name, const char *actual, const char *expected)
{
    unit_expect_span(span_text(actual), span_text(expected), name);
    unit_expect((actual == NULL) == (expected == NULL), name);
}

START_TEST(service_of_a_line_is_where_master_listens)
{
    char *words[] = { strdup(lines[_i].command), strdup("-C"), strdup("/etc/x.cfg"), strdup("entry"), NULL };
    struct instance_service line = { .name = lines[_i].service, .type = lines[_i].type,
                                     .is_private = lines[_i].is_private, .argument = words, .argument_count = 4,
                                     .is_chroot = lines[_i].is_private };
    bool is_ours = lines[_i].protocol != SERVICE_UNKNOWN;
    struct service service;

    unit_expect(service_of_instance(&service, &line, "/q") == is_ours, lines[_i].name);
    if (is_ours) {
        unit_expect(service.protocol == lines[_i].protocol, lines[_i].name);
        unit_expect(service.by_master, lines[_i].name);
        unit_expect(service.is_chroot == lines[_i].is_private, lines[_i].name);
        expect_text(lines[_i].name, service.name, lines[_i].service);
        expect_text(lines[_i].name, service.path, lines[_i].path);
        expect_text(lines[_i].name, service.host, lines[_i].host);
        expect_text(lines[_i].name, service.port, lines[_i].port);
        expect_text(lines[_i].name, service.config_path, "/etc/x.cfg");
    }
    service_free(&service);
    for (size_t i = 0; words[i] != NULL; i++)
        free(words[i]);
}
END_TEST

static const struct {
    const char *text;
    bool is_socket;
    const char *path, *host, *port;
} sockets[] = {
    { "unix:/run/s", true, "/run/s", NULL, NULL },
    { "unix:s", true, "s", NULL, NULL },
    { "inet:localhost:25", true, NULL, "localhost", "25" },
    { "inet:[::1]:25", true, NULL, "::1", "25" },
    { "inet:25", true, NULL, "127.0.0.1", "25" },
    { "unix:", false, NULL, NULL, NULL },
    { "inet:", false, NULL, NULL, NULL },
    { "pfx-socketmap", false, NULL, NULL, NULL },
    { "/run/s", false, NULL, NULL, NULL },
};

START_TEST(service_of_a_socket_is_as_daemons_take_it)
{
    struct service service;

    unit_expect(service_of_socket(&service, sockets[_i].text) == sockets[_i].is_socket, sockets[_i].text);
    unit_expect(!service.by_master, sockets[_i].text);
    expect_text(sockets[_i].text, service.path, sockets[_i].path);
    expect_text(sockets[_i].text, service.host, sockets[_i].host);
    expect_text(sockets[_i].text, service.port, sockets[_i].port);
    service_free(&service);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ctl_service");

    unit_add_loop(suite, "service_of_instance", service_of_a_line_is_where_master_listens, UNIT_ROWS(lines));
    unit_add_loop(suite, "service_of_socket", service_of_a_socket_is_as_daemons_take_it, UNIT_ROWS(sockets));
    return unit_run(suite);
}
