/*
 * getaddrinfo(3) as the test wants it: this one is found before libc's, by libpfx and by libcurl.
 *
 * A name that begins with "hold" is held back until names_release(), one call for each look-up. Then the answer is what
 * names_answer holds: addresses, or names_error.
 */
#ifndef PFX_NAMES_FIXTURE_H
#define PFX_NAMES_FIXTURE_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdatomic.h>

#include "unit.h"

#define NAMES_ADDRESSES_MAX 40

static const char *_Atomic names_answer[NAMES_ADDRESSES_MAX]; /* until the first NULL */
static _Atomic int names_error; /* EAI_...; 0: none */
static _Atomic int names_asked; /* look-ups begun */
static _Atomic int names_family; /* of the last one */
static int names_gate[2];

static inline void names_begin(void)
{
    ck_assert_int_eq(pipe2(names_gate, O_CLOEXEC), 0);
}

static inline void names_release(void)
{
    ck_assert_int_eq(write(names_gate[1], "x", 1), 1);
}

static inline struct addrinfo *names_make(const char *text, struct addrinfo *next)
{
    struct addrinfo *info = calloc(1, sizeof(*info) + sizeof(struct sockaddr_storage));
    struct sockaddr_storage *address = (struct sockaddr_storage *)(void *)(info + 1);
    bool v6 = strchr(text, ':') != NULL;

    info->ai_family = v6 ? AF_INET6 : AF_INET;
    info->ai_socktype = SOCK_STREAM;
    info->ai_addr = (struct sockaddr *)(void *)address;
    info->ai_addrlen = v6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    address->ss_family = (sa_family_t)info->ai_family;
    void *bytes = v6 ? (void *)&((struct sockaddr_in6 *)(void *)address)->sin6_addr
                     : (void *)&((struct sockaddr_in *)(void *)address)->sin_addr;
    inet_pton(info->ai_family, text, bytes);
    info->ai_next = next;
    return info;
}

int getaddrinfo(const char *restrict name, const char *restrict service, const struct addrinfo *restrict hints,
                struct addrinfo **restrict list)
{
    char byte;
    int count = 0;
    (void)service;

    names_asked++;
    names_family = hints->ai_family;
    if (strncmp(name, "hold", 4) == 0 && read(names_gate[0], &byte, 1) != 1)
        return EAI_SYSTEM;
    if (names_error != 0)
        return names_error;
    *list = NULL;
    while (count < NAMES_ADDRESSES_MAX && names_answer[count] != NULL)
        count++;
    while (count-- > 0)
        *list = names_make(names_answer[count], *list);
    return 0;
}

void freeaddrinfo(struct addrinfo *list)
{
    for (struct addrinfo *next; list != NULL; list = next) {
        next = list->ai_next;
        free(list);
    }
}

#endif
