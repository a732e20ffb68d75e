#include "master.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "config_fixture.h"
#include "log_fixture.h"

#define TEN "aaaaaaaaaa"
#define FIFTY TEN TEN TEN TEN TEN
#define LONG_NAME "/" FIFTY FIFTY FIFTY "/" FIFTY FIFTY FIFTY

struct status {
    int pid;
    unsigned generation;
    int available;
};

enum exits { BEGUN = 10, REFUSED, LEAKED };

/* What master gives to a child, and what the child makes of it. */
struct child {
    const char *generation; /* NULL: not in the environment */
    bool has_status, has_listener;
};

static bool is_close_on_exec(int fd)
{
    return (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0;
}

/* In a process of its own: descriptors 3 to 6 belong to somebody else in this one. */
static void run_child(const struct child *child, int status_fd, const char *expected_why)
{
    int from = fcntl(status_fd, F_DUPFD, 100);

    for (int fd = MASTER_FLOW_READ_FD; fd <= MASTER_LISTEN_FD; fd++)
        dup2(from, fd);
    if (!child->has_status)
        close(MASTER_STATUS_FD);
    if (!child->has_listener)
        close(MASTER_LISTEN_FD);
    unsetenv("GENERATION");
    if (child->generation != NULL)
        setenv("GENERATION", child->generation, 1);
    const char *why = master_begin();
    if (why != NULL)
        _exit(expected_why != NULL && strcmp(why, expected_why) == 0 ? REFUSED : EXIT_FAILURE);
    if (fcntl(MASTER_FLOW_READ_FD, F_GETFD) >= 0 || fcntl(MASTER_FLOW_WRITE_FD, F_GETFD) >= 0 ||
        !is_close_on_exec(MASTER_STATUS_FD))
        _exit(LEAKED);
    master_report_served();
    _exit(BEGUN);
}

static pid_t start_child(const struct child *child, int *status_fd, const char *expected_why)
{
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        close(ends[0]);
        run_child(child, ends[1], expected_why);
    }
    close(ends[1]);
    *status_fd = ends[0];
    return pid;
}

static int end_of(pid_t pid)
{
    int status;

    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static const struct {
    const char *text;
    unsigned generation;
} generations[] = {
    { "0", 0 }, { "1", 1 }, { "12", 10 }, { "17777777777", 2147483647u }, { "37777777777", 4294967295u },
};

START_TEST(master_report_is_taken_then_avail_with_the_octal_generation)
{
    struct child child = { .generation = generations[_i].text, .has_status = true, .has_listener = true };
    struct status messages[3];
    int status_fd;

    pid_t pid = start_child(&child, &status_fd, NULL);
    ck_assert_int_eq(end_of(pid), BEGUN);
    ck_assert_int_eq(recv(status_fd, messages, sizeof(messages), MSG_WAITALL), 2 * (ssize_t)sizeof(*messages));
    ck_assert_uint_eq(sizeof(*messages), 12);
    for (int i = 0; i < 2; i++) {
        unit_expect(messages[i].pid == (int)pid, generations[_i].text);
        unit_expect(messages[i].generation == generations[_i].generation, generations[_i].text);
        unit_expect(messages[i].available == i, generations[_i].text);
    }
    close(status_fd);
}
END_TEST

#define NO_CHANNEL "option -t is for master(8) only: there is no status channel"
#define NOT_OCTAL  "GENERATION in the environment is not an octal number"

static const struct {
    const char *name;
    struct child child;
    const char *why;
} mistakes[] = {
    { "no generation", { NULL, true, true }, NO_CHANNEL },  { "no status channel", { "1", false, true }, NO_CHANNEL },
    { "no listener", { "1", true, false }, NO_CHANNEL },    { "empty generation", { "", true, true }, NOT_OCTAL },
    { "decimal generation", { "9", true, true }, NOT_OCTAL }, { "trailing text", { "12x", true, true }, NOT_OCTAL },
};

START_TEST(master_begin_refuses_what_master_did_not_start)
{
    int status_fd;
    char byte;

    pid_t pid = start_child(&mistakes[_i].child, &status_fd, mistakes[_i].why);
    unit_expect(end_of(pid) == REFUSED, mistakes[_i].name);
    unit_expect(recv(status_fd, &byte, 1, 0) == 0, mistakes[_i].name);
    close(status_fd);
}
END_TEST

/* Without a master.cf, postconf(1) waits before it answers. */
static void write_main_cf(const char *text)
{
    fixture_write("main.cf", text);
    fixture_write("master.cf", "");
}

static void expect_defaults(const struct master_settings *settings)
{
    ck_assert_str_eq(settings->mail_owner, "postfix");
    ck_assert_str_eq(settings->syslog_facility, "mail");
    ck_assert_str_eq(settings->data_directory, "/var/lib/postfix");
    ck_assert_str_eq(settings->recipient_delimiter, "");
    ck_assert_str_eq(settings->queue_directory, "/var/spool/postfix");
}

START_TEST(master_settings_are_those_of_the_configuration_directory)
{
    struct master_settings settings;

    write_main_cf("mail_owner = daemon\nsyslog_facility = local3\ndata_directory = $queue_directory/d\n"
                  "recipient_delimiter = +-\nqueue_directory = /q" LONG_NAME "\n");
    master_read_settings(&settings, fixture_directory);
    ck_assert_str_eq(settings.mail_owner, "daemon");
    ck_assert_str_eq(settings.syslog_facility, "local3");
    ck_assert_str_eq(settings.data_directory, "/q" LONG_NAME "/d");
    ck_assert_str_eq(settings.recipient_delimiter, "+-");
    ck_assert_str_eq(settings.queue_directory, "/q" LONG_NAME);
    master_free_settings(&settings);
}
END_TEST

START_TEST(master_settings_have_the_defaults_of_postfix)
{
    struct master_settings settings;

    write_main_cf("");
    master_read_settings(&settings, fixture_directory);
    expect_defaults(&settings);
    master_free_settings(&settings);
}
END_TEST

START_TEST(master_settings_of_a_missing_directory_are_the_defaults)
{
    struct master_settings settings;
    char *nowhere = fixture_path("nowhere");

    fixture_log_begin();
    master_read_settings(&settings, nowhere);
    expect_defaults(&settings);
    master_free_settings(&settings);
    fixture_log_end();
    mem_free(nowhere);
}
END_TEST

START_TEST(master_settings_leave_no_child)
{
    struct master_settings settings;

    write_main_cf("");
    master_read_settings(&settings, fixture_directory);
    master_free_settings(&settings);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("master");

    unit_add_loop(suite, "master_report_served", master_report_is_taken_then_avail_with_the_octal_generation,
                  UNIT_ROWS(generations));
    unit_add_loop(suite, "master_begin", master_begin_refuses_what_master_did_not_start, UNIT_ROWS(mistakes));
    fixture_add(suite, "master_read_settings",
                (const TTest *const[]){ master_settings_are_those_of_the_configuration_directory,
                                        master_settings_have_the_defaults_of_postfix,
                                        master_settings_of_a_missing_directory_are_the_defaults,
                                        master_settings_leave_no_child, NULL });
    return unit_run(suite);
}
