#include "log.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "log_fixture.h"
#include "mem.h"

#define POSTLOG_TIME "[A-Z][a-z][a-z] [ 1-3][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9] "
#define LINES_MAX    100000 /* more than any socket queues */

static char directory[] = "/tmp/pfx-log-XXXXXX";
static struct sockaddr_un address = { .sun_family = AF_UNIX };
static int postlogd_fd = -1;
static char received[2 * LOG_LINE_MAX_BYTES];

static void begin_postlogd(void)
{
    postlogd_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ck_assert_int_eq(bind(postlogd_fd, (const struct sockaddr *)&address, sizeof(address)), 0);
}

static void end_postlogd(void)
{
    if (postlogd_fd >= 0)
        close(postlogd_fd);
    postlogd_fd = -1;
    unlink(address.sun_path);
}

/* Outside the test's own process, which may die. */
static void begin_directory(void)
{
    if (mkdtemp(directory) == NULL)
        perror("mkdtemp");
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/postlog", directory);
}

static void end_directory(void)
{
    unlink(address.sun_path);
    rmdir(directory);
}

static void begin(void)
{
    unlink(address.sun_path);
    begin_postlogd();
}

static void end(void)
{
    log_close();
    end_postlogd();
}

static void open_postlog(const char *host)
{
    log_open(&(const struct log_options){
        .sink = LOG_TO_POSTLOG, .ident = "postfix/pfx-test", .socket_path = address.sun_path, .host = host });
}

/* The next datagram as text, or NULL. */
static const char *receive(void)
{
    ssize_t n = recv(postlogd_fd, received, sizeof(received) - 1, 0);

    received[n < 0 ? 0 : n] = '\0';
    return n < 0 ? NULL : received;
}

static void expect_line(const char *text)
{
    const char *line = receive();

    ck_assert_msg(line != NULL, "no line came, expected %s", text);
    char *pattern = mem_format(POSTLOG_TIME "mx postfix/pfx-test\\[%d\\]: %s", (int)getpid(), text);
    fixture_expect_match(line, pattern);
    mem_free(pattern);
}

START_TEST(log_postlog_line_is_one_datagram_without_a_newline)
{
    open_postlog("mx.example.com");
    log_warning("key=<%s>", "a\nb");
    log_info("second");
    expect_line("warning: key=<a\\?b>");
    expect_line("second");
    ck_assert_ptr_null(receive());
}
END_TEST

START_TEST(log_postlog_sends_the_longest_line_whole)
{
    char text[LOG_LINE_MAX_BYTES + 1];

    memset(text, 'x', LOG_LINE_MAX_BYTES);
    text[LOG_LINE_MAX_BYTES] = '\0';
    open_postlog("mx");
    log_fatal("%s", text);
    const char *line = receive();
    ck_assert_ptr_nonnull(line);
    const char *at = strstr(line, "]: fatal: ");
    ck_assert_ptr_nonnull(at);
    ck_assert_str_eq(at + strlen("]: fatal: "), text);
}
END_TEST

/* Logs without anybody reading, until lines are lost; returns how many were not. */
static int fill(int lines)
{
    int arrived = 0;

    for (int i = 0; i < lines; i++)
        log_info("line %d", i);
    while (receive() != NULL)
        arrived++;
    return arrived;
}

START_TEST(log_postlog_counts_what_it_drops_and_says_so_once)
{
    open_postlog("mx");
    int arrived = fill(LINES_MAX);
    ck_assert_int_gt(arrived, 0);
    ck_assert_int_lt(arrived, LINES_MAX);
    log_error("again");
    char *note = mem_format("warning: %d log lines dropped, postlogd did not read", LINES_MAX - arrived);
    expect_line(note);
    mem_free(note);
    expect_line("error: again");
    log_info("last");
    expect_line("last");
    ck_assert_ptr_null(receive());
}
END_TEST

START_TEST(log_postlog_begins_when_postlogd_comes_late)
{
    end_postlogd();
    open_postlog("mx");
    log_info("lost");
    begin_postlogd();
    log_info("found");
    expect_line("warning: 1 log lines dropped, postlogd did not read");
    expect_line("found");
}
END_TEST

START_TEST(log_postlog_ignores_json)
{
    log_set_json(true);
    open_postlog("mx");
    log_info("text");
    expect_line("text");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log_postlog");
    const TTest *const tests[] = { log_postlog_line_is_one_datagram_without_a_newline,
                                   log_postlog_sends_the_longest_line_whole,
                                   log_postlog_counts_what_it_drops_and_says_so_once,
                                   log_postlog_begins_when_postlogd_comes_late, log_postlog_ignores_json };
    TCase *tcase = unit_case("postlog");

    tcase_add_unchecked_fixture(tcase, begin_directory, end_directory);
    tcase_add_checked_fixture(tcase, begin, end);
    for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
