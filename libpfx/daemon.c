#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <sysexits.h>
#include <unistd.h>

#include "backend_shared.h"
#include "clock.h"
#include "http_endpoint.h"
#include "log.h"
#include "master.h"
#include "mem.h"
#include "options.h"
#include "parent.h"
#include "privileges.h"

#define DEFAULT_CONFIG_DIRECTORY "/etc/postfix"
#define RUN_DIRECTORY            "/run/pfx"
#define WORKERS_AUTO_MAX         16
#define BACKEND_SOCKETS_MAX      1024 /* descriptors kept for connections to backends */
#define OTHER_FILES              64   /* log, epoll, event and signal descriptors, name service */

enum start { START_MASTER, START_STANDALONE, START_SYSTEMD, START_STDIN, START_MISTAKE };

static struct process {
    const struct daemon_ops *ops;
    char **argv;
    struct options options;
    enum start start;
    char *config_path;
    struct config *config;
    struct backend_shared shared;
    struct listener_set listeners;
    struct master_settings master;
    size_t max_connections;
} process;

static bool asks_backends(void)
{
    return process.ops->section != CONFIG_NO_SECTION;
}

static bool is_socket(int fd)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof(address);
    return getpeername(fd, (struct sockaddr *)&address, &size) == 0;
}

static enum start find_start(const struct options *options)
{
    if (options->by_master)
        return START_MASTER;
    if (options->listen_count > 0)
        return START_STANDALONE;
    if (listener_systemd_count() > 0)
        return START_SYSTEMD;
    if (is_socket(STDIN_FILENO))
        return START_STDIN;
    return START_MISTAKE;
}

static bool is_standalone(void)
{
    return process.start == START_STANDALONE || process.start == START_SYSTEMD;
}

static const char *config_directory(void)
{
    const char *directory = getenv("MAIL_CONFIG");
    return directory != NULL && directory[0] != '\0' ? directory : DEFAULT_CONFIG_DIRECTORY;
}

/* As Postfix's daemons choose: postlogd when master says so, else syslog; a person on a terminal reads stderr. */
static void open_log(void)
{
    const char *syslog_name = process.options.syslog_name != NULL ? process.options.syslog_name : getenv("MAIL_LOGTAG");
    const char *postlog = getenv("POSTLOG_SERVICE");
    const char *host = getenv("POSTLOG_HOSTNAME");
    char *ident = mem_format("%s/%s", syslog_name != NULL ? syslog_name : "postfix", process.ops->name);
    int facility = process.master.syslog_facility == NULL ? LOG_MAIL : log_facility(process.master.syslog_facility);
    struct log_options options = { .sink = LOG_TO_SYSLOG, .ident = ident,
                                   .facility = facility < 0 ? LOG_MAIL : facility, .socket_path = postlog,
                                   .host = host != NULL ? host : "localhost" };

    if (is_standalone()) {
        options.sink = LOG_TO_STDERR;
        options.ident = process.ops->name;
    } else if (process.start == START_MASTER && postlog != NULL) {
        options.sink = LOG_TO_POSTLOG;
    }
    log_open(&options);
    mem_free(ident);
}

static void log_problems(const struct config *config)
{
    for (size_t i = 0; i < config->problem_count; i++)
        if (config->problems[i].is_error)
            log_error("%s", config->problems[i].text);
        else
            log_warning("%s", config->problems[i].text);
}

static void read_configuration(void)
{
    const struct config *config;

    process.config_path = process.options.config != NULL ? mem_string(process.options.config)
                                                         : mem_format("%s/pfx.cfg", config_directory());
    config = process.config = config_load(process.config_path, process.ops->section);
    config_take_delimiter(process.config,
                          process.master.recipient_delimiter == NULL ? "" : process.master.recipient_delimiter);
    log_set_level(process.options.verbose > 0 ? LOG_LEVEL_DEBUG : (enum log_level)config->log_level);
    log_set_json(config->log_json && is_standalone());
    log_problems(config);
    if (process.options.name != NULL && config->error == NULL &&
        config_find(config, process.ops->section, span_text(process.options.name)) == NULL)
        log_error("%s: no entry %s in %s", process.config_path, process.options.name,
                  config_section_name(process.ops->section));
    if (asks_backends())
        backend_shared_load(&process.shared, config, process.ops->section);
}

