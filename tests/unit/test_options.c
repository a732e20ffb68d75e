#include "options.h"

#include "log_fixture.h"
#include "mem.h"

#define ARGUMENTS_MAX 40

/* The words of a command line, as master(8) passes them; a word "''" is empty. */
struct words {
    char *line;
    char *argv[ARGUMENTS_MAX + 1];
    int argc;
};

static void split(struct words *words, const char *line)
{
    char *rest = words->line = mem_string(line);

    words->argc = 0;
    for (char *word; (word = strsep(&rest, " ")) != NULL;) {
        ck_assert_int_lt(words->argc, ARGUMENTS_MAX);
        if (strcmp(word, "''") == 0)
            word[0] = '\0';
        words->argv[words->argc++] = word;
    }
    words->argv[words->argc] = NULL;
}

static const char *parse(struct options *options, struct words *words, const char *line)
{
    split(words, line);
    optind = 0; /* start afresh, getopt(3) */
    return options_parse(options, words->argc, words->argv);
}

static void expect_text(const char *actual, const char *expected, const char *name)
{
    ck_assert_msg((actual == NULL) == (expected == NULL) && (actual == NULL || strcmp(actual, expected) == 0),
                  "%s: got %s, expected %s", name, actual == NULL ? "none" : actual,
                  expected == NULL ? "none" : expected);
}

static const struct {
    const char *line;
    struct options expected;
} good[] = {
    { "pfx -l -t unix -u", { .by_master = true, .one_process = true, .drop_privileges = true } },
    { "pfx -n 20032 -t inet -u -o stress= -s 2 -o foo=bar x",
      { .service = "20032", .by_master = true, .drop_privileges = true, .listeners = 2, .name = "x" } },
    { "pfx -l -n policy -t unix -v -u -c -o stress=yes -v -v -w 3 -C /etc/a.cfg demo",
      { .one_process = true, .service = "policy", .by_master = true, .verbose = 3, .drop_privileges = true,
        .change_root = true, .workers = 3, .config = "/etc/a.cfg", .name = "demo" } },
    { "pfx -z -t unix -d -D -i 60 -m 5 -r 7 -S", { .by_master = true } },
    { "pfx -t unix -o syslog_name=postfix/sub", { .by_master = true, .syslog_name = "postfix/sub" } },
    { "pfx -o syslog_name= -o syslog_name=last", { .syslog_name = "last" } },
    { "pfx -o stress=", { .listeners = 1 } },
    { "pfx -L unix:/a -L inet:1 -L inet:[::1]:2",
      { .listen = { "unix:/a", "inet:1", "inet:[::1]:2" }, .listen_count = 3 } },
    { "pfx -w 0", { .workers = 0 } },
    { "pfx -w 64", { .workers = 64 } },
    { "pfx -s 1024", { .listeners = 1024 } },
    { "pfx", { .listeners = 1 } },
    { "pfx name", { .name = "name" } },
    { "pfx -v -- -name", { .verbose = 1, .name = "-name" } },
    { "pfx -V", { .print_version = true } },
    { "pfx -V -v", { .verbose = 1 } },
    { "pfx -vvlu", { .verbose = 2, .one_process = true, .drop_privileges = true } },
};

static void expect_flags(const struct options *options, const struct options *expected, const char *line)
{
    unit_expect(options->by_master == expected->by_master, line);
    unit_expect(options->one_process == expected->one_process, line);
    unit_expect(options->drop_privileges == expected->drop_privileges, line);
    unit_expect(options->change_root == expected->change_root, line);
    unit_expect(options->print_version == expected->print_version, line);
    unit_expect(options->verbose == expected->verbose, line);
}

START_TEST(options_parse_takes_what_master_passes)
{
    const char *line = good[_i].line;
    const struct options *expected = &good[_i].expected;
    struct options options;
    struct words words;

    expect_text(parse(&options, &words, line), NULL, line);
    expect_flags(&options, expected, line);
    expect_text(options.service, expected->service, line);
    expect_text(options.syslog_name, expected->syslog_name, line);
    expect_text(options.config, expected->config, line);
    expect_text(options.name, expected->name, line);
    unit_expect(options.listeners == (expected->listeners == 0 ? 1 : expected->listeners), line);
    unit_expect(options.workers == (strstr(line, "-w") != NULL ? expected->workers : -1), line);
    unit_expect(options.listen_count == expected->listen_count, line);
    for (size_t i = 0; i < expected->listen_count; i++)
        expect_text(options.listen[i], expected->listen[i], line);
    mem_free(words.line);
}
END_TEST

