#include "check_socket.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "check_service.h"
#include "exchange.h"
#include "mem.h"
#include "nearest.h"
#include "process.h"

enum state { ANSWERS, ENDS, REFUSES, MISSING }; /* ends: with the next reload of Postfix */

static const char our_names[] = "pfx";

static bool may_ask(const struct check_use *use, const struct instance_service *service)
{
    const char *program = instance_program(service);

    if (use->service != NULL)
        return service == use->service;
    if (use->asker != NULL)
        return strcmp(program, use->asker) == 0;
    return strcmp(program, "smtpd") == 0 || strcmp(program, "cleanup") == 0 || strcmp(program, "trivial-rewrite") == 0;
}

enum check_socket_chroot check_socket_chroot(const struct check_use *use)
{
    const struct instance *instance = use->check->instance;
    size_t count = 0, count_in_chroot = 0;

    for (size_t i = 0; i < instance->service_count; i++) {
        bool is = may_ask(use, &instance->services[i]);
        count += is;
        count_in_chroot += is && instance->services[i].is_chroot;
    }
    if (count_in_chroot == 0)
        return CHECK_SOCKET_NONE;
    return count_in_chroot == count ? CHECK_SOCKET_ALL : CHECK_SOCKET_SOME;
}

static enum state look_at(char *path)
{
    const struct service service = { .path = path };
    struct exchange exchange;

    if (access(path, F_OK) != 0)
        return errno == EACCES ? ANSWERS : MISSING;
    exchange_open(&exchange, &service, CHECK_SOCKET_LIMIT_MS);
    exchange_close(&exchange);
    return exchange.error == ECONNREFUSED ? REFUSES : ANSWERS;
}

/* Only where master.cf has no service: what master(8) holds there goes when it learns of that. */
static enum state look_in_queue(const struct check_use *use, const char *path)
{
    const char *queue = use->check->instance->queue_directory;
    char *below = mem_format("%s/%s", queue, path);
    enum state state = look_at(below);

    mem_free(below);
    return state == ANSWERS && process_listens(process_master(queue), path) ? ENDS : state;
}

/* What is there for who is in no chroot only: a mistake where all are in one. */
static void tell_outside(const struct check_use *use, const char *path, const char *cure)
{
    char *text = mem_format("%s is not there in the chroot that master.cf has for %s(8)" CHECK_CURE "%s", path,
                            use->asker != NULL ? use->asker : "smtpd(8), cleanup(8) or trivial-rewrite", cure);

    check_tell(use->check, check_socket_chroot(use) == CHECK_SOCKET_ALL, &use->place, text);
    mem_free(text);
}

void check_socket_outside(const struct check_use *use, const char *path)
{
    if (look_in_queue(use, path) == ANSWERS)
        return;
    char *cure = mem_format("write %s", path + strlen(use->check->instance->queue_directory) + 1);
    tell_outside(use, path, cure);
    mem_free(cure);
}

/* As who asks sees it. What nobody sees who asks is told at once, and taken for an answer. */
static enum state find(const struct check_use *use, const char *path)
{
    bool in_chroot = check_socket_chroot(use) != CHECK_SOCKET_NONE;

    if (path[0] != '/')
        return look_in_queue(use, path);
    char *outside = mem_string(path);
    enum state state = look_at(outside);
    mem_free(outside);
    if (!in_chroot)
        return state;
    enum state below = look_in_queue(use, path);
    if (state != ANSWERS || below == ANSWERS)
        return below;
    if (check_socket_chroot(use) == CHECK_SOCKET_SOME)
        return ANSWERS;
    char *cure = mem_format("have it in %s, and write its path from there; or make chroot \"n\"",
                            use->check->instance->queue_directory);
    tell_outside(use, path, cure);
    mem_free(cure);
    return ANSWERS;
}

/* A service of ours whose name is nearly that, NULL: none. */
static const struct instance_service *find_similar(const struct check *check, const char *name)
{
    const struct instance *instance = check->instance;
    struct nearest nearest = nearest_of(name);

    for (size_t i = 0; i < instance->service_count; i++)
        if (check->daemons[i].protocol != SERVICE_UNKNOWN && strcmp(instance->services[i].type, "unix") == 0)
            nearest_try(&nearest, instance->services[i].name);
    return nearest.best == NULL ? NULL : instance_find(instance, nearest.best, "unix");
}

/* Nobody but pfx has socket maps in these directories; Dovecot has logins there, and policies. */
static bool is_ours(const struct check_use *use, const char *name)
{
    return use->wanted == SERVICE_SOCKETMAP || strncmp(name, our_names, strlen(our_names)) == 0;
}

/* Would nobody else make it? What is left of a service whose line is gone, too. */
static bool is_lost(const struct check_use *use, const char *name, enum state state)
{
    return state == ENDS || is_ours(use, name) ||
           (state == REFUSES && process_master(use->check->instance->queue_directory) > 0);
}

/* What to do about a socket of private/ or public/. */
static char *cure_of(const struct check_use *use, const char *name, bool is_private)
{
    return mem_format("%sadd \"%s unix %s - n - 1 %s\" to master.cf, or take out what asks it",
                      is_ours(use, name) ? "" : "start the daemon whose it is, or ", name, is_private ? "-" : "n",
                      service_program(use->wanted));
}

static void tell(const struct check_use *use, bool is_mistake, const char *path, enum state state, const char *cure)
{
    char *text = mem_format("nobody %s at %s, and master.cf has no service for it" CHECK_CURE "%s",
                            state == ENDS ? "will answer after a reload of Postfix" : "answers", path, cure);

    check_tell(use->check, is_mistake, &use->place, text);
    mem_free(text);
}

void check_socket(const struct check_use *use, const char *path, const char *name)
{
    enum state state = find(use, path);
    const struct instance_service *similar = name == NULL ? NULL : find_similar(use->check, name);
    bool is_private = strncmp(path, "private/", 8) == 0, is_of_queue = is_private || strncmp(path, "public/", 7) == 0;
    char *cure = NULL;

    if (state == ANSWERS)
        return;
    if (similar != NULL)
        cure = mem_format("did you mean %s/%s? Write that", instance_socket_directory(similar), similar->name);
    else if (is_of_queue && name != NULL && is_lost(use, name, state))
        cure = cure_of(use, name, is_private);
    tell(use, cure != NULL, path, state,
         cure != NULL ? cure : "start the daemon whose it is, or write the path that it has");
    mem_free(cure);
}