static bool open_listeners(void)
{
    char why[LISTENER_REASON_MAX_BYTES];

    if (process.start == START_MASTER)
        listener_inherit(&process.listeners, MASTER_LISTEN_FD, process.options.listeners);
    else if (process.start == START_SYSTEMD)
        listener_inherit(&process.listeners, LISTENER_SYSTEMD_FD, listener_systemd_count());
    else if (!listener_take_over(&process.listeners))
        for (size_t i = 0; i < process.options.listen_count; i++)
            if (!listener_open(&process.listeners, process.options.listen[i], why)) {
                log_fatal("%s", why);
                return false;
            }
    return true;
}

static void limit_connections(void)
{
    const size_t others = BACKEND_SOCKETS_MAX + OTHER_FILES;
    size_t wanted = (size_t)process.config->max_connections;
    size_t files = privileges_open_files(wanted + others);

    process.max_connections = wanted;
    if (files >= wanted + others)
        return;
    process.max_connections = files > 2 * others ? files - others : files / 2;
    log_warning("only %zu descriptors allowed: max_connections is %zu instead of %zu", files, process.max_connections,
                wanted);
}

static size_t count_workers(void)
{
    size_t workers = process.options.workers >= 0 ? (size_t)process.options.workers : (size_t)process.config->workers;
    cpu_set_t cpus;

    if (process.options.workers < 0 && !asks_backends())
        return 1;
    if (workers > 0)
        return workers;
    workers = sched_getaffinity(0, sizeof(cpus), &cpus) == 0 ? (size_t)CPU_COUNT(&cpus) : 1;
    return workers > WORKERS_AUTO_MAX ? WORKERS_AUTO_MAX : workers;
}

/* Whom it becomes; NULL: nobody else. */
static const char *future_user(void)
{
    if (process.start == START_MASTER)
        return process.options.drop_privileges ? process.master.mail_owner : NULL;
    return geteuid() == 0 ? process.config->user : NULL;
}

static const char *state_directory(void)
{
    if (process.config->state_directory[0] != '\0')
        return process.config->state_directory;
    if (process.start == START_MASTER)
        return process.master.data_directory;
    if (!asks_backends()) /* it looks there whenever it is asked */
        return RUN_DIRECTORY;
    return faccessat(AT_FDCWD, RUN_DIRECTORY, W_OK | X_OK, AT_EACCESS) == 0 ? RUN_DIRECTORY : "";
}

/* The files belong to the user that the workers run as, and are opened before chroot(2). */
static void open_state(void)
{
    privileges_act_as(future_user());
    backend_shared_open_state(&process.shared, process.config, state_directory(), process.ops->name, count_workers());
    privileges_act_as_self();
}

static bool has_host_names(const struct config_section *section)
{
    for (size_t i = 0; i < section->count; i++) {
        const struct config_entry *entry = &section->entries[i];
        for (size_t j = 0; j < entry->target_count; j++)
            if (http_endpoint_host_name(entry, &entry->targets[j]) != NULL)
                return true;
    }
    return false;
}

/* What name service has outside and not inside, which is found out otherwise when the first mail comes. */
static void check_new_root(void)
{
    static const char *const files[] = { "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/hosts" };
    char missing[sizeof("/etc/resolv.conf, /etc/nsswitch.conf, /etc/hosts")] = "";

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        if (access(files[i], F_OK) == 0 && access(files[i] + 1, F_OK) != 0)
            snprintf(missing + strlen(missing), sizeof(missing) - strlen(missing), "%s%s",
                     missing[0] == '\0' ? "" : ", ", files[i]);
    if (missing[0] != '\0' && asks_backends() && has_host_names(&process.config->section[process.ops->section]))
        log_warning("the chroot has no copy of %s: host names of targets may not be found; copy what is missing there, "
                    "or write n into the column chroot of master.cf", missing);
}

static bool drop_privileges(void)
{
    char why[PRIVILEGES_REASON_MAX_BYTES];
    const char *user = future_user();
    bool change_root = process.start == START_MASTER && process.options.change_root;

    if (change_root)
        check_new_root();
    if (privileges_drop(user, change_root, is_standalone(), why))
        return true;
    log_fatal("%s", why);
    return false;
}

/* Standalone, SIGHUP: a new configuration that cannot be used must not end a service that works. */
static bool may_reload(void)
{
    privileges_borrow();
    struct config *config = config_load(process.config_path, process.ops->section);
    privileges_give_back();
    bool usable = config->error == NULL;

    if (usable) {
        char *state = mem_format("RELOADING=1\nMONOTONIC_USEC=%" PRId64, clock_monotonic_ms() * 1000);
        listener_notify(state);
        mem_free(state);
        log_info("reloading");
    } else {
        log_problems(config);
        log_error("not reloaded, the old configuration stays in force: %s", config->error);
    }
    config_free(&config);
    return usable;
}

