/*
 * Reload: check the configuration that each service reads, SIGHUP to its parents, ping until their successors answer.
 *
 * Under master(8) the parent leaves when its workers have closed their listeners, and its successor starts with the
 * next connection: what answers after it is gone is the successor. Standalone it stays, and what is new is a worker.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "clock.h"
#include "config_number.h"
#include "exchange.h"
#include "mem.h"
#include "ping.h"
#include "process.h"

#define RELOAD_LIMIT_MS 10000 /* recovering a big cache takes a second or two */
#define RELOAD_TRY_MS   20

struct reloading {
    const struct service *service;
    enum service_protocol protocol;
    pid_t master;
    struct process_list parents; /* that are told */
    struct process_list workers; /* of a standalone one */
};

static bool find_listener(struct reloading *r)
{
    struct exchange exchange;

    if (!exchange_open(&exchange, r->service, PING_LIMIT_MS)) {
        pfxctl_complain("%s: %s", r->service->name, exchange.why);
        exchange_close(&exchange);
        return false;
    }
    r->parents = (struct process_list){ .pid = { exchange_listener(&exchange) }, .count = 1 };
    exchange_close(&exchange);
    r->protocol = process_protocol(r->parents.pid[0]);
    if (r->protocol == SERVICE_UNKNOWN) {
        pfxctl_complain("%s: none of our daemons is known to listen there", r->service->name);
        return false;
    }
    process_children(r->parents.pid[0], &r->workers);
    return true;
}

/* Who only just starts reads the configuration as it is now: that is the successor already. */
static void spare_beginners(struct process_list *parents)
{
    size_t count = 0;

    for (size_t i = 0; i < parents->count; i++)
        if (process_holds_hangup(parents->pid[i]))
            parents->pid[count++] = parents->pid[i];
    parents->count = count;
}

static int find_parents(struct reloading *r, const char *queue_directory)
{
    if (!r->service->by_master)
        return find_listener(r) ? PFXCTL_GOOD : PFXCTL_UNAVAILABLE;
    r->master = process_master(queue_directory);
    if (r->master == 0) {
        bool is_hidden = errno == EACCES;
        pfxctl_complain("%s: %s", r->service->name,
                        is_hidden ? "only root may know who is to be told" : "Postfix does not run");
        return is_hidden ? PFXCTL_NO_PERMISSION : PFXCTL_UNAVAILABLE;
    }
    process_parents(r->master, r->service, &r->parents);
    spare_beginners(&r->parents);
    return PFXCTL_GOOD;
}

static int tell(struct reloading *r, const char *queue_directory)
{
    int status = find_parents(r, queue_directory);

    if (status != PFXCTL_GOOD)
        return status;
    for (size_t i = 0; i < r->parents.count; i++) {
        int error = kill(r->parents.pid[i], SIGHUP) == 0 ? 0 : errno;
        if (error == 0 || error == ESRCH)
            continue;
        pfxctl_complain("%s: %s", r->service->name, strerror(error));
        return error == EPERM ? PFXCTL_NO_PERMISSION : PFXCTL_UNAVAILABLE;
    }
    return PFXCTL_GOOD;
}

static bool has_new_generation(const struct reloading *r)
{
    struct process_list now;

    if (r->service->by_master) {
        process_parents(r->master, r->service, &now);
        for (size_t i = 0; i < r->parents.count; i++)
            if (process_is_in(&now, r->parents.pid[i]))
                return false;
        return true;
    }
    if (kill(r->parents.pid[0], 0) != 0 && errno == ESRCH) /* it was master's after all */
        return true;
    process_children(r->parents.pid[0], &now);
    for (size_t i = 0; i < now.count; i++)
        if (!process_is_in(&r->workers, now.pid[i]))
            return true;
    return false;
}

static const char *path_of(const struct pfxctl *ctl, const struct service *service)
{
    return service->config_path != NULL ? service->config_path : ctl->config_path;
}

