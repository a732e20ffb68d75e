#include "resolver.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "buf.h"
#include "mem.h"

/* What a thread works on; it sees nothing else of the process. */
struct job {
    struct resolver *resolver;
    struct resolver_host *host; /* for the loop; the thread does not touch it */
    char *name;
    int family;
    char *addresses;
    int error; /* EAI_... */
    struct job *next;
};

struct resolver {
    struct loop *loop;
    struct loop_io wakeup;
    struct resolver_host *hosts;
    struct resolver_host *asked, **asked_end; /* first come, first served */
    size_t running;
    pthread_mutex_t lock; /* guards finished */
    struct job *finished;
};

static void add_address(struct buf *text, const struct addrinfo *info)
{
    char address[INET6_ADDRSTRLEN];
    const void *bytes = info->ai_family == AF_INET6
                            ? (const void *)&((const struct sockaddr_in6 *)(const void *)info->ai_addr)->sin6_addr
                            : (const void *)&((const struct sockaddr_in *)(const void *)info->ai_addr)->sin_addr;
    if (inet_ntop(info->ai_family, bytes, address, sizeof(address)) == NULL)
        return;
    bool v6 = info->ai_family == AF_INET6;
    buf_format(text, "%s%s%s%s", text->n == 0 ? "" : ",", v6 ? "[" : "", address, v6 ? "]" : "");
}

static char *address_list(const struct addrinfo *list)
{
    struct buf text;
    size_t count = 0;

    buf_init(&text, (size_t)RESOLVER_ADDRESSES_MAX * (INET6_ADDRSTRLEN + 3));
    for (const struct addrinfo *info = list; info != NULL && count < RESOLVER_ADDRESSES_MAX; info = info->ai_next)
        if (info->ai_family == AF_INET || info->ai_family == AF_INET6) {
            add_address(&text, info);
            count++;
        }
    char *addresses = text.n == 0 ? NULL : mem_copy(text.p, text.n);
    buf_free(&text);
    return addresses;
}

/* Hands the job back to the loop. */
static void finish(struct job *job)
{
    struct resolver *resolver = job->resolver;

    pthread_mutex_lock(&resolver->lock);
    job->next = resolver->finished;
    resolver->finished = job;
    eventfd_write(resolver->wakeup.fd, 1);
    pthread_mutex_unlock(&resolver->lock);
}

static void *look_up(void *argument)
{
    struct job *job = argument;
    struct addrinfo hints = { .ai_family = job->family, .ai_socktype = SOCK_STREAM };
    struct addrinfo *list = NULL;

    job->error = getaddrinfo(job->name, NULL, &hints, &list);
    if (job->error == 0) {
        job->addresses = address_list(list);
        freeaddrinfo(list);
        if (job->addresses == NULL)
            job->error = EAI_NONAME;
    }
    finish(job);
    return NULL;
}

static bool start_thread(struct job *job)
{
    pthread_attr_t attributes;
    pthread_t thread;

    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, RESOLVER_THREAD_STACK_BYTES);
    bool started = pthread_create(&thread, &attributes, look_up, job) == 0;
    pthread_attr_destroy(&attributes);
    return started;
}

static void free_job(struct job *job)
{
    mem_free(job->name);
    mem_free(job->addresses);
    mem_free(job);
}

/* Nobody asks again, and no waiter is added, before every waiter of this look-up was told. */
static void tell_waiters(struct resolver_host *host)
{
    struct resolver_waiter *waiter;
    while ((waiter = host->waiters) != NULL) {
        host->waiters = waiter->next;
        waiter->host = NULL;
        waiter->done(waiter);
    }
}

static void settle(struct resolver *resolver, struct resolver_host *host, struct job *job)
{
    int64_t now_ms = resolver->loop->now_ms;

    host->asked = false;
    host->error = job->error == 0 ? NULL : gai_strerror(job->error);
    host->fresh_until_ms = now_ms + (job->error == 0 ? RESOLVER_KEEP_MS : RESOLVER_RETRY_MS);
    if (job->addresses != NULL && (host->addresses == NULL || strcmp(host->addresses, job->addresses) != 0)) {
        mem_free(host->addresses);
        host->addresses = job->addresses;
        job->addresses = NULL;
        host->generation++;
    }
    tell_waiters(host);
}