static void execute_anew(void)
{
    privileges_return();
    listener_hand_over(&process.listeners, process.start == START_STANDALONE);
    execvp(process.argv[0], process.argv);
    log_fatal("%s: %s", process.argv[0], strerror(errno));
}

static int supervise(const struct worker_setup *worker)
{
    bool counted = process.start == START_MASTER && process.options.one_process;
    struct parent_setup setup = { .worker = *worker, .workers = count_workers(), .status_fd = -1,
                                  .standalone = is_standalone(), .may_reload = may_reload,
                                  .forget_privileges = is_standalone() ? privileges_forget : NULL,
                                  .served = counted ? master_report_served : NULL };

    if (process.start == START_MASTER) {
        setup.status_fd = MASTER_STATUS_FD;
        if (!counted)
            log_warning("master.cf: service %s should have maxproc 1",
                        process.options.service != NULL ? process.options.service : process.ops->name);
    }
    if (process.config->error == NULL)
        log_info("started, version %s, configuration %016" PRIx64 ", %zu workers", PFX_VERSION, process.config->hash,
                 setup.workers);
    else
        log_info("started, version %s, no usable configuration, %zu workers", PFX_VERSION, setup.workers);
    listener_notify("READY=1");
    switch (parent_run(&setup)) {
    case PARENT_LEAVES:
        return 0;
    case PARENT_RELOADS:
        execute_anew();
        return 1;
    case PARENT_FAILED:
        break;
    }
    return 1;
}

static int serve(void)
{
    struct worker_setup worker = { .ops = process.ops, .config = process.config,
                                   .name = process.options.name, .service = process.options.service,
                                   .state_directory = state_directory(), .shared = &process.shared,
                                   .listeners = &process.listeners, .max_connections = process.max_connections,
                                   .drain_on_sigterm = is_standalone() };

    if (process.start == START_STDIN)
        return worker_serve_one(&worker, STDIN_FILENO);
    int status = supervise(&worker);
    if (is_standalone()) { /* the socket files lie where only root may remove them */
        privileges_return();
        listener_unlink(&process.listeners);
    }
    return status;
}

/* Each step needs what the one before it did; what needs root comes before drop_privileges(). */
static int run(const char *why)
{
    parent_hold_signals();
    privileges_hide_memory();
    if (process.start == START_MASTER && why == NULL)
        why = master_begin();
    const char *no_settings = NULL;
    if (process.start == START_MASTER && why == NULL)
        no_settings = master_read_settings(&process.master, config_directory());
    open_log();
    if (no_settings != NULL)
        log_warning("%s: %s; using mail_owner=%s, syslog_facility=%s", PFX_POSTCONF, no_settings,
                    process.master.mail_owner, process.master.syslog_facility);
    if (why != NULL) {
        log_fatal("%s", why);
        return 1;
    }
    read_configuration();
    if (is_standalone() && process.config->error != NULL)
        return EX_CONFIG;
    if (process.start != START_STDIN && !open_listeners())
        return 1;
    limit_connections();
    if (process.start != START_STDIN && asks_backends())
        open_state();
    if (!drop_privileges())
        return 1;
    return serve();
}

static void free_all(void)
{
    backend_shared_close(&process.shared);
    config_free(&process.config);
    listener_close(&process.listeners);
    master_free_settings(&process.master);
    mem_free(process.config_path);
    log_close();
}

static int usage(const char *why)
{
    fprintf(stderr, "%s: %s\n", process.ops->name, why);
    options_usage(process.ops->name, process.ops->takes_name);
    return EX_USAGE;
}

int daemon_main(int argc, char **argv, const struct daemon_ops *ops)
{
    process.ops = ops;
    process.argv = argv;
    signal(SIGPIPE, SIG_IGN);
    const char *why = options_parse(&process.options, argc, argv);
    if (why == NULL && process.options.print_version) {
        printf("%s %s\n", ops->name, PFX_VERSION);
        return 0;
    }
    if (why == NULL && process.options.name != NULL && !ops->takes_name)
        why = "too many arguments";
    process.start = find_start(&process.options);
    if (process.start == START_MISTAKE)
        return usage(why != NULL ? why : "nothing to listen on");
    int status = run(why);
    free_all();
    return status;
}