/* Their clients keep a connection, and with it the worker that has it. */
static void tell_reloaded(const struct reloading *r, const char *config_path)
{
    char text[CONFIG_NUMBER_TEXT_BYTES];

    if (r->protocol != SERVICE_POLICY && r->protocol != SERVICE_SASL) {
        printf("%s: reloaded\n", r->service->name);
        return;
    }
    struct config *config = config_load_all(config_path, false);
    config_number_format(text, CONFIG_UNIT_TIME, config->drain_time_ms);
    printf("%s: reloaded (open connections keep the old configuration for up to %s)\n", r->service->name, text);
    config_free(&config);
}

/* master(8) starts it as master.cf was when master(8) read it. */
static void compare_chroot(const struct reloading *r)
{
    struct process_list now;

    process_parents(r->master, r->service, &now);
    if (now.count > 0 && process_changes_root(now.pid[0]) != r->service->is_chroot)
        pfxctl_complain("%s: chroot is \"%s\" in master.cf, but not for the daemon that runs: postfix reload",
                        r->service->name, r->service->is_chroot ? "y" : "n");
}

static void tell_new(const struct reloading *r, const struct pfxctl *ctl)
{
    if (r->parents.count == 0)
        printf("%s: started\n", r->service->name);
    else
        tell_reloaded(r, path_of(ctl, r->service));
    compare_chroot(r);
}

static int wait_for_successor(const struct reloading *r, const struct pfxctl *ctl)
{
    int64_t end_ms = clock_monotonic_ms() + RELOAD_LIMIT_MS;
    struct ping ping = { .status = PFXCTL_UNAVAILABLE, .why = "it goes on as before: its log tells why" };

    while (clock_monotonic_ms() < end_ms) {
        if (has_new_generation(r)) {
            ping_service(r->service, end_ms - clock_monotonic_ms(), &ping);
            if (ping.status != PFXCTL_UNAVAILABLE)
                break;
        }
        poll(NULL, 0, RELOAD_TRY_MS);
    }
    if (ping.why == NULL)
        tell_new(r, ctl);
    else
        pfxctl_complain("%s: %s", r->service->name, ping.why);
    fflush(stdout);
    return ping.status;
}

/* Each file once. */
static int check(const struct pfxctl *ctl, const struct service_list *list)
{
    struct pfxctl other = *ctl;
    int status = PFXCTL_GOOD;

    for (size_t i = 0; i < list->count; i++) {
        size_t first = 0;
        other.config_path = path_of(ctl, &list->services[i]);
        while (strcmp(path_of(ctl, &list->services[first]), other.config_path) != 0)
            first++;
        int checked = first < i ? PFXCTL_GOOD : check_configuration(&other);
        status = checked > status ? checked : status;
    }
    if (status != PFXCTL_GOOD)
        pfxctl_complain("nothing is reloaded: what runs goes on with the configuration that it has, but a daemon "
                        "that starts anew reads the file as it is");
    return status;
}

/* All are told before one is waited for. */
static int reload(const struct pfxctl *ctl, const struct service_list *list)
{
    struct reloading *all = mem_array(list->count, sizeof(*all));
    int status = PFXCTL_GOOD;

    for (size_t i = 0; i < list->count; i++) {
        all[i] = (struct reloading){ .service = &list->services[i], .protocol = list->services[i].protocol };
        int told = tell(&all[i], list->queue_directory);
        if (told != PFXCTL_GOOD)
            all[i].service = NULL;
        status = told > status ? told : status;
    }
    for (size_t i = 0; i < list->count; i++) {
        int reloaded = all[i].service == NULL ? PFXCTL_GOOD : wait_for_successor(&all[i], ctl);
        status = reloaded > status ? reloaded : status;
    }
    mem_free(all);
    return status;
}

int reload_command(const struct pfxctl *ctl, int argc, char **argv)
{
    struct service_list list;

    if (pfxctl_option(argc, argv, ":", NULL) != -1)
        return pfxctl_usage();
    int status = service_choose(&list, ctl, argv + optind);
    if (status == PFXCTL_GOOD)
        status = check(ctl, &list);
    if (status == PFXCTL_GOOD)
        status = reload(ctl, &list);
    service_list_free(&list);
    return status;
}