static const struct {
    const char *line;
    const char *why;
} bad[] = {
    { "pfx -x", "unknown option" },
    { "pfx --version", "unknown option" },
    { "pfx -C", "an option lacks its value" },
    { "pfx -t unix -n", "an option lacks its value" },
    { "pfx -t fifo", "only service types unix and inet are supported" },
    { "pfx -t pass", "only service types unix and inet are supported" },
    { "pfx -t unix-dgram", "only service types unix and inet are supported" },
    { "pfx -s 0", "-s wants the number of inherited listeners" },
    { "pfx -s 1025", "-s wants the number of inherited listeners" },
    { "pfx -s 2x", "-s wants the number of inherited listeners" },
    { "pfx -w -1", "-w wants a number of workers, 0 to 64" },
    { "pfx -w 65", "-w wants a number of workers, 0 to 64" },
    { "pfx -w ''", "-w wants a number of workers, 0 to 64" },
    { "pfx -w 99999999999999999999", "-w wants a number of workers, 0 to 64" },
    { "pfx -w 65 -x", "-w wants a number of workers, 0 to 64" },
    { "pfx one two", "too many arguments" },
    { "pfx name -v", "too many arguments" },
};

START_TEST(options_parse_refuses)
{
    struct options options;
    struct words words;

    fixture_log_begin();
    expect_text(parse(&options, &words, bad[_i].line), bad[_i].why, bad[_i].line);
    expect_text(fixture_log(), "", bad[_i].line); /* getopt(3) itself says nothing */
    fixture_log_end();
    mem_free(words.line);
}
END_TEST

/* Who is to hear of the mistake? */
START_TEST(options_parse_knows_master_in_spite_of_a_mistake)
{
    struct options options;
    struct words words;

    ck_assert_ptr_nonnull(parse(&options, &words, "pfx -x -t unix"));
    ck_assert(options.by_master);
    mem_free(words.line);
    ck_assert_ptr_nonnull(parse(&options, &words, "pfx -t fifo"));
    ck_assert(options.by_master);
    mem_free(words.line);
}
END_TEST

START_TEST(options_parse_takes_so_many_listeners_and_no_more)
{
    char *argv[2 * OPTIONS_LISTEN_MAX + 4] = { NULL };
    char program[] = "pfx";
    char option[] = "-L";
    char spec[] = "inet:25";
    struct options options;
    int argc = 0;

    argv[argc++] = program;
    for (int i = 0; i < OPTIONS_LISTEN_MAX; i++) {
        argv[argc++] = option;
        argv[argc++] = spec;
    }
    optind = 0;
    ck_assert_ptr_null(options_parse(&options, argc, argv));
    ck_assert_uint_eq(options.listen_count, OPTIONS_LISTEN_MAX);
    argv[argc++] = option;
    argv[argc++] = spec;
    optind = 0;
    ck_assert_str_eq(options_parse(&options, argc, argv), "too many -L");
}
END_TEST

START_TEST(options_usage_names_the_program_and_its_entry)
{
    fixture_log_begin();
    options_usage("pfx-test", false);
    ck_assert_int_eq(fixture_log_count("[name]"), 0);
    ck_assert_int_eq(fixture_log_count("pfx-test"), 4);
    options_usage("pfx-test", true);
    ck_assert_int_eq(fixture_log_count("[name]"), 2);
    fixture_log_end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("options");

    unit_add_loop(suite, "options_parse", options_parse_takes_what_master_passes, UNIT_ROWS(good));
    unit_add_loop(suite, "options_parse_errors", options_parse_refuses, UNIT_ROWS(bad));
    unit_add(suite, "options",
             (const TTest *const[]){ options_parse_knows_master_in_spite_of_a_mistake,
                                     options_parse_takes_so_many_listeners_and_no_more,
                                     options_usage_names_the_program_and_its_entry, NULL });
    return unit_run(suite);
}
