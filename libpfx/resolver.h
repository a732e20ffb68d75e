/*
 * Host names to addresses, by getaddrinfo(3) in threads of its own, so that hosts(5), nsswitch.conf(5) and DNS all
 * count and no look-up ever holds the loop. The only module that knows threads.
 *
 * Shape:  one record a host name and address family, made for hosts that the configuration names, kept for good.
 *         Addresses are text, "192.0.2.1,[2001:db8::1]", in the order of preference.
 * Units:  milliseconds.
 * Limits: one look-up a host and RESOLVER_THREADS_MAX in all under way; others wait in order. Addresses are used for
 *         RESOLVER_KEEP_MS (getaddrinfo tells no TTL) and after that while a new look-up runs or fails; a failure is
 *         remembered for RESOLVER_RETRY_MS. RESOLVER_ADDRESSES_MAX addresses of a host are used.
 * Errors: resolver_ask() tells; host->error is a constant text.
 * Owner:  records belong to the resolver. A waiter is the caller's; resolver_forget() before it is freed.
 * Source: getaddrinfo(3), gai_strerror(3).
 */
#ifndef PFX_RESOLVER_H
#define PFX_RESOLVER_H

#include "config.h"
#include "loop.h"

#define RESOLVER_THREADS_MAX 8
#define RESOLVER_THREAD_STACK_BYTES (256 * 1024)
#define RESOLVER_KEEP_MS 60000
#define RESOLVER_RETRY_MS 1000
#define RESOLVER_ADDRESSES_MAX 16

struct resolver;

struct resolver_host {
    char *name;
    int family;           /* AF_UNSPEC, AF_INET, AF_INET6 */
    char *addresses;      /* NULL: none known */
    unsigned generation;  /* grows whenever the addresses change */
    const char *error;    /* of the last look-up, NULL when it succeeded */
    int64_t fresh_until_ms;
    bool asked;           /* a look-up waits or runs */
    struct resolver_waiter *waiters;
    struct resolver_host *next;        /* of all */
    struct resolver_host *next_asked;  /* of those that wait for a thread */
};

struct resolver_waiter {
    struct resolver_host *host;
    struct resolver_waiter *next;
    void (*done)(struct resolver_waiter *waiter); /* later, once; look at host->addresses */
};

enum resolver_result {
    RESOLVER_READY,   /* host->addresses may be used now */
    RESOLVER_FAILED,  /* host->error */
    RESOLVER_WAITING, /* done will be called */
};

struct resolver *resolver_new(struct loop *loop); /* NULL: no descriptor left */
void resolver_free(struct resolver **resolver);

struct resolver_host *resolver_host(struct resolver *resolver, const char *name, enum config_ip_version version);
enum resolver_result resolver_ask(struct resolver *resolver, struct resolver_host *host,
                                  struct resolver_waiter *waiter);
void resolver_forget(struct resolver_waiter *waiter); /* harmless when it does not wait */

#endif