static void start_more(struct resolver *resolver)
{
    while (resolver->asked != NULL && resolver->running < RESOLVER_THREADS_MAX) {
        struct resolver_host *host = resolver->asked;
        struct job *job = mem_alloc(sizeof(*job));

        resolver->asked = host->next_asked;
        if (resolver->asked == NULL)
            resolver->asked_end = &resolver->asked;
        *job = (struct job){
            .resolver = resolver, .host = host, .name = mem_string(host->name), .family = host->family
        };
        resolver->running++;
        if (!start_thread(job)) { /* the process table is full: as if the name server did not answer */
            job->error = EAI_AGAIN;
            finish(job);
        }
    }
}

static void collect(struct loop_io *io, uint32_t events)
{
    struct resolver *resolver = LOOP_OWNER(io, struct resolver, wakeup);
    eventfd_t count;
    (void)events;

    eventfd_read(io->fd, &count);
    pthread_mutex_lock(&resolver->lock);
    struct job *finished = resolver->finished;
    resolver->finished = NULL;
    pthread_mutex_unlock(&resolver->lock);
    for (struct job *job = finished, *next; job != NULL; job = next) {
        next = job->next;
        resolver->running--;
        settle(resolver, job->host, job);
        free_job(job);
    }
    start_more(resolver);
}

struct resolver *resolver_new(struct loop *loop)
{
    struct resolver *resolver = mem_alloc(sizeof(*resolver));
    resolver->loop = loop;
    resolver->asked_end = &resolver->asked;
    resolver->wakeup =
        (struct loop_io){ .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .events = EPOLLIN, .ready = collect };
    pthread_mutex_init(&resolver->lock, NULL);
    if (resolver->wakeup.fd >= 0 && loop_add(loop, &resolver->wakeup))
        return resolver;
    if (resolver->wakeup.fd >= 0)
        close(resolver->wakeup.fd);
    mem_free(resolver);
    return NULL;
}

/* A thread that still waits for a name server needs what it was given; it ends with the process. */
void resolver_free(struct resolver **pointer)
{
    struct resolver *resolver = *pointer;

    *pointer = NULL;
    if (resolver == NULL)
        return;
    loop_remove(resolver->loop, &resolver->wakeup);
    pthread_mutex_lock(&resolver->lock);
    for (struct job *job = resolver->finished, *next; job != NULL; job = next) {
        next = job->next;
        resolver->running--;
        free_job(job);
    }
    resolver->finished = NULL;
    pthread_mutex_unlock(&resolver->lock);
    for (struct resolver_host *host = resolver->hosts, *next; host != NULL; host = next) {
        next = host->next;
        mem_free(host->name);
        mem_free(host->addresses);
        mem_free(host);
    }
    if (resolver->running > 0)
        return;
    close(resolver->wakeup.fd);
    pthread_mutex_destroy(&resolver->lock);
    mem_free(resolver);
}

struct resolver_host *resolver_host(struct resolver *resolver, const char *name, enum config_ip_version version)
{
    int family = version == CONFIG_IP_4 ? AF_INET : version == CONFIG_IP_6 ? AF_INET6 : AF_UNSPEC;

    for (struct resolver_host *host = resolver->hosts; host != NULL; host = host->next)
        if (host->family == family && strcmp(host->name, name) == 0)
            return host;
    struct resolver_host *host = mem_alloc(sizeof(*host));
    *host = (struct resolver_host){ .name = mem_string(name), .family = family, .next = resolver->hosts };
    resolver->hosts = host;
    return host;
}

enum resolver_result resolver_ask(struct resolver *resolver, struct resolver_host *host,
                                  struct resolver_waiter *waiter)
{
    bool fresh = resolver->loop->now_ms < host->fresh_until_ms;

    if (!fresh && !host->asked) {
        host->asked = true;
        host->next_asked = NULL;
        *resolver->asked_end = host;
        resolver->asked_end = &host->next_asked;
        start_more(resolver);
    }
    if (host->addresses != NULL)
        return RESOLVER_READY;
    if (fresh)
        return RESOLVER_FAILED;
    waiter->host = host;
    waiter->next = host->waiters;
    host->waiters = waiter;
    return RESOLVER_WAITING;
}

void resolver_forget(struct resolver_waiter *waiter)
{
    if (waiter->host == NULL)
        return;
    for (struct resolver_waiter **at = &waiter->host->waiters; *at != NULL; at = &(*at)->next)
        if (*at == waiter) {
            *at = waiter->next;
            break;
        }
    waiter->host = NULL;
}
